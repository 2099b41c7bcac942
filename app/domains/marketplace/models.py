"""Parts orders, the quotes of the shops that were asked, and what was bought of whom."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified, TenantOwned, tenant_fk, tenant_key
from app.domains.billing.models import ProviderPayment

ORDER_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"submitted", "cancelled"}),
    "submitted": frozenset({"quoted", "expired", "cancelled"}),
    "quoted": frozenset({"submitted", "accepted", "expired", "cancelled"}),
    "expired": frozenset({"submitted", "cancelled"}),
    "accepted": frozenset({"processing", "quoted", "cancelled"}),
    "processing": frozenset({"shipped", "quoted", "cancelled"}),
    "shipped": frozenset({"delivered", "quoted"}),
    "delivered": frozenset({"return_requested"}),
    "return_requested": frozenset({"returned", "delivered"}),
    "returned": frozenset(),
    "cancelled": frozenset(),
}
"""Legal moves. Back to submitted: the last offer was withdrawn. Back to quoted: a shop could not deliver."""

ASKING = ("submitted", "quoted")
"""Shops may offer."""

QUOTE_MOVES: dict[str, frozenset[str]] = {
    "invited": frozenset({"offered", "declined", "expired", "lost", "accepted", "fulfilled", "failed"}),
    "declined": frozenset({"offered"}),
    "offered": frozenset({"offered", "accepted", "fulfilled", "withdrawn", "expired", "lost", "failed"}),
    "withdrawn": frozenset({"offered"}),
    "expired": frozenset({"invited", "offered"}),
    "lost": frozenset({"invited", "offered"}),
    "accepted": frozenset({"fulfilled", "failed", "lost", "invited", "offered"}),
    "failed": frozenset(),
    "fulfilled": frozenset({"invited", "offered"}),
}
"""Legal moves. When parts of an order have nobody to bring them any more, whoever was asked stands again or is asked again,
also who brings its other parts; when that is decided, they are back at what they have sold."""

PURCHASE_MOVES: dict[str, frozenset[str]] = {
    "accepted": frozenset({"processing", "cancelled", "failed"}),
    "processing": frozenset({"shipped", "delivered", "cancelled", "failed"}),
    "shipped": frozenset({"delivered", "failed"}),
    "delivered": frozenset({"return_requested"}),
    "return_requested": frozenset({"returned", "delivered"}),
    "returned": frozenset(),
    "cancelled": frozenset(),
    "failed": frozenset(),
}

LIVE_PURCHASE = ("accepted", "processing", "shipped", "delivered", "return_requested", "returned")
"""Its lines are bought; those of others can be had again."""

AT_REST = ("delivered", "returned", "cancelled", "failed")
"""Nothing of a purchase is on its way any more."""

ENDED_PURCHASE = ("cancelled", "failed")
"""Its money goes back and its lines can be bought again."""

CONDITIONS = ("new", "used", "rebuilt")


class PartsOrder(Identified, Base):
    """What a buyer asks the shops around for. The buyer is a person, or a workshop: never both."""

    __tablename__ = "parts_orders"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name="one_buyer"),
        CheckConstraint("status IN ('draft', 'cancelled') OR latitude IS NOT NULL", name="has_place"),
        CheckConstraint("radius_km > 0", name="radius"),
        ForeignKeyConstraint(
            ["buyer_tenant_id", "buyer_center_id"], ["service_centers.tenant_id", "service_centers.id"]
        ),
        ForeignKeyConstraint(["buyer_tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"]),
        Index("ix_parts_orders_user", "user_id", "status"),
        Index("ix_parts_orders_buyer", "buyer_tenant_id", "status"),
        Index("ix_parts_orders_status", "status", "expires_at"),
        Index("ix_parts_orders_created", "created_at"),
        Index("ix_parts_orders_make", "make"),
        Index("ix_parts_orders_place", "latitude", "longitude"),
        Index("ix_parts_orders_job", "job_id", postgresql_where=text("job_id IS NOT NULL")),
    )

    code: Mapped[str]
    """What people read to each other over the telephone: K7TM-3QXD."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    buyer_tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    buyer_center_id: Mapped[UUID | None]
    job_id: Mapped[UUID | None]
    """The workshop's job it is for."""
    raised_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    raised_by_name: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="draft")
    step: Mapped[str] = mapped_column(default="vehicle")
    """Where a draft goes on: vehicle, delivery, parts, review."""
    vehicle_id: Mapped[UUID | None] = mapped_column(ForeignKey("vehicles.id"))
    make: Mapped[str] = mapped_column(default="")
    """In small letters, as shops are found by it."""
    car: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The car as it was decoded when asked: name, vin, make, model, year, engine, fuel, trim, body."""
    place: Mapped[str] = mapped_column(default="")
    """What the shops read of where it goes: a town, never a street."""
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    country: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="UTC")
    needed_by: Mapped[date | None]
    priority: Mapped[str] = mapped_column(default="normal")
    """normal, urgent."""
    note: Mapped[str] = mapped_column(default="")
    bidding: Mapped[str] = mapped_column(default="sealed")
    """sealed: shops see nothing of each other. open: they see the best total, never whose."""
    radius_km: Mapped[int] = mapped_column(default=25)
    asked_count: Mapped[int] = mapped_column(default=0)
    offer_count: Mapped[int] = mapped_column(default=0)
    best_total_minor: Mapped[int | None]
    """The lowest total of a complete offer."""
    submitted_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    """Since when the shops are asked this time."""
    first_offer_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(default=1)
    """Grows with every acceptance, so that the log says which offers stood against which."""
    version: Mapped[int] = mapped_column(default=1)

    @property
    def car_name(self) -> str:
        """ "2003 Honda Accord"."""
        return str(self.car.get("name", ""))

    def is_asking(self, now: datetime) -> bool:
        """Whether shops may offer and the buyer may accept."""
        return self.status in ASKING and self.expires_at is not None and now < self.expires_at


class PartsOrderDelivery(Identified, Base):
    """Where exactly the parts go, and to whom. Only the buyer's; a seller gets a copy when they have sold."""

    __tablename__ = "parts_order_deliveries"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint("(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name="one_buyer"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("parts_orders.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    buyer_tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class PartsOrderLine(Identified, Base):
    """One part that is needed."""

    __tablename__ = "parts_order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("order_id", "id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("parts_orders.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    """The carmaker's number, when the buyer knows it."""
    quantity: Mapped[Decimal]
    note: Mapped[str] = mapped_column(default="")
    oem_only: Mapped[bool] = mapped_column(default=False)
    job_line_id: Mapped[UUID | None]
    """The line of the workshop's job that the part is for."""
    given_up: Mapped[bool] = mapped_column(default=False)
    """The buyer decided without it."""
    is_bought: Mapped[bool] = mapped_column(default=False)
    """Some shop is to bring it, or has brought it. Those who are asked read that, and not which shop."""

    @property
    def is_open(self) -> bool:
        """Whether it is still asked for: what offers are made and counted over."""
        return not (self.given_up or self.is_bought)


class PartsOrderPhoto(Identified, Base):
    """A photo of a part that is needed, or of where it sits."""

    __tablename__ = "parts_order_photos"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "line_id"],
            ["parts_order_lines.order_id", "parts_order_lines.id"],
            ondelete="CASCADE",
        ),
        Index("ix_parts_order_photos_line_id", "line_id"),
        Index("ix_parts_order_photos_file_id", "file_id"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("parts_orders.id"))
    line_id: Mapped[UUID]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))


