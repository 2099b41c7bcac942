"""What the advisor says when the car goes home: when it is to come again."""

from datetime import date

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.render import to_km
from app.core.tables import EventRow
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage.facts import VehicleFacts
from app.domains.garage.models import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.workshop.events import NextServicePlanned
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.orders import hold, of, tell


async def plan_next_service(
    db: AsyncSession,
    order: RepairOrder,
    *,
    due_on: date | None,
    mileage: int | None,
    version: int,
    by: Viewer,
) -> None:
    """Write on the car when its next service is due: a day, what its odometer will show then, or both. `version` is the
    car's. Raises Invalid by field, and Refused before the work is done or when somebody else changed the car."""
    order = await hold(db, order.id)
    if not order.may_plan_next:
        raise Refused(
            _("Say when the car is to come again once the work is done."), audit="order.illegal_move"
        )
    car = await db.get_one(Vehicle, order.vehicle_id)
    center = await db.get_one(ServiceCenter, order.center_id)
    due_km = None if mileage is None else to_km(mileage, car.odometer_unit)
    errors: dict[str, str] = {}
    if due_on is not None and due_on < clock.today(center.zone):
        errors["next_maintenance_due"] = _("This day has passed.")
    if due_km is not None and due_km <= (car.mileage_km or 0):
        errors["next_maintenance"] = _("The car has gone further already.")
    if errors:
        raise Invalid(errors)
    if (car.next_maintenance_due, car.next_maintenance_km) != (due_on, due_km):
        facts = VehicleFacts(**{name: getattr(car, name) for name in VehicleFacts.__struct_fields__})
        facts = msgspec.structs.replace(facts, next_maintenance_due=due_on, next_maintenance_km=due_km)
        await garage.change(db, car, facts, version=version, by=by)
    elif await is_planned(db, order) or (due_on, due_km) == (None, None):
        return  # said before, or nothing said
    event = NextServicePlanned(
        **of(order), vehicle_id=car.id, due_on=due_on, due_km=due_km, unit=car.odometer_unit
    )
    await tell(db, order, event, by=by)


async def is_planned(db: AsyncSession, order: RepairOrder) -> bool:
    """Whether the shop has said during this visit when the next one is due."""
    said = exists().where(
        EventRow.tenant_id == order.tenant_id,
        EventRow.subject_id == order.id,
        EventRow.name == NextServicePlanned.__name__,
    )
    return bool(await db.scalar(select(said)))
