"""Which cars a customer brings to the shop."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.customers.events import CarBrought, CarSold
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.garage import VehicleFacts
from app.domains.garage.models import Vehicle


async def bring_car(db: AsyncSession, customer: Customer, vehicle: Vehicle, *, by: Viewer) -> None:
    """Note that a customer brings a car. Doing it again changes nothing. What the shop had written down of it for this
    driver goes over to the driver's own."""
    added = await db.execute(
        insert(CustomerVehicle)
        .values(
            id=new_id(),
            tenant_id=customer.tenant_id,
            customer_id=customer.id,
            vehicle_id=vehicle.id,
            created_at=clock.now(),
        )
        .on_conflict_do_update(
            index_elements=[
                CustomerVehicle.tenant_id,
                CustomerVehicle.customer_id,
                CustomerVehicle.vehicle_id,
            ],
            set_={"sold_at": None},
            where=CustomerVehicle.sold_at.is_not(None),
        )
    )
    if added.rowcount:  # type: ignore[attr-defined]
        await record(
            db,
            CarBrought(customer_id=customer.id, vehicle_id=vehicle.id),
            by=by,
            tenant=customer.tenant_id,
            subject=customer.id,
        )
    if (
        customer.user_id is not None
        and customer.user_id == by.user_id
        and len(vehicle.vin) == garage.LONGEST_VIN
    ):
        for other in await cars_of(db, customer):
            if other.id != vehicle.id and other.vin == vehicle.vin:
                await garage.take_over(db, other.id, customer.user_id, tenant_id=customer.tenant_id, by=by)


class KnownAsAnothers(Invalid):
    """The VIN is that of a car that others bring to this shop: sold, lent, or a slip of the pen. Somebody has to say."""

    def __init__(self, vehicle: Vehicle, bringers: Sequence[Customer]) -> None:
        names = ", ".join(one.name for one in bringers)
        super().__init__({"vin": _("Say below whose car this is, or correct the VIN.")})
        self.words = _("This car is known here as that of %(names)s.", names=names)
        self.vehicle_id, self.car, self.plate = vehicle.id, vehicle.name, vehicle.plate
        self.bringers = [(one.id, one.number, one.name) for one in bringers]


async def add_car(
    db: AsyncSession, customer: Customer, facts: VehicleFacts, *, by: Viewer, sold: UUID | None = None
) -> Vehicle:
    """Write down a car at the counter. One the customer brings, or nobody any more, is used again.

    Raises Invalid; KnownAsAnothers for a car that others bring, unless that one is known to be `sold`: then the new
    owner has a record of their own, and it is listed with the former ones no longer.
    """
    known = await garage.known_at_shop(db, facts, tenant_id=customer.tenant_id)
    brought = await _brought(db, known, tenant_id=customer.tenant_id)
    own = next((car for car in known if customer in brought[car.id]), None)
    others = [car for car in known if brought[car.id]] if own is None else []
    if others and sold != others[0].id:
        people = {one.id: one for car in others for one in brought[car.id]}
        raise KnownAsAnothers(others[0], list(people.values()))
    for car in others:
        for former in brought[car.id]:
            await _sell(db, former, car, to=customer, by=by)
    vehicle = own or (known[0] if known and not others else None)
    if vehicle is None:
        vehicle = await garage.add_for_shop(db, facts, tenant_id=customer.tenant_id, by=by)
    await bring_car(db, customer, vehicle, by=by)
    return vehicle


async def _brought(
    db: AsyncSession, cars: Sequence[Vehicle], *, tenant_id: UUID
) -> dict[UUID, list[Customer]]:
    return {car.id: await bringers_of(db, car, tenant_id=tenant_id) for car in cars}


async def _sell(db: AsyncSession, former: Customer, car: Vehicle, *, to: Customer, by: Viewer) -> None:
    await db.execute(
        update(CustomerVehicle)
        .where(
            CustomerVehicle.tenant_id == former.tenant_id,
            CustomerVehicle.customer_id == former.id,
            CustomerVehicle.vehicle_id == car.id,
        )
        .values(sold_at=clock.now())
    )
    event = CarSold(customer_id=former.id, vehicle_id=car.id, to_customer_id=to.id)
    await record(db, event, by=by, tenant=former.tenant_id, subject=former.id)


async def cars_of(db: AsyncSession, customer: Customer) -> list[Vehicle]:
    """The cars a customer brings to this shop, the latest first."""
    rows = await db.scalars(
        select(Vehicle)
        .join(CustomerVehicle, CustomerVehicle.vehicle_id == Vehicle.id)
        .where(
            CustomerVehicle.tenant_id == customer.tenant_id,
            CustomerVehicle.customer_id == customer.id,
            CustomerVehicle.sold_at.is_(None),
        )
        .order_by(CustomerVehicle.created_at.desc(), CustomerVehicle.id.desc())
    )
    return list(rows)


async def bringers_of(db: AsyncSession, vehicle: Vehicle, *, tenant_id: UUID) -> list[Customer]:
    """The customers who bring a car to this shop."""
    rows = await db.scalars(
        select(Customer)
        .join(
            CustomerVehicle,
            (CustomerVehicle.tenant_id == Customer.tenant_id) & (CustomerVehicle.customer_id == Customer.id),
        )
        .where(
            CustomerVehicle.tenant_id == tenant_id,
            CustomerVehicle.vehicle_id == vehicle.id,
            CustomerVehicle.sold_at.is_(None),
        )
        .order_by(Customer.number)
    )
    return list(rows)
