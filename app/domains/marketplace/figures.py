"""How the parts market does, for who looks after the network. Each number is counted from rows of one query, and opens them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock

PAGE: Final = 50
MONTHS: Final = 12


class Row(msgspec.Struct, frozen=True):
    """One thing a number is made of."""

    at: datetime
    id: UUID
    name: str
    detail: str
    """A place, a status, what was written."""
    value: int
    """What it adds: 1, or seconds, or stars."""


_ORDERS = (
    "SELECT submitted_at AS at, id, code AS name, status AS detail, 1::bigint AS value FROM parts_orders "
    "WHERE submitted_at >= :since"
)
_SHOPS = (
    "SELECT coalesce(verified_at, created_at) AS at, id, name, status AS detail, 1::bigint AS value FROM parts_shops "
    "WHERE status <> 'pending_verification'"
)
ROWS: Final[dict[str, str]] = {
    "orders": _ORDERS,
    "month": _ORDERS.replace(":since", ":month"),
    "onboarded": _SHOPS,
    "active": f"{_SHOPS} AND status = 'active'",
    "first_quote": (
        "SELECT submitted_at AS at, id, code AS name, status AS detail, "
        "round(extract(epoch FROM first_offer_at - coalesce((SELECT q.asked_at FROM shop_quotes q "
        "WHERE q.order_id = parts_orders.id AND q.revision > 0 AND q.asked_at <= first_offer_at "
        "ORDER BY q.answered_at, q.id LIMIT 1), submitted_at)))::bigint AS value FROM parts_orders "
        "WHERE submitted_at >= :since AND first_offer_at >= submitted_at"
    ),
    "satisfaction": (
        "SELECT p.rated_at AS at, p.id, s.name, p.rating_words AS detail, p.rating::bigint AS value "
        "FROM purchases p JOIN parts_shops s ON s.id = p.shop_id WHERE p.rated_at >= :since AND p.rating IS NOT NULL"
    ),
    "complete": (
        "SELECT o.submitted_at AS at, o.id, o.code AS name, o.status AS detail, (EXISTS (SELECT 1 FROM shop_quotes q "
        "WHERE q.order_id = o.id AND q.revision > 0 AND q.available_count > 0 AND q.missing_count = 0))::int::bigint "
        "AS value FROM parts_orders o WHERE o.submitted_at >= :since"
    ),
}
"""What each number is made of, as SQL of the columns of `Row`."""

TILES: Final[dict[str, str]] = {
    "orders": "coalesce(sum(value), 0)",
    "month": "coalesce(sum(value), 0)",
    "onboarded": "coalesce(sum(value), 0)",
    "active": "coalesce(sum(value), 0)",
    "first_quote": "percentile_cont(0.5) WITHIN GROUP (ORDER BY value)",
    "satisfaction": "sum(value)::numeric / nullif(count(*), 0)",
    "complete": "sum(value)::numeric / nullif(count(*), 0)",
}
"""How the rows make the number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and of how many rows."""

    value: Decimal | None
    rows: int


def _span(now: datetime) -> dict[str, datetime]:
    """The present month and the eleven before it, on the clock of the servers: UTC."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = month.year * 12 + month.month - MONTHS
    return {"month": month, "since": month.replace(year=first // 12, month=first % 12 + 1)}


def _bound(query: str, **more: Any) -> tuple[TextClause, dict[str, Any]]:
    wanted = {key: value for key, value in _span(clock.now()).items() if f":{key}" in query}
    return text(query), wanted | more


async def figure(db: AsyncSession, name: str) -> Figure:
    """One number, from one query."""
    query = f"SELECT {TILES[name]} AS value, count(*) AS rows FROM ({ROWS[name]}) made_of"  # noqa: S608 - both ours
    row = (await db.execute(*_bound(query))).one()
    return Figure(None if row.value is None else Decimal(row.value), row.rows)


async def months(db: AsyncSession) -> list[tuple[datetime, int]]:
    """Orders by month, the oldest first; a month without any stands there with nothing."""
    query = (
        "SELECT m.month, count(made_of.id) FROM generate_series(CAST(:since AS timestamptz), :month, "  # noqa: S608
        f"interval '1 month', 'UTC') m(month) LEFT JOIN ({ROWS['orders']}) made_of "
        "ON date_trunc('month', made_of.at, 'UTC') = m.month GROUP BY m.month ORDER BY m.month"
    )
    return [(row[0], row[1]) for row in await db.execute(*_bound(query))]


async def rows(
    db: AsyncSession, name: str, *, after: tuple[datetime, UUID] | None = None, most: int = PAGE
) -> list[Row]:
    """What a number is made of, the newest first, from after a row on."""
    past = "WHERE (at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid))" if after else ""
    query = f"SELECT at, id, name, detail, value FROM ({ROWS[name]}) made_of {past} ORDER BY at DESC, id DESC LIMIT :most"  # noqa: S608
    more = {"at": after[0], "id": after[1]} if after else {}
    return [Row(*row) for row in await db.execute(*_bound(query, most=most, **more))]
