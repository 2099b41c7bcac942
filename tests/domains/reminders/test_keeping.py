"""Reminders through the pages and JSON: set up, put off, ticked, followed by the logbook, and told of once."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains import garage
from app.domains.accounts.models import User
from app.domains.garage.models import Ownership, Vehicle
from app.domains.notifications.car_reminding import raise_reminder, remind_of_cars
from app.domains.reminders import keeping
from app.domains.reminders.models import Reminder
from tests.browsing import Browser
from tests.cast import CAR, Cast
from tests.domains.notifications import things
from tests.mailbox import mails_to

Open = Callable[..., Browser]
Run = Callable[[], Awaitable[int]]
HERE = f"/garage/{CAR}/reminders"
JSON = "/api/v1/customers/reminders"
ONE = f"/api/v1/customers/vehicles/{CAR}/reminders"
NEW_YORK = ZoneInfo("America/New_York")


async def reminders_of(cast: Cast) -> list[Reminder]:
    async with transaction(user=cast.customer.user_id) as db:
        return list(await db.scalars(select(Reminder).order_by(Reminder.id)))


async def add(driver: Browser, **given: Any) -> dict[str, Any]:
    answer = await driver.json("POST", JSON, {"vehicle_id": str(CAR), **given})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def has_gone(cast: Cast, km: int | None) -> None:
    async with transaction(user=cast.customer.user_id) as db:
        at = None if km is None else clock.now()
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(mileage_km=km, mileage_at=at))


def at_noon() -> datetime:
    """Noon of the driver's next day: nobody sleeps."""
    tomorrow = clock.now().astimezone(NEW_YORK).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(12), NEW_YORK)


