"""The garage in the browser: my cars, adding one by its VIN, one car with its odometer and photo."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.files import kept_or_gone, receive_images
from app.core.forms import read, safe_next, stale_words, values_of
from app.core.render import fragment, from_km, page, see_other, to_km
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.garage import cars, family, names, odometer, photos, rate
from app.domains.garage.facts import TypedFacts, VehicleFacts
from app.domains.garage.lookup import as_form, is_doubtful, look_up, settled_vin, warning
from app.domains.garage.models import Vehicle

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]

MANAGE = needs("manage:own_vehicles")


class CarForm(TypedFacts, kw_only=True):
    """The facts, and what is asked beside them when a car is added."""

    vin_said: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """The VIN of which they say that it is right all the same."""
    mileage: int | None = None
    confirmed: str = ""
    photo: UploadFile | None = None
    version: int = 0
    next: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """Where to go with the new car: on with a booking."""


class ReadingForm(msgspec.Struct):
    mileage: int
    confirmed: str = ""


class PhotoForm(msgspec.Struct):
    photo: UploadFile


@get("/garage/new", opt=MANAGE)
async def new_car(
    request: AnyRequest, vin: FromQuery[str] = "", by: FromQuery[str] = "", next: FromQuery[str] = ""
) -> Response[Any]:
    return await _new_car(request, {"vin": vin, "next": safe_next(next, "")}, by_hand=by == "hand")


async def _new_car(
    request: AnyRequest, values: Values, errors: dict[str, str] | None = None, *, by_hand: bool = False
) -> Response[Any]:
    typed, said = (str(values.get(name, "")).strip() for name in ("vin", "vin_said"))
    asks = "vin_said" in (errors or {})
    found = await look_up(typed) if typed and not asks else None
    async with begin(request) as (db, me):
        twin = await cars.owned_with_vin(db, me, found.vin) if found else None
        template = "garage/confirm.html" if found or by_hand or errors else "garage/new.html"
        filled = {"odometer_unit": me.distance_unit, **as_form(found), **values}
        return page(
            request, me, template,
            status=422 if errors else 200,
            values=filled | ({"vin": found.vin} if found and not said else {}),
            errors=errors or {},
            found=found,
            warning=warning(found.decoded) if found and not said else "",
            is_doubtful=asks or (not said and await is_doubtful(found)),
            twin=twin[0] if twin and not twin[1].archived_at else None,
            makes=names.MAKES,
            models=names.models_of(str(filled.get("make", ""))),
        )  # fmt: skip


@get("/garage/models", opt=MANAGE)
async def models(request: AnyRequest, make: FromQuery[str] = "") -> Response[Any]:
    async with begin(request) as (_db, me):
        return fragment(request, me, "garage/_models.html", models=names.models_of(make))


@post("/garage", opt=MANAGE)
async def add_car(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CarForm, form)
        given.vin = await settled_vin(given.vin, given.vin_said)
        async with glance(request) as (_db, me):
            pass
        sent = [given.photo] if given.photo else []
        kept = await receive_images(sent, by=me, tenant=None, field="photo")
        async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
            car = await cars.add(db, given.facts(), by=me)
            if given.mileage is not None:
                km = to_km(given.mileage, given.odometer_unit)
                is_sure = odometer.is_confirmed(given.confirmed, given.mileage)
                await odometer.read_odometer(db, car, km, source="owner", by=me, confirmed=is_sure)
            for photo in kept:
                await photos.photograph(db, car, photo, by=me)
            return see_other(request, _onward(given.next, car), flash=_("Your car is in the garage."))
    except Invalid as wrong:
        said = dict(wrong.errors)
        if getattr(form.get("photo"), "filename", ""):
            said.setdefault("photo", _("Choose the photo once more: a browser sends it anew each time."))
        return await _new_car(request, values_of(form), said)


def _onward(asked: str, car: Vehicle) -> str:
    """To the car, or on with what the person was doing, with the car in hand."""
    url = safe_next(asked, "")
    if not url:
        return f"/garage/{car.id}"
    return f"{url}{'&' if '?' in url else '?'}vehicle={car.id}"


async def _car(
    request: AnyRequest, vehicle_id: UUID, values: Values | None = None, errors: dict[str, str] | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find(db, me, vehicle_id)
        shown = await of_car(db, me, car)
        said = {"values": values or {}, "errors": errors or {}}
        return page(request, me, "garage/car.html", status=422 if errors else 200, **shown | said)


async def of_car(db: AsyncSession, me: Viewer, car: Vehicle) -> dict[str, Any]:
    """What a car's page shows; the screens add to it what higher domains know of the car."""
    claim = await cars.ownership(db, me, car)
    may_change = await cars.may_change(db, me, car, claim)
    return {
        "car": car,
        "is_mine": claim is not None,
        "is_away": claim is not None and claim.archived_at is not None,
        "sold_on": claim.sold_on if claim else None,
        "role": claim.role if claim else "",
        "may_drive": claim is not None and claim.may_drive,
        "may_change": may_change,
        "may_read_off": may_change or (claim is not None and claim.may_drive),
        "owners": await family.owners_of(db, me, [car]) if claim else {},
        "photo": await photos.photo_of(db, car),
        "readings": await odometer.readings(db, car),
        "rate": await rate.rate_of(db, car),
        "is_due": car.is_due(clock.today(me.zone)),
        "values": {},
        "errors": {},
    }


