"""From the sale to the shelf of whoever bought it: confirmed, sent, handed over, called off, failed, sent back."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, transaction
from app.core.errors import Invalid, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.marketplace import deal_paying, deal_settling, giving_back, purchases
from app.domains.marketplace.events import (
    CoreReturned,
    PurchaseCancelAsked,
    PurchaseCancelled,
    PurchaseCancelRefused,
    PurchaseDelivered,
    PurchaseFailed,
    PurchaseReturned,
    PurchaseShipped,
    ReturnAsked,
    ReturnRefused,
)
from app.domains.marketplace.models import PartsOrder, Purchase, PurchasePayment, ShopQuote
from app.domains.marketplace.moves import move_quote
from app.domains.marketplace.moving import end, move, prepare
from app.domains.marketplace.telling import as_seller, tell_purchase

NOT_PAID = "not_paid"
NOT_CONFIRMED = "not_confirmed"
NOT_TAKEN = "not_taken"
"""Reasons that the clock and the provider give; people give words."""


async def confirm(db: AsyncSession, purchase: Purchase, *, by: Viewer) -> PurchasePayment | None:
    """ "We have it." What is paid on delivery is prepared from now on. For a card the held money is taken first: the
    payment is answered, and `deal_paying.capture` follows after the commit. Raises Refused."""
    order, purchase = await purchases.hold(db, purchase.id)
    if purchase.payment_method == "card" and purchase.status == "accepted":
        return await deal_paying.must_be_held(db, order, purchase, by=by)
    await prepare(db, order, purchase, by=by)
    return None


async def ship(
    db: AsyncSession,
    purchase: Purchase,
    *,
    carrier: str,
    tracking_number: str = "",
    tracking_url: str = "",
    by: Viewer,
) -> None:
    """It is on its way. Raises Invalid, Refused."""
    errors = {}
    if not carrier.strip():
        errors["carrier"] = _("Say who brings it: a carrier, or your own driver.")
    url = tracking_url.strip()
    if url and not _is_link(url):
        errors["tracking_url"] = _("A tracking link begins with https:// and names a site.")
    if errors:
        raise Invalid(errors)
    order, purchase = await purchases.hold(db, purchase.id)
    if purchase.asked_at is not None and purchase.status == "processing":
        raise Refused(_("The buyer asks to cancel. Answer that first."), audit="purchase.illegal_move")
    purchase.carrier, purchase.tracking_number = carrier.strip(), tracking_number.strip()
    purchase.tracking_url, purchase.shipped_at = url, clock.now()
    sent = {"carrier": purchase.carrier, "tracking_number": purchase.tracking_number}
    await move(db, order, purchase, "shipped", PurchaseShipped, by=by, **sent)


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https"
            and "." in (parts.hostname or "")
            and not parts.username
            and not re.search(r"[\s\x00-\x1f\\]", url)
        )
    except ValueError:
        return False


async def deliver(db: AsyncSession, purchase: Purchase, *, handed_to: str = "", by: Viewer) -> None:
    """It is there: the buyer says so, or the seller, who notes who took it. What is paid on delivery the seller has then;
    where the buyer says so the seller books it when they see it. Raises Invalid, Refused."""
    is_seller = by.tenant_id == purchase.tenant_id
    if is_seller and not handed_to.strip():
        raise Invalid({"handed_to": _("Note who took it, or where you left it.")})
    order, purchase = await purchases.hold(db, purchase.id)
    if is_seller and purchase.asked_at is not None:
        raise Refused(_("The buyer asks to cancel. Answer that first."), audit="purchase.illegal_move")
    purchase.delivered_at = clock.now()
    purchase.handed_to = handed_to.strip()
    purchase.asked_at = None
    await move(db, order, purchase, "delivered", PurchaseDelivered, by=by, by_buyer=not is_seller)
    async with as_seller(db, purchase.tenant_id):
        quote = await db.get_one(ShopQuote, purchase.quote_id, populate_existing=True)
        if quote.status == "accepted" and await purchases.rest_of(db, quote, "fulfilled") == "fulfilled":
            move_quote(quote, "fulfilled")
        if is_seller and purchase.payment_method == "on_delivery" and not purchase.paid_minor:
            await _paid_in_hand(db, order, purchase, by=by)


async def take_money(db: AsyncSession, purchase: Purchase, *, by: Viewer) -> None:
    """The seller has the money for what the buyer said is there. Raises Refused."""
    order, purchase = await purchases.hold(db, purchase.id)
    if purchase.payment_method != "on_delivery" or purchase.paid_minor or purchase.status != "delivered":
        raise Refused(_("Nothing is to be paid here now."), audit="purchase.illegal_payment")
    await _paid_in_hand(db, order, purchase, by=by)
    purchase.version += 1
    await db.flush()


async def _paid_in_hand(db: AsyncSession, order: PartsOrder, purchase: Purchase, *, by: Viewer) -> None:
    payment = PurchasePayment(
        id=new_id(),
        tenant_id=purchase.tenant_id,
        purchase_id=purchase.id,
        provider="cash",
        status="completed",
        amount_minor=purchase.total_minor,
        authorized_minor=0,
        captured_minor=0,
        refunded_minor=0,
        returned_minor=0,
        lost_minor=0,
        credit_minor=0,
        core_back_minor=0,
        tax_back_minor=0,
        currency=purchase.currency,
        paid_with="cash",
    )
    payment.provider_ref = f"cash_{payment.id}"
    db.add(payment)
    await deal_settling.take(db, order, purchase, payment, by=by)


async def cancel(db: AsyncSession, purchase: Purchase, *, reason: str = "", by: Viewer) -> bool:
    """The buyer wants out of it. Free until the seller confirms, and whatever was held is let go; while it is being
    prepared the seller is asked. True when it is cancelled. Raises Refused."""
    order, purchase = await purchases.hold(db, purchase.id)
    reason = reason.strip()
    if purchase.status == "processing":
        if purchase.asked_at is None:
            purchase.asked_at, purchase.asked_reason, purchase.answer = clock.now(), reason, ""
            purchase.version += 1
            await db.flush()
            await tell_purchase(db, PurchaseCancelAsked, order, purchase, by=by, reason=reason)
        return False
    await _must_not_be_taken_now(db, purchase)
    await end(db, order, purchase, "cancelled", PurchaseCancelled, reason=reason, by=by)
    return True


async def _must_not_be_taken_now(db: AsyncSession, purchase: Purchase) -> None:
    if any(one.is_live and one.capture_asked_at for one in await purchases.payments_of(db, purchase)):
        raise Refused(
            _("The shop is confirming it this moment. Please look again in a minute."),
            audit="purchase.illegal_move",
        )


async def answer_cancel(
    db: AsyncSession, purchase: Purchase, *, agrees: bool, words: str = "", by: Viewer
) -> None:
    """The seller lets the buyer out of it, and the money goes back; or says why not. Raises Invalid, Refused."""
    order, purchase = await purchases.hold(db, purchase.id)
    if purchase.asked_at is None or purchase.status != "processing":
        raise Refused(_("Nobody asks to cancel this now."), audit="purchase.illegal_move")
    if agrees:
        reason = purchase.asked_reason
        await end(db, order, purchase, "cancelled", PurchaseCancelled, reason=reason, by=by)
        return
    if not words.strip():
        raise Invalid({"words": _("Tell the buyer why.")})
    purchase.asked_at, purchase.answer = None, words.strip()
    purchase.version += 1
    await db.flush()
    await tell_purchase(db, PurchaseCancelRefused, order, purchase, by=by, reason=purchase.answer)


async def fail(db: AsyncSession, purchase: Purchase, *, reason: str, by: Viewer) -> None:
    """The seller cannot deliver. The money goes back by itself, and the buyer chooses anew. Raises Invalid, Refused."""
    if not reason.strip():
        raise Invalid({"reason": _("Tell the buyer why.")})
    order, purchase = await purchases.hold(db, purchase.id)
    await _must_not_be_taken_now(db, purchase)
    if await _card_failed(db, purchase):  # no fault of the shop's, and not counted as one
        await end(db, order, purchase, "cancelled", PurchaseCancelled, reason=NOT_TAKEN, by=by)
        return
    await end(db, order, purchase, "failed", PurchaseFailed, reason=reason.strip(), by=by)


async def _card_failed(db: AsyncSession, purchase: Purchase) -> bool:
    """Whether the shop has confirmed a purchase that is not paid yet, and the buyer's card would not pay."""
    attempts = await purchases.payments_of(db, purchase)
    return purchase.status == "accepted" and bool(attempts and attempts[-1].capture_refusals)