async def test_the_usual_ones_are_set_up_at_once_and_none_twice(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await has_gone(cast, 60_000)
    page = (await driver.get(HERE)).text
    assert "Engine oil and filter" in page
    assert "High-voltage battery coolant" not in page  # the car burns gasoline
    for _twice in range(2):
        assert (await driver.post(f"{HERE}/usual", {"tasks": ["oil", "brake_fluid"]})).status_code == 303
    oil, brakes = await reminders_of(cast)
    today = clock.today("America/New_York")
    assert (oil.due_km, oil.due_on) == (75_000, today.replace(year=today.year + 1))
    assert (brakes.due_km, brakes.due_on) == (None, today.replace(year=today.year + 2))
    assert (await driver.post(f"{HERE}/usual", {"tasks": ["nonsense"]})).status_code == 422
    assert (
        await driver.json("POST", JSON, {"vehicle_id": str(CAR), "task": "oil", "every_km": 1})
    ).status_code == 409
    assert len(await reminders_of(cast)) == 2


async def test_one_by_distance_begins_with_the_first_reading(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    await has_gone(cast, None)
    await driver.post(f"{HERE}/usual", {"tasks": ["oil"]})
    [oil] = await reminders_of(cast)
    assert (oil.every_km, oil.due_km) == (15_000, None)
    for km in (20_000, 21_000):  # only the first counts
        assert (await driver.post(f"/garage/{CAR}/readings", {"mileage": str(km)})).status_code == 303
        await run_reactions()
        [oil] = await reminders_of(cast)
        assert oil.due_km == 35_000


async def test_a_logged_service_sets_it_anew_and_taken_out_puts_it_back(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    await has_gone(cast, 60_000)
    before = await add(driver, task="oil", every_months=12, every_km=15_000)
    today = clock.today("America/New_York")
    entry = {"kind": "service", "day": f"{today - timedelta(days=10)}", "km": 59_000, "tasks": ["oil"]}
    logged = await driver.json("POST", f"/api/v1/customers/vehicles/{CAR}/logbook", entry)
    assert logged.status_code == 201, logged.text
    for _twice in range(2):
        await run_reactions()
        [one] = await reminders_of(cast)
        assert (one.due_km, one.logged_on) == (74_000, today - timedelta(days=10))
    path = f"/api/v1/customers/vehicles/{CAR}/logbook/{logged.json()['id']}"
    assert (await driver.json("DELETE", path)).status_code == 204
    await run_reactions()
    [one] = await reminders_of(cast)
    assert (one.due_km, f"{one.due_on}") == (before["due_km"], before["due_on"])


async def test_what_was_logged_before_counts_when_it_is_set_up(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await has_gone(cast, 60_000)
    entry = {"kind": "service", "day": "2026-03-01", "km": 40_000, "tasks": ["oil"]}
    assert (await driver.json("POST", f"/api/v1/customers/vehicles/{CAR}/logbook", entry)).status_code == 201
    made = await add(driver, task="oil", every_months=12, every_km=15_000)
    assert (made["due_on"], made["due_km"]) == ("2027-03-01", 55_000)


async def test_it_is_told_when_it_is_near_and_when_it_is_due_and_never_again(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    with clock.moved_to(at_noon()):
        due = clock.today("America/New_York") + timedelta(days=20)
        made = await add(driver, title="New tires", due_on=f"{due}")
        for _round in range(2):
            await remind_of_cars()
            await run_reactions()
        [line] = await things.lines_of(cast.customer.user_id)
        assert (line.title, line.url) == ("New tires is due soon", f"{HERE}#reminder-{made['id']}")
    with clock.moved_to(at_noon() + timedelta(days=20)):
        for _round in range(2):
            await remind_of_cars()
            await run_reactions()
        titles = [one.title for one in await things.lines_of(cast.customer.user_id)]
        assert sorted(titles) == ["New tires is due", "New tires is due soon"]
        assert len(await mails_to(cast.customer.email)) == 2
        assert "New tires" in (await mails_to(cast.customer.email))[0].text
        async with transaction(user=cast.customer.user_id) as db:
            me = Viewer(kind="person", user_id=cast.customer.user_id, zone="America/New_York")
            await keeping.snooze(db, await db.get_one(Reminder, UUID(made["id"])), "week", by=me)
        await remind_of_cars()
    with clock.moved_to(at_noon() + timedelta(days=28)):
        await remind_of_cars()
        await run_reactions()
    assert len(await things.lines_of(cast.customer.user_id)) == 3  # once more when it was put off for a week


@pytest.mark.parametrize("hour", [0, 5, 8, 21, 23])
async def test_nobody_is_told_at_night(browser: Open, cast: Cast, hour: int) -> None:
    driver = browser(cast.customer)
    night = at_noon().replace(hour=hour)
    with clock.moved_to(at_noon() - timedelta(days=1)):
        made = await add(driver, title="Wash", due_on=f"{night.date()}")
    with clock.moved_to(night):
        assert not await raise_reminder(UUID(made["id"]), person=cast.customer.user_id)
    with clock.moved_to(night.replace(hour=12)):
        hours = {"starts": "11:00", "ends": "13:00"}
        assert (await driver.post("/settings/notifications/quiet-hours", hours)).status_code == 303
        assert not await raise_reminder(UUID(made["id"]), person=cast.customer.user_id)
    with clock.moved_to(night.replace(hour=13, minute=1)):
        assert await raise_reminder(UUID(made["id"]), person=cast.customer.user_id)


async def test_a_mileage_that_comes_near_is_told_and_one_of_a_car_put_away_is_not(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    with clock.moved_to(at_noon()):
        await has_gone(cast, 60_000)
        made = await add(driver, title="Belt", due_km=64_000)
        assert not await raise_reminder(UUID(made["id"]), person=cast.customer.user_id)
        await has_gone(cast, 62_600)
        async with transaction(user=cast.customer.user_id) as db:
            await db.execute(
                update(Ownership).where(Ownership.vehicle_id == CAR).values(archived_at=clock.now())
            )
        assert not await raise_reminder(UUID(made["id"]), person=cast.customer.user_id)
        async with transaction(user=cast.customer.user_id) as db:
            await db.execute(update(Ownership).where(Ownership.vehicle_id == CAR).values(archived_at=None))
        await remind_of_cars()
        await run_reactions()
        [line] = await things.lines_of(cast.customer.user_id)
        assert (line.title, line.message) == ("Belt is due soon", "2003 Honda Accord: 64,000 km")


async def test_a_trouble_code_is_due_until_the_car_shows_it_no_more(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(telematics_id="my-car"))
    report = {
        "telematics_id": "my-car",
        "at": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "trouble_codes": ["P0420"],
    }
    sent = await driver.json("POST", "/api/v1/telematics", report)
    if sent.status_code == 403:
        pytest.skip("reports come with a token of their own")
    assert sent.status_code in (200, 201, 202), sent.text
    for _twice in range(2):
        await run_reactions()
    [one] = await reminders_of(cast)
    assert one.is_open
    assert "P0420" in (await driver.get(HERE)).text
    later = clock.now() + timedelta(minutes=1)
    with clock.moved_to(later + timedelta(minutes=1)):
        gone = report | {"at": f"{later:%Y-%m-%dT%H:%M:%SZ}", "trouble_codes": []}
        await driver.json("POST", "/api/v1/telematics", gone)
        await run_reactions()
    [one] = await reminders_of(cast)
    assert not one.is_open


async def test_one_that_comes_once_is_done_and_can_be_taken_back(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    made = await add(driver, title="Sell the winter tires", due_on=f"{clock.now().date()}")
    for _twice in range(2):
        assert (await driver.post(f"{HERE}/{made['id']}/completion")).status_code == 303
    [one] = await reminders_of(cast)
    assert one.done_at is not None
    assert (await driver.post(f"{HERE}/{made['id']}/return")).status_code == 303
    assert (await driver.post(f"{HERE}/{made['id']}/remove")).status_code == 303
    assert "The reminder is removed." in (await driver.get(f"{HERE}?removed={made['id']}")).text
    assert (await driver.json("GET", JSON)).json() == {"reminders": []}


async def test_one_that_is_counted_is_due_by_its_count(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    made = await add(driver, title="Gearbox oil", counter="hours", count_now=100, every_count=50)
    assert (made["due_count"], made["urgency"]) == (150, "waiting")
    assert (await driver.post(f"{HERE}/{made['id']}/count", {"count_now": "90"})).status_code == 422
    assert (await driver.post(f"{HERE}/{made['id']}/count", {"count_now": "151"})).status_code == 303
    [one] = (await driver.json("GET", JSON)).json()["reminders"]
    assert one["urgency"] == "overdue"
    assert (await driver.post(f"{HERE}/{made['id']}/completion")).status_code == 303
    [kept] = await reminders_of(cast)
    assert kept.due_count == 201


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Please say what is to be done."),
        ({"title": "Wash"}, "Please say when"),
        ({"title": "Wash", "every": "0"}, "out of range"),
        ({"title": "Wash", "due_on": "0001-01-01"}, "thirty years"),
        ({"title": "x" * 161, "due_on": "2027-01-01"}, "under 160"),
        ({"title": "Wash", "due_count": "7"}, "what is counted"),
        ({"title": "Wash", "every": "5000"}, "Nobody has read this car"),
    ],
)
async def test_what_cannot_be_kept_is_said_beside_its_field(
    browser: Open, cast: Cast, given: dict[str, str], words: str
) -> None:
    await has_gone(cast, None)
    answer = await browser(cast.customer).post(HERE, given)
    assert answer.status_code == 422
    assert words in answer.text
    assert await reminders_of(cast) == []


async def test_a_stale_form_changes_nothing(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    made = await add(driver, title="Wash", due_on="2027-05-01")
    form = {"title": "Wash it", "due_on": "2027-06-01", "version": "1"}
    assert (await driver.post(f"{HERE}/{made['id']}", form)).status_code == 303
    assert (await driver.post(f"{HERE}/{made['id']}", form | {"title": "Late"})).status_code == 409
    [one] = await reminders_of(cast)
    assert (one.title, one.due_on) == ("Wash it", date(2027, 6, 1))


async def test_a_reminder_is_nobody_elses(browser: Open, cast: Cast) -> None:
    made = await add(browser(cast.customer), title="Wash", due_on="2027-05-01")
    for other in (cast.outsider, cast.stranger, cast.seller):
        person = browser(other)
        assert (await person.get(HERE)).status_code in (403, 404)
        assert (await person.post(f"{HERE}/{made['id']}/completion")).status_code in (403, 404)
        assert (await person.json("DELETE", f"{ONE}/{made['id']}")).status_code in (403, 404)
    [one] = await reminders_of(cast)
    assert one.is_open


async def test_a_calendar_reads_them_by_an_address_that_can_be_switched_off(
    browser: Open, cast: Cast
) -> None:
    driver, program = browser(cast.customer), browser()
    await add(driver, title="Wash; then, wax", note="With\na hose", due_on="2027-05-01")
    page = (await driver.post("/calendar")).text
    found = re.search(r"/calendar/[\w-]+\.ics", page)
    assert found is not None
    answer = await program.get(found[0])
    assert answer.headers["content-type"].startswith("text/calendar")
    [event] = [one for one in icalendar.Calendar.from_ical(answer.text).walk() if one.name == "VEVENT"]
    assert event["summary"].startswith("Wash; then, wax (")
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2027, 5, 1), date(2027, 5, 2))
    assert event["description"] == "With\na hose"
    assert "It was last read" in (await driver.get("/reminders")).text
    await driver.post("/calendar")
    assert (await program.get(found[0])).status_code == 404  # a new address ends the one before
    await driver.post("/calendar/removal")
    assert "Make the address" in (await driver.get("/reminders")).text
    async with transaction() as db:
        assert await db.scalar(select(User.id).where(User.id == cast.customer.user_id)) is None


def test_every_task_of_a_car_is_one_it_has() -> None:
    assert "oil" not in garage.tasks_for("electric")
    assert "battery_health" in garage.tasks_for("electric")
    assert set(garage.tasks_for("")) == set(garage.TASKS)
    assert all(task.months or task.km for task in garage.TASKS.values())


async def in_miles(cast: Cast) -> None:
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(odometer_unit="mi"))


async def test_one_that_is_due_by_distance_is_put_off_by_a_distance_and_told_when_it_is_gone(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    await in_miles(cast)
    with clock.moved_to(at_noon()):
        await has_gone(cast, 63_000)
        made = await add(driver, title="Belt", due_km=64_000)
        await remind_of_cars()
        await run_reactions()
        assert "In 500 mi" in (await driver.get(HERE)).text
        assert (await driver.post(f"{HERE}/{made['id']}/snooze", {"distance": "500"})).status_code == 303
        [one] = await reminders_of(cast)
        assert one.snoozed_until_km == 63_805
        page = (await driver.get(HERE)).text
        assert "put off until 39,647 mi, or" in page
        for km, count in ((63_804, 1), (63_805, 2), (63_900, 2)):
            await has_gone(cast, km)
            for _twice in range(2):
                await remind_of_cars()
                await run_reactions()
            assert len(await things.lines_of(cast.customer.user_id)) == count, km


async def test_one_put_off_by_a_distance_comes_back_after_three_months_of_standing(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    with clock.moved_to(at_noon()):
        await has_gone(cast, 63_000)
        made = await add(driver, title="Belt", due_km=64_000)
        snooze = await driver.json("POST", f"{ONE}/{made['id']}/snooze", {"km": 800})
        assert snooze.status_code == 204, snooze.text
        [shown] = (await driver.json("GET", JSON)).json()["reminders"]
        assert (shown["urgency"], shown["snoozed_until_km"]) == ("snoozed", 63_800)
    for days, count in ((89, 0), (90, 1), (91, 1)):
        with clock.moved_to(at_noon() + timedelta(days=days)):
            await remind_of_cars()
            await run_reactions()
        assert len(await things.lines_of(cast.customer.user_id)) == count, days


async def test_a_term_takes_the_place_of_a_distance_and_what_has_none_is_not_put_off_by_one(
    browser: Open, cast: Cast
) -> None:
    driver = browser(cast.customer)
    await has_gone(cast, 63_000)
    belt = await add(driver, title="Belt", due_km=64_000)
    at = f"{ONE}/{belt['id']}/snooze"
    for wrong in ({}, {"km": 0}, {"km": 20_001}, {"km": 5, "term": "week"}, {"term": "year"}):
        assert (await driver.json("POST", at, wrong)).status_code == 422, wrong
    assert (await driver.json("POST", at, {"km": 500})).status_code == 204
    assert (await driver.json("POST", at, {"term": "week"})).status_code == 204
    [one] = await reminders_of(cast)
    assert (one.snoozed_until_km, one.version) == (None, 3)
    wash = await add(driver, title="Wash", due_on=f"{clock.now().date()}")
    refused = await driver.json("POST", f"{ONE}/{wash['id']}/snooze", {"km": 500})
    assert (refused.status_code, "not due by distance" in refused.text) == (422, True)
    assert (await driver.post(f"{HERE}/{wash['id']}/snooze", {"distance": "500"})).status_code == 422
    await has_gone(cast, None)
    assert (await driver.json("POST", at, {"km": 500})).status_code == 422
    assert "In 500 km" not in (await driver.get(HERE)).text
