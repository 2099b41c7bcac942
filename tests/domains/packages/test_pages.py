"""Packages on the screen: the owner offers, the desk sells and covers, the driver sees; nobody else does."""

import re

from app.core import clock
from app.core.db import transaction
from app.domains import customers
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from tests.cast import CAR, CAST, HARBOR
from tests.domains.packages.sold import AVERY, oil_job
from tests.domains.workshop.shop import canned_oil, checked_in

PACKAGES = "/api/v1/customers/service-packages"
PLAN = {"name": "Comfort", "package_type": "premium", "price": "199", "months": "12", "is_active": "yes"}


async def at_the_desk():
    """Dana's car is here with an oil change on its order; the shop has no package yet."""
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        customer, car = await db.get_one(Customer, CAST.customer.customer_id), await db.get_one(Vehicle, CAR)
        await customers.bring_car(db, customer, car, by=AVERY)
        order = await checked_in(db)
        oil = await canned_oil(db, order)
        return order, oil, await oil_job(db, order)


async def test_from_the_offer_to_the_garage(browser, cast, run_reactions):
    order, oil, job = await at_the_desk()
    owner, desk, dana = browser(cast.owner), browser(cast.advisor), browser(cast.customer)
    for wrong, words in (
        ({}, "at least one canned job"),
        ({f"uses-{oil.id}": "many"}, "whole number"),
        ({f"uses-{oil.id}": "100"}, "0 to 99 times"),
        ({f"uses-{oil.id}": "2", "months": "61"}, "61"),
        ({f"uses-{oil.id}": "2", "package_type": "golden"}, "Choose one of the list"),
    ):
        refused = await owner.post("/settings/packages", PLAN | {"name": "Kept text"} | wrong)
        assert (refused.status_code, "Kept text" in refused.text, words in refused.text) == (
            422,
            True,
            True,
        ), wrong
    made = await owner.post("/settings/packages", PLAN | {f"uses-{oil.id}": "1"})
    assert made.status_code == 303
    page = (await owner.get("/settings/packages")).text
    assert "1 × Oil change" in page
    url = re.search(r'href="(/settings/packages/([0-9a-f-]{36}))"', page)
    assert (await owner.post("/settings/packages", PLAN | {f"uses-{oil.id}": "2"})).status_code == 422
    assert (await owner.post(url[1], PLAN | {f"uses-{oil.id}": "2"})).status_code == 303

    sale = {"plan": url[2], "vehicle": str(CAR), "starts_on": clock.today("America/New_York").isoformat()}
    late = await desk.post("/customers/1/packages", sale | {"starts_on": "2020-02-29"})
    assert (late.status_code, "today at the earliest" in late.text) == (422, True)
    answer = await desk.post("/customers/1/packages", sale)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.number}")
    again = await desk.post("/customers/1/packages", sale)
    assert (again.status_code, "This car has Comfort" in again.text) == (422, True)
    shown = (await desk.get(f"/orders/{order.number}/packages")).text
    assert "Covered by Comfort" in shown, "what stands on the order is covered with the sale"
    assert (await desk.post(f"/jobs/{job.id}/cover/removal")).status_code == 303
    [mine] = (await dana.get(PACKAGES)).json()
    assert (mine["package_type"], mine["status"], mine["is_active"], mine["is_paid"]) == (
        "premium",
        "active",
        True,
        False,
    )
    assert mine["covered"] == [{"title": "Oil change", "uses": 2, "used": 0, "planned": 0, "left": 2}]
    cover = {"package": mine["id"]}
    assert (await desk.post(f"/jobs/{job.id}/cover", cover)).status_code == 303
    assert (await desk.post(f"/jobs/{job.id}/cover", cover)).status_code == 409
    [mine] = (await dana.get(f"{PACKAGES}?vehicle_id={CAR}")).json()
    assert mine["covered"][0]["planned"] == 1
    assert "Comfort" in (await dana.get(f"/garage/{CAR}/packages")).text

    gone = f"/packages/{mine['id']}/cancellation"
    empty = await desk.post(gone)
    assert (empty.status_code, "Say why" in empty.text) == (422, True)
    assert (await desk.post(gone, {"reason": "Moves away"})).status_code == 409, "a covered job is under way"
    await desk.post(f"/jobs/{job.id}/cover/removal")
    assert (await desk.post(gone, {"reason": "Moves to O'Neil's"})).status_code == 303
    told = (await desk.get("/customers/1/packages")).text
    assert "Moves to O&#39;Neil" in told
    [mine] = (await dana.get(PACKAGES)).json()
    assert (mine["status"], mine["is_active"]) == ("cancelled", False)
    assert "Moves to" not in (await dana.get(f"/garage/{CAR}/packages")).text, "the desk's own words"

    outsider = browser(cast.outsider)
    assert (await outsider.get(PACKAGES)).json() == []
    assert (await browser(cast.stranger).get(PACKAGES)).json() == []
    for address in ("/customers/1/packages", f"/orders/{order.number}/packages", f"/garage/{CAR}/packages"):
        assert (await outsider.get(address)).status_code == 404
    assert (await outsider.post(gone, {"reason": "Mine"})).status_code == 404
    assert (await outsider.post(f"/jobs/{job.id}/cover", cover)).status_code == 404
    assert (await outsider.post("/customers/1/packages", sale)).status_code == 404
    assert (await browser(cast.technician).get(f"/orders/{order.number}/packages")).status_code == 403
    assert (await desk.get("/settings/packages")).status_code == 403
