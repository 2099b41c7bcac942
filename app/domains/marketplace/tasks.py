"""What the market does by the clock: orders whose time for offers is over."""

from uuid import UUID

from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.marketplace import asking
from app.domains.marketplace.models import ASKING, PartsOrder

Due = tuple[UUID, UUID | None, UUID | None]
"""An order, and its buyer: a person or a workshop."""


@cron("* * * * *")
async def expire_orders() -> None:
    """End requests whose time is over. Nothing can be offered or accepted from the second on; this tells everybody."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.execute(
            select(PartsOrder.id, PartsOrder.user_id, PartsOrder.buyer_tenant_id)
            .where(PartsOrder.status.in_(ASKING), PartsOrder.expires_at <= clock.now())
            .order_by(PartsOrder.expires_at)
            .limit(500)
        )
        due: list[Due] = [(row.id, row.user_id, row.buyer_tenant_id) for row in rows]
    await for_each(due, _expire)


async def _expire(due: Due) -> None:
    order_id, user_id, tenant_id = due
    async with transaction(user=user_id, tenant=tenant_id) as db:
        order = await db.get_one(PartsOrder, order_id)
        await asking.expire(db, order, by=Viewer.system(tenant_id))
