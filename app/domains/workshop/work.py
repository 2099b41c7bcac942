"""Doing the work: start, pause, block, finish, and the check by somebody else."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Forbidden, Invalid, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import StaffProfile
from app.domains.workshop import checking, clocks, deferred, stages, steps
from app.domains.workshop.events import (
    JobBlocked,
    JobCompleted,
    JobFinished,
    JobPaused,
    JobReturned,
    JobStarted,
)
from app.domains.workshop.models import BLOCKED_REASONS, Job, JobClock, JobStep, RepairOrder
from app.domains.workshop.moves import document_word, illegal, job_word, move_job
from app.domains.workshop.orders import hold_open, of_job, tell


class StepsOpen(Refused):
    """Finishing was asked for while steps are open; `data` names them. Whoever means it says why."""

    def __init__(self, job: Job, left: Sequence[JobStep]) -> None:
        names = ", ".join(f"“{step.name}”" for step in left)
        super().__init__(
            _("Steps of “%(job)s” are still open: %(steps)s.", job=job.title, steps=names),
            data={"open_steps": [{"id": str(step.id), "name": step.name} for step in left]},
        )


class Started(msgspec.Struct, frozen=True):
    """The clock that runs now, and the job whose clock it stopped."""

    clock: JobClock
    paused: Job | None = None


async def technician(db: AsyncSession, me: Viewer) -> StaffProfile:
    """The viewer as a technician of the present shop. Raises Forbidden for everybody else."""
    person: StaffProfile | None = await db.scalar(
        select(StaffProfile).where(
            StaffProfile.tenant_id == me.tenant_id,
            StaffProfile.user_id == me.user_id,
            StaffProfile.is_technician,
            StaffProfile.is_active,
        )
    )
    if person is None:
        raise Forbidden("update:service_progress")
    return person


async def start(db: AsyncSession, job: Job, *, by: Viewer) -> Started:
    """Start, resume or unblock a job: the technician's clock runs on it from now.

    A clock that runs on another job stops first. Starting what one is already clocked on changes nothing.
    """
    me = await technician(db, by)
    await clocks.hold_technician(db, me.id)
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    mine = await clocks.running(db, me.id)
    if mine is not None and mine.job_id == job.id:
        return Started(mine)
    if (obstacle := obstacle_to_start(job, order, me)) is not None:
        raise obstacle
    paused = await _pause(db, mine, by=by, held=order) if mine is not None else None
    resumed = job.status != "pending"
    job.technician_id = job.technician_id or me.id
    if job.status == "authorized":
        move_job(job, "pending")
        resumed = False
    if job.status != "in_progress":
        move_job(job, "in_progress")
    job.started_at = job.started_at or clock.now()
    job.blocked_reason, job.blocked_note, job.blocked_at = "", "", None
    opened = await clocks.start(db, job, me.id)
    order.technician_id = order.technician_id or me.id
    await tell(db, order, JobStarted(**of_job(order, job), clock_id=opened.id, resumed=resumed), by=by)
    await stages.follow(db, order, by=by)
    return Started(opened, paused)


def obstacle_to_start(job: Job, order: RepairOrder, me: StaffProfile) -> Refused | None:
    """Why a technician cannot start or resume a job now, in words for them; None: they can."""
    if order.status == "estimate":
        return Refused(_("The car is not here yet: check it in first."), audit="job.illegal_move")
    if not order.is_open:
        return Refused(
            _(
                "%(order)s is in the state “%(status)s”.",
                order=order.label,
                status=document_word(order.status),
            ),
            audit="order.not_open",
        )
    if job.status not in ("authorized", "pending", "blocked", "in_progress"):
        return illegal(job, "in_progress")
    if job.technician_id not in (None, me.id):
        return _not_mine(job)
    if job.skill == "hv" and "hv" not in me.skills:
        return Refused(
            _("Only a technician certified for high voltage may start “%(job)s”.", job=job.title),
            audit="job.high_voltage",
        )
    return None


def _not_mine(job: Job) -> Refused:
    return Refused(_("“%(job)s” is assigned to somebody else.", job=job.title), audit="job.not_mine")


def may_stop(job: Job, by: Viewer, me: StaffProfile | None, mine: JobClock | None) -> bool:
    """Whether a person may block or finish a job, which stops every clock on it: the technician it is assigned
    to (anybody, while it is nobody's), who is clocked on it, and who gives out the work."""
    if by.can("create:quotes"):
        return True
    return me is not None and (
        job.technician_id in (None, me.id) or (mine is not None and mine.job_id == job.id)
    )


async def _refuse_to_stop(db: AsyncSession, job: Job, by: Viewer) -> None:
    if not by.can("create:quotes"):
        me = await technician(db, by)
        if not may_stop(job, by, me, await clocks.running(db, me.id)):
            raise _not_mine(job)


async def pause(db: AsyncSession, job: Job, *, by: Viewer) -> None:
    """Stop one's own clock; the job stays in progress. Pausing what does not run changes nothing."""
    me = await technician(db, by)
    await clocks.hold_technician(db, me.id)
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    mine = await clocks.running(db, me.id)
    if mine is None or mine.job_id != job.id:
        if job.status != "in_progress":
            raise Refused(
                _("“%(job)s” is not running: %(status)s.", job=job.title, status=job_word(job.status)),
                audit="job.illegal_move",
            )
        return
    await _pause(db, mine, by=by, held=order)


async def _pause(db: AsyncSession, mine: JobClock, *, by: Viewer, held: RepairOrder) -> Job:
    await clocks.stop(db, mine)
    job = await db.get_one(Job, mine.job_id)
    order = held if held.id == job.order_id else await db.get_one(RepairOrder, job.order_id)
    # The other job's row is left alone: its order is not held, and two technicians could wait in a circle.
    await tell(db, order, JobPaused(**of_job(order, job), clock_id=mine.id), by=by)
    return job


async def block(db: AsyncSession, job: Job, *, reason: str, by: Viewer, note: str = "") -> Job:
    """The job cannot go on: every clock on it stops, the reason stands on the board."""
    if reason not in BLOCKED_REASONS:
        raise Invalid({"reason": _("Choose what the job is waiting for.")})
    if reason == "other" and not note.strip():
        raise Invalid({"note": _("Say what it is waiting for.")})
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    await _refuse_to_stop(db, job, by)
    move_job(job, "blocked")
    job.blocked_reason, job.blocked_note, job.blocked_at = reason, note.strip()[:500], clock.now()
    await clocks.stop_all(db, job)
    await tell(db, order, JobBlocked(**of_job(order, job), reason=reason), by=by)
    await stages.follow(db, order, by=by)
    return job


async def finish(
    db: AsyncSession, job: Job, *, by: Viewer, correction: str = "", left_because: str = ""
) -> Job:
    """The technician's part is done: the clocks stop and somebody else checks.

    Raises StepsOpen while steps are open and `left_because` does not say why; the reason stays with each.
    """
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    await _refuse_to_stop(db, job, by)
    left = await steps.open_steps(db, job)
    reason = left_because.strip()[:500] if left else ""
    if left and not reason and job.status == "in_progress":
        raise StepsOpen(job, left)
    for step in left:
        step.notes = " · ".join(filter(None, (step.notes, reason)))
    move_job(job, "qc")
    await clocks.stop_all(db, job)
    job.correction = correction.strip()[:2000] or job.correction
    job.finished_at, job.finished_by_id = clock.now(), by.user_id
    job.check_note = ""
    await tell(
        db,
        order,
        JobFinished(**of_job(order, job), left_open=[step.name for step in left], reason=reason),
        by=by,
    )
    await stages.follow(db, order, by=by)
    return job


async def check(db: AsyncSession, job: Job, *, passed: bool, by: Viewer, note: str = "") -> Job:
    """The quality check, by a person who has not worked on the job where there is one; a failed one needs words."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    if job.status != "qc":
        raise illegal(job, "completed" if passed else "in_progress")
    if not passed and not note.strip():
        raise Invalid({"note": _("Say what is wrong.")})
    own = by.user_id in await _hands(db, job)
    if own and not await checking.may_check_own(db, order.center_id, by.user_id):
        raise Refused(
            _("Somebody else must check “%(job)s”: you worked on it.", job=job.title),
            audit="job.own_check",
        )
    if passed and (left := await steps.open_checkpoints(db, job)):
        raise Refused(_("First pass the checkpoint “%(step)s”.", step=left[0]), audit="job.open_checkpoint")
    if passed:
        await _complete(db, order, job, by=by, note=note, own=own)
    else:
        await _send_back(db, order, job, by=by, note=note)
    return job


async def _hands(db: AsyncSession, job: Job) -> set[UUID | None]:
    clocked = await clocks.technicians_of(db, job)
    users = await db.scalars(
        select(StaffProfile.user_id).where(
            StaffProfile.tenant_id == job.tenant_id, StaffProfile.id.in_(clocked)
        )
    )
    return {*users, job.finished_by_id}


async def _complete(
    db: AsyncSession, order: RepairOrder, job: Job, *, by: Viewer, note: str, own: bool
) -> None:
    move_job(job, "completed")
    job.completed_at = job.checked_at = clock.now()
    job.checked_by_id, job.check_note = by.user_id, note.strip()[:500]
    job.is_own_check = own
    await deferred.settle(db, order, job, by=by)
    await tell(db, order, JobCompleted(**of_job(order, job), own_check=own), by=by)
    await stages.follow(db, order, by=by, completed=True)


async def _send_back(db: AsyncSession, order: RepairOrder, job: Job, *, by: Viewer, note: str) -> None:
    move_job(job, "in_progress")
    job.check_note = note.strip()[:500]
    job.finished_at = job.finished_by_id = None
    await steps.reopen_checkpoints(db, job)
    await tell(db, order, JobReturned(**of_job(order, job), note=job.check_note), by=by)
    await stages.follow(db, order, by=by)
