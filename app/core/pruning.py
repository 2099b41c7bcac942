"""What has done its work is taken away at night, so that no table only grows. The ages are explained in
docs/decisions/events-and-relay.md."""

from datetime import timedelta

from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.core.queue import cron, for_each

BATCH = 5_000
"""Rows a transaction: short enough to stand in nobody's way."""

OVER = (
    ("idempotency_keys", "created_at", timedelta(days=7)),
    ("deliveries", "done_at", timedelta(days=30)),
    ("rate_counts", "ends_at", timedelta(days=1)),
    ("passkey_challenges", "expires_at", timedelta(days=1)),
)
"""A table, when a row of it was over (null: not yet), and how long it is kept from then on."""

SIGN_INS_KEPT = timedelta(days=7)
"""Sessions, refresh tokens and mailed links, after they have ended. Each is a person's own, so that a function of
the database removes them."""

MESSAGES_KEPT = timedelta(days=365)
"""Lines on people's lists and mails, from the day they were written. Each is a person's or a shop's own, so that a
function of the database removes these too."""


@cron("40 3 * * *", timeout=900)
async def prune() -> None:
    """Every night. Safe to be cut short: the next night takes the rest."""
    statements = [
        (
            f"DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE {over} < :before "  # noqa: S608
            "LIMIT :batch FOR UPDATE SKIP LOCKED)",
            kept,
        )
        for table, over, kept in OVER
    ]
    await for_each(
        [
            *statements,
            ("SELECT prune_sign_ins(:before, :batch)", SIGN_INS_KEPT),
            ("SELECT prune_messages(:before, :batch)", MESSAGES_KEPT),
        ],
        lambda one: _all_of(*one),
    )


async def _all_of(statement: str, kept: timedelta) -> None:
    before = clock.now() - kept
    gone = BATCH
    while gone >= BATCH:
        async with transaction() as db:
            found = await db.execute(text(statement), {"before": before, "batch": BATCH})
            gone = found.scalar_one() if found.returns_rows else found.rowcount  # type: ignore[attr-defined]
