"""The ceiling: the same query and the same arithmetic behind a bare ASGI function, asyncpg and msgspec by hand.

No routing, no sign-in, no permission, no ORM. Everything about the one center is known beforehand.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from app.domains.booking import floor
from app.domains.booking.availability import Bay, Shop, Technician, Timetable, Work, free_slots

ZONE = ZoneInfo("Europe/Berlin")
WEEK = {day: floor._hours([("08:00", "17:00")]) for day in range(5)}
NAMES = ("tenant", "center", "first", "last", "since", "until", "now", "except_for")
CASTS = {
    "first": "date",
    "last": "date",
    "since": "timestamptz",
    "until": "timestamptz",
    "now": "timestamptz",
}
QUERY = re.sub(
    r"(?<!:):(\w+)",
    lambda found: f"${NAMES.index(found[1]) + 1}::{CASTS.get(found[1], 'uuid')}",
    str(floor._FLOOR),
)
_pool: list[asyncpg.Pool] = []


async def pool() -> asyncpg.Pool:
    if not _pool:
        _pool.append(await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=10))
    return _pool[0]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    first, last = date.fromisoformat(asked["first"]), date.fromisoformat(asked["last"])
    body = msgspec.json.encode(await slots(UUID(asked["tenant"]), UUID(asked["center"]), first, last))
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def slots(tenant: UUID, center: UUID, first: date, last: date) -> list[tuple[datetime, datetime]]:
    now = datetime.now(UTC)
    since, until = first - timedelta(days=1), last + timedelta(days=3)
    async with (await pool()).acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", str(tenant))
        found = await connection.fetchval(
            QUERY, tenant, center, since, until, datetime.combine(since, time(), ZONE),
            datetime.combine(until, time(), ZONE), now, None,
        )  # fmt: skip
    seen = floor._decoder.decode(found)
    busy = seen.busy or {}
    shifts: dict[UUID, Timetable] = {person.id: Timetable(WEEK) for person in seen.people or ()}
    shop = Shop(
        zone=ZONE,
        hours=Timetable(WEEK),
        bays=tuple(Bay(one.id, one.kinds, busy.get(one.id, ())) for one in seen.bays or ()),
        technicians=tuple(
            Technician(one.id, shifts[one.id], one.skills, busy=busy.get(one.id, ()))
            for one in seen.people or ()
        ),
        step=15,
        notice=60,
        horizon=60,
    )
    free = free_slots(shop, Work(60, 5, 10), first=first, last=last, now=now)
    return [(slot.starts, slot.ends) for slot in free]
