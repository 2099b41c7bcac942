"""Finding a customer at the counter by whatever they say first: a name, a phone, a plate, a VIN."""

import re
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.limits import Limit
from app.core.phones import digits
from app.core.viewer import Viewer
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.customers.records import visible_to
from app.domains.garage.models import Vehicle

SEARCHES = Limit("customer search", times=300, within=timedelta(minutes=1), per="person")
"""More than anybody types, less than a program that copies the file."""
PAGE = 30
MOST_WORDS = 6


class Row(msgspec.Struct, frozen=True):
    """A customer as the list shows them."""

    customer: Customer
    cars: list[Vehicle]


async def search(
    db: AsyncSession, me: Viewer, words: str = "", *, before: int | None = None, most: int = PAGE
) -> list[Row]:
    """Customers of the viewer's shop for whom every word is found, the newest first.

    `before` is the number after which the previous page ended.
    """
    found = select(Customer).where(visible_to(me), *(_has(me, word) for word in words.split()[:MOST_WORDS]))
    if before is not None:
        found = found.where(Customer.number < before)
    customers = list(await db.scalars(found.order_by(Customer.number.desc()).limit(most)))
    return await _with_cars(db, me, customers)


def _has(me: Viewer, word: str) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [
        Customer.name.icontains(word, autoescape=True),
        Customer.email.icontains(word, autoescape=True),
        Customer.id.in_(_bringing(me, word)),
    ]
    number = digits(word)
    if len(number) >= 3:
        ways.append(func.regexp_replace(Customer.phone, r"\D", "", "g").contains(number))
    if known := re.fullmatch(r"(?:C-?)?(\d{1,9})", word, re.IGNORECASE):
        ways.append(Customer.number == int(known[1]))
    return or_(*ways)


def _bringing(me: Viewer, word: str) -> Select[UUID]:
    """Who brings a car with this in its plate or VIN, however the plate is spaced."""
    plain = re.sub(r"[\s\-.·]", "", word).upper()
    plate = func.translate(func.upper(Vehicle.plate), " -.·", "")
    return (
        select(CustomerVehicle.customer_id)
        .join(Vehicle, Vehicle.id == CustomerVehicle.vehicle_id)
        .where(
            CustomerVehicle.tenant_id == me.tenant_id,
            CustomerVehicle.sold_at.is_(None),
            or_(plate.contains(plain, autoescape=True), Vehicle.vin.contains(plain, autoescape=True)),
        )
    )


async def _with_cars(db: AsyncSession, me: Viewer, customers: list[Customer]) -> list[Row]:
    if not customers:
        return []
    rows = await db.execute(
        select(CustomerVehicle.customer_id, Vehicle)
        .join(Vehicle, Vehicle.id == CustomerVehicle.vehicle_id)
        .where(
            and_(
                CustomerVehicle.tenant_id == me.tenant_id,
                CustomerVehicle.customer_id.in_([one.id for one in customers]),
                CustomerVehicle.sold_at.is_(None),
            )
        )
        .order_by(CustomerVehicle.created_at.desc())
    )
    cars: dict[object, list[Vehicle]] = {}
    for customer_id, vehicle in rows:
        cars.setdefault(customer_id, []).append(vehicle)
    return [Row(one, cars.get(one.id, [])) for one in customers]
