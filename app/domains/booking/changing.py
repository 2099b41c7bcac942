"""What may still be done to an appointment: move it, cancel it, hand it to others, call it missed."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _, ngettext
from app.domains.booking.appointments import Visit
from app.domains.booking.availability import Work
from app.domains.booking.claims import SlotTaken, claim, expire, move_over, vacate
from app.domains.booking.events import (
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentNoted,
    AppointmentReassigned,
    AppointmentRescheduled,
)
from app.domains.booking.floor import work_of
from app.domains.booking.models import Appointment
from app.domains.booking.telling import tell
from app.domains.network.models import Bay, ServiceCenter, StaffProfile
from app.domains.services.models import Service

STANDING = ("pending", "confirmed")
BEGUN = -1440
"""Notice that reaches a day back: work that has begun can still change hands."""


async def work_booked(db: AsyncSession, visit: Visit) -> Work:
    """What the visit takes: lengths as booked, needs and buffers as the catalogue says today."""
    needs = work_of((service, 1) for service in await services_booked(db, visit))
    return Work(visit.minutes, needs.before, needs.after, needs.skills, needs.kinds)


async def services_booked(db: AsyncSession, visit: Visit) -> Sequence[Service]:
    """The booked services as the catalogue has them today, withdrawn ones included."""
    ids = [one.service_id for one in visit.services]
    tenant_id = visit.appointment.tenant_id
    found = await db.scalars(select(Service).where(Service.tenant_id == tenant_id, Service.id.in_(ids)))
    return found.all()


def may_change(visit: Visit, by: Viewer) -> bool:
    """The shop may always; the driver until the center's limit before the start."""
    return is_desk(visit.appointment, by) or clock.now() <= last_change(visit)


def last_change(visit: Visit) -> datetime:
    return visit.appointment.starts_at - timedelta(hours=visit.center.cancel_hours)


def is_final(center: ServiceCenter, day: date | None) -> bool:
    """Whether a driver who takes the first times of this day can no longer change that online."""
    if day is None:
        return False
    return datetime.combine(day, time(), ZoneInfo(center.zone)) < clock.now() + timedelta(
        hours=center.cancel_hours
    )


def is_desk(appointment: Appointment, by: Viewer) -> bool:
    return by.kind == "system" or (
        by.tenant_id == appointment.tenant_id
        and by.center_id == appointment.center_id
        and by.can("manage:appointments")
    )


async def reschedule(db: AsyncSession, visit: Visit, starts: datetime, *, by: Viewer) -> Appointment:
    """Move a standing appointment; what it occupies now does not stand in its own way."""
    appointment = visit.appointment
    _must_stand(appointment)
    _must_be_in_time(visit, by)
    if starts == appointment.starts_at:
        return appointment
    work = await work_booked(db, visit)
    notice = 0 if is_desk(appointment, by) else None
    claimed = await claim(db, visit.center, work, starts, by=by, except_for=appointment.id, notice=notice)
    before = appointment.starts_at
    appointment.starts_at, appointment.ends_at = claimed.starts, claimed.ends
    appointment.reminded_at = None
    appointment.version += 1
    await move_over(db, appointment, claimed)
    is_request = appointment.status == "pending"
    await tell(db, AppointmentRescheduled, appointment, by=by, from_starts_at=before, is_request=is_request)
    return appointment


async def note(db: AsyncSession, visit: Visit, notes: str, *, by: Viewer) -> Appointment:
    """Write what the driver asks for; the shop that looks at the visit sees it."""
    appointment = visit.appointment
    if not appointment.is_open:
        raise Refused(_("This appointment can no longer be changed."), audit="appointment.illegal_move")
    if notes != appointment.notes:
        appointment.notes = notes
        appointment.version += 1
        await tell(db, AppointmentNoted, appointment, by=by)
    return appointment


async def cancel(db: AsyncSession, visit: Visit, *, by: Viewer, reason: str = "") -> Appointment:
    """pending or confirmed → cancelled; a held slot is simply given back."""
    appointment = visit.appointment
    if appointment.status == "held":
        await expire(db, appointment, by=by)
        return appointment
    if appointment.status == "cancelled":
        return appointment
    _must_stand(appointment)
    _must_be_in_time(visit, by)
    is_request = appointment.status == "pending"
    appointment.status = "cancelled"
    appointment.cancel_reason = reason
    appointment.version += 1
    await vacate(db, appointment)
    by_customer = not is_desk(appointment, by)
    await tell(db, AppointmentCancelled, appointment, by=by, by_customer=by_customer, is_request=is_request)
    return appointment


