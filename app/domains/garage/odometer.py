"""How far a car has gone. A reading below the last one is asked about, never taken silently."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid
from app.core.events import record
from app.core.render import day, distance
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage.cars import ownership
from app.domains.garage.events import OdometerRead
from app.domains.garage.facts import FURTHEST_KM
from app.domains.garage.models import OdometerReading, Vehicle

LEAP_KM = 150_000
"""More than this since the last reading is more likely a slip of the finger than a long journey."""


Known = tuple[int | None, datetime | None]
"""How far a car has gone, and when somebody read it."""


def known_mileage(vehicle: Vehicle) -> Known:
    return vehicle.mileage_km, vehicle.mileage_at


async def hold(db: AsyncSession, vehicle: Vehicle) -> None:
    """Read the car's mileage and keep others from changing it. What is known is compared and replaced: two at once must
    take turns."""
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)


def doubt(vehicle: Vehicle, km: int, zone: str, known: Known | None = None) -> str:
    """Why a reading should be looked at again, in words; empty when it is plausible. `known`: what it is compared with,
    the car's mileage if it is not said."""
    last, at = known or known_mileage(vehicle)
    if last is None:
        return ""
    shown = distance(last, vehicle.odometer_unit)
    if at is not None:
        shown = _("%(distance)s on %(day)s", distance=shown, day=day(at, zone))
    if km < last:
        return _("That is less than the last reading, %(last)s.", last=shown)
    if km > last + LEAP_KM:
        return _("That is very far from the last reading, %(last)s.", last=shown)
    return ""


def is_confirmed(ticked: str, mileage: int | None) -> bool:
    """Whether the tick of a form stands beside the reading it was given for: a corrected one is looked at afresh."""
    return mileage is not None and ticked == str(mileage)


def doubts(
    vehicle: Vehicle, km: int, *, confirmed: bool, zone: str, known: Known | None = None
) -> dict[str, str]:
    """The same beside the fields of a form, unless the reading was looked at again."""
    doubtful = doubt(vehicle, km, zone, known)
    if confirmed or not doubtful:
        return {}
    return {"mileage": doubtful, "confirmed": _("Tick this if the reading is right all the same.")}


async def read_odometer(
    db: AsyncSession,
    vehicle: Vehicle,
    km: int,
    *,
    source: str,
    by: Viewer,
    confirmed: bool = False,
    at: datetime | None = None,
) -> OdometerReading:
    """Write down a reading in kilometres. `source`: owner, check_in, import, logbook. `at`: when it was
    read, now if it is not said.

    Raises Invalid for the field `mileage`; `confirmed` says that a doubtful reading was looked at again.
    """
    if not 0 <= km <= FURTHEST_KM:
        raise Invalid({"mileage": _("Please enter what the odometer shows.")})
    await hold(db, vehicle)
    if wrong := doubts(vehicle, km, confirmed=confirmed, zone=by.zone):
        raise Invalid(wrong)
    at = at or clock.now()
    reading = OdometerReading(
        id=new_id(), vehicle_id=vehicle.id, km=km, at=at, source=source, actor_id=by.user_id
    )
    db.add(reading)
    vehicle.mileage_km, vehicle.mileage_at = km, at
    mine = await ownership(db, by, vehicle)
    await record(
        db,
        OdometerRead(vehicle_id=vehicle.id, km=km, source=source),
        by=by,
        person=by.user_id if mine else None,
        subject=vehicle.id,
    )
    return reading


async def readings(db: AsyncSession, vehicle: Vehicle, *, most: int = 12) -> list[OdometerReading]:
    """The latest readings, newest first."""
    rows = await db.scalars(
        select(OdometerReading)
        .where(OdometerReading.vehicle_id == vehicle.id)
        .order_by(OdometerReading.at.desc(), OdometerReading.id.desc())
        .limit(most)
    )
    return list(rows)


async def follow(
    db: AsyncSession, vehicle: Vehicle, *, gone: Collection[tuple[int | None, datetime | None]] = ()
) -> None:
    """The car has gone as far as its latest reading says. `gone`: readings that do not count any more, each with its
    moment; a mileage that no reading ever stood behind stays."""
    await db.flush()
    last = next(iter(await readings(db, vehicle, most=1)), None)
    is_gone = (vehicle.mileage_km, vehicle.mileage_at) in gone
    if is_gone or (last is not None and _is_later(last, vehicle)):
        vehicle.mileage_km, vehicle.mileage_at = (last.km, last.at) if last else (None, None)
        await db.flush()


def _is_later(reading: OdometerReading, vehicle: Vehicle) -> bool:
    if vehicle.mileage_at is None:
        return reading.km >= (vehicle.mileage_km or 0)
    return reading.at >= vehicle.mileage_at
