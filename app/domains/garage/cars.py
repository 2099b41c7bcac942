"""Whose cars there are: adding, correcting, putting away, finding."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import new_id
from app.core.errors import Forbidden, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage.events import VehicleAdded, VehicleArchived, VehicleChanged, VehicleReturned
from app.domains.garage.facts import VehicleFacts, accepted
from app.domains.garage.models import DRIVES, Ownership, Vehicle, VehicleGrant

MOST_CARS = 200
"""In one person's garage; a fleet belongs to a business."""
EARLY, EARLY_KM = timedelta(days=60), 3_000
"""How long before it is due a visit with work done counts as the service. Who lets new wipers be fitted in spring does
not want to lose the date of autumn."""


def _in_garage_of(me: Viewer) -> ColumnElement[bool]:
    return exists().where(
        Ownership.vehicle_id == Vehicle.id, Ownership.user_id == me.user_id, Ownership.until.is_(None)
    )


def _granted_to(tenant_id: UUID | None) -> ColumnElement[bool]:
    return exists().where(VehicleGrant.vehicle_id == Vehicle.id, VehicleGrant.tenant_id == tenant_id)


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """Cars of the viewer's garage, and in a shop the cars it has been let in on."""
    if me.kind == "system":
        return _granted_to(me.tenant_id)
    if me.tenant_id and (me.can("read:customers") or me.can("read:assigned_appointments")):
        return or_(_in_garage_of(me), _granted_to(me.tenant_id))
    return _in_garage_of(me)


