"""One step of a purchase, with all that follows from it: in the seller's book and the buyer's, and in the order."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.domains.marketplace import asking, giving_back, orders, purchases, standing
from app.domains.marketplace.events import OfPurchase, PurchaseConfirmed, PurchaseMoved, QuoteLost
from app.domains.marketplace.models import PartsOrder, Purchase, ShopQuote
from app.domains.marketplace.moves import move_purchase, move_quote
from app.domains.marketplace.telling import as_buyer, as_seller, tell, tell_purchase, tell_quote


async def move(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    to: str,
    kind: type[OfPurchase],
    *,
    by: Viewer,
    **more: Any,
) -> None:
    """Bring a held purchase further, or to its end, and the order after it. Raises Refused."""
    was = purchase.status
    move_purchase(purchase, to)
    await db.flush()
    await tell_purchase(db, kind, order, purchase, by=by, **more)
    async with as_buyer(db, order) as buyer:
        told = {"purchase_id": purchase.id, "was": was, "status": to}
        await tell(db, PurchaseMoved, order, by=buyer, **told)
        await standing.follow(db, order, by=buyer)


async def prepare(db: AsyncSession, order: PartsOrder, purchase: Purchase, *, by: Viewer) -> None:
    """The shop has it."""
    purchase.confirmed_at, purchase.confirm_by = clock.now(), None
    await move(db, order, purchase, "processing", PurchaseConfirmed, by=by)


async def end(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    to: str,
    kind: type[OfPurchase],
    *,
    reason: str,
    by: Viewer,
) -> None:
    """A purchase is cancelled or has failed: its parts are asked for again, and what was taken goes back. What is only held is let go by whoever hears of it. Raises Refused."""
    was = purchase.status
    move_purchase(purchase, to)
    purchase.end_reason, purchase.ended_at = reason, clock.now()
    purchase.asked_at = purchase.confirm_by = purchase.pay_by = None
    async with as_seller(db, purchase.tenant_id):
        bought = await purchases.lines_of(db, purchase)
        for line in bought:
            line.is_live = False
        quote = await db.get_one(ShopQuote, purchase.quote_id, populate_existing=True)
        await db.flush()
        at_rest = await purchases.rest_of(db, quote, "failed" if to == "failed" else "lost")
        stood = quote.status
        is_its_end = stood == "accepted" or (to == "failed" and stood in ("offered", "invited"))
        if is_its_end and stood != at_rest:
            move_quote(quote, at_rest)
        await db.flush()
        await tell_purchase(db, kind, order, purchase, by=by, reason=reason)
        if (
            to == "failed" and stood == "offered"
        ):  # whoever has failed the buyer brings nothing else of it either
            await tell_quote(db, QuoteLost, order, quote, by=Viewer.system(quote.tenant_id), why="failed")
        for payment in await purchases.payments_of(db, purchase):
            if payment.is_taken:
                await giving_back.begin_rest(db, order, purchase, payment, by=by)
    async with as_buyer(db, order) as buyer:
        ended = {line.order_line_id for line in bought}
        for wanted in await orders.lines_of(db, order.id):
            wanted.is_bought = wanted.is_bought and wanted.id not in ended
        told = {"purchase_id": purchase.id, "was": was, "status": to, "lines": sorted(map(str, ended))}
        await asking.open_again(db, order, told, by=buyer, is_failure=to == "failed")
