"""Passports that were made, and their links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified
from app.core.sealing import sealed_for

LINK_SEAL = "link of a vehicle passport"


class Passport(Identified, Base):
    """What a car's history said on a day, signed, and the link that shows it."""

    __tablename__ = "passports"
    __table_args__ = (
        Index("ix_passports_user_id", "user_id"),
        Index("ix_passports_vehicle_id", "vehicle_id"),
        Index("ix_passports_token_hash", "token_hash", unique=True),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """Who made it. The document does not say."""
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes]
    token_sealed: Mapped[bytes] = mapped_column(info=sealed_for(LINK_SEAL))
    """So that its owner can show the link and its QR code again."""
    document: Mapped[str]
    """The file, to the byte."""
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
