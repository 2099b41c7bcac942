"""A crowd books one slot over HTTP: exactly as many win as there is room, the rest get 409 and the next times.

    .venv/bin/python -m bench.booking_race

Each of the crowd is a person of their own with a car of their own, signed in. `one after another` is the time of
a single booking without a crowd, each of another slot. The crowd is bare sockets: a client that keeps a pool of
five hundred connections takes more time than the server.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core.security import csrf_token, hash_token
from app.settings import as_asyncpg
from bench.slots import percentile, serve
from bench.stage import Scene, scene

CROWD = 500
URL = "/api/v1/customers/appointments"
_PEOPLE = (
    """INSERT INTO users (id, email, name, phone, locale, zone, theme, distance_unit, is_active, created_at)
       SELECT uuidv7(), 'driver-' || n || '@bench.test', 'Driver ' || n, '', 'en', 'UTC', '', 'km', true, now()
         FROM generate_series(1, :n) n""",
    """INSERT INTO vehicles (id, vin, make, model, trim, body, fuel, engine, color, plate, odometer_unit,
         battery_type, telematics_id, version, created_at)
       SELECT id, '', 'Make', 'Model', '', '', '', '', '', '', 'km', '', '', 1, now() FROM users
        WHERE email LIKE 'driver-%'""",
    """INSERT INTO ownerships (id, vehicle_id, user_id, since, created_at)
       SELECT uuidv7(), id, id, now(), now() FROM users WHERE email LIKE 'driver-%'""",
)


async def main() -> None:
    async with scene("bench_race") as made:
        crowd = await seat(made)
        process, port = serve("app.asgi:create_app", "--factory", "--backpressure", "600")
        try:
            await run(port, made, crowd)
        finally:
            process.terminate()
            process.wait(10)


async def run(port: int, made: Scene, crowd: list[tuple[str, str]]) -> None:
    free = await slots(port, made)
    single = [(await book(port, made, one, start))[1] for one, start in zip(crowd, free[40:70], strict=False)]
    before = await count(made, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    print(
        "\n| crowd | won | 409 | other | all answered in | loser p95 | deadlocks |\n|---|---|---|---|---|---|---|"
    )
    for size in (20, CROWD):
        room, start = await contested(port, made)
        began = time.perf_counter()
        answers = await asyncio.gather(*(book(port, made, one, start) for one in crowd[:size]))
        took = time.perf_counter() - began
        outcome = Counter(status for status, _ms in answers)
        lost = [ms for status, ms in answers if status == 409]
        other = size - outcome[201] - outcome[409]
        now = await count(made, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        print(
            f"| {size} for {room} | {outcome[201]} | {outcome[409]} | {other} | {took:.2f} s "
            f"| {percentile(lost, 0.95):.0f} ms | {now - before} |"
        )
    overlaps = await count(made, _OVERLAPS)
    print(
        f"\nOne after another: p50 {statistics.median(single):.1f} ms. Overlapping bookings afterwards: {overlaps}."
    )


_OVERLAPS = """SELECT count(*) FROM occupations a JOIN occupations b ON a.resource_id = b.resource_id
  AND a.id < b.id AND a.during && b.during WHERE a.is_active AND b.is_active"""


async def call(port: int, line: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """One request on a connection of its own: the status and the body."""
    said = {"host": f"127.0.0.1:{port}", "content-length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{line} HTTP/1.1\r\n{head}\r\n".encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    length = next(one for one in answer if one.startswith("content-length:"))
    found = await reader.readexactly(int(length.split(":")[1]))
    writer.close()
    return int(answer[0].split()[1]), found


async def slots(port: int, made: Scene) -> list[str]:
    first = (datetime.now(UTC) + timedelta(days=3)).date()
    span = f"first={first}&last={first + timedelta(days=13)}"
    line = f"GET /api/v1/centers/{made.center}/slots?service={made.service}&{span}"
    _status, body = await call(port, line, {})
    return [one["starts_at"] for one in json.loads(body)["slots"]]


async def contested(port: int, made: Scene) -> tuple[int, str]:
    """A free start, and for how many at once there is room."""
    start = (await slots(port, made))[0]
    room = await count(
        made,
        """SELECT least((SELECT count(*) FROM bays b WHERE b.center_id = :center AND NOT EXISTS (SELECT 1
              FROM occupations o WHERE o.resource_id = b.id AND o.is_active AND o.during && tstzrange(:since, :until))),
            (SELECT count(*) FROM staff_profiles s WHERE s.center_id = :center AND NOT EXISTS (SELECT 1
              FROM occupations o WHERE o.resource_id = s.id AND o.is_active AND o.during && tstzrange(:since, :until))))""",
        center=made.center,
        since=datetime.fromisoformat(start) - timedelta(minutes=5),
        until=datetime.fromisoformat(start) + timedelta(minutes=70),
    )
    return room, start


async def book(port: int, made: Scene, who: tuple[str, str], start: str) -> tuple[int, float]:
    cookie, vehicle = who
    body: dict[str, Any] = {
        "service_center_id": str(made.center),
        "vehicle_id": vehicle,
        "services": [{"service_id": str(made.service)}],
        "starts_at": start,
    }
    headers = {
        "cookie": f"session={cookie}",
        "content-type": "application/json",
        "sec-fetch-site": "same-origin",
        "x-csrf-token": csrf_token(cookie),
    }
    began = time.perf_counter()
    status, _answer = await call(port, f"POST {URL}", headers, json.dumps(body).encode())
    return status, (time.perf_counter() - began) * 1000


async def seat(made: Scene) -> list[tuple[str, str]]:
    """The crowd: (session cookie, car) of each."""
    owner = create_async_engine(as_asyncpg(made.owner_url))
    async with AsyncSession(owner) as db, db.begin():
        crowd = await fill(db, CROWD)
    await owner.dispose()
    return crowd


async def fill(db: AsyncSession, people: int) -> list[tuple[str, str]]:
    """Drivers who are signed in, each with a car: (session cookie, car)."""
    for statement in _PEOPLE:
        await db.execute(text(statement), {"n": people} if ":n" in statement else {})
    ids = list(await db.scalars(text("SELECT id FROM users WHERE email LIKE 'driver-%' ORDER BY email")))
    crowd = [(f"cookie-{user}", str(user)) for user in ids]
    now = datetime.now(UTC)
    await db.execute(
        text(
            "INSERT INTO sessions (id, user_id, token_hash, last_seen_at, expires_at, ip, user_agent, created_at)"
            " VALUES (uuidv7(), :user, :hash, :now, :ends, '', '', :now)"
        ),
        [
            {"user": user, "hash": hash_token(cookie), "now": now, "ends": now + timedelta(days=1)}
            for user, (cookie, _car) in zip(ids, crowd, strict=True)
        ],
    )
    return crowd


async def count(made: Scene, query: str, **values: Any) -> int:
    owner = create_async_engine(as_asyncpg(made.owner_url))
    async with owner.connect() as connection:
        found = await connection.scalar(text(query), values)
    await owner.dispose()
    return int(found or 0)


if __name__ == "__main__":
    asyncio.run(main())
