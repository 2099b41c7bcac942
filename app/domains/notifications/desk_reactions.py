"""What a shop's front desk is told of its visits: who asks for one, who called one off, which lost its place."""

from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import render
from app.core.events import Heard
from app.core.words import _, speaking
from app.domains.booking.events import (
    AppointmentCancelled,
    AppointmentEvent,
    AppointmentExpectedAgain,
    AppointmentRequested,
)
from app.domains.booking.models import Appointment
from app.domains.customers.models import Customer
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for

Told: TypeAlias = Heard[AppointmentRequested] | Heard[AppointmentCancelled] | Heard[AppointmentExpectedAgain]


async def tell_desk_of_request(db: AsyncSession, heard: Heard[AppointmentRequested]) -> None:
    await _tell_desk(db, heard)


async def tell_desk_of_cancellation(db: AsyncSession, heard: Heard[AppointmentCancelled]) -> None:
    if heard.event.by_customer:
        await _tell_desk(db, heard)


async def tell_desk_of_lost_place(db: AsyncSession, heard: Heard[AppointmentExpectedAgain]) -> None:
    """Nobody else would call its driver: the visit stands, and no bay is kept for it."""
    appointment = await db.get(Appointment, heard.event.appointment_id)
    if appointment is not None and appointment.needs_new_time:
        await _tell_desk(db, heard)


async def _tell_desk(db: AsyncSession, heard: Told) -> None:
    """A line for each who runs the center's desk."""
    event = heard.event
    appointment = await db.scalar(select(Appointment).where(Appointment.id == event.appointment_id))
    if appointment is None:
        return
    place = await recipients.place(db, appointment.center_id)
    customer = await db.get_one(Customer, appointment.customer_id)
    who = ", ".join(one for one in (customer.name, await recipients.car(db, appointment.vehicle_id)) if one)
    day = event.starts_at.astimezone(ZoneInfo(place.zone)).date()
    asked = isinstance(event, AppointmentRequested)
    url = f"/appointments?day={day}" if asked else f"/appointments/{appointment.id}"
    for user_id in await recipients.desk(db, place.center):
        to = await recipients.person(db, user_id, tenant_id=place.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            when = render.when(event.starts_at, place.zone)
            line = Line("appointment", _title(event), f"{when}: {who}", url, appointment.id)
        await list_for(db, heard, user_id, line, tenant_id=place.tenant_id)


def _title(event: AppointmentEvent) -> str:
    if isinstance(event, AppointmentRequested):
        return _("A visit is asked for: confirm it or decline it")
    if isinstance(event, AppointmentExpectedAgain):
        return _("A visit has no bay any more: give it a new time")
    is_request = isinstance(event, AppointmentCancelled) and event.is_request
    return _("A request was taken back") if is_request else _("A visit was called off by its driver")
