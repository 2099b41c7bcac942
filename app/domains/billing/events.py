"""What happens to invoices and payments. Each event carries the ids that say who must hear of it."""

from datetime import datetime
from uuid import UUID

from app.core.events import Event


class OfInvoice(Event, frozen=True, kw_only=True):
    """Something that happened to an invoice or its payments."""

    invoice_id: UUID
    order_id: UUID
    center_id: UUID
    customer_id: UUID


class InvoiceIssued(OfInvoice, frozen=True, kw_only=True):
    """A numbered, frozen bill exists; the customer is to get it."""

    label: str
    total_minor: int
    currency: str


class InvoiceCancelled(OfInvoice, frozen=True, kw_only=True):
    """Withdrawn before any money was taken. Its number stays in the books."""

    reason: str


class InvoiceOverdue(OfInvoice, frozen=True, kw_only=True):
    """The day it was due has passed."""

    open_minor: int
    currency: str


class InvoicePaid(OfInvoice, frozen=True, kw_only=True):
    """Nothing is open any more."""

    total_minor: int
    currency: str


class InvoiceCredited(OfInvoice, frozen=True, kw_only=True):
    """A credit note takes the paid invoice back."""

    credit_note_id: UUID
    label: str
    total_minor: int
    currency: str


class PayLinkAsked(OfInvoice, frozen=True, kw_only=True):
    """The desk wants a fresh link mailed to the customer in place of the one before."""


class PayLinkShown(OfInvoice, frozen=True, kw_only=True):
    """The desk was shown a fresh link to hand over; the one before opens nothing any more."""


class OfPayment(OfInvoice, frozen=True, kw_only=True):
    """Something that happened to one payment."""

    payment_id: UUID


class PaymentStarted(OfPayment, frozen=True, kw_only=True):
    """Somebody set out to pay; nothing is taken yet."""

    amount_minor: int
    currency: str


class PaymentCompleted(OfPayment, frozen=True, kw_only=True):
    """Money was taken. `credit_minor` of it was wanted by no invoice and is to be given back."""

    method: str
    amount_minor: int
    credit_minor: int
    currency: str


class PaymentEnded(OfPayment, frozen=True, kw_only=True):
    """An attempt came to nothing: failed, cancelled or expired."""

    status: str


class PaymentChanged(OfPayment, frozen=True, kw_only=True):
    """The provider tells of a step on the way: the bank asks, the sum is held, a dispute."""

    status: str


class PaymentRefunded(OfPayment, frozen=True, kw_only=True):
    """Money was given back."""

    amount_minor: int
    currency: str


class RefundBegun(OfPayment, frozen=True, kw_only=True):
    """Somebody decided to give money back; the provider is asked next."""

    refund_id: UUID
    amount_minor: int
    currency: str


class RefundFailed(OfPayment, frozen=True, kw_only=True):
    """The provider said no. Nothing was given back."""

    refund_id: UUID


class RefundReturned(OfPayment, frozen=True, kw_only=True):
    """The payer's bank sent back what was given back: the shop has it again, the customer has not."""

    amount_minor: int
    currency: str


class PlatformFeeChanged(Event, frozen=True, kw_only=True):
    """The network set what it keeps of card payments in a currency."""

    currency: str
    basis_points: int
    fixed_minor: int
    version: int


class BusinessFeeChanged(Event, frozen=True, kw_only=True):
    """The network set what it keeps of one business's card payments in a currency, or that the fee for all holds."""

    business_id: UUID
    currency: str
    is_general: bool
    basis_points: int
    fixed_minor: int
    starts_at: datetime
    version: int


class PaymentQuestioned(OfPayment, frozen=True, kw_only=True):
    """The provider tells of another amount or currency than was asked for. Nothing is booked."""

    said: str


class WebhookReceived(Event, frozen=True, kw_only=True):
    """A signed word from a provider about a payment. What it means is asked from the provider anew."""

    provider: str
    event_id: str
    kind: str
    payment_id: UUID
    ref: str


class AccountRang(Event, frozen=True, kw_only=True):
    """A signed word about a payment on a shop's account that is none of an invoice. Whoever takes money otherwise looks
    among its own."""

    provider: str
    event_id: str
    kind: str
    ref: str
    reference: UUID | None
    transaction: str


class PaymentAccountChanged(Event, frozen=True, kw_only=True):
    """A shop's account at a provider was connected or changed; whether it can charge is asked anew."""

    provider: str
    account_ref: str
