"""What the logbook's pages show, ready to be drawn."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.money import to_major
from app.core.render import money, number
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.logbook import attaching, finding, reckoning, units
from app.domains.logbook.facts import FILLS
from app.domains.logbook.finding import PAGE, Wanted
from app.domains.logbook.models import Entry
from app.domains.logbook.reckoning import Month, Sums, Used
from app.domains.logbook.said import entry_kind_label
from app.domains.logbook.units import Measure
from app.domains.network.models import ServiceCenter

MONTHS = 12


class Bar(msgspec.Struct, frozen=True):
    """A column of a chart: which month, how high, and what it says."""

    month: date
    value: float
    words: str


async def of_logbook(
    db: AsyncSession, me: Viewer, car: Vehicle, wanted: Wanted, *, before: str = "", removed: str = ""
) -> dict[str, Any]:
    """The page of a car's logbook. What it adds up to is a region of its own: a long one takes a moment to add."""
    cursor = finding.cursor_in(before)
    found = await finding.entries(db, car, wanted, before=cursor, most=PAGE + 1)
    return await _listed(db, wanted, found) | {
        "car": car,
        "role": await garage.role_of(db, me, car),
        "is_first": cursor is None,
        "gone": await _gone(db, car, removed),
        "amount_words": amount_words(me, car),
        "measure": units.measure_of(me, car),
    }


async def of_garage(db: AsyncSession, me: Viewer, wanted: Wanted, *, before: str = "") -> dict[str, Any]:
    """What fits in all logbooks of the garage, those of cars put away too."""
    cars = [*await garage.mine(db, me), *await garage.mine(db, me, archived=True)]
    found = await finding.in_garage(db, cars, wanted, before=finding.cursor_in(before), most=PAGE + 1)
    return await _listed(db, wanted, found) | {
        "cars": {car.id: car for car in cars},
        "says": {car.id: amount_words(me, car) for car in cars},
    }


async def _listed(db: AsyncSession, wanted: Wanted, found: Sequence[Entry]) -> dict[str, Any]:
    """A page of entries by month, with what was looked for and where it goes on."""
    shown = found[:PAGE]
    asked = {
        "q": wanted.words, "kind": wanted.kind, "tag": wanted.tag, "year": str(wanted.year or ""),
    }  # fmt: skip
    kept = {name: value for name, value in asked.items() if value}
    return {
        "wanted": wanted,
        "asked": asked,
        "query": urlencode(kept),
        "months": [
            (first, list(rows)) for first, rows in groupby(shown, key=lambda one: one.day.replace(day=1))
        ],
        "files": await attaching.files_of(db, [one.id for one in shown]),
        "shops": await shops_of(db, shown),
        "older_query": urlencode(kept | {"before": finding.cursor_of(shown[-1])})
        if len(found) > PAGE
        else "",
    }


def amount_words(me: Viewer, car: Vehicle) -> Callable[[Entry], str]:
    """What says how much went in, as the viewer counts it."""
    by = units.measure_of(me, car)
    return lambda entry: "" if entry.amount is None else units.amount_words(entry.amount, entry.kind, by)


async def _gone(db: AsyncSession, car: Vehicle, removed: str) -> Entry | None:
    """What was just removed, to be taken back."""
    entry_id: UUID | None = as_uuid(removed)
    if entry_id is None:
        return None
    return await db.scalar(
        select(Entry).where(Entry.id == entry_id, Entry.vehicle_id == car.id, Entry.removed_at.is_not(None))
    )


