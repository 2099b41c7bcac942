"""Work the customer declined or put off: kept on the car, offered at the next visit, taken up again."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage, services
from app.domains.network.models import ServiceCenter
from app.domains.services.models import CannedJob
from app.domains.workshop.covered import put_prices_back
from app.domains.workshop.events import DeferredWorkRefused, JobRevived
from app.domains.workshop.models import DeferredWork, Job, JobLine, RepairOrder
from app.domains.workshop.moves import deferred_word, move_job
from app.domains.workshop.orders import hold_open, of_job, tell
from app.domains.workshop.pricing import price_lines

OFFERED = ("open", "suggested")


async def keep(db: AsyncSession, order: RepairOrder, job: Job, *, decision: str, reason: str) -> DeferredWork:
    """Keep a job's work on the car, with what it cost when the customer decided."""
    await put_prices_back(db, job)
    lines = await db.scalars(select(JobLine).where(JobLine.job_id == job.id))
    center = await db.get_one(ServiceCenter, order.center_id)
    work = DeferredWork(
        tenant_id=order.tenant_id,
        vehicle_id=order.vehicle_id,
        user_id=order.user_id,
        job_id=job.id,
        title=job.title,
        decision=decision,
        reason=reason,
        total_minor=price_lines(lines).total_minor,
        currency=center.currency,
    )
    db.add(work)
    await db.flush()
    return work


async def open_for_vehicle(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Sequence[DeferredWork]:
    """What a car still has coming to it in this shop, oldest first."""
    rows = await garage.rows_of_car(db, vehicle_id, me.tenant_id, me.user_id)
    found = await db.scalars(
        select(DeferredWork)
        .where(
            DeferredWork.vehicle_id.in_(rows),
            DeferredWork.status.in_(OFFERED),
            (DeferredWork.tenant_id == me.tenant_id) | (DeferredWork.user_id == me.user_id),
        )
        .order_by(DeferredWork.created_at)
    )
    return found.all()


async def find(db: AsyncSession, me: Viewer, work_id: UUID) -> DeferredWork:
    """Deferred work of the viewer's shop. Raises NotFound."""
    work: DeferredWork | None = await db.scalar(
        select(DeferredWork).where(DeferredWork.id == work_id, DeferredWork.tenant_id == me.tenant_id)
    )
    if work is None:
        raise NotFound
    return work


async def revive(db: AsyncSession, work: DeferredWork, order: RepairOrder, *, by: Viewer) -> Job:
    """Take deferred work up on an order of the same car: a new proposed job that points back.

    Prices stay as the customer knew them until somebody changes them; tax is today's.
    """
    order = await hold_open(db, order.id)
    await db.refresh(work, with_for_update=True)
    rows = await garage.rows_of_car(db, order.vehicle_id, order.tenant_id)
    if work.vehicle_id not in rows or work.tenant_id != order.tenant_id:
        raise NotFound
    if work.status not in OFFERED:
        raise Refused(
            _(
                "“%(work)s” is in the state “%(status)s” and cannot be taken up again.",
                work=work.title,
                status=deferred_word(work.status),
            ),
            audit="deferred.illegal_move",
        )
    original = await db.get_one(Job, work.job_id)
    declined_on = await db.get_one(RepairOrder, original.order_id)
    move_job(original, "revived")
    job = Job(
        tenant_id=order.tenant_id,
        order_id=order.id,
        position=await _after(db, order),
        title=original.title,
        skill=original.skill,
        department=original.department,
        # What a former owner said is not the next one's to read.
        complaint=original.complaint if declined_on.customer_id == order.customer_id else "",
        cause=original.cause,
        canned_job_id=original.canned_job_id,
        service_id=original.service_id,
        estimated_minutes=original.estimated_minutes,
        deferred_work_id=work.id,
    )
    db.add(job)
    await db.flush()
    await _copy_lines(db, order, original, job)
    work.status, work.revived_job_id = "revived", job.id
    await tell(db, order, JobRevived(**of_job(order, job), deferred_work_id=work.id), by=by)
    return job


async def _after(db: AsyncSession, order: RepairOrder) -> int:
    positions = list(await db.scalars(select(Job.position).where(Job.order_id == order.id)))
    return max(positions, default=-1) + 1


async def _copy_lines(db: AsyncSession, order: RepairOrder, original: Job, job: Job) -> None:
    center = await db.get_one(ServiceCenter, order.center_id)
    lines = await db.scalars(
        select(JobLine).where(JobLine.job_id == original.id).order_by(JobLine.position, JobLine.id)
    )
    for line in lines:
        db.add(
            JobLine(
                tenant_id=order.tenant_id,
                job_id=job.id,
                position=line.position,
                kind=line.kind,
                description=line.description,
                part_number=line.part_number,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                unit_cost_minor=line.unit_cost_minor,
                tax_rate=center.tax_rate if line.tax_rate else Decimal(0),
            )
        )
    await db.flush()


async def give_back(db: AsyncSession, job: Job) -> None:
    """A revived job is withdrawn unseen: its work is open again, and so is the job it came from."""
    work = await db.get_one(DeferredWork, job.deferred_work_id)
    original = await db.get_one(Job, work.job_id)
    work.status, work.revived_job_id = "open", None
    original.status = work.decision
    original.version += 1


async def refuse(
    db: AsyncSession, work: DeferredWork, *, by: Viewer, reason: str, gone: bool = False
) -> None:
    """The customer never wants it, or (`gone`) it no longer applies to the car: stop offering it."""
    await db.refresh(work, with_for_update=True)
    if work.status not in OFFERED:
        raise Refused(
            _("“%(work)s” is in the state “%(status)s”.", work=work.title, status=deferred_word(work.status)),
            audit="deferred.illegal_move",
        )
    work.status = "obsolete" if gone else "refused"
    event = DeferredWorkRefused(deferred_work_id=work.id, vehicle_id=work.vehicle_id, reason=reason)
    await record(db, event, by=by, tenant=work.tenant_id, person=work.user_id, subject=work.vehicle_id)


async def settle(db: AsyncSession, order: RepairOrder, job: Job, *, by: Viewer) -> None:
    """A canned job is done: the same one put off on an earlier visit of the car is not needed any more. A former owner
    is not told whose visit that was."""
    if job.canned_job_id is None:
        return
    rows = await garage.rows_of_car(db, order.vehicle_id, order.tenant_id)
    found = await db.execute(
        select(DeferredWork, RepairOrder.customer_id)
        .join(Job, (Job.tenant_id == DeferredWork.tenant_id) & (Job.id == DeferredWork.job_id))
        .join(RepairOrder, (RepairOrder.tenant_id == Job.tenant_id) & (RepairOrder.id == Job.order_id))
        .join(CannedJob, (CannedJob.tenant_id == Job.tenant_id) & (CannedJob.id == Job.canned_job_id))
        .where(
            services.IS_ALWAYS_THE_SAME,
            DeferredWork.tenant_id == order.tenant_id,
            DeferredWork.vehicle_id.in_(rows),
            DeferredWork.status.in_(OFFERED),
            Job.canned_job_id == job.canned_job_id,
        )
        .order_by(DeferredWork.id)
    )
    for work, customer_id in found.all():
        is_theirs = customer_id == order.customer_id
        reason = _("Done on %(order)s.", order=order.label) if is_theirs else _("Not needed any more.")
        await refuse(db, work, by=by, reason=reason, gone=True)
