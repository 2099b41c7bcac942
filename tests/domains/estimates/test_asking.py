"""A price without a visit: asked for a car that is not here, sent, approved, and carried out when the car comes."""

import re
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.core.errors import Refused
from app.domains import workshop
from app.domains.estimates.approval import decide
from app.domains.estimates.models import Estimate
from app.domains.estimates.sending import send
from app.domains.estimates.sheet import read_sheet
from app.domains.workshop import work
from app.domains.workshop.models import DeferredWork, Job, RepairOrder
from tests.browsing import Browser
from tests.cast import CAR, CAST, HARBOR, Cast
from tests.domains.estimates.desk import as_person, saying
from tests.domains.workshop.shop import proposed

Browse = Callable[..., Browser]
WHOSE = {"customer": str(CAST.customer.customer_id), "vehicle": str(CAR)}
Row = TypeVar("Row", RepairOrder, Job)
ARRIVES = {**WHOSE, "concern": "Brakes, as priced", "signed_name": "Dana", "mileage": "151000"}


async def asked(desk: Browser) -> RepairOrder:
    """Avery asks for a price and lands at the desk of the draft."""
    answer = await desk.post("/estimates/new", {**WHOSE, "concern": "What would front brakes cost?"})
    assert answer.status_code == 303, answer.text
    assert "Add the job" in (await desk.get(answer.headers["location"])).text
    async with transaction(tenant=HARBOR) as db:
        [order] = await db.scalars(select(RepairOrder))
        return order


async def approved(order: RepairOrder) -> Job:
    """Brakes are priced, sent and approved."""
    async with transaction(tenant=HARBOR) as db:
        await as_person(db, CAST.advisor)
        job = await proposed(db, order)
        [estimate] = await db.scalars(select(Estimate))
        await send(db, estimate, revision=None, by=CAST.advisor.viewer)
        await decide(
            db, estimate, saying(await read_sheet(db, estimate), ["approved"]), by=CAST.advisor.viewer
        )
        return job


async def reload(kind: type[Row], row_id: object) -> Row:
    async with transaction(tenant=HARBOR) as db:
        return await db.get_one(kind, row_id)


async def test_the_way_in_is_a_customers_car(browser: Browse, cast: Cast) -> None:
    desk = browser(cast.advisor)
    page = (await desk.get("/customers/1")).text
    assert f"/estimates/new?customer={cast.customer.customer_id}&amp;vehicle={CAR}" in page
    shown = await desk.get("/estimates/new", params=WHOSE)
    assert "Price without a visit" in shown.text
    nothing = await desk.post("/estimates/new", WHOSE)
    assert nothing.status_code == 422
    start = await desk.get("/estimates/new")
    assert start.headers["location"] == "/orders/new?then=price"
    found = await desk.get("/orders/new?then=price&q=Dana")
    assert f"/estimates/new?customer={cast.customer.customer_id}" in found.text


async def test_an_estimate_waits_off_the_board_until_the_car_comes(browser: Browse, cast: Cast) -> None:
    desk = browser(cast.advisor)
    order = await asked(desk)
    assert order.status == "estimate"
    assert order.label not in (await desk.get("/board")).text
    folder = (await desk.get(f"/orders/{order.number}")).text
    assert "the car is not here" in folder
    assert "Price asked" in folder
    assert "Checked in" not in folder
    assert "Price asked" in (await desk.get("/customers/1/orders")).text
    assert "You asked for a price" in (await browser(cast.customer).get(f"/orders/{order.id}/track")).text
    job = await approved(order)
    assert (await reload(RepairOrder, order.id)).status == "estimate"
    async with transaction(tenant=HARBOR) as db:
        await as_person(db, CAST.technician)
        with pytest.raises(Refused, match="not here yet"):
            await work.start(db, await db.get_one(Job, job.id), by=CAST.technician.viewer)
    form = await desk.get("/orders/new", params=WHOSE)
    assert re.search(rf'<option value="{order.number}" selected>', form.text)
    here = await desk.post("/orders", {**ARRIVES, "estimate": str(order.number)})
    assert here.headers["location"] == f"/orders/{order.number}"
    came = await reload(RepairOrder, order.id)
    assert (came.status, came.stage, came.mileage_in_km) == ("repair_order", "received", 151000)
    assert f"RO-{order.number}" in (await desk.get("/board")).text
    async with transaction(tenant=HARBOR) as db:
        await as_person(db, CAST.technician)
        await work.start(db, await db.get_one(Job, job.id), by=CAST.technician.viewer)
    again = await desk.post("/orders", {**ARRIVES, "estimate": str(order.number)})
    assert again.status_code == 422


async def test_something_else_is_an_order_of_its_own(browser: Browse, cast: Cast) -> None:
    desk = browser(cast.advisor)
    order = await asked(desk)
    here = await desk.post("/orders", {**ARRIVES, "estimate": ""})
    assert here.headers["location"] != f"/orders/{order.number}"
    assert (await reload(RepairOrder, order.id)).status == "estimate"


async def test_archived_its_jobs_stay_with_the_car(browser: Browse, cast: Cast) -> None:
    desk = browser(cast.advisor)
    order = await asked(desk)
    job = await approved(order)
    async with transaction(tenant=HARBOR) as db:
        await as_person(db, CAST.advisor)
        await proposed(db, order, "Winter tires")
    assert (await desk.post(f"/orders/{order.number}/archive")).status_code == 303
    assert (await reload(RepairOrder, order.id)).status == "archived"
    assert (await reload(Job, job.id)).status == "deferred"
    async with transaction(tenant=HARBOR) as db:
        kept = (await db.scalars(select(DeferredWork.title).order_by(DeferredWork.title))).all()
        assert kept == ["Front brakes", "Winter tires"]
        assert len(await workshop.deferred_for_vehicle(db, CAST.advisor.viewer, CAR)) == 2


@pytest.mark.parametrize(("who", "status"), [("customer", 403), ("technician", 403), ("outsider", 404)])
async def test_who_may_not_ask_for_a_price(browser: Browse, cast: Cast, who: str, status: int) -> None:
    person = browser(getattr(cast, who))
    assert (await person.get("/estimates/new", params=WHOSE)).status_code == status
    answer = await person.post("/estimates/new", {**WHOSE, "concern": "Brakes"})
    assert answer.status_code == status
