"""What a shop offers as packages, which car has one, and what was taken of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_fk, tenant_key

TYPES = ("basic", "premium", "comprehensive")


class Cover(msgspec.Struct, frozen=True):
    """A canned job of the shop, and how often a package covers it."""

    canned_job_id: UUID
    title: str
    uses: int


def covers_in(stored: Mapping[str, Any]) -> list[Cover]:
    """What stands in a column of covers, by title."""
    found = [Cover(UUID(key), said["title"], said["uses"]) for key, said in stored.items()]
    return sorted(found, key=lambda cover: cover.title.casefold())


class PackagePlan(TenantOwned, Base):
    """A package as the shop offers it. What was sold keeps its own copy."""

    __tablename__ = "package_plans"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint("months BETWEEN 1 AND 60", name="months"),
    )

    name: Mapped[str]
    package_type: Mapped[str]
    """basic, premium, comprehensive."""
    months: Mapped[int] = mapped_column(SmallInteger)
    price_minor: Mapped[int]
    """For the whole term, before tax."""
    currency: Mapped[str]
    covers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{canned job's id: {"title", "uses"}}."""
    is_active: Mapped[bool] = mapped_column(default=True)


class ServicePackage(TenantOwned, Base):
    """A package that was sold for a car: what it covers until when, as it stood on the day of the sale."""

    __tablename__ = "service_packages"
    __table_args__ = (
        tenant_key(),
        tenant_fk("service_centers", "center_id"),
        tenant_fk("customers", "customer_id"),
        tenant_fk("package_plans", "plan_id"),
        tenant_fk("repair_orders", "order_id"),
        tenant_fk("jobs", "job_id"),
        CheckConstraint("ends_on > starts_on", name="term"),
        Index("ix_service_packages_vehicle", "tenant_id", "vehicle_id"),
        Index("ix_service_packages_user_id", "user_id"),
        Index("ix_service_packages_ends_on", "tenant_id", "ends_on"),
    )

    center_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    plan_id: Mapped[UUID]
    order_id: Mapped[UUID]
    """The repair order its price stands on."""
    job_id: Mapped[UUID | None]
    """The line of that order; empty once it was taken off, because the package was cancelled before it was billed."""
    name: Mapped[str]
    package_type: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day."""
    price_minor: Mapped[int]
    currency: Mapped[str]
    covers: Mapped[dict[str, Any]]
    renewal_reminder_sent: Mapped[bool] = mapped_column(default=False)
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(default="")
    """The desk's own words."""

    def covers_on(self, *days: date) -> bool:
        """Whether it holds on one of these days."""
        return self.cancelled_at is None and any(self.starts_on <= day <= self.ends_on for day in days)


class PackageUse(TenantOwned, Base):
    """A job that a package covers: spoken for while the job is under way, used once it is done."""

    __tablename__ = "package_uses"
    __table_args__ = (
        tenant_key(),
        tenant_fk("service_packages", "package_id"),
        # A proposal that is withdrawn takes its use along.
        ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], ondelete="CASCADE"),
        tenant_fk("canned_jobs", "canned_job_id"),
        UniqueConstraint("tenant_id", "job_id"),
        Index("ix_package_uses_package", "tenant_id", "package_id"),
    )

    package_id: Mapped[UUID]
    job_id: Mapped[UUID]
    canned_job_id: Mapped[UUID]
    worth_minor: Mapped[int]
    """What the work would have cost before tax."""
    done_at: Mapped[datetime | None]
