"""A report of a car is taken in: kept as it came, and what of it counts written where it belongs."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage import Ownership, Vehicle
from app.domains.telematics.events import TelematicsReceived, TroubleCodeCleared, TroubleCodeFound
from app.domains.telematics.meanings import SHAPE
from app.domains.telematics.models import TelematicsReport, TroubleCode

AHEAD = timedelta(minutes=10)
"""How far a car's clock may be ahead of ours."""
MOST_CODES = 60


class Report(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a service that reads a car from afar says of it."""

    telematics_id: Annotated[str, Meta(min_length=1, max_length=60)]
    """What the service calls the car, as its owner wrote it down."""
    at: datetime
    """When it was measured, with its offset from UTC."""
    odometer_km: int | None = None
    charge_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    trouble_codes: Annotated[list[str], Meta(max_length=MOST_CODES)] | None = None
    """Every code the car shows now: one that is missing has been cleared. Left out, nothing is said of them."""
    key: Annotated[str, Meta(max_length=100)] = ""
    """The service's own name for this report; without one, its moment is its name."""


class Received(msgspec.Struct, kw_only=True):
    """What became of a report."""

    report_id: UUID
    vehicle_id: UUID
    is_new: bool
    """False when it had come before: nothing has changed."""
    ignored: dict[str, str]
    """{field: why it was not written down}; the report itself is kept."""


async def receive(db: AsyncSession, given: Report, *, by: Viewer) -> Received:
    """Take a report in, once however often it is sent. Raises NotFound for a car that is not the viewer's, Invalid."""
    at = _moment(given)
    codes = _codes(given)
    vehicle = await _car_called(db, given.telematics_id, by)
    report = new_id()
    added = await db.execute(
        insert(TelematicsReport)
        .values(
            id=report, created_at=clock.now(), vehicle_id=vehicle.id, user_id=by.user_id,
            key=given.key or at.isoformat(), at=at, charge_percent=given.charge_percent,
            payload=msgspec.to_builtins(given),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    if not added.rowcount:  # type: ignore[attr-defined]
        known = await db.scalar(
            select(TelematicsReport.id).where(
                TelematicsReport.vehicle_id == vehicle.id,
                TelematicsReport.key == (given.key or at.isoformat()),
            )
        )
        return Received(report_id=known or report, vehicle_id=vehicle.id, is_new=False, ignored={})
    ignored = {}
    if given.odometer_km is not None and (why := await _read(db, vehicle, given.odometer_km, at, by)):
        ignored["odometer_km"] = why
    if codes is not None and (why := await _show(db, vehicle, codes, at, by)):
        ignored["trouble_codes"] = why
    if by.user_id is not None:
        heard = TelematicsReceived(report_id=report, vehicle_id=vehicle.id, user_id=by.user_id)
        await record(db, heard, by=by, person=by.user_id, subject=vehicle.id)
    return Received(report_id=report, vehicle_id=vehicle.id, is_new=True, ignored=ignored)


def _moment(given: Report) -> datetime:
    if given.at.tzinfo is None:
        raise Invalid({"at": _("Say the offset from UTC too, as in 2026-01-31T08:00:00Z.")})
    if given.at > clock.now() + AHEAD:
        raise Invalid({"at": _("That moment is yet to come.")})
    return given.at


def _codes(given: Report) -> set[str] | None:
    if given.trouble_codes is None:
        return None
    codes = {code.strip().upper() for code in given.trouble_codes}
    for code in sorted(codes):
        if not SHAPE.fullmatch(code):
            raise Invalid({"trouble_codes": _("“%(text)s” is no trouble code.", text=code[:20])})
    return codes


async def _car_called(db: AsyncSession, telematics_id: str, me: Viewer) -> Vehicle:
    found = await db.scalar(
        select(Vehicle)
        .join(Ownership, Ownership.vehicle_id == Vehicle.id)
        .where(
            Vehicle.telematics_id == telematics_id, Ownership.user_id == me.user_id, Ownership.until.is_(None),
            Ownership.archived_at.is_(None), Ownership.role.in_(("owner", "driver")),
        )
        .order_by(Vehicle.id)
        .limit(1)
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found


async def _read(db: AsyncSession, vehicle: Vehicle, km: int, at: datetime, me: Viewer) -> str:
    """The mileage among the readings, if it is later and further than the last one; else why not."""
    # Reports of one car take turns, so that each is compared with the one before.
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)
    if vehicle.mileage_at is not None and at <= vehicle.mileage_at:
        return _("A later reading is known.")
    if km == vehicle.mileage_km:
        return ""
    try:
        await garage.read_odometer(db, vehicle, km, source="telematics", by=me, at=min(at, clock.now()))
    except Invalid as doubtful:
        return doubtful.errors["mileage"]
    return ""


async def _show(db: AsyncSession, vehicle: Vehicle, codes: set[str], at: datetime, me: Viewer) -> str:
    """The codes a car shows now: new ones are found, missing ones cleared. A report that comes late says nothing."""
    await db.refresh(vehicle, ["id"], with_for_update=True)
    rows = await db.scalars(
        select(TroubleCode).where(TroubleCode.vehicle_id == vehicle.id, TroubleCode.cleared_at.is_(None))
    )
    shown = {row.code: row for row in rows}
    later = await db.scalar(
        select(TelematicsReport.id)
        .where(
            TelematicsReport.vehicle_id == vehicle.id,
            TelematicsReport.at > at,
            TelematicsReport.payload["trouble_codes"].astext.is_not(None),
        )
        .limit(1)
    )
    if later is not None:
        return _("A later report of the codes is known.")
    for code, row in shown.items():
        if code in codes:
            row.last_at = at
            continue
        row.cleared_at = at
        cleared = TroubleCodeCleared(trouble_code_id=row.id, vehicle_id=vehicle.id, code=code)
        await record(db, cleared, by=me, person=me.user_id, subject=vehicle.id)
    for code in sorted(codes - shown.keys()):
        row = TroubleCode(id=new_id(), vehicle_id=vehicle.id, code=code, first_at=at, last_at=at)
        db.add(row)
        await db.flush()
        found = TroubleCodeFound(trouble_code_id=row.id, vehicle_id=vehicle.id, code=code)
        await record(db, found, by=me, person=me.user_id, subject=vehicle.id)
    return ""
