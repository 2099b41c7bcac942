"""The car is here: an appointment becomes a repair order, and follows it to its end."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.files import Kept
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import customers, garage, workshop
from app.domains.booking.appointments import EARLIEST, Visit, just_booked
from app.domains.booking.changing import must_be_version, services_booked, work_booked
from app.domains.booking.claims import (
    Prospect,
    SlotTaken,
    look,
    move_over,
    occupied,
    queue_for,
    take,
    take_what_is_left,
    vacate,
)
from app.domains.booking.events import (
    AppointmentArrived,
    AppointmentCompleted,
    AppointmentExpectedAgain,
    AppointmentReady,
    AppointmentReassigned,
    AppointmentStarted,
)
from app.domains.booking.models import Appointment
from app.domains.booking.telling import tell
from app.domains.booking.telling_ahead import bring_photos
from app.domains.network.models import ServiceCenter
from app.domains.workshop.models import OPEN_WORK, RepairOrder

IN_SHOP = ("arrived", "in_progress")


def must_be_expected(visit: Visit) -> None:
    """Only a confirmed appointment of these days can be checked in: a car may be left in the evening, or on Saturday
    for Monday."""
    appointment = visit.appointment
    if appointment.order_id is not None:
        raise Refused(_("This car has been checked in already."), audit="appointment.stale")
    if appointment.status != "confirmed":
        raise Refused(_("Only a confirmed appointment can be checked in."), audit="appointment.illegal_move")
    if appointment.starts_at - clock.now() > EARLIEST:
        raise Refused(_("This visit is more than three days ahead. Move it to an earlier day first."))


async def arrive(
    db: AsyncSession,
    visit: Visit,
    form: workshop.IntakeForm,
    *,
    by: Viewer,
    photos: Sequence[Kept] = (),
    version: int | None = None,
) -> RepairOrder:
    """confirmed → arrived: opens the repair order with what was booked on it, at the price of the booking.

    The caller holds the appointment's row. Raises Invalid for the form.
    """
    must_be_expected(visit)
    must_be_version(visit.appointment, version)
    appointment = visit.appointment
    if appointment.vehicle_id is None:
        raise NotFound
    order = await workshop.check_in(
        db,
        form,
        center=visit.center,
        customer=await customers.find(db, by, appointment.customer_id),
        vehicle=await garage.find_served(db, by, appointment.vehicle_id),
        photos=photos,
        technician_id=appointment.technician_id,
        bay_id=appointment.bay_id,
        promise_at=appointment.ends_at,
        by=by,
    )
    await bring_photos(db, appointment, order, by=by)
    await _put_on(db, visit, order, by=by)
    appointment.status = "arrived"
    appointment.order_id = order.id
    appointment.version += 1
    await tell(db, AppointmentArrived, appointment, by=by, order_id=order.id)
    return order


async def _put_on(db: AsyncSession, visit: Visit, order: RepairOrder, *, by: Viewer) -> None:
    """Every booked service as a job the customer has agreed to, by the booking."""
    appointment = visit.appointment
    customer = await customers.find(db, by, appointment.customer_id)
    agreed = workshop.Agreed(
        name=customer.name,
        contact=customer.email or customer.phone,
        at=appointment.booked_at or appointment.created_at,
        taken_by_id=appointment.booked_by_id if appointment.booked_by else None,
        taken_by=appointment.booked_by,
    )
    catalogue = {one.id: one for one in await services_booked(db, visit)}
    starts = appointment.starts_at
    for one in visit.services:
        known = catalogue.get(one.service_id)
        booked = workshop.Booked(
            service_id=one.service_id,
            title=one.name,
            canned_code=known.canned_job_code if known else "",
            skill=known.skill if known else "general",
            minutes=int(one.duration_minutes * one.quantity),
            quantity=one.quantity,
            price_minor=one.price_minor,
            starts_at=starts,
        )
        await workshop.put_booked(db, order, booked, agreed, by=by)
        starts += timedelta(minutes=booked.minutes)


async def begin_work(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """arrived → in_progress, when the first job of the order starts. Work that was done may begin again."""
    appointment = await _of_order(db, order_id)
    if appointment is None or appointment.status not in IN_SHOP:
        return
    if appointment.status == "in_progress" and appointment.completed_at is None:
        return
    begins_again = appointment.completed_at is not None
    appointment.status = "in_progress"
    appointment.completed_at = None
    appointment.version += 1
    await tell(db, AppointmentStarted, appointment, by=by)
    if begins_again:
        await _follow(db, appointment, order_id, takes_back=True, by=by)


async def expect_again(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """arrived or in_progress → confirmed, when the order is void: the car can be checked in again, and the visit
    moved, cancelled or missed like any that stands. What it gave away when its work was done it gets again, or another
    bay and technician that are free; where nothing is, it needs a new time."""
    appointment = await _of_order(db, order_id)
    if appointment is None or appointment.status not in IN_SHOP:
        return
    appointment.status = "confirmed"
    appointment.order_id = appointment.completed_at = None
    appointment.version += 1
    await _place_again(db, appointment, by=by)
    await tell(db, AppointmentExpectedAgain, appointment, by=by, order_id=order_id)


async def _place_again(db: AsyncSession, appointment: Appointment, *, by: Viewer) -> None:
    own = {one for one in (appointment.bay_id, appointment.technician_id) if one}
    center = await db.get_one(ServiceCenter, appointment.center_id)
    seen = await _other_places(db, appointment, center)
    await queue_for(db, appointment.tenant_id, own.union(seen.during if seen else ()), by=by)
    await take_what_is_left(db, appointment, own, by=by)
    if appointment.starts_at <= clock.now() or own <= await occupied(db, appointment):
        return
    try:
        claimed = await take(db, center, seen, by=by, except_for=appointment.id) if seen else None
    except SlotTaken:
        claimed = None
    if claimed is not None:
        await move_over(db, appointment, claimed)
        return
    await vacate(db, appointment)
    appointment.bay_id = appointment.technician_id = None


async def _other_places(db: AsyncSession, appointment: Appointment, center: ServiceCenter) -> Prospect | None:
    """Who else could take a visit at its time; none where that has come."""
    if appointment.starts_at <= clock.now():
        return None
    work = await work_booked(db, await just_booked(db, appointment, center))
    try:
        return await look(db, center, work, appointment.starts_at, except_for=appointment.id, notice=0)
    except SlotTaken:
        return None


async def end_work(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """All work is done: bay and technician are free for the rest of the time. The visit goes on until the car is
    handed over."""
    order = await db.get_one(RepairOrder, order_id)
    appointment = await _of_order(db, order_id)
    if appointment is None or appointment.status not in IN_SHOP or appointment.completed_at:
        return
    if order.ready_at is None:  # heard late: it is being worked on again
        return
    appointment.completed_at = clock.now()
    appointment.version += 1
    await vacate(db, appointment)
    await tell(db, AppointmentReady, appointment, by=by)


async def complete(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """arrived or in_progress → completed, when the car is back with its driver."""
    order = await db.get_one(RepairOrder, order_id)
    appointment = await _of_order(db, order_id)
    if appointment is None or appointment.status not in IN_SHOP or order.stage != "delivered":
        return
    appointment.status = "completed"
    appointment.completed_at = appointment.completed_at or clock.now()
    appointment.version += 1
    await vacate(db, appointment)
    await tell(db, AppointmentCompleted, appointment, by=by)


async def follow_plan(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """The diary follows the workshop: the bay the car is in, and the technician who has all that is left to do.

    Who has something else in the diary at that time keeps it; then only the one before becomes free.
    """
    appointment = await _of_order(db, order_id)
    if appointment is None or appointment.status not in IN_SHOP or appointment.completed_at:
        return
    await _follow(db, appointment, order_id, by=by)


async def _follow(
    db: AsyncSession, appointment: Appointment, order_id: UUID, *, takes_back: bool = False, by: Viewer
) -> None:
    order = await db.get_one(RepairOrder, order_id)
    left = {
        job.technician_id or order.technician_id
        for job in await workshop.jobs_of(db, order)
        if job.status in OPEN_WORK
    }
    wanted = {"bay_id": order.bay_id, "technician_id": left.pop() if len(left) == 1 else None}
    moved = {
        name: now for name, now in wanted.items() if now is not None and now != getattr(appointment, name)
    }
    if not moved and not takes_back:
        return
    await vacate(db, appointment, [getattr(appointment, name) for name in moved])
    for name, now in moved.items():
        setattr(appointment, name, now)
    await take_what_is_left(db, appointment, (appointment.bay_id, appointment.technician_id), by=by)
    if not moved:
        return
    appointment.version += 1
    await tell(
        db,
        AppointmentReassigned,
        appointment,
        by=by,
        bay_id=appointment.bay_id,
        technician_id=appointment.technician_id,
    )


async def _of_order(db: AsyncSession, order_id: UUID) -> Appointment | None:
    found: Appointment | None = await db.scalar(
        select(Appointment).where(Appointment.order_id == order_id).with_for_update()
    )
    return found
