"""Setting out to pay: how much may be paid, cash at the counter, and the beginning of a card payment.

Nothing here talks to a provider. A card payment is begun and committed here, with its id as the provider's
idempotency key; `checkout` then makes the call outside of any transaction.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules
from app.core.db import enter_tenant, new_id
from app.core.errors import Invalid, Refused
from app.core.render import money
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.billing import fees, ledger
from app.domains.billing.events import PaymentCompleted, PaymentStarted
from app.domains.billing.finding import hold, live_payments
from app.domains.billing.invoicing import of, settle_if_paid, tell
from app.domains.billing.models import Invoice, Payment, PaymentAccount
from app.domains.billing.receipts import receipt_token
from app.domains.workshop.models import RepairOrder
from app.settings import settings

CHECKOUT_LIFETIME = timedelta(hours=1)
"""How long a hosted page stays open, and with it the claim on the amount."""


class NotPayable(Refused):
    """Not this sum, as the invoice stands now. `in_amount` says whether another sum would do."""

    def __init__(self, words: str, *, in_amount: bool, data: dict[str, Any] | None = None) -> None:
        super().__init__(words, data=data, audit="invoice.illegal_move")
        self.in_amount = in_amount

    def beside(self, field: str) -> dict[str, str]:
        """The words for a form: at the field of the amount, or about the form as a whole."""
        return {field if self.in_amount else "": self.words}


def unclaimed(invoice: Invoice, live: Sequence[Payment]) -> int:
    """What may still be asked for: open, and not spoken for by a payment under way."""
    return invoice.open_minor - sum(payment.amount_minor for payment in live)


async def may_pay_by_card(db: AsyncSession, invoice: Invoice) -> bool:
    """Whether the shop takes cards and has an account that can charge."""
    return await _account(db, invoice) is not None


async def _account(db: AsyncSession, invoice: Invoice) -> PaymentAccount | None:
    if not await modules.is_on(db, invoice.tenant_id, "card_payments"):
        return None
    found: PaymentAccount | None = await db.scalar(
        select(PaymentAccount).where(
            PaymentAccount.tenant_id == invoice.tenant_id,
            PaymentAccount.provider == "stripe",
            PaymentAccount.is_ready,
        )
    )
    return found


def _check_amount(invoice: Invoice, amount: int) -> None:
    if invoice.status == "paid":
        words = _("Invoice %(number)s is paid meanwhile, nothing more was taken.", number=invoice.label)
        raise NotPayable(words, in_amount=False)
    if not invoice.is_open:
        words = _("Invoice %(number)s is not open for payment.", number=invoice.label)
        raise NotPayable(words, in_amount=False)
    if amount <= 0:
        raise Invalid({"amount": _("Please enter an amount of more than nothing.")})
    if amount > invoice.open_minor:
        rest = money(invoice.open_minor, invoice.currency)
        raise NotPayable(
            _("At most %(rest)s is open.", rest=rest), in_amount=True, data={"open_minor": invoice.open_minor}
        )


def _check_claims(invoice: Invoice, amount: int, live: Sequence[Payment]) -> None:
    left = unclaimed(invoice, live)
    if amount > left:
        claimed = money(sum(one.amount_minor for one in live), invoice.currency)
        raise NotPayable(
            _("A card payment of %(sum)s is under way. Finish it or stop it first.", sum=claimed),
            in_amount=left > 0,
            data={"payment_id": str(live[0].id)},
        )


async def begin_card(db: AsyncSession, invoice: Invoice, *, amount: int | None = None, by: Viewer) -> Payment:
    """Claim an amount (all that is open, unless told) for a card payment.

    Pressing the button again, in another tab or after coming back, continues the payment that is under way:
    two hosted pages for the same money would let it be paid twice.
    """
    await enter_tenant(db, invoice.tenant_id)
    invoice = await hold(db, invoice.id)
    live = await live_payments(db, invoice)
    for payment in live:
        if payment.method == "card" and amount in (None, payment.amount_minor):
            return payment
    wanted = invoice.open_minor if amount is None else amount
    _check_amount(invoice, wanted)
    _check_claims(invoice, wanted, live)
    account = await _account(db, invoice)
    if account is None:
        raise Refused(_("This shop does not take cards here yet. Please pay at the counter."))
    payment = Payment(
        id=new_id(),
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        user_id=invoice.user_id,
        method="card",
        provider="stripe",
        provider_account=account.account_ref,
        status="created",
        amount_minor=wanted,
        platform_fee_minor=await fees.due(db, invoice.tenant_id, wanted, invoice.currency),
        currency=invoice.currency,
        expires_at=clock.now() + CHECKOUT_LIFETIME,
    )
    payment.checkout_terms = _terms(invoice, payment, by)
    db.add(payment)
    await db.flush()
    started = PaymentStarted(
        **of(invoice),
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )
    await tell(db, invoice, started, by=by)
    return payment


def _terms(invoice: Invoice, payment: Payment, by: Viewer) -> dict[str, Any]:
    """What the provider is told beside the sum. Who came by a link without an account is sent back to a page
    that shows this payment and nothing else: the link's own secret is not for the provider to keep."""
    base = settings().base_url
    if by.is_signed_in:
        success, back = f"/invoices/{invoice.id}?payment={payment.id}", f"/invoices/{invoice.id}"
    else:
        success = back = f"/paid/{receipt_token(payment.id, payment.tenant_id)}"
    car = invoice.content["car"]["name"]
    return {
        "description": _("Invoice %(number)s · %(car)s", number=invoice.label, car=car),
        "success_url": base + success,
        "cancel_url": base + back,
        "locale": by.locale or None,
        "email": invoice.content["customer"]["email"] or None,
        "expires_at": int((clock.now() + CHECKOUT_LIFETIME).timestamp()),
    }


