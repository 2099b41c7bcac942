"""Jobs: proposed, presented, decided by the customer, assigned; and what may be billed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.legible import within_reach
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import ServiceCenter, StaffProfile
from app.domains.network.premises import is_open_at
from app.domains.workshop import deferred, stages, steps
from app.domains.workshop.events import (
    JobAssigned,
    JobAuthorized,
    JobDeclined,
    JobDeferred,
    JobPlanned,
    JobPresented,
    JobProposed,
    JobWithdrawn,
)
from app.domains.workshop.lines import NewLine, canned_lines, find_canned, must_be_version, put_lines
from app.domains.workshop.models import OPEN_WORK, Job, JobLine, JobStep, OrderPhoto, RepairOrder
from app.domains.workshop.moves import move_job
from app.domains.workshop.orders import hold_open, of_job, tell, visible_to

WHILE_TYPING = timedelta(minutes=5)
"""Who plans a job to begin at once has lost some minutes by the time it is sent."""


async def find(db: AsyncSession, me: Viewer, job_id: UUID) -> tuple[Job, RepairOrder]:
    """A job the viewer may see, with its order. Raises NotFound."""
    row = (
        await db.execute(
            select(Job, RepairOrder)
            .join(RepairOrder, RepairOrder.id == Job.order_id)
            .where(Job.id == job_id, visible_to(me))
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def jobs_of(db: AsyncSession, order: RepairOrder) -> Sequence[Job]:
    """An order's jobs in their order."""
    found = await db.scalars(
        select(Job)
        .where(Job.tenant_id == order.tenant_id, Job.order_id == order.id)
        .order_by(Job.position, Job.id)
    )
    return found.all()


async def propose_job(
    db: AsyncSession,
    order: RepairOrder,
    *,
    by: Viewer,
    title: str = "",
    canned_code: str = "",
    lines: Sequence[NewLine] = (),
    finding_id: UUID | None = None,
    complaint: str = "",
    cause: str = "",
    skill: str = "general",
) -> Job:
    """Put a job on an order, from a canned job or written by hand; the customer has not seen it yet.

    A finding that has its job already gets that one back: proposing twice is proposing once.
    """
    order = await hold_open(db, order.id)
    if finding_id and (known := await _job_of_finding(db, order, finding_id)):
        return known
    wanted = list(lines)
    canned = await find_canned(db, order, canned_code) if canned_code else None
    if canned is not None:
        title, skill = title or canned.title, canned.skill
        wanted = [*await canned_lines(db, canned), *wanted]
    if not title.strip():
        raise Invalid({"title": _("Give the job a name.")})
    job = Job(
        tenant_id=order.tenant_id,
        order_id=order.id,
        position=await _next_position(db, order),
        title=title.strip(),
        skill=skill,
        canned_job_id=canned.id if canned else None,
        finding_id=finding_id,
        complaint=complaint,
        cause=cause,
    )
    db.add(job)
    await db.flush()
    await put_lines(db, order, job, wanted)
    await tell(db, order, JobProposed(**of_job(order, job), finding_id=finding_id), by=by)
    return job


async def _job_of_finding(db: AsyncSession, order: RepairOrder, finding_id: UUID) -> Job | None:
    job: Job | None = await db.scalar(
        select(Job).where(Job.order_id == order.id, Job.finding_id == finding_id)
    )
    return job


async def _next_position(db: AsyncSession, order: RepairOrder) -> int:
    last = await db.scalar(select(func.max(Job.position)).where(Job.order_id == order.id))
    return 0 if last is None else last + 1


async def withdraw_job(db: AsyncSession, job: Job, *, by: Viewer) -> None:
    """Take a proposal back that the customer has never seen."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    if job.status != "proposed":
        raise Refused(
            _("“%(job)s” has been shown to the customer; it can be declined, not removed.", job=job.title),
            audit="job.illegal_move",
        )
    event = JobWithdrawn(**of_job(order, job), finding_id=job.finding_id)
    if job.deferred_work_id:
        await deferred.give_back(db, job)
    for table in (JobLine, JobStep):
        for row in await db.scalars(select(table).where(table.job_id == job.id)):
            await db.delete(row)
    # What was photographed stays with the order.
    await db.execute(update(OrderPhoto).where(OrderPhoto.job_id == job.id).values(job_id=None))
    try:
        async with db.begin_nested():
            await db.delete(job)
    except IntegrityError:
        raise Refused(
            _("“%(job)s” is part of an estimate.", job=event.title), audit="job.illegal_move"
        ) from None
    await tell(db, order, event, by=by)


async def present_jobs(db: AsyncSession, order: RepairOrder, jobs: Sequence[Job], *, by: Viewer) -> None:
    """The customer is being asked about these jobs. Those presented before stay so."""
    order = await hold_open(db, order.id)
    for job in jobs:
        await db.refresh(job)
        if job.order_id != order.id:
            raise NotFound
        if job.status == "presented":
            continue
        move_job(job, "presented", only_from=("proposed",))
        await tell(db, order, JobPresented(**of_job(order, job)), by=by)
    await stages.follow(db, order, by=by)


async def authorize_job(db: AsyncSession, job: Job, *, by: Viewer) -> Job:
    """The customer agrees to a presented job. It is ready to start at once when it has a technician."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    move_job(job, "authorized")
    job.technician_id = job.technician_id or order.technician_id
    if job.technician_id:
        move_job(job, "pending")
    await steps.prepare(db, job)
    await tell(db, order, JobAuthorized(**of_job(order, job)), by=by)
    await stages.follow(db, order, by=by)
    return job


