"""How often a request asks the database: what most of its time goes into, and grows unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from app.core import db as core_db
from app.core.db import transaction
from app.domains.marketplace import quoting
from tests.cast import CAR, HARBOR_CENTER
from tests.domains.booking.offering import offer
from tests.market import an_offer, asked, offered, quote_at

BOOKINGS = "/api/v1/customers/appointments"


@pytest.fixture
def round_trips(site: str) -> Callable[[], list[str]]:
    """What has been asked since the last call, BEGIN and COMMIT included."""
    asked: list[str] = []
    engine = core_db.engine().sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, words, *_: asked.append(words))
    for name in ("begin", "commit", "rollback"):
        event.listen(engine, name, lambda _c, name=name: asked.append(name))

    def since() -> list[str]:
        so_far = asked[:]
        asked.clear()
        return so_far

    return since


async def test_a_light_page_asks_six_times_at_most(browser, cast, round_trips):
    for person in (cast.customer, cast.technician):
        visitor = browser(person)
        await visitor.get("/settings")
        round_trips()
        assert (await visitor.get("/settings")).status_code == 200
        asked = round_trips()
        assert len(asked) <= 6, asked


async def test_a_garage_of_many_cars_asks_for_the_visits_once(browser, cast, round_trips):
    dana = browser(cast.customer)
    for plate in ("ONE", "TWO"):
        await dana.post("/garage", {"make": "Nissan", "model": "Leaf", "plate": plate})
    round_trips()
    page = await dana.get("/garage")
    assert "TWO" in page.text
    assert len([one for one in round_trips() if "FROM appointments" in one and "starts_at" in one]) == 1


async def test_a_booking_asks_31_times_at_most_and_a_lost_one_nine_times(browser, cast, round_trips):
    service = (await offer(cast))[0]
    driver = browser(cast.customer)
    slots = await driver.get(f"/api/v1/centers/{HARBOR_CENTER}/slots", params={"service": str(service.id)})
    starts = [one["starts_at"] for one in slots.json()["slots"]]
    wanted = {
        "service_center_id": str(HARBOR_CENTER),
        "vehicle_id": str(CAR),
        "services": [{"service_id": str(service.id)}],
    }
    between = (datetime.fromisoformat(starts[0]) + timedelta(minutes=7)).isoformat()
    # The first one makes the driver known to the shop.
    for start, status, most in ((starts[-1], 201, 60), (starts[0], 201, 31), (between, 409, 9)):
        round_trips()
        answer = await driver.json("POST", BOOKINGS, wanted | {"starts_at": start})
        assert answer.status_code == status, answer.text
        asked = round_trips()
        assert len(asked) <= most, asked


async def test_a_buyers_offers_are_read_anew_with_thirteen_questions_at_most(
    site, browser, cast, round_trips
):
    async with transaction() as db:
        order = await asked(db, "Pads", "Discs")
        await offered(db, order, 5000, 9000)
        await offered(db, order, 5100, 8900, seller=cast.second_seller)
    dana = browser(cast.customer)
    await dana.get(f"/parts/orders/{order.code}/offers")
    round_trips()
    region = await dana.get(f"/parts/orders/{order.code}/offers")
    assert region.text.count("market-total") == 2
    trips = round_trips()
    assert (
        len([one for one in trips if "parts_order" in one or "shop_quote" in one or "parts_shops" in one])
        <= 6
    )
    assert len(trips) <= 13, trips


async def test_a_revised_offer_asks_22_times_at_most(site, cast, round_trips):
    async with transaction() as db:
        order = await asked(db, "Pads", "Discs")
        await offered(db, order, 5000, 9000)
    async with transaction() as db:
        quote = await quote_at(db, order)
        wanted = await an_offer(db, order, 4900, 8900)
        round_trips()
        await quoting.offer(db, order, quote, wanted, by=cast.seller.viewer)
    trips = round_trips()
    assert len(trips) <= 22, trips