class ShopQuote(TenantOwned, Base):
    """One shop's answer to one order, from the moment it was asked. Its tenant is the shop's; the buyer stands in it,
    so that both sides may read it and nobody else."""

    __tablename__ = "shop_quotes"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "order_id"),
        tenant_fk("parts_shops", "shop_id"),
        tenant_fk("service_centers", "center_id"),
        CheckConstraint("(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name="one_buyer"),
        CheckConstraint("total_minor >= 0 AND delivery_fee_minor >= 0", name="total"),
        Index("ix_shop_quotes_order", "order_id", "status"),
        Index("ix_shop_quotes_status", "tenant_id", "status"),
        Index("ix_shop_quotes_user_id", "user_id"),
        Index("ix_shop_quotes_buyer", "buyer_tenant_id"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("parts_orders.id"))
    shop_id: Mapped[UUID]
    center_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    buyer_tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    shop_name: Mapped[str]
    status: Mapped[str] = mapped_column(default="invited")
    """invited, declined, offered, withdrawn, accepted, failed, fulfilled, lost, expired."""
    distance_m: Mapped[int]
    rank: Mapped[int] = mapped_column(SmallInteger)
    """Among those asked: distance, score and how quickly it answers."""
    round: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(default=0)
    """All that is available with cores and delivery: what the buyer would pay."""
    delivery_fee_minor: Mapped[int] = mapped_column(default=0)
    delivers_at: Mapped[datetime | None]
    """When the last available part would be there."""
    available_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    missing_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    note: Mapped[str] = mapped_column(default="")
    decline_reason: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    """When the buyer asked for it last."""
    seen_at: Mapped[datetime | None]
    """When the shop first opened it since."""
    answered_at: Mapped[datetime | None]
    """When it first answered since."""
    valid_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for can be had."""
        return self.available_count > 0 and self.missing_count == 0


class ShopQuoteLine(TenantOwned, Base):
    """What a shop offers for one line of the order as its quote stands now."""

    __tablename__ = "shop_quote_lines"
    __table_args__ = (
        tenant_key(),
        tenant_fk("shop_quotes", "quote_id"),
        UniqueConstraint("tenant_id", "quote_id", "order_line_id"),
        CheckConstraint("unit_price_minor >= 0 AND core_charge_minor >= 0", name="price"),
        CheckConstraint("NOT is_available OR unit_price_minor > 0", name="available_has_price"),
        CheckConstraint("NOT (is_available AND fits = 'does_not_fit')", name="no_misfit_is_offered"),
    )

    quote_id: Mapped[UUID]
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("parts_order_lines.id"))
    is_available: Mapped[bool]
    quantity: Mapped[Decimal]
    unit_price_minor: Mapped[int] = mapped_column(default=0)
    """What the buyer pays for one, tax included."""
    core_charge_minor: Mapped[int] = mapped_column(default=0)
    """Deposit on the old part, for one."""
    brand: Mapped[str] = mapped_column(default="")
    condition: Mapped[str] = mapped_column(default="new")
    part_number: Mapped[str] = mapped_column(default="")
    number_kind: Mapped[str] = mapped_column(default="aftermarket")
    """oem, aftermarket."""
    warranty_months: Mapped[int] = mapped_column(SmallInteger, default=0)
    delivery_hours: Mapped[int] = mapped_column(SmallInteger, default=0)
    note: Mapped[str] = mapped_column(default="")
    fits: Mapped[str] = mapped_column(default="unknown")
    """fits, does_not_fit, unknown."""
    fit_rule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The rule that says so, as it stood when offered."""


class QuoteRevision(TenantOwned, Base):
    """A quote as it once stood, in ink."""

    __tablename__ = "quote_revisions"
    __table_args__ = (
        tenant_key(),
        tenant_fk("shop_quotes", "quote_id"),
        UniqueConstraint("tenant_id", "quote_id", "revision"),
    )

    quote_id: Mapped[UUID]
    revision: Mapped[int]
    total_minor: Mapped[int]
    content: Mapped[dict[str, Any]]
    """The offer as it was made: `quoting.Offer`."""
    by_name: Mapped[str] = mapped_column(default="")


class Purchase(TenantOwned, Base):
    """What a buyer has accepted of one shop. Its tenant is the seller's."""

    __tablename__ = "purchases"
    __table_args__ = (
        tenant_key(),
        tenant_fk("shop_quotes", "quote_id"),
        tenant_fk("parts_shops", "shop_id"),
        tenant_fk("service_centers", "center_id"),
        CheckConstraint("(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name="one_buyer"),
        CheckConstraint("total_minor > 0", name="total"),
        CheckConstraint("refunded_minor BETWEEN 0 AND paid_minor", name="refunded"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("ix_purchases_order", "order_id"),
        Index("ix_purchases_status", "tenant_id", "status"),
        Index("ix_purchases_user_id", "user_id"),
        Index("ix_purchases_buyer", "buyer_tenant_id"),
        Index("ix_purchases_rated", "shop_id", "rated_at", postgresql_where=text("rating IS NOT NULL")),
        Index("ix_purchases_waiting", "accepted_at", postgresql_where=text("status = 'accepted'")),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("parts_orders.id"))
    quote_id: Mapped[UUID]
    shop_id: Mapped[UUID]
    center_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    buyer_tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    status: Mapped[str] = mapped_column(default="accepted")
    """accepted, processing, shipped, delivered, return_requested, returned, cancelled, failed."""
    payment_method: Mapped[str]
    """card, on_delivery."""
    payment_status: Mapped[str] = mapped_column(default="pending")
    """pending, authorized, paid, failed, refunded."""
    currency: Mapped[str]
    total_minor: Mapped[int]
    tax_minor: Mapped[int] = mapped_column(default=0)
    """The tax contained in it, at the seller's rate."""
    core_minor: Mapped[int] = mapped_column(default=0)
    delivery_fee_minor: Mapped[int] = mapped_column(default=0)
    paid_minor: Mapped[int] = mapped_column(default=0)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    owed_since: Mapped[datetime | None]
    """Since when money that is the buyer's could not be given back; empty when none is owed, or it has gone."""
    ship_to: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """name, phone, address, note: handed to the seller with the sale."""
    carrier: Mapped[str] = mapped_column(default="")
    tracking_number: Mapped[str] = mapped_column(default="")
    tracking_url: Mapped[str] = mapped_column(default="")
    end_reason: Mapped[str] = mapped_column(default="")
    """Why it was cancelled, could not be delivered, or is to go back."""
    delivers_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime]
    pay_by: Mapped[datetime | None]
    confirm_by: Mapped[datetime | None]
    """Until when the seller must say that they have it; empty while the buyer has not authorised the card."""
    asked_at: Mapped[datetime | None]
    """When the buyer asked to be let out of it while it was being prepared; empty once it is answered."""
    asked_reason: Mapped[str] = mapped_column(default="")
    """Why the buyer wants to cancel or to send back."""
    answer: Mapped[str] = mapped_column(default="")
    """Why the seller did not agree."""
    handed_to: Mapped[str] = mapped_column(default="")
    """Who took it, in the seller's words."""
    core_back_at: Mapped[datetime | None]
    """When the old parts came back and their deposit went."""
    confirmed_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    """What the buyer says of it, 1 to 5."""
    rating_words: Mapped[str] = mapped_column(default="")
    rated_at: Mapped[datetime | None]
    """When they first said so; they may think better of it for a while."""
    rating_reply: Mapped[str] = mapped_column(default="")
    """What the shop answers, for everybody to read."""
    rating_replied_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class PurchaseLine(TenantOwned, Base):
    """One line of the order, bought: frozen as it was offered. Of every line of an order only one is alive."""

    __tablename__ = "purchase_lines"
    __table_args__ = (
        tenant_key(),
        tenant_fk("purchases", "purchase_id"),
        Index(
            "ix_purchase_lines_once",
            "order_line_id",
            unique=True,
            postgresql_where=text("is_live"),
        ),
        Index("ix_purchase_lines_purchase", "tenant_id", "purchase_id"),
        CheckConstraint("quantity > 0 AND unit_price_minor > 0", name="amount"),
    )

    purchase_id: Mapped[UUID]
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("parts_order_lines.id"))
    is_live: Mapped[bool] = mapped_column(default=True)
    """Until the purchase is cancelled or fails: then the line can be bought again."""
    name: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")
    condition: Mapped[str] = mapped_column(default="new")
    quantity: Mapped[Decimal]
    unit_price_minor: Mapped[int]
    core_charge_minor: Mapped[int] = mapped_column(default=0)
    warranty_months: Mapped[int] = mapped_column(SmallInteger, default=0)
    fits: Mapped[str] = mapped_column(default="unknown")
    fit_rule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    job_line_id: Mapped[UUID | None]
    """Where it came back to in the workshop's job."""


class PurchasePayment(ProviderPayment, Base):
    """One attempt to pay for a purchase: the card is authorised first, and taken when the seller confirms. It belongs to
    the seller; the buyer reads it through the purchase."""

    __tablename__ = "purchase_payments"
    __table_args__ = (
        tenant_key(),
        tenant_fk("purchases", "purchase_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("captured_minor BETWEEN 0 AND amount_minor", name="captured"),
        CheckConstraint(
            "refunded_minor >= 0 AND lost_minor >= 0 AND refunded_minor + lost_minor <= captured_minor",
            name="refunded",
        ),
        CheckConstraint("returned_minor >= 0 AND credit_minor >= 0", name="returned"),
        CheckConstraint(
            "platform_fee_back_minor >= 0 AND platform_fee_back_minor <= platform_fee_minor"
            " AND platform_fee_minor <= amount_minor",
            name="platform_fee",
        ),
        Index(
            "ix_purchase_payments_one_live",
            "tenant_id",
            "purchase_id",
            unique=True,
            postgresql_where=text("status IN ('created', 'pending', 'requires_action', 'authorized')"),
        ),
        Index("ix_purchase_payments_purchase", "tenant_id", "purchase_id"),
        Index("ix_purchase_payments_status", "status", "created_at"),
        Index(
            "ix_purchase_payments_provider_ref",
            "provider",
            "provider_ref",
            unique=True,
            postgresql_where=text("provider_ref <> ''"),
        ),
        Index(
            "ix_purchase_payments_transaction_ref",
            "provider",
            "transaction_ref",
            postgresql_where=text("transaction_ref <> ''"),
        ),
    )

    purchase_id: Mapped[UUID]
    authorized_minor: Mapped[int] = mapped_column(default=0)
    """What is, or was, held on the card."""
    authorized_at: Mapped[datetime | None]
    authorized_until: Mapped[datetime | None]
    """When the hold lapses, as far as the provider says it."""
    capture_asked_at: Mapped[datetime | None]
    """When the seller confirmed and the provider was to be asked for the money; empty once it has said no."""
    capture_refusals: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How often it has said no. Each asking after one has a key of its own, or the same no would come again."""
    captured_minor: Mapped[int] = mapped_column(default=0)
    credit_minor: Mapped[int] = mapped_column(default=0)
    """What was given back, came back from the payer's bank, and is still the payer's."""
    core_back_minor: Mapped[int] = mapped_column(default=0)
    """What of the refunds was deposit on old parts."""
    tax_back_minor: Mapped[int] = mapped_column(default=0)
    """What of them was tax."""

    @property
    def kept_minor(self) -> int:
        return self.captured_minor - self.refunded_minor - self.lost_minor


class PurchaseRefund(TenantOwned, Base):
    """Money on its way back to a buyer. Its id is the gateway's idempotency key."""

    __tablename__ = "purchase_refunds"
    __table_args__ = (
        tenant_key(),
        tenant_fk("purchases", "purchase_id"),
        tenant_fk("purchase_payments", "payment_id"),
        CheckConstraint("amount_minor > 0 AND core_minor BETWEEN 0 AND amount_minor", name="amount"),
        Index("ix_purchase_refunds_payment", "tenant_id", "payment_id"),
        Index("ix_purchase_refunds_purchase", "tenant_id", "purchase_id"),
        Index("ix_purchase_refunds_pending", "created_at", postgresql_where=text("status = 'pending'")),
    )

    purchase_id: Mapped[UUID]
    payment_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="pending")
    """pending, done, failed, returned."""
    amount_minor: Mapped[int]
    core_minor: Mapped[int] = mapped_column(default=0)
    """What of it is deposit on old parts."""
    refusals: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How often the provider has said no to this money before: each time is a row, and so a key, of its own."""
    elsewhere_minor: Mapped[int] = mapped_column(default=0)
    """What had been given back on the provider's page before it was refused: what goes there afterwards is this money."""
    try_at: Mapped[datetime | None]
    """Not before then; empty is at once."""
    provider_ref: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]

    @property
    def is_pending(self) -> bool:
        return self.status == "pending"

    def is_due(self, now: datetime) -> bool:
        """Whether the provider is to be asked for it by then."""
        return self.is_pending and (self.try_at is None or self.try_at <= now)
