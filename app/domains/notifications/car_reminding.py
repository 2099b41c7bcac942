"""A car's reminder is told to its person twice at most: when its time is near, and when it has come. Not before nine in the
morning of their own clock, and not in their quiet hours."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.events import Heard, record
from app.core.queue import cron, for_each
from app.core.render import day, distance, number
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains import reminders
from app.domains.accounts.models import User
from app.domains.garage.models import Ownership, Vehicle
from app.domains.notifications import quiet_hours, recipients
from app.domains.notifications.telling import Line, list_for, write_mail
from app.domains.reminders import Reminder
from app.domains.reminders.events import ReminderRaised
from app.domains.reminders.reckoning import SOON
from app.domains.reminders.said import counter_label

FROM_HOUR, TO_HOUR = 9, 21
LEVELS = {"soon": 1, "overdue": 2}


@cron("*/15 * * * *")
async def remind_of_cars() -> None:
    """Find the reminders that are near, of everybody."""
    async with transaction() as db:
        # A day more, for somewhere it is tomorrow; each is looked at again on its person's own clock.
        until = clock.now().date() + SOON + timedelta(days=1)
        rows = await db.execute(
            text("SELECT reminder_id, user_id FROM reminders_near(:until)"), {"until": until}
        )
        found = rows.all()
    await for_each(found, lambda one: raise_reminder(one.reminder_id, person=one.user_id))


async def raise_reminder(reminder_id: UUID, *, person: UUID) -> bool:
    """Record that a reminder is near or due, if it is and was not said; True when this call did it. The mark and the event
    stand in one transaction: a worker that dies leaves both or neither."""
    async with transaction(user=person) as db:
        # Two workers at once: the second finds the row locked, or the mark set.
        reminder = await db.scalar(
            select(Reminder).where(Reminder.id == reminder_id).with_for_update(skip_locked=True)
        )
        zone = await db.scalar(select(User.zone).where(User.id == person)) or "UTC"
        if reminder is None or not reminder.is_open or not await may_be_told_now(db, person, zone):
            return False
        car = await standing_there(db, reminder.vehicle_id, person)
        if car is None:
            return False
        urgency = reminders.stands(reminder, clock.today(zone), car.mileage_km).urgency
        if urgency == "soon" and reminder.due_on == clock.today(zone):
            urgency = "overdue"  # its day has come
        if LEVELS.get(urgency, 0) <= reminder.told:
            return False
        reminder.told = LEVELS[urgency]
        event = ReminderRaised(
            reminder_id=reminder.id, vehicle_id=car.id, urgency="soon" if urgency == "soon" else "overdue",
            due_on=reminder.due_on, due_km=reminder.due_km, due_count=reminder.due_count,
        )  # fmt: skip
        await record(db, event, by=Viewer.system(None), person=person, subject=car.id)
        return True


async def may_be_told_now(db: AsyncSession, person: UUID, zone: str) -> bool:
    """Whether it is day on the person's own clock, and not one of their quiet hours."""
    now = clock.now()
    is_day = FROM_HOUR <= now.astimezone(ZoneInfo(zone)).hour < TO_HOUR
    return is_day and await quiet_hours.ends(db, person, now) is None


async def standing_there(db: AsyncSession, vehicle_id: UUID, person: UUID) -> Vehicle | None:
    """The car, while it stands in the person's garage."""
    return await db.scalar(
        select(Vehicle)
        .join(Ownership, Ownership.vehicle_id == Vehicle.id)
        .where(
            Vehicle.id == vehicle_id, Ownership.user_id == person, Ownership.until.is_(None),
            Ownership.archived_at.is_(None),
        )
    )  # fmt: skip


async def tell_reminder(db: AsyncSession, heard: Heard[ReminderRaised]) -> None:
    """Reaction: its person is told, unless it was done or set anew meanwhile."""
    event = heard.event
    if heard.user_id is None:
        return
    to = await recipients.person(db, heard.user_id, tenant_id=None)
    reminder = await db.get(Reminder, event.reminder_id)
    car = await db.get(Vehicle, event.vehicle_id)
    if to is None or reminder is None or car is None or not reminder.is_open:
        return
    if (reminder.due_on, reminder.due_km, reminder.due_count) != (
        event.due_on,
        event.due_km,
        event.due_count,
    ):
        return
    url = f"/garage/{car.id}/reminders#reminder-{reminder.id}"
    with speaking(to.locale):
        what = reminders.called(reminder)
        is_due = event.urgency == "overdue"
        title = (_("%(what)s is due") if is_due else _("%(what)s is due soon")) % {"what": what}
        line = Line("maintenance", title, _when(reminder, car), url, reminder.id)
    await list_for(db, heard, heard.user_id, line, tenant_id=None)
    await write_mail(
        db, heard, to, "reminder_due", what=what, title=title, car=car, due=_facts(reminder, car, to.locale),
        note=reminder.note, url=url,
    )  # fmt: skip


def _when(reminder: Reminder, car: Vehicle) -> str:
    """ "2020 Subaru Outback: Mar 12, 2027, or at 45,000 mi"."""
    said = [] if reminder.trouble_code_id else _times(reminder, car)
    return _("%(car)s: %(when)s", car=car.name, when=_(", or at ").join(said)) if said else car.name


def _times(reminder: Reminder, car: Vehicle) -> list[str]:
    said = []
    if reminder.due_on:
        said.append(day(reminder.due_on))
    if reminder.due_km is not None:
        said.append(distance(reminder.due_km, car.odometer_unit))
    if reminder.due_count is not None:
        said.append(f"{number(reminder.due_count, 0)} {counter_label(reminder.counter)}")
    return said


def _facts(reminder: Reminder, car: Vehicle, locale: str) -> str:
    with speaking(locale):
        return _(", or at ").join(_times(reminder, car))
