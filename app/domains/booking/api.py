"""Booking as JSON: free slots, a driver's appointments, the desk's appointments."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import Invalid, NotFound
from app.core.legible import within_reach
from app.core.limits import limited
from app.core.permissions import PUBLIC
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import customers, garage, services
from app.domains.booking import ahead_pages, appointments, changing, holding, slots, talk_pages
from app.domains.booking.appointments import Entry, Visit
from app.domains.booking.crowd import HOLDS, LOOKS, turn
from app.domains.booking.floor import work_of
from app.domains.network import premises

AnyRequest = Request[Any, Any, Any]

Text = Annotated[str, Meta(max_length=2000)]


class SlotOut(msgspec.Struct):
    starts_at: datetime
    ends_at: datetime


class SlotsOut(msgspec.Struct):
    center_id: UUID
    zone: str
    duration_minutes: int
    slots: list[SlotOut]


class BookedOut(msgspec.Struct):
    service_id: UUID
    name: str
    quantity: Decimal
    duration_minutes: int
    price_minor: int
    currency: str


class AppointmentOut(msgspec.Struct):
    id: UUID
    service_center_id: UUID
    vehicle_id: UUID | None
    status: str
    scheduled_date: datetime
    estimated_completion: datetime
    actual_completion: datetime | None
    held_until: datetime | None
    notes: str
    services: list[BookedOut]
    total_minor: int
    currency: str
    repair_order_id: UUID | None
    version: int


class StaffAppointmentOut(AppointmentOut):
    customer_id: UUID
    customer_name: str
    customer_phone: str
    bay_id: UUID | None
    bay_name: str
    assigned_technician: UUID | None
    technician_name: str


class WantedIn(msgspec.Struct, forbid_unknown_fields=True):
    service_id: UUID
    quantity: Annotated[int, Meta(ge=1, le=10)] = 1


class BookingIn(msgspec.Struct, forbid_unknown_fields=True):
    service_center_id: UUID
    vehicle_id: UUID
    services: Annotated[list[WantedIn], Meta(min_length=1, max_length=20)]
    starts_at: Annotated[datetime, Meta(tz=True)]
    notes: Text = ""
    hold: bool = False
    """Only keep the slot for ten minutes; `POST …/{id}/confirmation` books it."""


class DeskBookingIn(msgspec.Struct, forbid_unknown_fields=True):
    customer_id: UUID
    vehicle_id: UUID
    services: Annotated[list[WantedIn], Meta(min_length=1, max_length=20)]
    starts_at: Annotated[datetime, Meta(tz=True)]
    notes: Text = ""


class ChangeIn(msgspec.Struct, forbid_unknown_fields=True):
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None
    notes: Text | None = None
    version: int | None = None


class StaffChangeIn(ChangeIn, forbid_unknown_fields=True):
    status: Literal["confirmed", "cancelled", "no_show"] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class AssignIn(msgspec.Struct, forbid_unknown_fields=True):
    technician_id: UUID | None = None
    bay_id: UUID | None = None
    version: int | None = None


@get("/centers/{center_id:uuid}/slots", opt=needs(PUBLIC) | limited(LOOKS))
async def free_slots(
    request: AnyRequest,
    center_id: FromPath[UUID],
    service: FromQuery[list[UUID]],
    first: FromQuery[date | None] = None,
    last: FromQuery[date | None] = None,
) -> SlotsOut:
    """Free starts for some services together, from `first` to `last` (dates of the center's zone, a week if
    nothing is said, at most six). Every start is offered as an instant; durations are real minutes."""
    async with begin(request) as (db, _me):
        center = await premises.open_center_by_id(db, center_id)
        chosen = await services.chosen(db, center.tenant_id, service)
        await enter_tenant(db, center.tenant_id)
        first = within_reach(first or clock.today(center.zone))
        work = work_of((one, 1) for one in chosen)
        found = await slots.free(db, center, work, first=first, last=last or first + timedelta(days=6))
        return SlotsOut(
            center.id, center.zone, work.minutes, [SlotOut(one.starts, one.ends) for one in found]
        )


@get("/customers/appointments", opt=needs("read:own_appointments"))
async def own_appointments(request: AnyRequest) -> list[AppointmentOut]:
    async with begin(request) as (db, me):
        return [_out(visit) for visit in await appointments.of_driver(db, me)]


@get("/customers/appointments/{appointment_id:uuid}", opt=needs("read:own_appointments"))
async def own_appointment(request: AnyRequest, appointment_id: FromPath[UUID]) -> AppointmentOut:
    async with begin(request) as (db, me):
        return _out(await _own(db, me, appointment_id))


@post("/customers/appointments", opt=needs("manage:own_appointments") | limited(HOLDS), status_code=201)
async def book(request: AnyRequest, data: JSONBody[BookingIn]) -> AppointmentOut:
    """Book a slot, or hold it for ten minutes. 409 carries the next free slots as `next`."""
    async with turn(), begin(request) as (db, me):
        center = await premises.open_center_by_id(db, data.service_center_id)
        await enter_tenant(db, center.tenant_id)
        wanted = await _wanted(db, center.tenant_id, data.services)
        appointment = await holding.hold(
            db, center, wanted, data.starts_at, vehicle_id=data.vehicle_id, by=me, notes=data.notes
        )
        if not data.hold:
            await holding.confirm(db, appointment, center, by=me)
        return _out(await appointments.just_booked(db, appointment, center))


@post(
    "/customers/appointments/{appointment_id:uuid}/confirmation",
    opt=needs("manage:own_appointments"),
    status_code=200,
)
async def confirm(request: AnyRequest, appointment_id: FromPath[UUID]) -> AppointmentOut:
    """Book the slot that is held."""
    async with begin(request) as (db, me):
        visit = await _own(db, me, appointment_id, for_update=True)
        await holding.confirm(db, visit.appointment, visit.center, by=me)
        return _out(visit)


@put("/customers/appointments/{appointment_id:uuid}", opt=needs("manage:own_appointments"))
async def change(
    request: AnyRequest, appointment_id: FromPath[UUID], data: JSONBody[ChangeIn]
) -> AppointmentOut:
    """Move an appointment or change its notes, within the center's rule."""
    async with begin(request) as (db, me):
        visit = await _own(db, me, appointment_id, for_update=True)
        await _change(db, visit, data, me)
        return _out(visit)


