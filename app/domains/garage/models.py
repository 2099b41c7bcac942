"""Vehicles, who owns them, which shops may see them, and how far they have gone."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, Identified


class Vehicle(Identified, Base):
    """One car as one owner or one shop keeps it. A car without VIN is legal; distances are in kilometres.

    A VIN is not unique: it can be read through any windscreen, so knowing it opens nobody else's record.
    """

    __tablename__ = "vehicles"
    __table_args__ = (
        Index("ix_vehicles_vin", "vin", postgresql_where=text("vin <> ''")),
        Index(
            "ix_vehicles_next_maintenance_due",
            "next_maintenance_due",
            postgresql_where=text("next_maintenance_due IS NOT NULL"),
        ),
        Index("ix_vehicles_photo_id", "photo_id", postgresql_where=text("photo_id IS NOT NULL")),
    )

    vin: Mapped[str] = mapped_column(default="")
    make: Mapped[str]
    model: Mapped[str]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    trim: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(default="")
    fuel: Mapped[str] = mapped_column(default="")
    """gasoline, diesel, hybrid, plug_in_hybrid, electric, other, or empty when unknown."""
    engine: Mapped[str] = mapped_column(default="")
    color: Mapped[str] = mapped_column(default="")
    plate: Mapped[str] = mapped_column(default="")
    odometer_unit: Mapped[str] = mapped_column(default="km")
    """What the dashboard counts in: km or mi."""
    battery_type: Mapped[str] = mapped_column(default="")
    """One of `facts.Battery`; empty when unknown."""
    battery_kwh: Mapped[Decimal | None]
    max_charge_kw: Mapped[Decimal | None]
    mileage_km: Mapped[int | None]
    mileage_at: Mapped[datetime | None]
    purchase_date: Mapped[date | None]
    last_maintenance_date: Mapped[date | None]
    """As its owner says it, or the day a shop gave it back with work done, whichever is later."""
    next_maintenance_due: Mapped[date | None]
    next_maintenance_km: Mapped[int | None]
    """The odometer at which it is due, whichever of the two comes first."""
    reminded_of: Mapped[date | None]
    """The day its driver was last reminded of. Another day on which it is due is another reminder."""
    telematics_id: Mapped[str] = mapped_column(default="")
    """What a service that reads the car from afar knows it by."""
    photo_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    version: Mapped[int] = mapped_column(default=1)

    def is_due(self, today: date, *, ahead: timedelta = timedelta(), ahead_km: int = 0) -> bool:
        """Whether its service is due, by the calendar or by the odometer, or will be so soon."""
        by_day = self.next_maintenance_due is not None and self.next_maintenance_due <= today + ahead
        far, due = self.mileage_km, self.next_maintenance_km
        return by_day or (far is not None and due is not None and far + ahead_km >= due)

    @property
    def name(self) -> str:
        """ "2003 Honda Accord": what everybody calls it."""
        return " ".join(str(part) for part in (self.year, self.make, self.model) if part)


class Ownership(Identified, Base):
    """In whose garage a car stands, from when to when, and what they may do with it there."""

    __tablename__ = "ownerships"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'driver', 'reader')", name="role"),
        CheckConstraint("currency <> '' OR (bought_minor IS NULL AND sold_minor IS NULL)", name="price"),
        Index("ix_ownerships_user_id", "user_id"),
        Index(
            "ix_ownerships_current",
            "vehicle_id",
            "user_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    since: Mapped[datetime] = mapped_column(default=clock.now)
    until: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    role: Mapped[str] = mapped_column(default="owner")
    """owner: everything. driver: what concerns its days, as readings, entries and visits. reader: looks at it."""
    sold_on: Mapped[date | None]
    bought_minor: Mapped[int | None]
    sold_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(default="")
    """What the car was bought and sold for; each owner's own affair."""

    @property
    def may_drive(self) -> bool:
        """Whether they may write down what happens with the car."""
        return self.role in DRIVES


DRIVES = ("owner", "driver")


class CarInvitation(Identified, Base):
    """A mailed offer to share cars of somebody's garage; whoever opens the link may take it, once."""

    __tablename__ = "car_invitations"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'driver', 'reader')", name="role"),
        Index("ix_car_invitations_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """The owner who invites."""
    invited_by_name: Mapped[str] = mapped_column(default="")
    email: Mapped[str]
    role: Mapped[str]
    vehicle_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    """Which cars; whose owner the inviting person still is then is asked when it is taken."""
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the mail's link; nothing else opens it."""
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > now


class VehicleGrant(Identified, Base):
    """A shop's permission to see and service a car."""

    __tablename__ = "vehicle_grants"
    __table_args__ = (UniqueConstraint("tenant_id", "vehicle_id"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"), index=True)


class OdometerReading(Identified, Base):
    """How far a car had gone at a moment, and who read it."""

    __tablename__ = "odometer_readings"
    __table_args__ = (
        Index("ix_odometer_readings_vehicle_id_at", "vehicle_id", "at"),
        Index("ix_odometer_readings_import_id", "import_id", postgresql_where=text("import_id IS NOT NULL")),
        Index(
            "ix_odometer_readings_entry_id",
            "entry_id",
            unique=True,
            postgresql_where=text("entry_id IS NOT NULL"),
        ),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id"))
    km: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str]
    """owner, check_in, logbook, telematics, import; previous for what an earlier owner read or wrote down."""
    actor_id: Mapped[UUID | None]
    import_id: Mapped[UUID | None]
    """The file of another program it came with, and goes with again."""
    entry_id: Mapped[UUID | None]
    """The logbook's entry that says so, and takes it along when it is corrected; none once the reading was corrected itself."""
    version: Mapped[int] = mapped_column(default=1)
