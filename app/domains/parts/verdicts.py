"""Whether a part fits a car, and the rule that says so.

The first rule that has something to say decides; which row of the list stands first never does:

1. a row that rules the car out: does not fit; one that may rule it out: unknown
2. a row that names the car: fits
3. rows of the number, none of which can be the car's: does not fit, if the car is known well enough to say so
4. the number that was asked for, or one that has taken its place, or the place of one that fits: fits
5. anything else: unknown, with what would have to be known
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from app.domains.parts.cars import CarFacts
from app.domains.parts.engines import has_engine
from app.domains.parts.names import Sure, fold, number_key, same_make, same_model, shares_numbers

State = Literal["fits", "does_not_fit", "unknown"]
Rule = Literal[
    "excluded",
    "may_be_excluded",
    "fitment",
    "other_cars",
    "asked",
    "supersedes_asked",
    "supersedes_fitting",
    "doubt",
    "brand",
    "car",
    "older",
    "no_data",
]
BY_NUMBER: tuple[Rule, ...] = ("asked", "supersedes_asked")
"""It is the number somebody named, or stands in for it: what that fits, nobody has looked at."""
Kind = Literal["oem", "aftermarket"]
KINDS: tuple[Kind, ...] = ("oem", "aftermarket")
LONGEST_CHAIN = 20
"""Numbers that follow one another; makers change a number a few times in a part's life."""
MOST_NAMED = 3
"""Other cars a verdict names."""
FACTS = ("make", "model", "year")


class PartNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A part as somebody offers it."""

    number: str
    kind: Kind = "oem"
    brand: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a fitment list, as a verdict reads and keeps it."""

    id: str = ""
    number: str
    kind: str = "oem"
    brand: str = ""
    make: str
    model: str = ""
    year_from: int | None = None
    year_to: int | None = None
    engine: str = ""
    note: str = ""
    excludes: bool = False


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A new number in the place of an old one."""

    id: str = ""
    make: str
    old_number: str
    new_number: str
    both_ways: bool = False
    source: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a part for a car, with all it takes to explain it later, when the lists have changed."""

    state: State
    rule: Rule
    number: str
    by_vin: bool = False
    row: Row | None = None
    """The line that decided, or is in doubt."""
    others: tuple[Row, ...] = ()
    """Some of the cars it does fit."""
    more: int = 0
    """How many lines beyond those."""
    chain: tuple[str, ...] = ()
    """The numbers from the one that was asked for, or fits, to this one."""
    source: str = ""
    """Where the last link of the chain is written."""
    asks: tuple[str, ...] = ()
    """What would have to be known: make, model, year, engine, note, brand."""


def verdict(
    car: CarFacts,
    part: PartNumber,
    rows: Iterable[Row],
    supersessions: Iterable[Link],
    *,
    wanted_oem: str | None = None,
) -> Verdict:
    """Judge one part for one car by a shop's own lists. `rows` and `supersessions` may hold other numbers too."""
    every, links = sorted(rows, key=_order), list(supersessions)

    def say(state: State, rule: Rule, **facts: object) -> Verdict:
        return msgspec.structs.replace(
            Verdict(state=state, rule=rule, number=part.number, by_vin=car.by_vin), **facts
        )

    about = _about(part, every)
    judged = [(row, *_matches(car, row)) for row in about]
    for row, sure, _asks in judged:
        if row.excludes and sure is Sure.YES:
            return say("does_not_fit", "excluded", row=row)
    for row, sure, asks in judged:
        if row.excludes and sure is Sure.MAYBE:
            return say("unknown", "may_be_excluded", row=row, asks=asks)
    if _is_of_several_brands(part, about):
        return say("unknown", "brand", asks=("brand",))
    fitting = [(row, sure, asks) for row, sure, asks in judged if not row.excludes]
    for row, sure, _asks in fitting:
        if sure is Sure.YES:
            return say("fits", "fitment", row=row)
    if fitting and all(sure is Sure.NO for _row, sure, _asks in fitting):
        missing = tuple(fact for fact in FACTS if not car.knows(fact))
        named = tuple(row for row, _sure, _asks in fitting)
        rest = {"others": named[:MOST_NAMED], "more": max(0, len(named) - MOST_NAMED)}
        if missing:
            return say("unknown", "car", asks=missing, **rest)
        return say("does_not_fit", "other_cars", **rest)
    found = _by_number(car, part, every, links, wanted_oem or "")
    if found is not None and found.state == "fits":
        return found
    if fitting:
        row, _sure, asks = min(
            (one for one in fitting if one[1] is Sure.MAYBE), key=lambda one: (len(one[2]), _order(one[0]))
        )
        return say("unknown", "doubt", row=row, asks=asks)
    return found or say("unknown", "no_data")


