"""Reminders as JSON. Distances are kilometres, counts hours or cycles."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery

from app.core import clock
from app.core.errors import Invalid
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.reminders import keeping
from app.domains.reminders.facts import Wanted
from app.domains.reminders.models import Reminder
from app.domains.reminders.reckoning import Standing
from app.domains.reminders.said import called

AnyRequest = Request[Any, Any, Any]
READ, MANAGE = needs("read:own_vehicles"), needs("manage:own_vehicles")


class NewReminder(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    vehicle_id: UUID


class ReminderChange(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a reminder as it should be, and the version it is based on."""

    version: int


def _wanted(data: Wanted) -> Wanted:
    """Only what is kept."""
    return Wanted(**{name: getattr(data, name) for name in Wanted.__struct_fields__})


class SnoozeIn(msgspec.Struct, forbid_unknown_fields=True):
    """One of the two."""

    term: str = ""
    """week or month."""
    km: int | None = None
    """So many kilometres more, of one that is due by distance; at most three months."""


class ReminderOut(msgspec.Struct, kw_only=True):
    id: UUID
    vehicle_id: UUID
    task: str
    title: str
    """What it is called, in the caller's language."""
    note: str
    due_on: date | None
    due_km: int | None
    due_count: int | None
    every_months: int | None
    every_km: int | None
    every_count: int | None
    counter: str
    count_now: int | None
    is_fixed: bool
    snoozed_until: date | None
    snoozed_until_km: int | None
    """Put off by a distance: until the car has gone that far, or until the day, whichever is first."""
    version: int
    urgency: str
    """overdue, soon, waiting, snoozed, or unknown where no reading says how far it is."""
    days_left: int | None
    km_left: int | None
    expected_from: date | None
    expected_until: date | None
    """Between which days its mileage is expected, by how far the car goes."""


class RemindersOut(msgspec.Struct):
    reminders: list[ReminderOut]


def shown(one: Reminder, standing: Standing) -> ReminderOut:
    """A reminder as JSON."""
    own = ReminderOut.__struct_fields__[: ReminderOut.__struct_fields__.index("urgency")]
    early, late = standing.expected or (None, None)
    return ReminderOut(
        **{name: getattr(one, name) for name in own} | {"title": called(one)},
        urgency=standing.urgency, days_left=standing.days, km_left=standing.km, expected_from=early, expected_until=late,
    )  # fmt: skip


async def _answer(db: Any, me: Any, car: Vehicle, reminder: Reminder) -> ReminderOut:
    known = await keeping.of_car(db, car, clock.today(me.zone))
    return next(shown(one, standing) for one, standing in known if one.id == reminder.id)


@get("/customers/reminders", opt=READ)
async def list_reminders(request: AnyRequest, vehicle: FromQuery[UUID | None] = None) -> RemindersOut:
    """What is to be thought of of one's own cars, or of one of them, the most urgent of each first."""
    async with begin(request) as (db, me):
        cars = [await garage.find_readable(db, me, vehicle)] if vehicle else await garage.mine(db, me)
        known = await keeping.of_person(db, cars, clock.today(me.zone))
        return RemindersOut([shown(*pair) for _car, pairs in known for pair in pairs])


@post("/customers/reminders", opt=MANAGE, status_code=201)
async def add_reminder(request: AnyRequest, data: NewReminder) -> ReminderOut:
    """Set one up. Without a first time it is counted from when the logbook says it was done, else from now."""
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, data.vehicle_id)
        return await _answer(db, me, car, await keeping.add(db, car, _wanted(data), by=me))


@put("/customers/vehicles/{vehicle_id:uuid}/reminders/{reminder_id:uuid}", opt=MANAGE)
async def change_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID], data: ReminderChange
) -> ReminderOut:
    """Correct one. 409 when it was changed in the meantime."""
    async with begin(request) as (db, me):
        car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        await keeping.change(db, car, reminder, _wanted(data), version=data.version, by=me)
        return await _answer(db, me, car, reminder)


@post(
    "/customers/vehicles/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/completion",
    opt=MANAGE,
    status_code=204,
)
async def complete_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> None:
    """Tick it as done today; one that comes round is set anew."""
    async with begin(request) as (db, me):
        car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        await keeping.complete(db, car, reminder, by=me)


@post(
    "/customers/vehicles/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/snooze", opt=MANAGE, status_code=204
)
async def snooze_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID], data: SnoozeIn
) -> None:
    """Say nothing of it for a week or a month, or until the car has gone some kilometers more."""
    async with begin(request) as (db, me):
        car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        if (data.km is None) == (not data.term):
            raise Invalid({"term": _("Please say either a term or a distance.")})
        if data.km is not None:
            await keeping.snooze_for(db, car, reminder, data.km, by=me)
        else:
            await keeping.snooze(db, reminder, data.term, by=me)


@delete("/customers/vehicles/{vehicle_id:uuid}/reminders/{reminder_id:uuid}", opt=MANAGE, status_code=204)
async def remove_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> None:
    """Think of it no more."""
    async with begin(request) as (db, me):
        _car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        await keeping.remove(db, reminder, by=me)


router = Router(
    "/",
    route_handlers=[
        list_reminders, add_reminder, change_reminder, complete_reminder, snooze_reminder, remove_reminder,
    ],
    tags=["reminders"],
)  # fmt: skip
