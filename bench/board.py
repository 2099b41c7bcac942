"""The board with 200 cards, session and permissions on, against a bare handler doing the same query.

    python -m bench.board [--seconds 5] [--rounds 3]

Prints a row for docs/performance.md.
"""

import argparse
import asyncio
import os
import tempfile
from datetime import timedelta
from typing import Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core import clock
from app.domains.workshop import board
from app.domains.workshop.models import STAGES, Job, JobLine, RepairOrder
from app.engine.testing import Engine, schema_key, start_for_tests
from app.settings import as_asyncpg
from bench.load import Measure, ask, served, spread
from tests.cast import CAR, CAST, HARBOR, HARBOR_BAYS, HARBOR_CENTER, seat

CARDS = 200


async def fill(owner_url: str, cards: int = CARDS) -> None:
    """Cars in the shop, three jobs each, in every stage and bay."""
    engine = create_async_engine(as_asyncpg(owner_url))
    async with AsyncSession(engine) as db, db.begin():
        await seat(db, "no password")
        now = clock.now()
        for number in range(cards):
            order = RepairOrder(
                tenant_id=HARBOR,
                center_id=HARBOR_CENTER,
                number=2000 + number,
                customer_id=CAST.customer.customer_id,
                vehicle_id=CAR,
                stage=STAGES[number % (len(STAGES) - 1)],
                bay_id=(*HARBOR_BAYS, None)[number % 3],
                technician_id=CAST.technician.staff_id,
                concern="Grinding noise from the front when braking, worse in the last week.",
                key_tag=str(number),
                promise_at=now + timedelta(minutes=number * 7 - 300),
            )
            db.add(order)
            await db.flush()
            for status in ("completed", "in_progress", "presented"):
                job = Job(tenant_id=HARBOR, order_id=order.id, title="Front brakes", status=status)
                db.add(job)
                await db.flush()
                db.add(
                    JobLine(
                        tenant_id=HARBOR,
                        job_id=job.id,
                        kind="part",
                        description="Pads",
                        unit_price_minor=8990,
                    )
                )
    await engine.dispose()


def query() -> str:
    """The board's own query, with its values written out."""
    asked = board.query(CAST.advisor.viewer, clock.now())
    compiled = asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    return str(compiled)


async def measure(engine: Engine, name: str, seconds: float, rounds: int) -> dict[str, list[Measure]]:
    """Ours and the bare one in turns, so that a busy minute of the machine hits both."""
    ours = {
        "TORQUELINE_MODE": "test",
        "TORQUELINE_HOME": tempfile.mkdtemp(prefix="board-"),
        "BASE_URL": "http://127.0.0.1",
        "DATABASE_URL": engine.app_url(name),
        "DATABASE_OWNER_URL": engine.owner_url(name),
        "REDIS_URL": engine.valkey_url(15),
        "SECRET_KEY": "a secret for benchmarks that is long enough",
    }
    bare = {"BARE_DATABASE_URL": f"{engine.superuser}/{name}", "BARE_QUERY": query()}
    cookie = {"Cookie": f"session={CAST.advisor.cookie}"}
    found: dict[str, list[Measure]] = {"ours": [], "bare": []}
    async with (
        served("app.asgi:create_app", ours, factory=True) as our_port,
        served("bench.bare_board:app", bare) as bare_port,
    ):
        plan: list[tuple[str, int, str, dict[str, str]]] = [
            ("ours", our_port, "/board", cookie),
            ("bare", bare_port, "/", {}),
        ]
        for _kind, port, path, headers in plan:
            await ask(port, path, headers, seconds=1, connections=2)
        for _round in range(rounds):
            for kind, port, path, headers in plan:
                found[kind].append(await ask(port, path, headers, seconds=seconds, connections=4))
    return found


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    engine = start_for_tests()

    async def build(owner_url: str, app_url: str) -> None:
        from app.migrate import migrate

        await migrate(as_asyncpg(owner_url), as_asyncpg(app_url))

    name = await engine.clone(await engine.template(schema_key(), build), "bench_board")
    try:
        await fill(engine.owner_url(name))
        report(await measure(engine, name, chosen.seconds, chosen.rounds))
    finally:
        await engine.drop(name)


def report(found: dict[str, list[Measure]]) -> None:
    """The row of the table."""
    (our_rate, our_p50), (bare_rate, bare_p50) = spread(found["ours"]), spread(found["bare"])
    kib: Any = {kind: round(measures[-1].size / 1024) for kind, measures in found.items()}
    print("| work | bare | ours | ratio |\n|---|---|---|---|")
    print(
        f"| board, {CARDS} cards | {bare_rate:.1f} req/s, p50 {bare_p50:.0f} ms, {kib['bare']} KiB "
        f"| {our_rate:.1f} req/s, p50 {our_p50:.0f} ms, {kib['ours']} KiB | {our_rate / bare_rate:.2f}× |"
    )


if __name__ == "__main__":
    asyncio.run(main())
