"""The table of what is kept for how long says what the nightly jobs do."""

from datetime import timedelta
from pathlib import Path

import asyncpg
from sqlalchemy import text

from app.core import clock, pruning
from app.core.db import new_id, transaction
from app.domains.privacy.retention import periods
from app.settings import as_libpq, settings
from app.tenancy import TABLES
from tests.cast import CAST

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/decisions/privacy.md"


def table() -> str:
    lines = ["| what | how long | why |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {one.what} | {one.how_long} | {one.why} |" for one in periods())])


def test_the_decision_shows_the_table_as_it_is():
    assert table() in DOCUMENT.read_text(), f"copy this into {DOCUMENT.name}:\n{table()}"


def test_every_table_that_is_pruned_has_its_line():
    said = {name for one in periods() for name in one.tables}
    assert {name for name, _since, _age in pruning.OVER} <= said <= TABLES.keys()


async def test_what_was_told_goes_after_a_year(site):
    owner = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    for days in (364, 366):
        at = clock.now() - timedelta(days=days)
        await owner.execute(
            "INSERT INTO notifications (id, user_id, type, title, message, url, data, is_read, is_urgent, created_at) "
            "VALUES ($1, $2, 'system', $3, '', '', '{}', true, false, $4)",
            new_id(), CAST.customer.user_id, f"{days} days old", at,
        )  # fmt: skip
        await owner.execute(
            "INSERT INTO mails (id, template, sender_name, reply_to, recipient, recipient_name, language, subject, text, html, "
            "error, created_at) VALUES ($1, 'x', '', '', 'a@b.example', '', 'en', $2, '', '', '', $3)",
            new_id(), f"{days} days old", at,
        )  # fmt: skip
    await pruning.prune()
    assert await owner.fetchval("SELECT array_agg(title) FROM notifications") == ["364 days old"]
    assert await owner.fetchval("SELECT array_agg(subject) FROM mails") == ["364 days old"]
    await owner.close()
    async with transaction() as db:
        later = clock.now() + timedelta(days=400)
        assert await db.scalar(text("SELECT prune_messages(:later, 100)"), {"later": later}) == 0
