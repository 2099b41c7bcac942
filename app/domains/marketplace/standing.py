"""Where an order stands, from what was bought for it: the least advanced purchase says."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.domains.marketplace import orders
from app.domains.marketplace.events import PartsOrderMoved
from app.domains.marketplace.models import LIVE_PURCHASE, PartsOrder, PartsOrderLine, Purchase, PurchaseLine
from app.domains.marketplace.telling import tell

_ADVANCE = ("accepted", "processing", "shipped", "delivered", "return_requested", "returned")


def standing(
    lines: Sequence[PartsOrderLine], purchases: Sequence[Purchase], bought: Sequence[PurchaseLine]
) -> str:
    """quoted while a line that is wanted has nobody to bring it; else as far as the last of the sellers is. Of one
    that came back and one that stayed, what stayed counts; with nothing left it is cancelled."""
    alive = [one for one in purchases if one.status in LIVE_PURCHASE]
    covered = {line.order_line_id for line in bought if line.is_live}
    open_lines = [line for line in lines if not line.given_up and line.id not in covered]
    if open_lines:
        return "quoted"
    if not alive:
        return "cancelled"
    kept = [one for one in alive if one.status != "returned"] or alive
    return min((one.status for one in kept), key=_ADVANCE.index)


async def follow(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> None:
    """Bring a held order to where its purchases say that it stands."""
    purchases = await orders.purchases_of(db, order.id)
    bought = [line for some in (await orders.lines_of_purchases(db, purchases)).values() for line in some]
    now = standing(await orders.lines_of(db, order.id), purchases, bought)
    if now != order.status:
        was, order.status = order.status, now
        order.version += 1
        await db.flush()
        await tell(db, PartsOrderMoved, order, by=by, was=was, status=now)
