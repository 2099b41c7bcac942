"""Priced proposals in immutable versions, what was decided about them, and the links that decide."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_fk, tenant_key


class Estimate(TenantOwned, Base):
    """One version of a proposal for a repair order. Once sent it never changes; a change makes another."""

    __tablename__ = "estimates"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "order_id", "version"),
        tenant_fk("repair_orders", "order_id"),
        Index("ix_estimates_user_id", "user_id"),
    )

    order_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    number: Mapped[str]
    """RO-1042-E2: order number and version."""
    version: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(default="draft")
    """draft, sent, viewed, approved, partially_approved, rejected, expired, superseded."""
    currency: Mapped[str]
    subtotal_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(default="")
    """The advisor's words to the customer."""
    valid_until: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    sent_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    shown_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the canonical content, fixed when sent."""


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
    rating: Mapped[str] = mapped_column(default="")
    """The finding's colour, when it came from an inspection."""
    subtotal_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    decision: Mapped[str] = mapped_column(default="")
    """approved, declined, deferred; empty while open."""
    reason: Mapped[str] = mapped_column(default="")


class EstimateLine(TenantOwned, Base):
    """A line as proposed: a frozen copy of the job's line."""

    __tablename__ = "estimate_lines"
    __table_args__ = (tenant_key(), tenant_fk("estimate_jobs", "estimate_job_id"))

    estimate_job_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    kind: Mapped[str]
    description: Mapped[str]
    part_number: Mapped[str] = mapped_column(default="")
    quantity: Mapped[Decimal]
    unit_price_minor: Mapped[int]
    unit_cost_minor: Mapped[int] = mapped_column(default=0)
    """Staff only; never shown to the customer."""
    tax_rate: Mapped[Decimal]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]


class Authorization(TenantOwned, Base):
    """Who decided what about which job, when, how, from where, and over exactly which content."""

    __tablename__ = "authorizations"
    __table_args__ = (
        tenant_key(),
        tenant_fk("estimates", "estimate_id"),
        tenant_fk("jobs", "job_id"),
        UniqueConstraint("tenant_id", "estimate_id", "job_id"),
    )

    estimate_id: Mapped[UUID]
    job_id: Mapped[UUID]
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    amount_minor: Mapped[int]
    revised_total_minor: Mapped[int]
    """Total authorised on the order after this decision."""
    method: Mapped[str]
    """link, account, phone, in_person."""
    contact: Mapped[str] = mapped_column(default="")
    """The address or number used."""
    signed_name: Mapped[str]
    signature: Mapped[dict[str, Any] | None]
    decided_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    shown_hash: Mapped[bytes] = mapped_column(LargeBinary)


class ApprovalLink(TenantOwned, Base):
    """A link that lets its holder see one version and decide. Only its hash is stored."""

    __tablename__ = "approval_links"
    __table_args__ = (tenant_key(), tenant_fk("estimates", "estimate_id"))

    estimate_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    recipient: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
