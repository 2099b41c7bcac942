"""Finished work and invoices, made through the operations, for the tests of billing."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.billing import fees, invoicing
from app.domains.billing.models import Invoice, PaymentAccount
from app.domains.workshop import steps, work
from app.domains.workshop.models import Job, RepairOrder
from tests.cast import CAST, HARBOR
from tests.domains.workshop.shop import approved, as_person, checked_in

TOTAL = (18000 + 1305) + (8990 + 652)
"""1.5 h at 120.00 and pads for 89.90, each with 7.25 % tax rounded by the line."""


async def done(db: AsyncSession, order: RepairOrder, title: str = "Front brakes", **more: Any) -> Job:
    """A job that was agreed to, done and checked."""
    return await carried_out(db, await approved(db, order, title, **more))


async def carried_out(db: AsyncSession, job: Job) -> Job:
    """An agreed job, done and checked."""
    await as_person(db, CAST.technician)
    await work.start(db, job, by=CAST.technician.viewer)
    for step in await steps.steps_of(db, job):
        await steps.progress(db, step, to="completed", by=CAST.technician.viewer)
    await work.finish(db, job, by=CAST.technician.viewer, correction="Replaced as an axle set")
    await as_person(db, CAST.advisor)
    return await work.check(db, job, passed=True, by=CAST.advisor.viewer)


async def finished(db: AsyncSession) -> RepairOrder:
    """An order whose one job is done."""
    order = await checked_in(db)
    await done(db, order)
    return order


async def issued(db: AsyncSession) -> Invoice:
    return await invoicing.issue(db, await finished(db), by=CAST.advisor.viewer)


async def with_account(db: AsyncSession, ref: str = "acct_harbor") -> PaymentAccount:
    account = PaymentAccount(tenant_id=HARBOR, provider="stripe", account_ref=ref, is_ready=True)
    db.add(account)
    await db.flush()
    return account


async def with_platform_fee(db: AsyncSession, basis_points: int, fixed_minor: int = 0) -> None:
    """The network keeps so much of card payments in dollars from now on."""
    now = await fees.current(db, "USD")
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    await fees.set_fee(
        db,
        "USD",
        basis_points=basis_points,
        fixed_minor=fixed_minor,
        seen=now.version,
        by=CAST.network.viewer,
    )
    await db.execute(text("SELECT set_config('app.network', '', true)"))
