"""The picture a car is known by."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.events import record
from app.core.files import Kept
from app.core.tables import File
from app.core.viewer import Viewer
from app.domains.garage.cars import ownership
from app.domains.garage.events import VehiclePhotographed
from app.domains.garage.models import Vehicle


async def photograph(db: AsyncSession, vehicle: Vehicle, kept: Kept, *, by: Viewer) -> File:
    """Give a car a new photo; the one before it is forgotten where it was the same hand's."""
    mine = await ownership(db, by, vehicle) is not None
    before = await photo_of(db, vehicle)
    file = await files.keep(db, kept, by=by, owner=by.user_id if mine else None)
    vehicle.photo_id = file.id
    await db.flush()
    if before is not None and _is_own(before, by):
        await files.forget(db, before, by=by)
    await record(
        db,
        VehiclePhotographed(vehicle_id=vehicle.id),
        by=by,
        person=by.user_id if mine else None,
        subject=vehicle.id,
    )
    return file


def _is_own(file: File, me: Viewer) -> bool:
    return (file.user_id is not None and file.user_id == me.user_id) or (
        file.tenant_id is not None and file.tenant_id == me.tenant_id
    )


async def photo_of(db: AsyncSession, vehicle: Vehicle) -> File | None:
    """The car's photo."""
    return (await photos_of(db, [vehicle])).get(vehicle.id)


async def photos_of(db: AsyncSession, vehicles: Iterable[Vehicle]) -> dict[UUID, File]:
    """The photos of several cars, by the car's id."""
    wanted = {vehicle.photo_id: vehicle.id for vehicle in vehicles if vehicle.photo_id}
    if not wanted:
        return {}
    rows = await db.scalars(select(File).where(File.id.in_(wanted)))
    return {wanted[file.id]: file for file in rows}
