"""What appointments do when the workshop works."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.viewer import Viewer
from app.domains.booking import arriving
from app.domains.workshop.events import (
    JobAssigned,
    JobStarted,
    OrderMoved,
    OrderPlanned,
    OrderVoided,
    WorkCompleted,
)


async def follow_start(db: AsyncSession, heard: Heard[JobStarted]) -> None:
    """The appointment is being worked on."""
    await arriving.begin_work(db, heard.event.order_id, by=Viewer.system(heard.tenant_id))


async def follow_completion(db: AsyncSession, heard: Heard[WorkCompleted]) -> None:
    """The work is done; what is left of its time is free."""
    await arriving.end_work(db, heard.event.order_id, by=Viewer.system(heard.tenant_id))


async def follow_handover(db: AsyncSession, heard: Heard[OrderMoved]) -> None:
    """The appointment ends when the car leaves."""
    if heard.event.stage == "delivered":
        await arriving.complete(db, heard.event.order_id, by=Viewer.system(heard.tenant_id))


async def follow_plan(db: AsyncSession, heard: Heard[OrderPlanned | JobAssigned]) -> None:
    """The order, or a job of it, was given to somebody else."""
    await arriving.follow_plan(db, heard.event.order_id, by=Viewer.system(heard.tenant_id))


async def follow_void(db: AsyncSession, heard: Heard[OrderVoided]) -> None:
    """The order was a mistake; the appointment is not."""
    await arriving.expect_again(db, heard.event.order_id, by=Viewer.system(heard.tenant_id))
