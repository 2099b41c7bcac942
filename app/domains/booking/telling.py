"""Writes an appointment's events: they belong to the shop and to the driver alike."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import record
from app.core.viewer import Viewer
from app.domains.booking.events import AppointmentEvent
from app.domains.booking.models import Appointment


async def tell(
    db: AsyncSession, kind: type[AppointmentEvent], appointment: Appointment, *, by: Viewer, **more: Any
) -> None:
    event = kind(
        appointment_id=appointment.id,
        center_id=appointment.center_id,
        starts_at=appointment.starts_at,
        user_id=appointment.user_id,
        **more,
    )
    await record(
        db, event, by=by, tenant=appointment.tenant_id, person=appointment.user_id, subject=appointment.id
    )
