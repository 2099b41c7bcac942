"""What the provider says becomes what our books say: once, whatever order the news come in.

The truth is always the provider's present answer about a payment (`PaymentStatus`), never the content of a
webhook. Applying the same answer twice, or an old one late, changes nothing.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.domains.billing import ledger
from app.domains.billing.events import (
    PaymentChanged,
    PaymentEnded,
    PaymentQuestioned,
    PaymentRefunded,
    RefundReturned,
)
from app.domains.billing.finding import hold_payment, refunds_of
from app.domains.billing.invoicing import of, open_again, tell
from app.domains.billing.models import TAKEN_EVER, Invoice, Payment
from app.domains.billing.paying import count_in, lower_what_is_open
from app.domains.workshop.models import RepairOrder
from app.gateways.payments import PaymentStatus

ENDED = ("failed", "cancelled", "expired")
QUESTIONED = "The provider tells of "
"""So a payment's failure begins when its sum is another than was asked for."""
MONEY_CAME = ("completed", "partially_refunded", "refunded", "disputed", "lost")


async def settle(db: AsyncSession, payment_id: UUID, told: PaymentStatus, *, by: Viewer) -> Payment:
    """Bring a payment to what the provider tells of it, with everything that follows, in one transaction."""
    order, invoice, payment = await hold_payment(db, payment_id)
    _learn(payment, told)
    if told.state in MONEY_CAME:
        if payment.status not in TAKEN_EVER:
            await _complete(db, invoice, order, payment, told, by=by)
        if payment.status in TAKEN_EVER:
            await _move_refunds(db, invoice, order, payment, told, by=by)
            await _give_fee_back(db, invoice, payment, told.platform_fee_back)
            await _dispute(db, invoice, payment, told, by=by)
            await _keep_fee(db, invoice, payment, told)
    elif told.state in ENDED:
        await _end(db, invoice, payment, told, by=by)
    elif told.state != payment.status and payment.may_become(told.state):
        await _change(db, invoice, payment, told.state, by=by)
    await db.flush()
    return payment


def of_payment(invoice: Invoice, payment: Payment) -> dict[str, UUID]:
    """Whom an event about this payment concerns."""
    return {**of(invoice), "payment_id": payment.id}


def _learn(payment: Payment, told: PaymentStatus) -> None:
    """Facts that decide nothing."""
    payment.provider_ref = payment.provider_ref or told.ref
    payment.transaction_ref = told.transaction or payment.transaction_ref
    payment.paid_with = told.method or payment.paid_with
    if told.state not in MONEY_CAME:
        payment.failure = told.failure or ""
    if payment.status in TAKEN_EVER and payment.gateway_response is None:
        return  # emptied when the person left; what is asked later does not bring it back
    payment.gateway_response = {
        "state": told.state,
        "amount": told.amount,
        "refunded": told.refunded,
        "returned": told.returned,
        "fee": told.fee,
        "platform_fee": told.platform_fee,
        "platform_fee_back": told.platform_fee_back,
        "currency": told.currency,
        "transaction": told.transaction,
    }


async def _complete(
    db: AsyncSession,
    invoice: Invoice,
    order: RepairOrder,
    payment: Payment,
    told: PaymentStatus,
    *,
    by: Viewer,
) -> None:
    """Money came. Late money, after we had given the payment up, is still money."""
    if (told.amount, told.currency) != (payment.amount_minor, payment.currency):
        said = f"{QUESTIONED}{told.amount} {told.currency} (minor units); nothing is booked."
        if payment.failure != said:
            payment.failure = said
            await tell(db, invoice, PaymentQuestioned(**of_payment(invoice, payment), said=said), by=by)
        return
    if not payment.may_become("completed"):
        return
    payment.status, payment.processed_at = "completed", clock.now()
    payment.fee_minor, payment.failure = told.fee, ""
    payment.platform_fee_minor = told.platform_fee
    await count_in(db, invoice, order, payment, by=by)


async def _move_refunds(
    db: AsyncSession,
    invoice: Invoice,
    order: RepairOrder,
    payment: Payment,
    told: PaymentStatus,
    *,
    by: Viewer,
) -> None:
    """Both sums of the provider's only grow: what they were before another answer was booked changes nothing, and
    what went and came back between two looks moved nothing."""
    came_back = [
        refund
        for refund in (await refunds_of(db, invoice) if told.returned_refs else ())
        if refund.status == "done" and refund.provider_ref in told.returned_refs
    ]
    gone, back = told.refunded - payment.given_minor, told.returned - payment.returned_minor
    unseen = min(gone, back - sum(refund.amount_minor for refund in came_back))
    payment.returned_minor += max(unseen, 0)
    await _take_again(db, invoice, order, payment, told.returned, by=by)
    await give_back(db, invoice, payment, told.refunded, by=by)
    for refund in came_back:
        refund.status = "returned"


