"""Parts shops as anybody may know them, the terms they keep to themselves, and how they came onto the platform."""

from datetime import datetime
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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified, TenantOwned, tenant_fk, tenant_key

SHOP_MOVES: dict[str, frozenset[str]] = {
    "pending_verification": frozenset({"active"}),
    "active": frozenset({"suspended", "inactive"}),
    "suspended": frozenset({"active"}),
    "inactive": frozenset({"active"}),
}

ONBOARDING_MOVES: dict[str, frozenset[str]] = {
    "in_progress": frozenset({"submitted", "abandoned"}),
    "submitted": frozenset({"verifying"}),
    "verifying": frozenset({"completed", "failed"}),
    "failed": frozenset({"in_progress"}),
    "abandoned": frozenset({"in_progress"}),
    "completed": frozenset(),
}


ENOUGH_OFFERS = 5
"""Before so many, the share that was bought says more of chance than of the shop."""


class PartsShop(TenantOwned, Base):
    """A business that sells parts from one place. Anybody may read it: nothing secret belongs here."""

    __tablename__ = "parts_shops"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id"),
        tenant_fk("service_centers", "center_id"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        Index("ix_parts_shops_near", "latitude", "longitude", postgresql_where=text("status = 'active'")),
        Index("ix_parts_shops_makes", "makes", postgresql_using="gin"),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), sort_order=-9)
    center_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="pending_verification")
    """pending_verification, active, suspended, inactive."""
    status_reason: Mapped[str] = mapped_column(default="")
    """Why it is suspended, in the reviewer's words."""
    name: Mapped[str]
    about: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    """What people call where it is: a street, a town."""
    latitude: Mapped[float] = mapped_column(Double)
    longitude: Mapped[float] = mapped_column(Double)
    currency: Mapped[str]
    makes: Mapped[list[str]] = mapped_column(default=list)
    """Makes of cars it sells for, in small letters; empty is all of them."""
    conditions: Mapped[list[str]] = mapped_column(default=list)
    """What it deals in: new, used, rebuilt."""
    reach_km: Mapped[int] = mapped_column(default=100)
    """How far away it wants to be asked."""
    takes_cash: Mapped[bool] = mapped_column(default=False)
    """Whether a buyer may pay when the parts are handed over."""
    verified_at: Mapped[datetime | None]
    # What the score is made of. All of it is counted anew from the deals themselves.
    rating_sum: Mapped[int] = mapped_column(default=0)
    rating_count: Mapped[int] = mapped_column(default=0)
    asked_count: Mapped[int] = mapped_column(default=0)
    quoted_count: Mapped[int] = mapped_column(default=0)
    won_count: Mapped[int] = mapped_column(default=0)
    delivered_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    response_seconds: Mapped[int | None]
    """How long it took to answer, the middle of its last answers."""
    score: Mapped[Decimal] = mapped_column(default=Decimal(50))
    """0 to 100; a new shop begins in the middle."""
    version: Mapped[int] = mapped_column(default=1)

    @property
    def rating(self) -> Decimal | None:
        """What buyers say, 1 to 5; nothing before the first."""
        return Decimal(self.rating_sum) / self.rating_count if self.rating_count else None

    @property
    def has_dealt(self) -> bool:
        """Whether anything was bought there that is over: before that a score says nothing."""
        return self.delivered_count + self.failed_count > 0

    @property
    def delivered_share(self) -> Decimal | None:
        """Of what it brought or could not bring; None before the first."""
        ended = self.delivered_count + self.failed_count
        return Decimal(self.delivered_count) / ended if ended else None

    @property
    def win_share(self) -> Decimal | None:
        """Of its offers, how many were bought of; None while they are too few to say."""
        return Decimal(self.won_count) / self.quoted_count if self.quoted_count >= ENOUGH_OFFERS else None

    def sells_for(self, make: str) -> bool:
        """Whether it deals in parts for a make of car."""
        return not self.makes or make.casefold() in self.makes


class PartsShopTerms(TenantOwned, Base):
    """What a parts shop keeps to itself: how it prices, and what its quotes begin with."""

    __tablename__ = "parts_shop_terms"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "shop_id"),
        tenant_fk("parts_shops", "shop_id"),
        CheckConstraint("limit_minor > 0", name="limit"),
    )

    shop_id: Mapped[UUID]
    limit_minor: Mapped[int]
    """No single part is quoted above this: a slip of the finger is caught before the buyer sees it."""
    markup_percent: Mapped[Decimal] = mapped_column(default=Decimal(0))
    """What is added to cost where a price is worked out."""
    warranty_months: Mapped[int] = mapped_column(SmallInteger, default=12)
    delivery_hours: Mapped[int] = mapped_column(SmallInteger, default=24)
    delivery_fee_minor: Mapped[int] = mapped_column(default=0)
    stock_method: Mapped[str] = mapped_column(default="by_hand")
    """How its stock is kept: by_hand, spreadsheet, other_system."""


class ShopOnboarding(Identified, Base):
    """One person's way through the six steps, wherever they go on."""

    __tablename__ = "shop_onboardings"
    __table_args__ = (
        Index(
            "ix_shop_onboardings_open",
            "user_id",
            unique=True,
            postgresql_where=text("status <> 'completed'"),
        ),
        Index("ix_shop_onboardings_status", "status", "submitted_at"),
        UniqueConstraint("id", "user_id"),
        CheckConstraint("current_step BETWEEN 1 AND 6", name="step"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(default="in_progress")
    """in_progress, submitted, verifying, completed, failed, abandoned."""
    current_step: Mapped[int] = mapped_column(SmallInteger, default=1)
    completed_steps: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """By the step's name: business, location, brands, inventory, pricing, verification."""
    reasons: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Why the reviewer said no: by the step's name, in words."""
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    """The business, once there is one."""
    touched_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)


class OnboardingDocument(Identified, Base):
    """A paper that shows who the business is."""

    __tablename__ = "onboarding_documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["onboarding_id", "user_id"], ["shop_onboardings.id", "shop_onboardings.user_id"]
        ),
        Index("ix_onboarding_documents_onboarding_id", "onboarding_id"),
        Index("ix_onboarding_documents_file_id", "file_id"),
    )

    onboarding_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    """registration, tax, identity, address, other."""
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
