"""What happens to estimates by the clock."""

from uuid import UUID

from sqlalchemy import text

from app.core.db import transaction
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.estimates.expiring import expire, overdue
from app.domains.estimates.models import Estimate


@cron("*/10 * * * *")
async def expire_overdue() -> None:
    """Let versions expire whose validity is over, each in a transaction of its own shop."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        found = await overdue(db)
    await for_each(found, _expire)


async def _expire(of: tuple[UUID, UUID]) -> None:
    tenant_id, estimate_id = of
    async with transaction(tenant=tenant_id) as db:
        estimate = await db.get(Estimate, estimate_id)
        if estimate is not None:
            await expire(db, estimate, by=Viewer.system(tenant_id))
