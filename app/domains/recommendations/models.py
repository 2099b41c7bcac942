"""What a car's people answered to suggestions, the parts that fit a car, and how long parts last."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified


class RecommendationAnswer(Identified, Base):
    """What was said last to one suggestion for a car. What is reminded of is a reminder, and what was done a logbook entry."""

    __tablename__ = "recommendation_answers"
    __table_args__ = (
        UniqueConstraint("vehicle_id", "subject"),
        CheckConstraint("answer IN ('accepted', 'not_needed')", name="answer"),
        Index("ix_recommendation_answers_user_id", "user_id"),
    )

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    subject: Mapped[str]
    """A task of `garage.TASKS`, or a trouble code."""
    answer: Mapped[str]
    day: Mapped[date]
    km: Mapped[int | None]
    """The mileage on that day: from here on the interval is counted after which it comes back."""


class PartSuggestions(Identified, Base):
    """The parts in the lists of parts shops that fit a car, as they were when last looked up."""

    __tablename__ = "part_suggestions"
    __table_args__ = (UniqueConstraint("vehicle_id"),)

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    found: Mapped[list[Any]] = mapped_column(JSONB)
    """`parts.Suiting`, each with its verdict."""
    looked_at: Mapped[datetime]


class WearModel(Identified, Base):
    """How long one part lasts in cars of one drive, counted over all cars; of nobody's car in particular."""

    __tablename__ = "wear_models"
    __table_args__ = (
        UniqueConstraint("task", "drive"),
        CheckConstraint("unit IN ('km', 'months')", name="unit"),
    )

    task: Mapped[str]
    drive: Mapped[str]
    """gasoline, diesel, hybrid, electric."""
    unit: Mapped[str]
    """What length is counted in: months, or km for thousands of kilometres."""
    cars: Mapped[int]
    spells: Mapped[int]
    """Times from one replacement to the next, or to the last that is known of the car: those it was learned from."""
    events: Mapped[int]
    """Of those, how many ended with a replacement."""
    held_spells: Mapped[int]
    held_events: Mapped[int]
    """The same of the cars it was tested on."""
    curve: Mapped[list[Any]] = mapped_column(JSONB)
    """[length, share that still lasts], falling."""
    error: Mapped[float | None] = mapped_column(Double)
    rule_error: Mapped[float | None] = mapped_column(Double)
    """Integrated Brier scores on the cars it was tested on: of the model, and of the usual interval. 0 is right always."""
    miss: Mapped[float | None] = mapped_column(Double)
    rule_miss: Mapped[float | None] = mapped_column(Double)
    """By how much the middle was off, in units of length, on average over the replacements of those cars."""
    why_off: Mapped[str]
    """few, worse; empty where it counts."""
    fitted_at: Mapped[datetime]

    @property
    def is_on(self) -> bool:
        """Whether suggestions are made by it."""
        return not self.why_off
