"""Job clocks: a technician has at most one running, and the database says so too."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import take_turn
from app.domains.network.models import StaffProfile
from app.domains.workshop.models import Job, JobClock


async def hold_technician(db: AsyncSession, technician_id: UUID) -> None:
    """Let one request at a time touch a technician's clock, for the rest of the transaction.

    Taken before the order's lock. Without it two taps on two jobs would both see no clock running.
    """
    await take_turn(db, f"clock:{technician_id}")


async def running(db: AsyncSession, technician_id: UUID) -> JobClock | None:
    """The technician's open clock."""
    found: JobClock | None = await db.scalar(
        select(JobClock)
        .where(JobClock.technician_id == technician_id, JobClock.stopped_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return found


async def running_on(db: AsyncSession, job_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the jobs somebody's clock runs on."""
    found = await db.scalars(
        select(JobClock.job_id).where(JobClock.job_id.in_(list(job_ids)), JobClock.stopped_at.is_(None))
    )
    return set(found)


async def names_on(db: AsyncSession, job: Job) -> list[str]:
    """Whose clocks run on a job now."""
    found = await db.scalars(
        select(StaffProfile.name)
        .join(JobClock, JobClock.technician_id == StaffProfile.id)
        .where(JobClock.tenant_id == job.tenant_id, JobClock.job_id == job.id, JobClock.stopped_at.is_(None))
        .order_by(StaffProfile.name)
    )
    return list(found)


async def start(db: AsyncSession, job: Job, technician_id: UUID) -> JobClock:
    """Open a clock; the technician must have none running."""
    opened = JobClock(tenant_id=job.tenant_id, job_id=job.id, technician_id=technician_id)
    db.add(opened)
    await db.flush()
    return opened


async def stop(db: AsyncSession, running_clock: JobClock) -> None:
    """Close a clock now."""
    running_clock.stopped_at = clock.now()
    await db.flush()


async def stop_all(db: AsyncSession, job: Job) -> None:
    """Close whatever runs on a job."""
    for one in await db.scalars(
        select(JobClock).where(JobClock.job_id == job.id, JobClock.stopped_at.is_(None))
    ):
        one.stopped_at = clock.now()
    await db.flush()


async def minutes_spent(db: AsyncSession, job_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, float]:
    """Minutes clocked on jobs up to a moment, running clocks included."""
    spent = func.sum(func.extract("epoch", func.coalesce(JobClock.stopped_at, at) - JobClock.started_at) / 60)
    rows = await db.execute(
        select(JobClock.job_id, spent).where(JobClock.job_id.in_(list(job_ids))).group_by(JobClock.job_id)
    )
    return {job_id: float(minutes) for job_id, minutes in rows}


async def technicians_of(db: AsyncSession, job: Job) -> set[UUID]:
    """Everybody who was ever clocked on a job."""
    found = await db.scalars(select(JobClock.technician_id).where(JobClock.job_id == job.id).distinct())
    return set(found)
