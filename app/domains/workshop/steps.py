"""The steps of a job: what is to be done one after the other, and the checkpoints that must be passed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.workshop import checking
from app.domains.workshop.events import StepMoved
from app.domains.workshop.models import Job, JobLine, JobStep, RepairOrder
from app.domains.workshop.moves import move_step
from app.domains.workshop.orders import hold_open, of_job, tell, visible_to


def checkpoint_of(skill: str) -> str:
    """What must be seen with one's own eyes before a job of this skill leaves the bay."""
    return {
        "brakes": _("Pedal firm, wheels torqued, road test done"),
        "tires": _("Wheels torqued, pressures set"),
        "hv": _("High-voltage covers closed, isolation measured, no warning light"),
        "electrical": _("No stored fault codes, no warning light"),
        "diagnostics": _("Fault confirmed and written down"),
    }.get(skill, _("Nothing left in the car, no leaks, no warning light"))


async def prepare(db: AsyncSession, job: Job) -> None:
    """Lay out the steps of a job the customer has agreed to: its labour, and a checkpoint at the end."""
    known = await steps_of(db, job)
    names = {step.name for step in known}
    labor = await db.scalars(
        select(JobLine.description)
        .where(JobLine.job_id == job.id, JobLine.kind == "labor")
        .order_by(JobLine.position, JobLine.id)
    )
    wanted = [(name, False) for name in labor if name not in names]
    if not any(step.is_checkpoint for step in known):
        wanted.append((checkpoint_of(job.skill), True))
    for position, (name, is_checkpoint) in enumerate(wanted, start=len(known)):
        db.add(
            JobStep(
                tenant_id=job.tenant_id,
                job_id=job.id,
                position=100 + position if is_checkpoint else position,
                name=name,
                is_checkpoint=is_checkpoint,
            )
        )
    await db.flush()


async def steps_of(db: AsyncSession, job: Job) -> Sequence[JobStep]:
    """A job's steps in their order, checkpoints last."""
    found = await db.scalars(
        select(JobStep).where(JobStep.job_id == job.id).order_by(JobStep.position, JobStep.id)
    )
    return found.all()


async def find_step(db: AsyncSession, me: Viewer, step_id: UUID) -> tuple[JobStep, Job]:
    """A step the viewer may see, with its job. Raises NotFound."""
    row = (
        await db.execute(
            select(JobStep, Job)
            .join(Job, Job.id == JobStep.job_id)
            .join(RepairOrder, RepairOrder.id == Job.order_id)
            .where(JobStep.id == step_id, visible_to(me))
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def add_step(
    db: AsyncSession, job: Job, name: str, *, by: Viewer, is_checkpoint: bool = False
) -> JobStep:
    """Add a step while the job is not finished."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    if not name.strip() or len(name) > 200:
        raise Invalid({"name": _("Name the step in at most 200 characters.")})
    if job.status in ("completed", "declined", "deferred", "revived"):
        raise Refused(_("“%(job)s” is finished.", job=job.title), audit="step.illegal_move")
    taken = [step.position for step in await steps_of(db, job) if step.is_checkpoint == is_checkpoint]
    step = JobStep(
        tenant_id=job.tenant_id,
        job_id=job.id,
        position=max(taken, default=99 if is_checkpoint else -1) + 1,
        name=name.strip(),
        is_checkpoint=is_checkpoint,
    )
    db.add(step)
    await db.flush()
    await tell(db, order, StepMoved(**of_job(order, job), step_id=step.id, status="pending"), by=by)
    return step


async def progress(
    db: AsyncSession, step: JobStep, *, to: str, by: Viewer, notes: str | None = None
) -> JobStep:
    """Start, complete or reset a step of a job that is being worked on.

    Resetting (in_progress → pending) needs a reason in `notes`. A pending step may be completed at once:
    it is started and completed in the same moment.
    """
    job = await db.get_one(Job, step.job_id)
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    await db.refresh(step)
    if job.status not in ("in_progress", "qc"):
        raise Refused(_("“%(job)s” is not being worked on.", job=job.title), audit="step.illegal_move")
    if step.status == "completed" and to != "completed":
        raise Refused(
            _("“%(step)s” is done. Only a failed quality check opens it again.", step=step.name),
            audit="step.illegal_move",
        )
    if to == "pending" and not (notes or "").strip():
        raise Invalid({"notes": _("Say why the step is reset.")})
    await _may_pass(db, order, job, step, by)
    now = clock.now()
    if step.status == "pending" and to == "completed":
        move_step(step, "in_progress")
        step.started_at = now
    move_step(step, to)
    step.started_at = {"pending": None, "in_progress": now}.get(to, step.started_at)
    step.completed_at = now if to == "completed" else None
    if notes is not None:
        step.notes = notes.strip()
    await tell(db, order, StepMoved(**of_job(order, job), step_id=step.id, status=to), by=by)
    return step


async def _may_pass(db: AsyncSession, order: RepairOrder, job: Job, step: JobStep, by: Viewer) -> None:
    """A checkpoint of a finished job belongs to the check: whoever finished it leaves it to somebody else."""
    mine = step.is_checkpoint and job.status == "qc" and job.finished_by_id == by.user_id
    if mine and not await checking.may_check_own(db, order.center_id, by.user_id):
        raise Refused(
            _("Somebody else must pass “%(step)s”: you finished the job.", step=step.name),
            audit="job.own_check",
        )


async def reopen_checkpoints(db: AsyncSession, job: Job) -> None:
    """A failed quality check opens the job's checkpoints again."""
    for step in await steps_of(db, job):
        if step.is_checkpoint and step.status == "completed":
            move_step(step, "in_progress")
            step.completed_at = None


async def open_steps(db: AsyncSession, job: Job) -> list[JobStep]:
    """What is still to be done. Checkpoints are not: whoever checks the job passes them."""
    return [step for step in await steps_of(db, job) if not step.is_checkpoint and step.status != "completed"]


async def open_checkpoints(db: AsyncSession, job: Job) -> list[str]:
    """The checkpoints that are still to be passed."""
    return [
        step.name for step in await steps_of(db, job) if step.is_checkpoint and step.status != "completed"
    ]
