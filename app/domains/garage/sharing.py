"""Which shops may see and service a car: the owner lets them in, by booking there, or takes over what a shop wrote
down for them. And which rows of a shop are one and the same car."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import new_id
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.garage.events import VehicleShared, VehicleTakenOver
from app.domains.garage.facts import LONGEST_VIN
from app.domains.garage.models import Vehicle, VehicleGrant


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


async def is_granted(db: AsyncSession, vehicle: Vehicle, tenant_id: UUID) -> bool:
    """Whether the shop has been let in."""
    found = await db.scalar(
        select(VehicleGrant.id).where(
            VehicleGrant.vehicle_id == vehicle.id, VehicleGrant.tenant_id == tenant_id
        )
    )
    return found is not None


async def take_over(db: AsyncSession, vehicle_id: UUID, person: UUID, *, by: Viewer) -> None:
    """Put a car that a shop wrote down for the transaction's person into their garage. Where they have a car of that
    VIN already, the two become one, with all that the shop holds of it.

    Nothing happens to a car that somebody has owned, or that somebody else has brought as well: it may have been
    sold, and what was before is not the new owner's to see.
    """
    kept: UUID | None = await db.scalar(
        text("SELECT take_over_car(:car, :now)"), {"car": vehicle_id, "now": clock.now()}
    )
    if kept is not None:
        event = VehicleTakenOver(vehicle_id=kept, written_as=vehicle_id)
        await record(db, event, by=by, person=person, subject=kept)


async def rows_of(
    db: AsyncSession, vehicle_ids: Collection[UUID], tenant_id: UUID | None
) -> dict[UUID, set[UUID]]:
    """Each of those cars, with every row the shop keeps of the same one: two people may have brought it, each with a
    row of their own. Shorter numbers than a whole VIN say too little for that."""
    asked, other = aliased(Vehicle), aliased(Vehicle)
    found = await db.execute(
        select(asked.id, other.id)
        .join(other, other.vin == asked.vin)
        .join(VehicleGrant, VehicleGrant.vehicle_id == other.id)
        .where(
            asked.id.in_(vehicle_ids),
            func.length(asked.vin) == LONGEST_VIN,
            VehicleGrant.tenant_id == tenant_id,
        )
    )
    rows = {one: {one} for one in vehicle_ids}
    for one, same in found:
        rows[one].add(same)
    return rows


async def rows_of_car(db: AsyncSession, vehicle_id: UUID, tenant_id: UUID | None) -> set[UUID]:
    """`rows_of` for one car."""
    return (await rows_of(db, [vehicle_id], tenant_id))[vehicle_id]
