"""Invoices with frozen lines, payments through gateways, and the double-entry ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, Identified, TaxRate, TenantOwned, tenant_fk, tenant_key

OPEN_INVOICE = ("issued", "partially_paid", "overdue")
"""Money is still wanted."""

LIVE_PAYMENT = ("created", "pending", "requires_action", "authorized")
"""Begun and undecided: its amount is spoken for."""

TAKEN = ("completed", "partially_refunded", "disputed")
"""The money is, or was, with the shop."""

TAKEN_EVER = (*TAKEN, "refunded", "lost")

REFUNDABLE = ("completed", "partially_refunded")
"""While a payment is disputed its money is with nobody, and the provider gives none of it back."""

PAYMENT_MOVES: dict[str, frozenset[str]] = {
    "created": frozenset(
        {"pending", "requires_action", "authorized", "completed", "failed", "cancelled", "expired"}
    ),
    "pending": frozenset({"requires_action", "authorized", "completed", "failed", "cancelled", "expired"}),
    "requires_action": frozenset({"pending", "authorized", "completed", "failed", "cancelled", "expired"}),
    "authorized": frozenset({"completed", "failed", "cancelled", "expired"}),
    "completed": frozenset({"partially_refunded", "refunded", "disputed"}),
    "partially_refunded": frozenset({"completed", "partially_refunded", "refunded", "disputed"}),
    # Won, what was given back before the dispute is still given back.
    "disputed": frozenset({"completed", "partially_refunded", "refunded", "lost"}),
    # Money that arrives late is money: it is taken once, whatever we believed before.
    "failed": frozenset({"completed"}),
    "cancelled": frozenset({"completed"}),
    "expired": frozenset({"completed"}),
    # The payer's bank did not take what was given back.
    "refunded": frozenset({"completed", "partially_refunded"}),
    "lost": frozenset(),
}
"""Legal moves. News that come out of order and say something older are no move, and change nothing."""


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
        CheckConstraint(
            "paid_minor >= 0 AND credited_minor >= 0 AND paid_minor + credited_minor <= total_minor",
            name="never_overpaid",
        ),
        CheckConstraint("total_minor = subtotal_minor + tax_minor", name="adds_up"),
        Index("ix_invoices_user_id", "user_id"),
        Index("ix_invoices_status", "tenant_id", "status"),
        Index("ix_invoices_center", "tenant_id", "center_id", "issued_at"),
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
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    series: Mapped[str]
    number: Mapped[int]
    status: Mapped[str] = mapped_column(default="issued")
    """issued, partially_paid, paid, overdue, cancelled, credited. What is not issued yet is not stored."""
    currency: Mapped[str]
    subtotal_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(default=0)
    """Sum of what was taken for it and not given back; the ledger says the same."""
    credited_minor: Mapped[int] = mapped_column(default=0)
    """Sum of its credit notes."""
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(default="")
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Names, addresses and car as they stood when issued."""
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def label(self) -> str:
        """The number as it is printed: INV-00042."""
        return f"{self.series or 'INV'}-{self.number:05d}"

    @property
    def wanted_minor(self) -> int:
        """What it asks for in all, after its credit notes."""
        return self.total_minor - self.credited_minor

    @property
    def open_minor(self) -> int:
        """What is still to be paid."""
        return self.wanted_minor - self.paid_minor if self.is_open else 0

    @property
    def is_open(self) -> bool:
        """Whether money is still wanted."""
        return self.status in OPEN_INVOICE