async def take_cash(
    db: AsyncSession, invoice: Invoice, *, amount: int, tendered: int | None = None, by: Viewer
) -> Payment:
    """Cash at the counter, taken and booked at once. Of what was `tendered` the rest is change."""
    order = await workshop.hold(db, invoice.order_id)
    invoice = await hold(db, invoice.id)
    _check_amount(invoice, amount)
    _check_claims(invoice, amount, await live_payments(db, invoice))
    if tendered is not None and tendered < amount:
        raise Invalid({"tendered": _("This is less than the amount.")})
    payment = Payment(
        id=new_id(),
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        user_id=invoice.user_id,
        method="cash",
        provider="cash",
        status="completed",
        amount_minor=amount,
        credit_minor=0,
        refunded_minor=0,
        returned_minor=0,
        fee_minor=0,
        platform_fee_minor=0,
        tendered_minor=tendered,
        currency=invoice.currency,
        paid_with="cash",
        processed_at=clock.now(),
        taken_by_id=by.user_id,
    )
    payment.provider_ref = f"cash_{payment.id}"
    db.add(payment)
    await db.flush()
    await count_in(db, invoice, order, payment, by=by)
    return payment


async def count_in(
    db: AsyncSession, invoice: Invoice, order: RepairOrder, payment: Payment, *, by: Viewer
) -> None:
    """Book a completed payment on its held invoice. What the invoice no longer wants becomes credit."""
    wanted = min(payment.amount_minor, invoice.open_minor)
    payment.credit_minor = payment.amount_minor - wanted
    await ledger.book_payment(db, invoice, payment)
    completed = PaymentCompleted(
        **of(invoice),
        payment_id=payment.id,
        method=payment.method,
        amount_minor=payment.amount_minor,
        credit_minor=payment.credit_minor,
        currency=payment.currency,
    )
    await tell(db, invoice, completed, by=by)
    await lower_what_is_open(db, invoice, order, wanted, by=by)


async def lower_what_is_open(
    db: AsyncSession, invoice: Invoice, order: RepairOrder, paid: int, *, by: Viewer
) -> None:
    """So much more of a held invoice is paid: where it stands follows from that."""
    invoice.paid_minor += paid
    invoice.version += 1
    if not invoice.is_open:
        return
    if (
        not await settle_if_paid(db, invoice, order, by=by)
        and invoice.status == "issued"
        and invoice.paid_minor
    ):
        invoice.status = "partially_paid"
