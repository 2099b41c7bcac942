"""The driver's page: what it shows at each stage, to whom, and that it is rung."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.core import clock
from app.core.db import transaction
from app.core.live import Ring
from app.core.render import when
from app.domains import workshop
from app.domains.booking.models import Appointment
from app.domains.network.models import ServiceCenter
from app.domains.workshop.events import JobAuthorized, OrderMoved
from app.domains.workshop.foreseen import up
from app.domains.workshop.models import STAGES, Job, RepairOrder
from app.domains.workshop.orders import of
from app.screens.tracking import headline, steps_of
from app.subscriptions import SUBSCRIPTIONS
from tests.browsing import Browser
from tests.cast import CAR, CAST, HARBOR, HARBOR_CENTER, Cast
from tests.domains.estimates.desk import order_with_jobs, sent

Browse = Callable[..., Browser]


@pytest.fixture
async def order(site: str) -> RepairOrder:
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
    return order


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_words_and_a_place_on_the_way(stage: str) -> None:
    assert headline(stage)[1]
    states = [step.state for step in steps_of(stage)]
    assert states == sorted(states, key=["done", "now", "next"].index)
    assert states.count("now") == (0 if stage == "delivered" else 1)


async def test_proposals_nobody_has_presented_are_not_shown(
    order: RepairOrder, browser: Browse, cast: Cast
) -> None:
    page = await browser(cast.customer).get(f"/orders/{order.id}/track")
    assert page.status_code == 200
    assert "Your car is checked in" in page.text
    assert "Front brakes" not in page.text
    assert "Expected to be ready" in page.text


async def test_an_open_estimate_is_offered_and_its_jobs_are_shown(
    order: RepairOrder, browser: Browse, cast: Cast
) -> None:
    async with transaction(tenant=HARBOR) as db:
        estimate, _sheet = await sent(db, await db.get_one(RepairOrder, order.id))
    driver = browser(cast.customer)
    page = await driver.get(f"/orders/{order.id}/track")
    for words in ("We are waiting for your answer", f"/estimates/{estimate.id}", "Front brakes"):
        assert words in page.text
    region = await driver.get(f"/orders/{order.id}/track/state", headers={"hx-request": "true"})
    assert region.status_code == 200
    assert "<html" not in region.text


async def test_work_is_under_way_with_the_first_clock_not_with_the_approval(
    order: RepairOrder, browser: Browse, cast: Cast
) -> None:
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(RepairOrder, order.id)
        held.stage = "in_progress"
        jobs = list(await workshop.jobs_of(db, held))
        for job in jobs:
            job.status = "pending"
    driver = browser(cast.customer)
    page = await driver.get(f"/orders/{order.id}/track")
    assert "Approved. Work starts soon" in page.text
    async with transaction(tenant=HARBOR) as db:
        (await db.get_one(Job, jobs[0].id)).started_at = clock.now()
    page = await driver.get(f"/orders/{order.id}/track")
    assert "We are working on your car" in page.text


async def test_driver_and_desk_are_told_that_the_plan_ends_after_the_promise(
    order: RepairOrder, browser: Browse, cast: Cast
) -> None:
    async with transaction(tenant=HARBOR) as db:
        held = await db.get_one(RepairOrder, order.id)
        center = await db.get_one(ServiceCenter, HARBOR_CENTER)
        center.working_hours = {
            day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        }
        held.promise_at = promise = clock.now() + timedelta(hours=5)
        first, *rest = await workshop.jobs_of(db, held)
        for job in rest:
            job.status = "declined"
        first.status, first.estimated_minutes, first.scheduled_start = (
            "pending",
            60,
            promise - timedelta(hours=2),
        )
    driver, desk = browser(cast.customer), browser(cast.advisor)
    told, nudged = f"/orders/{order.id}/track", f"/orders/{order.number}"
    assert "May be later" not in (await driver.get(told)).text
    assert "The plan ends after the promise" not in (await desk.get(nudged)).text
    async with transaction(tenant=HARBOR) as db:
        (await db.get_one(Job, first.id)).scheduled_start = promise + timedelta(minutes=30)
    page = (await driver.get(told)).text
    assert f"Promised for</dt><dd>{when(promise, center.zone)}" in page
    end = up(promise + timedelta(minutes=90))
    assert f"the work planned goes on until about {when(end, center.zone)}" in page
    page = (await desk.get(nudged)).text
    assert "The plan ends after the promise" in page
    assert 'href="#f-promise_at"' in page
    assert 'id="f-promise_at"' in page
    async with transaction(tenant=HARBOR) as db:
        (await db.get_one(Job, rest[0].id)).status = "pending"  # and nobody has planned it
        (await db.get_one(Job, rest[0].id)).position = -1
    assert f"at least until {when(end, center.zone)}" in (await driver.get(told)).text
    page = (await desk.get(nudged)).text
    assert f"Work not done before {when(end, center.zone)}" in page
    assert "The plan ends after the promise" in page
    assert re.search(r"not before [^<]+, after the promise", (await desk.get("/board")).text)


@pytest.mark.parametrize("who", ["outsider", "stranger", "network"])
async def test_it_is_nobody_elses_business(order: RepairOrder, browser: Browse, cast: Cast, who: str) -> None:
    for path in ("track", "track/state"):
        assert (await browser(getattr(cast, who)).get(f"/orders/{order.id}/{path}")).status_code == 404


async def test_from_the_booking_on_it_waits_for_the_car(
    order: RepairOrder, browser: Browse, cast: Cast
) -> None:
    async with transaction(tenant=HARBOR) as db:
        appointment = Appointment(
            tenant_id=HARBOR,
            center_id=HARBOR_CENTER,
            customer_id=CAST.customer.customer_id,
            user_id=CAST.customer.user_id,
            vehicle_id=CAR,
            starts_at=clock.now() + timedelta(hours=1),
            ends_at=clock.now() + timedelta(hours=2),
            status="confirmed",
        )
        db.add(appointment)
    driver, url = browser(cast.customer), f"/appointments/{appointment.id}/track"
    page = await driver.get(url)
    assert "We are expecting your car" in page.text
    async with transaction(tenant=HARBOR) as db:
        (await db.get_one(Appointment, appointment.id)).order_id = order.id
    refreshed = await driver.get(url, headers={"hx-request": "true"})
    assert refreshed.headers["hx-refresh"] == "true"
    assert "Your car is checked in" in (await driver.get(url)).text
    assert (await browser(cast.outsider).get(url)).status_code == 404


async def test_it_is_rung_when_the_work_moves(order: RepairOrder) -> None:
    facts = of(order)
    moved = OrderMoved(**facts, was="received", stage="diagnosing", by_facts=False)
    bells = [one for one in SUBSCRIPTIONS[OrderMoved] if one.__name__.startswith("ring")]
    rings = [ring for bell in bells for ring in bell(moved)]
    assert Ring(workshop.customer_topic(order.id), "service:progress_updated") in rings
    assert any(one.__name__ == "ring_customer" for one in SUBSCRIPTIONS[JobAuthorized])