async def find(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car the viewer may see. Raises NotFound for every other."""
    vehicle = await db.scalar(select(Vehicle).where(Vehicle.id == vehicle_id, visible_to(me)))
    if vehicle is None:
        raise NotFound
    return vehicle


async def find_readable(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car in the viewer's garage, whatever they may do with it there. Raises NotFound."""
    vehicle, _claim = await _in_garage(db, me, vehicle_id)
    return vehicle


async def find_driven(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car of whose days the viewer may write. Raises NotFound, Forbidden."""
    vehicle, claim = await _in_garage(db, me, vehicle_id)
    if not claim.may_drive:
        raise Forbidden("manage:own_vehicles")
    return vehicle


async def find_own(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car the viewer owns, alone or with others. Raises NotFound, Forbidden."""
    vehicle, claim = await _in_garage(db, me, vehicle_id)
    if claim.role != "owner":
        raise Forbidden("manage:own_vehicles")
    return vehicle


async def _in_garage(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> tuple[Vehicle, Ownership]:
    found = await db.execute(
        select(Vehicle, Ownership)
        .join(Ownership, and_(Ownership.vehicle_id == Vehicle.id, Ownership.until.is_(None)))
        .where(Vehicle.id == vehicle_id, Ownership.user_id == me.user_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def find_to_change(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car the viewer may correct: their own, or one their shop services. Raises NotFound, Forbidden."""
    vehicle = await find(db, me, vehicle_id)
    if not await may_change(db, me, vehicle, await ownership(db, me, vehicle)):
        raise Forbidden("update:customers")
    return vehicle


async def find_to_read_off(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car whose odometer the viewer may read: one they drive, or one their shop services. Raises NotFound, Forbidden."""
    vehicle = await find(db, me, vehicle_id)
    claim = await ownership(db, me, vehicle)
    if not (claim and claim.may_drive) and not await may_change(db, me, vehicle, claim):
        raise Forbidden("update:customers")
    return vehicle


async def may_change(db: AsyncSession, me: Viewer, vehicle: Vehicle, claim: Ownership | None) -> bool:
    """Whether the viewer may correct a car they see: as its owner, or for a shop that was let in."""
    if claim is not None and claim.role == "owner":
        return True
    if not me.can("update:customers"):
        return False
    let_in = select(VehicleGrant.id).where(
        VehicleGrant.vehicle_id == vehicle.id, VehicleGrant.tenant_id == me.tenant_id
    )
    return await db.scalar(let_in) is not None


async def mine(
    db: AsyncSession, me: Viewer, *, archived: bool = False, driven: bool = False, owned: bool = False
) -> list[Vehicle]:
    """The cars of the viewer's garage, the newest last; only those they drive, or own, if so asked. What a shop keeps of
    a car that is there is not a car put away."""
    roles = ("owner",) if owned else DRIVES if driven else (*DRIVES, "reader")
    away = (
        and_(Ownership.archived_at.is_not(None), ~_stands_there(me))
        if archived
        else Ownership.archived_at.is_(None)
    )
    rows = await db.scalars(
        select(Vehicle)
        .join(Ownership, and_(Ownership.vehicle_id == Vehicle.id, Ownership.until.is_(None)))
        .where(Ownership.user_id == me.user_id, Ownership.role.in_(roles), away)
        .order_by(Ownership.since, Vehicle.id)
    )
    return list(rows)


def _stands_there(me: Viewer) -> ColumnElement[bool]:
    claim, there = aliased(Ownership), aliased(Vehicle)
    return exists().where(
        claim.vehicle_id == there.id, claim.user_id == me.user_id, claim.until.is_(None),
        claim.archived_at.is_(None), there.vin != "", there.vin == Vehicle.vin,
    )  # fmt: skip


async def ownership(db: AsyncSession, me: Viewer, vehicle: Vehicle) -> Ownership | None:
    """The viewer's own claim to a car; None for a shop that only services it."""
    return await db.scalar(
        select(Ownership).where(
            Ownership.vehicle_id == vehicle.id, Ownership.user_id == me.user_id, Ownership.until.is_(None)
        )
    )


async def role_of(db: AsyncSession, me: Viewer, vehicle: Vehicle) -> str:
    """What the viewer may do with a car of their garage: owner, driver, reader; empty where it does not stand."""
    claim = await ownership(db, me, vehicle)
    return claim.role if claim else ""


async def owned_with_vin(db: AsyncSession, me: Viewer, vin: str) -> tuple[Vehicle, Ownership] | None:
    """The viewer's own car of that VIN, put away or not."""
    if not vin or not me.user_id:
        return None
    found = await db.execute(
        select(Vehicle, Ownership)
        .join(Ownership, and_(Ownership.vehicle_id == Vehicle.id, Ownership.until.is_(None)))
        .where(Vehicle.vin == vin, Ownership.user_id == me.user_id)
        .order_by(Ownership.archived_at.nulls_first(), Vehicle.id)
        .limit(1)
    )
    row = found.first()
    return (row[0], row[1]) if row else None


async def add(db: AsyncSession, facts: VehicleFacts, *, by: Viewer) -> Vehicle:
    """Put a car into the viewer's garage. Raises Invalid; Refused when it stands there already.

    A car that was put away comes back with its history and the facts given now.
    """
    facts = accepted(facts)
    known = await owned_with_vin(db, by, facts.vin)
    if known and known[1].archived_at is None:
        raise Refused(_("This car is already in your garage."), data={"vehicle_id": str(known[0].id)})
    if known:
        vehicle, claim = known
        if claim.role == "owner":
            _write(vehicle, facts)
        await bring_back(db, vehicle, claim, by=by)
        return vehicle
    if len(await mine(db, by)) >= MOST_CARS:
        raise Refused(_("Your garage is full. Please put a car away first."))
    vehicle = await _new_row(db, facts)
    db.add(Ownership(id=new_id(), vehicle_id=vehicle.id, user_id=by.user_id))
    await db.flush()
    await record(db, VehicleAdded(vehicle_id=vehicle.id), by=by, person=by.user_id, subject=vehicle.id)
    return vehicle


async def known_at_shop(db: AsyncSession, facts: VehicleFacts, *, tenant_id: UUID) -> list[Vehicle]:
    """The shop's rows of the car with that VIN, the oldest first: one for each who owned it. Raises Invalid."""
    vin = accepted(facts).vin
    if not vin:
        return []
    rows = await db.scalars(
        select(Vehicle).where(Vehicle.vin == vin, _granted_to(tenant_id)).order_by(Vehicle.id)
    )
    return list(rows)


async def add_for_shop(db: AsyncSession, facts: VehicleFacts, *, tenant_id: UUID, by: Viewer) -> Vehicle:
    """A car the shop writes down for somebody without an account. Raises Invalid."""
    vehicle = await _new_row(db, accepted(facts))
    db.add(VehicleGrant(id=new_id(), tenant_id=tenant_id, vehicle_id=vehicle.id))
    await db.flush()
    await record(db, VehicleAdded(vehicle_id=vehicle.id), by=by, tenant=tenant_id, subject=vehicle.id)
    return vehicle


async def _new_row(db: AsyncSession, facts: VehicleFacts) -> Vehicle:
    vehicle = Vehicle(id=new_id(), **msgspec.structs.asdict(facts))
    db.add(vehicle)
    # Its owner or shop is a row of its own that the policies look for: the car must be there first.
    await db.flush()
    return vehicle


async def change(
    db: AsyncSession, vehicle: Vehicle, facts: VehicleFacts, *, version: int, by: Viewer
) -> None:
    """Correct a car's facts. Raises Invalid; Refused when somebody else changed it in the meantime."""
    facts = accepted(facts)
    given = msgspec.structs.asdict(facts)
    fields = sorted(name for name, value in given.items() if getattr(vehicle, name) != value)
    if not fields:
        return
    changed = await db.execute(
        update(Vehicle)
        .where(Vehicle.id == vehicle.id, Vehicle.version == version)
        .values(**{name: given[name] for name in fields}, version=Vehicle.version + 1)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Refused(
            _("Somebody else changed this car while you were writing. Please look again."),
            data={"current": {name: _plain(getattr(vehicle, name)) for name in fields}},
            audit="vehicle.stale",
        )
    await db.refresh(vehicle)
    await record(
        db,
        VehicleChanged(vehicle_id=vehicle.id, fields=fields),
        by=by,
        person=await _driver(db, by, vehicle),
        subject=vehicle.id,
    )


async def note_service(
    db: AsyncSession, vehicle_id: UUID, day: date, *, by: Viewer, next_is_planned: bool = False
) -> None:
    """A shop has given the car back with work done. Nothing changes where a later service is known. One that was due,
    or nearly, is done with it; when the next one is, the shop has said (`next_is_planned`), or its owner says anew."""
    car = await db.scalar(
        select(Vehicle)
        .where(Vehicle.id == vehicle_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if car is None or (car.last_maintenance_date or date.min) >= day:
        return
    fields = ["last_maintenance_date"]
    car.last_maintenance_date = day
    if not next_is_planned and car.is_due(day, ahead=EARLY, ahead_km=EARLY_KM):
        fields += ["next_maintenance_due", "next_maintenance_km"]
        car.next_maintenance_due = car.next_maintenance_km = None
    car.version += 1
    await record(db, VehicleChanged(vehicle_id=vehicle_id, fields=fields), by=by, subject=vehicle_id)


async def _driver(db: AsyncSession, by: Viewer, vehicle: Vehicle) -> UUID | None:
    return by.user_id if await ownership(db, by, vehicle) else None


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def _write(vehicle: Vehicle, facts: VehicleFacts) -> None:
    for name, value in msgspec.structs.asdict(facts).items():
        setattr(vehicle, name, value)
    vehicle.version += 1


async def archive(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> None:
    """Put one's own car away. Its history stays, and it can be brought back. Raises NotFound."""
    claim = await ownership(db, by, vehicle)
    if claim is None:
        raise NotFound
    if claim.archived_at is None:
        claim.archived_at = clock.now()
        await record(db, VehicleArchived(vehicle_id=vehicle.id), by=by, person=by.user_id, subject=vehicle.id)


async def bring_back(db: AsyncSession, vehicle: Vehicle, claim: Ownership | None, *, by: Viewer) -> None:
    """Take an archived car back into the garage. Raises NotFound."""
    if claim is None:
        raise NotFound
    if claim.archived_at is not None:
        claim.archived_at = claim.sold_on = None
        await record(db, VehicleReturned(vehicle_id=vehicle.id), by=by, person=by.user_id, subject=vehicle.id)
