"""Some days before an appointment its driver is reminded, once, on the center's clock: when, the shop says."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, ScalarSelect, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB

from app.core import clock, modules
from app.core.db import transaction
from app.core.events import record
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.domains.booking.models import Appointment
from app.domains.network.models import ServiceCenter, SystemSetting
from app.domains.network.setting_table import SETTINGS
from app.domains.network.setting_values import rules_of
from app.domains.notifications.events import ReminderDue


def due_at(starts_at: datetime, zone: str, *, days: int = 1, hour: int = 9) -> datetime:
    """The full hour some days before, as the center's clock shows it, also across a change of that clock."""
    return hour_before(starts_at.astimezone(ZoneInfo(zone)).date(), zone, days=days, hour=hour)


def hour_before(day: date, zone: str, *, days: int, hour: int) -> datetime:
    """The full hour some days before a day, on a center's clock."""
    return datetime.combine(day - timedelta(days=days), time(hour), ZoneInfo(zone))


@cron("*/10 * * * *")
async def remind() -> None:
    """Find the appointments whose reminder is due. One booked after that hour needs none: its confirmation
    has just been read. One that lost its bay is moved first."""
    now = clock.now()
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        ahead = _setting("reminders.days_before")
        days = func.coalesce(cast(ahead, Integer), SETTINGS["reminders.days_before"].default)
        coming = await db.execute(
            select(Appointment.id, Appointment.tenant_id, Appointment.user_id)
            .where(
                Appointment.status == "confirmed",
                Appointment.bay_id.is_not(None),
                Appointment.reminded_at.is_(None),
                Appointment.starts_at > now,
                # A day more than the shop says, for the hour of its clock is looked at one by one.
                Appointment.starts_at < now + func.make_interval(0, 0, 0, days + 1, 2),
                func.coalesce(_setting("modules.reminders"), literal(True, JSONB)) != literal(False, JSONB),
            )
            .order_by(Appointment.starts_at)
        )
        found = coming.all()
    await for_each(found, lambda one: remind_of(one.id, tenant=one.tenant_id, user=one.user_id))


def _setting(key: str) -> ScalarSelect[Any]:
    """What an appointment's shop has set; null where it has set nothing."""
    return (
        select(SystemSetting.value)
        .where(SystemSetting.tenant_id == Appointment.tenant_id, SystemSetting.key == key)
        .scalar_subquery()
    )


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
                Appointment.bay_id.is_not(None),
                Appointment.reminded_at.is_(None),
            )
            .with_for_update(skip_locked=True)
        )
        if appointment is None:
            return False
        center = await db.get_one(ServiceCenter, appointment.center_id)
        if not await modules.is_on(db, tenant, "reminders"):
            return False
        rules = await rules_of(db, tenant)
        days = rules.number("reminders.days_before")
        due = due_at(appointment.starts_at, center.zone, days=days, hour=rules.number("reminders.hour"))
        if now < due or appointment.starts_at <= now:
            return False
        appointment.reminded_at = now
        if appointment.created_at >= due:
            return False
        place = ZoneInfo(center.zone)
        event = ReminderDue(
            appointment_id=appointment.id, center_id=center.id, starts_at=appointment.starts_at,
            days=(appointment.starts_at.astimezone(place).date() - now.astimezone(place).date()).days,
        )  # fmt: skip
        by = Viewer.system(tenant)
        await record(db, event, by=by, person=user, subject=appointment.id)
        return True
