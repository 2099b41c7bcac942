"""An order with work to sell, an estimate of it, and the customer's answer, made through the operations."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import act_as
from app.domains import workshop
from app.domains.estimates.approval import Answer, Decision, Verdict
from app.domains.estimates.models import Estimate
from app.domains.estimates.sending import send
from app.domains.estimates.sheet import Sheet, read_sheet
from app.domains.estimates.writing import draft
from app.domains.workshop.models import Job, RepairOrder
from tests.cast import CAST, Person
from tests.domains.workshop.shop import checked_in, proposed

TIRES = [
    workshop.NewLine(
        kind="part", description="Winter tire 205/55 R16", quantity=Decimal(4), unit_price_minor=11250,
        unit_cost_minor=7000,
    ),
    workshop.NewLine(kind="fee", description="Tire disposal", quantity=Decimal(4), unit_price_minor=350),
]  # fmt: skip
WASH = [workshop.NewLine(kind="sublet", description="Hand wash next door", unit_price_minor=4000)]


async def as_person(db: AsyncSession, person: Person) -> None:
    await act_as(db, user=person.user_id, tenant=person.tenant_id)


async def order_with_jobs(db: AsyncSession) -> tuple[RepairOrder, list[Job]]:
    """Dana's car with brakes, tires and a wash proposed."""
    order = await checked_in(db)
    return order, [
        await proposed(db, order),
        await proposed(db, order, "Winter tires", lines=TIRES, skill="tires"),
        await proposed(db, order, "Hand wash", lines=WASH, skill="general"),
    ]


async def sent(db: AsyncSession, order: RepairOrder) -> tuple[Estimate, Sheet]:
    """An estimate of everything open on the order, on its way to the customer."""
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    await send(db, estimate, revision=estimate.revision, by=CAST.advisor.viewer)
    return estimate, await read_sheet(db, estimate)


def saying(sheet: Sheet, decisions: Sequence[Decision], **more: Any) -> Answer:
    """An answer that decides the sheet's jobs in their order."""
    facts: dict[str, Any] = {"signed_name": "Dana O'Neil", "method": "link", "contact": "dana@test.example"}
    return Answer(
        verdicts={
            one.job.job_id: Verdict(decision, "" if decision == "approved" else "Next month")
            for one, decision in zip(sheet.jobs, decisions, strict=True)
        },
        **facts | more,
    )
