"""What of the bookings is in a driver's copy."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.personal import AtShop, Declared, Emptied, Paper, Records
from app.core.tables import File
from app.core.words import _
from app.domains.booking.models import Appointment, AppointmentPhoto, BookedService
from app.domains.network.models import ServiceCenter


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "appointments", _("Visits you booked."), ("appointments",),
            {
                "id": (Appointment.id, _("its id, as other files name it")),
                "shop": (ServiceCenter.name, _("which workshop")),
                "car_id": (Appointment.vehicle_id, _("which car")),
                "starts_at": (Appointment.starts_at, _("when it begins")),
                "ends_at": (Appointment.ends_at, _("when it ends")),
                "status": (Appointment.status, _("what became of it")),
                "booked_at": (Appointment.booked_at, _("when you agreed to it")),
                "notes": (Appointment.notes, _("what you asked for")),
                "told_at": (Appointment.told_at, _("when you said before coming how the car is")),
                "concern": (Appointment.concern, _("what you said the car does")),
                "mileage_km": (Appointment.mileage_km, _("the mileage you gave")),
                "charge_percent": (Appointment.charge_percent, _("the state of charge you gave")),
                "warning_lights": (Appointment.warning_lights, _("the warning lights you named")),
                "cancel_reason": (Appointment.cancel_reason, _("why it was cancelled")),
                "visit_id": (Appointment.order_id, _("the visit it became")),
            },
            lambda rows: rows.select_from(Appointment)
            .join(ServiceCenter, ServiceCenter.id == Appointment.center_id)
            .where(Appointment.user_id == person)
            .order_by(Appointment.starts_at),
        ),
        Records(
            "booked_services", _("What you booked, at the price of that moment."), ("appointment_services",),
            {
                "appointment_id": (BookedService.appointment_id, _("for which visit")),
                "name": (BookedService.name, _("what it is")),
                "quantity": (BookedService.quantity, _("how many")),
                "price": (BookedService.price_minor, _("its price")),
                "currency": (BookedService.currency, _("its currency")),
            },
            lambda rows: rows.select_from(BookedService)
            .join(Appointment, Appointment.id == BookedService.appointment_id)
            .where(Appointment.user_id == person)
            .order_by(BookedService.created_at),
        ),
        Records(
            "photos_sent_ahead", _("Photos you sent before a visit."), ("appointment_photos",),
            {
                "appointment_id": (AppointmentPhoto.appointment_id, _("for which visit")),
                "file_id": (AppointmentPhoto.file_id, _("which file in photos/sent-ahead")),
                "sent_at": (AppointmentPhoto.created_at, _("when you sent it")),
            },
            lambda rows: rows.select_from(AppointmentPhoto)
            .join(Appointment, Appointment.id == AppointmentPhoto.appointment_id)
            .where(Appointment.user_id == person)
            .order_by(AppointmentPhoto.id),
        ),
    ]  # fmt: skip


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The photos the driver sent before coming."""
    async with transaction(user=person) as db:
        found = await db.execute(
            select(File.id, File.key)
            .join(AppointmentPhoto, AppointmentPhoto.file_id == File.id)
            .join(Appointment, Appointment.id == AppointmentPhoto.appointment_id)
            .where(Appointment.user_id == person)
            .order_by(AppointmentPhoto.id)
        )
        rows = found.all()
    for row in rows:
        yield Paper(f"photos/sent-ahead/{row.id}.{row.key.rpartition('.')[2]}", key=row.key)


def _theirs(who: AtShop) -> tuple[ColumnElement[bool], ...]:
    return (Appointment.tenant_id == who.tenant_id, Appointment.customer_id == who.customer_id)


async def join(db: AsyncSession, who: AtShop) -> None:
    """Booked visits."""
    await db.execute(update(Appointment).where(*_theirs(who)).values(user_id=who.user_id))


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """What they wrote when they booked and before they came. Photos of the car are the shop's, the names their
    files had on somebody's phone are not."""
    sent = (
        select(AppointmentPhoto.file_id)
        .join(Appointment, Appointment.id == AppointmentPhoto.appointment_id)
        .where(*_theirs(who))
    )
    files = update(File).where(File.tenant_id == who.tenant_id, File.id.in_(sent))
    named = await db.scalars(files.values(label="", user_id=None).returning(File.id))
    visits = update(Appointment).where(*_theirs(who)).values(notes="", cancel_reason="", concern="")
    wrote = await db.scalars(visits.returning(Appointment.id))
    return {"files": named.all(), "appointments": wrote.all()}


async def unsettled(db: AsyncSession, who: AtShop) -> Sequence[str]:
    planned = select(Appointment.id).where(
        *_theirs(who),
        or_(
            Appointment.status.in_(("pending", "confirmed")) & (Appointment.ends_at > clock.now()),
            Appointment.status.in_(("arrived", "in_progress")),
        ),
    )
    return [_("a visit that is booked")] if await db.scalar(select(planned.exists())) else []


DECLARED = Declared(records, papers=papers, join=join, leave=leave, unsettled=unsettled)
