"""Reminders of cars, and the addresses at which calendars read them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Identified


class Reminder(Identified, Base):
    """Something of a car that is to be thought of. Distances are kilometres; a count is of engine hours or charge
    cycles."""

    __tablename__ = "reminders"
    __table_args__ = (
        Index("ix_reminders_vehicle_id", "vehicle_id"),
        Index("ix_reminders_user_id", "user_id"),
        Index(
            "ix_reminders_due_on", "due_on",
            postgresql_where=text("done_at IS NULL AND removed_at IS NULL"),
        ),
        Index(
            "ix_reminders_trouble_code_id", "trouble_code_id", unique=True,
            postgresql_where=text("trouble_code_id IS NOT NULL"),
        ),
        CheckConstraint("every_months > 0 AND every_km > 0 AND every_count > 0", name="every"),
    )  # fmt: skip

    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicles.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    """Who is told."""
    task: Mapped[str] = mapped_column(default="")
    """One of `garage.TASKS`, for work of which the logbook knows when it was done."""
    title: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    counter: Mapped[str] = mapped_column(default="")
    """hours or cycles, where it is due by a count; the driver reads the count."""
    count_now: Mapped[int | None]
    first_on: Mapped[date | None]
    first_km: Mapped[int | None]
    first_count: Mapped[int | None]
    """When it is due the first time, as somebody set it."""
    every_months: Mapped[int | None] = mapped_column(SmallInteger)
    every_km: Mapped[int | None]
    every_count: Mapped[int | None]
    is_fixed: Mapped[bool] = mapped_column(default=False)
    """It comes round from the first time on, however late it is done; else it is counted from when it was done."""
    last_on: Mapped[date | None]
    last_km: Mapped[int | None]
    last_count: Mapped[int | None]
    """When it was ticked as done."""
    logged_on: Mapped[date | None]
    logged_km: Mapped[int | None]
    """When the logbook says that it was last done."""
    due_on: Mapped[date | None]
    due_km: Mapped[int | None]
    due_count: Mapped[int | None]
    """When it is due next: `reckoning.settle` of all the above."""
    snoozed_until: Mapped[date | None]
    snoozed_until_km: Mapped[int | None]
    """Put off by a distance: until the car has gone that far, or until the day, whichever is first."""
    told: Mapped[int] = mapped_column(SmallInteger, default=0)
    """How much of this time has been said: 0 nothing, 1 that it is near, 2 that it is due."""
    trouble_code_id: Mapped[UUID | None] = mapped_column(ForeignKey("trouble_codes.id", ondelete="CASCADE"))
    done_at: Mapped[datetime | None]
    """Of one that does not come round."""
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_recurring(self) -> bool:
        """Whether it comes round again when it is done."""
        return bool(self.every_months or self.every_km or self.every_count)

    @property
    def is_open(self) -> bool:
        """Whether it still stands."""
        return self.done_at is None and self.removed_at is None


class CalendarFeed(Identified, Base):
    """The secret address at which a person's calendar reads their reminders."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (UniqueConstraint("user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    read_at: Mapped[datetime | None]
