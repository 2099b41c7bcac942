"""Which shops may see and service a car: the owner lets them in, by booking there, or takes over what a shop wrote
down for them. And which rows of a shop are one and the same car."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import new_id
from app.core.errors import Forbidden, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.garage.cars import find, note_service, ownership
from app.domains.garage.events import VehicleShared, VehicleTakenOver
from app.domains.garage.facts import LONGEST_VIN
from app.domains.garage.models import Ownership, Vehicle, VehicleGrant

_SERVICE = (
    Vehicle.last_maintenance_date, Vehicle.next_maintenance_due, Vehicle.next_maintenance_km, Vehicle.reminded_of
)  # fmt: skip
"""What a shop's row of a car says of its services, which goes over to the driver's."""


async def grant_access(db: AsyncSession, vehicle: Vehicle, tenant_id: UUID, *, by: Viewer) -> None:
    """Let a shop see a car. Doing it again changes nothing."""
    added = await db.execute(
        insert(VehicleGrant)
        .values(id=new_id(), tenant_id=tenant_id, vehicle_id=vehicle.id, created_at=clock.now())
        .on_conflict_do_nothing()
    )
    if added.rowcount:  # type: ignore[attr-defined]
        await record(
            db,
            VehicleShared(vehicle_id=vehicle.id, to_tenant_id=tenant_id),
            by=by,
            tenant=tenant_id,
            person=by.user_id,
            subject=vehicle.id,
        )


async def find_served(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Vehicle:
    """A car for the viewer's shop to work on: one it has been let in on. One of the viewer's own garage that they drive
    lets the shop in by that, as booking there would. Raises NotFound; Forbidden for one they may only look at."""
    vehicle = await find(db, me, vehicle_id)
    if me.tenant_id is None:
        raise NotFound
    if not await is_granted(db, vehicle, me.tenant_id):
        claim = await ownership(db, me, vehicle)
        if claim is None or not claim.may_drive:
            raise Forbidden("update:customers")
        await grant_access(db, vehicle, me.tenant_id, by=me)
    return vehicle


async def is_granted(db: AsyncSession, vehicle: Vehicle, tenant_id: UUID) -> bool:
    """Whether the shop has been let in."""
    found = await db.scalar(
        select(VehicleGrant.id).where(
            VehicleGrant.vehicle_id == vehicle.id, VehicleGrant.tenant_id == tenant_id
        )
    )
    return found is not None


async def take_over(db: AsyncSession, vehicle_id: UUID, person: UUID, *, tenant_id: UUID, by: Viewer) -> None:
    """Put a car that a shop wrote down for the transaction's person into their garage. Where they have a car of that
    VIN already and the shop may see it, the two become one, with all that the shop holds of it; until it may, the
    shop's row lies put away beside theirs.

    Nothing happens to a car that somebody else has owned or brought as well: it may have been sold, and what was
    before is not the new owner's to see.
    """
    written = (await db.execute(select(*_SERVICE).where(Vehicle.id == vehicle_id))).one_or_none()
    kept: UUID | None = await db.scalar(
        text("SELECT take_over_car(:car, :now)"), {"car": vehicle_id, "now": clock.now()}
    )
    if kept is not None:
        if written is not None and kept != vehicle_id:
            if written.last_maintenance_date is not None:
                await note_service(db, kept, written.last_maintenance_date, by=by)
            await db.execute(
                update(Vehicle)
                .where(Vehicle.id == kept, Vehicle.next_maintenance_due.is_(None), Vehicle.next_maintenance_km.is_(None))
                .values(
                    next_maintenance_due=written.next_maintenance_due, next_maintenance_km=written.next_maintenance_km,
                    reminded_of=written.reminded_of,
                )
            )  # fmt: skip
        event = VehicleTakenOver(vehicle_id=kept, written_as=vehicle_id)
        await record(db, event, by=by, tenant=tenant_id, person=person, subject=kept)


async def rows_of(
    db: AsyncSession, vehicle_ids: Collection[UUID], tenant_id: UUID | None, user_id: UUID | None = None
) -> dict[UUID, set[UUID]]:
    """Each of those cars, with every row of the same one that the shop keeps or the person owns: two people may have
    brought it, each with a row of their own. Shorter numbers than a whole VIN say too little for that."""
    asked, other = aliased(Vehicle), aliased(Vehicle)
    kept = exists().where(VehicleGrant.vehicle_id == other.id, VehicleGrant.tenant_id == tenant_id)
    owned = exists().where(
        Ownership.vehicle_id == other.id, Ownership.user_id == user_id, Ownership.until.is_(None)
    )
    found = await db.execute(
        select(asked.id, other.id)
        .join(other, other.vin == asked.vin)
        .where(asked.id.in_(vehicle_ids), func.length(asked.vin) == LONGEST_VIN, or_(kept, owned))
    )
    rows = {one: {one} for one in vehicle_ids}
    for one, same in found:
        rows[one].add(same)
    return rows


async def rows_of_car(
    db: AsyncSession, vehicle_id: UUID, tenant_id: UUID | None, user_id: UUID | None = None
) -> set[UUID]:
    """`rows_of` for one car."""
    return (await rows_of(db, [vehicle_id], tenant_id, user_id))[vehicle_id]
