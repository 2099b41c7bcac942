"""Service catalogue and canned jobs.

A *service* is what a driver books: how long it takes, what it costs, which skill and which kind of bay it
needs. A *canned job* is what the shop puts on a repair order for it: labour and parts.
"""

from app.domains.network.crew import SKILLS
from app.domains.network.premises import CAPABILITIES
from app.domains.services.canned import (
    IS_ALWAYS_THE_SAME,
    Canned,
    CannedFacts,
    LineFacts,
    add_canned,
    canned_job,
    canned_jobs,
    change_canned,
    find_canned,
    fitting_first,
)
from app.domains.services.catalogue import (
    BURNS,
    CATEGORIES,
    FUELS,
    ServiceFacts,
    add,
    change,
    chosen,
    find,
    listed,
    offered,
)

__all__ = [
    "BURNS",
    "CAPABILITIES",
    "CATEGORIES",
    "FUELS",
    "IS_ALWAYS_THE_SAME",
    "SKILLS",
    "Canned",
    "CannedFacts",
    "LineFacts",
    "ServiceFacts",
    "add",
    "add_canned",
    "canned_job",
    "canned_jobs",
    "change",
    "change_canned",
    "chosen",
    "find",
    "find_canned",
    "fitting_first",
    "listed",
    "offered",
]
