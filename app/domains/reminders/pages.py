"""Reminders in the browser: of one car, of all of one's cars, setting them up, and the calendar's address."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.limits import Limit, limited
from app.core.permissions import PUBLIC
from app.core.render import Piece, from_km, is_partial, page, see_other, to_km
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.garage.models import DRIVES
from app.domains.reminders import feeding, keeping
from app.domains.reminders.facts import COUNTERS, Wanted
from app.domains.reminders.models import Reminder

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]

READ = needs("read:own_vehicles")
MANAGE = needs("manage:own_vehicles")
FEEDS = Limit("calendars", times=120, within=timedelta(hours=1), per="ip")
SHORT = 4
"""Reminders in the region of the car's page."""


class ReminderForm(msgspec.Struct):
    task: str = ""
    title: str = ""
    note: str = ""
    due_on: date | None = None
    due: int | None = None
    every_months: int | None = None
    every: int | None = None
    counter: str = ""
    count_now: int | None = None
    due_count: int | None = None
    every_count: int | None = None
    is_fixed: bool = False
    version: int = 0

    def wanted(self, car: Vehicle) -> Wanted:
        """As it is kept; distances as the car's dashboard counts them."""

        def km(typed: int | None) -> int | None:
            return None if typed is None else to_km(typed, car.odometer_unit)

        same = (
            "task",
            "title",
            "note",
            "due_on",
            "every_months",
            "counter",
            "count_now",
            "due_count",
            "every_count",
            "is_fixed",
        )
        given: Values = {name: getattr(self, name) for name in same}
        return Wanted(**given, due_km=km(self.due), every_km=km(self.every))


class UsualForm(msgspec.Struct):
    tasks: list[str] = []


class SnoozeForm(msgspec.Struct):
    term: str = "week"
    distance: int | None = None
    """As the car's dashboard counts it."""


class CountForm(msgspec.Struct):
    count_now: int


@get("/garage/{vehicle_id:uuid}/reminders", opt=READ)
async def reminders_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], removed: FromQuery[str] = ""
) -> Response[Any]:
    """Whole as a page; as a region of the car's page what is nearest."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        if is_partial(request):
            return (await on_car(db, me, car)).answer(request, me)
        return page(request, me, "reminders/of_car.html", removed=removed, **await _shown(db, me, car))


async def on_car(db: AsyncSession, me: Viewer, car: Vehicle) -> Piece:
    """The region of a car's page: what is nearest."""
    known = await keeping.of_car(db, car, clock.today(me.zone))
    may_drive = await garage.role_of(db, me, car) in DRIVES
    shown = {"car": car, "known": known[:SHORT], "count": len(known), "may_drive": may_drive}
    return Piece("reminders/_of_car.html", shown)


async def _shown(db: AsyncSession, me: Viewer, car: Vehicle) -> Values:
    known = await keeping.of_car(db, car, clock.today(me.zone))
    set_up = {one.task for one, _standing in known}
    return {
        "car": car,
        "known": known,
        "done": await keeping.put_away(db, car),
        "usual": garage.tasks_for(car.fuel, but=set_up),
        "first": garage.FIRST_TASKS,
        "task_table": garage.TASKS,
        "may_drive": await garage.role_of(db, me, car) in DRIVES,
    }


@get("/reminders", opt=READ)
async def all_reminders(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        cars = await garage.mine(db, me)
        return page(
            request, me, "reminders/all.html", cars=cars, driven={car.id for car in await garage.mine(db, me, driven=True)},
            known=await keeping.of_person(db, cars, clock.today(me.zone)), feed=await feeding.feed_of(db, me),
        )  # fmt: skip


@get("/garage/{vehicle_id:uuid}/reminders/new", opt=MANAGE)
async def new_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], task: FromQuery[str] = ""
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        return _form(request, me, car, _usual(car, task))


BLANK: Values = {"task": "", "counter": "", "is_fixed": "", "note": ""}


def _usual(car: Vehicle, code: str) -> Values:
    task = garage.TASKS.get(code)
    if task is None:
        return dict(BLANK)
    every = None if task.km is None else from_km(task.km, car.odometer_unit)
    return BLANK | {"task": code, "every_months": task.months, "every": every and round(every, -2)}


def _form(
    request: AnyRequest,
    me: Viewer,
    car: Vehicle,
    values: Values,
    errors: dict[str, str] | None = None,
    reminder: Reminder | None = None,
) -> Response[Any]:
    return page(
        request, me, "reminders/form.html", status=422 if errors else 200,
        car=car, values=values, errors=errors or {}, reminder=reminder,
        tasks=garage.tasks_for(car.fuel), counters=list(COUNTERS),
    )  # fmt: skip


