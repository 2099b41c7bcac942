"""How far a car has gone over the years, in the browser: the plot, the list, and each reading's correction."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from app.core import clock
from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.render import from_km, page, see_other, to_km
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.garage import cars, mileage, odometer, rate

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]

READ, MANAGE = needs("read:own_vehicles"), needs("manage:own_vehicles")
LIST = "/garage/{vehicle_id:uuid}/readings"
ONE = LIST + "/{odometer_reading_id:uuid}"
ON_LIST = {"page": "/garage/{vehicle_id}/readings"}


class EarlierForm(msgspec.Struct):
    mileage: int
    day: date
    confirmed: str = ""


class CorrectionForm(EarlierForm, kw_only=True):
    version: int


class RemovalForm(msgspec.Struct):
    version: int


@get(LIST, opt=READ)
async def readings_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], before: FromQuery[str] = ""
) -> Response[Any]:
    return await _readings(request, vehicle_id, before=before)


async def _readings(
    request: AnyRequest,
    vehicle_id: UUID,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    *,
    before: str = "",
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_readable(db, me, vehicle_id)
        role = await cars.role_of(db, me, car)
        found = await mileage.listed(db, car, before=mileage.cursor_in(before), most=mileage.PAGE + 1)
        shown = found[: mileage.PAGE]
        return page(
            request, me, "garage/readings.html", status=422 if errors else 200, car=car, role=role,
            readings=[(one, mileage.is_own(one, me, role)) for one in shown],
            older=mileage.cursor_of(shown[-1]) if len(found) > mileage.PAGE else "",
            points=await mileage.plotted(db, car), rate=await rate.rate_of(db, car),
            today=clock.today(me.zone), values=values or {}, errors=errors or {},
        )  # fmt: skip


@post(LIST + "/earlier", opt=MANAGE | ON_LIST, status_code=303)
async def add_earlier(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(EarlierForm, form)
        async with begin(request) as (db, me):
            car = await cars.find_driven(db, me, vehicle_id)
            is_sure = odometer.is_confirmed(given.confirmed, given.mileage)
            km = to_km(given.mileage, car.odometer_unit)
            await mileage.add(db, car, km, given.day, by=me, confirmed=is_sure)
            return see_other(request, f"/garage/{vehicle_id}/readings", flash=_("Mileage saved."))
    except Invalid as wrong:
        return await _readings(request, vehicle_id, values_of(form), wrong.errors)


@get(ONE, opt=MANAGE)
async def reading_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], odometer_reading_id: FromPath[UUID]
) -> Response[Any]:
    return await _reading(request, vehicle_id, odometer_reading_id)


async def _reading(
    request: AnyRequest,
    vehicle_id: UUID,
    reading_id: UUID,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, reading = await mileage.find(db, me, vehicle_id, reading_id)
        stands = {
            "mileage": from_km(reading.km, car.odometer_unit),
            "day": reading.at.astimezone(ZoneInfo(me.zone)).date(),
            "version": reading.version,
        }
        return page(
            request, me, "garage/reading.html", status=422 if errors else 200, car=car, reading=reading,
            today=clock.today(me.zone), values=values or stands, errors=errors or {},
        )  # fmt: skip


@post(ONE, opt=MANAGE, status_code=303)
async def correct(
    request: AnyRequest, vehicle_id: FromPath[UUID], odometer_reading_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CorrectionForm, form)
        async with begin(request) as (db, me):
            car, reading = await mileage.find(db, me, vehicle_id, odometer_reading_id)
            typed = given.mileage
            # As it was shown: a reading in miles keeps the kilometers it was taken with.
            km = (
                reading.km
                if typed == from_km(reading.km, car.odometer_unit)
                else to_km(typed, car.odometer_unit)
            )
            is_sure = odometer.is_confirmed(given.confirmed, typed)
            await mileage.correct(
                db, car, reading, km, given.day, version=given.version, by=me, confirmed=is_sure
            )
            return see_other(request, f"/garage/{vehicle_id}/readings", flash=_("Saved."))
    except Invalid as wrong:
        return await _reading(request, vehicle_id, odometer_reading_id, values_of(form), wrong.errors)


@post(ONE + "/removal", opt=MANAGE | ON_LIST, status_code=303)
async def remove(
    request: AnyRequest, vehicle_id: FromPath[UUID], odometer_reading_id: FromPath[UUID]
) -> Response[Any]:
    form = read(RemovalForm, await request.form())
    async with begin(request) as (db, me):
        car, reading = await mileage.find(db, me, vehicle_id, odometer_reading_id)
        await mileage.remove(db, car, reading, version=form.version, by=me)
        return see_other(request, f"/garage/{vehicle_id}/readings", flash=_("The reading is removed."))


router = Router("/", route_handlers=[readings_page, add_earlier, reading_page, correct, remove])
