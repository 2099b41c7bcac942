"""The readings of a car as a whole: earlier days are added, slips of the finger corrected, and the car follows the latest.

What a shop, a file or the car itself said stays as it was said.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, Date, and_, cast, delete, false, func, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.render import day as day_words
from app.core.render import distance
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage import cars
from app.domains.garage.events import OdometerCorrected, OdometerRead, OdometerReadingRemoved
from app.domains.garage.facts import FURTHEST_KM
from app.domains.garage.models import OdometerReading, Vehicle
from app.domains.garage.odometer import LEAP_KM, follow, hold

PAGE = 50
POINTS = 260
"""Weeks in the plot: five years."""
OLDEST = date(1950, 1, 1)
WRITTEN = ("owner", "logbook")
"""Sources people of the garage write with."""


class Point(msgspec.Struct, frozen=True):
    """A reading in a plot: how far along its line it stands, 0 to 1, and what it says."""

    along: float
    value: int
    at: datetime
    words: str


def cursor_of(reading: OdometerReading) -> str:
    """Names a reading to page on from."""
    return f"{reading.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}_{reading.id}"


def cursor_in(text: str) -> tuple[datetime, UUID] | None:
    """The moment and id a cursor names; None for what is none."""
    at, _bar, reading_id = text.partition("_")
    try:
        return datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), UUID(reading_id)
    except ValueError:
        return None


async def listed(
    db: AsyncSession, vehicle: Vehicle, *, before: tuple[datetime, UUID] | None = None, most: int = PAGE
) -> Sequence[OdometerReading]:
    """The newest readings of a car the viewer has found, or the ones before one of them (its moment and id)."""
    rows = select(OdometerReading).where(OdometerReading.vehicle_id == vehicle.id)
    if before is not None:
        rows = rows.where(tuple_(OdometerReading.at, OdometerReading.id) < before)
    found = await db.scalars(rows.order_by(OdometerReading.at.desc(), OdometerReading.id.desc()).limit(most))
    return found.all()


async def plotted(db: AsyncSession, vehicle: Vehicle) -> list[Point]:
    """The last reading of each week, oldest first; nothing where they are too few for a line."""
    week = cast(func.date_trunc("week", OdometerReading.at, "UTC"), Date)
    rows = await db.execute(
        select(OdometerReading.at, OdometerReading.km)
        .ext(distinct_on(week))
        .where(OdometerReading.vehicle_id == vehicle.id)
        .order_by(week.desc(), OdometerReading.at.desc(), OdometerReading.id.desc())
        .limit(POINTS)
    )
    known = [(at, km) for at, km in rows][::-1]
    if len(known) < 2:
        return []
    first, span = known[0][0], known[-1][0] - known[0][0]
    return [Point((at - first) / span, km, at, distance(km, vehicle.odometer_unit)) for at, km in known]


def own(me: Viewer, role: str) -> ColumnElement[bool]:
    """Which readings the viewer may correct: an owner what people of the garage wrote, a driver what they wrote."""
    if role not in ("owner", "driver"):
        return false()
    return and_(
        OdometerReading.import_id.is_(None),
        OdometerReading.source.in_(WRITTEN),
        true() if role == "owner" else OdometerReading.actor_id == me.user_id,
    )


def is_own(reading: OdometerReading, me: Viewer, role: str) -> bool:
    """The same for one that is at hand."""
    is_written = reading.import_id is None and reading.source in WRITTEN
    return is_written and (role == "owner" or (role == "driver" and reading.actor_id == me.user_id))


async def find(
    db: AsyncSession, me: Viewer, vehicle_id: UUID, reading_id: UUID
) -> tuple[Vehicle, OdometerReading]:
    """A car the viewer drives and a reading of it they may correct. Raises NotFound, Forbidden."""
    vehicle = await cars.find_driven(db, me, vehicle_id)
    reading = await db.scalar(
        select(OdometerReading).where(
            OdometerReading.id == reading_id,
            OdometerReading.vehicle_id == vehicle.id,
            own(me, await cars.role_of(db, me, vehicle)),
        )
    )
    if reading is None:
        raise NotFound
    return vehicle, reading


async def add(
    db: AsyncSession, vehicle: Vehicle, km: int, day: date, *, by: Viewer, confirmed: bool = False
) -> OdometerReading:
    """Write down what the odometer showed on a day, in kilometres. Raises Invalid for `mileage` or `day`; `confirmed`
    says that one which the readings around it contradict was looked at again."""
    at = _moment(day, by.zone)
    await hold(db, vehicle)
    await _must_be_plausible(db, vehicle, km, at, confirmed=confirmed, by=by)
    reading = OdometerReading(
        id=new_id(), vehicle_id=vehicle.id, km=km, at=at, source="owner", actor_id=by.user_id
    )
    db.add(reading)
    await follow(db, vehicle)
    event = OdometerRead(vehicle_id=vehicle.id, km=km, source="owner")
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
    return reading


async def correct(
    db: AsyncSession,
    vehicle: Vehicle,
    reading: OdometerReading,
    km: int,
    day: date,
    *,
    version: int,
    by: Viewer,
    confirmed: bool = False,
) -> None:
    """Correct a reading. Raises Invalid as `add` does; Refused when somebody else changed it in the meantime."""
    was_km, was_at = reading.km, reading.at
    at = was_at if was_at.astimezone(ZoneInfo(by.zone)).date() == day else _moment(day, by.zone)
    await hold(db, vehicle)
    entry_id = reading.entry_id
    if (km, at) != (was_km, was_at):
        await _must_be_plausible(db, vehicle, km, at, confirmed=confirmed, by=by, but=reading)
        entry_id = None  # from now on it says what somebody has read, whatever becomes of the entry
    changed = await db.execute(
        update(OdometerReading)
        .where(OdometerReading.id == reading.id, OdometerReading.version == version)
        .values(km=km, at=at, entry_id=entry_id, version=OdometerReading.version + 1)
    )
    _must_have_hit(changed)
    await follow(db, vehicle, gone=[(was_km, was_at)])
    event = OdometerCorrected(vehicle_id=vehicle.id, reading_id=reading.id, km=km, was_km=was_km)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)


async def remove(
    db: AsyncSession, vehicle: Vehicle, reading: OdometerReading, *, version: int, by: Viewer
) -> None:
    """Take a reading out. Raises Refused when somebody else changed it in the meantime."""
    km, at = reading.km, reading.at
    await hold(db, vehicle)
    gone = await db.execute(
        delete(OdometerReading).where(OdometerReading.id == reading.id, OdometerReading.version == version)
    )
    _must_have_hit(gone)
    await follow(db, vehicle, gone=[(km, at)])
    event = OdometerReadingRemoved(vehicle_id=vehicle.id, reading_id=reading.id, km=km)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)


def _must_have_hit(changed: Any) -> None:
    if not changed.rowcount:
        raise Refused(_("Somebody else changed this reading in the meantime. Please look again."))


def _moment(day: date, zone: str) -> datetime:
    """Noon of that day where the reader is, or now."""
    if day > clock.today(zone):
        raise Invalid({"day": _("This day is still to come.")})
    if day < OLDEST:
        raise Invalid({"day": _("Please enter the day it was read.")})
    return min(datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC), clock.now())


async def _must_be_plausible(
    db: AsyncSession,
    vehicle: Vehicle,
    km: int,
    at: datetime,
    *,
    confirmed: bool,
    by: Viewer,
    but: OdometerReading | None = None,
) -> None:
    if not 0 <= km <= FURTHEST_KM:
        raise Invalid({"mileage": _("Please enter what the odometer shows.")})
    if confirmed:
        return
    before, after = await _neighbours(db, vehicle, at, but)
    if before is not None and km < before[1]:
        doubt = _("That is less than on %(day)s: %(last)s.", **_said(before, vehicle, by, "last"))
    elif after is not None and km > after[1]:
        doubt = _("That is more than on %(day)s: %(next)s.", **_said(after, vehicle, by, "next"))
    elif before is not None and km > before[1] + LEAP_KM:
        doubt = _("That is very far from %(last)s on %(day)s.", **_said(before, vehicle, by, "last"))
    else:
        return
    raise Invalid({"mileage": doubt, "confirmed": _("Tick this if the reading is right all the same.")})


def _said(known: tuple[datetime, int], vehicle: Vehicle, by: Viewer, name: str) -> dict[str, str]:
    return {"day": day_words(known[0], by.zone), name: distance(known[1], vehicle.odometer_unit)}


async def _neighbours(
    db: AsyncSession, vehicle: Vehicle, at: datetime, but: OdometerReading | None
) -> tuple[tuple[datetime, int] | None, tuple[datetime, int] | None]:
    """What is known right before that moment and right after it. A mileage that no reading stands behind counts too."""
    moment, km = OdometerReading.at, OdometerReading.km
    rows = select(moment, km).where(OdometerReading.vehicle_id == vehicle.id)
    if but is not None:
        rows = rows.where(OdometerReading.id != but.id)
    earlier = (await db.execute(rows.where(moment <= at).order_by(moment.desc(), km.desc()).limit(1))).all()
    later = (await db.execute(rows.where(moment > at).order_by(moment, km).limit(1))).all()
    known = [(row.at, row.km) for row in (*earlier, *later)]
    held = (vehicle.mileage_at, vehicle.mileage_km)
    if held[0] is not None and held[1] is not None and (but is None or held != (but.at, but.km)):
        known.append((held[0], held[1]))
    return (
        max((one for one in known if one[0] <= at), default=None),
        min((one for one in known if one[0] > at), default=None),
    )
