"""Invoices, payments, ledger, payment webhooks."""

from app.domains.billing.links import make_pay_link
from app.domains.billing.receipts import receipt_token
from app.domains.billing.words import paid_with

__all__ = ["make_pay_link", "paid_with", "receipt_token"]
