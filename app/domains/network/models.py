"""Tenants, their service centers and bays, and the people who work there."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified, TaxRate, TenantOwned, tenant_fk, tenant_key


class Tenant(Identified, Base):
    """A business on the platform."""

    __tablename__ = "tenants"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="shop")
    locale: Mapped[str] = mapped_column(default="en")
    currency: Mapped[str] = mapped_column(default="USD")
    is_active: Mapped[bool] = mapped_column(default=True)


class ServiceCenter(TenantOwned, Base):
    """A workshop with an address, its own clock, currency, tax and opening hours."""

    __tablename__ = "service_centers"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("slug"),
        Index("ix_service_centers_active", "is_active"),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), sort_order=-9)
    name: Mapped[str]
    slug: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="US")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    zone: Mapped[str] = mapped_column(default="America/New_York")
    currency: Mapped[str] = mapped_column(default="USD")
    distance_unit: Mapped[str] = mapped_column(default="km")
    tax_name: Mapped[str] = mapped_column(default="Sales tax")
    tax_rate: Mapped[Decimal] = mapped_column(TaxRate, default=Decimal(0))
    """A share: 0.0725 is 7.25 %."""
    labor_rate_minor: Mapped[int] = mapped_column(default=0)
    """Price of one hour of labour."""
    working_hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"mon": [["08:00", "12:00"], ["13:00", "17:00"]], …}; a missing day is closed."""
    slot_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    notice_minutes: Mapped[int] = mapped_column(default=60)
    """How long before its start a slot can still be booked."""
    horizon_days: Mapped[int] = mapped_column(SmallInteger, default=60)
    cancel_hours: Mapped[int] = mapped_column(SmallInteger, default=24)
    """Until how many hours before the start a customer may cancel or move."""
    confirm_by_hand: Mapped[bool] = mapped_column(default=False)
    """Whether the shop looks at each booking before it stands; else it stands at once."""
    invoice_series: Mapped[str] = mapped_column(default="")
    """A series of invoice numbers of its own; empty uses the tenant's."""
    is_active: Mapped[bool] = mapped_column(default=True)


class HoursException(TenantOwned, Base):
    """A day on which a center keeps other hours than usual; no intervals means closed."""

    __tablename__ = "hours_exceptions"
    __table_args__ = (
        tenant_key(),
        tenant_fk("service_centers", "center_id"),
        UniqueConstraint("tenant_id", "center_id", "day"),
    )

    center_id: Mapped[UUID]
    day: Mapped[date]
    intervals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"open": [["10:00", "14:00"]]}"""
    note: Mapped[str] = mapped_column(default="")


class Bay(TenantOwned, Base):
    """A work place in the shop."""

    __tablename__ = "bays"
    __table_args__ = (tenant_key(), tenant_fk("service_centers", "center_id"))

    center_id: Mapped[UUID]
    name: Mapped[str]
    capabilities: Mapped[list[str]] = mapped_column(default=list)
    """What can be done here: lift, alignment, tire, hv, diagnostics, wash, charger."""
    buffer_before_minutes: Mapped[int] = mapped_column(SmallInteger, default=0)
    buffer_after_minutes: Mapped[int] = mapped_column(SmallInteger, default=0)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    is_active: Mapped[bool] = mapped_column(default=True)


class RoleAt(Identified, Base):
    """A role a person holds: at one center, at all centers of a tenant, or on the whole network."""

    __tablename__ = "user_roles"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "user_id", "service_center_id", "role", postgresql_nulls_not_distinct=True
        ),
        Index("ix_user_roles_user_id", "user_id"),
        CheckConstraint("(role = 'network_admin') = (tenant_id IS NULL)", name="network"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id"))
    service_center_id: Mapped[UUID | None]
    role: Mapped[str]
    """advisor, technician, owner, network_admin. A customer needs no row."""


class StaffProfile(TenantOwned, Base):
    """A person who works for a tenant, as its customers and colleagues see them."""

    __tablename__ = "staff_profiles"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "user_id"),
        tenant_fk("service_centers", "center_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    center_id: Mapped[UUID]
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    skills: Mapped[list[str]] = mapped_column(default=list)
    """general, brakes, tires, engine, electrical, diagnostics, hv, body."""
    is_technician: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)


class AllowedNetwork(TenantOwned, Base):
    """Addresses from which a business lets its owners in; without any row from everywhere."""

    __tablename__ = "allowed_networks"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "network"))

    network: Mapped[str]


class Kiosk(TenantOwned, Base):
    """A tablet that belongs to a workshop, at which its technicians change places by PIN. Only the hash of its
    cookie is stored."""

    __tablename__ = "kiosks"
    __table_args__ = (tenant_key(), tenant_fk("service_centers", "center_id"))

    center_id: Mapped[UUID]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    idle_minutes: Mapped[int]
    """After so long without a touch the technician is changed out."""
    set_up_by_name: Mapped[str]
    user_agent: Mapped[str]
    ended_at: Mapped[datetime | None]


class StaffCertificate(TenantOwned, Base):
    """What somebody outside has certified that a member of staff may do: high-voltage work, gas tests."""

    __tablename__ = "staff_certificates"
    __table_args__ = (tenant_key(), tenant_fk("staff_profiles", "staff_id"))

    staff_id: Mapped[UUID]
    name: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[str] = mapped_column(default="")
    valid_until: Mapped[date | None]
    """The last day it holds; empty means for good."""


class Shift(TenantOwned, Base):
    """A weekly working time of a member of staff, in the center's clock."""

    __tablename__ = "shifts"
    __table_args__ = (tenant_key(), tenant_fk("staff_profiles", "staff_id"))

    staff_id: Mapped[UUID]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    """0 is Monday."""
    starts: Mapped[time]
    ends: Mapped[time]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class Absence(TenantOwned, Base):
    """Leave, training, illness: not to be planned in."""

    __tablename__ = "absences"
    __table_args__ = (tenant_key(), tenant_fk("staff_profiles", "staff_id"))

    staff_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")


class Invitation(TenantOwned, Base):
    """A mailed offer to work at a center in a role; whoever opens the link may take it, once."""

    __tablename__ = "invitations"
    __table_args__ = (tenant_key(), tenant_fk("service_centers", "center_id"))

    center_id: Mapped[UUID]
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    invited_by_name: Mapped[str] = mapped_column(default="")
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the newest mail's link; an older one no longer works."""
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > now


class SystemSetting(TenantOwned, Base):
    """What a business has set itself; whatever has no row stands at its default. Anyone may read it, for a
    visitor sees a shop's colours and whether it takes bookings: nothing secret belongs here."""

    __tablename__ = "system_settings"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "key"))

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), sort_order=-9)
    key: Mapped[str]
    """One of `setting_table.SETTINGS`."""
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    updated_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime]


class SettingChange(TenantOwned, Base):
    """One change of one setting, in ink. Its number is the version of the business's settings from then on."""

    __tablename__ = "setting_changes"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "version"))

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), sort_order=-9)
    version: Mapped[int]
    key: Mapped[str]
    old: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    new: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    changed_by: Mapped[str] = mapped_column(default="")
