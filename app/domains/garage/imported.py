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
from app.domains.garage.odometer import follow


async def bring_readings(
    db: AsyncSession, vehicle: Vehicle, by_day: Mapping[date, int], *, import_id: UUID, by: Viewer
) -> int:
    """Write down how far the car had gone, in kilometres, on days of which nothing is known yet; how many there were. The
    last of them is its mileage, if it is later and further than what is known."""
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)
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
        is_later = vehicle.mileage_at is None or at > vehicle.mileage_at
        if is_later and km > (vehicle.mileage_km or -1):
            vehicle.mileage_km, vehicle.mileage_at = km, at
    await db.flush()
    return len(by_day.keys() - known)


async def take_readings_out(db: AsyncSession, vehicle: Vehicle, import_id: UUID) -> int:
    """Take out again what a file brought; how many there were. Where one of them was the car's mileage, it is what the
    last one that is left says."""
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)
    gone = await db.execute(
        delete(OdometerReading)
        .where(OdometerReading.vehicle_id == vehicle.id, OdometerReading.import_id == import_id)
        .returning(OdometerReading.km, OdometerReading.at)
    )
    readings = [(row.km, row.at) for row in gone]
    if (vehicle.mileage_km, vehicle.mileage_at) in readings:
        await follow(db, vehicle, gone=readings)
    return len(readings)
