"""A business act is one transaction: cut off at any statement it leaves what was before, and done again it leaves what
should be."""

import hashlib
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from app.core import db as core_db
from app.core.db import transaction
from app.tenancy import TABLES
from tests.cast import CAST
from tests.domains.estimates.desk import as_person, order_with_jobs, sent

MOST = 400
WATCHES = {"audit_logs", "audit_values", "audit_chain", "rate_counts", "sessions"}
"""What is kept of a request that failed, and counts of requests."""


class Cut(Exception):
    """The line to the database is gone."""


async def everything(db: asyncpg.Connection) -> dict[str, str]:
    prints = {}
    for table in TABLES.keys() - WATCHES:
        rows = await db.fetch(f"SELECT t::text AS row FROM {table} t ORDER BY 1")
        prints[table] = hashlib.sha256("\n".join(row["row"] for row in rows).encode()).hexdigest()
    return prints


@pytest.fixture
def cut_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many statements through, and no more."""
    left = [MOST]

    def before(*_words: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Cut

    listening: list[Any] = []

    def cut(count: int) -> None:
        left[0] = count
        engine = core_db.engine().sync_engine
        if engine not in listening:
            event.listen(engine, "before_cursor_execute", before)
            listening.append(engine)

    return cut


@pytest.mark.timeout(240)
async def test_an_approval_that_is_cut_off_is_not_there_at_all(site, engine, browser, cut_after):
    async with transaction() as db:
        await as_person(db, CAST.advisor)
        order, jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
    driver = browser(CAST.customer)
    driver.http._transport.raise_app_exceptions = False
    path = f"/api/v1/customers/quotes/{estimate.id}/decision"
    decisions = [{"job_id": str(one.id), "decision": "approved"} for one in jobs]
    beside = await asyncpg.connect(f"{engine.superuser}/{site}")
    before = await everything(beside)
    refused, answer = 0, None
    for count in range(MOST):
        cut_after(count)
        answer = await driver.json("POST", path, {"jobs": decisions, "signed_name": "Dana Driver"})
        cut_after(MOST)
        if answer.status_code < 400:
            break
        assert answer.status_code == 500, answer.text
        refused += 1
        assert await everything(beside) == before, f"cut after statement {count}"
    after = await everything(beside)
    await beside.close()
    assert answer is not None
    assert answer.json()["status"] == "approved"
    assert refused > 10
    changed = {table for table in after if after[table] != before[table]}
    assert {"jobs", "estimates", "authorizations", "events"} <= changed
