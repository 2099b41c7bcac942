"""What the provider says becomes what our books say: once, whatever order the news come in.

The truth is always the provider's present answer about a payment (`PaymentStatus`), never the content of a
webhook. Applying the same answer twice, or an old one late, changes nothing.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.domains import workshop
from app.domains.billing import ledger
from app.domains.billing.events import (
    PaymentChanged,
    PaymentEnded,
    PaymentQuestioned,
    PaymentRefunded,
)
from app.domains.billing.finding import hold
from app.domains.billing.invoicing import of, tell
from app.domains.billing.models import TAKEN, Invoice, Payment
from app.domains.billing.paying import count_in
from app.domains.workshop.models import RepairOrder
from app.gateways.payments import PaymentStatus

ENDED = ("failed", "cancelled", "expired")
MONEY_CAME = ("completed", "partially_refunded", "refunded", "disputed")


async def settle(db: AsyncSession, payment_id: UUID, told: PaymentStatus, *, by: Viewer) -> Payment:
    """Bring a payment to what the provider tells of it, with everything that follows, in one transaction."""
    payment = await db.get_one(Payment, payment_id)
    order_id = await db.scalar(select(Invoice.order_id).where(Invoice.id == payment.invoice_id))
    order = await workshop.hold(db, order_id) if order_id else None
    invoice = await hold(db, payment.invoice_id)
    await db.refresh(payment, with_for_update=True)
    assert order is not None
    _learn(payment, told)
    if told.state in MONEY_CAME:
        if payment.status not in TAKEN:
            await _complete(db, invoice, order, payment, told, by=by)
        if payment.status in TAKEN:
            await _refunds(db, invoice, payment, told, by=by)
            await _dispute(db, invoice, payment, told, by=by)
    elif told.state in ENDED:
        await _end(db, invoice, payment, told, by=by)
    elif told.state != payment.status and payment.may_become(told.state):
        payment.status = told.state
        await tell(db, invoice, PaymentChanged(**_of(invoice, payment), status=told.state), by=by)
    await db.flush()
    return payment


def _of(invoice: Invoice, payment: Payment) -> dict[str, UUID]:
    return {**of(invoice), "payment_id": payment.id}


def _learn(payment: Payment, told: PaymentStatus) -> None:
    """Facts that decide nothing."""
    payment.provider_ref = payment.provider_ref or told.ref
    payment.transaction_ref = told.transaction or payment.transaction_ref
    payment.paid_with = told.method or payment.paid_with
    if told.state not in MONEY_CAME:
        payment.failure = told.failure or ""
    payment.gateway_response = {
        "state": told.state,
        "amount": told.amount,
        "refunded": told.refunded,
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
        said = f"The provider tells of {told.amount} {told.currency} (minor units); nothing is booked."
        if payment.failure != said:
            payment.failure = said
            await tell(db, invoice, PaymentQuestioned(**_of(invoice, payment), said=said), by=by)
        return
    if not payment.may_become("completed"):
        return
    payment.status, payment.processed_at = "completed", clock.now()
    payment.fee_minor, payment.failure = told.fee, ""
    await count_in(db, invoice, order, payment, by=by)


async def _refunds(
    db: AsyncSession, invoice: Invoice, payment: Payment, told: PaymentStatus, *, by: Viewer
) -> None:
    """Book what was given back since we last looked: first what nobody wanted, then what is owed again."""
    more = told.refunded - payment.refunded_minor
    if more <= 0:
        return
    credit_left = max(payment.credit_minor - payment.refunded_minor, 0)
    from_credit = min(more, credit_left)
    owed_again = more - from_credit
    payment.refunded_minor = told.refunded
    payment.status = "refunded" if told.refunded >= payment.amount_minor else "partially_refunded"
    invoice.paid_minor -= owed_again
    invoice.version += 1
    if owed_again and invoice.status == "paid":
        invoice.status, invoice.paid_at = ("partially_paid" if invoice.paid_minor else "issued"), None
    await ledger.book_refund(
        db, invoice, payment, upto=told.refunded, from_credit=from_credit, owed_again=owed_again
    )
    refunded = PaymentRefunded(**_of(invoice, payment), amount_minor=more, currency=payment.currency)
    await tell(db, invoice, refunded, by=by)


async def _dispute(
    db: AsyncSession, invoice: Invoice, payment: Payment, told: PaymentStatus, *, by: Viewer
) -> None:
    if told.state == "disputed" and payment.may_become("disputed"):
        payment.status = "disputed"
        await tell(db, invoice, PaymentChanged(**_of(invoice, payment), status="disputed"), by=by)


async def _end(
    db: AsyncSession, invoice: Invoice, payment: Payment, told: PaymentStatus, *, by: Viewer
) -> None:
    if payment.is_live and payment.may_become(told.state):
        payment.status, payment.processed_at = told.state, clock.now()
        await tell(db, invoice, PaymentEnded(**_of(invoice, payment), status=told.state), by=by)
