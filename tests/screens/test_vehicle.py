"""What the workshop knows of a car, in the garage."""

import re
from datetime import timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.domains.booking.models import Appointment
from app.domains.garage import Vehicle
from app.domains.workshop.models import DeferredWork, Job, RepairOrder
from tests.cast import CAR, HARBOR, HARBOR_CENTER


async def an_order(cast, **more):
    async with transaction(tenant=HARBOR) as db:
        order = RepairOrder(
            tenant_id=HARBOR,
            center_id=HARBOR_CENTER,
            number=1042,
            customer_id=cast.customer.customer_id,
            user_id=cast.customer.user_id,
            vehicle_id=CAR,
            concern="Grinding when braking",
            **more,
        )
        db.add(order)
        await db.flush()
        return order


async def test_the_card_says_where_the_car_is_in_the_workshop(browser, cast):
    order = await an_order(cast, stage="awaiting_approval")
    part = await browser(cast.customer).get(f"/garage/{CAR}/next")
    assert "Waiting for approval" in part.text
    assert f"/orders/{order.id}/track" in part.text


async def test_without_scripts_the_garage_leads_to_the_work_on_the_car(browser, cast):
    order = await an_order(cast, stage="awaiting_approval")
    driver = browser(cast.customer)
    assert f'href="/orders/{order.id}/track"' in (await driver.get("/garage")).text
    for address in (f"/garage/{CAR}", f"/garage/{CAR}/history"):
        page = (await driver.get(address)).text
        assert "<!doctype html>" in page
        assert f'href="/orders/{order.id}/track"' in page
    refused = await driver.post(f"/garage/{CAR}/readings", {"mileage": "far"})
    assert f'<a href="/garage/{CAR}/history">' in refused.text


async def test_a_car_that_is_paid_stays_in_the_garage_until_it_is_handed_over(browser, cast):
    order = await an_order(cast, stage="ready", status="closed")
    part = (await browser(cast.customer).get(f"/garage/{CAR}/next")).text
    assert "Ready to collect" in part
    assert "Harbor Lane Garage" in part
    assert "today" in part
    assert f"/orders/{order.id}/track" in part
    async with transaction(tenant=HARBOR) as db:
        (await db.get_one(RepairOrder, order.id)).stage = "delivered"
    assert "Ready" not in (await browser(cast.customer).get(f"/garage/{CAR}/next")).text


async def test_the_card_says_the_visit_the_service_due_and_what_was_put_off_each_with_its_link(browser, cast):
    at = clock.now() + timedelta(days=3)
    order = await an_order(cast, stage="delivered")
    async with transaction(tenant=HARBOR, user=cast.customer.user_id) as db:
        visit = Appointment(
            tenant_id=HARBOR,
            center_id=HARBOR_CENTER,
            customer_id=cast.customer.customer_id,
            user_id=cast.customer.user_id,
            vehicle_id=CAR,
            starts_at=at,
            ends_at=at + timedelta(hours=1),
            status="confirmed",
        )
        db.add(visit)
        await put_off(db, cast, order)
        (await db.get_one(Vehicle, CAR)).next_maintenance_due = clock.today("UTC") - timedelta(days=1)
    driver = browser(cast.customer)
    lines = (await driver.get(f"/garage/{CAR}/next")).text.split("<li>")[1:]
    assert [re.findall('<a href="([^"]+)"', line) for line in lines] == [
        [f"/appointments/{visit.id}"],
        [f"/garage/{CAR}#service"],
        [f"/garage/{CAR}#not-done"],
    ]
    page = (await driver.get(f"/garage/{CAR}")).text
    assert 'id="service"' in page
    assert 'id="not-done"' in page
    async with transaction(tenant=HARBOR, user=cast.customer.user_id) as db:
        (await db.get_one(Appointment, visit.id)).status = "cancelled"
    assert f'href="/book?vehicle={CAR}"' in (await driver.get(f"/garage/{CAR}/next")).text


async def put_off(db, cast, order):
    job = Job(tenant_id=HARBOR, order_id=order.id, title="Front brake pads", status="deferred")
    db.add(job)
    await db.flush()
    db.add(
        DeferredWork(
            tenant_id=HARBOR,
            vehicle_id=CAR,
            user_id=cast.customer.user_id,
            job_id=job.id,
            title="Front brake pads",
            decision="deferred",
            reason="after payday",
            total_minor=48450,
            currency="USD",
        )
    )


async def test_the_car_tells_its_visits_and_what_was_put_off(browser, cast):
    order = await an_order(cast, stage="delivered", mileage_in_km=150100)
    async with transaction(tenant=HARBOR) as db:
        await put_off(db, cast, order)
    one = (await browser(cast.customer).get(f"/garage/{CAR}/history")).text
    assert "Front brake pads" in one
    assert "$484.50" in one
    assert "after payday" in one
    assert "RO-1042" in one
    shop = (await browser(cast.advisor).get(f"/garage/{CAR}/history")).text
    assert 'href="/orders/1042"' in shop
    assert (await browser(cast.outsider).get(f"/garage/{CAR}/history")).status_code == 404


async def test_a_customers_visits_are_on_their_page(browser, cast):
    await an_order(cast)
    part = await browser(cast.advisor).get("/customers/1/orders")
    assert "RO-1042" in part.text
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(RepairOrder.number)) == 1042
