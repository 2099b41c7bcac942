"""A repair order and its jobs, made through the operations, for the tests of the workshop."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as
from app.domains import workshop
from app.domains.customers.models import Customer
from app.domains.network.models import ServiceCenter
from app.domains.services.models import CannedJob, CannedLine
from app.domains.workshop.models import Job, JobLine, RepairOrder
from tests.cast import CAR, CAST, HARBOR_CENTER, Person

BRAKES = [
    workshop.NewLine(kind="labor", description="Replace front pads and discs", quantity=Decimal("1.5")),
    workshop.NewLine(
        kind="part",
        description="Brake pads, front",
        part_number="0986494123",
        unit_price_minor=8990,
        unit_cost_minor=4100,
    ),
]


async def as_person(db: AsyncSession, person: Person) -> None:
    await act_as(db, user=person.user_id, tenant=person.tenant_id)


async def checked_in(db: AsyncSession, *, by: Person = CAST.advisor, **intake: Any) -> RepairOrder:
    """Dana's Honda, checked in by the advisor for the technician."""
    await as_person(db, by)
    center = await db.get_one(ServiceCenter, HARBOR_CENTER)
    customer = await db.get_one(Customer, CAST.customer.customer_id)
    technician_id = intake.pop("technician_id", CAST.technician.staff_id)
    return await workshop.open_order(
        db,
        center=center,
        customer=customer,
        vehicle_id=CAR,
        intake=workshop.Intake(**{"concern": "Squeals when braking", "key_tag": "17", **intake}),
        by=by.viewer,
        technician_id=technician_id,
        promise_at=clock.now() + timedelta(hours=5),
    )


async def proposed(db: AsyncSession, order: RepairOrder, title: str = "Front brakes", **more: Any) -> Job:
    more = {"lines": BRAKES, "skill": "brakes", **more}
    return await workshop.propose_job(db, order, title=title, by=CAST.advisor.viewer, **more)


async def lines_of(db: AsyncSession, job: Job) -> list[JobLine]:
    return (await workshop.lines_of(db, [job]))[job.id]


async def approved(db: AsyncSession, order: RepairOrder, title: str = "Front brakes", **more: Any) -> Job:
    """A job the customer has agreed to."""
    job = await proposed(db, order, title, **more)
    await workshop.present_jobs(db, order, [job], by=CAST.advisor.viewer)
    return await workshop.authorize_job(db, job, by=CAST.advisor.viewer)


async def canned_oil(db: AsyncSession, order: RepairOrder) -> CannedJob:
    """A canned job of the shop: an hour of labour, five litres of oil, a fee that is not taxed."""
    oil = CannedJob(tenant_id=order.tenant_id, code="oil", title="Oil change", skill="general")
    db.add(oil)
    await db.flush()
    for position, (kind, words, quantity, price, taxable) in enumerate(
        (
            ("labor", "Change oil and filter", "0.5", 0, True),
            ("part", "Oil 0W-20", "4.8", 1250, True),
            ("fee", "Waste oil disposal", "1", 300, False),
        )
    ):
        db.add(
            CannedLine(
                tenant_id=order.tenant_id,
                canned_job_id=oil.id,
                kind=kind,
                description=words,
                quantity=Decimal(quantity),
                unit_price_minor=price,
                unit_cost_minor=price // 2,
                taxable=taxable,
                position=position,
            )
        )
    await db.flush()
    return oil