@delete("/customers/appointments/{appointment_id:uuid}", opt=needs("manage:own_appointments"))
async def cancel(request: AnyRequest, appointment_id: FromPath[UUID]) -> None:
    """Cancel within the center's rule; a held slot is given back."""
    async with begin(request) as (db, me):
        visit = await _own(db, me, appointment_id, for_update=True)
        await changing.cancel(db, visit, by=me)


@get("/staff/appointments", opt=needs("read:all_appointments"))
async def staff_appointments(
    request: AnyRequest, first: FromQuery[date | None] = None, last: FromQuery[date | None] = None
) -> list[StaffAppointmentOut]:
    """The center's appointments from `first` to `last`, today if nothing is said, at most 42 days."""
    async with begin(request) as (db, me):
        center = await premises.working_center(db, me)
        first = within_reach(first or clock.today(center.zone))
        last = min(last or first, first + slots.LONGEST_SEARCH)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [_staff_out(one) for day in days for one in await appointments.of_day(db, me, center, day)]


@get("/staff/appointments/{appointment_id:uuid}", opt=needs("read:all_appointments"))
async def staff_appointment(request: AnyRequest, appointment_id: FromPath[UUID]) -> StaffAppointmentOut:
    async with begin(request) as (db, me):
        return _staff_out(await appointments.entry(db, await _of_desk(db, me, appointment_id)))


@post("/staff/appointments", opt=needs("manage:appointments", "phone_booking"), status_code=201)
async def book_for(request: AnyRequest, data: JSONBody[DeskBookingIn]) -> StaffAppointmentOut:
    """Book for a customer on the phone; confirmed at once."""
    async with begin(request) as (db, me):
        center = await premises.working_center(db, me)
        wanted = await _wanted(db, center.tenant_id, data.services)
        appointment = await holding.book_for(
            db, center, wanted, data.starts_at, customer=await customers.find(db, me, data.customer_id),
            vehicle=await garage.find_served(db, me, data.vehicle_id), by=me, notes=data.notes,
        )  # fmt: skip
        return _staff_out(await appointments.entry(db, await appointments.find(db, me, appointment.id)))


