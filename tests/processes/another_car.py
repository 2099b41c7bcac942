"""One more car in the demo's shop, priced and sent to its driver: `python -m tests.processes.another_car KEY`.

Runs beside the site with the site's settings, through the same operations as a page, and prints what it made.
"""

import asyncio
import json
import sys

from sqlalchemy import select

from app.core import db
from app.core.identity import person_acting
from app.demo.people import ADVISOR, TECHNICIAN
from app.domains import estimates, workshop
from app.domains.accounts.models import User
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.garage.models import Vehicle
from app.domains.network.models import ServiceCenter, StaffProfile
from app.domains.workshop import Intake
from app.domains.workshop.models import Job
from app.settings import settings

WORK = ("oil-service", "cabin-filter")


async def main(plate: str) -> None:
    db.connect(settings().sqlalchemy_url)
    try:
        async with db.transaction() as session:
            await session.execute(db.text("SELECT set_config('app.network', 'on', true)"))
            ids = {row.email: row.id for row in await session.execute(select(User.email, User.id))}
            center = (
                await session.scalars(select(ServiceCenter).where(ServiceCenter.name == "Harbor Lane Garage"))
            ).first()
        assert center is not None
        advisor = ids[ADVISOR.email]
        me = await person_acting(advisor, center.id)
        async with db.transaction(user=advisor, tenant=center.tenant_id) as session:
            rows = await session.execute(
                select(Customer, Vehicle.id)
                .join(CustomerVehicle, CustomerVehicle.customer_id == Customer.id)
                .join(Vehicle, Vehicle.id == CustomerVehicle.vehicle_id)
                .where(Vehicle.plate == plate)
            )
            customer, vehicle = rows.one()
            luz = await session.scalar(
                select(StaffProfile.id).where(StaffProfile.user_id == ids[TECHNICIAN.email])
            )
            intake = Intake(concern="Oil service is due.", mileage_km=300_000, signed_name=customer.name)
            order = await workshop.open_order(
                session, center=center, customer=customer, vehicle_id=vehicle, intake=intake, by=me,
                technician_id=luz,
            )  # fmt: skip
            for code in WORK:
                await workshop.propose_job(session, order, canned_code=code, by=me)
        async with db.transaction(user=advisor, tenant=center.tenant_id) as session:
            estimate = await estimates.draft(session, order, by=me)
            await estimates.send(session, estimate, revision=None, by=me)
            jobs = (await session.scalars(select(Job.id).where(Job.order_id == order.id))).all()
        print(json.dumps({
            "order": str(order.id), "number": order.number, "estimate": str(estimate.id),
            "estimate_number": estimate.number, "jobs": [str(job) for job in jobs], "driver": customer.email,
        }))  # fmt: skip
    finally:
        await db.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
