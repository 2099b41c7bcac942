"""Booking in a browser without a screen, as a driver, the desk, and people who have no business there."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

from app.core import clock, limits
from app.core.db import transaction
from app.domains.booking.crowd import HOLDS
from app.domains.network.models import ServiceCenter
from tests.cast import CAR, HARBOR, HARBOR_CENTER, OTHER_CAR

CENTER = "harbor-lane-garage"


def query(services, vehicle=CAR):
    return f"vehicle={vehicle}&" + "&".join(f"service={one.id}" for one in services)


def starts_in(text):
    return [unescape(one) for one in re.findall(r'name="starts_at" value="([^"]+)"', text)]


async def times(driver, services, vehicle=CAR, day=None):
    chosen = f"&day={day}" if day else ""
    page = await driver.get(f"/book/{CENTER}/times?{query(services, vehicle)}{chosen}")
    assert page.status_code == 200, page.text
    return starts_in(page.text)


async def hold(driver, services, starts, vehicle=CAR):
    form = {"center": CENTER, "vehicle": str(vehicle), "starts_at": starts}
    return await driver.post("/appointments", form | {"service": [str(one.id) for one in services]})


async def book(driver, services, starts=None, vehicle=CAR):
    starts = starts or (await times(driver, services, vehicle))[0]
    held = await hold(driver, services, starts, vehicle)
    assert held.status_code == 303, held.text
    answer = await driver.post(held.headers["location"], {"notes": "It squeaks"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_driver_books_two_services_step_by_step(browser, cast, offered):
    driver = browser(cast.customer)
    centers = await driver.get("/book")
    assert "Harbor Lane Garage" in centers.text
    step = await driver.get(f"/book/{CENTER}")
    assert step.headers["location"] == f"/book/{CENTER}/services?vehicle={CAR}"
    step = await driver.get(step.headers["location"])
    assert "Brake check" in step.text
    assert "$99.00" in step.text
    assert "HV check" not in step.text, "a gasoline car needs no high-voltage work"
    starts = await times(driver, offered[:2])
    held = await hold(driver, offered[:2], starts[0])
    confirm = await driver.get(held.headers["location"])
    assert "Reserved for you until" in confirm.text
    assert "1 h 30 min" in confirm.text
    assert "$168.00" in confirm.text
    done = await driver.post(held.headers["location"], {"notes": "It squeaks"})
    visit = await driver.get(done.headers["location"])
    assert "Confirmed" in visit.text
    assert "It squeaks" in visit.text
    assert "Brake check, Oil change" in (await driver.get("/appointments")).text


async def test_who_books_too_late_to_change_it_is_told_before(browser, cast, offered):
    driver = browser(cast.customer)
    starts = (await times(driver, offered[:1]))[0]
    page = (await hold(driver, offered[:1], starts)).headers["location"]
    for hours, told, untold in (
        (720, "only Harbor Lane Garage can change it", "You can move or cancel until"),
        (0, "You can move or cancel until", "can change it"),
    ):
        async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
            (await db.get_one(ServiceCenter, HARBOR_CENTER)).cancel_hours = hours
        shown = (await driver.get(page)).text
        assert told in shown
        assert untold not in shown


async def test_a_visitor_sees_the_centers_and_signs_in_to_go_on(browser, offered):
    visitor = browser()
    assert "Harbor Lane Garage" in (await visitor.get("/book")).text
    answer = await visitor.get(f"/book/{CENTER}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


async def test_no_service_chosen_leads_back_with_words(browser, cast, offered):
    driver = browser(cast.customer)
    answer = await driver.get(f"/book/{CENTER}/times?vehicle={CAR}")
    page = await driver.get(answer.headers["location"])
    assert "Choose at least one service." in page.text


async def test_a_taken_slot_vanishes_from_the_others_page_and_cannot_be_taken(browser, cast, offered):
    first, second = browser(cast.customer), browser(cast.stranger)
    # Two technicians, two bays: both must be taken before the slot is gone.
    starts = (await times(first, offered[:1]))[0]
    await book(first, offered[:1], starts)
    await book(second, offered[:1], starts, OTHER_CAR)
    day = starts[:10]
    region = await first.get(f"/book/{CENTER}/slots?{query(offered[:1])}&day={day}")
    assert starts not in starts_in(region.text)
    lost = await hold(first, offered[:1], starts)
    assert lost.status_code == 409
    assert "no longer free" in unescape(lost.text)
    assert "The next free times" in lost.text
    assert starts_in(lost.text)


async def test_the_same_form_twice_holds_once(browser, cast, offered):
    driver = browser(cast.customer)
    starts = (await times(driver, offered[:1]))[0]
    form = {"center": CENTER, "vehicle": str(CAR), "service": str(offered[0].id), "starts_at": starts}
    key = uuid4().hex
    one = await driver.post("/appointments", form, key=key)
    two = await driver.post("/appointments", form, key=key)
    assert (one.status_code, one.headers["location"]) == (two.status_code, two.headers["location"])


async def test_a_hold_that_ran_out_says_so_and_offers_to_choose_again(browser, cast, offered):
    driver = browser(cast.customer)
    held = await hold(driver, offered[:1], (await times(driver, offered[:1]))[0])
    with clock.moved_by(timedelta(minutes=11)):
        page = await driver.get(held.headers["location"])
        assert "This reservation ran out" in page.text
        late = await driver.post(held.headers["location"])
        assert late.status_code == 409


async def test_a_second_window_tells_the_first_what_became_of_its_time(browser, cast, offered):
    driver = browser(cast.customer)
    today = clock.today("America/New_York")
    monday = today + timedelta(days=7 - today.weekday())  # of today there may be little left
    starts = await times(driver, offered[:1], day=monday)
    first = (await hold(driver, offered[:1], starts[0])).headers["location"]
    assert 'hx-trigger="appointment:status_updated from:#live"' in (await driver.get(first)).text
    second = (await hold(driver, offered[:1], starts[3])).headers["location"]
    for page in (await driver.get(first), await driver.post(first)):
        assert "In another window you reserved" in page.text
        assert f'href="{second}"' in page.text
    assert (await driver.post(second)).status_code == 303
    late = await driver.post(first)
    assert late.status_code == 409
    assert "you have booked" in late.text
    assert f'href="{second.removesuffix("/confirmation")}"' in late.text


async def test_who_holds_without_end_waits_and_nobody_else(browser, cast, offered):
    for _hold in range(HOLDS.times):
        await limits.take(HOLDS, str(cast.customer.user_id))
    driver = browser(cast.customer)
    starts = (await times(driver, offered[:1]))[0]
    refused = await hold(driver, offered[:1], starts)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert (await hold(browser(cast.stranger), offered[:1], starts, OTHER_CAR)).status_code == 303


async def test_a_foreign_car_service_center_or_nonsense_changes_nothing(browser, cast, offered):
    driver = browser(cast.customer)
    starts = (await times(driver, offered[:1]))[0]
    assert (await hold(driver, offered[:1], starts, OTHER_CAR)).status_code == 404
    assert (await driver.get(f"/book/{CENTER}/services?vehicle={OTHER_CAR}")).status_code == 404
    assert (await driver.get(f"/book/{CENTER}/times?vehicle={CAR}&service={uuid4()}")).status_code == 404
    assert (await driver.get(f"/book/nowhere/services?vehicle={CAR}")).status_code == 404
    assert (await driver.get(f"/book/{CENTER}/services?vehicle=mine")).status_code in (400, 404)
    assert (await driver.get(f"/book/voltwerk-berlin/times?{query(offered[:1])}")).status_code == 404
    for wrong in ("yesterday", "2026-11-23T10:00:00", ""):
        assert (await hold(driver, offered[:1], wrong)).status_code == 422
    past = (clock.now() - timedelta(days=3)).isoformat()
    assert (await hold(driver, offered[:1], past)).status_code == 409
    assert "Nothing is booked" in (await driver.get("/appointments")).text


async def test_moving_and_cancelling(browser, cast, offered):
    driver = browser(cast.customer)
    today = clock.today("America/New_York")
    far = today + timedelta(days=14 - today.weekday())  # a Monday: the shop is open
    page = await driver.get(f"/book/{CENTER}/times?{query(offered[:1])}&day={far}")
    starts = starts_in(page.text)
    url = await book(driver, offered[:1], starts[0])
    choice = await driver.get(f"{url}/time?day={far}")
    other = next(one for one in starts_in(choice.text) if one != starts[0])
    moved = await driver.post(f"{url}/time", {"starts_at": other})
    assert moved.status_code == 303
    done = await driver.post(f"{url}/cancellation", {"reason": "Sold it"})
    assert done.status_code == 303
    assert "Cancelled" in (await driver.get(url)).text
    assert (await driver.post(f"{url}/time", {"starts_at": starts[0]})).status_code == 409


async def test_the_desk_sees_the_day_assigns_and_opens_the_visit(browser, cast, offered):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    starts = (await times(driver, offered[:1]))[0]
    url = await book(driver, offered[:1], starts)
    page = await desk.get(f"/appointments?day={starts[:10]}")
    assert "Brake check" in page.text
    assert "Dana O&#39;Neil" in page.text
    for by in ("bay", "technician"):
        assert "Brake check" in (await desk.get(f"/appointments?day={starts[:10]}&by={by}")).text
    assigned = await desk.post(
        f"{url}/assignment",
        {"bay": str(cast_bay(2)), "technician": str(cast.second_technician.staff_id)},
    )
    assert assigned.status_code == 303
    assert (await desk.get(url)).status_code == 200


def cast_bay(number):
    from tests.cast import HARBOR_BAYS

    return HARBOR_BAYS[number - 1]


async def test_nobody_elses_appointment(browser, cast, offered):
    url = await book(browser(cast.customer), offered[:1])
    for person in (cast.outsider, cast.stranger):
        other = browser(person)
        assert (await other.get(url)).status_code == 404
        assert (await other.get(f"{url}/time")).status_code == 404
        assert (await other.post(f"{url}/cancellation")).status_code == 404
    assert (await browser(cast.technician).post(f"{url}/assignment")).status_code == 403
    assert (await browser(cast.stranger).post(f"{url}/no-show")).status_code == 403
    assert (await browser(cast.outsider).post(f"{url}/no-show")).status_code == 404


async def test_an_inactive_center_takes_no_bookings(browser, cast, offered, site):
    async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
        from sqlalchemy import text

        await db.execute(text("UPDATE service_centers SET is_active = false"))
    driver = browser(cast.customer)
    assert "Harbor Lane Garage" not in (await driver.get("/book")).text
    assert (await driver.get(f"/book/{CENTER}/services?vehicle={CAR}")).status_code == 404


async def test_services_without_a_car_lead_back_to_choosing_one(browser, cast, offered):
    for step in ("services", "times"):
        answer = await browser(cast.customer).get(f"/book/harbor-lane/{step}")
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("/book/harbor-lane")
