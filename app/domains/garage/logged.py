"""Readings that an entry of the logbook made: corrected, taken out and brought back with it. One that was corrected itself
is its entry's no more (`mileage.correct`), and stays."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.garage.events import OdometerCorrected, OdometerRead, OdometerReadingRemoved
from app.domains.garage.models import OdometerReading, Vehicle
from app.domains.garage.odometer import Known, follow, hold, known_mileage, read_odometer

AFTER = timedelta(microseconds=1)
"""Of two readings of one moment the further is the later."""


async def known_without(db: AsyncSession, vehicle: Vehicle, entry_id: UUID) -> Known:
    """How far a car has gone as far as anything but that entry says, and when that was."""
    own = await _of(db, vehicle, entry_id)
    return known_mileage(vehicle) if own is None else await _known_but(db, vehicle, own)


async def note_logged(
    db: AsyncSession, vehicle: Vehicle, entry_id: UUID, km: int | None, day: date, *, by: Viewer
) -> None:
    """The furthest anybody has written down is how far the car has gone: then it is a reading as well, of that day or of
    the last one known. So is one of an earlier day that fits between those around it. It was looked at where it was
    doubtful."""
    if km is None:
        return
    last_km, last_at = known_mileage(vehicle)
    if km > (-1 if last_km is None else last_km):
        at = _at(day, km, (last_km, last_at))
        reading = await read_odometer(db, vehicle, km, source="logbook", by=by, confirmed=True, at=at)
        reading.entry_id = entry_id
        await db.flush()
        return
    at = datetime.combine(day, time(12), UTC)
    if last_at is not None and at < last_at and await _fits(db, vehicle, km, at):
        await put_logged_back(db, vehicle, entry_id, km, at, by=by)


async def _fits(db: AsyncSession, vehicle: Vehicle, km: int, at: datetime) -> bool:
    """Whether no reading before it is further, and none after it less far."""
    later, earlier = OdometerReading.at >= at, OdometerReading.at <= at
    contradicted = select(OdometerReading.id).where(
        OdometerReading.vehicle_id == vehicle.id,
        or_(earlier & (OdometerReading.km > km), later & (OdometerReading.km < km)),
    )
    return await db.scalar(contradicted.limit(1)) is None


async def move_logged(
    db: AsyncSession, vehicle: Vehicle, entry_id: UUID, km: int | None, day: date, *, by: Viewer
) -> None:
    """Its entry says something else now. Without a mileage the reading is gone; where there was none, it may be one now."""
    await hold(db, vehicle)
    reading = await _of(db, vehicle, entry_id)
    if reading is None:
        return await note_logged(db, vehicle, entry_id, km, day, by=by)
    if km is None:
        await _take_out(db, vehicle, reading, by=by)
        return None
    was_km, was_at = reading.km, reading.at
    at = _at(day, km, await _known_but(db, vehicle, reading))
    await db.execute(
        update(OdometerReading)
        .where(OdometerReading.id == reading.id)
        .values(km=km, at=at, version=OdometerReading.version + 1)
    )
    await db.refresh(reading)
    await follow(db, vehicle, gone=[(was_km, was_at)])
    event = OdometerCorrected(vehicle_id=vehicle.id, reading_id=reading.id, km=km, was_km=was_km)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
    return None


async def take_logged_out(
    db: AsyncSession, vehicle: Vehicle, entry_ids: Collection[UUID], *, by: Viewer
) -> list[datetime]:
    """Their entries are out: the moments of the readings that went with them."""
    await hold(db, vehicle)
    rows = select(OdometerReading).where(
        OdometerReading.vehicle_id == vehicle.id, OdometerReading.entry_id.in_(entry_ids)
    )
    readings = (await db.scalars(rows.order_by(OdometerReading.at))).all()
    return [await _take_out(db, vehicle, reading, by=by) for reading in readings]


async def put_logged_back(
    db: AsyncSession, vehicle: Vehicle, entry_id: UUID, km: int, at: datetime, *, by: Viewer
) -> None:
    """Its entry stands there again, and so does its reading."""
    await hold(db, vehicle)
    db.add(
        OdometerReading(
            id=new_id(), vehicle_id=vehicle.id, km=km, at=at, source="logbook", actor_id=by.user_id, entry_id=entry_id,
        )
    )  # fmt: skip
    await follow(db, vehicle)
    event = OdometerRead(vehicle_id=vehicle.id, km=km, source="logbook")
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)


async def _take_out(db: AsyncSession, vehicle: Vehicle, reading: OdometerReading, *, by: Viewer) -> datetime:
    reading_id, km, at = reading.id, reading.km, reading.at
    await db.execute(delete(OdometerReading).where(OdometerReading.id == reading_id))
    await follow(db, vehicle, gone=[(km, at)])
    event = OdometerReadingRemoved(vehicle_id=vehicle.id, reading_id=reading_id, km=km)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
    return at


async def _of(db: AsyncSession, vehicle: Vehicle, entry_id: UUID) -> OdometerReading | None:
    return await db.scalar(
        select(OdometerReading)
        .where(OdometerReading.vehicle_id == vehicle.id, OdometerReading.entry_id == entry_id)
        .execution_options(populate_existing=True)
    )


async def _known_but(db: AsyncSession, vehicle: Vehicle, own: OdometerReading) -> Known:
    """What is known without that reading. A mileage that no reading stands behind counts too."""
    held = known_mileage(vehicle)
    if held != (own.km, own.at):
        return held
    last = await db.execute(
        select(OdometerReading.km, OdometerReading.at)
        .where(OdometerReading.vehicle_id == vehicle.id, OdometerReading.id != own.id)
        .order_by(OdometerReading.at.desc(), OdometerReading.id.desc())
        .limit(1)
    )
    row = last.first()
    return (row.km, row.at) if row else (None, None)


def _at(day: date, km: int, known: Known) -> datetime:
    """Noon of that day, or now; what is further than anything known is no earlier than that."""
    now = clock.now()
    at = min(now, datetime.combine(day, time(12), UTC))
    last_km, last_at = known
    if last_at is not None and km > (last_km or 0) and at <= last_at <= now:
        at = last_at + AFTER
    return at