async def ask_return(db: AsyncSession, purchase: Purchase, *, reason: str, by: Viewer) -> None:
    """The buyer wants to send it back. Raises Invalid, Refused."""
    if not reason.strip():
        raise Invalid({"reason": _("Say what is wrong with it.")})
    order, purchase = await purchases.hold(db, purchase.id)
    purchase.asked_reason, purchase.answer = reason.strip(), ""
    await move(db, order, purchase, "return_requested", ReturnAsked, by=by, reason=purchase.asked_reason)


async def _asked_back(db: AsyncSession, purchase: Purchase) -> tuple[PartsOrder, Purchase]:
    order, purchase = await purchases.hold(db, purchase.id)
    if purchase.status != "return_requested":
        raise Refused(_("Nobody asks to send this back now."), audit="purchase.illegal_move")
    return order, purchase


async def refuse_return(db: AsyncSession, purchase: Purchase, *, words: str, by: Viewer) -> None:
    """It stays with the buyer, who is told why. Raises Invalid, Refused."""
    if not words.strip():
        raise Invalid({"words": _("Tell the buyer why.")})
    order, purchase = await _asked_back(db, purchase)
    purchase.answer = words.strip()
    await move(db, order, purchase, "delivered", ReturnRefused, by=by, reason=purchase.answer)


