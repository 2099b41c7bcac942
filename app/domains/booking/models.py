"""Appointments, the services booked with them, and the resources they occupy."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, TenantOwned, tenant_fk, tenant_key


class Appointment(TenantOwned, Base):
    """A visit planned at a center: first a held slot, then a promise."""

    __tablename__ = "appointments"
    __table_args__ = (
        tenant_key(),
        tenant_fk("service_centers", "center_id"),
        tenant_fk("customers", "customer_id"),
        tenant_fk("bays", "bay_id"),
        tenant_fk("staff_profiles", "technician_id"),
        tenant_fk("repair_orders", "order_id"),
        Index("ix_appointments_customer", "customer_id", "starts_at"),
        Index("ix_appointments_user_id", "user_id", "starts_at"),
        Index("ix_appointments_center", "tenant_id", "center_id", "starts_at"),
        Index("ix_appointments_status", "status"),
    )

    center_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    vehicle_id: Mapped[UUID | None] = mapped_column(ForeignKey("vehicles.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    bay_id: Mapped[UUID | None]
    technician_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(default="held")
    """held, pending, confirmed, arrived, in_progress, completed, cancelled, no_show, expired."""
    held_until: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    """When the customer agreed to it at the prices stated; empty while it is only held."""
    booked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    booked_by: Mapped[str] = mapped_column(default="")
    """The member of staff who took it on the phone or at the counter; empty when the driver booked."""
    notes: Mapped[str] = mapped_column(default="")
    concern: Mapped[str] = mapped_column(default="")
    """What the driver said of the car before coming, with what follows."""
    mileage_km: Mapped[int | None]
    charge_percent: Mapped[int | None] = mapped_column(SmallInteger)
    warning_lights: Mapped[list[str]] = mapped_column(default=list)
    told_at: Mapped[datetime | None]
    """When they said it; empty: nothing was said."""
    cancel_reason: Mapped[str] = mapped_column(default="")
    order_id: Mapped[UUID | None]
    completed_at: Mapped[datetime | None]
    """When the work was done; the visit is completed with the handover."""
    reminded_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_ready(self) -> bool:
        """All work is done and the car still here."""
        return self.status in ("arrived", "in_progress") and self.completed_at is not None

    @property
    def needs_new_time(self) -> bool:
        """It stands, but when it was expected again no bay or technician was free any more."""
        return self.status in ("pending", "confirmed") and self.bay_id is None

    @property
    def is_open(self) -> bool:
        """Still to come or under way."""
        return self.status in ("held", "pending", "confirmed", "arrived", "in_progress")


class BookedService(TenantOwned, Base):
    """A service in an appointment, at the price of the moment of booking."""

    __tablename__ = "appointment_services"
    __table_args__ = (
        tenant_key(),
        tenant_fk("appointments", "appointment_id"),
        tenant_fk("services", "service_id"),
    )

    appointment_id: Mapped[UUID]
    service_id: Mapped[UUID]
    name: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(default=Decimal(1))
    duration_minutes: Mapped[int] = mapped_column(SmallInteger)
    price_minor: Mapped[int]
    currency: Mapped[str]


class AppointmentPhoto(TenantOwned, Base):
    """A photo of the car that its driver sent before coming."""

    __tablename__ = "appointment_photos"
    __table_args__ = (
        tenant_key(),
        tenant_fk("appointments", "appointment_id"),
        Index("ix_appointment_photos_appointment", "tenant_id", "appointment_id"),
    )

    appointment_id: Mapped[UUID]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))


class Occupation(TenantOwned, Base):
    """A bay or a technician taken for a stretch of time, buffers included. The database forbids overlap."""

    __tablename__ = "occupations"
    __table_args__ = (
        tenant_key(),
        tenant_fk("appointments", "appointment_id"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("resource_id", "="),
            ("during", "&&"),
            name="ex_occupations_no_overlap",
            using="gist",
            where=text("is_active"),
        ),
        Index("ix_occupations_end", "tenant_id", "ends_at", postgresql_where=text("is_active")),
        Index("ix_occupations_appointment", "tenant_id", "appointment_id"),
        Index(
            "ix_occupations_held",
            "held_until",
            postgresql_where=text("is_active AND held_until IS NOT NULL"),
        ),
    )

    appointment_id: Mapped[UUID]
    resource_id: Mapped[UUID]
    """A bay's id or a staff profile's id."""
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    ends_at: Mapped[datetime] = mapped_column(Computed("upper(during)"))
    """For the index. Behind row-level security `&&` may not use one, for it could tell what it has seen of a row that
    is not shown; comparing times may. Without it each search would read all that ever was."""
    held_until: Mapped[datetime | None]
    """Set while it is only a hold: from then on nobody need respect it. A constraint cannot see the clock,
    so whoever wants the resource clears overdue holds first."""
    is_active: Mapped[bool] = mapped_column(default=True)
