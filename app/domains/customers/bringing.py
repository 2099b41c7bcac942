"""Which cars a customer brings to the shop."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.events import record
from app.core.viewer import Viewer
from app.domains import garage
from app.domains.customers.events import CarBrought
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
        .on_conflict_do_nothing()
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


async def add_car(db: AsyncSession, customer: Customer, facts: VehicleFacts, *, by: Viewer) -> Vehicle:
    """Write down a car at the counter. Raises Invalid. A car the shop knows by VIN is used again."""
    vehicle = await garage.add_for_shop(db, facts, tenant_id=customer.tenant_id, by=by)
    await bring_car(db, customer, vehicle, by=by)
    return vehicle


async def cars_of(db: AsyncSession, customer: Customer) -> list[Vehicle]:
    """The cars a customer brings to this shop, the latest first."""
    rows = await db.scalars(
        select(Vehicle)
        .join(CustomerVehicle, CustomerVehicle.vehicle_id == Vehicle.id)
        .where(CustomerVehicle.tenant_id == customer.tenant_id, CustomerVehicle.customer_id == customer.id)
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
        .where(CustomerVehicle.tenant_id == tenant_id, CustomerVehicle.vehicle_id == vehicle.id)
        .order_by(Customer.number)
    )
    return list(rows)
