from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.tables import EventRow
from app.domains.garage.models import Vehicle
from tests.cast import CAR, HARBOR, HARBOR_BAYS, HARBOR_CENTER, OTHER_CAR, VOLT_CENTER
from tests.domains.notifications.things import lines_of

SLOTS = f"/api/v1/centers/{HARBOR_CENTER}/slots"
MINE = "/api/v1/customers/appointments"
DESK = "/api/v1/staff/appointments"


async def free(person, offered):
    answer = await person.get(SLOTS, params={"service": str(offered[0].id)})
    assert answer.status_code == 200, answer.text
    return answer.json()["slots"]


async def booked(person, offered, starts=None, vehicle=CAR, **more):
    starts = starts or (await free(person, offered))[0]["starts_at"]
    body = {
        "service_center_id": str(HARBOR_CENTER),
        "vehicle_id": str(vehicle),
        "services": [{"service_id": str(offered[0].id)}],
        "starts_at": starts,
    }
    return await person.json("POST", MINE, body | more)


async def test_slots_are_public_and_say_real_minutes(browser, offered):
    answer = (await browser().get(SLOTS, params={"service": [str(one.id) for one in offered[:2]]})).json()
    assert (answer["zone"], answer["duration_minutes"]) == ("America/New_York", 90)
    first = answer["slots"][0]
    length = datetime.fromisoformat(first["ends_at"]) - datetime.fromisoformat(first["starts_at"])
    assert length == timedelta(minutes=90)


async def test_a_search_reaches_no_further_than_six_weeks_or_the_horizon(browser, offered):
    answer = await browser().get(SLOTS, params={"service": str(offered[0].id), "last": "2999-01-01"})
    last = datetime.fromisoformat(answer.json()["slots"][-1]["starts_at"])
    assert last - clock.now() < timedelta(days=43)
    for bad in ({"service": "x"}, {}, {"service": str(offered[0].id), "first": "soon"}):
        assert (await browser().get(SLOTS, params=bad)).status_code == 400
    assert (await browser().get(SLOTS, params={"service": str(uuid4())})).status_code == 404
    other = f"/api/v1/centers/{VOLT_CENTER}/slots"
    assert (await browser().get(other, params={"service": str(offered[0].id)})).status_code == 404


async def test_work_that_is_not_for_such_a_car_is_neither_offered_nor_booked(browser, cast, offered):
    listed = f"/api/v1/centers/{HARBOR_CENTER}/services"
    for fuel, names in (
        ("gasoline", ["Brake check", "Oil change"]),
        ("electric", ["Brake check", "HV check"]),
        ("", ["Brake check", "HV check", "Oil change"]),
    ):
        told = (await browser().get(listed, params={"fuel": fuel})).json()
        assert [one["name"] for one in told] == names
    driver = browser(cast.customer)
    misfit = {"services": [{"service_id": str(offered[2].id)}]}
    answer = await booked(driver, offered, **misfit)
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        "“HV check” is not for the Honda Accord and what it runs on. Please choose other work."
    )
    async with transaction(user=cast.customer.user_id) as db:
        car = await db.get_one(Vehicle, CAR)
        car.fuel = ""  # of a car nobody knows this of, nothing is ruled out
    assert (await booked(driver, offered, **misfit)).status_code == 201
    assert "HV check" in (await driver.get(f"/book/harbor-lane-garage/services?vehicle={CAR}")).text


async def test_a_driver_books_changes_and_cancels(browser, cast, offered):
    driver = browser(cast.customer)
    slots = [one for one in await free(driver, offered) if later(one)]
    answer = await booked(driver, offered, slots[0]["starts_at"])
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["status"], made["total_minor"], made["version"]) == ("confirmed", 9900, 3)
    changed = await driver.json(
        "PUT", f"{MINE}/{made['id']}", {"starts_at": slots[-1]["starts_at"], "notes": "Late"}
    )
    assert (changed.json()["scheduled_date"], changed.json()["notes"]) == (slots[-1]["starts_at"], "Late")
    stale = await driver.json("PUT", f"{MINE}/{made['id']}", {"notes": "x", "version": made["version"]})
    assert stale.status_code == 409
    assert stale.json()["current"]["starts_at"] == slots[-1]["starts_at"]
    assert (await driver.json("DELETE", f"{MINE}/{made['id']}")).status_code == 204
    assert [one["status"] for one in (await driver.get(MINE)).json()] == ["cancelled"]


