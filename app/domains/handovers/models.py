"""Offers of a car's history to its next owner."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified


class Handover(Identified, Base):
    """A mailed offer: what goes along with the car, and what became of it. Who took it is not written down."""

    __tablename__ = "car_handovers"
    __table_args__ = (
        Index("ix_car_handovers_user_id", "user_id"),
        Index("ix_car_handovers_vehicle_id", "vehicle_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """The owner who sells."""
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    offered_by_name: Mapped[str] = mapped_column(default="")
    email: Mapped[str]
    with_fills: Mapped[bool]
    with_costs: Mapped[bool]
    with_notes: Mapped[bool]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the mail's link; nothing else opens it."""
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > now
