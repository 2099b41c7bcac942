"""What happens to reminders. The subject of each event is the car."""

from datetime import date
from typing import Literal
from uuid import UUID

from app.core.events import PersonalEvent


class OfReminder(PersonalEvent, frozen=True, kw_only=True):
    reminder_id: UUID
    vehicle_id: UUID


class ReminderSet(OfReminder, frozen=True, kw_only=True):
    """One was set up, or set anew."""


class ReminderDone(OfReminder, frozen=True, kw_only=True):
    """It was ticked."""

    day: date


class ReminderRemoved(OfReminder, frozen=True, kw_only=True):
    """It is not to be thought of any more."""


class ReminderRaised(OfReminder, frozen=True, kw_only=True):
    """Its time is near, or has come: its person is to be told."""

    urgency: Literal["soon", "overdue"]
    due_on: date | None
    due_km: int | None
    due_count: int | None
