"""Invoices, payments, ledger, payment webhooks."""