def later(slot):
    """Far enough away for the driver to change it."""
    return datetime.fromisoformat(slot["starts_at"]) - clock.now() > timedelta(hours=30)


async def test_a_hold_is_confirmed_or_given_back(browser, cast, offered):
    driver = browser(cast.customer)
    held = (await booked(driver, offered, hold=True)).json()
    assert (held["status"], bool(held["held_until"])) == ("held", True)
    done = await driver.json("POST", f"{MINE}/{held['id']}/confirmation")
    assert (done.status_code, done.json()["status"]) == (200, "confirmed")


async def test_a_hold_lasts_as_long_as_the_shop_says(browser, cast, offered):
    rule = {"version": 0, "values": {"booking.hold_minutes": 25}}
    assert (await browser(cast.owner).json("PUT", "/api/v1/admin/settings", rule)).status_code == 200
    held = (await booked(browser(cast.customer), offered, hold=True)).json()
    left = datetime.fromisoformat(held["held_until"]) - clock.now()
    assert timedelta(minutes=24) < left <= timedelta(minutes=25)


async def test_the_loser_gets_409_with_the_next_free_slots(browser, cast, offered):
    first, second = browser(cast.customer), browser(cast.stranger)
    starts = (await free(first, offered))[0]["starts_at"]
    assert (await booked(first, offered, starts)).status_code == 201
    assert (await booked(second, offered, starts, OTHER_CAR)).status_code == 201
    lost = await booked(second, offered, starts, OTHER_CAR)
    assert lost.status_code == 409
    assert lost.json()["next"][0]["starts_at"] > starts
    assert "no longer free" in lost.json()["error"]


async def test_nonsense_and_foreign_things_change_nothing(browser, cast, offered):
    driver = browser(cast.customer)
    assert (await booked(driver, offered, vehicle=OTHER_CAR)).status_code == 404
    for wrong in (
        {"services": []},
        {"services": [{"service_id": str(offered[0].id), "quantity": 99}]},
        {"starts_at": "2026-11-23T10:00:00"},
        {"price": 1},
        {"notes": "x" * 3000},
    ):
        assert (await booked(driver, offered, **({"starts": None} | wrong))).status_code == 400, wrong
    twice = {"services": [{"service_id": str(offered[0].id)}] * 2}
    assert (await booked(driver, offered, **twice)).status_code == 422
    assert (await driver.get(MINE)).json() == []


async def test_the_desk_lists_assigns_moves_and_books_by_phone(browser, cast, offered):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    slots = await free(driver, offered)
    made = (await booked(driver, offered, slots[0]["starts_at"])).json()
    day = made["scheduled_date"][:10]
    [seen] = (await desk.get(DESK, params={"first": day})).json()
    assert (seen["id"], seen["customer_name"]) == (made["id"], "Dana O'Neil")
    given = await desk.json(
        "POST",
        f"{DESK}/{made['id']}/assign",
        {"technician_id": str(cast.second_technician.staff_id), "bay_id": str(HARBOR_BAYS[1])},
    )
    assert given.json()["technician_name"] == "Toni Tech"
    moved = await desk.json("PUT", f"{DESK}/{made['id']}", {"starts_at": slots[4]["starts_at"]})
    assert moved.json()["scheduled_date"] == slots[4]["starts_at"]
    body = {
        "customer_id": str(cast.customer.customer_id),
        "vehicle_id": str(CAR),
        "services": [{"service_id": str(offered[1].id), "quantity": 2}],
        "starts_at": slots[6]["starts_at"],
    }
    phoned = await desk.json("POST", DESK, body)
    assert (phoned.status_code, phoned.json()["status"]) == (201, "confirmed")
    assert phoned.json()["total_minor"] == 13800
    missed = await desk.json("PUT", f"{DESK}/{made['id']}", {"status": "no_show"})
    assert missed.status_code == 409
    gone = await desk.json("PUT", f"{DESK}/{made['id']}", {"status": "cancelled", "reason": "Flood"})
    assert gone.json()["status"] == "cancelled"