@put("/staff/appointments/{appointment_id:uuid}", opt=needs("manage:appointments"))
async def staff_change(
    request: AnyRequest, appointment_id: FromPath[UUID], data: JSONBody[StaffChangeIn]
) -> StaffAppointmentOut:
    """Move, confirm, cancel, or note that nobody came. Checking in has a page of its own."""
    async with begin(request) as (db, me):
        visit = await _of_desk(db, me, appointment_id, for_update=True)
        await _change(db, visit, data, me)
        if data.status == "confirmed" and visit.appointment.status != "confirmed":
            await holding.accept(db, visit.appointment, by=me)
        elif data.status == "cancelled":
            await changing.cancel(db, visit, by=me, reason=data.reason)
        elif data.status == "no_show":
            await changing.miss(db, visit, by=me)
        return _staff_out(await appointments.entry(db, visit))


@post("/staff/appointments/{appointment_id:uuid}/assign", opt=needs("manage:appointments"), status_code=200)
async def assign(
    request: AnyRequest, appointment_id: FromPath[UUID], data: JSONBody[AssignIn]
) -> StaffAppointmentOut:
    """Give the visit to another bay or technician. 409 says why that cannot be."""
    async with begin(request) as (db, me):
        visit = await _of_desk(db, me, appointment_id, for_update=True)
        changing.must_be_version(visit.appointment, data.version)
        await changing.assign(db, visit, by=me, bay_id=data.bay_id, technician_id=data.technician_id)
        return _staff_out(await appointments.entry(db, visit))


async def _own(db: AsyncSession, me: Viewer, appointment_id: UUID, *, for_update: bool = False) -> Visit:
    visit = await appointments.find(db, me, appointment_id, for_update=for_update)
    if visit.appointment.user_id != me.user_id:
        raise NotFound
    return visit


async def _of_desk(db: AsyncSession, me: Viewer, appointment_id: UUID, *, for_update: bool = False) -> Visit:
    visit = await appointments.find(db, me, appointment_id, for_update=for_update)
    if (visit.appointment.tenant_id, visit.center.id) != (me.tenant_id, me.center_id):
        raise NotFound
    return visit


async def _wanted(db: AsyncSession, tenant_id: UUID, asked: list[WantedIn]) -> list[holding.Wanted]:
    chosen = await services.chosen(db, tenant_id, [one.service_id for one in asked])
    if len(chosen) != len(asked):
        raise Invalid({"services": _("Name each service once; use its quantity.")})
    return [holding.Wanted(one, asked[n].quantity) for n, one in enumerate(chosen)]


async def _change(db: AsyncSession, visit: Visit, data: ChangeIn, me: Viewer) -> None:
    changing.must_be_version(visit.appointment, data.version)
    if data.starts_at is not None:
        await changing.reschedule(db, visit, data.starts_at, by=me)
    if data.notes is not None:
        await changing.note(db, visit, data.notes, by=me)


def _facts(visit: Visit) -> dict[str, Any]:
    appointment = visit.appointment
    return {
        "id": appointment.id,
        "service_center_id": appointment.center_id,
        "vehicle_id": appointment.vehicle_id,
        "status": appointment.status,
        "scheduled_date": appointment.starts_at,
        "estimated_completion": appointment.ends_at,
        "actual_completion": appointment.completed_at,
        "held_until": appointment.held_until,
        "notes": appointment.notes,
        "services": [
            BookedOut(
                one.service_id, one.name, one.quantity, one.duration_minutes, one.price_minor, one.currency
            )
            for one in visit.services
        ],
        "total_minor": visit.total_minor,
        "currency": visit.center.currency,
        "repair_order_id": appointment.order_id,
        "version": appointment.version,
    }


def _out(visit: Visit) -> AppointmentOut:
    return AppointmentOut(**_facts(visit))


def _staff_out(entry: Entry) -> StaffAppointmentOut:
    return StaffAppointmentOut(
        **_facts(entry.visit),
        customer_id=entry.customer.id,
        customer_name=entry.customer.name,
        customer_phone=entry.customer.phone,
        bay_id=entry.visit.appointment.bay_id,
        bay_name=entry.bay.name if entry.bay else "",
        assigned_technician=entry.visit.appointment.technician_id,
        technician_name=entry.technician.name if entry.technician else "",
    )


router = Router(
    "/",
    route_handlers=[
        free_slots, own_appointments, own_appointment, book, confirm, change, cancel, staff_appointments,
        staff_appointment, book_for, staff_change, assign, ahead_pages.api,
        talk_pages.api,
    ],
    tags=["booking"],
)  # fmt: skip
