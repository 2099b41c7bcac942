"""Appointments: a driver's own list, one visit with moving and cancelling."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get, post
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import fragment, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import accounts, messaging, workshop
from app.domains.booking import appointments, changing, choosing, telling_ahead
from app.domains.booking.book_pages import book_again
from app.domains.booking.claims import SlotTaken
from app.domains.booking.desk_pages import show_day
from app.domains.booking.live import appointment_topic, slots_topic
from app.domains.booking.talk_pages import subject_of
from app.domains.customers.models import Customer
from app.domains.network.branding import Brand, brand_of

AnyRequest = Request[Any, Any, Any]
OWN = needs("read:own_appointments")
CHANGES = needs("manage:own_appointments")


@get("/appointments", opt=OWN)
async def appointments_page(
    request: AnyRequest, mine: bool = False, day: date | None = None, by: str = "time"
) -> Response[Any]:
    """The desk's day for whoever runs the desk, else one's own visits."""
    async with begin(request) as (db, me):
        if me.can("read:all_appointments") and me.center_id and not mine:
            return await show_day(request, db, me, day, by)
        return page(request, me, "booking/appointments.html", topics=[], **await _own(db, me))


@get("/appointments/own", opt=OWN)
async def own_region(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return fragment(request, me, "booking/_own.html", **await _own(db, me))


async def _own(db: AsyncSession, me: Viewer) -> dict[str, Any]:
    return {
        "own": await appointments.own_visits(db, me),
        "stages": workshop.stage_words(),
        "unproved": await accounts.awaits_proof(db, me),
    }


@get("/appointments/{appointment_id:uuid}", opt=OWN)
async def appointment_page(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _one(db, me, appointment_id)
        talk = await _talk(db, me, shown)
        return page(
            request,
            me,
            "booking/appointment.html",
            topics=[
                appointment_topic(appointment_id),
                *([messaging.thread_topic(talk.thread_id)] if talk else []),
            ],
            shop_brand=await _brand(db, me, shown),
            talk=talk,
            **shown,
        )


@get("/appointments/{appointment_id:uuid}/state", opt=OWN)
async def appointment_region(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    async with begin(request) as (db, me):
        return fragment(request, me, "booking/_appointment.html", **await _one(db, me, appointment_id))


async def _talk(db: AsyncSession, me: Viewer, shown: dict[str, Any]) -> messaging.Conversation | None:
    """What was written about the visit, where there are two to write and they may."""
    subject = await subject_of(db, shown["visit"]) if me.can("chat:appointment") else None
    return await messaging.beside(db, subject, by=me) if subject else None


async def _brand(db: AsyncSession, me: Viewer, shown: dict[str, Any]) -> Brand | None:
    """The shop's look, for its customer; the shop itself works in the product's."""
    tenant_id: UUID = shown["visit"].center.tenant_id
    return None if me.tenant_id == tenant_id else await brand_of(db, tenant_id)


async def _one(db: AsyncSession, me: Viewer, appointment_id: UUID) -> dict[str, Any]:
    visit = await appointments.find(db, me, appointment_id)
    at_desk = me.tenant_id == visit.center.tenant_id and visit.appointment.user_id != me.user_id
    customer = await db.get(Customer, visit.appointment.customer_id) if at_desk else None
    return {
        "visit": visit,
        "customer": customer,
        "entry": await appointments.entry(db, visit) if at_desk else None,
        "day": visit.appointment.starts_at.astimezone(ZoneInfo(visit.center.zone)).date(),
        "may_change": changing.may_change(visit, me),
        "last_change": changing.last_change(visit),
        "again": book_again(visit),
        "may_tell_ahead": telling_ahead.may_tell_ahead(visit, me),
        "sent_ahead": await telling_ahead.photos_of(db, visit.appointment),
    }


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, Meta(max_length=200)] = ""


@post("/appointments/{appointment_id:uuid}/cancellation", opt=CHANGES)
async def cancel(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    given = read(ReasonForm, await request.form())
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id, for_update=True)
        was_held = visit.appointment.status == "held"
        await changing.cancel(db, visit, by=me, reason=given.reason)
        if was_held:
            return see_other(request, book_again(visit))
        return see_other(request, f"/appointments/{appointment_id}", flash=_("The visit is cancelled."))


class TimeForm(msgspec.Struct):
    starts_at: datetime


@get("/appointments/{appointment_id:uuid}/time", opt=CHANGES)
async def time_page(request: AnyRequest, appointment_id: UUID, day: date | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await _times(db, me, appointment_id, day, beginning_there=True)
        return page(request, me, "booking/move.html", lost="", **shown)


@get("/appointments/{appointment_id:uuid}/time/slots", opt=CHANGES)
async def time_region(request: AnyRequest, appointment_id: UUID, day: date | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        return fragment(request, me, "booking/_slots.html", **await _times(db, me, appointment_id, day))


async def _times(
    db: AsyncSession, me: Viewer, appointment_id: UUID, day: date | None, *, beginning_there: bool = False
) -> dict[str, Any]:
    """Free times of a day: of the first that has any, or `beginning_there` of the visit's own if it has."""
    visit = await appointments.find(db, me, appointment_id)
    desk = changing.is_desk(visit.appointment, me)
    work = await changing.work_booked(db, visit)
    own_day = visit.appointment.starts_at.astimezone(ZoneInfo(visit.center.zone)).date()
    days = [day or own_day, day] if beginning_there else [day]
    for one in days:
        found = await choosing.times(
            db, visit.center, work, day=one, except_for=appointment_id, notice=0 if desk else None
        )
        if found.parts:
            break
    address = f"/appointments/{appointment_id}/time"
    return {
        "visit": visit, "center": visit.center, "times": found, "query": "", "errors": {}, "fields": [],
        "is_final": not desk and changing.is_final(visit.center, found.day),
        "base": address, "region": f"{address}/slots", "action": address, "take_label": _("Move to"),
        "topics": [slots_topic(visit.center.id)],
    }  # fmt: skip


@post("/appointments/{appointment_id:uuid}/time", opt=CHANGES)
async def move(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    wanted = read(TimeForm, await request.form())
    if wanted.starts_at.tzinfo is None:
        raise Invalid({"starts_at": _("Please choose a time again.")})
    try:
        async with begin(request) as (db, me):
            visit = await appointments.find(db, me, appointment_id, for_update=True)
            await changing.reschedule(db, visit, wanted.starts_at, by=me)
            return see_other(request, f"/appointments/{appointment_id}", flash=_("The visit is moved."))
    except SlotTaken as taken:
        async with begin(request) as (db, me):
            shown = await _times(db, me, appointment_id, None)
            shown |= {"lost": taken.words, "alternatives": taken.alternatives}
            return page(request, me, "booking/move.html", status=409, **shown)


router = Router(
    "/",
    route_handlers=[
        appointments_page, own_region, appointment_page, appointment_region, cancel, time_page, time_region,
        move,
    ],
)  # fmt: skip
