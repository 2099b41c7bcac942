"""Priced proposals in immutable versions, what was decided about them, and the links that decide."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TaxRate, TenantOwned, tenant_fk, tenant_key

MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"sent", "superseded"}),
    "sent": frozenset({"viewed", "approved", "partially_approved", "rejected", "expired", "superseded"}),
    "viewed": frozenset({"approved", "partially_approved", "rejected", "expired", "superseded"}),
    "expired": frozenset({"superseded"}),
    "approved": frozenset(),
    "partially_approved": frozenset(),
    "rejected": frozenset(),
    "superseded": frozenset(),
}
"""Legal moves. What was decided stays as it was decided: added work is another version."""

OPEN = frozenset({"sent", "viewed"})
DECIDED = frozenset({"approved", "partially_approved", "rejected"})
DECISIONS = ("approved", "declined", "deferred")


class Estimate(TenantOwned, Base):
    """One version of a proposal for a repair order. Once sent it never changes; a change makes another."""

    __tablename__ = "estimates"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "order_id", "version"),
        tenant_fk("repair_orders", "order_id"),
        Index("ix_estimates_user_id", "user_id"),
        Index("ix_estimates_open", "valid_until", postgresql_where=text("status IN ('sent', 'viewed')")),
        Index(
            "ix_estimates_one_draft",
            "tenant_id",
            "order_id",
            unique=True,
            postgresql_where=text("status = 'draft'"),
        ),
    )

    order_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    number: Mapped[str]
    """RO-1042-E2: order number and version."""
    version: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(default="draft")
    """draft, sent, viewed, approved, partially_approved, rejected, expired, superseded."""
    revision: Mapped[int] = mapped_column(default=1)
    """Counts changes of a draft, so that two people writing it do not overwrite each other."""
    currency: Mapped[str]
    subtotal_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(default=0)
    authorized_before_minor: Mapped[int] = mapped_column(default=0)
    """What the customer had already authorised on the order when this version was sent."""
    message: Mapped[str] = mapped_column(default="")
    """The advisor's words to the customer."""
    valid_until: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    sent_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    header: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Shop, customer and car as they stood when sent."""
    shown_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the canonical content, fixed when sent."""

    @property
    def is_draft(self) -> bool:
        return self.status == "draft"

    @property
    def is_decided(self) -> bool:
        return self.status in DECIDED

    def may_become(self, status: str) -> bool:
        """Whether the state machine allows the move."""
        return status in MOVES[self.status]

    def is_open(self, now: datetime) -> bool:
        """Whether somebody may still decide."""
        return self.status in OPEN and now < self.valid_until


class EstimateJob(TenantOwned, Base):
    """A job as proposed in one version, and what the customer said."""

    __tablename__ = "estimate_jobs"
    __table_args__ = (
        tenant_key(),
        tenant_fk("estimates", "estimate_id"),
        tenant_fk("jobs", "job_id"),
        UniqueConstraint("tenant_id", "estimate_id", "job_id"),
    )

    estimate_id: Mapped[UUID]
    job_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    title: Mapped[str]
    explanation: Mapped[str] = mapped_column(default="")
    """Why the work is needed, in the shop's words."""
    rating: Mapped[str] = mapped_column(default="")
    """The worst finding's colour, when it came from an inspection."""
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"findings": [{name, section, rating, measure, unit, note, photos: [{file_id, sha256}]}]}"""
    subtotal_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    scope_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of title and lines as sent. The job must still match it when somebody decides."""
    decision: Mapped[str] = mapped_column(default="")
    """approved, declined, deferred; empty while open."""
    reason: Mapped[str] = mapped_column(default="")


class EstimateLine(TenantOwned, Base):
    """A line as proposed: a frozen copy of the job's line."""

    __tablename__ = "estimate_lines"
    __table_args__ = (
        tenant_key(),
        tenant_fk("estimate_jobs", "estimate_job_id"),
        Index("ix_estimate_lines_job", "tenant_id", "estimate_job_id", "position"),
    )

    estimate_job_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    kind: Mapped[str]
    description: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Decimal]
    unit_price_minor: Mapped[int]
    unit_cost_minor: Mapped[int] = mapped_column(default=0)
    """Staff only; never shown to the customer."""
    tax_rate: Mapped[Decimal] = mapped_column(TaxRate)
    net_minor: Mapped[int]
    tax_minor: Mapped[int]


class ApprovalLink(TenantOwned, Base):
    """A link that lets its holder see one version and decide. Only its hash is stored."""

    __tablename__ = "approval_links"
    __table_args__ = (
        tenant_key(),
        tenant_fk("estimates", "estimate_id"),
        Index("ix_approval_links_estimate", "tenant_id", "estimate_id"),
    )

    estimate_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    recipient: Mapped[str]
    """The address it was written for."""
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """The member of staff who copied it; empty when it went out by mail."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When the decision came through it. It keeps showing the record until it expires."""
    revoked_at: Mapped[datetime | None]
