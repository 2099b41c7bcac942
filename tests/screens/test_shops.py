"""What a visitor without an account reads of a shop, and the way from there to a booking."""

from __future__ import annotations

from app.core import clock
from app.core.db import transaction
from app.domains.network import premises
from tests.cast import CAR, HARBOR, HARBOR_CENTER
from tests.domains.booking.offering import offer
from tests.domains.network.test_modules import switch

SHOP = "/shops/harbor-lane-garage"


async def closed_today(cast):
    async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
        center = await premises.find_center(db, cast.owner.viewer, HARBOR_CENTER)
        await premises.set_exception(
            db, center, clock.today(center.zone), [], note="Stock <taking>", by=cast.owner.viewer
        )


async def test_anybody_reads_hours_services_and_prices_and_nothing_of_people(browser, cast):
    await offer(cast)
    await closed_today(cast)
    visitor = browser()
    found = (await visitor.get("/shops?q=harbor+garage")).text
    assert SHOP in found
    assert "Voltwerk" not in found
    assert "is called that" in (await visitor.get("/shops?q=%25")).text
    page = await visitor.get(SHOP)
    for said in ("Brake check", "$99.00", "Closed now", "Today: closed"):
        assert said in page.text
    assert "Stock" not in page.text, "why is the shop's own note"
    assert not [one.name for one in cast.everybody() if one.name in page.text]
    said = await visitor.json("GET", f"/api/v1{SHOP}")
    assert (said.json()["is_open"], said.json()["other_days"][0]["open"]) == (False, [])
    assert [one["base_price"] for one in said.json()["services"]] == [9900, 14900, 6900]
    assert said.headers["cache-control"] == "max-age=60, public"
    # A page's nonce, and its forms that can be sent once, are for this once.
    for one in (visitor, browser(cast.customer)):
        for url in ("/shops", SHOP):
            assert (await one.get(url)).headers["cache-control"] == "no-store"


async def test_the_chosen_service_comes_along_to_the_booking(browser, cast):
    service = (await offer(cast))[0]
    way = f"/book/harbor-lane-garage?service={service.id}"
    assert way in (await browser().get(SHOP)).text
    asked = await browser().get(way)
    assert asked.headers["location"].startswith("/sign-in?next=")
    assert str(service.id) in asked.headers["location"]
    step = await browser(cast.customer).get(way)
    assert step.headers["location"] == f"/book/harbor-lane-garage/services?vehicle={CAR}&service={service.id}"
    # Without a car of one's own the service waits while one is added.
    assert f"service%3D{service.id}" in (await browser(cast.advisor).get(way)).text


async def test_a_shop_that_takes_no_bookings_shows_its_hours_and_its_phone(browser, cast):
    owner = browser(cast.owner)
    assert SHOP in (await owner.get(f"/settings/centers/{HARBOR_CENTER}")).text
    await switch("online_booking", False)
    page = (await browser().get(SHOP)).text
    assert "Opening hours" in page
    assert "by phone" in page
    assert "/book/" not in page
    assert (await browser().get(f"/api/v1{SHOP}")).json()["takes_bookings"] is False
    assert SHOP not in (await browser().get("/shops")).text, "who looks for a workshop here wants to book"
    assert SHOP in (await owner.get(f"/settings/centers/{HARBOR_CENTER}")).text
