"""Ten cars with 20,000 entries in their logbooks against ten empty ones: the garage, a car, its logbook.

    python -m bench.garage [--seconds 5] [--rounds 3] [--entries 20000] [--in-one]

Both are read by their owners in the same run, in turns. `--in-one` puts all entries into one of the ten cars. Prints
rows for docs/performance.md.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core import clock
from app.core.db import new_id
from app.domains.garage.models import Ownership, Vehicle
from app.domains.logbook.models import Entry
from app.engine.testing import Engine, schema_key, start_for_tests
from app.settings import as_asyncpg
from bench.load import Measure, ask, served
from tests.cast import CAST, Person, seat

CARS = 10
KINDS = ("fuel", "fuel", "fuel", "fuel", "service", "repair", "tax", "note")
FULL, EMPTY = CAST.stranger, CAST.network
"""Two who own no car yet."""


async def fill(owner_url: str, entries: int, *, in_one: bool) -> dict[str, Any]:
    """Ten cars each; the id of the first of both."""
    engine = create_async_engine(as_asyncpg(owner_url))
    firsts: dict[str, Any] = {}
    async with AsyncSession(engine) as db, db.begin():
        await seat(db, "no password")
        for person in (FULL, EMPTY):
            cars = [await _car(db, person, number) for number in range(CARS)]
            firsts[person.key] = cars[0]
            if person is FULL:
                for number, car in enumerate(cars):
                    share = (entries if number == 0 else 0) if in_one else entries // CARS
                    if share:
                        await db.execute(insert(Entry), _entries(car, share))
    async with engine.connect() as plain:
        await plain.execution_options(isolation_level="AUTOCOMMIT")
        await plain.exec_driver_sql("VACUUM ANALYZE logbook_entries")
    await engine.dispose()
    return firsts


async def _car(db: AsyncSession, person: Person, number: int) -> Any:
    car = Vehicle(
        id=new_id(), make="Honda", model="Accord", year=2003 + number, fuel="gasoline", mileage_km=400_000
    )
    db.add(car)
    await db.flush()
    db.add(Ownership(id=new_id(), vehicle_id=car.id, user_id=person.user_id))
    await db.flush()
    return car.id


def _entries(car: Any, count: int) -> list[dict[str, Any]]:
    """Over twenty years, four fill-ups to four other things."""
    today, now = clock.now().date(), clock.now()
    rows = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        is_fill = kind == "fuel"
        rows.append(
            {
                "id": new_id(), "vehicle_id": car, "kind": kind, "user_id": FULL.user_id,
                "day": today - timedelta(days=7300 * (count - number) // count),
                "km": 400_000 * number // count, "title": "" if is_fill else f"Something of the kind, number {number}",
                "note": "", "cost_minor": 4_000 + number % 3_000, "currency": "USD", "tags": [], "tasks": [],
                "amount": Decimal(40) if is_fill else None, "is_full": is_fill, "is_missed": False, "version": 1,
                "created_at": now,
            }
        )  # fmt: skip
    return rows


async def measure(
    engine: Engine, name: str, firsts: dict[str, Any], seconds: float, rounds: int
) -> dict[tuple[str, str], list[Measure]]:
    """Full and empty in turns, so that a busy minute of the machine hits both."""
    ours = {
        "TORQUELINE_MODE": "test",
        "TORQUELINE_HOME": tempfile.mkdtemp(prefix="garage-"),
        "BASE_URL": "http://127.0.0.1",
        "DATABASE_URL": engine.app_url(name),
        "DATABASE_OWNER_URL": engine.owner_url(name),
        "REDIS_URL": engine.valkey_url(15),
        "SECRET_KEY": "a secret for benchmarks that is long enough",
    }
    plan = [
        (page, person, path.format(car=firsts[person.key]))
        for page, path in (
            ("garage", "/garage"),
            ("car", "/garage/{car}"),
            ("logbook", "/garage/{car}/logbook"),
            ("its sums", "/garage/{car}/logbook/totals"),
        )
        for person in (EMPTY, FULL)
    ]
    found: dict[tuple[str, str], list[Measure]] = {}
    async with served("app.asgi:create_app", ours, factory=True) as port:
        for warm in (True, *[False] * rounds):
            for page, person, path in plan:
                cookie = {"Cookie": f"session={person.cookie}"}
                one = await ask(port, path, cookie, seconds=1 if warm else seconds, connections=1)
                if not warm:
                    found.setdefault((page, person.key), []).append(one)
    return found


def report(found: dict[tuple[str, str], list[Measure]], entries: int) -> None:
    """The rows of the table."""
    print(
        f"| page | empty p50 | p95 | {entries:,} entries p50 | p95 | ratio of p50 |\n|---|---|---|---|---|---|"
    )
    for page in ("garage", "car", "logbook", "its sums"):
        (empty, late), (full, full_late) = (
            _spread([time for one in found[page, who.key] for time in one.times]) for who in (EMPTY, FULL)
        )
        print(
            f"| {page} | {empty:.1f} ms | {late:.1f} ms | {full:.1f} ms | {full_late:.1f} ms | {full / empty:.2f}× |"
        )


def _spread(times: list[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[18]


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--entries", type=int, default=20_000)
    arguments.add_argument("--in-one", action="store_true")
    chosen = arguments.parse_args()
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    engine = start_for_tests()

    async def build(owner_url: str, app_url: str) -> None:
        from app.migrate import migrate

        await migrate(as_asyncpg(owner_url), as_asyncpg(app_url))

    name = await engine.clone(await engine.template(schema_key(), build), "bench_garage")
    try:
        firsts = await fill(engine.owner_url(name), chosen.entries, in_one=chosen.in_one)
        report(await measure(engine, name, firsts, chosen.seconds, chosen.rounds), chosen.entries)
    finally:
        await engine.drop(name)


if __name__ == "__main__":
    asyncio.run(main())
