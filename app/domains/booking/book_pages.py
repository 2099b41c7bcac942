"""Booking, step by step: center, car, services, time, confirmation. Every step is an address of its own."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.answers import audit_refusal
from app.core.db import enter_tenant
from app.core.errors import Invalid, NotFound, Refused
from app.core.forms import read, values_of
from app.core.legible import within_reach
from app.core.limits import limited
from app.core.permissions import PUBLIC
from app.core.render import fragment, is_partial, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage, services
from app.domains.accounts import own_account
from app.domains.booking import appointments, changing, choosing, holding, wishes
from app.domains.booking.claims import SlotTaken
from app.domains.booking.crowd import HOLDS, turn
from app.domains.booking.floor import work_of
from app.domains.booking.live import appointment_topic, slots_topic
from app.domains.garage.models import Vehicle
from app.domains.network.branding import brand_of
from app.domains.network.premises import center_called, open_centers
from app.domains.services.models import Service

AnyRequest = Request[Any, Any, Any]
BOOKS = needs("manage:own_appointments")
MOST_SERVICES = 20


class HoldForm(msgspec.Struct):
    center: Annotated[str, Meta(max_length=80)]
    vehicle: UUID
    service: list[UUID]
    starts_at: datetime
    notes: Annotated[str, Meta(max_length=2000)] = ""


@get("/book", opt=needs(PUBLIC))
async def choose_center(request: AnyRequest, vehicle: UUID | None = None, wish: str = "") -> Response[Any]:
    async with begin(request) as (db, me):
        centers = await open_centers(db)
        preferred = (await own_account(db, me)).preferred_center_id if me.is_signed_in else None
        return page(
            request, me, "booking/choose_center.html", preferred=preferred,
            kept=urlencode([*([("vehicle", str(vehicle))] if vehicle else []), *_wished(wish)]),
            centers=sorted(centers, key=lambda one: one.id != preferred),
        )  # fmt: skip


@get("/book/{slug:str}", opt=BOOKS)
async def choose_vehicle(
    request: AnyRequest,
    slug: str,
    vehicle: UUID | None = None,
    service: list[UUID] | None = None,
    wish: str = "",
) -> Response[Any]:
    """Whoever has one car, or comes from its page, need not choose it. Services chosen before are kept."""
    kept = urlencode([*(("service", str(one)) for one in (service or ())[:MOST_SERVICES]), *_wished(wish)])
    async with begin(request) as (db, me):
        center = await center_called(db, slug)
        cars = await garage.mine(db, me, driven=True)
        known = [car for car in cars if vehicle in (None, car.id)]
        if len(known) == 1:
            return see_other(request, f"/book/{slug}/services?vehicle={known[0].id}{kept and f'&{kept}'}")
        return page(
            request, me, "booking/choose_vehicle.html", center=center, cars=cars, kept=kept,
            shop_brand=await brand_of(db, center.tenant_id),
        )  # fmt: skip


@get("/book/{slug:str}/services", opt=BOOKS)
async def choose_services(
    request: AnyRequest,
    slug: str,
    vehicle: UUID | None = None,
    service: list[UUID] | None = None,
    again: bool = False,
    wish: str = "",
) -> Response[Any]:
    """`wish`: what the driver comes for. What fits it is ticked already."""
    async with begin(request) as (db, me):
        if vehicle is None:
            return see_other(request, f"/book/{slug}")
        center = await center_called(db, slug)
        car = await garage.find_driven(db, me, vehicle)
        offered = await services.offered(db, center.tenant_id, car.fuel)
        return page(
            request, me, "booking/choose_services.html", center=center, car=car,
            groups=choosing.grouped(offered), chosen=set(service or wishes.granting(wish, offered)),
            wished=wishes.wish_words(wish), carried=[("vehicle", car.id), *_wished(wish)],
            shop_brand=await brand_of(db, center.tenant_id),
            errors={"service": _("Choose at least one service.")} if again else {},
        )  # fmt: skip


@get("/book/{slug:str}/times", opt=BOOKS)
async def choose_time(
    request: AnyRequest,
    slug: str,
    vehicle: UUID | None = None,
    service: list[UUID] | None = None,
    day: date | None = None,
    wish: str = "",
) -> Response[Any]:
    async with begin(request) as (db, me):
        if vehicle is None:
            return see_other(request, f"/book/{slug}")
        if not service:
            kept = urlencode([("vehicle", str(vehicle)), *_wished(wish)])
            return see_other(request, f"/book/{slug}/services?{kept}&again=true")
        shown = await _times(db, me, slug, vehicle, service, day, wish)
        return page(request, me, "booking/choose_time.html", **shown)


@get("/book/{slug:str}/slots", opt=BOOKS)
async def slots_region(
    request: AnyRequest,
    slug: str,
    vehicle: UUID,
    service: list[UUID],
    day: date | None = None,
    wish: str = "",
) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _times(db, me, slug, vehicle, service, day, wish)
        return fragment(request, me, "booking/_slots.html", **shown)


async def _times(
    db: AsyncSession,
    me: Viewer,
    slug: str,
    vehicle: UUID,
    service: list[UUID],
    day: date | None,
    wish: str = "",
) -> dict[str, Any]:
    center = await center_called(db, slug)
    car = await garage.find_driven(db, me, vehicle)
    chosen = await services.chosen(db, center.tenant_id, service)
    await enter_tenant(db, center.tenant_id)
    found = await choosing.times(db, center, work_of((one, 1) for one in chosen), day=day)
    return {
        "shop_brand": await brand_of(db, center.tenant_id),
        "center": center,
        "car": car,
        "chosen": chosen,
        "times": found,
        "minutes": sum(one.duration_minutes for one in chosen),
        "total_minor": sum(one.price_minor for one in chosen),
        "query": _query(car, chosen, wish),
        "fields": [
            ("center", center.slug),
            ("vehicle", car.id),
            *(("service", one.id) for one in chosen),
            *(("notes", words) for words in [wishes.wish_words(wish)] if words),
        ],
        "topics": [slots_topic(center.id)],
        "lost": "",
        "errors": {},
    }


def _query(car: Vehicle, chosen: list[Service], wish: str) -> str:
    services_ = [("service", str(one.id)) for one in chosen]
    return urlencode([("vehicle", str(car.id)), *services_, *_wished(wish)])


def _wished(wish: str) -> list[tuple[str, str]]:
    return [("wish", wish)] if wishes.wish_words(wish) else []


@post("/appointments", opt=BOOKS | limited(HOLDS))
async def hold(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        wanted = read(HoldForm, form)
    except Invalid as wrong:
        raise Invalid({"": _("Please choose a time again.")}, values_of(form)) from wrong
    try:
        async with turn(), begin(request) as (db, me):
            center = await center_called(db, wanted.center)
            await enter_tenant(db, center.tenant_id)
            chosen = await services.chosen(db, center.tenant_id, wanted.service)
            appointment = await holding.hold(
                db, center, [holding.Wanted(one) for one in chosen], aware(wanted.starts_at),
                vehicle_id=wanted.vehicle, by=me, notes=wanted.notes,
            )  # fmt: skip
            return see_other(request, f"/appointments/{appointment.id}/confirmation")
    except SlotTaken as taken:
        return await _lost(request, wanted, taken)


async def _lost(request: AnyRequest, wanted: HoldForm, taken: SlotTaken) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _times(db, me, wanted.center, wanted.vehicle, wanted.service, None)
        shown |= {"lost": taken.words, "alternatives": taken.alternatives}
        shown["fields"] += [("notes", wanted.notes)] if wanted.notes else []
        return page(request, me, "booking/choose_time.html", status=409, **shown)


@get("/appointments/{appointment_id:uuid}/confirmation", opt=BOOKS)
async def confirmation_page(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    return await _confirmation(request, appointment_id)


async def _confirmation(
    request: AnyRequest, appointment_id: UUID, refused: Refused | None = None
) -> Response[Any]:
    """The hold, or what became of it while this page was open: it follows by itself."""
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        if visit.appointment.status in ("pending", "confirmed"):
            url = f"/appointments/{appointment_id}"
            if is_partial(request):
                return Response("", headers={"HX-Redirect": url}, media_type="text/html")
            return see_other(request, url)
        answer = page(
            request, me, "booking/confirm.html", status=refused.status if refused else 200, visit=visit,
            again=book_again(visit), instead=await holding.instead_of(db, visit.appointment), errors={},
            last_change=changing.last_change(visit),
            topics=[appointment_topic(appointment_id)], shop_brand=await brand_of(db, visit.center.tenant_id),
        )  # fmt: skip
    answer.background = audit_refusal(request, refused)
    return answer


class ConfirmForm(msgspec.Struct):
    notes: Annotated[str, Meta(max_length=2000)] = ""


@post("/appointments/{appointment_id:uuid}/confirmation", opt=BOOKS)
async def confirm(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    given = read(ConfirmForm, await request.form())
    try:
        async with begin(request) as (db, me):
            visit = await appointments.find(db, me, appointment_id, for_update=True)
            if visit.appointment.user_id != me.user_id:
                raise NotFound
            await holding.confirm(db, visit.appointment, visit.center, by=me, notes=given.notes)
            return see_other(request, f"/appointments/{appointment_id}")
    except holding.HoldOver as over:
        return await _confirmation(request, appointment_id, over)


def book_again(visit: appointments.Visit) -> str:
    """Where to choose another time for the same car and services."""
    pairs = [("vehicle", str(visit.appointment.vehicle_id))]
    pairs += [("service", str(one.service_id)) for one in visit.services]
    return f"/book/{visit.center.slug}/times?{urlencode(pairs)}"


def aware(moment: datetime) -> datetime:
    """A start as the slots name it, with its offset. Raises Invalid."""
    if moment.tzinfo is None:
        raise Invalid({"": _("Please choose a time again.")})
    return within_reach(moment)


router = Router(
    "/",
    route_handlers=[
        choose_center, choose_vehicle, choose_services, choose_time, slots_region, hold,
        confirmation_page, confirm,
    ],
)  # fmt: skip