async def miss(db: AsyncSession, visit: Visit, *, by: Viewer) -> Appointment:
    """confirmed → no_show, once its time has come."""
    appointment = visit.appointment
    if appointment.status != "confirmed":
        raise Refused(_("Only a confirmed appointment can be missed."), audit="appointment.illegal_move")
    if clock.now() < appointment.starts_at:
        raise Refused(_("The appointment has not begun yet."))
    appointment.status = "no_show"
    appointment.version += 1
    await vacate(db, appointment)
    await tell(db, AppointmentMissed, appointment, by=by)
    return appointment


async def assign(
    db: AsyncSession,
    visit: Visit,
    *,
    by: Viewer,
    bay_id: UUID | None = None,
    technician_id: UUID | None = None,
) -> Appointment:
    """Give the visit to another bay or technician at the same time. Refused with the reason."""
    appointment = visit.appointment
    _must_stand(appointment)
    bay_id, technician_id = bay_id or appointment.bay_id, technician_id or appointment.technician_id
    if (bay_id, technician_id) == (appointment.bay_id, appointment.technician_id):
        return appointment
    work = await work_booked(db, visit)
    await _must_suit(db, visit, work, bay_id, technician_id)
    try:
        claimed = await claim(
            db,
            visit.center,
            work,
            appointment.starts_at,
            by=by,
            bay=bay_id,
            technician=technician_id,
            except_for=appointment.id,
            notice=BEGUN,
        )
    except SlotTaken as taken:
        raise Refused(_("That bay or technician is not free at this time.")) from taken
    appointment.version += 1
    await move_over(db, appointment, claimed)
    await tell(
        db,
        AppointmentReassigned,
        appointment,
        by=by,
        bay_id=appointment.bay_id,
        technician_id=appointment.technician_id,
    )
    return appointment


async def _must_suit(
    db: AsyncSession, visit: Visit, work: Work, bay_id: UUID | None, technician_id: UUID | None
) -> None:
    center = visit.center
    bay = await db.scalar(
        select(Bay).where(Bay.tenant_id == center.tenant_id, Bay.center_id == center.id, Bay.id == bay_id)
    )
    technician = await db.scalar(
        select(StaffProfile).where(
            StaffProfile.tenant_id == center.tenant_id,
            StaffProfile.center_id == center.id,
            StaffProfile.id == technician_id,
        )
    )
    if bay is None or technician is None:
        raise NotFound
    if missing := work.kinds - set(bay.capabilities):
        raise Refused(_("%(bay)s cannot do this: it needs %(what)s.", bay=bay.name, what=", ".join(missing)))
    if missing := work.skills - set(technician.skills):
        raise Refused(
            _(
                "%(name)s is not trained for this: it needs %(what)s.",
                name=technician.name,
                what=", ".join(missing),
            )
        )


def must_be_version(appointment: Appointment, version: int | None) -> None:
    """Refuse what was decided on an older state of the appointment, saying what it is now."""
    if version is None or version == appointment.version:
        return
    raise Refused(
        _("This appointment has changed in the meantime. Please look at it again."),
        data={
            "current": {
                "version": appointment.version,
                "status": appointment.status,
                "starts_at": appointment.starts_at,
                "bay_id": appointment.bay_id,
                "technician_id": appointment.technician_id,
            }
        },
        audit="appointment.stale",
    )


def _must_stand(appointment: Appointment) -> None:
    if appointment.status not in STANDING:
        raise Refused(_("This appointment can no longer be changed."), audit="appointment.illegal_move")


def _must_be_in_time(visit: Visit, by: Viewer) -> None:
    if may_change(visit, by):
        return
    hours = visit.center.cancel_hours
    raise Refused(
        ngettext(
            "Appointments here can be changed until %(num)s hour before they begin. Please call the shop.",
            "Appointments here can be changed until %(num)s hours before they begin. Please call the shop.",
            hours,
        )
    )
