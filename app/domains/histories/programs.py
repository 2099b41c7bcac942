"""Which program wrote a file, and what its columns hold. Header names are the programs' own; they are matched by name
in any case, never by place, but for Fuelly, whose columns are known by their place only."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from app.core.words import N_
from app.domains.histories.conventions import (
    Conventions,
    DistanceUnit,
    VolumeUnit,
    day_order_of,
    decimal_mark_of,
)
from app.domains.histories.sections import Section

OURS = "Torqueline"
ENTRY_KINDS = ("service", "repair", "upgrade", "fuel", "charge", "tyres", "tax", "insurance", "note")
READINGS = "odometer"
BY_COLUMN = "by_column"
"""Each row says itself what it is."""

NAMES: dict[str, frozenset[str]] = {
    "day": frozenset(
        {"date", "data", "day", "datum", "fecha", "fuelup date", "date time", "datetime", "service date", "ngày"}
    ),
    "km": frozenset(
        {"odometer", "odo", "odometer reading", "mileage", "km", "miles", "kilometers", "kilometres", "tachostand",
         "kilometerstand", "odometer km"}
    ),
    "kind": frozenset({"kind", "type", "record type", "category", "costtypeid"}),
    "title": frozenset(
        {"description", "title", "costtitle", "cost title", "service", "services", "expense", "expenses", "reason",
         "service type", "type of service", "part", "name"}
    ),
    "note": frozenset({"notes", "note", "comment", "comments", "remarks", "observation", "notiz", "notizen", "bemerkung", "bemerkungen"}),
    "cost": frozenset({"cost", "total cost", "totalcost", "total price", "price", "total", "amount paid", "kosten", "betrag", "preis"}),
    "price": frozenset(
        {"volumeprice", "price per unit", "price per gallon", "price per litre", "cost gallon", "cost litre", "price l",
         "price gal", "unit price", "cost per unit"}
    ),
    "amount": frozenset(
        {"gallons", "liters", "litres", "consumption", "quantity", "fuelconsumed", "fuel consumed", "qty", "fuel",
         "volume", "kwh", "amount", "energy", "liter", "menge"}
    ),
    "full": frozenset({"isfilltofull", "filled up", "full", "full tank", "fill to full"}),
    "partial": frozenset({"partial fuelup", "partial tank", "partial fill", "partial fill-up", "partial fillup"}),
    "missed": frozenset(
        {"missedfuelup", "missed fuelup", "missed fill up", "missed fill", "missed", "previous missed fill-ups",
         "missed fillup", "missed fill-up", "missed fill-ups"}
    ),
    "tags": frozenset({"tags", "tag", "labels"}),
    "car": frozenset({"vehicle", "car", "car name", "vehicle name"}),
    "currency": frozenset({"currency"}),
    "tasks": frozenset({"tasks"}),
    "id": frozenset({"entry id"}),
    "by": frozenset({"verified by"}),
    "income": frozenset({"isincome"}),
    "template": frozenset({"istemplate"}),
    "remind_km": frozenset({"remindodo"}),
    "remind_day": frozenset({"reminddate"}),
    "every_km": frozenset({"repeatodo"}),
    "every_months": frozenset({"repeatmonths"}),
}  # fmt: skip
"""What a column may be called, as `plain_header` leaves it."""

UNTOLD = frozenset(
    {"guid", "uniqueid", "idr", "read", "flag", "tanknumber", "stationid", "excludedistance", "weather", "latitude",
     "longitude", "color", "priority", "time"}
)  # fmt: skip
"""What only the program itself knows what to do with."""

COMPUTED = frozenset(
    {"fueleconomy", "fuel economy", "mpg", "km l", "l 100km", "l 100 km", "kwh 100km", "tankcalc"}
)
"""What a program works out of the rest; it is worked out anew here."""

_UNITS = re.compile(r"\(([^)]*)\)")
_FUELLY_NAMES = (
    "kind", "", "day", "time", "car", "km", "full", "price", "amount", "cost", "octane", "brand", "place", "tags",
    "payment", "tyre pressure", "note", "title",
)  # fmt: skip


class Part(msgspec.Struct, kw_only=True):
    """One table of a file: what its rows are, and which column holds what."""

    name: str
    rows: int
    width: int
    """How many columns it has."""
    kind: str
    """One of ENTRY_KINDS, READINGS, BY_COLUMN; empty where its rows are no history."""
    columns: dict[str, int]
    """{one of NAMES: place of the column}"""
    why: str = ""
    """Why its rows are left out."""


class Recognised(msgspec.Struct, kw_only=True):
    program: str
    parts: list[Part]
    conventions: Conventions


def plain_header(said: str) -> str:
    """A header without its unit, in small letters: "Odo (km)" is "odo", "fuelup_date" is "fuelup date"."""
    return " ".join(
        _UNITS.sub("", said).replace("_", " ").replace("/", " ").replace("?", "").casefold().split()
    )


def recognise(sections: Sequence[Section], *, file_name: str, usual: Conventions) -> Recognised:
    """What the tables of a file hold. `usual` says how its owner writes days, and in which units they count."""
    program = _program(sections)
    parts = [_part(one, program, file_name) for one in sections]
    if program == OURS:
        ours = Conventions(currency=usual.currency)
        return Recognised(program=program, parts=parts, conventions=ours)
    return Recognised(program=program, parts=parts, conventions=_conventions(sections, parts, usual))


def _program(sections: Sequence[Section]) -> str:
    names = {one.name.casefold() for one in sections}
    heads = {plain_header(cell) for one in sections for cell in one.header}
    if {"vehicle", "log"} <= names:
        return "Fuelio"
    if "metadata" in names or "fill-up records" in names:
        return "aCar"
    if {"refuelling", "refueling"} & names:
        return "Drivvo"
    if {"entry id", "kind", "verified by"} <= heads:
        return OURS
    if len(sections) == 1 and _is_fuelly(sections[0]):
        return "Fuelly"
    lubelogger = (
        {"fuelconsumed", "isfilltofull"}, {"initialodometer", "odometer"}, {"partnumber", "partsupplier"},
        {"datecreated", "progress"}, {"date", "description", "cost", "notes", "tags"},
    )  # fmt: skip
    return "LubeLogger" if any(known <= heads for known in lubelogger) else ""


def _is_fuelly(section: Section) -> bool:
    heads = [plain_header(cell) for cell in section.header]
    return len(heads) == len(_FUELLY_NAMES) and heads[0] == "type" and heads[1] in COMPUTED | {"l 100km"}


def _part(section: Section, program: str, file_name: str) -> Part:
    if program == "Fuelly":
        columns = {name: place for place, name in enumerate(_FUELLY_NAMES) if name in NAMES}
        return _of(section, BY_COLUMN, columns)
    columns = columns_named(section.header)
    kind, why = _kind(section, columns, program, file_name)
    return _of(section, kind, columns, why)


def _of(section: Section, kind: str, columns: dict[str, int], why: str = "") -> Part:
    return Part(
        name=section.name, rows=len(section.lines), width=len(section.header), kind=kind, columns=columns, why=why
    )  # fmt: skip


def columns_named(header: Sequence[str]) -> dict[str, int]:
    """Which column holds what, by their names; of two for one thing the first."""
    plains = [plain_header(said) for said in header]
    # Beside a total, a bare "price" is the price of a litre.
    has_total = bool(set(plains) & (NAMES["cost"] - {"price"}))
    found: dict[str, int] = {}
    for place, plain in enumerate(plains):
        for field, names in NAMES.items():
            named = field == "price" if plain == "price" and has_total else plain in names
            if named and field not in found:
                found[field] = place
                break
    return found


def _kind(section: Section, columns: Mapping[str, int], program: str, file_name: str) -> tuple[str, str]:
    name = section.name.casefold()
    heads = {plain_header(cell) for cell in section.header}
    if program == OURS:
        return BY_COLUMN, ""
    if {"partnumber", "partsupplier"} <= heads:
        return "note", ""
    if {"datecreated", "progress"} <= heads:
        return "", N_("Plans are no history: nothing of them has happened yet.")
    if "initialodometer" in heads:
        return READINGS, ""
    if name in {"vehicle", "vehicles", "metadata", "costcategories", "favstations", "category"}:
        return "", N_("This describes the file, and holds no history.")
    if name == "trip records" or name == "trips":
        return "", N_("Trips are not kept here.")
    if "income" in name:
        return "", N_("Income is no cost of the car.")
    said = f"{name} {file_name.casefold()}"
    for words, kind in (
        (("log", "fill", "refuel", "fuel", "gas"), "fuel"), (("charg",), "charge"), (("repair",), "repair"),
        (("upgrade",), "upgrade"), (("service", "maintenance"), "service"), (("insurance",), "insurance"),
        (("tax",), "tax"), (("expense", "cost"), "note"), (("odometer",), READINGS),
    ):  # fmt: skip
        named = name if name else said
        if any(word in named for word in words) and (kind != "fuel" or "amount" in columns):
            return kind, ""
    if "amount" in columns:
        return "fuel", ""
    if "km" not in columns and program == "LubeLogger":
        return "tax", ""
    if set(columns) <= {"day", "km", "note", "tags"}:
        return READINGS, ""
    return "service", ""


def _conventions(sections: Sequence[Section], parts: Sequence[Part], usual: Conventions) -> Conventions:
    used = [(section, part) for section, part in zip(sections, parts, strict=True) if part.kind]

    def cells(*fields: str) -> list[str]:
        return [
            cell
            for section, part in used
            for field in fields
            if field in part.columns
            for cell in section.column(part.columns[field])
        ]

    units = " ".join(_units(section) for section in sections)
    return Conventions(
        day_order=day_order_of(cells("day"), otherwise=usual.day_order),
        decimal_mark=decimal_mark_of(cells("cost", "price", "amount", "km"), otherwise=usual.decimal_mark),
        distance=_distance(units, sections) or usual.distance,
        volume=_volume(units, sections) or usual.volume,
        currency=usual.currency,
    )


def _units(section: Section) -> str:
    """The units its columns are named with, and columns that are called by their unit."""
    named = [unit for cell in section.header for unit in _UNITS.findall(cell)]
    return " ".join([*named, *(plain_header(cell) for cell in section.header)]).casefold()


def _distance(units: str, sections: Sequence[Section]) -> DistanceUnit | None:
    told = _told(sections, "distunit")
    if told in ("0", "1"):
        return "km" if told == "0" else "mi"
    words = set(re.findall(r"[a-z]+", units))
    if words & {"km", "kilometers", "kilometres"}:
        return "km"
    return "mi" if words & {"mi", "miles", "mpg"} else None


def _volume(units: str, sections: Sequence[Section]) -> VolumeUnit | None:
    told = _told(sections, "fuelunit")
    if told in ("0", "1", "2"):
        return ("l", "gal_us", "gal_uk")[int(told)]
    if "kwh" in units:
        return "kwh"
    if "uk gal" in units or "gallons uk" in units or "imp" in units.split():
        return "gal_uk"
    if "gal" in units:
        return "gal_us"
    words = set(re.findall(r"[a-z]+", units))
    return "l" if words & {"l", "litres", "liters"} else None


def _told(sections: Sequence[Section], name: str) -> str:
    """What the table about the car says of itself, as Fuelio writes it."""
    for section in sections:
        heads = [plain_header(cell) for cell in section.header]
        if name in heads and section.lines:
            return section.column(heads.index(name))[0]
    return ""
