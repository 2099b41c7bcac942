"""At night what is over is taken away, whoever it belongs to, and nothing that still means something."""

from datetime import timedelta

import asyncpg
import pytest

from app.core import clock, pruning
from app.core.db import new_id
from app.settings import as_libpq, settings


@pytest.fixture
async def owner(site):
    connection = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    yield connection
    await connection.close()


async def test_keys_go_after_a_week_and_deliveries_a_month_after_they_were_closed(owner, monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    now = clock.now()
    for days, n in ((6, 1), (8, 5)):
        for _ in range(n):
            await owner.execute(
                "INSERT INTO idempotency_keys VALUES ($1, 'me', '/', 200, null, $2)",
                f"{new_id()} {days}", now - timedelta(days=days),
            )  # fmt: skip
    for said, done, dead in (("new", 29, None), ("old", 31, None), ("owed", None, None), ("dead", None, 90)):
        await owner.execute(
            "INSERT INTO deliveries (event_id, reaction, due_at, attempts, done_at, dead_at) "
            "VALUES ($1, $2, $3, 1, $4, $5)",
            new_id(), said, now - timedelta(days=99),
            done and now - timedelta(days=done), dead and now - timedelta(days=dead),
        )  # fmt: skip
    await pruning.prune()
    assert await owner.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    kept = await owner.fetch("SELECT reaction FROM deliveries")
    assert {row["reaction"] for row in kept} == {"new", "owed", "dead"}
