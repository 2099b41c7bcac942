"""What estimates do when the work they name changes."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.viewer import Viewer
from app.domains.estimates.expiring import drop_outdated
from app.domains.estimates.sending import supersede_open
from app.domains.workshop import hold
from app.domains.workshop.events import JobChanged, OrderArchived, OrderInvoiced, OrderVoided


async def drop_outdated_version(db: AsyncSession, heard: Heard[JobChanged]) -> None:
    """Kill the links to a version as soon as one of its jobs is no longer what was sent."""
    if heard.tenant_id is not None:
        await drop_outdated(db, heard.tenant_id, heard.event.job_id, by=Viewer.system(heard.tenant_id))


async def set_open_aside(db: AsyncSession, heard: Heard[OrderInvoiced | OrderVoided | OrderArchived]) -> None:
    """The order is over: nobody is asked any more. One opened again meanwhile may be asking anew."""
    order = await hold(db, heard.event.order_id)
    if not order.is_open:
        await supersede_open(db, order, by=Viewer.system(heard.tenant_id))
