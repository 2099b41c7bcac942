"""Dead jobs: what failed for the last time, and how it is given another life."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.relay import revive
from app.core.tables import DeadJob, Delivery
from app.core.words import _


async def dead_jobs(db: AsyncSession, *, limit: int = 100) -> list[DeadJob]:
    """The newest first; replayed ones are left out."""
    found = await db.scalars(
        select(DeadJob).where(DeadJob.replayed_at.is_(None)).order_by(DeadJob.id.desc()).limit(limit)
    )
    return list(found)


async def count_dead(db: AsyncSession) -> int:
    """How many wait to be looked at."""
    return (
        await db.scalar(select(func.count()).select_from(DeadJob).where(DeadJob.replayed_at.is_(None))) or 0
    )


async def count_owed(db: AsyncSession) -> int:
    """Deliveries not closed yet: the worker's backlog."""
    open_ones = (
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.done_at.is_(None), Delivery.dead_at.is_(None))
    )
    return await db.scalar(open_ones) or 0


async def replay(db: AsyncSession, job_id: UUID) -> None:
    """Give a dead reaction its tries back; the relay hands it out within a second. Raises NotFound, Refused."""
    job = await db.scalar(select(DeadJob).where(DeadJob.id == job_id).with_for_update())
    if job is None:
        raise NotFound
    if job.replayed_at is not None:
        raise Refused(_("This job was already replayed."))
    if job.task != "core.relay.react":
        raise Refused(_("This job runs by the clock; its next run does the same work."))
    await revive(db, UUID(job.kwargs["event_id"]), job.kwargs["reaction"])
    job.replayed_at = clock.now()
