"""A business act is one transaction: cut off at any statement it leaves what was before, and done again it leaves what
should be."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from sqlalchemy import event

from app.core import clock
from app.core import db as core_db
from app.core.db import transaction
from app.engine.testing import Engine
from app.tenancy import TABLES
from tests.browsing import Browser
from tests.cast import CAR, CAST, Person
from tests.domains.billing.bills import finished, issued
from tests.domains.booking.offering import offer
from tests.domains.estimates.desk import as_person, order_with_jobs, sent
from tests.domains.workshop.shop import checked_in

MOST = 400
WATCHES = {"audit_logs", "audit_values", "audit_chain", "rate_counts", "sessions"}
"""What is kept of a request that failed, and counts of requests."""


class Cut(Exception):
    """The line to the database is gone."""


async def everything(db: asyncpg.Connection) -> dict[str, str]:
    """A print of each table."""
    one = "SELECT '{0}', md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {0} t"
    return dict(await db.fetch(" UNION ALL ".join(one.format(table) for table in TABLES.keys() - WATCHES)))


@dataclass(frozen=True)
class Act:
    """A request that changes something, and some of what it must have changed in the end."""

    by: Person
    url: str
    body: dict[str, Any]
    changes: set[str]


async def approving() -> Act:
    async with transaction() as db:
        await as_person(db, CAST.advisor)
        order, jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
    decisions = [{"job_id": str(one.id), "decision": "approved"} for one in jobs]
    body = {"jobs": decisions, "signed_name": "Dana Driver"}
    changes = {"jobs", "estimates", "authorizations", "events"}
    return Act(CAST.customer, f"/api/v1/customers/quotes/{estimate.id}/decision", body, changes)


async def booking() -> Act:
    service, *_others = await offer(CAST)
    day = (clock.now() + timedelta(days=7)).date()
    monday = day + timedelta(days=-day.weekday() % 7)
    body = {
        "service_center_id": str(CAST.advisor.center_id),
        "vehicle_id": str(CAR),
        "services": [{"service_id": str(service.id)}],
        "starts_at": datetime.combine(monday, time(10), ZoneInfo("America/New_York")).isoformat(),
    }
    changes = {"appointments", "occupations", "events"}
    return Act(CAST.customer, "/api/v1/customers/appointments", body, changes)


async def issuing() -> Act:
    async with transaction() as db:
        order = await finished(db)
    changes = {"invoices", "invoice_lines", "repair_orders", "events"}
    return Act(CAST.advisor, "/api/v1/staff/invoices", {"order_id": str(order.id)}, changes)


async def taking_cash() -> Act:
    async with transaction() as db:
        invoice = await issued(db)
    body = {"invoice_id": str(invoice.id), "amount_minor": 1000}
    changes = {"payments", "ledger_entries", "invoices", "events"}
    return Act(CAST.advisor, "/api/v1/staff/payments", body, changes)


async def moving() -> Act:
    async with transaction() as db:
        order = await checked_in(db)
    url = f"/api/v1/staff/orders/{order.number}/stage"
    body = {"stage": "diagnosing", "version": order.version}
    return Act(CAST.advisor, url, body, {"repair_orders", "events"})


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
@pytest.mark.parametrize("prepare", [approving, booking, issuing, taking_cash, moving])
async def test_an_act_that_is_cut_off_is_not_there_at_all(
    site: str, engine: Engine, browser: Callable[..., Browser], cut_after: Callable[[int], None],
    prepare: Callable[[], Awaitable[Act]],
) -> None:  # fmt: skip
    act = await prepare()
    person = browser(act.by)
    person.http._transport.raise_app_exceptions = False  # type: ignore[attr-defined]
    beside = await asyncpg.connect(f"{engine.superuser}/{site}")
    before = await everything(beside)
    for count in range(MOST):
        cut_after(count)
        answer = await person.json("POST", act.url, act.body)
        cut_after(MOST)
        if answer.status_code < 400:
            break
        assert answer.status_code == 500, answer.text
        assert await everything(beside) == before, f"cut after statement {count}"
    after = await everything(beside)
    await beside.close()
    assert count > 4
    assert act.changes <= {table for table in after if after[table] != before[table]}
