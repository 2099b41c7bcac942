"""One step of a purchase, with all that follows from it: in the seller's book and the buyer's, and in the order."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.domains.marketplace import asking, giving_back, orders, purchases, standing
from app.domains.marketplace.events import (
    OfPurchase,
    PurchaseConfirmed,
    PurchaseMoved,
    QuoteStandsAgain,
)
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
    """A purchase is cancelled or has failed: its lines can be bought again, offers that lost against it and still hold
    stand again, and what was taken goes back. What is only held is let go by whoever hears of it. Raises Refused."""
    was = purchase.status
    move_purchase(purchase, to)
    purchase.end_reason, purchase.ended_at = reason, clock.now()
    purchase.asked_at = purchase.confirm_by = purchase.pay_by = None
    async with as_seller(db, purchase.tenant_id):
        for line in await purchases.lines_of(db, purchase):
            line.is_live = False
        quote = await db.get_one(ShopQuote, purchase.quote_id, populate_existing=True)
        if quote.status == "accepted":
            move_quote(quote, "failed" if to == "failed" else "lost")
        await db.flush()
        await tell_purchase(db, kind, order, purchase, by=by, reason=reason)
        for payment in await purchases.payments_of(db, purchase):
            if payment.is_taken:
                await giving_back.begin_rest(db, order, purchase, payment, by=by)
    async with as_buyer(db, order) as buyer:
        told = {"purchase_id": purchase.id, "was": was, "status": to}
        await tell(db, PurchaseMoved, order, by=buyer, **told)
        await _open_again(db, order, but=quote, by=buyer)


async def _open_again(db: AsyncSession, order: PartsOrder, *, but: ShopQuote, by: Viewer) -> None:
    """The buyer decides anew, over a time in which shops may offer again."""
    now = clock.now()
    holds = [
        one
        for one in await orders.quotes_of(db, order.id, "lost")
        if one.id != but.id and one.revision and one.valid_until is not None and one.valid_until > now
    ]
    order.expires_at = max(order.expires_at or now, now + asking.lifetime())
    order.offer_count = len(holds)
    order.best_total_minor = min((one.total_minor for one in holds if one.is_complete), default=None)
    await standing.follow(db, order, by=by)
    if order.status != "quoted":
        return
    for quote in holds:
        move_quote(quote, "offered")
        quote.round = order.round
        quote.valid_until = max(quote.valid_until or now, order.expires_at)
        await db.flush()
        await tell_quote(db, QuoteStandsAgain, order, quote, by=Viewer.system(quote.tenant_id))