class InvoiceLine(TenantOwned, Base):
    """A frozen line of an invoice."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        tenant_key(),
        tenant_fk("invoices", "invoice_id"),
        UniqueConstraint("tenant_id", "invoice_id", "position"),
    )

    invoice_id: Mapped[UUID]
    job_id: Mapped[UUID | None]
    job_title: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    description: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Decimal]
    unit_price_minor: Mapped[int]
    tax_rate: Mapped[Decimal] = mapped_column(TaxRate)
    net_minor: Mapped[int]
    tax_minor: Mapped[int]


class ProviderPayment(TenantOwned):
    """What every attempt to pay knows of itself and of the provider, whatever is paid for. Its id is the gateway's
    idempotency key."""

    provider: Mapped[str]
    """stripe, cash."""
    provider_ref: Mapped[str] = mapped_column(default="")
    provider_account: Mapped[str] = mapped_column(default="")
    transaction_ref: Mapped[str] = mapped_column(default="")
    """The provider's name of the charge."""
    checkout_url: Mapped[str] = mapped_column(default="")
    checkout_terms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the provider was asked, word for word: a second call with the same key must say the same."""
    status: Mapped[str] = mapped_column(default="created")
    """created, pending, requires_action, authorized, completed, failed, cancelled, expired, refunded …"""
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    """Given back, and taken by the payer's bank as far as we have heard."""
    returned_minor: Mapped[int] = mapped_column(default=0)
    """Given back, and returned by the payer's bank. It only grows."""
    lost_minor: Mapped[int] = mapped_column(default=0)
    """What the payer's bank took back after a dispute."""
    dispute_stage: Mapped[int] = mapped_column(default=0)
    """Disputes opened plus disputes decided, as far as we have heard: older news say less."""
    fee_minor: Mapped[int] = mapped_column(default=0)
    """What the provider kept."""
    platform_fee_minor: Mapped[int] = mapped_column(default=0)
    """What goes to the platform: as it was asked for when the payment began, then as it was taken."""
    platform_fee_back_minor: Mapped[int] = mapped_column(default=0)
    """What of that came back with refunds."""
    payout_ref: Mapped[str] = mapped_column(default="")
    """The provider's name of the payout that brought it to the shop's bank, once one is known to hold it."""
    payout_at: Mapped[datetime | None]
    """When that payout was made."""
    currency: Mapped[str]
    paid_with: Mapped[str] = mapped_column(default="")
    """Such as "Visa ···· 4242"."""
    failure: Mapped[str] = mapped_column(default="")
    gateway_response: Mapped[dict[str, Any] | None]
    expires_at: Mapped[datetime | None]
    processed_at: Mapped[datetime | None]
    """When it was decided, one way or the other."""
    asked_at: Mapped[datetime | None]
    """When the clock last had the provider asked what became of it since."""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_PAYMENT

    @property
    def is_taken(self) -> bool:
        return self.status in TAKEN

    @property
    def kept_minor(self) -> int:
        """What of it is still with the shop."""
        return self.amount_minor - self.refunded_minor - self.lost_minor

    @property
    def platform_kept_minor(self) -> int:
        """What the platform kept of it, after what came back with refunds."""
        return self.platform_fee_minor - self.platform_fee_back_minor

    @property
    def arrives_minor(self) -> int:
        """What of it reaches the shop, as far as we have heard: less than nothing where only fees are left."""
        return self.kept_minor - self.fee_minor - self.platform_kept_minor

    @property
    def given_minor(self) -> int:
        """All that was ever given back, whether it stayed with the payer or not."""
        return self.refunded_minor + self.returned_minor

    def may_become(self, status: str) -> bool:
        """Whether the state machine allows the move."""
        return status in PAYMENT_MOVES[self.status]


class Payment(ProviderPayment, Base):
    """One attempt to pay (part of) an invoice."""

    __tablename__ = "payments"
    __table_args__ = (
        tenant_key(),
        tenant_fk("invoices", "invoice_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "refunded_minor >= 0 AND lost_minor >= 0 AND refunded_minor + lost_minor <= amount_minor",
            name="refunded",
        ),
        CheckConstraint("credit_minor >= 0 AND credit_minor <= amount_minor", name="credit"),
        CheckConstraint("returned_minor >= 0", name="returned"),
        CheckConstraint(
            "platform_fee_back_minor >= 0 AND platform_fee_back_minor <= platform_fee_minor"
            " AND platform_fee_minor <= amount_minor",
            name="platform_fee",
        ),
        Index("ix_payments_invoice", "tenant_id", "invoice_id"),
        Index("ix_payments_user_id", "user_id"),
        Index(
            "ix_payments_taken_by_card",
            "processed_at",
            postgresql_where=text(
                "provider <> 'cash'"
                " AND status IN ('completed', 'partially_refunded', 'disputed', 'refunded', 'lost')"
            ),
        ),
        Index("ix_payments_payout", "tenant_id", "payout_ref", postgresql_where=text("payout_ref <> ''")),
        Index("ix_payments_live", "created_at", postgresql_where=text("processed_at IS NULL")),
        Index(
            "ix_payments_provider_ref",
            "provider",
            "provider_ref",
            unique=True,
            postgresql_where=text("provider_ref <> ''"),
        ),
        Index(
            "ix_payments_transaction_ref",
            "provider",
            "transaction_ref",
            postgresql_where=text("transaction_ref <> ''"),
        ),
    )

    invoice_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """The customer whose payment it is; empty when they have no account."""
    method: Mapped[str]
    """card, cash, bank_transfer, ewallet."""
    credit_minor: Mapped[int] = mapped_column(default=0)
    """The part that no invoice wanted any more when the money came; it is to be given back."""
    tendered_minor: Mapped[int | None]
    """Cash handed over; what is more than the amount went back as change."""
    taken_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    @property
    def credit_left_minor(self) -> int:
        """What of it no invoice wants and nobody has given back yet."""
        return max(self.credit_minor - self.refunded_minor - self.lost_minor, 0)

    @property
    def change_minor(self) -> int:
        return (self.tendered_minor or self.amount_minor) - self.amount_minor


class Refund(TenantOwned, Base):
    """Money on its way back to whoever paid. Its id is the gateway's idempotency key."""

    __tablename__ = "refunds"
    __table_args__ = (
        tenant_key(),
        tenant_fk("payments", "payment_id"),
        tenant_fk("credit_notes", "credit_note_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_refunds_payment", "tenant_id", "payment_id"),
        Index("ix_refunds_pending", "created_at", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_refunds_done",
            "decided_at",
            postgresql_where=text("status = 'done' AND provider_ref <> ''"),
        ),
    )

    payment_id: Mapped[UUID]
    credit_note_id: Mapped[UUID | None]
    """The note that made this money the customer's."""
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(default="pending")
    """pending, done, failed, returned: done, and sent back by the payer's bank later."""
    amount_minor: Mapped[int]
    provider_ref: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]

    @property
    def is_pending(self) -> bool:
        return self.status == "pending"


