"""The steps of a booking, each in its own transaction, as drivers and the desk take them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.core.viewer import Viewer
from app.domains.booking import appointments, changing, holding, slots
from app.domains.booking.floor import work_of
from app.domains.booking.models import Appointment
from app.domains.services.models import Service
from tests.domains.booking.conftest import Stage
from tests.domains.booking.shops import at

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
TEN = at(MONDAY, 10)

Driver = tuple[Viewer, Any]


async def hold(
    stage: Stage, who: Driver, starts: datetime = TEN, services: Sequence[Service] = ()
) -> Appointment:
    driver, vehicle = who
    async with stage.acting(driver) as db:
        wanted = [holding.Wanted(one) for one in services or stage.shop.services[:1]]
        return await holding.hold(db, stage.shop.center, wanted, starts, vehicle_id=vehicle.id, by=driver)


async def confirm(stage: Stage, driver: Viewer, appointment: Appointment) -> Appointment:
    async with stage.acting(driver) as db:
        visit = await appointments.find(db, driver, appointment.id, for_update=True)
        return await holding.confirm(db, visit.appointment, visit.center, by=driver)


async def book(
    stage: Stage, who: Driver, starts: datetime = TEN, services: Sequence[Service] = ()
) -> Appointment:
    return await confirm(stage, who[0], await hold(stage, who, starts, services))


async def change(
    stage: Stage, viewer: Viewer, appointment: Appointment, how: Any, **more: Any
) -> Appointment:
    """`how` is an operation on a visit: changing.cancel, changing.reschedule …"""
    async with stage.acting(viewer) as db:
        visit = await appointments.find(db, viewer, appointment.id, for_update=True)
        changed: Appointment = await how(db, visit, by=viewer, **more)
        return changed


async def starts_on(stage: Stage, day: date = MONDAY) -> list[str]:
    async with stage.acting(stage.shop.desk) as db:
        work = work_of([(stage.shop.services[0], 1)])
        found = await slots.free(db, stage.shop.center, work, first=day, last=day)
    return [f"{slot.starts.astimezone(ZoneInfo(stage.shop.center.zone)):%H:%M}" for slot in found]


async def status_of(stage: Stage, appointment: Appointment) -> str:
    async with stage.owner() as db:
        return str(await db.scalar(select(Appointment.status).where(Appointment.id == appointment.id)))


__all__ = ["MONDAY", "TEN", "TUESDAY", "at", "book", "change", "changing", "confirm", "hold", "starts_on"]