async def take_back(
    db: AsyncSession, purchase: Purchase, *, restocking_minor: int = 0, core_too: bool = False, by: Viewer
) -> int:
    """The seller has it back: the price goes to the buyer less a restocking fee, with the deposit on the old parts if it
    is to go too. What goes back, in minor units. Raises Invalid, Refused."""
    order, purchase = await _asked_back(db, purchase)
    left = await giving_back.left(db, purchase)
    core = core_left(purchase)
    goods = left - core
    if not 0 <= restocking_minor <= goods:
        raise Invalid({"restocking": _("Not less than nothing, and not more than was paid for the parts.")})
    core = core if core_too else 0
    refund = goods - restocking_minor + core
    if core:
        purchase.core_back_at = clock.now()
    purchase.ended_at = clock.now()
    told = {"refund_minor": refund, "restocking_minor": restocking_minor, "currency": purchase.currency}
    await move(db, order, purchase, "returned", PurchaseReturned, by=by, **told)
    if refund:
        await giving_back.begin(db, order, purchase, amount=refund, core=core, by=by)
    return refund


def core_left(purchase: Purchase) -> int:
    """The deposit on old parts that nobody has given back."""
    return 0 if purchase.core_back_at else min(purchase.core_minor, purchase.paid_minor)


async def take_core(db: AsyncSession, purchase: Purchase, *, by: Viewer) -> int:
    """The old parts came back: their deposit goes to the buyer. Raises Refused."""
    order, purchase = await purchases.hold(db, purchase.id)
    core = core_left(purchase)
    if not core or purchase.status not in ("delivered", "return_requested", "returned"):
        raise Refused(_("There is no deposit to give back."), audit="purchase.illegal_refund")
    purchase.core_back_at = clock.now()
    purchase.version += 1
    await db.flush()
    told = {"refund_minor": core, "currency": purchase.currency}
    await tell_purchase(db, CoreReturned, order, purchase, by=by, **told)
    await giving_back.begin(db, order, purchase, amount=core, core=core, by=by)
    return core


# By the clock


async def overdue() -> list[tuple[UUID, UUID]]:
    """Purchases that were not paid, or not confirmed, in time: (seller, purchase)."""
    now = clock.now()
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.execute(
            select(Purchase.tenant_id, Purchase.id)
            .where(
                Purchase.status == "accepted",
                or_(
                    Purchase.confirm_by <= now,
                    and_(Purchase.payment_status.in_(("pending", "failed")), Purchase.pay_by <= now),
                ),
            )
            .order_by(func.least(Purchase.confirm_by, Purchase.pay_by), Purchase.id)
            .limit(200)
        )
        return [(row.tenant_id, row.id) for row in rows]


async def lapse(tenant_id: UUID, purchase_id: UUID) -> bool:
    """End a purchase whose time is over. The provider is asked first: money may be held that nobody has told us of.
    False when somebody was quicker."""
    async with transaction(tenant=tenant_id) as db:
        known = await db.get_one(Purchase, purchase_id)
    await deal_paying.look(known)
    by = Viewer.system(tenant_id)
    async with transaction(tenant=tenant_id) as db:
        order, purchase = await purchases.hold(db, purchase_id)
        now = clock.now()
        if purchase.status != "accepted":
            return False
        if any(one.is_live and one.capture_asked_at for one in await purchases.payments_of(db, purchase)):
            return False  # being confirmed this moment
        if purchase.confirm_by is not None:
            if purchase.confirm_by > now:
                return False
            if await _card_failed(db, purchase):
                await end(db, order, purchase, "cancelled", PurchaseCancelled, reason=NOT_TAKEN, by=by)
            else:
                await end(db, order, purchase, "failed", PurchaseFailed, reason=NOT_CONFIRMED, by=by)
        elif purchase.pay_by is not None and purchase.pay_by <= now:
            await end(db, order, purchase, "cancelled", PurchaseCancelled, reason=NOT_PAID, by=by)
        else:
            return False
    return True
