"""Where an order stands, from what was bought for it: the least advanced purchase says."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.domains.marketplace import orders
from app.domains.marketplace.events import PartsOrderMoved
from app.domains.marketplace.models import ASKING, LIVE_PURCHASE, PartsOrder, PartsOrderLine, Purchase
from app.domains.marketplace.telling import tell

_ADVANCE = ("accepted", "processing", "shipped", "delivered", "return_requested", "returned")


def standing(lines: Sequence[PartsOrderLine], purchases: Sequence[Purchase]) -> str:
    """quoted while a line that is wanted has nobody to bring it; else as far as the last of the sellers is. Of one
    that came back and one that stayed, what stayed counts; with nothing left it is cancelled."""
    alive = [one for one in purchases if one.status in LIVE_PURCHASE]
    if any(line.is_open for line in lines):
        return "quoted"
    if not alive:
        return "cancelled"
    kept = [one for one in alive if one.status != "returned"] or alive
    return min((one.status for one in kept), key=_ADVANCE.index)


async def follow(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> None:
    """Bring a held order to where its purchases say that it stands. While a part has nobody to bring it, the shops are
    asked, or the time for that is over: what becomes of its other parts changes nothing about that."""
    now = standing(await orders.lines_of(db, order.id), await orders.purchases_of(db, order.id))
    if now == "quoted" and order.status in (*ASKING, "expired"):
        return
    if now != order.status:
        was, order.status = order.status, now
        order.version += 1
        await db.flush()
        await tell(db, PartsOrderMoved, order, by=by, was=was, status=now)
