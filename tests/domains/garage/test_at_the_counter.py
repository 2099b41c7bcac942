"""A member of staff at the counter of their shop, with a car of their own family that the shop has not been let in on."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.domains.garage.models import OdometerReading, Ownership, VehicleGrant
from app.domains.services.models import Service
from app.domains.workshop.models import RepairOrder
from tests.cast import HARBOR, OTHER_CAR
from tests.mailbox import link_to


async def share(browser, cast, run_reactions, role):
    """Sam shares his car with the advisor of Harbor Lane, which knows nothing of it."""
    asked = {"email": cast.advisor.email, "access": role, "cars": str(OTHER_CAR)}
    assert (await browser(cast.stranger).post(f"/garage/{OTHER_CAR}/people", asked)).status_code == 303
    await run_reactions()
    avery = browser(cast.advisor)
    assert (await avery.post(await link_to(cast.advisor.email, "/shared/"))).status_code == 303
    return avery


def arrival(cast, **more):
    return {
        "customer": str(cast.customer.customer_id), "vehicle": str(OTHER_CAR), "concern": "Rattles", "signed_name": "Sam",
    } | more  # fmt: skip


async def found(cast):
    async with transaction(user=cast.stranger.user_id) as db:
        grants = (await db.scalars(select(VehicleGrant.tenant_id).where(VehicleGrant.vehicle_id == OTHER_CAR))).all()  # fmt: skip
        readings = (await db.scalars(select(OdometerReading.km).where(OdometerReading.vehicle_id == OTHER_CAR))).all()  # fmt: skip
    async with transaction(tenant=HARBOR) as db:
        orders = (await db.scalars(select(RepairOrder).where(RepairOrder.vehicle_id == OTHER_CAR))).all()
    return list(grants), list(readings), len(orders)


@pytest.mark.parametrize("reading", [{}, {"mileage": "250000", "confirmed": "250000"}])
async def test_who_only_looks_at_a_car_checks_it_in_nowhere(browser, cast, run_reactions, reading):
    avery = await share(browser, cast, run_reactions, "reader")
    before = await found(cast)
    assert (await avery.post("/orders", arrival(cast, **reading))).status_code == 403
    asked = {"customer": str(cast.customer.customer_id), "vehicle": str(OTHER_CAR), "concern": "Rattles"}
    assert (await avery.post("/estimates/new", asked)).status_code == 403
    async with transaction(tenant=HARBOR) as db:
        wash = Service(
            tenant_id=HARBOR, code="wash", name="Wash", duration_minutes=30, price_minor=900, currency="USD"
        )
        db.add(wash)
        await db.flush()
        service = str(wash.id)
    when = clock.now() + timedelta(days=3)
    booked = {
        "customer_id": str(cast.customer.customer_id), "vehicle_id": str(OTHER_CAR), "starts_at": f"{when:%Y-%m-%dT15:00:00Z}",
        "services": [{"service_id": service}],
    }  # fmt: skip
    answer = await avery.json("POST", "/api/v1/staff/appointments", booked)
    assert answer.status_code == 403, answer.text
    assert (await avery.post(f"/garage/{OTHER_CAR}/readings", {"mileage": "250000"})).status_code == 403
    assert await found(cast) == before


async def test_who_drives_it_lets_the_shop_in_by_checking_it_in(browser, cast, run_reactions):
    avery = await share(browser, cast, run_reactions, "driver")
    assert (await found(cast))[0] == []
    answer = await avery.post("/orders", arrival(cast, mileage="250000", confirmed="250000"))
    assert answer.status_code == 303, answer.text
    grants, readings, orders = await found(cast)
    assert (grants, orders) == ([HARBOR], 1)
    assert 250_000 in readings
    # Whoever works on it sees it, who has nothing to do with the family.
    page = await browser(cast.owner).get(answer.headers["location"])
    assert page.status_code == 200


async def test_a_reader_of_a_car_the_shop_was_let_in_on_checks_it_in_as_anybody_there(
    browser, cast, run_reactions
):
    avery = await share(browser, cast, run_reactions, "driver")
    assert (await avery.post("/orders", arrival(cast))).status_code == 303
    async with transaction(user=cast.stranger.user_id) as db:
        claim = await db.scalar(
            select(Ownership).where(
                Ownership.vehicle_id == OTHER_CAR, Ownership.user_id == cast.advisor.user_id
            )
        )
        claim.role = "reader"
    read = await avery.post(f"/garage/{OTHER_CAR}/readings", {"mileage": "260000", "confirmed": "260000"})
    assert read.status_code == 303
