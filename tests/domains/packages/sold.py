"""Packages on offer and sold, made through the operations."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains import customers, packages, workshop
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.packages.models import PackagePlan, ServicePackage
from app.domains.services.models import CannedJob
from app.domains.workshop.models import Job, RepairOrder
from tests.cast import CAR, CAST
from tests.domains.workshop.shop import as_person, canned_oil, checked_in

AVERY = CAST.advisor.viewer
NET = 6000 + 6000 + 300
"""Half an hour at 120.00, 4.8 liters at 12.50, a fee of 3.00."""


async def plan(db: AsyncSession, oil: CannedJob, *, uses: int = 2, **more: Any) -> PackagePlan:
    """Comfort: so many oil changes within a year for 199.00."""
    said = {"name": "Comfort", "package_type": "premium", "months": 12, "price_minor": 19900} | more
    facts = packages.PlanFacts(uses={oil.id: uses}, **said)
    return await packages.add_plan(db, facts, by=CAST.owner.viewer)


async def sold(db: AsyncSession, offered: PackagePlan, *, starts_on: date | None = None) -> ServicePackage:
    """Sold to Dana for the Honda, from today unless said."""
    customer = await db.get_one(Customer, CAST.customer.customer_id)
    car = await db.get_one(Vehicle, CAR)
    if car not in await customers.cars_of(db, customer):
        await customers.bring_car(db, customer, car, by=AVERY)
    first = starts_on or clock.today("America/New_York")
    package, _order = await packages.sell(db, customer, car, offered, starts_on=first, by=AVERY)
    return package


async def at_the_shop(db: AsyncSession, *, uses: int = 2) -> tuple[RepairOrder, ServicePackage]:
    """Dana's car is checked in and has Comfort."""
    order = await checked_in(db)
    package = await sold(db, await plan(db, await canned_oil(db, order), uses=uses))
    return order, package


async def oil_job(db: AsyncSession, order: RepairOrder) -> Job:
    await as_person(db, CAST.advisor)
    return await workshop.propose_job(db, order, canned_code="oil", by=AVERY)
