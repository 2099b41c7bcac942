"""What the provider says of a purchase's payment becomes what the seller's books say: once, in whatever order it comes.

The truth is the provider's present answer (`PaymentStatus`). The transaction is the seller's.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.domains.billing.models import TAKEN_EVER
from app.domains.billing.settling import ENDED, MONEY_CAME, QUESTIONED
from app.domains.marketplace import deal_books, giving_back, moving, purchases
from app.domains.marketplace.accepting import CONFIRM_WITHIN, PAY_WITHIN
from app.domains.marketplace.events import (
    PurchaseAuthorized,
    PurchasePaid,
    PurchasePaidLate,
    PurchasePaymentDisputed,
    PurchasePaymentEnded,
    PurchasePaymentQuestioned,
    PurchaseRefundFailed,
)
from app.domains.marketplace.models import ENDED_PURCHASE, PartsOrder, Purchase, PurchasePayment
from app.domains.marketplace.telling import tell_purchase
from app.gateways.payments import PaymentStatus


async def settle(db: AsyncSession, payment_id: UUID, told: PaymentStatus, *, by: Viewer) -> PurchasePayment:
    """Bring a payment to what the provider tells of it, with all that follows, in one transaction."""
    order, purchase, payment = await purchases.hold_payment(db, payment_id)
    _learn(payment, told)
    if told.state in MONEY_CAME:
        if payment.status not in TAKEN_EVER:
            await _take(db, order, purchase, payment, told, by=by)
        if payment.status in TAKEN_EVER:
            await _move_refunds(db, order, purchase, payment, told, by=by)
            await _fees(db, purchase, payment, told)
            await _dispute(db, order, purchase, payment, told, by=by)
    elif told.state == "authorized":
        await _hold(db, order, purchase, payment, told, by=by)
    elif told.state in ENDED:
        await _end(db, order, purchase, payment, told.state, by=by)
    elif told.state != payment.status and payment.may_become(told.state):
        payment.status = told.state
    await db.flush()
    return payment


def _learn(payment: PurchasePayment, told: PaymentStatus) -> None:
    """Facts that decide nothing."""
    payment.provider_ref = payment.provider_ref or told.ref
    payment.transaction_ref = told.transaction or payment.transaction_ref
    payment.paid_with = told.method or payment.paid_with
    payment.authorized_until = told.authorized_until or payment.authorized_until
    if told.state not in MONEY_CAME:
        payment.failure = told.failure or payment.failure
    payment.gateway_response = {
        "state": told.state,
        "amount": told.amount,
        "authorized": told.authorized,
        "refunded": told.refunded,
        "currency": told.currency,
        "transaction": told.transaction,
    }


async def _question(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    sum_: object,
    *,
    by: Viewer,
) -> None:
    said = f"{QUESTIONED}{sum_} (minor units); nothing is booked."
    if payment.failure != said:
        payment.failure = said
        await tell_purchase(
            db, PurchasePaymentQuestioned, order, purchase, by=by, payment_id=payment.id, said=said
        )


async def _hold(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    told: PaymentStatus,
    *,
    by: Viewer,
) -> None:
    """The sum is held on the card. For a purchase that is over it is let go again: whoever hears of it sees to that."""
    if payment.status == "authorized" or not payment.may_become("authorized"):
        return
    if (told.authorized, told.currency) != (payment.amount_minor, payment.currency):
        await _question(db, order, purchase, payment, f"{told.authorized} {told.currency}", by=by)
        return
    now = clock.now()
    payment.status, payment.failure = "authorized", ""
    payment.authorized_minor, payment.authorized_at = told.authorized, now
    if purchase.status != "accepted":
        await tell_purchase(db, PurchasePaidLate, order, purchase, by=by, payment_id=payment.id)
        return
    purchase.payment_status = "authorized"
    purchase.confirm_by = min(now + CONFIRM_WITHIN, payment.authorized_until or now + CONFIRM_WITHIN)
    purchase.version += 1
    held = {"payment_id": payment.id, "amount_minor": told.authorized, "currency": payment.currency}
    await tell_purchase(db, PurchaseAuthorized, order, purchase, by=by, **held)


async def _take(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    told: PaymentStatus,
    *,
    by: Viewer,
) -> None:
    """Money came. Taking it is how a seller says that they have it; for a purchase that is over it goes back."""
    if (told.amount, told.currency) != (payment.amount_minor, payment.currency):
        await _question(db, order, purchase, payment, f"{told.amount} {told.currency}", by=by)
        return
    if not payment.may_become("completed"):
        return
    await take(db, order, purchase, payment, fee=told.fee, platform_fee=told.platform_fee, by=by)
    if purchase.status == "accepted":
        await moving.prepare(db, order, purchase, by=by)
    elif purchase.status in ENDED_PURCHASE:
        await tell_purchase(db, PurchasePaidLate, order, purchase, by=by, payment_id=payment.id)
        await giving_back.begin_rest(db, order, purchase, payment, by=by)


async def take(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    *,
    fee: int = 0,
    platform_fee: int = 0,
    by: Viewer,
) -> None:
    """Book a held payment as taken, whole."""
    payment.status, payment.processed_at, payment.failure = "completed", clock.now(), ""
    payment.captured_minor = payment.amount_minor
    payment.fee_minor, payment.platform_fee_minor = fee, platform_fee
    purchase.paid_minor += payment.captured_minor
    purchase.payment_status = "paid"
    await db.flush()
    await deal_books.book_sale(db, purchase, payment)
    paid = {
        "payment_id": payment.id,
        "amount_minor": payment.captured_minor,
        "currency": payment.currency,
    }
    await tell_purchase(db, PurchasePaid, order, purchase, by=by, **paid)


async def _move_refunds(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    told: PaymentStatus,
    *,
    by: Viewer,
) -> None:
    """Both sums of the provider's only grow. What went and came back between two looks is booked both ways."""
    await giving_back.give_back(db, order, purchase, payment, told.refunded, by=by)
    back = told.returned - payment.returned_minor
    if back > 0:
        payment.refunded_minor -= back
        payment.returned_minor = told.returned
        purchase.refunded_minor -= back
        giving_back.stand_after_refunds(purchase, payment)
        await deal_books.book_return(db, purchase, payment, back)
        for refund in await purchases.refunds_of(db, purchase):
            if refund.provider_ref and refund.provider_ref in told.returned_refs:
                refund.status = "returned"
        await giving_back.note_owed(db, purchase)
        came_back = {"payment_id": payment.id, "amount_minor": back, "currency": payment.currency}
        await tell_purchase(db, PurchaseRefundFailed, order, purchase, by=by, **came_back)


