"""What a car needs next, on the page and as JSON: why, what is answered, who may, and the parts that fit."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from app.core import clock
from app.core.db import new_id, transaction
from app.domains.accounts.models import User
from app.domains.garage.models import Ownership, Vehicle
from app.domains.parts import FitmentFacts, load_rows
from app.domains.parts_shops.models import PartsShop
from app.domains.recommendations import PartSuggestions, RecommendationAnswer, wear
from app.domains.recommendations.looking_up import look_up_all
from app.domains.recommendations.models import WearModel
from app.domains.services.models import Service
from app.domains.telematics.models import TroubleCode
from tests.browsing import Browser
from tests.cast import CAR, HARBOR, HARBOR_CENTER, NORTHSIDE, OTHER_CAR, RIVER, Cast
from tests.domains.garage.test_family import shared

Open = Callable[..., Browser]
Run = Callable[[], Awaitable[int]]
HERE = f"/garage/{CAR}/recommendations"
JSON = f"/api/v1/customers/vehicles/{CAR}/recommendations"
LOGBOOK = f"/api/v1/customers/vehicles/{CAR}/logbook"
ZONE = "America/New_York"


async def found(who: Browser) -> dict[str, Any]:
    answer = await who.json("GET", JSON)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def about(who: Browser, task: str) -> dict[str, Any]:
    return next(one for one in (await found(who))["suggestions"] if one["about"] == task)


async def is_known(cast: Cast, *, km: int | None = 150_000, year: int | None = 2003, **facts: Any) -> None:
    async with transaction(user=cast.customer.user_id) as db:
        values = {"mileage_km": km, "mileage_at": clock.now(), "year": year} | facts
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(**values))


async def log(who: Browser, tasks: list[str], *, ago: int, km: int | None) -> None:
    day = clock.today(ZONE) - timedelta(days=ago)
    answer = await who.json("POST", LOGBOOK, {"kind": "service", "day": f"{day}", "km": km, "tasks": tasks})
    assert answer.status_code == 201, answer.text


async def shows(cast: Cast, code: str) -> None:
    async with transaction(user=cast.customer.user_id) as db:
        now = clock.now()
        db.add(TroubleCode(id=new_id(), created_at=now, vehicle_id=CAR, code=code, first_at=now, last_at=now))


async def sells(tenant: Any, **said: Any) -> None:
    facts = {"number": "17220-PHM", "make": "HONDA", "model": "Accord", "name": "Engine air filter"} | said
    async with transaction(tenant=tenant) as db:
        await load_rows(db, tenant, [FitmentFacts(**facts)])


# --- what is suggested, and why ------------------------------------------------------------------------


async def test_what_the_logbook_knows_is_due_by_it_and_says_so(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    await log(driver, ["oil"], ago=400, km=141_000)
    oil = await about(driver, "oil")
    assert (oil["urgency"], oil["last_km"], oil["last_said_by"], oil["due_km"]) == ("overdue", 141_000, "owner", 151_000)  # fmt: skip
    assert oil["every_km"] == 10_000, "the car is old"
    page = (await driver.get(HERE)).text
    assert "as the logbook says" in page
    assert "shorter, for the car&#39;s age" in page or "shorter, for the car’s age" in page
    await log(driver, ["oil"], ago=0, km=150_000)
    assert (await about(driver, "oil"))["urgency"] == "later"


async def test_what_nobody_wrote_down_is_said_to_be_unknown(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    fluid = await about(driver, "brake_fluid")
    years = clock.today(ZONE).year - 2003
    assert (fluid["urgency"], fluid["last_on"]) == ("unknown", None)
    assert "We know of no time it was done." in fluid["why"][0]
    assert f"{years} years" in fluid["why"][0]
    assert {one["about"] for one in (await found(driver))["suggestions"]}.isdisjoint(
        {"gear_oil", "fuel_filter"}
    )
    await is_known(cast, km=None, year=None)
    assert (await found(driver))["suggestions"] == []
    assert "Little is known of this car" in (await driver.get(HERE)).text


async def test_the_cars_own_rate_makes_an_interval_of_a_distance(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast, km=None, year=2024, mileage_at=None)
    for ago, km in ((90, 20_000), (60, 21_000), (30, 23_000), (0, 24_000)):
        day = clock.today(ZONE) - timedelta(days=ago)
        answer = await driver.post(f"/garage/{CAR}/readings/earlier", {"day": f"{day}", "mileage": f"{km}"})
        assert answer.status_code == 303
    plugs = await about(driver, "brake_pads")
    assert (plugs["due_km"], plugs["due_on"]) == (50_000, None)
    assert plugs["expected_from"] < plugs["expected_until"]
    assert "a day" in " ".join(plugs["why"])


async def test_a_shops_work_counts_by_its_words(browser: Open, cast: Cast, logged_by_shop: Any) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    fluid = await about(driver, "brake_fluid")
    assert (fluid["last_said_by"], fluid["urgency"]) == ("shop", "later")
    assert "Brake fluid change" in fluid["why"][0]


@pytest.fixture
async def logged_by_shop(cast: Cast) -> None:
    """An entry from before a shop's words were read as it is written in: it names no task."""
    async with transaction(tenant=HARBOR) as db:
        day = clock.today(ZONE) - timedelta(days=30)
        await db.execute(
            text(
                "INSERT INTO logbook_entries (id, vehicle_id, kind, day, km, title, note, currency, tags, tasks, is_full, "
                "is_missed, tenant_id, center_id, version, created_at) VALUES (:id, :car, 'service', :day, 149000, "
                "'Brake fluid change', '', '', '{}', '{}', false, false, :tenant, :center, 1, now())"
            ),
            {"id": new_id(), "car": CAR, "day": day, "tenant": HARBOR, "center": HARBOR_CENTER},
        )


