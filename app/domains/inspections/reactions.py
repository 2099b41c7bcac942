"""What inspections do when something happens elsewhere."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.domains.inspections.sheets import install
from app.domains.network.joining import TenantJoined


async def give_sheets(db: AsyncSession, heard: Heard[TenantJoined]) -> None:
    """A new shop begins with the standard checklists."""
    await install(db, heard.event.tenant_id)
