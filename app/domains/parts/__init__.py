"""Parts by their numbers: which cars a parts shop's numbers fit, and which number has taken another's place.

A *fitment* is a line of the shop's own list: a number and the cars it fits, or does not. A *supersession* is a maker's
new number in the place of an old one. A *verdict* says of one part and one car that it fits, does not fit, or that
nobody knows, and by which line or number.
"""

from app.domains.parts.cars import CarFacts, facts_of, known_by_vin
from app.domains.parts.chains import SupersessionFacts, load_links
from app.domains.parts.judging import judge
from app.domains.parts.lists import FitmentFacts, load_rows
from app.domains.parts.names import number_key
from app.domains.parts.said import say
from app.domains.parts.suiting import Suiting, suiting
from app.domains.parts.verdicts import BY_NUMBER, KINDS, Link, PartNumber, Row, Verdict, verdict

__all__ = [
    "BY_NUMBER",
    "KINDS",
    "CarFacts",
    "FitmentFacts",
    "Link",
    "PartNumber",
    "Row",
    "Suiting",
    "SupersessionFacts",
    "Verdict",
    "facts_of",
    "judge",
    "known_by_vin",
    "load_links",
    "load_rows",
    "number_key",
    "say",
    "suiting",
    "verdict",
]