async def test_a_trouble_code_asks_for_a_diagnosis(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    await shows(cast, "P0420")
    first = (await found(driver))["suggestions"][0]
    assert (first["about"], first["urgency"]) == ("P0420", "reported")
    assert first["title"].startswith("P0420: ")
    reminded = await driver.json("POST", f"{JSON}/P0420/answer", {"answer": "remind"})
    assert reminded.status_code == 422
    accepted = await driver.json("POST", f"{JSON}/P0420/answer", {"answer": "accepted"})
    assert accepted.json()["booking_url"].endswith("wish=P0420")


# --- what becomes of it --------------------------------------------------------------------------------


async def offers(name: str, category: str) -> None:
    async with transaction(tenant=HARBOR) as db:
        db.add(
            Service(
                id=new_id(), tenant_id=HARBOR, code=name.lower().replace(" ", "-"), name=name, category=category,
                duration_minutes=60, price_minor=9900, currency="USD",
            )
        )  # fmt: skip


async def test_accepting_leads_to_a_booking_that_is_filled_in(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    await offers("Brake fluid change", "brakes")
    await offers("Oil change", "oil")
    answer = await driver.post(HERE, {"about": "brake_fluid", "answer": "accepted"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/book?vehicle={CAR}&wish=brake_fluid"
    centers = (await driver.get(answer.headers["location"])).text
    assert f"/book/harbor-lane-garage?vehicle={CAR}&amp;wish=brake_fluid" in centers
    on = await driver.get(f"/book/harbor-lane-garage?vehicle={CAR}&wish=brake_fluid")
    services = await driver.get(on.headers["location"])
    assert 'name="wish" value="brake_fluid"' in services.text
    [ticked] = [line for line in services.text.split("<label") if " checked" in line]
    assert "Brake fluid change" in ticked
    chosen = ticked.split('value="')[1].split('"')[0]
    times = await driver.get(
        f"/book/harbor-lane-garage/times?vehicle={CAR}&service={chosen}&wish=brake_fluid"
    )
    assert '<input type="hidden" name="notes" value="Brake fluid">' in times.text
    assert "You went to book it" in (await driver.get(HERE)).text
    assert (await about(driver, "brake_fluid"))["answer"] == "accepted"
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(
            update(User).where(User.id == cast.customer.user_id).values(preferred_center_id=HARBOR_CENTER)
        )
    again = await driver.json("POST", f"{JSON}/tyres/answer", {"answer": "accepted"})
    url = urlsplit(again.json()["booking_url"])
    assert (url.path, parse_qs(url.query)) == ("/book/harbor-lane-garage/services", {"vehicle": [str(CAR)], "wish": ["tyres"]})  # fmt: skip
    none_fits = (await driver.get(again.json()["booking_url"])).text
    assert "No service here says so" in none_fits
    assert " checked" not in none_fits
    assert "wish" not in (await driver.get(f"/book/harbor-lane-garage/services?vehicle={CAR}&wish=%3Cx")).text


async def test_reminding_makes_one_reminder_and_no_second_suggestion(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    assert (await driver.post(HERE, {"about": "oil", "answer": "remind"})).status_code == 303
    said = await found(driver)
    assert said["reminded"] == ["oil"]
    assert "oil" not in {one["about"] for one in said["suggestions"]}
    [made] = (await driver.json("GET", "/api/v1/customers/reminders")).json()["reminders"]
    assert (made["task"], made["every_km"], made["due_on"]) == ("oil", 10_000, f"{clock.today(ZONE) + timedelta(days=14)}")  # fmt: skip
    assert (await driver.post(HERE, {"about": "oil", "answer": "remind"})).status_code == 404
    assert "/reminders#reminder-" in (await driver.get(HERE)).text
    await log(driver, ["air_filter"], ago=10, km=149_500)
    later = await driver.json("POST", f"{JSON}/air_filter/answer", {"answer": "remind"})
    assert later.json()["reminder_id"]
    made = (await driver.json("GET", "/api/v1/customers/reminders")).json()["reminders"]
    assert [one["due_km"] for one in made if one["task"] == "air_filter"] == [194_500]


async def test_not_needed_is_kept_undone_and_comes_back_an_interval_later(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    for _twice in range(2):
        assert (await driver.post(HERE, {"about": "air_filter", "answer": "not_needed"})).status_code == 303
    said = await found(driver)
    assert [one["about"] for one in said["not_needed"]] == ["air_filter"]
    assert "air_filter" not in {one["about"] for one in said["suggestions"]}
    assert (await driver.post(HERE, {"about": "air_filter", "answer": ""})).status_code == 303
    assert (await about(driver, "air_filter"))["answer"] == ""
    await driver.post(HERE, {"about": "air_filter", "answer": "not_needed"})
    await driver.post(HERE, {"about": "brake_fluid", "answer": "not_needed"})
    await is_known(cast, km=150_000 + 44_999)
    assert {one["about"] for one in (await found(driver))["not_needed"]} == {"air_filter", "brake_fluid"}
    await is_known(cast, km=150_000 + 45_000)
    assert [one["about"] for one in (await found(driver))["not_needed"]] == ["brake_fluid"]
    with clock.moved_to(datetime.now(ZoneInfo(ZONE)) + timedelta(days=732)):
        async with transaction(user=cast.customer.user_id) as db:
            rows = await db.scalars(select(RecommendationAnswer))
            assert {one.subject for one in rows} == {"air_filter", "brake_fluid"}
        from app.domains import recommendations

        async with transaction(user=cast.customer.user_id) as db:
            car = await db.get_one(Vehicle, CAR)
            assert (await recommendations.of_car(db, car, cast.customer.viewer)).aside == []


async def test_work_that_is_logged_answers_for_itself(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    await driver.post(HERE, {"about": "oil", "answer": "not_needed"})
    await log(driver, ["oil"], ago=0, km=150_000)
    assert (await about(driver, "oil"))["urgency"] == "later"


async def test_what_is_not_suggested_cannot_be_answered(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    for nonsense in ("nonsense", "gear_oil", "P0300"):
        for answer in ("accepted", "remind", "not_needed", ""):
            assert (await driver.post(HERE, {"about": nonsense, "answer": answer})).status_code == 404
    assert (await driver.post(HERE, {"about": "oil", "answer": "perhaps"})).status_code == 422
    assert (await driver.json("POST", f"{JSON}/oil/answer", {"answer": "perhaps"})).status_code == 400


async def test_strangers_and_shops_find_nothing(browser: Open, cast: Cast) -> None:
    for who in (cast.stranger, cast.advisor, cast.outsider, cast.seller, cast.network):
        other = browser(who)
        assert (await other.get(HERE)).status_code in (403, 404)
        assert (await other.json("GET", JSON)).status_code in (403, 404)
        assert (await other.post(HERE, {"about": "oil", "answer": "not_needed"})).status_code in (403, 404)


async def test_a_reader_of_the_family_answers_nothing(browser: Open, cast: Cast, owner_writes: Any) -> None:
    await owner_writes(
        Ownership(
            id=new_id(), vehicle_id=CAR, user_id=cast.stranger.user_id, role="reader", since=clock.now()
        )
    )
    reader = browser(cast.stranger)
    page = await reader.get(HERE)
    assert page.status_code == 200
    assert "Not needed" not in page.text
    assert (await reader.post(HERE, {"about": "oil", "answer": "not_needed"})).status_code == 403
    assert (await reader.json("POST", f"{JSON}/oil/answer", {"answer": "accepted"})).status_code == 403


@pytest.fixture
async def owner_writes(site: str) -> Any:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    from app.settings import settings

    async def write(*rows: Any) -> None:
        engine = create_async_engine(settings().sqlalchemy_owner_url)
        async with AsyncSession(engine, expire_on_commit=False) as db, db.begin():
            db.add_all(rows)
        await engine.dispose()

    return write


# --- parts ---------------------------------------------------------------------------------------------


async def test_parts_are_looked_up_when_a_car_comes_and_when_it_changes(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    await sells(NORTHSIDE, year_from=2003, year_to=2007)
    await sells(RIVER, year_from=2003, year_to=2007)
    await sells(NORTHSIDE, number="BP-1", name="", model="")  # nobody knows what it is
    await sells(NORTHSIDE, number="CF-2", name="Cabin air filter", year_from=2008)
    await sells(NORTHSIDE, number="SP-3", name="Spark plugs", engine="", note="from 08/2003")
    added = await driver.json(
        "POST",
        "/api/v1/customers/vehicles",
        {"make": "Honda", "model": "Accord", "year": 2005, "fuel": "gasoline"},
    )
    assert added.status_code == 201, added.text
    car = added.json()
    here = f"/api/v1/customers/vehicles/{car['id']}/recommendations"
    assert (await driver.json("GET", here)).json()["parts"] == []
    await run_reactions()
    first, second = (await driver.json("GET", here)).json()["parts"]
    assert (first["name"], first["fits"], first["tasks"]) == ("Engine air filter", "fits", ["air_filter"])
    assert [one["name"] for one in first["shops"]] == ["Northside Parts", "River Spares"]
    assert "names this car: HONDA Accord 2003–2007" in first["why"]
    assert (second["name"], second["fits"]) == ("Spark plugs", "unknown")
    assert "“from 08/2003”" in second["why"]
    page = (await driver.get(f"/garage/{car['id']}/recommendations")).text
    assert "names this car: HONDA Accord 2003–2007" in page
    assert "Ask for it" in page
    facts = {"make": "Honda", "model": "Accord", "year": 2012, "fuel": "gasoline", "version": car["version"]}
    changed = await driver.json("PUT", f"/api/v1/customers/vehicles/{car['id']}", facts)
    assert changed.status_code == 200, changed.text
    await run_reactions()
    names = {one["name"] for one in (await driver.json("GET", here)).json()["parts"]}
    assert names == {"Cabin air filter", "Spark plugs"}


async def test_lists_that_change_are_seen_the_next_night_and_what_is_ruled_out_is_not(
    browser: Open, cast: Cast
) -> None:
    driver = browser(cast.customer)
    await sells(NORTHSIDE)
    await look_up_all()
    assert [one["number"] for one in (await found(driver))["parts"]] == ["17220-PHM"]
    await sells(NORTHSIDE, year_from=2003, year_to=2003, excludes=True, name="")
    await look_up_all()
    assert [one["number"] for one in (await found(driver))["parts"]] == ["17220-PHM"], "looked up today"
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(PartSuggestions).values(looked_at=clock.now() - timedelta(days=1)))
    await look_up_all()
    assert (await found(driver))["parts"] == []


async def test_a_shop_that_sells_no_more_is_not_named(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    await sells(NORTHSIDE)
    await look_up_all()
    assert len((await found(driver))["parts"]) == 1
    async with transaction(tenant=NORTHSIDE) as db:
        await db.execute(update(PartsShop).where(PartsShop.tenant_id == NORTHSIDE).values(status="suspended"))
    assert (await found(driver))["parts"] == []


async def test_the_lists_are_read_for_ones_own_car_only(site: str, cast: Cast) -> None:
    await sells(NORTHSIDE)
    asked = text("SELECT count(*) FROM fitments_for_car(:car, 'honda', NULL)")
    for person, car, count in (
        (cast.customer, CAR, 1), (cast.customer, OTHER_CAR, 0), (cast.stranger, CAR, 0), (cast.advisor, CAR, 0),
    ):  # fmt: skip
        async with transaction(user=person.user_id) as db:
            assert await db.scalar(asked, {"car": car}) == count


async def test_a_suggested_part_is_asked_for_with_its_number(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    form = {"vehicle": str(CAR), "part": "Engine air filter", "number": "17220-PHM"}
    answer = await driver.post("/parts/orders", form)
    assert answer.status_code == 303
    delivery = answer.headers["location"]
    code = delivery.split("/")[3]
    where = {"name": "Dana", "address": "1 Main Street", "place": "Portland", "place_found": "Portland",
             "place_latitude": "43.66", "place_longitude": "-70.26"}  # fmt: skip
    assert (await driver.post(f"/parts/orders/{code}/delivery", where)).status_code == 303
    parts_step = (await driver.get(f"/parts/orders/{code}/parts")).text
    assert 'value="17220-PHM"' in parts_step
    assert 'value="Engine air filter"' in parts_step


# --- how long parts last -------------------------------------------------------------------------------


async def a_fleet(owner_writes: Any, cars: int, *, months: int, times: int = 3) -> None:
    """Cars whose battery was changed every so many months, give or take."""
    from app.domains.logbook.models import Entry

    today = clock.today("UTC")
    fleet = [
        Vehicle(id=new_id(), make="Fleet", model="Car", fuel="gasoline", mileage_km=1, mileage_at=clock.now(), created_at=clock.now())
        for _car in range(cars)
    ]  # fmt: skip
    await owner_writes(*fleet)
    entries = []
    for number, car in enumerate(fleet):
        every = months + number % 5 - 2
        entries += [
            Entry(
                id=new_id(), vehicle_id=car.id, kind="service", created_at=clock.now(), tasks=["new_starter_battery"],
                day=today - timedelta(days=round(30.4375 * (every * back + number % 7))),
            )
            for back in range(times)
        ]  # fmt: skip
    await owner_writes(*entries)


async def test_fewer_than_twenty_cars_tell_nothing(cast: Cast, owner_writes: Any) -> None:
    await a_fleet(owner_writes, 19, months=30)
    asked = text("SELECT * FROM wear_counts('{}', '{new_starter_battery}')")
    async with transaction(user=cast.customer.user_id) as db:
        assert (await db.execute(asked)).all() == []
    await a_fleet(owner_writes, 1, months=30)
    async with transaction(user=cast.customer.user_id) as db:
        rows = (await db.execute(asked)).all()
    assert {row.cars for row in rows} == {20}
    assert sum(row.spells for row in rows if row.is_event) == 40
    assert {row.is_held for row in rows} == {True, False}


async def test_a_model_that_was_right_more_often_makes_the_suggestion_and_shows_its_error(
    browser: Open, cast: Cast, owner_writes: Any
) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    await log(driver, ["new_starter_battery"], ago=880, km=120_000)
    before = await about(driver, "new_starter_battery")
    assert (before["urgency"], before["model"]) == ("later", None), "the usual five years"
    assert "Fewer than twenty cars" in (await driver.get(HERE)).text
    await a_fleet(owner_writes, 60, months=30)
    await wear.learn()
    after = await about(driver, "new_starter_battery")
    assert after["model"]["is_on"]
    assert after["model"]["error"] < after["model"]["rule_error"]
    assert after["urgency"] == "soon"
    assert after["expected_from"] < after["expected_until"]
    page = (await driver.get(HERE)).text
    assert "On cars it had not seen it was off by" in page
    assert "half needed it within 30 months" in page
    first = await kept(cast)
    await wear.learn()
    assert await kept(cast) == first, "the same counts, the same model"


async def kept(cast: Cast) -> list[Any]:
    async with transaction(user=cast.customer.user_id) as db:
        rows = await db.scalars(select(WearModel))
        return [(one.task, one.drive, one.cars, one.curve, one.error, one.why_off) for one in rows]


async def test_a_model_that_is_no_better_is_off_and_says_so(
    browser: Open, cast: Cast, owner_writes: Any
) -> None:
    driver = browser(cast.customer)
    await is_known(cast)
    await log(driver, ["new_starter_battery"], ago=880, km=120_000)
    await a_fleet(owner_writes, 60, months=60)  # as the usual interval says
    await wear.learn()
    async with transaction(user=cast.customer.user_id) as db:
        [model] = (await db.scalars(select(WearModel))).all()
    one = await about(driver, "new_starter_battery")
    assert one["model"]["is_on"] == (model.why_off == "")
    if model.why_off:
        assert one["expected_from"] == one["due_on"]
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(WearModel).values(why_off="worse"))
    one = await about(driver, "new_starter_battery")
    assert (one["urgency"], one["model"]["is_on"]) == ("later", False)
    assert "so that one counts" in (await driver.get(HERE)).text


async def test_a_group_that_has_become_too_small_is_forgotten(cast: Cast, owner_writes: Any) -> None:
    await a_fleet(owner_writes, 25, months=30)
    await wear.learn()
    assert len(await kept(cast)) == 1
    async with transaction(user=cast.customer.user_id) as db:
        await wear.learn_from(db, [])
    assert await kept(cast) == []


async def test_a_reader_who_puts_the_car_away_and_back_leaves_no_dead_job(
    browser: Callable[..., Browser], cast: Cast, run_reactions: Callable[[], Awaitable[int]]
) -> None:
    sam = await shared(browser, cast, run_reactions, "reader")
    assert (await sam.post(f"/garage/{CAR}/archive")).status_code == 303
    assert (await sam.post(f"/garage/{CAR}/return")).status_code == 303
    await run_reactions()
    async with transaction(user=cast.stranger.user_id) as db:
        assert (
            await db.scalars(select(PartSuggestions).where(PartSuggestions.vehicle_id == CAR))
        ).all() == []
