"""Billing: invoices for done work, payments towards them, and the books of both.

An invoice is issued once, numbered without gaps and frozen; money moves only under its lock, and every movement
is booked twice. What a provider says is asked anew, never taken from a webhook.
"""

from app.domains.billing.finding import (
    find,
    find_payment,
    lines_of,
    listing,
    of_order,
    payments_of,
    visible_to,
)
from app.domains.billing.invoicing import billable, issue, live_invoice
from app.domains.billing.links import make_pay_link, renew_pay_link
from app.domains.billing.live import desk_topic, invoice_topic
from app.domains.billing.paper import typeset as typeset_invoice
from app.domains.billing.paying import begin_card, take_cash
from app.domains.billing.receipts import receipt_token
from app.domains.billing.success import card_success
from app.domains.billing.words import invoice_state, paid_with, payment_state

__all__ = [
    "begin_card",
    "billable",
    "card_success",
    "desk_topic",
    "find",
    "find_payment",
    "invoice_state",
    "invoice_topic",
    "issue",
    "lines_of",
    "listing",
    "live_invoice",
    "make_pay_link",
    "of_order",
    "paid_with",
    "payment_state",
    "payments_of",
    "receipt_token",
    "renew_pay_link",
    "take_cash",
    "typeset_invoice",
    "visible_to",
]
