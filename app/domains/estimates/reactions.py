"""What estimates do when the work they name changes."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.viewer import Viewer
from app.domains.estimates.expiring import drop_outdated
from app.domains.workshop.events import JobChanged


async def drop_outdated_version(db: AsyncSession, heard: Heard[JobChanged]) -> None:
    """Kill the links to a version as soon as one of its jobs is no longer what was sent."""
    if heard.tenant_id is not None:
        await drop_outdated(db, heard.tenant_id, heard.event.job_id, by=Viewer.system(heard.tenant_id))
