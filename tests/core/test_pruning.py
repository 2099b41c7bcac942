"""At night what is over is taken away, whoever it belongs to, and nothing that still means something."""

from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from app.core import clock, pruning
from app.core.db import new_id, transaction
from app.settings import as_libpq, settings
from tests.cast import CAST

PERSONAL = {
    "sessions": "id, user_id, token_hash, last_seen_at, expires_at, ip, user_agent, created_at",
    "refresh_tokens": "id, user_id, token_hash, family_id, expires_at, created_at",
    "password_resets": "id, user_id, token_hash, expires_at, created_at",
}


@pytest.fixture
async def owner(site):
    connection = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    yield connection
    await connection.close()


async def test_what_people_signed_in_with_goes_a_week_after_its_end(owner):
    for table in PERSONAL:
        await owner.execute(f"DELETE FROM {table}")
    for days in (6, 8):
        ended, token, me = clock.now() - timedelta(days=days), new_id().bytes, CAST.customer.user_id
        values = {
            "sessions": (new_id(), me, token, ended, ended, "", "", ended),
            "refresh_tokens": (new_id(), me, token, new_id(), ended, ended),
            "password_resets": (new_id(), me, token, ended, ended),
        }
        for table, columns in PERSONAL.items():
            places = ", ".join(f"${n + 1}" for n in range(len(values[table])))
            await owner.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *values[table])
    await pruning.prune()
    for table in PERSONAL:
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 1, table


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


async def test_nobody_can_end_what_has_not_ended(site):
    """The function runs with the owner's rights, so it must not do what it is not for."""
    async with transaction() as db:
        later = clock.now() + timedelta(days=400)
        assert await db.scalar(text("SELECT prune_sign_ins(:later, 100)"), {"later": later}) == 0
