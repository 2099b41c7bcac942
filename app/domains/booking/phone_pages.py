"""Booking for somebody on the phone: the driver's own steps, taken by the desk and confirmed at once."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromQuery
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.forms import read
from app.core.render import fragment, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import customers, garage, services, workshop
from app.domains.booking import appointments, choosing, holding
from app.domains.booking.book_pages import aware
from app.domains.booking.claims import SlotTaken
from app.domains.booking.desk_pages import day_of
from app.domains.booking.floor import work_of
from app.domains.booking.live import slots_topic
from app.domains.network import premises

AnyRequest = Request[Any, Any, Any]
RUNS = needs("manage:appointments", "phone_booking")
HERE = "/appointments/new"


class Asked(msgspec.Struct):
    """Who wants what done to which car."""

    customer: UUID
    vehicle: UUID
    service: list[UUID] = []

    @property
    def query(self) -> str:
        pairs = [("customer", self.customer), ("vehicle", self.vehicle)]
        return urlencode([*pairs, *(("service", one) for one in self.service)])


class PhoneForm(Asked, kw_only=True):
    starts_at: datetime
    notes: Annotated[str, Meta(max_length=2000)] = ""


@get(HERE, opt=RUNS)
async def begin_booking(
    request: AnyRequest, customer: FromQuery[UUID | None] = None, vehicle: FromQuery[UUID | None] = None
) -> Response[Any]:
    """Who and which car are found, or written down, where the counter does it."""
    async with begin(request):
        if customer and vehicle:
            return see_other(request, f"{HERE}/services?customer={customer}&vehicle={vehicle}")
        known = f"&customer={customer}" if customer else ""
        return see_other(request, f"/orders/new?then=visit{known}")


@get(f"{HERE}/services", opt=RUNS)
async def choose_services(
    request: AnyRequest,
    customer: FromQuery[UUID],
    vehicle: FromQuery[UUID],
    service: FromQuery[list[UUID] | None] = None,
    again: FromQuery[bool] = False,
) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _for_whom(db, me, Asked(customer, vehicle, service or []))
        offered = await services.offered(db, shown["center"].tenant_id, shown["car"].fuel)
        took = await workshop.usual_of_services(db, offered)
        return page(
            request, me, "booking/choose_services.html", groups=choosing.grouped(offered),
            chosen=set(service or ()), errors={"service": _("Choose at least one service.")} if again else {},
            usual={key: known.for_car(shown["car"].make, shown["car"].model) for key, known in took.items()}, **shown,
        )  # fmt: skip


@get(f"{HERE}/times", opt=RUNS)
async def choose_time(
    request: AnyRequest,
    customer: FromQuery[UUID],
    vehicle: FromQuery[UUID],
    service: FromQuery[list[UUID] | None] = None,
    day: FromQuery[date | None] = None,
) -> Response[Any]:
    asked = Asked(customer, vehicle, service or [])
    if not asked.service:
        return see_other(request, f"{HERE}/services?{asked.query}&again=true")
    async with begin(request) as (db, me):
        return page(request, me, "booking/choose_time.html", **await _times(db, me, asked, day))


@get(f"{HERE}/slots", opt=RUNS)
async def slots_region(
    request: AnyRequest,
    customer: FromQuery[UUID],
    vehicle: FromQuery[UUID],
    service: FromQuery[list[UUID]],
    day: FromQuery[date | None] = None,
) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _times(db, me, Asked(customer, vehicle, service), day)
        return fragment(request, me, "booking/_slots.html", **shown)


@get(f"{HERE}/confirmation", opt=RUNS)
async def confirmation_page(
    request: AnyRequest,
    customer: FromQuery[UUID],
    vehicle: FromQuery[UUID],
    service: FromQuery[list[UUID]],
    starts_at: FromQuery[datetime],
) -> Response[Any]:
    """Read out what is about to be booked. Nothing is held: the desk is faster than ten minutes."""
    asked = Asked(customer, vehicle, service)
    async with begin(request) as (db, me):
        shown = await _chosen(db, me, asked)
        return page(request, me, "booking/phone.html", asked=asked, starts_at=aware(starts_at), **shown)


@post(HERE, opt=RUNS, status_code=303)
async def book(request: AnyRequest) -> Response[Any]:
    form = read(PhoneForm, await request.form())
    try:
        async with begin(request) as (db, me):
            center = await premises.working_center(db, me)
            customer = await customers.find(db, me, form.customer)
            chosen = await services.chosen(db, center.tenant_id, form.service)
            appointment = await holding.book_for(
                db, center, [holding.Wanted(one) for one in chosen], aware(form.starts_at), customer=customer,
                vehicle=await garage.find_served(db, me, form.vehicle), by=me, notes=form.notes,
            )  # fmt: skip
            visit = await appointments.find(db, me, appointment.id)
            return see_other(request, day_of(visit), flash=_booked(customer))
    except SlotTaken as taken:
        async with begin(request) as (db, me):
            shown = await _times(db, me, form, None)
            shown |= {"lost": taken.words, "alternatives": taken.alternatives}
            return page(request, me, "booking/choose_time.html", status=409, **shown)


def _booked(customer: customers.Customer) -> str:
    if customer.user_id:
        return _(
            "Booked for %(name)s. The confirmation goes to the address of their account.", name=customer.name
        )
    if customer.email:
        return _(
            "Booked for %(name)s. The confirmation goes to %(email)s.",
            name=customer.name,
            email=customer.email,
        )
    return _("Booked for %(name)s. No email is known: read the day and time out.", name=customer.name)


async def _for_whom(db: AsyncSession, me: Viewer, asked: Asked) -> dict[str, Any]:
    return {
        "customer": await customers.find(db, me, asked.customer),
        "car": await garage.find(db, me, asked.vehicle),
        "center": await premises.working_center(db, me),
        "way": [_("Who"), _("Car"), _("Services"), _("Time"), _("Confirm")],
        "back": HERE,
        "carried": [("customer", asked.customer), ("vehicle", asked.vehicle)],
    }


async def _chosen(db: AsyncSession, me: Viewer, asked: Asked) -> dict[str, Any]:
    shown = await _for_whom(db, me, asked)
    chosen = await services.chosen(db, shown["center"].tenant_id, asked.service)
    return shown | {
        "chosen": chosen,
        "minutes": sum(one.duration_minutes for one in chosen),
        "total_minor": sum(one.price_minor for one in chosen),
        "query": asked.query,
        "errors": {},
    }


async def _times(db: AsyncSession, me: Viewer, asked: Asked, day: date | None) -> dict[str, Any]:
    shown = await _chosen(db, me, asked)
    center = shown["center"]
    work = work_of((one, 1) for one in shown["chosen"])
    return shown | {
        "times": await choosing.times(db, center, work, day=day, notice=0),
        "fields": [*shown["carried"], *(("service", one) for one in asked.service)],
        "base": f"{HERE}/times",
        "region": f"{HERE}/slots",
        "action": f"{HERE}/confirmation",
        "method": "get",
        "take_label": _("Choose"),
        "topics": [slots_topic(center.id)],
        "lost": "",
    }


router = Router(
    "/",
    route_handlers=[
        begin_booking, choose_services, choose_time, slots_region, confirmation_page, book,
    ],
)  # fmt: skip
