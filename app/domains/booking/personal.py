"""What of the bookings is in a driver's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.personal import AtShop, Declared, Records
from app.core.words import _
from app.domains.booking.models import Appointment, BookedService
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
    ]  # fmt: skip


def _theirs(who: AtShop) -> tuple[ColumnElement[bool], ...]:
    return (Appointment.tenant_id == who.tenant_id, Appointment.customer_id == who.customer_id)


async def join(db: AsyncSession, who: AtShop) -> None:
    """Booked visits."""
    await db.execute(update(Appointment).where(*_theirs(who)).values(user_id=who.user_id))


async def leave(db: AsyncSession, who: AtShop) -> None:
    """What they wrote when they booked."""
    await db.execute(update(Appointment).where(*_theirs(who)).values(notes="", cancel_reason=""))


async def unsettled(db: AsyncSession, who: AtShop) -> Sequence[str]:
    planned = select(Appointment.id).where(
        *_theirs(who),
        or_(
            Appointment.status.in_(("pending", "confirmed")) & (Appointment.ends_at > clock.now()),
            Appointment.status.in_(("arrived", "in_progress")),
        ),
    )
    return [_("a visit that is booked")] if await db.scalar(select(planned.exists())) else []


DECLARED = Declared(records, join=join, leave=leave, unsettled=unsettled)
