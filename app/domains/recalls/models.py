"""Recalls by make, model and year, and what the owners of cars said of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified

UNKNOWN_YEAR = 9999
"""As the source writes it: the campaign does not say which model years."""


class Recall(Identified, Base):
    """What one campaign says of one model of one year. Written by `torqueline recalls` alone."""

    __tablename__ = "recalls"
    __table_args__ = (
        UniqueConstraint("campaign", "make_key", "model_key", "year", "component"),
        Index("ix_recalls_cars", "make_key", "model_key", "year"),
        Index("ix_recalls_untold", "id", postgresql_where=text("told_at IS NULL")),
    )

    campaign: Mapped[str]
    make: Mapped[str]
    model: Mapped[str]
    make_key: Mapped[str]
    model_key: Mapped[str]
    """As `names` writes them, to be compared."""
    year: Mapped[int] = mapped_column(SmallInteger)
    component: Mapped[str]
    defect: Mapped[str]
    consequence: Mapped[str]
    remedy: Mapped[str]
    told_at: Mapped[datetime | None]
    """When the owners of the cars that stood in a garage then were told."""


class RecallAnswer(Identified, Base):
    """What a car's owner says of a campaign."""

    __tablename__ = "recall_answers"
    __table_args__ = (
        UniqueConstraint("vehicle_id", "campaign"),
        CheckConstraint("answer IN ('done', 'not_mine')", name="answer"),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    campaign: Mapped[str]
    answer: Mapped[str]
