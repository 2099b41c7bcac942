"""The day before an appointment its driver is reminded, once, on the center's clock."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.events import record
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.booking.models import Appointment
from app.domains.network.models import ServiceCenter
from app.domains.notifications.events import ReminderDue

HOUR = time(9)
"""When people are told about tomorrow, by the clock on the center's wall."""


def due_at(starts_at: datetime, zone: str) -> datetime:
    """Nine o'clock of the day before, as the center's clock shows it, also across a change of that clock."""
    place = ZoneInfo(zone)
    day_before = starts_at.astimezone(place).date() - timedelta(days=1)
    return datetime.combine(day_before, HOUR, place)


@cron("*/10 * * * *")
async def remind() -> None:
    """Find the appointments whose reminder is due. One booked after that hour needs none: its confirmation
    has just been read."""
    now = clock.now()
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        coming = await db.execute(
            select(Appointment.id, Appointment.tenant_id, Appointment.user_id)
            .where(
                Appointment.status == "confirmed",
                Appointment.reminded_at.is_(None),
                Appointment.starts_at.between(now, now + timedelta(hours=50)),
            )
            .order_by(Appointment.starts_at)
        )
        found = coming.all()
    await for_each(found, lambda one: remind_of(one.id, tenant=one.tenant_id, user=one.user_id))


async def remind_of(appointment_id: UUID, *, tenant: UUID, user: UUID | None) -> bool:
    """Record the reminder of one appointment if it is due and was not; True when this call did it."""
    now = clock.now()
    async with transaction(user=user, tenant=tenant) as db:
        # Two workers at once: the second finds the row locked, or the mark set.
        appointment = await db.scalar(
            select(Appointment)
            .where(
                Appointment.id == appointment_id,
                Appointment.status == "confirmed",
                Appointment.reminded_at.is_(None),
            )
            .with_for_update(skip_locked=True)
        )
        if appointment is None:
            return False
        center = await db.get_one(ServiceCenter, appointment.center_id)
        due = due_at(appointment.starts_at, center.zone)
        if now < due or appointment.starts_at <= now:
            return False
        appointment.reminded_at = now
        if appointment.created_at >= due:
            return False
        event = ReminderDue(
            appointment_id=appointment.id, center_id=center.id, starts_at=appointment.starts_at
        )
        by = Viewer.system(tenant)
        await record(db, event, by=by, person=user, subject=appointment.id)
        return True