@post("/garage/{vehicle_id:uuid}/reminders", opt=MANAGE)
async def add_reminder(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            car = await garage.find_driven(db, me, vehicle_id)
            await keeping.add(db, car, read(ReminderForm, form).wanted(car), by=me)
            return see_other(request, f"/garage/{vehicle_id}/reminders", flash=_("You will be reminded."))
    except Invalid as wrong:
        async with begin(request) as (db, me):
            car = await garage.find_driven(db, me, vehicle_id)
            return _form(request, me, car, BLANK | values_of(form), _wrong(wrong))


def _wrong(wrong: Invalid) -> dict[str, str]:
    names = {"due_km": "due", "every_km": "every"}
    return {names.get(name, name): words for name, words in wrong.errors.items()}


@post("/garage/{vehicle_id:uuid}/reminders/usual", opt=MANAGE)
async def add_usual(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """Several at once, at their usual intervals."""
    form = read(UsualForm, await request.form())
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        count = await keeping.add_usual(db, car, form.tasks, by=me)
        flash = _("You will be reminded.") if count else _("Please choose what to be reminded of.")
        return see_other(request, f"/garage/{vehicle_id}/reminders", flash=flash)


@get("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}", opt=MANAGE)
async def edit_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        return _form(request, me, car, _of(car, reminder), reminder=reminder)


def _of(car: Vehicle, reminder: Reminder) -> Values:
    """A reminder as its person would type it."""
    km = {
        name: None if value is None else from_km(value, car.odometer_unit)
        for name, value in (("due", reminder.due_km), ("every", reminder.every_km))
    }
    same = (
        "task",
        "title",
        "note",
        "due_on",
        "every_months",
        "counter",
        "count_now",
        "due_count",
        "every_count",
        "version",
    )
    return (
        {name: getattr(reminder, name) for name in same}
        | km
        | {"is_fixed": "yes" if reminder.is_fixed else ""}
    )


@post("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}", opt=MANAGE)
async def change_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
            given = read(ReminderForm, form)
            await keeping.change(db, car, reminder, given.wanted(car), version=given.version, by=me)
            return see_other(request, f"/garage/{vehicle_id}/reminders", flash=_("Saved."))
    except Invalid as wrong:
        async with begin(request) as (db, me):
            car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
            return _form(request, me, car, BLANK | values_of(form), _wrong(wrong), reminder)


@post("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/completion", opt=MANAGE)
async def complete_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        await keeping.complete(db, car, reminder, by=me)
        return see_other(request, f"/garage/{vehicle_id}/reminders", flash=_("Done."))


@post("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/snooze", opt=MANAGE)
async def snooze_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    form = read(SnoozeForm, await request.form())
    async with begin(request) as (db, me):
        car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        if form.distance is not None:
            await keeping.snooze_for(db, car, reminder, to_km(form.distance, car.odometer_unit), by=me)
        else:
            await keeping.snooze(db, reminder, form.term, by=me)
        return see_other(request, f"/garage/{vehicle_id}/reminders", flash=_("Put off."))


@post("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/count", opt=MANAGE)
async def count_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            _car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
            await keeping.count(db, reminder, read(CountForm, form).count_now, by=me)
            return see_other(request, f"/garage/{vehicle_id}/reminders", flash=_("Saved."))
    except Invalid as wrong:
        async with begin(request) as (db, me):
            car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
            return _form(request, me, car, _of(car, reminder) | values_of(form), _wrong(wrong), reminder)


@post("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/remove", opt=MANAGE)
async def remove_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        _car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        await keeping.remove(db, reminder, by=me)
        return see_other(request, f"/garage/{vehicle_id}/reminders?removed={reminder_id}")


@post("/garage/{vehicle_id:uuid}/reminders/{reminder_id:uuid}/return", opt=MANAGE)
async def return_reminder(
    request: AnyRequest, vehicle_id: FromPath[UUID], reminder_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        _car, reminder = await keeping.find(db, me, vehicle_id, reminder_id)
        await keeping.take_back(db, reminder, by=me)
        return see_other(request, f"/garage/{vehicle_id}/reminders", flash=_("It is back."))


@get("/calendar/{token:str}", opt=needs(PUBLIC) | limited(FEEDS))
async def calendar(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    """What a calendar program reads. The address is the key, so nobody signs in."""
    async with begin(request) as (db, _me):
        content = await feeding.read_feed(db, token)
    return Response(
        content, media_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private, max-age=900"}
    )


@post("/calendar", opt=MANAGE, status_code=200)
async def open_calendar(request: AnyRequest) -> Response[Any]:
    """The address is in this answer and nowhere else."""
    async with begin(request) as (db, me):
        return page(request, me, "reminders/calendar.html", address=await feeding.open_feed(db, by=me))


@post("/calendar/removal", opt=MANAGE)
async def close_calendar(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        await feeding.close_feed(db, by=me)
        return see_other(request, "/reminders", flash=_("The address leads nowhere any more."))


router = Router(
    "/",
    route_handlers=[
        reminders_page, all_reminders, new_page, add_reminder, add_usual, edit_page, change_reminder, complete_reminder,
        snooze_reminder, count_reminder, remove_reminder, return_reminder, calendar, open_calendar, close_calendar,
    ],
)  # fmt: skip
