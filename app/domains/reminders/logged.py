"""A reminder follows the logbook: work that is written down sets it anew, and taken out again puts it back. One by distance
begins with the first reading. Trouble codes
that a car reports are reminders until they are gone."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.events import Heard
from app.domains.garage.events import OdometerRead
from app.domains.logbook.events import EntriesImported, OfEntry
from app.domains.logbook.models import Entry
from app.domains.reminders.models import Reminder
from app.domains.reminders.reckoning import settle
from app.domains.telematics.events import TroubleCodeCleared, TroubleCodeFound


async def note_logged(db: AsyncSession, reminder: Reminder) -> None:
    """Note when the logbook says that its task was last done."""
    reminder.logged_on = reminder.logged_km = None
    if not reminder.task:
        return
    last = await db.execute(
        select(Entry.day, Entry.km)
        .where(
            Entry.vehicle_id == reminder.vehicle_id,
            Entry.removed_at.is_(None),
            Entry.tasks.contains([reminder.task]),
        )
        .order_by(Entry.day.desc(), Entry.id.desc())
        .limit(1)
    )
    if found := last.one_or_none():
        reminder.logged_on, reminder.logged_km = found.day, found.km


async def follow_logbook(db: AsyncSession, heard: Heard[OfEntry | EntriesImported]) -> None:
    """Reaction: the car's reminders of tasks are due by what its logbook says now. Doing it again changes nothing."""
    rows = await db.scalars(
        select(Reminder)
        .where(
            Reminder.vehicle_id == heard.event.vehicle_id, Reminder.task != "", Reminder.removed_at.is_(None)
        )
        .order_by(Reminder.id)
        .with_for_update()
    )
    for reminder in rows.all():
        before = reminder.logged_on, reminder.logged_km
        await note_logged(db, reminder)
        if (reminder.logged_on, reminder.logged_km) == before:
            continue
        if reminder.is_recurring:
            settle(reminder)
        else:
            # Once and for all: done by what was written down since it was set up.
            is_done = reminder.logged_on is not None and reminder.logged_on >= reminder.created_at.date()
            reminder.done_at = clock.now() if is_done else None
        reminder.version += 1


async def follow_odometer(db: AsyncSession, heard: Heard[OdometerRead]) -> None:
    """Reaction: what was set up before anybody had read the car's mileage is counted from the first reading on."""
    rows = await db.scalars(
        select(Reminder)
        .where(
            Reminder.vehicle_id == heard.event.vehicle_id, Reminder.every_km.is_not(None),
            Reminder.first_km.is_(None), Reminder.last_on.is_(None), Reminder.logged_on.is_(None),
            Reminder.removed_at.is_(None),
        )
        .with_for_update()
    )  # fmt: skip
    for reminder in rows.all():
        reminder.first_km = heard.event.km + (reminder.every_km or 0)
        reminder.version += 1
        settle(reminder)


async def remember_code(db: AsyncSession, heard: Heard[TroubleCodeFound]) -> None:
    """Reaction: what the car warns of is a reminder that is due, once for each time it shows the code."""
    person = heard.user_id
    if person is None:
        return
    event, now = heard.event, clock.now()
    await db.execute(
        insert(Reminder)
        .values(
            id=new_id(), created_at=now, vehicle_id=event.vehicle_id, user_id=person, title=event.code, task="",
            note="", counter="", first_on=now.date(), due_on=now.date(), is_fixed=False, told=0, version=1,
            trouble_code_id=event.trouble_code_id,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


async def forget_code(db: AsyncSession, heard: Heard[TroubleCodeCleared]) -> None:
    """Reaction: the car does not warn of it any more."""
    found = await db.scalar(
        select(Reminder)
        .where(Reminder.trouble_code_id == heard.event.trouble_code_id, Reminder.done_at.is_(None))
        .with_for_update()
    )
    if found is not None:
        found.done_at = clock.now()
        found.version += 1
