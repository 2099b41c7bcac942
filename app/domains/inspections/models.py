"""Versioned checklists, inspections filled in on a tablet, and their findings."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, TenantOwned, tenant_fk, tenant_key


class Template(TenantOwned, Base):
    """One version of a checklist; a change makes the next version."""

    __tablename__ = "inspection_templates"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "code", "version"))

    code: Mapped[str]
    """general, brakes_tires, ev_hv, or the shop's own."""
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(SmallInteger, default=1)
    is_current: Mapped[bool] = mapped_column(default=True)


class TemplateItem(TenantOwned, Base):
    """A thing to look at, with the thresholds that colour its measure and the canned job that mends it."""

    __tablename__ = "inspection_template_items"
    __table_args__ = (
        tenant_key(),
        tenant_fk("inspection_templates", "template_id"),
        UniqueConstraint("tenant_id", "template_id", "position"),
    )

    template_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    section: Mapped[str]
    name: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    """How to look, in a few words."""
    unit: Mapped[str] = mapped_column(default="")
    """mm, V, %, MΩ, bar …; empty when nothing is measured."""
    yellow_below: Mapped[Decimal | None]
    red_below: Mapped[Decimal | None]
    yellow_above: Mapped[Decimal | None]
    red_above: Mapped[Decimal | None]
    canned_job_code: Mapped[str] = mapped_column(default="")


class Inspection(TenantOwned, Base):
    """A checklist being filled in for one repair order."""

    __tablename__ = "inspections"
    __table_args__ = (
        tenant_key(),
        tenant_fk("repair_orders", "order_id"),
        tenant_fk("inspection_templates", "template_id"),
        Index("ix_inspections_order", "tenant_id", "order_id"),
    )

    order_id: Mapped[UUID]
    template_id: Mapped[UUID]
    technician_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(default="in_progress")
    """in_progress, completed."""
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    completed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Finding(TenantOwned, Base):
    """What was found for one item."""

    __tablename__ = "findings"
    __table_args__ = (
        tenant_key(),
        tenant_fk("inspections", "inspection_id"),
        tenant_fk("inspection_template_items", "item_id"),
        UniqueConstraint("tenant_id", "inspection_id", "item_id"),
    )

    inspection_id: Mapped[UUID]
    item_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    rating: Mapped[str] = mapped_column(default="")
    """green, yellow, red, not_applicable; empty while not looked at."""
    measure: Mapped[Decimal | None]
    note: Mapped[str] = mapped_column(default="")
    job_id: Mapped[UUID | None]
    """The job it was proposed as."""
    rated_at: Mapped[datetime | None]
    rated_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class FindingPhoto(TenantOwned, Base):
    """A photo that proves a finding."""

    __tablename__ = "finding_photos"
    __table_args__ = (
        tenant_key(),
        tenant_fk("findings", "finding_id"),
        Index("ix_finding_photos_finding", "tenant_id", "finding_id"),
    )

    finding_id: Mapped[UUID]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    is_shared: Mapped[bool] = mapped_column(default=True)
