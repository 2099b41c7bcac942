"""Setting reminders of a car up, putting them off, ticking them, and finding them."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.reminders.events import ReminderDone, ReminderRemoved, ReminderSet
from app.domains.reminders.facts import Wanted, accepted
from app.domains.reminders.logged import note_logged
from app.domains.reminders.models import Reminder
from app.domains.reminders.reckoning import Standing, after_months, settle, stands, urgency_order

MOST = 100
"""Of one car."""
SNOOZES = {"week": timedelta(days=7), "month": timedelta(days=30)}
LONGEST_SNOOZE = timedelta(days=90)
"""One put off by a distance comes back after it all the same: nobody may have read how far the car has gone since."""
FARTHEST_SNOOZE_KM = 20_000

Known = tuple[Reminder, Standing]


async def find(db: AsyncSession, me: Viewer, vehicle_id: UUID, reminder_id: UUID) -> tuple[Vehicle, Reminder]:
    """A reminder of a car of which the viewer may write. Raises NotFound, Forbidden."""
    car = await garage.find_driven(db, me, vehicle_id)
    found = await db.scalar(
        select(Reminder)
        .where(Reminder.id == reminder_id, Reminder.vehicle_id == car.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return car, found


async def of_car(db: AsyncSession, car: Vehicle, today: date) -> list[Known]:
    """The open reminders of a car with how they stand, the most urgent first."""
    rate = await garage.rate_of(db, car)
    rows = await db.scalars(_open().where(Reminder.vehicle_id == car.id))
    known = [(one, _stands(one, car, today, rate)) for one in rows]
    return sorted(known, key=lambda pair: urgency_order(pair[1]))


def _open() -> Any:
    return (
        select(Reminder)
        .where(Reminder.done_at.is_(None), Reminder.removed_at.is_(None))
        .order_by(Reminder.id)
    )


def _stands(one: Reminder, car: Vehicle, today: date, rate: garage.Rate | None = None) -> Standing:
    return stands(one, today, car.mileage_km, rate, car.mileage_at.date() if car.mileage_at else None)


async def of_person(
    db: AsyncSession, cars: Sequence[Vehicle], today: date
) -> list[tuple[Vehicle, list[Known]]]:
    """The open reminders of each of those cars that has one."""
    return [(car, known) for car in cars if (known := await of_car(db, car, today))]


async def most_urgent(db: AsyncSession, cars: Collection[Vehicle], today: date) -> dict[UUID, Known]:
    """Of each car the reminder to think of first, if it is near or its time has come."""
    by_id = {car.id: car for car in cars}
    rows = await db.scalars(_open().where(Reminder.vehicle_id.in_(by_id)))
    first: dict[UUID, Known] = {}
    for one in rows:
        standing = _stands(one, by_id[one.vehicle_id], today)
        before = first.get(one.vehicle_id)
        if standing.urgency in ("overdue", "soon") and (
            before is None or urgency_order(standing) < urgency_order(before[1])
        ):
            first[one.vehicle_id] = one, standing
    return first


async def put_away(db: AsyncSession, car: Vehicle, *, most: int = 20) -> list[Reminder]:
    """What was done and does not come round, the latest first."""
    rows = await db.scalars(
        select(Reminder)
        .where(Reminder.vehicle_id == car.id, Reminder.done_at.is_not(None), Reminder.removed_at.is_(None))
        .order_by(Reminder.done_at.desc())
        .limit(most)
    )
    return list(rows)


async def add(db: AsyncSession, car: Vehicle, wanted: Wanted, *, by: Viewer) -> Reminder:
    """Set a reminder up. Where no first time is given, it is counted from when the logbook says the work was last done,
    else from now. Raises Invalid; Refused where the car has one of that task, or too many."""
    wanted = accepted(wanted)
    await db.refresh(car, ["id"], with_for_update=True)  # two tabs at once take turns
    there = list(await db.scalars(_open().where(Reminder.vehicle_id == car.id)))
    if len(there) >= MOST:
        raise Refused(_("This car has %(most)d reminders. Please remove some first.", most=MOST))
    if wanted.task and any(one.task == wanted.task for one in there):
        raise Refused(_("There is a reminder for that already."))
    reminder = Reminder(
        id=new_id(), vehicle_id=car.id, user_id=by.user_id, told=0, version=1, **_columns(wanted)
    )
    await note_logged(db, reminder)
    if reminder.logged_on is None:
        _begin_now(reminder, car, clock.today(by.zone))
    settle(reminder)
    if wanted.due_on or wanted.due_km or wanted.due_count:  # as its person says, whatever was logged before
        reminder.due_on, reminder.due_km = wanted.due_on or reminder.due_on, wanted.due_km or reminder.due_km
        reminder.due_count = wanted.due_count or reminder.due_count
    db.add(reminder)
    await db.flush()
    await _tell_set(db, reminder, by)
    return reminder


def _columns(wanted: Wanted) -> dict[str, Any]:
    given = msgspec.structs.asdict(wanted)
    return {("first" + name[3:] if name.startswith("due_") else name): value for name, value in given.items()}


def _begin_now(reminder: Reminder, car: Vehicle, today: date) -> None:
    """Where nothing says when it is due the first time, an interval from now."""
    if (reminder.first_on, reminder.first_km, reminder.first_count) != (None, None, None):
        return
    if reminder.every_months:
        reminder.first_on = after_months(today, reminder.every_months)
    if reminder.every_km and car.mileage_km is not None:
        reminder.first_km = car.mileage_km + reminder.every_km
    if reminder.every_count and reminder.count_now is not None:
        reminder.first_count = reminder.count_now + reminder.every_count
    if (reminder.first_on, reminder.first_km, reminder.first_count) == (None, None, None):
        raise Invalid({"due_km": _("Nobody has read this car's mileage yet. Please say at which it is due.")})


async def add_usual(db: AsyncSession, car: Vehicle, tasks: Collection[str], *, by: Viewer) -> int:
    """Set reminders up for these tasks at their usual intervals; how many there were. One that is there stays."""
    if unknown := set(tasks) - garage.TASKS.keys():
        raise Invalid({"tasks": _("Please choose one of the options.")}, values={"unknown": sorted(unknown)})
    there = set(
        await db.scalars(_open().with_only_columns(Reminder.task).where(Reminder.vehicle_id == car.id))
    )
    new = [code for code in dict.fromkeys(tasks) if code not in there]
    for code in new:
        task = garage.TASKS[code]
        await add(db, car, Wanted(task=code, every_months=task.months, every_km=task.km), by=by)
    return len(new)


async def change(
    db: AsyncSession, car: Vehicle, reminder: Reminder, wanted: Wanted, *, version: int, by: Viewer
) -> None:
    """Correct a reminder. Raises Invalid; Refused when somebody else changed it in the meantime."""
    wanted = accepted(wanted)
    _must_be(reminder, version)
    for name, value in _columns(wanted).items():
        setattr(reminder, name, value)
    reminder.last_on = reminder.last_km = reminder.last_count = None
    await note_logged(db, reminder)
    if reminder.logged_on is None:
        _begin_now(reminder, car, clock.today(by.zone))
    settle(reminder)
    if wanted.due_on or wanted.due_km or wanted.due_count:
        reminder.due_on, reminder.due_km, reminder.due_count = wanted.due_on, wanted.due_km, wanted.due_count
    reminder.told, reminder.snoozed_until, reminder.snoozed_until_km = 0, None, None
    await _tell_set(db, reminder, by)


async def count(db: AsyncSession, reminder: Reminder, shown: int, *, by: Viewer) -> None:
    """Write down what the counter of hours or cycles shows. Raises Invalid."""
    if not reminder.counter:
        raise NotFound
    if shown < (reminder.count_now or 0):
        raise Invalid(
            {"count_now": _("That is less than the last reading, %(last)s.", last=reminder.count_now)}
        )
    reminder.count_now = shown
    reminder.version += 1
    await _tell_set(db, reminder, by)


async def snooze(db: AsyncSession, reminder: Reminder, term: str, *, by: Viewer) -> None:
    """Say nothing of it for a week or a month; then it is told of again."""
    if term not in SNOOZES:
        raise Invalid({"term": _("Please choose one of the options.")})
    await _put_off(db, reminder, SNOOZES[term], None, by)


async def snooze_for(db: AsyncSession, car: Vehicle, reminder: Reminder, km: int, *, by: Viewer) -> None:
    """Say nothing of one that is due by distance until the car has gone `km` kilometres more, at most for three months.
    Raises Invalid."""
    if reminder.due_km is None:
        raise Invalid({"km": _("This reminder is not due by distance.")})
    if car.mileage_km is None:
        raise Invalid({"km": _("Nobody has read this car's mileage yet.")})
    if not 1 <= km <= FARTHEST_SNOOZE_KM:
        raise Invalid({"km": _("This number is out of range.")})
    await _put_off(db, reminder, LONGEST_SNOOZE, car.mileage_km + km, by)


async def _put_off(
    db: AsyncSession, reminder: Reminder, term: timedelta, until_km: int | None, by: Viewer
) -> None:
    reminder.snoozed_until, reminder.snoozed_until_km = clock.today(by.zone) + term, until_km
    reminder.told = 0
    reminder.version += 1
    await _tell_set(db, reminder, by)


async def complete(db: AsyncSession, car: Vehicle, reminder: Reminder, *, by: Viewer) -> None:
    """Tick it as done today. One that comes round is set anew. Ticked twice, it is done once."""
    today = clock.today(by.zone)
    if not reminder.is_open or (reminder.is_recurring and reminder.last_on == today):
        return
    reminder.last_on, reminder.last_km, reminder.last_count = today, car.mileage_km, reminder.count_now
    reminder.version += 1
    if reminder.is_recurring:
        settle(reminder)
    else:
        reminder.done_at = clock.now()
    event = ReminderDone(reminder_id=reminder.id, vehicle_id=reminder.vehicle_id, day=today)
    await record(db, event, by=by, person=by.user_id, subject=reminder.vehicle_id)


async def remove(db: AsyncSession, reminder: Reminder, *, by: Viewer) -> None:
    """Think of it no more; it can be taken back."""
    if reminder.removed_at is not None:
        return
    reminder.removed_at = clock.now()
    reminder.version += 1
    event = ReminderRemoved(reminder_id=reminder.id, vehicle_id=reminder.vehicle_id)
    await record(db, event, by=by, person=by.user_id, subject=reminder.vehicle_id)


async def take_back(db: AsyncSession, reminder: Reminder, *, by: Viewer) -> None:
    """Put back one that was removed, or ticked by mistake. Refused where the car has another of that task by now."""
    if reminder.is_open:
        return
    other = _open().where(
        Reminder.vehicle_id == reminder.vehicle_id, Reminder.task == reminder.task, Reminder.task != ""
    )
    if (await db.scalars(other)).first() is not None:
        raise Refused(_("There is a reminder for that already."))
    reminder.removed_at = reminder.done_at = None
    reminder.version += 1
    settle(reminder)
    await _tell_set(db, reminder, by)


def _must_be(reminder: Reminder, version: int) -> None:
    if reminder.version != version:
        raise Refused(_("Somebody else changed this reminder while you were writing. Please look again."))
    reminder.version += 1


async def _tell_set(db: AsyncSession, reminder: Reminder, by: Viewer) -> None:
    await db.flush()
    event = ReminderSet(reminder_id=reminder.id, vehicle_id=reminder.vehicle_id)
    await record(db, event, by=by, person=by.user_id, subject=reminder.vehicle_id)
