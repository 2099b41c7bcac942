"""Billing's states in the reader's words, each with the kind of tell-tale that goes with it."""

from app.core.words import _
from app.domains.billing.models import Invoice, ProviderPayment, Refund
from app.gateways.payments import Payout, PayoutLine


def invoice_state(invoice: Invoice) -> tuple[str, str]:
    """(kind, words) for an invoice."""
    return {
        "issued": ("info", _("Open")),
        "partially_paid": ("wait", _("Partly paid")),
        "paid": ("info", _("Paid, partly credited")) if invoice.credited_minor else ("go", _("Paid")),
        "overdue": ("stop", _("Overdue")),
        "cancelled": ("idle", _("Cancelled")),
        "credited": ("idle", _("Credited")),
    }[invoice.status]


def payment_state(payment: ProviderPayment) -> tuple[str, str]:
    """(kind, words) for a payment: `completed` is stored, "Paid" is shown."""
    return {
        "created": ("wait", _("Begun")),
        "pending": ("wait", _("Waiting for the payer")),
        "requires_action": ("wait", _("The bank asks the payer")),
        "authorized": ("wait", _("Held, not taken yet")),
        "completed": ("go", _("Paid")),
        "failed": ("stop", _("Failed")),
        "cancelled": ("idle", _("Stopped")),
        "expired": ("idle", _("Expired")),
        "partially_refunded": ("info", _("Partly given back")),
        "refunded": ("info", _("Given back")),
        "disputed": ("stop", _("Disputed")),
        "lost": ("stop", _("Dispute lost")),
    }[payment.status]


def refund_state(refund: Refund) -> tuple[str, str]:
    """(kind, words) for a refund."""
    return {
        "pending": ("wait", _("On its way back")),
        "done": ("info", _("Given back")),
        "failed": ("stop", _("Not given back")),
        "returned": ("stop", _("Sent back by the customer's bank")),
    }[refund.status]


def payout_state(payout: Payout) -> tuple[str, str]:
    """(kind, words) for money on its way to the shop's bank."""
    return {
        "pending": ("wait", _("Being prepared")),
        "in_transit": ("wait", _("On its way")),
        "paid": ("go", _("Arrived")),
        "failed": ("stop", _("Sent back by the bank")),
        "cancelled": ("idle", _("Called off")),
    }[payout.state]


def payout_line(line: PayoutLine) -> str:
    """What moved, on the page of a payout."""
    return {
        "payment": _("Payment"),
        "refund": _("Given back"),
        "refund_returned": _("Sent back by the customer's bank"),
        "dispute": _("Dispute"),
        "payout_returned": _("Payout sent back by your bank"),
        "other": line.description or _("Something else"),
    }[line.kind]


def paid_with(payment: ProviderPayment) -> str:
    """ "Visa ···· 4242", or the method in words."""
    method = getattr(payment, "method", "cash" if payment.provider == "cash" else "card")
    methods = {
        "card": _("Card"),
        "cash": _("Cash"),
        "bank_transfer": _("Bank transfer"),
        "ewallet": _("Wallet"),
    }
    if method == "card" and payment.paid_with:
        return payment.paid_with
    return methods.get(method, method)
