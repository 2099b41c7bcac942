"""What of a car's history goes into a passport: nothing that says who its people are."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.logbook import Entry
from app.domains.logbook.discretion import impersonal
from app.domains.logbook.finding import standing_in
from app.domains.network.models import ServiceCenter
from app.domains.passports.document import Car, Reading, Shop, Work

WORK = ("service", "repair", "upgrade", "tyres")
MOST = 5_000


def goes_in(vehicle: Vehicle) -> ColumnElement[bool]:
    """The entries of a car that a passport holds."""
    return standing_in(vehicle.id) & or_(Entry.tenant_id.is_not(None), Entry.kind.in_(WORK))


def car_of(vehicle: Vehicle) -> Car:
    kwh = vehicle.battery_kwh
    return Car(
        make=vehicle.make, model=vehicle.model, year=vehicle.year, vin=vehicle.vin, fuel=vehicle.fuel,
        battery_type=vehicle.battery_type, battery_kwh="" if kwh is None else f"{kwh.normalize():f}",
    )  # fmt: skip


async def readings_of(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> list[Reading]:
    """The readings of the odometer, the oldest first."""
    found = await garage.readings(db, vehicle, most=MOST)
    zone = ZoneInfo(by.zone)
    return [
        Reading(one.at.astimezone(zone).date().isoformat(), one.km, one.source) for one in reversed(found)
    ]


async def work_on(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> list[Work]:
    """The work shops vouch for, and what the owner says was done, the oldest first."""
    rows = await db.scalars(
        select(Entry).where(goes_in(vehicle)).order_by(Entry.day.desc(), Entry.id.desc()).limit(MOST)
    )
    entries = rows.all()[::-1]
    shops = await _shops_of(db, entries)
    people = await garage.everybody_of(db, vehicle)
    return [
        Work(
            day=one.day.isoformat(), km=one.km, kind=one.kind, what=impersonal(one.title, people),
            shop=shops.get((one.tenant_id, one.center_id), Shop("", "")) if one.is_verified else None,
        )
        for one in entries
    ]  # fmt: skip


async def _shops_of(db: AsyncSession, entries: Sequence[Entry]) -> dict[object, Shop]:
    wanted = {(one.tenant_id, one.center_id) for one in entries if one.is_verified}
    key = tuple_(ServiceCenter.tenant_id, ServiceCenter.id)
    rows = await db.scalars(select(ServiceCenter).where(key.in_(wanted)))
    return {(one.tenant_id, one.id): Shop(one.name, one.city) for one in rows}