class CreditNote(TenantOwned, Base):
    """The document that takes an issued invoice back, or lines of it: numbered in a series of its own, frozen like the
    invoice."""

    __tablename__ = "credit_notes"
    __table_args__ = (
        tenant_key(),
        tenant_fk("invoices", "invoice_id"),
        UniqueConstraint("tenant_id", "number"),
        Index("ix_credit_notes_invoice", "tenant_id", "invoice_id"),
        Index("ix_credit_notes_user_id", "user_id"),
    )

    invoice_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    number: Mapped[int]
    reason: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The invoice's number, day and fingerprint, and how much of which line is taken back: words and names are the
    invoice's own, which are frozen."""
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime]

    @property
    def label(self) -> str:
        """The number as it is printed: CN-00042."""
        return f"CN-{self.number:05d}"

    @property
    def total_minor(self) -> int:
        """What it takes back, tax included."""
        return int(self.content["total_minor"])


class PaymentAccount(TenantOwned, Base):
    """A tenant's own account at a payment provider."""

    __tablename__ = "payment_accounts"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "provider"),
        UniqueConstraint("provider", "account_ref"),
    )

    provider: Mapped[str]
    account_ref: Mapped[str]
    is_ready: Mapped[bool] = mapped_column(default=False)


class PayLink(TenantOwned, Base):
    """A link that lets its holder see and pay one invoice without an account. Only its hash is stored."""

    __tablename__ = "pay_links"
    __table_args__ = (
        tenant_key(),
        tenant_fk("invoices", "invoice_id"),
        Index("ix_pay_links_invoice", "tenant_id", "invoice_id"),
    )

    invoice_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LedgerEntry(TenantOwned, Base):
    """One leg of a booking; the legs of a `transaction_id` sum to zero (a deferred constraint sees to it)."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        tenant_key(),
        tenant_fk("invoices", "invoice_id"),
        tenant_fk("payments", "payment_id"),
        UniqueConstraint("tenant_id", "transaction_id", "account", "currency"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("(invoice_id IS NULL) <> (purchase_id IS NULL)", name="one_subject"),
        Index("ix_ledger_entries_account", "tenant_id", "account"),
        Index("ix_ledger_entries_invoice", "tenant_id", "invoice_id"),
        Index(
            "ix_ledger_entries_purchase",
            "tenant_id",
            "purchase_id",
            postgresql_where=text("purchase_id IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entries_platform_fees",
            "created_at",
            postgresql_where=text("account = 'platform_fees'"),
        ),
    )

    transaction_id: Mapped[UUID]
    """The thing booked (invoice, payment, refund): the same thing cannot be booked twice."""
    account: Mapped[str]
    """receivable, revenue, tax, cash, stripe, fees, platform_fees, customer_credit, core_deposits."""
    amount_minor: Mapped[int]
    """Positive is debit, negative is credit."""
    currency: Mapped[str]
    invoice_id: Mapped[UUID | None]
    purchase_id: Mapped[UUID | None]
    """What a parts shop has sold on the market, which stands above and points down at nothing here."""
    payment_id: Mapped[UUID | None]
    """A payment of the invoice; a purchase has its own."""
    memo: Mapped[str] = mapped_column(default="")


class PlatformFee(Identified, Base):
    """What the platform keeps of card payments in a currency, from when it was set to the next. In ink."""

    __tablename__ = "platform_fees"
    __table_args__ = (
        UniqueConstraint("currency", "version"),
        CheckConstraint(
            "basis_points >= 0 AND basis_points <= 3000 AND fixed_minor >= 0",
            name="bounds",
        ),
    )

    currency: Mapped[str]
    version: Mapped[int]
    basis_points: Mapped[int]
    """Hundredths of a per cent of the payment."""
    fixed_minor: Mapped[int]
    """On top, for each payment."""
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    set_by: Mapped[str]


class BusinessFee(TenantOwned, Base):
    """What the platform keeps of one business's card payments in a currency, instead of the fee for all. In ink; of
    those that have begun the one set last holds, and one that was replaced before its day never begins."""

    __tablename__ = "business_fees"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "currency", "version"),
        CheckConstraint(
            "basis_points >= 0 AND basis_points <= 3000 AND fixed_minor >= 0",
            name="bounds",
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), sort_order=-9)
    currency: Mapped[str]
    version: Mapped[int]
    is_general: Mapped[bool]
    """From then on the fee for all holds again; the two numbers are nothing."""
    basis_points: Mapped[int]
    fixed_minor: Mapped[int]
    starts_at: Mapped[datetime]
    set_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    set_by: Mapped[str]


class WebhookEvent(Base):
    """A message of a payment provider, kept once."""

    __tablename__ = "webhook_events"

    provider: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    """Which payment and which account it speaks of; nothing else of the message is kept."""
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
