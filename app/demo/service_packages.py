"""Packages in the demo: two on offer at Harbor Lane, one that is used, and one that runs out soon."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.core import clock
from app.demo import acts
from app.demo.stage import Stage
from app.demo.visits import introduce
from app.domains import packages, services
from app.domains.customers.models import Customer
from app.domains.notifications.package_reminding import remind_of_packages
from app.domains.packages.covering import note_done
from app.domains.packages.models import PackagePlan
from app.domains.packages.plans import PlanFacts
from app.domains.workshop.models import Job, RepairOrder

OWNER, BEN = "owner@demo.test", "advisor@demo.test"
CARE: Final = "Care"
COMFORT: Final = "Comfort"
OFFERED: Final = {
    CARE: ("basic", 13900, {"oil-service": 1, "cabin-filter": 1}),
    COMFORT: ("comprehensive", 32900, {"oil-service": 2, "wheel-alignment": 1, "engine-air-filter": 1}),
}
SOLD_AGO = timedelta(days=340)


async def offer(stage: Stage) -> None:
    """The owner says what Care and Comfort cover."""
    async with stage.acting(OWNER) as (db, me):
        ids = {job.code: job.id for job in await services.canned_jobs(db)}
        for name, (kind, price, covers) in OFFERED.items():
            uses = {ids[code]: times for code, times in covers.items()}
            facts = PlanFacts(name=name, package_type=kind, months=12, price_minor=price, uses=uses)
            await packages.add_plan(db, facts, by=me)


async def sell(stage: Stage, car: str, name: str) -> RepairOrder:
    """The advisor sells one for a car that is known to the shop."""
    async with stage.acting(BEN) as (db, me):
        plan = (await db.scalars(select(PackagePlan).where(PackagePlan.name == name))).one()
        owner = stage.users[stage.owners[car]]
        customer = (
            await db.scalars(
                select(Customer).where(Customer.tenant_id == me.tenant_id, Customer.user_id == owner)
            )
        ).one()
        today = clock.today(stage.centers["harbor"].zone)
        _package, order = await packages.sell(db, customer, stage.cars[car], plan, starts_on=today, by=me)
        return order


async def last_year(stage: Stage) -> None:
    """June's Golf got Care almost a year ago, over the counter."""
    await offer(stage)
    with clock.moved_by(-SOLD_AGO):
        await introduce(stage, "golf", "harbor")
        order = await sell(stage, "golf", CARE)
        invoice = await acts.bill(stage, BEN, order)
        await acts.take_cash(stage, BEN, invoice, invoice.total_minor)


async def count(stage: Stage, order: RepairOrder) -> None:
    """What was done on an order counts."""
    async with stage.acting(BEN) as (db, _me):
        for job in await db.scalars(select(Job).where(Job.order_id == order.id)):
            await note_done(db, job)


async def remind(stage: Stage) -> None:
    """Yesterday, once the shop had opened, June was told that hers runs out."""
    zone = stage.centers["harbor"].zone
    yesterday = clock.today(zone) - timedelta(days=1)
    with clock.moved_to(datetime.combine(yesterday, time(10), ZoneInfo(zone))):
        await remind_of_packages()