async def test_who_may_and_who_finds_nothing(browser, cast, offered):
    made = (await booked(browser(cast.customer), offered)).json()
    for person in (cast.stranger, cast.outsider):
        other = browser(person)
        assert (await other.get(f"{MINE}/{made['id']}")).status_code == 404
        assert (await other.json("DELETE", f"{MINE}/{made['id']}")).status_code == 404
        assert (await other.json("PUT", f"{MINE}/{made['id']}", {"notes": "x"})).status_code == 404
    assert (await browser(cast.outsider).get(f"{DESK}/{made['id']}")).status_code == 404
    assert (await browser(cast.outsider).json("POST", f"{DESK}/{made['id']}/assign", {})).status_code == 404
    assert (await browser(cast.outsider).get(DESK)).json() == []
    refused = await browser(cast.customer).get(DESK)
    assert (refused.status_code, refused.json()["error"]) == (403, "Insufficient permissions")
    assert (await browser(cast.technician).get(DESK)).status_code == 403
    assert (await browser().get(MINE)).status_code == 401


async def test_who_was_let_go_hears_of_no_customer(browser, cast, offered, run_reactions):
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE service_centers SET confirm_by_hand = true"))
    avery = f"/settings/centers/{cast.advisor.center_id}/people/{cast.advisor.staff_id}"
    assert (await browser(cast.owner).post(avery, {"name": "Avery Advisor"})).status_code == 303
    await booked(browser(cast.customer), offered)
    await run_reactions()
    assert len(await lines_of(cast.owner.user_id)) == 1
    assert await lines_of(cast.advisor.user_id) == []


async def test_a_shop_that_confirms_by_hand_hears_of_each_request(browser, cast, offered, run_reactions):
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE service_centers SET confirm_by_hand = true"))
    driver, desk = browser(cast.customer), browser(cast.advisor)
    slots = [one for one in await free(driver, offered) if later(one)]
    made = (await booked(driver, offered, slots[-1]["starts_at"])).json()
    assert made["status"] == "pending"
    await run_reactions()
    for person in (cast.advisor, cast.owner):
        [line] = await lines_of(person.user_id)
        assert "A visit is asked for" in line.title
        assert "Dana O'Neil" in line.message
        assert made["id"] in (await browser(person).get(line.url)).text
    for person in (cast.technician, cast.outsider):
        assert await lines_of(person.user_id) == []
    asks = "One visit waits for your answer"
    assert asks in (await desk.get("/appointments")).text, "whatever the day it is asked for"
    assert asks in (await desk.get("/appointments/requests")).text
    assert asks not in (await browser(cast.outsider).get("/appointments/requests")).text
    moved = await driver.json("PUT", f"{MINE}/{made['id']}", {"starts_at": slots[0]["starts_at"]})
    assert moved.status_code == 200
    await driver.json("DELETE", f"{MINE}/{made['id']}")
    await run_reactions()
    told = [line.title for line in await lines_of(cast.customer.user_id)]
    assert told == ["Your request has arrived", "Your request was moved", "Your visit was cancelled"]
    assert [line.title for line in await lines_of(cast.advisor.user_id)][1:] == ["A request was taken back"]
    assert asks not in (await desk.get("/appointments")).text


async def test_other_notes_are_another_version_that_the_desk_hears_of(browser, cast, offered):
    driver = browser(cast.customer)
    made = (await booked(driver, offered)).json()
    note = {"notes": "It rattles too", "version": made["version"]}
    assert (await driver.json("PUT", f"{MINE}/{made['id']}", note)).json()["version"] == made["version"] + 1
    stale = {"status": "cancelled", "version": made["version"]}
    assert (await browser(cast.advisor).json("PUT", f"{DESK}/{made['id']}", stale)).status_code == 409
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(EventRow).where(EventRow.name == "AppointmentNoted"))