async def decline_job(db: AsyncSession, job: Job, *, by: Viewer, reason: str = "") -> Job:
    """The customer says no; the work is kept on the car."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    move_job(job, "declined")
    kept = await deferred.keep(db, order, job, decision="declined", reason=reason)
    event = JobDeclined(**of_job(order, job), deferred_work_id=kept.id, reason=reason)
    await tell(db, order, event, by=by)
    await stages.follow(db, order, by=by)
    return job


async def defer_job(db: AsyncSession, job: Job, *, by: Viewer, reason: str = "") -> Job:
    """The customer puts it off, or never answered; the work is kept on the car."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    if job.status == "proposed":
        raise Refused(_("“%(job)s” has not been presented yet.", job=job.title), audit="job.illegal_move")
    await put_aside(db, order, job, by=by, reason=reason)
    await stages.follow(db, order, by=by)
    return job


async def put_aside(db: AsyncSession, order: RepairOrder, job: Job, *, by: Viewer, reason: str = "") -> None:
    """Defer an undecided job of a held order."""
    move_job(job, "deferred")
    kept = await deferred.keep(db, order, job, decision="deferred", reason=reason)
    event = JobDeferred(**of_job(order, job), deferred_work_id=kept.id, reason=reason)
    await tell(db, order, event, by=by)


async def assign(db: AsyncSession, job: Job, technician: StaffProfile | None, *, by: Viewer) -> Job:
    """Give a job to a technician of the center, or take it from them before they start."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    if technician and (not technician.is_technician or technician.center_id != order.center_id):
        raise NotFound
    if job.status not in ("proposed", "presented", "authorized", "pending", "blocked", "in_progress"):
        raise Refused(_("“%(job)s” is finished.", job=job.title), audit="job.late_assignment")
    if technician is None and job.status not in ("proposed", "presented"):
        raise Refused(_("Choose who does “%(job)s” instead.", job=job.title), audit="job.late_assignment")
    previous, wanted = job.technician_id, technician.id if technician else None
    if previous == wanted:
        return job
    if job.status == "in_progress":
        raise Refused(
            _("“%(job)s” is being worked on. Pause or block it first.", job=job.title),
            audit="job.late_assignment",
        )
    job.technician_id = wanted
    job.version += 1
    if job.status == "authorized":
        move_job(job, "pending")
    await tell(db, order, JobAssigned(**of_job(order, job), previous_technician_id=previous), by=by)
    return job


async def plan_start(
    db: AsyncSession,
    job: Job,
    start: datetime | None,
    *,
    by: Viewer,
    version: int | None = None,
    after_hours: bool = False,
) -> Job:
    """Say when a job is to begin. Raises Refused when it has changed since `version`, or has begun; Invalid for a time
    that is over, and for one when the center is closed unless somebody works `after_hours`."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    must_be_version(job, version)
    if job.status not in ("proposed", "presented", "authorized", "pending"):
        raise Refused(_("“%(job)s” has begun already.", job=job.title), audit="job.late_plan")
    if start == job.scheduled_start:
        return job
    if start is not None:
        await _must_be_possible(db, order, start, after_hours=after_hours)
    job.scheduled_start = start
    job.version += 1
    await tell(db, order, JobPlanned(**of_job(order, job), scheduled_start=start), by=by)
    return job


async def _must_be_possible(
    db: AsyncSession, order: RepairOrder, start: datetime, *, after_hours: bool
) -> None:
    if within_reach(start) < clock.now() - WHILE_TYPING:
        raise Invalid({"scheduled_start": _("This time is over. Choose one that is still to come.")})
    center = await db.get_one(ServiceCenter, order.center_id)
    if not after_hours and not await is_open_at(db, center, start):
        raise Invalid(
            {"after_hours": _("The workshop is closed then. Tick this if somebody works all the same.")}
        )


async def billable_jobs(db: AsyncSession, order: RepairOrder) -> list[tuple[Job, list[JobLine]]]:
    """The jobs an invoice is made of: agreed to and completed, with their lines."""
    done = [job for job in await jobs_of(db, order) if job.status == "completed"]
    lines = await lines_of(db, done)
    return [(job, lines[job.id]) for job in done]


async def unfinished_jobs(db: AsyncSession, order: RepairOrder) -> list[Job]:
    """Agreed work that is not completed: what still stands between the order and its invoice."""
    return [job for job in await jobs_of(db, order) if job.status in (*OPEN_WORK, "qc")]


async def lines_of(db: AsyncSession, jobs: Sequence[Job]) -> dict[UUID, list[JobLine]]:
    """The lines of several jobs, by job."""
    split: dict[UUID, list[JobLine]] = {job.id: [] for job in jobs}
    if split:
        rows = await db.scalars(
            select(JobLine).where(JobLine.job_id.in_(split)).order_by(JobLine.position, JobLine.id)
        )
        for line in rows:
            split[line.job_id].append(line)
    return split
