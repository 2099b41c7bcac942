"""What somebody is reminded of is in their copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.reminders.models import CalendarFeed, Reminder


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "reminders", _("What you are reminded of."), ("reminders",),
            {
                "car_id": (Reminder.vehicle_id, _("which car")),
                "task": (Reminder.task, _("the maintenance it is")),
                "title": (Reminder.title, _("what you called it")),
                "note": (Reminder.note, _("what was written to it")),
                "due_on": (Reminder.due_on, _("the day it is due")),
                "due_km": (Reminder.due_km, _("the mileage at which it is due, in kilometers")),
                "every_months": (Reminder.every_months, _("after how many months it comes round")),
                "every_km": (Reminder.every_km, _("after how many kilometers it comes round")),
                "counter": (Reminder.counter, _("what is counted")),
                "due_count": (Reminder.due_count, _("the count at which it is due")),
                "every_count": (Reminder.every_count, _("after how many of them it comes round")),
                "snoozed_until": (Reminder.snoozed_until, _("until when it is put off")),
                "snoozed_until_km": (Reminder.snoozed_until_km, _("until which mileage it is put off, in kilometers")),
                "done_at": (Reminder.done_at, _("when it was done")),
                "removed_at": (Reminder.removed_at, _("when it was removed")),
                "since": (Reminder.created_at, _("since when")),
            },
            lambda rows: rows.where(Reminder.user_id == person).order_by(Reminder.created_at),
        ),
        Records(
            "calendar", _("The address at which your calendar reads them."), ("calendar_feeds",),
            {
                "since": (CalendarFeed.created_at, _("since when")),
                "read_at": (CalendarFeed.read_at, _("when it was last read")),
            },
            lambda rows: rows.where(CalendarFeed.user_id == person),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """What they wanted to be reminded of."""
    for kind in (CalendarFeed, Reminder):
        await db.execute(delete(kind).where(kind.user_id == person))


DECLARED = Declared(records, erase=erase)
