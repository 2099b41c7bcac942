"""What a car costs and uses: sums by year, month and kind, and consumption from one full tank to the next.

What a previous owner paid is no cost of this one; how much the car used is a matter of the car. The database adds; a
logbook of many thousand entries is never read into the process.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import Date, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.logbook.finding import standing_in
from app.domains.logbook.models import Entry


class Cost(msgspec.Struct, frozen=True):
    """What was paid in one currency."""

    currency: str
    this_year_minor: int
    minor: int
    per_1000_km_minor: Decimal | None
    """Over the distance the logbook covers; None while it covers none."""


class Sums(msgspec.Struct, frozen=True):
    count: int
    km: int
    """From the first mileage written down to the furthest."""
    costs: list[Cost]


async def sums(db: AsyncSession, vehicle_id: UUID, *, year: int, first: str = "") -> Sums:
    """What stands in the logbook in all, by currency: the one asked for, then the one most is paid in."""
    in_year = Entry.day.between(date(year, 1, 1), date(year, 12, 31))
    rows = (
        await db.execute(
            select(
                Entry.currency,
                func.count().label("entries"),
                func.coalesce(func.sum(Entry.cost_minor), 0).label("minor"),
                func.coalesce(func.sum(Entry.cost_minor).filter(in_year), 0).label("year_minor"),
                func.min(Entry.km).label("nearest"),
                func.max(Entry.km).label("furthest"),
            )
            .where(standing_in(vehicle_id), ~Entry.is_inherited)
            .group_by(Entry.currency)
        )
    ).all()
    read = [km for row in rows for km in (row.nearest, row.furthest) if km is not None]
    km = max(read) - min(read) if read else 0
    costs = [
        Cost(row.currency, int(row.year_minor), int(row.minor), Decimal(int(row.minor)) * 1000 / km if km else None)
        for row in sorted(rows, key=lambda row: (row.currency != first, -row.minor))
        if row.currency
    ]  # fmt: skip
    return Sums(sum(row.entries for row in rows), km, costs)


async def years(db: AsyncSession, vehicle_id: UUID) -> list[int]:
    """The years in which something was written down, the latest first."""
    year = func.extract("year", Entry.day)
    rows = await db.scalars(select(year).where(standing_in(vehicle_id)).distinct().order_by(year.desc()))
    return [int(one) for one in rows]


class Month(msgspec.Struct, frozen=True):
    """What was paid in a month for each kind, in one currency."""

    first: date
    by_kind: dict[str, int]

    @property
    def minor(self) -> int:
        return sum(self.by_kind.values())


async def months(
    db: AsyncSession, vehicle_id: UUID, *, currency: str, until: date, most: int = 12
) -> list[Month]:
    """The months up to that of `until`, the oldest first, empty ones too."""
    last = until.replace(day=1)
    firsts = [_months_before(last, back) for back in range(most - 1, -1, -1)]
    month = func.date_trunc("month", Entry.day).cast(Date)
    rows = await db.execute(
        select(month, Entry.kind, func.sum(Entry.cost_minor))
        .where(
            standing_in(vehicle_id),
            ~Entry.is_inherited,
            Entry.day >= firsts[0],
            Entry.day < _months_before(last, -1),
            Entry.currency == currency,
            Entry.cost_minor > 0,
        )
        .group_by(month, Entry.kind)
    )
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for first, kind, minor in rows:
        found[first][kind] = int(minor or 0)
    return [Month(first, found.get(first, {})) for first in firsts]


def _months_before(first: date, back: int) -> date:
    count = first.year * 12 + first.month - 1 - back
    return date(count // 12, count % 12 + 1, 1)


class Used(msgspec.Struct, frozen=True):
    """What was used over stretches from one full tank or battery to the next that ended in a month."""

    kind: str
    first: date
    amount: Decimal
    """Litres or kWh."""
    km: int


STRETCHES = text("""
    WITH fills AS (
        SELECT kind, day, km, amount, is_missed, is_full AND km IS NOT NULL AS closes,
               count(*) FILTER (WHERE is_full AND km IS NOT NULL) OVER (
                   PARTITION BY kind ORDER BY day, km, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS stretch
          FROM logbook_entries
         WHERE vehicle_id = :car AND kind IN ('fuel', 'charge') AND removed_at IS NULL AND day >= :since
    ), stretches AS (
        SELECT kind, stretch, sum(amount) AS amount, bool_or(is_missed) AS is_missed,
               max(day) FILTER (WHERE closes) AS day, max(km) FILTER (WHERE closes) AS km
          FROM fills GROUP BY kind, stretch
    ), driven AS (
        SELECT kind, day, amount, is_missed, km - lag(km) OVER (PARTITION BY kind ORDER BY stretch) AS km
          FROM stretches WHERE km IS NOT NULL
    )
    SELECT kind, date_trunc('month', day)::date AS first, sum(amount) AS amount, sum(km) AS km
      FROM driven WHERE km > 0 AND NOT is_missed
     GROUP BY 1, 2 ORDER BY 2, 1
""")
"""A stretch begins after a full fill-up and ends with the next one. What went in meanwhile is what was used, unless one
was not written down. The first fill-up of all only begins."""


async def consumption(
    db: AsyncSession, vehicle_id: UUID, *, since: date = date(1900, 1, 1)
) -> Sequence[Used]:
    """By month and kind, the oldest first, of the fill-ups from a day on."""
    rows = await db.execute(STRETCHES, {"car": vehicle_id, "since": since})
    return [Used(row.kind, row.first, row.amount, int(row.km)) for row in rows]


def on_average(used: Sequence[Used], kind: str) -> tuple[Decimal, int] | None:
    """Litres or kWh, and over how many kilometres; None when no stretch was whole."""
    of_kind = [one for one in used if one.kind == kind]
    km = sum(one.km for one in of_kind)
    return (sum((one.amount for one in of_kind), Decimal()), km) if km else None