async def _fees(db: AsyncSession, purchase: Purchase, payment: PurchasePayment, told: PaymentStatus) -> None:
    """What came back of the platform's fee, and what the provider kept besides, since we last looked."""
    back = told.platform_fee_back - payment.platform_fee_back_minor
    if back > 0:
        payment.platform_fee_back_minor = told.platform_fee_back
        await deal_books.book_fee_back(db, purchase, payment, back)
    more = told.fee + (told.dispute_fee if told.dispute_stage <= payment.dispute_stage else 0)
    if more > payment.fee_minor:
        more, payment.fee_minor = more - payment.fee_minor, more
        await deal_books.book_fee(db, purchase, payment, more)


async def _dispute(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    told: PaymentStatus,
    *,
    by: Viewer,
) -> None:
    """A dispute opens, and is won or lost weeks later; what was asked before another answer was booked says less."""
    if told.dispute_stage <= payment.dispute_stage:
        return
    if payment.status != "disputed" and not payment.may_become("disputed"):
        return
    payment.dispute_stage = told.dispute_stage
    taken_back = min(told.lost - payment.lost_minor, payment.kept_minor)
    fee = max(told.fee + told.dispute_fee - payment.fee_minor, 0)
    payment.lost_minor += taken_back
    payment.fee_minor += fee
    payment.status = "disputed"
    if told.state == "lost":
        payment.status = "lost"
    elif told.state != "disputed":
        _after_dispute = "partially_refunded" if payment.refunded_minor else "completed"
        payment.status = "refunded" if payment.refunded_minor >= payment.captured_minor else _after_dispute
    if fee or taken_back:
        await deal_books.book_dispute(db, purchase, payment, fee=fee, taken_back=taken_back)
    outcome = payment.status if payment.status in ("disputed", "lost") else "won"
    asked = {"payment_id": payment.id, "outcome": outcome}
    await tell_purchase(db, PurchasePaymentDisputed, order, purchase, by=by, **asked)


async def _end(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    ended: str,
    *,
    by: Viewer,
) -> None:
    """An attempt came to nothing, or the hold lapsed or was let go. A buyer whose hold lapsed may authorise anew."""
    if not payment.is_live or not payment.may_become(ended):
        return
    payment.status, payment.processed_at, payment.capture_asked_at = ended, clock.now(), None
    if purchase.status == "accepted" and purchase.payment_status == "authorized":
        purchase.payment_status, purchase.confirm_by = "failed", None
        purchase.pay_by = clock.now() + PAY_WITHIN
        purchase.version += 1
    elif purchase.status in ENDED_PURCHASE and purchase.payment_status == "authorized":
        purchase.payment_status = "pending"
    told = {"payment_id": payment.id, "ended": ended}
    await tell_purchase(db, PurchasePaymentEnded, order, purchase, by=by, **told)
