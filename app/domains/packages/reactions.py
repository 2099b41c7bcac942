"""What packages do when the work they cover comes onto an order, is done, or is off."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.viewer import Viewer
from app.domains.packages.covering import cover_what_fits, free, note_done
from app.domains.workshop.events import (
    JobCompleted,
    JobDeclined,
    JobDeferred,
    JobProposed,
    JobRevived,
    OrderVoided,
)
from app.domains.workshop.models import Job, RepairOrder


async def cover_new_work(db: AsyncSession, heard: Heard[JobProposed | JobRevived]) -> None:
    """Work that a package of the car covers costs nothing as soon as it stands on the order."""
    order = await db.get(RepairOrder, heard.event.order_id)
    if order is not None and heard.tenant_id is not None:
        await cover_what_fits(db, order, by=Viewer.system(heard.tenant_id))


async def free_use(db: AsyncSession, heard: Heard[JobDeclined | JobDeferred]) -> None:
    """The customer does not want the work now."""
    await free(db, [heard.event.job_id])


async def free_uses(db: AsyncSession, heard: Heard[OrderVoided]) -> None:
    """The order was a mistake: nothing was done on it."""
    jobs = await db.scalars(select(Job.id).where(Job.order_id == heard.event.order_id))
    await free(db, jobs.all())


async def count_use(db: AsyncSession, heard: Heard[JobCompleted]) -> None:
    job = await db.get(Job, heard.event.job_id)
    if job is not None:
        await note_done(db, job)
