"""From seventeen characters to a car, offline.

The method is vPIC's: the maker by the first three characters (six where the third is '9'), the model year by
position 10 with position 7 telling the decade, and for every element the most specific pattern that fits
`VIN[4–8]|VIN[10–17]`. Where two schemas of a maker fit, the one that explains more of this VIN is believed.

vPIC describes cars sold in the United States. A car built for Canada or Mexico often differs from its
American sister in one character; when exactly one character of VIN[4–8] is unknown and everything that fits
but for that character is one model, the car is taken to be that model (`exact` is false then).
"""

from collections import Counter
from typing import NamedTuple

from app.gateways.vin import tables
from app.gateways.vin.layout import ELEMENTS, MODEL
from app.gateways.vin.tables import Match, Wmi

YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"  # pragma: allowlist secret
"""Position 10, from 1980 on and again from 2010 on."""


class Reading(NamedTuple):
    """What the data says of a VIN; all of it may be missing."""

    wmi: Wmi | None = None
    year: int | None = None
    make: str | None = None
    facts: dict[str, str] = {}
    exact: bool = False


def possible_years(vin: str, *, heavy: bool = False) -> list[int]:
    """Model years that position 10 can mean, the likelier first. Empty where it is no year at all."""
    at = YEAR_CODES.find(vin[9])
    if at < 0:
        return []
    early, late = 1980 + at, 2010 + at
    # 49 CFR 565.15: a letter in position 7 of a light vehicle means 2010 or later. Heavy ones are not bound.
    years = [late, early] if vin[6].isalpha() or heavy else [early, late]
    return [year for year in years if year <= tables.last_year()]


def read(vin: str, *, trusted: bool = True) -> Reading:
    """Decode a legal VIN; an unknown car has an empty reading. No sister is sought unless `trusted`."""
    wmi = tables.find_wmi(vin)
    if wmi is None:
        return Reading()
    years = possible_years(vin, heavy=wmi.heavy)
    for year in years:
        found = tables.matches(wmi.code, year, vin)
        if model := _model(found):
            return Reading(wmi, year, model.make, _facts(found, model), exact=True)
    for year in years if trusted else ():
        if near := _sister(vin, wmi, year):
            make, model_name = near
            facts = _facts(tables.matches(wmi.code, year, vin), None)
            return Reading(wmi, year, make, facts | {"model": model_name})
    return Reading(wmi, years[0] if years else None, wmi.make)


def has_model(vin: str) -> bool:
    """Would this VIN decode to a model? Cheap enough to ask for every neighbour of a mistyped one."""
    wmi = tables.find_wmi(vin)
    if wmi is None:
        return False
    text = tables.key(vin)
    years = possible_years(vin, heavy=wmi.heavy)
    return any(not pattern.misses(text) for year in years for pattern in tables.models(wmi.code, year))


def _explained(found: list[Match]) -> Counter[int]:
    return Counter(schema for schema, _ in {(match.schema, match.element) for match in found})


def _model(found: list[Match]) -> Match | None:
    explained = _explained(found)
    return max(
        (match for match in found if match.element == MODEL),
        key=lambda match: (match.weight, explained[match.schema], match.schema),
        default=None,
    )


def _facts(found: list[Match], model: Match | None) -> dict[str, str]:
    """Per element the most specific pattern, those of the model's own schema first."""
    explained = _explained(found)
    own = model.schema if model else None

    def rank(match: Match) -> tuple[bool, int, int, int]:
        return match.schema == own, match.weight, explained[match.schema], match.schema

    facts: dict[str, str] = {}
    for match in sorted(found, key=rank):
        facts[ELEMENTS[match.element][0]] = match.text
    for name, text in tables.engine_facts(facts.get("engine", "")):
        facts.setdefault(name, text)
    if model:
        facts["model"] = model.text
    return facts


def _sister(vin: str, wmi: Wmi, year: int) -> tuple[str, str] | None:
    text = tables.key(vin)
    near = set()
    for pattern in tables.models(wmi.code, year):
        misses = pattern.misses(text)
        if len(misses) == 1 and misses[0] < 5 and pattern.fixed >= 4:
            near.add((pattern.make, pattern.model))
    return near.pop() if len(near) == 1 else None
