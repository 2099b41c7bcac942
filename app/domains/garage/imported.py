"""Readings that came with a file of another program, and go with it again."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.viewer import Viewer
from app.domains.garage.models import OdometerReading, Vehicle

Mileage = tuple[int | None, datetime | None]
"""How far a car had gone, in kilometres, and when that was."""


async def bring_readings(
    db: AsyncSession, vehicle: Vehicle, by_day: Mapping[date, int], *, import_id: UUID, by: Viewer
) -> tuple[int, Mileage]:
    """Write down how far the car had gone on days of which nothing is known yet. How many there were, and what was the
    car's mileage before: the furthest of them is its mileage now, if it is further."""
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)
    before = vehicle.mileage_km, vehicle.mileage_at
    moments = await db.scalars(select(OdometerReading.at).where(OdometerReading.vehicle_id == vehicle.id))
    known = {at.date() for at in moments}
    now = clock.now()
    for day, km in sorted(by_day.items()):
        if day in known:
            continue
        at = min(datetime.combine(day, time(12), UTC), now)
        db.add(
            OdometerReading(
                id=new_id(), vehicle_id=vehicle.id, km=km, at=at, source="import", actor_id=by.user_id,
                import_id=import_id,
            )
        )  # fmt: skip
        if km > (vehicle.mileage_km or -1):
            vehicle.mileage_km, vehicle.mileage_at = km, at
    await db.flush()
    return len(by_day.keys() - known), before


async def take_readings_out(db: AsyncSession, vehicle: Vehicle, import_id: UUID, before: Mileage) -> int:
    """Take out again what a file brought; how many there were. Where one of them is the car's mileage, it is what it was
    `before`."""
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)
    gone = await db.execute(
        delete(OdometerReading)
        .where(OdometerReading.vehicle_id == vehicle.id, OdometerReading.import_id == import_id)
        .returning(OdometerReading.km, OdometerReading.at)
    )
    readings = [(row.km, row.at) for row in gone]
    if (vehicle.mileage_km, vehicle.mileage_at) in readings:
        vehicle.mileage_km, vehicle.mileage_at = before
        await db.flush()
    return len(readings)
