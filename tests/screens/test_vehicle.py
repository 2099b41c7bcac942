"""What the workshop knows of a car, in the garage."""

from datetime import timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.domains.booking.models import Appointment
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
    assert f'<a href="/garage/{CAR}/history">' in (await driver.get(f"/garage/{CAR}")).text
    page = (await driver.get(f"/garage/{CAR}/history")).text
    assert "<!doctype html>" in page
    assert f'href="/orders/{order.id}/track"' in page


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


async def test_the_card_says_when_the_next_visit_is(browser, cast):
    at = clock.now() + timedelta(days=3)
    async with transaction(tenant=HARBOR) as db:
        db.add(
            Appointment(
                tenant_id=HARBOR,
                center_id=HARBOR_CENTER,
                customer_id=cast.customer.customer_id,
                user_id=cast.customer.user_id,
                vehicle_id=CAR,
                starts_at=at,
                ends_at=at + timedelta(hours=1),
                status="confirmed",
            )
        )
    part = await browser(cast.customer).get(f"/garage/{CAR}/next")
    assert "Harbor Lane Garage" in part.text
    assert "/appointments/" in part.text


async def test_the_car_tells_its_visits_and_what_was_put_off(browser, cast):
    order = await an_order(cast, stage="delivered", mileage_in_km=150100)
    async with transaction(tenant=HARBOR) as db:
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