async def give_back(db: AsyncSession, invoice: Invoice, payment: Payment, upto: int, *, by: Viewer) -> None:
    """Book what was given back of a held payment since we last looked; `upto` is all that ever was."""
    more = upto - payment.given_minor
    if more <= 0:
        return
    from_credit, owed_again = _go_out(invoice, payment, more)
    payment.refunded_minor += more
    _stand_after_refunds(payment)
    await ledger.book_refund(db, invoice, payment, upto=upto, from_credit=from_credit, owed_again=owed_again)
    refunded = PaymentRefunded(**of_payment(invoice, payment), amount_minor=more, currency=payment.currency)
    await tell(db, invoice, refunded, by=by)
    if owed_again:
        await open_again(db, invoice, by=by)


async def _take_again(
    db: AsyncSession, invoice: Invoice, order: RepairOrder, payment: Payment, upto: int, *, by: Viewer
) -> None:
    """The payer's bank sent back what was given back: the shop has it again, and the customer still has not. What
    had been credit is credit again; the rest pays what is open of the invoice, and is credit where nothing is."""
    back = upto - payment.returned_minor
    if back <= 0:
        return
    credit_before = payment.credit_left_minor
    payment.refunded_minor -= back
    payment.returned_minor = upto
    to_invoice = min(back - (payment.credit_left_minor - credit_before), invoice.open_minor)
    to_credit = back - to_invoice
    gone = payment.refunded_minor + payment.lost_minor
    if payment.credit_left_minor < credit_before + to_credit:
        payment.credit_minor = gone + credit_before + to_credit
    _stand_after_refunds(payment)
    await ledger.book_return(db, invoice, payment, upto=upto, to_credit=to_credit, to_invoice=to_invoice)
    returned = RefundReturned(**of_payment(invoice, payment), amount_minor=back, currency=payment.currency)
    await tell(db, invoice, returned, by=by)
    await lower_what_is_open(db, invoice, order, to_invoice, by=by)


async def _give_fee_back(db: AsyncSession, invoice: Invoice, payment: Payment, upto: int) -> None:
    """Book what came back of the platform's fee since we last looked."""
    more = upto - payment.platform_fee_back_minor
    if more > 0:
        payment.platform_fee_back_minor = upto
        await ledger.book_fee_back(db, invoice, payment, upto=upto, amount=more)


async def _keep_fee(db: AsyncSession, invoice: Invoice, payment: Payment, told: PaymentStatus) -> None:
    """The provider often reckons what it keeps only after the money came: book what it says more by now. An older
    answer says less, and changes nothing."""
    more = told.fee + told.dispute_fee - payment.fee_minor
    if more > 0:
        payment.fee_minor += more
        await ledger.book_fee(db, invoice, payment, more)


def _go_out(invoice: Invoice, payment: Payment, more: int) -> tuple[int, int]:
    """Where money that leaves the shop comes from: first what nobody wanted, then what is owed again."""
    from_credit = min(more, payment.credit_left_minor)
    invoice.paid_minor -= more - from_credit
    invoice.version += 1
    return from_credit, more - from_credit


def _stand_after_refunds(payment: Payment) -> None:
    """A dispute says more of a payment than its refunds do."""
    if payment.status not in ("disputed", "lost"):
        payment.status = _after_refunds(payment)


def _after_refunds(payment: Payment) -> str:
    if not payment.refunded_minor:
        return "completed"
    return "refunded" if payment.refunded_minor >= payment.amount_minor else "partially_refunded"


async def _dispute(
    db: AsyncSession, invoice: Invoice, payment: Payment, told: PaymentStatus, *, by: Viewer
) -> None:
    """A dispute opens, and is won or lost weeks later. The stage only grows: what was asked before another
    answer was booked says less than we know, and changes nothing."""
    if told.dispute_stage <= payment.dispute_stage:
        return
    if payment.status != "disputed":
        if not payment.may_become("disputed"):
            return
        await _change(db, invoice, payment, "disputed", by=by)
    payment.dispute_stage = told.dispute_stage
    taken_back = min(told.lost - payment.lost_minor, payment.kept_minor)
    fee = told.fee + told.dispute_fee - payment.fee_minor
    from_credit, owed_again = _go_out(invoice, payment, taken_back)
    payment.lost_minor += taken_back
    payment.fee_minor += fee
    if fee or taken_back:
        await ledger.book_dispute(
            db, invoice, payment, fee=fee, from_credit=from_credit, owed_again=owed_again
        )
    if told.state != "disputed":  # another may be open already when we hear of the one before
        ended = "lost" if told.state == "lost" else _after_refunds(payment)
        await _change(db, invoice, payment, ended, by=by)
    if owed_again:
        await open_again(db, invoice, by=by)


async def _change(db: AsyncSession, invoice: Invoice, payment: Payment, status: str, *, by: Viewer) -> None:
    payment.status = status
    await tell(db, invoice, PaymentChanged(**of_payment(invoice, payment), status=status), by=by)


async def _end(
    db: AsyncSession, invoice: Invoice, payment: Payment, told: PaymentStatus, *, by: Viewer
) -> None:
    if payment.is_live and payment.may_become(told.state):
        payment.status, payment.processed_at = told.state, clock.now()
        await tell(db, invoice, PaymentEnded(**of_payment(invoice, payment), status=told.state), by=by)