async def shops_of(db: AsyncSession, entries: Sequence[Entry]) -> dict[UUID, str]:
    """The names of the shops that wrote them."""
    ids = {one.center_id for one in entries if one.center_id}
    if not ids:
        return {}
    rows = await db.execute(select(ServiceCenter.id, ServiceCenter.name).where(ServiceCenter.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def reckoned(db: AsyncSession, me: Viewer, car: Vehicle, *, year: int | None = None) -> dict[str, Any]:
    """What a logbook adds up to: facts, and the columns of its charts, of the last twelve months or of a year."""
    by = units.measure_of(me, car)
    today = clock.today(me.zone) if year is None else date(year, 12, 31)
    added = await reckoning.sums(db, car.id, year=today.year, first=me.currency)
    currency = added.costs[0].currency if added.costs else ""
    used = await reckoning.consumption(db, car.id)
    drawn = [one for one in used if year is None or one.first.year == year]
    paid = await reckoning.months(db, car.id, currency=currency, until=today, most=MONTHS) if currency else []
    return {
        "car": car,
        "facts": _facts(by, added, used, today),
        "paid": [
            Bar(month.first, float(to_major(month.minor, currency)), money(month.minor, currency)) for month in paid
        ],
        "paid_for": _by_kind(paid, currency),
        "currency": currency,
        "year": year,
        "years": await reckoning.years(db, car.id),
        "usage": [(entry_kind_label(kind), units.usage_unit(kind, by), bars)
                  for kind in FILLS if (bars := _usage_bars(by, drawn, kind))],
    }  # fmt: skip


def _facts(by: Measure, added: Sums, used: Sequence[Used], today: date) -> list[tuple[str, str]]:
    """What it adds up to: label and words."""
    facts = [
        (_("In %(year)s", year=today.year), ", ".join(money(one.this_year_minor, one.currency) for one in added.costs)),
        (_("All time"), ", ".join(money(one.minor, one.currency) for one in added.costs)),
    ]  # fmt: skip
    if added.costs and (each := added.costs[0].per_1000_km_minor) is not None:
        rate = units.per_distance(each, by.distance)
        words = money(round(rate), added.costs[0].currency)
        facts.append((_("Each mile") if by.distance == "mi" else _("Each kilometer"), words))
    for kind in FILLS:
        if (average := reckoning.on_average(used, kind)) is not None:
            words = f"{number(units.usage(*average, kind, by), 1)} {units.usage_unit(kind, by)}"
            by_month = sorted(units.usage(one.amount, one.km, kind, by) for one in used if one.kind == kind)
            if len(by_month) > 1:
                low, high = number(by_month[0], 1), number(by_month[-1], 1)
                words = _("%(average)s, by month %(low)s to %(high)s", average=words, low=low, high=high)
            facts.append((_("Fuel") if kind == "fuel" else _("Electricity"), words))
    return [(label, words) for label, words in facts if words]


def _by_kind(paid: Sequence[Month], currency: str) -> list[tuple[date, list[tuple[str, str]]]]:
    """For the table behind the chart: the months in which something was paid, each with what for."""
    return [
        (
            month.first,
            [
                (entry_kind_label(kind), money(minor, currency))
                for kind, minor in sorted(month.by_kind.items())
            ],
        )
        for month in reversed(paid)
        if month.by_kind
    ]


def _usage_bars(by: Measure, used: Sequence[Used], kind: str) -> list[Bar]:
    bars = []
    for one in [one for one in used if one.kind == kind][-MONTHS:]:
        value = units.usage(one.amount, one.km, kind, by)
        bars.append(Bar(one.first, float(value), f"{number(value, 1)} {units.usage_unit(kind, by)}"))
    return bars if len(bars) > 1 else []


async def of_entry(db: AsyncSession, me: Viewer, car: Vehicle, entry: Entry) -> dict[str, Any]:
    """The page of one entry."""
    return {
        "car": car,
        "role": await garage.role_of(db, me, car),
        "entry": entry,
        "files": (await attaching.files_of(db, [entry.id])).get(entry.id, []),
        "shop": (await shops_of(db, [entry])).get(entry.center_id) if entry.center_id else None,
        "amount_words": amount_words(me, car),
    }


async def latest(db: AsyncSession, me: Viewer, car: Vehicle) -> dict[str, Any]:
    """The last of a logbook, for the car's own page."""
    entries = await finding.entries(db, car, most=3)
    return {
        "latest": entries,
        "latest_shops": await shops_of(db, entries),
        "amount_words": amount_words(me, car),
    }
