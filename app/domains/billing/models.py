"""Invoices with frozen lines, payments through gateways, and the double-entry ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, TenantOwned, tenant_fk, tenant_key


class NumberSeries(Base):
    """The counter behind gap-free invoice numbers of one tenant and series."""

    __tablename__ = "number_series"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Invoice(TenantOwned, Base):
    """A bill for approved and completed work; numbered and frozen when issued."""

    __tablename__ = "invoices"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "series", "number"),
        tenant_fk("service_centers", "center_id"),
        tenant_fk("repair_orders", "order_id"),
        tenant_fk("customers", "customer_id"),
        Index("ix_invoices_user_id", "user_id"),
        Index("ix_invoices_status", "tenant_id", "status"),
        Index(
            "ix_invoices_one_per_order",
            "tenant_id",
            "order_id",
            unique=True,
            postgresql_where=text("status NOT IN ('cancelled', 'credited')"),
        ),
    )

    center_id: Mapped[UUID]
    order_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    series: Mapped[str]
    number: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="draft")
    """draft, issued, partially_paid, paid, overdue, cancelled, credited."""
    currency: Mapped[str]
    subtotal_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(default=0)
    issued_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Names and addresses as they stood when issued."""
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(default=1)


class InvoiceLine(TenantOwned, Base):
    """A frozen line of an invoice."""

    __tablename__ = "invoice_lines"
    __table_args__ = (tenant_key(), tenant_fk("invoices", "invoice_id"))

    invoice_id: Mapped[UUID]
    job_id: Mapped[UUID | None]
    job_title: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    description: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Decimal]
    unit_price_minor: Mapped[int]
    tax_rate: Mapped[Decimal]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]


class Payment(TenantOwned, Base):
    """One attempt to pay (part of) an invoice. Its id is the gateway's idempotency key."""

    __tablename__ = "payments"
    __table_args__ = (
        tenant_key(),
        tenant_fk("invoices", "invoice_id"),
        Index("ix_payments_invoice", "tenant_id", "invoice_id"),
        Index("ix_payments_provider_ref", "provider", "provider_ref"),
    )

    invoice_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    method: Mapped[str]
    """card, cash, bank_transfer, ewallet."""
    provider: Mapped[str] = mapped_column(default="")
    """stripe; empty for cash."""
    provider_ref: Mapped[str] = mapped_column(default="")
    provider_account: Mapped[str] = mapped_column(default="")
    checkout_url: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="created")
    """created, pending, requires_action, authorized, completed, failed, cancelled, expired, refunded …"""
    amount_minor: Mapped[int]
    tendered_minor: Mapped[int | None]
    currency: Mapped[str]
    failure: Mapped[str] = mapped_column(default="")
    gateway_response: Mapped[dict[str, Any] | None]
    processed_at: Mapped[datetime | None]
    taken_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class PaymentAccount(TenantOwned, Base):
    """A tenant's own account at a payment provider."""

    __tablename__ = "payment_accounts"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "provider"))

    provider: Mapped[str]
    account_ref: Mapped[str]
    is_ready: Mapped[bool] = mapped_column(default=False)


class PayLink(TenantOwned, Base):
    """A link that lets its holder see and pay one invoice without an account. Only its hash is stored."""

    __tablename__ = "pay_links"
    __table_args__ = (tenant_key(), tenant_fk("invoices", "invoice_id"))

    invoice_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LedgerEntry(TenantOwned, Base):
    """One leg of a booking; the legs of a `transaction_id` sum to zero (a deferred constraint sees to it)."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        tenant_key(),
        Index("ix_ledger_entries_transaction", "tenant_id", "transaction_id"),
        Index("ix_ledger_entries_account", "tenant_id", "account"),
    )

    transaction_id: Mapped[UUID]
    account: Mapped[str]
    """receivable, revenue, tax, cash, stripe_clearing …"""
    amount_minor: Mapped[int]
    """Positive is debit, negative is credit."""
    currency: Mapped[str]
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    memo: Mapped[str] = mapped_column(default="")


class WebhookEvent(Base):
    """A message of a payment provider, kept once."""

    __tablename__ = "webhook_events"

    provider: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
