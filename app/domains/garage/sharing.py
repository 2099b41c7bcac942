"""Which shops may see and service a car: the owner lets them in, by booking there."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.garage.events import VehicleShared
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