@get("/garage/{vehicle_id:uuid}/edit", opt=MANAGE)
async def edit_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    return await _edit(request, vehicle_id)


async def _edit(
    request: AnyRequest,
    vehicle_id: UUID,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_to_change(db, me, vehicle_id)
        if stale and values is not None:
            values |= {"version": car.version}
        return page(
            request, me, "garage/edit.html",
            status=409 if stale else 422 if errors else 200,
            car=car,
            values=values or _of_car(car),
            errors=errors or {},
            makes=names.MAKES,
            models=names.models_of(car.make),
        )  # fmt: skip


def _of_car(car: Vehicle) -> Values:
    said = {name: getattr(car, name) for name in (*VehicleFacts.__struct_fields__, "version")}
    due = car.next_maintenance_km
    return said | {"next_maintenance": None if due is None else from_km(due, car.odometer_unit)}


@post("/garage/{vehicle_id:uuid}", opt=MANAGE)
async def change_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CarForm, form)
        async with begin(request) as (db, me):
            car = await cars.find_to_change(db, me, vehicle_id)
            given.vin = await settled_vin(given.vin, given.vin_said, kept=car.vin)
            await cars.change(db, car, given.facts(), version=given.version, by=me)
            return see_other(request, f"/garage/{vehicle_id}", flash=_("Saved."))
    except Invalid as wrong:
        return await _edit(request, vehicle_id, values_of(form), wrong.errors)
    except Refused as refused:
        if not refused.is_stale:
            raise
        return await _edit(request, vehicle_id, values_of(form), {"form": stale_words()}, stale=True)


@post("/garage/{vehicle_id:uuid}/readings", opt=MANAGE)
async def add_reading(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(ReadingForm, form)
        async with begin(request) as (db, me):
            car = await cars.find_to_read_off(db, me, vehicle_id)
            source = "owner" if await cars.ownership(db, me, car) else "shop"
            km = to_km(given.mileage, car.odometer_unit)
            is_sure = odometer.is_confirmed(given.confirmed, given.mileage)
            await odometer.read_odometer(db, car, km, source=source, by=me, confirmed=is_sure)
            return see_other(request, f"/garage/{vehicle_id}", flash=_("Mileage saved."))
    except Invalid as wrong:
        return await _car(request, vehicle_id, values_of(form), wrong.errors)


@post("/garage/{vehicle_id:uuid}/photo", opt=MANAGE)
async def change_photo(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(PhotoForm, form)
        async with glance(request) as (db, me):
            await cars.find_to_change(db, me, vehicle_id)
        kept = await receive_images([given.photo], by=me, tenant=None, field="photo")
        async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
            car = await cars.find_to_change(db, me, vehicle_id)
            await photos.photograph(db, car, kept[0], by=me)
            return see_other(request, f"/garage/{vehicle_id}", flash=_("Photo saved."))
    except Invalid as wrong:
        return await _car(request, vehicle_id, {}, wrong.errors)


@post("/garage/{vehicle_id:uuid}/archive", opt=MANAGE)
async def archive(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_readable(db, me, vehicle_id)
        await cars.archive(db, car, by=me)
        return see_other(request, "/garage", flash=_("The car is put away. Its history stays."))


@post("/garage/{vehicle_id:uuid}/return", opt=MANAGE)
async def bring_back(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_readable(db, me, vehicle_id)
        await cars.bring_back(db, car, await cars.ownership(db, me, car), by=me)
        return see_other(request, f"/garage/{vehicle_id}", flash=_("The car is back in your garage."))


router = Router(
    "/",
    route_handlers=[
        new_car, models, add_car, edit_page, change_car, add_reading, change_photo, archive,
        bring_back,
    ],
)  # fmt: skip