def _order(row: Row) -> tuple[object, ...]:
    """The line that says most comes first; equal ones by what they say, never by where they stand."""
    said = (row.model, row.engine, row.note, row.year_from or 0, row.year_to or 0)
    return (-sum(map(bool, said)), row.make, *said, row.number, row.brand, row.kind, row.id)


def _about(part: PartNumber, rows: Sequence[Row]) -> list[Row]:
    """Lines of this very part. Two brands may use one number; a maker's number is the maker's whoever packs it."""
    key, brand = number_key(part.number), fold(part.brand)
    return [
        row
        for row in rows
        if number_key(row.number) == key
        and row.kind == part.kind
        and (part.kind == "oem" or not brand or not fold(row.brand) or fold(row.brand) == brand)
    ]


def _is_of_several_brands(part: PartNumber, about: Sequence[Row]) -> bool:
    is_bare = part.kind == "aftermarket" and not fold(part.brand)
    return is_bare and len({fold(row.brand) for row in about if fold(row.brand)}) > 1


def _matches(car: CarFacts, row: Row) -> tuple[Sure, tuple[str, ...]]:
    """How surely the line names this car, and what stands in the way of being sure."""
    found = {
        "make": same_make(car.make, row.make),
        "model": same_model(car.make or row.make, car.model, car.trim, row.model),
        "year": _years(car.year, row),
        "engine": has_engine(car.parsed_engine, car.fuel, car.codes, row.engine) if row.engine else Sure.YES,
        "note": Sure.MAYBE if row.note.strip() else Sure.YES,
    }
    for fact in car.doubtful:
        if fact != "make" and not (row.model if fact == "model" else row.year_from or row.year_to):
            continue
        found[fact] = Sure.MAYBE
    return min(found.values()), tuple(name for name, sure in found.items() if sure is Sure.MAYBE)


def _years(year: int | None, row: Row) -> Sure:
    """Lists count in model years, both ends included."""
    if row.year_from is None and row.year_to is None:
        return Sure.YES
    if year is None:
        return Sure.MAYBE
    return Sure.YES if (row.year_from or 0) <= year <= (row.year_to or 9999) else Sure.NO


def _by_number(
    car: CarFacts, part: PartNumber, rows: Sequence[Row], links: Sequence[Link], wanted: str
) -> Verdict | None:
    """What follows from the numbers alone: only makers' numbers have a chain, and it runs one way."""
    key, asked = number_key(part.number), number_key(wanted)
    said = Verdict(state="fits", rule="asked", number=part.number)
    if part.kind != "oem" or not key:
        return None
    if key == asked:
        return msgspec.structs.replace(said, chain=(part.number,))
    links = sorted(
        (link for link in links if shares_numbers(car.make, link.make)),
        key=lambda link: (number_key(link.old_number), number_key(link.new_number), link.id),
    )
    replaced = replaced_by(key, links)
    if asked in replaced:
        chain, source = replaced[asked]
        return msgspec.structs.replace(
            said, rule="supersedes_asked", chain=(*chain, part.number), source=source
        )
    for old in sorted(replaced, key=lambda one: (len(replaced[one][0]), one)):
        chain, source = replaced[old]
        row = _row_that_fits(car, old, rows)
        if row is not None:
            return msgspec.structs.replace(
                said,
                rule="supersedes_fitting",
                by_vin=car.by_vin,
                chain=(*chain, part.number),
                source=source,
                row=row,
            )
    if asked and key in (back := replaced_by(asked, links)):
        chain, source = back[key]
        return msgspec.structs.replace(
            said, state="unknown", rule="older", chain=(*chain, wanted), source=source
        )
    return None


def _row_that_fits(car: CarFacts, key: str, rows: Sequence[Row]) -> Row | None:
    """The line by which a maker's number fits this car, if nothing may rule that out."""
    judged = [
        (row, _matches(car, row)[0]) for row in rows if number_key(row.number) == key and row.kind == "oem"
    ]
    if any(row.excludes and sure is not Sure.NO for row, sure in judged):
        return None
    return next((row for row, sure in judged if sure is Sure.YES and not row.excludes), None)


def replaced_by(key: str, links: Sequence[Link]) -> dict[str, tuple[tuple[str, ...], str]]:
    """The numbers that one may stand in for: each with the numbers from it up to (without) this one, and where the last
    link is written. Circles end, and so does what is longer than any chain there is."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    edge: dict[str, tuple[tuple[str, ...], str]] = {key: ((), "")}
    for _step in range(LONGEST_CHAIN):
        following: dict[str, tuple[tuple[str, ...], str]] = {}
        for link in links:
            old, new = number_key(link.old_number), number_key(link.new_number)
            ways = [(new, old, link.old_number)]
            if link.both_ways:
                ways.append((old, new, link.new_number))
            for at, before, written in ways:
                if at not in edge or before == key or before in found or before in following:
                    continue
                chain, source = edge[at]
                following[before] = ((written, *chain), source if chain else link.source)
        found |= following
        edge = following
        if not edge:
            break
    return found
