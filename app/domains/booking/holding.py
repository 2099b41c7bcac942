"""From a free slot to a promise: hold it for ten minutes, then confirm."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import take_turn
from app.core.errors import NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import customers, garage
from app.domains.accounts.models import User
from app.domains.booking.claims import Claim, claim, expire, keep_for_good, look, occupy, take
from app.domains.booking.events import AppointmentConfirmed, AppointmentHeld, AppointmentRequested
from app.domains.booking.floor import work_of
from app.domains.booking.models import Appointment, BookedService
from app.domains.booking.telling import tell
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.network.setting_values import rules_of
from app.domains.services.models import Service

MOST_HELD = 3


class HoldOver(Refused):
    """The time is no longer kept: its minutes are over, or another was reserved in its place."""


class Wanted(msgspec.Struct, frozen=True):
    """A service of the catalogue, so many times."""

    service: Service
    quantity: Annotated[int, Meta(ge=1, le=10)] = 1


async def hold(
    db: AsyncSession,
    center: ServiceCenter,
    wanted: Sequence[Wanted],
    starts: datetime,
    *,
    vehicle_id: UUID,
    by: Viewer,
    notes: str = "",
) -> Appointment:
    """Keep a slot for the signed-in driver. Raises SlotTaken, NotFound for a car that is not theirs, Refused for work
    that is not for such a car.

    Of one car a driver holds one slot at a time: the one held before is given back. For another car they may hold
    another, MOST_HELD in all. A driver the shop does not know becomes its customer, and the shop may from now on
    see the car.
    """
    if by.user_id is None:
        raise NotFound
    # One after the other for one person: a count that several read at once is none.
    await take_turn(db, f"hold {by.user_id}")
    held = await _held_by(db, center, by)
    earlier = held.pop(vehicle_id, None)
    if len(held) >= MOST_HELD:
        raise Refused(_("You hold times for several cars. Book them or give one back, then choose again."))
    work = work_of((one.service, one.quantity) for one in wanted)
    seen = await look(db, center, work, starts, except_for=earlier)
    vehicle = await garage.find_driven(db, by, vehicle_id)
    _must_suit(wanted, vehicle)
    claimed = await take(db, center, seen, by=by, except_for=earlier)
    await _must_be_free(db, vehicle, claimed)
    if earlier:
        await _give_back_earlier(db, center, vehicle_id, by)
    # A new customer's number is given one at a time: not while others still queue for the slot.
    customer = await _welcome(db, center, vehicle, by)
    minutes = (await rules_of(db, center.tenant_id)).number("booking.hold_minutes")
    held_until = clock.now() + timedelta(minutes=minutes)
    appointment = await _write(
        db, center, customer, vehicle, wanted, claimed, notes=notes, status="held", held_until=held_until
    )
    await occupy(db, appointment, claimed, held_until=held_until)
    await tell(db, AppointmentHeld, appointment, by=by)
    return appointment


async def book_for(
    db: AsyncSession,
    center: ServiceCenter,
    wanted: Sequence[Wanted],
    starts: datetime,
    *,
    customer: Customer,
    vehicle: Vehicle,
    by: Viewer,
    notes: str = "",
) -> Appointment:
    """The desk books for somebody on the phone: confirmed at once, without notice. Raises SlotTaken, and Refused for
    work that is not for such a car."""
    _must_suit(wanted, vehicle)
    work = work_of((one.service, one.quantity) for one in wanted)
    await customers.bring_car(db, customer, vehicle, by=by)
    claimed = await claim(db, center, work, starts, by=by, notice=0)
    await _must_be_free(db, vehicle, claimed)
    appointment = await _write(
        db,
        center,
        customer,
        vehicle,
        wanted,
        claimed,
        notes=notes,
        status="confirmed",
        booked_at=clock.now(),
        booked_by_id=by.user_id,
        booked_by=by.name,
    )
    await occupy(db, appointment, claimed)
    await tell(db, AppointmentConfirmed, appointment, by=by)
    return appointment


async def confirm(
    db: AsyncSession, appointment: Appointment, center: ServiceCenter, *, by: Viewer, notes: str = ""
) -> Appointment:
    """held → pending, and on to confirmed unless the shop looks at each booking first.

    A hold whose ten minutes are over is lost, even if nobody has taken the slot yet.
    """
    if appointment.status in ("pending", "confirmed"):
        return appointment
    if (
        appointment.status != "held"
        or appointment.held_until is None
        or appointment.held_until <= clock.now()
    ):
        raise HoldOver(
            _("The time you had reserved has run out. Please choose a time again."),
            audit="appointment.illegal_move",
        )
    await keep_for_good(db, appointment)
    appointment.notes = notes or appointment.notes
    appointment.held_until = None
    appointment.booked_at, appointment.booked_by_id = clock.now(), by.user_id
    appointment.version += 1
    appointment.status = "pending"
    if center.confirm_by_hand:
        await tell(db, AppointmentRequested, appointment, by=by)
        return appointment
    return await accept(db, appointment, by=by)


async def accept(db: AsyncSession, appointment: Appointment, *, by: Viewer) -> Appointment:
    """pending → confirmed."""
    if appointment.status != "pending":
        raise Refused(_("Only a requested appointment can be confirmed."), audit="appointment.illegal_move")
    appointment.status = "confirmed"
    appointment.version += 1
    await tell(db, AppointmentConfirmed, appointment, by=by)
    return appointment


async def give_back(db: AsyncSession, appointment: Appointment, *, by: Viewer) -> None:
    """held → expired, before its time."""
    if appointment.status == "held":
        await expire(db, appointment, by=by)


async def _must_be_free(db: AsyncSession, vehicle: Vehicle, claimed: Claim) -> None:
    """A car is in one place at a time. Raises Refused."""
    clash = await db.scalar(
        select(Appointment)
        .where(
            Appointment.vehicle_id == vehicle.id,
            Appointment.status.in_(("pending", "confirmed")),
            Appointment.starts_at < claimed.ends,
            Appointment.ends_at > claimed.starts,
        )
        .limit(1)
    )
    if clash is not None:
        raise Refused(_("This car has a visit at that time already. Move that one, or choose another time."))


def _must_suit(wanted: Sequence[Wanted], vehicle: Vehicle) -> None:
    """The pages offer what fits; a service may have been changed since, and a program may ask for anything."""
    if unfit := [one.service.name for one in wanted if not one.service.suits(vehicle.fuel)]:
        car = " ".join(part for part in (vehicle.make, vehicle.model) if part) or vehicle.plate
        raise Refused(
            _(
                "“%(service)s” is not for the %(car)s and what it runs on. Please choose other work.",
                service=unfit[0],
                car=car,
            )
        )


async def _welcome(db: AsyncSession, center: ServiceCenter, vehicle: Vehicle, by: Viewer) -> Customer:
    user = await db.get(User, by.user_id)
    if user is None:
        raise NotFound
    customer = await customers.ensure_customer(db, center.tenant_id, user, by=by)
    await garage.grant_access(db, vehicle, center.tenant_id, by=by)
    await customers.bring_car(db, customer, vehicle, by=by)
    return customer


async def _held_by(db: AsyncSession, center: ServiceCenter, by: Viewer) -> dict[UUID, UUID]:
    """The slots a driver holds, by car."""
    rows = await db.execute(select(Appointment.vehicle_id, Appointment.id).where(*_holds(center, by)))
    return {row.vehicle_id: row.id for row in rows}


async def _give_back_earlier(db: AsyncSession, center: ServiceCenter, vehicle_id: UUID, by: Viewer) -> None:
    # A locked row is being confirmed or expired by somebody else at this moment: leave it to them.
    mine = await db.scalars(
        select(Appointment)
        .where(*_holds(center, by), Appointment.vehicle_id == vehicle_id)
        .order_by(Appointment.id)
        .with_for_update(skip_locked=True)
    )
    for appointment in mine:
        await expire(db, appointment, by=by)


def _holds(center: ServiceCenter, by: Viewer) -> tuple[ColumnElement[bool], ...]:
    return (
        Appointment.tenant_id == center.tenant_id,
        Appointment.user_id == by.user_id,
        Appointment.status == "held",
        Appointment.held_until > clock.now(),
    )


async def instead_of(db: AsyncSession, appointment: Appointment) -> Appointment | None:
    """What its driver reserved or booked for the same car after a hold that is over, if that still stands."""
    later = await db.scalar(
        select(Appointment)
        .where(
            Appointment.tenant_id == appointment.tenant_id,
            Appointment.user_id == appointment.user_id,
            Appointment.vehicle_id == appointment.vehicle_id,
            Appointment.id > appointment.id,
            or_(
                Appointment.status.in_(("pending", "confirmed")),
                and_(Appointment.status == "held", Appointment.held_until > clock.now()),
            ),
        )
        .order_by(Appointment.id.desc())
        .limit(1)
    )
    return later


async def _write(
    db: AsyncSession,
    center: ServiceCenter,
    customer: Customer,
    vehicle: Vehicle,
    wanted: Sequence[Wanted],
    claimed: Claim,
    *,
    notes: str,
    **standing: Any,
) -> Appointment:
    appointment = Appointment(
        tenant_id=center.tenant_id,
        center_id=center.id,
        customer_id=customer.id,
        user_id=await customers.account_of(db, customer),
        vehicle_id=vehicle.id,
        starts_at=claimed.starts,
        ends_at=claimed.ends,
        bay_id=claimed.bay_id,
        technician_id=claimed.technician_id,
        notes=notes,
        version=1,
        **standing,
    )
    db.add(appointment)
    await db.flush()
    for one in wanted:
        db.add(
            BookedService(
                tenant_id=center.tenant_id,
                appointment_id=appointment.id,
                service_id=one.service.id,
                name=one.service.name,
                quantity=one.quantity,
                duration_minutes=one.service.duration_minutes,
                price_minor=one.service.price_minor,
                currency=one.service.currency,
            )
        )
    return appointment
