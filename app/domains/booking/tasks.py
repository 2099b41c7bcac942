"""What booking does by the clock: holds that nobody came back for."""

from uuid import UUID

from sqlalchemy import select, text

from app.core.db import transaction
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.booking.claims import clear_overdue
from app.domains.network.models import Tenant


@cron("* * * * *")
async def expire_holds() -> None:
    """End overdue holds, so that lists and pages tell the truth. Whoever wants the slot does it sooner."""
    async with transaction() as db:
        tenants = list(await db.scalars(select(Tenant.id).where(Tenant.is_active)))
    await for_each(tenants, _expire_holds_of)


async def _expire_holds_of(tenant_id: UUID) -> None:
    async with transaction(tenant=tenant_id) as db:
        await db.execute(text("SET LOCAL lock_timeout = '2s'"))
        await clear_overdue(db, tenant_id, by=Viewer.system(tenant_id))
