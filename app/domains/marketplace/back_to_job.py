"""Parts a workshop ordered for a job come back to that job: with their number, brand and cost. Deposits on old parts are not the job's, for they come back; neither is the delivery fee, until the desk adds it."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Refused
from app.core.events import Heard
from app.core.viewer import Viewer
from app.domains.marketplace import orders
from app.domains.marketplace.accepting import contained_tax
from app.domains.marketplace.events import BoughtPartMissing, OffersAccepted, PurchaseMoved
from app.domains.marketplace.models import (
    ENDED_PURCHASE,
    LIVE_PURCHASE,
    PartsOrder,
    PartsOrderLine,
    Purchase,
    PurchaseLine,
)
from app.domains.marketplace.telling import as_seller, tell
from app.domains.workshop.lines import note_bought, take_off_bought
from app.domains.workshop.models import Job, JobLine, RepairOrder

SALES_TAX = ("US", "CA")
"""Where a workshop cannot deduct the tax in what it buys: there it is part of the cost."""


async def put_on_job(db: AsyncSession, heard: Heard[OffersAccepted]) -> None:
    """What was accepted for a job stands on it. Done again, or after a second acceptance, it puts nothing twice."""
    order = await db.get(PartsOrder, heard.event.parts_order_id)
    if order is None or order.job_id is None or order.buyer_tenant_id is None:
        return
    order = await orders.hold(db, order.id)
    job = await db.get(Job, order.job_id)
    if job is None:
        return
    asked = {line.id: line for line in await orders.lines_of(db, order.id)}
    purchases = [one for one in await orders.purchases_of(db, order.id) if one.status in LIVE_PURCHASE]
    by = Viewer.system(order.buyer_tenant_id)
    for purchase in purchases:
        for line in (await orders.lines_of_purchases(db, [purchase]))[purchase.id]:
            if line.is_live and line.job_line_id is None:
                try:
                    put = await _put(db, order, job, purchase, line, asked[line.order_line_id], by)
                except Refused:  # the car is invoiced and gone: the order's own page still tells of the part
                    return
                async with as_seller(db, purchase.tenant_id):
                    line.job_line_id = put.id
                    await db.flush()


async def _put(
    db: AsyncSession,
    order: PartsOrder,
    job: Job,
    purchase: Purchase,
    line: PurchaseLine,
    asked: PartsOrderLine,
    by: Viewer,
) -> JobLine:
    before = await _line_of_before(db, line)
    return await note_bought(
        db, job, asked.job_line_id or before, description=line.name, part_number=line.part_number,
        brand=line.brand, quantity=line.quantity, unit_cost_minor=cost_of(order, purchase, line), by=by,
    )  # fmt: skip


async def take_off_job(db: AsyncSession, heard: Heard[PurchaseMoved]) -> None:
    """What was bought for a job and does not come leaves it again. Where the customer or the bill counts on it, the desk
    is told instead."""
    if heard.event.status not in ENDED_PURCHASE:
        return
    order = await db.get(PartsOrder, heard.event.parts_order_id)
    if order is None or order.job_id is None or order.buyer_tenant_id is None:
        return
    order = await orders.hold(db, order.id)
    job, purchase = await db.get(Job, order.job_id), await db.get(Purchase, heard.event.purchase_id)
    if job is None or purchase is None:
        return
    asked = {line.id: line for line in await orders.lines_of(db, order.id)}
    by, staying = Viewer.system(order.buyer_tenant_id), []
    for line in (await orders.lines_of_purchases(db, [purchase]))[purchase.id]:
        if line.job_line_id is None or await _comes_from_another(db, line):
            continue
        was_there = asked[line.order_line_id].job_line_id == line.job_line_id
        gone = await take_off_bought(
            db, job, line.job_line_id, part_number=line.part_number,
            unit_cost_minor=cost_of(order, purchase, line), was_there=was_there, by=by,
        )  # fmt: skip
        if not gone:
            staying.append(line.name)
            continue
        async with as_seller(db, purchase.tenant_id):
            line.job_line_id = None
            await db.flush()
    if staying:
        repair = await db.get_one(RepairOrder, job.order_id)
        told = {"purchase_id": purchase.id, "center_id": repair.center_id, "parts": staying}
        await tell(db, BoughtPartMissing, order, by=by, **told)


async def _comes_from_another(db: AsyncSession, line: PurchaseLine) -> bool:
    """Whether another shop's part has taken its place on the job."""
    found = await db.scalar(
        select(PurchaseLine.id)
        .where(
            PurchaseLine.order_line_id == line.order_line_id,
            PurchaseLine.id != line.id,
            PurchaseLine.is_live,
            PurchaseLine.job_line_id == line.job_line_id,
        )
        .limit(1)
    )
    return found is not None


async def _line_of_before(db: AsyncSession, line: PurchaseLine) -> UUID | None:
    """The line of the job that an earlier seller's part had, who could not deliver."""
    found: UUID | None = await db.scalar(
        select(PurchaseLine.job_line_id)
        .where(
            PurchaseLine.order_line_id == line.order_line_id,
            PurchaseLine.id != line.id,
            PurchaseLine.job_line_id.is_not(None),
        )
        .limit(1)
    )
    return found


def cost_of(order: PartsOrder, purchase: Purchase, line: PurchaseLine) -> int:
    """What one costs the workshop, in minor units: without the tax in it where that is deducted."""
    taxed = purchase.total_minor - purchase.core_minor
    net = taxed - purchase.tax_minor
    if order.country in SALES_TAX or not purchase.tax_minor or not net:
        return line.unit_price_minor
    return line.unit_price_minor - contained_tax(line.unit_price_minor, Decimal(purchase.tax_minor) / net)
