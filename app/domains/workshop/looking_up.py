"""Find a repair order by whatever the caller says: its number, a plate, a VIN, a name."""

import re
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.orders import visible_to

PAGE = 25
MOST_WORDS = 6


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A repair order in a list."""

    id: UUID
    number: int
    status: str
    stage: str
    received_at: datetime
    concern: str
    car: str
    plate: str
    customer: str


async def look_up(
    db: AsyncSession, me: Viewer, words: str = "", *, before: int | None = None, most: int = PAGE
) -> list[Found]:
    """The shop's orders in which every word is found, newest first; `before` is a number to go on from."""
    asked = (
        select(RepairOrder, Customer.name, Vehicle)
        .join(
            Customer,
            and_(Customer.tenant_id == RepairOrder.tenant_id, Customer.id == RepairOrder.customer_id),
        )
        .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
        .where(RepairOrder.tenant_id == me.tenant_id, visible_to(me))
        .where(*(_has(word) for word in words.split()[:MOST_WORDS]))
    )
    if before is not None:
        asked = asked.where(RepairOrder.number < before)
    rows = await db.execute(asked.order_by(RepairOrder.number.desc()).limit(most))
    return [
        Found(
            id=order.id,
            number=order.number,
            status=order.status,
            stage=order.stage,
            received_at=order.received_at,
            concern=order.concern,
            car=" ".join(str(part) for part in (vehicle.year, vehicle.make, vehicle.model) if part),
            plate=vehicle.plate,
            customer=customer,
        )
        for order, customer, vehicle in rows
    ]


def _has(word: str) -> ColumnElement[bool]:
    plain = re.sub(r"[\s\-.·]", "", word).upper()
    ways: list[ColumnElement[bool]] = [
        Customer.name.icontains(word, autoescape=True),
        Vehicle.make.icontains(word, autoescape=True),
        Vehicle.model.icontains(word, autoescape=True),
    ]
    if plain:
        plate = func.translate(func.upper(Vehicle.plate), " -.·", "")
        ways += [plate.contains(plain, autoescape=True), Vehicle.vin.contains(plain, autoescape=True)]
    if known := re.fullmatch(r"(?:RO-?)?(\d{1,9})", word, re.IGNORECASE):
        ways.append(RepairOrder.number == int(known[1]))
    return or_(*ways)
