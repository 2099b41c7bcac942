"""A technician orders parts for a job, and they come back to it: once, at their cost, with the customer's word intact."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.domains.marketplace import fulfilling, orders
from app.domains.marketplace.models import PartsOrder, Purchase, PurchaseLine
from app.domains.notifications.models import Notification
from app.domains.workshop.models import Job, JobLine, RepairOrder
from tests.browsing import Browser
from tests.cast import CAST, HARBOR, NORTHSIDE
from tests.conftest import viewing
from tests.domains.workshop.shop import approved, checked_in, lines_of
from tests.market import asked, bought, offered

React = Callable[[], Awaitable[int]]
Open = Callable[..., Browser]


async def _ordered(*names: str, number: str | None = None) -> tuple[UUID, UUID]:
    """The technician asks for parts of an approved job; River Spares, who is dearer, lost. With `number` the first part has
    that one, and the offer names none. (job, purchase)"""
    async with transaction() as db:
        repair = await checked_in(db)
        job = await approved(db, repair)
        part = next(line for line in await lines_of(db, job) if line.kind == "part")
        unnamed = {} if number is None else {"part_number": ""}
        part.part_number = part.part_number if number is None else number
        await db.flush()
        await viewing(db, CAST.technician)
        order = await asked(db, *names, buyer=CAST.technician, job_id=job.id)
        (first, *_rest) = await orders.lines_of(db, order.id)
        first.job_line_id = part.id
        await db.flush()
        won = await offered(db, order, *[5000] * len(names), **unnamed)
        await offered(db, order, *[6000] * len(names), seller=CAST.second_seller)
        (purchase,) = await bought(db, order, *[won] * len(names), buyer=CAST.advisor)
        return job.id, purchase.id


async def _job(job_id: UUID) -> tuple[Job, list[JobLine]]:
    async with transaction(tenant=HARBOR) as db:
        job = await db.get_one(Job, job_id)
        return job, await lines_of(db, job)


async def test_a_part_that_is_on_the_job_gets_its_number_and_cost_and_keeps_its_price(
    site: str, run_reactions: React, browser: Open
) -> None:
    job_id, purchase_id = await _ordered("Brake pads")
    before_job, before = await _job(job_id)
    await run_reactions()
    job, after = await _job(job_id)
    assert job.status == before_job.status == "pending"
    assert [line.unit_price_minor for line in after] == [line.unit_price_minor for line in before]
    (part,) = [line for line in after if line.part_number == "AKB-0"]
    assert (part.unit_cost_minor, part.description.endswith("· Akebono")) == (5000, True)
    page = await browser(CAST.technician).get(f"/parts/jobs/{job_id}")
    assert "Ordered from Northside Parts, there by" in page.text
    assert (await browser(CAST.outsider).get(f"/parts/jobs/{job_id}")).status_code == 404
    async with transaction(user=CAST.seller.user_id, tenant=NORTHSIDE) as db:
        purchase = await db.get_one(Purchase, purchase_id)
        await fulfilling.fail(db, purchase, reason="Sold out", by=CAST.seller.viewer)
    page = await browser(CAST.technician).get(f"/parts/jobs/{job_id}")
    assert "Northside Parts does not bring it: choose another offer" in page.text
    async with transaction(user=CAST.technician.user_id, tenant=HARBOR) as db:
        order = await db.scalar(select(PartsOrder).where(PartsOrder.job_id == job_id))
        assert order is not None
        (again,) = await orders.quotes_of(db, order.id, "offered")
        await bought(db, order, again, buyer=CAST.advisor)
    await run_reactions()
    _job_now, lines = await _job(job_id)
    assert len(lines) == len(before)
    assert {line.id: line.unit_cost_minor for line in lines}[part.id] == 6000
    desk = browser(CAST.technician)
    draft = (await desk.post(f"/jobs/{job_id}/parts-requests")).headers["location"].rpartition("/")[0]
    assert f"is already ordered in {order.code}." in (await desk.get(f"{draft}/review")).text


async def test_a_part_that_is_not_on_the_job_yet_is_put_there_once_and_the_customer_is_asked(
    site: str, run_reactions: React, browser: Open
) -> None:
    job_id, purchase_id = await _ordered("Brake pads", "Wear sensor")
    _before_job, before = await _job(job_id)
    await run_reactions()
    job, after = await _job(job_id)
    (sensor,) = [line for line in after if line.id not in {one.id for one in before}]
    assert (sensor.description, sensor.unit_cost_minor, sensor.unit_price_minor) == (
        "Wear sensor · Akebono",
        5000,
        5000,
    )
    assert job.status == "presented"  # they had not agreed to this part
    assert "Its price is not set yet" in (await browser(CAST.advisor).get(f"/parts/jobs/{job_id}")).text
    async with transaction(tenant=NORTHSIDE) as db:
        stands = await db.scalars(
            select(PurchaseLine.job_line_id).where(PurchaseLine.purchase_id == purchase_id)
        )
        assert None not in set(stands)


async def _fails(purchase_id: UUID) -> None:
    async with transaction(user=CAST.seller.user_id, tenant=NORTHSIDE) as db:
        purchase = await db.get_one(Purchase, purchase_id)
        await fulfilling.fail(db, purchase, reason="Sold out", by=CAST.seller.viewer)


@pytest.mark.parametrize("number", [None, "OLD-1"])
async def test_a_part_that_never_came_leaves_the_job_again(
    site: str, run_reactions: React, number: str | None
) -> None:
    job_id, purchase_id = await _ordered("Brake pads", "Wear sensor", number=number)
    _job_then, before = await _job(job_id)
    await run_reactions()
    await _fails(purchase_id)
    await run_reactions()
    _job_now, after = await _job(job_id)

    def said(lines: list[JobLine]) -> list[tuple[Any, ...]]:
        return [(one.id, one.description, one.part_number, one.unit_cost_minor) for one in lines]

    assert said(after) == said(before)


async def test_a_part_that_never_came_stays_where_the_customer_or_the_bill_counts_on_it_and_the_desk_is_told(
    site: str, run_reactions: React
) -> None:
    job_id, purchase_id = await _ordered("Brake pads", "Wear sensor")
    await run_reactions()
    async with transaction(tenant=HARBOR) as db:
        job = await db.get_one(Job, job_id)
        repair = await db.get_one(RepairOrder, job.order_id)
        repair.status = "invoiced"
    _job_then, before = await _job(job_id)
    await _fails(purchase_id)
    await run_reactions()
    _job_now, after = await _job(job_id)
    assert [one.id for one in after] == [one.id for one in before]
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        told = await db.scalars(
            select(Notification.title).where(
                Notification.user_id == CAST.advisor.user_id, Notification.url == f"/parts/jobs/{job_id}"
            )
        )
        assert list(told) == ["2 parts that were ordered do not come, and the job still has them"]
