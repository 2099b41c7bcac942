"""What cars report of themselves, as it came, and the trouble codes they show."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified


class TelematicsReport(Identified, Base):
    """One report of a car, as its service sent it. What of it counts is written where it belongs: a mileage among the
    readings, codes among the trouble codes."""

    __tablename__ = "telematics_reports"
    __table_args__ = (
        UniqueConstraint("vehicle_id", "key"),
        Index("ix_telematics_reports_vehicle_id_at", "vehicle_id", "at"),
        Index("ix_telematics_reports_user_id", "user_id"),
        CheckConstraint("charge_percent BETWEEN 0 AND 100", name="charge"),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """Whose key it came with."""
    key: Mapped[str]
    """What makes it this report and no other: a report that is sent twice counts once."""
    at: Mapped[datetime]
    """When the car measured it."""
    charge_percent: Mapped[int | None] = mapped_column(SmallInteger)
    payload: Mapped[dict[str, Any]]


class TroubleCode(Identified, Base):
    """A trouble code that a car shows, or has shown."""

    __tablename__ = "trouble_codes"
    __table_args__ = (
        Index(
            "ix_trouble_codes_shown", "vehicle_id", "code", unique=True,
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )  # fmt: skip

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    code: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
