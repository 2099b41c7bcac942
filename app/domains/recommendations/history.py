"""When each task of a car was last done: by its owner's word, by a shop's, or as a reminder was ticked."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.logbook.finding import standing_in
from app.domains.logbook.models import Entry
from app.domains.recommendations.reckoning import Done
from app.domains.reminders.models import Reminder


async def last_done(db: AsyncSession, car: Vehicle) -> dict[str, Done]:
    """Task -> when it was last done, of those that anything says of."""
    entries = await db.scalars(
        select(Entry)
        .where(standing_in(car.id), (Entry.tasks != []) | Entry.tenant_id.is_not(None))
        .order_by(Entry.day.desc(), Entry.id.desc())
    )
    found: dict[str, Done] = {}
    for entry in entries:
        for task in _tasks_of(entry):
            source = Done(entry.day, entry.km, "shop" if entry.is_verified else "owner", entry.title)
            found.setdefault(task, source)
    ticked = await db.scalars(
        select(Reminder).where(
            Reminder.vehicle_id == car.id, Reminder.task != "", Reminder.last_on.is_not(None)
        )
    )
    for one in ticked:
        if one.last_on and (one.task not in found or found[one.task].day < one.last_on):
            found[one.task] = Done(one.last_on, one.last_km, "ticked")
    return found


def _tasks_of(entry: Entry) -> Iterable[str]:
    """A shop's work that was written in before its words were read has only words."""
    if entry.tasks or not entry.is_verified:
        return entry.tasks
    return garage.tasks_in(entry.title)
