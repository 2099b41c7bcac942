"""The parts that fit a car are looked up when the car comes or changes, and every night, for lists change too."""

from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, transaction
from app.core.events import Heard
from app.core.queue import cron, for_each
from app.domains import parts
from app.domains.garage import Vehicle
from app.domains.garage.events import VehicleAdded, VehicleChanged, VehicleReturned, VehicleTakenOver
from app.domains.garage.models import DRIVES
from app.domains.recommendations.models import PartSuggestions

DECIDING = frozenset({"vin", "make", "model", "year", "trim", "engine", "fuel"})
"""What decides whether a part fits."""


async def look_up(db: AsyncSession, car: Vehicle) -> None:
    """Hold the car against the shops' lists and keep what fits. Doing it again changes nothing."""
    now = clock.now()
    found = {"found": msgspec.to_builtins(await parts.suiting(db, car)), "looked_at": now}
    await db.execute(
        insert(PartSuggestions)
        .values(id=new_id(), created_at=now, vehicle_id=car.id, **found)
        .on_conflict_do_update(index_elements=["vehicle_id"], set_=found)
    )


async def follow_car(
    db: AsyncSession, heard: Heard[VehicleAdded | VehicleChanged | VehicleReturned | VehicleTakenOver]
) -> None:
    """Reaction: a car came into somebody's garage, or is described otherwise."""
    if isinstance(heard.event, VehicleChanged) and not DECIDING & set(heard.event.fields):
        return
    if heard.user_id is not None:  # a shop's own row of a car is nobody's garage
        await _look_up(db, heard.event.vehicle_id)


@cron("17 3 * * *", timeout=600)
async def look_up_all() -> None:
    """Every car of a garage whose lists were not looked through since yesterday."""
    async with transaction() as db:
        before = clock.now() - timedelta(hours=20)
        rows = await db.execute(
            text("SELECT vehicle_id, user_id FROM cars_to_look_up(:before)"), {"before": before}
        )
        found = rows.all()
    await for_each(found, lambda one: look_up_as(one.vehicle_id, person=one.user_id))


async def look_up_as(vehicle_id: UUID, *, person: UUID) -> None:
    """The same for one car, as somebody who drives it."""
    async with transaction(user=person) as db:
        await _look_up(db, vehicle_id)


async def _look_up(db: AsyncSession, vehicle_id: UUID) -> None:
    car = await db.get(Vehicle, vehicle_id)
    # Whoever only looks at a car keeps nothing for it.
    role = await db.scalar(text("SELECT role_with_car(:car)"), {"car": vehicle_id})
    if car is not None and role in DRIVES:
        await look_up(db, car)
