"""The readings of a car: earlier days, corrections, who may do them, and that the car follows the latest."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock
from app.core.db import new_id, transaction
from app.core.errors import Invalid, Refused
from app.core.tables import EventRow
from app.domains import garage
from app.domains.garage import cars, mileage
from app.domains.garage.models import OdometerReading, Vehicle
from tests.cast import CAR, OTHER_CAR
from tests.conftest import viewing
from tests.domains.garage.test_family import shared

HERE = f"/garage/{CAR}/readings"
EARLIER = f"{HERE}/earlier"


async def as_it_stands(person):
    async with transaction(user=person.user_id) as db:
        car = await db.get_one(Vehicle, CAR)
        rows = await db.scalars(
            select(OdometerReading).where(OdometerReading.vehicle_id == CAR).order_by(OdometerReading.at)
        )
        return car.mileage_km, list(rows)


def ago(days):
    return str(clock.today("UTC") - timedelta(days=days))


async def test_a_reading_of_a_past_day_leaves_the_mileage_and_stands_in_the_list(browser, cast):
    one = browser(cast.customer)
    assert (await one.post(f"/garage/{CAR}/readings", {"mileage": "150500"})).status_code == 303
    answer = await one.post(EARLIER, {"mileage": "140000", "day": ago(300)})
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    km, rows = await as_it_stands(cast.customer)
    assert (km, [row.km for row in rows]) == (150500, [140000, 150500])
    page = (await one.get(HERE)).text
    for said in ("140,000 km", "<td>Garage<", "<polyline"):
        assert said in page
    assert re.search(r"About .* a day", page)
    assert f'href="{HERE}"' in (await one.get(f"/garage/{CAR}")).text


@pytest.mark.parametrize(("km", "words"), [("139999", "less than on"), ("150501", "more than on")])
async def test_what_the_neighbours_contradict_is_asked_about(browser, cast, km, words):
    one = browser(cast.customer)
    await one.post(f"/garage/{CAR}/readings", {"mileage": "150500"})
    await one.post(EARLIER, {"mileage": "140000", "day": ago(300)})
    asked = await one.post(EARLIER, {"mileage": km, "day": ago(200)})
    assert (asked.status_code, words in asked.text) == (422, True)
    assert len((await as_it_stands(cast.customer))[1]) == 2
    assert re.search(rf'name="confirmed"[^>]*value="{km}"', asked.text)
    stale = await one.post(EARLIER, {"mileage": "1", "day": ago(200), "confirmed": km})
    assert stale.status_code == 422
    assert (await one.post(EARLIER, {"mileage": km, "day": ago(200), "confirmed": km})).status_code == 303


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"mileage": "1", "day": "9999-12-31"}, "still to come"),
        ({"mileage": "1", "day": "0001-01-01"}, "the day it was read"),
        ({"mileage": "-4", "day": "2026-01-01"}, "what the odometer shows"),
        ({"mileage": "3000001", "day": "2026-01-01"}, "what the odometer shows"),
        ({"mileage": "١٢x", "day": "2026-01-01"}, "f-mileage"),
        ({"day": "2026-01-01"}, "Please fill this in."),
    ],
)
async def test_nonsense_is_said_beside_its_field_and_changes_nothing(browser, cast, typed, words):
    before = await as_it_stands(cast.customer)
    answer = await browser(cast.customer).post(EARLIER, typed)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert (await as_it_stands(cast.customer))[0] == before[0]
    assert (await as_it_stands(cast.customer))[1] == []


async def test_a_slip_is_corrected_and_the_car_follows(browser, cast):
    one = browser(cast.customer)
    await one.post(f"/garage/{CAR}/readings", {"mileage": "150500"})
    await one.post(f"/garage/{CAR}/readings", {"mileage": "250500"})
    _km, rows = await as_it_stands(cast.customer)
    slip = f"{HERE}/{rows[-1].id}"
    assert 'value="250500"' in (await one.get(slip)).text
    fields = {"mileage": "150700", "day": ago(0), "version": "1"}
    assert (await one.post(slip, fields)).status_code == 303
    km, rows = await as_it_stands(cast.customer)
    assert (km, [row.km for row in rows]) == (150700, [150500, 150700])
    stale = await one.post(slip, fields | {"mileage": "150800"})
    assert (stale.status_code, (await as_it_stands(cast.customer))[0]) == (409, 150700)
    assert (await one.post(f"{slip}/removal", {"version": "1"})).status_code == 409
    assert (await one.post(f"{slip}/removal", {"version": "2"})).status_code == 303
    assert (await as_it_stands(cast.customer))[0] == 150500


async def test_what_a_driver_may_correct_is_their_own_and_an_owner_both(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions)
    dana = browser(cast.customer)
    await dana.post(EARLIER, {"mileage": "140000", "day": ago(300)})
    await sam.post(EARLIER, {"mileage": "141000", "day": ago(200)})
    _km, (danas, sams) = await as_it_stands(cast.customer)
    assert (await sam.get(f"{HERE}/{danas.id}")).status_code == 404
    assert (await sam.post(f"{HERE}/{danas.id}/removal", {"version": "1"})).status_code == 404
    page = (await sam.get(HERE)).text
    assert (f"{HERE}/{sams.id}" in page, f"{HERE}/{danas.id}" in page) == (True, False)
    assert (await dana.post(f"{HERE}/{sams.id}/removal", {"version": "1"})).status_code == 303
    assert (await sam.post(f"{HERE}/{sams.id}/removal", {"version": "1"})).status_code == 404


async def test_a_reader_looks_and_changes_nothing(browser, cast, run_reactions):
    await browser(cast.customer).post(EARLIER, {"mileage": "140000", "day": ago(300)})
    sam = await shared(browser, cast, run_reactions, role="reader")
    page = await sam.get(HERE)
    assert ("140,000 km" in page.text, "Add a reading" in page.text, "Correct" in page.text) == (
        True,
        False,
        False,
    )
    assert (await sam.post(EARLIER, {"mileage": "1", "day": ago(1)})).status_code == 403


async def test_an_outsider_finds_nothing(browser, cast):
    await browser(cast.customer).post(EARLIER, {"mileage": "140000", "day": ago(300)})
    [reading] = (await as_it_stands(cast.customer))[1]
    for person in (cast.stranger, cast.advisor):
        one = browser(person)
        assert (await one.get(HERE)).status_code == 404
        assert (await one.get(f"{HERE}/{reading.id}")).status_code == 404
        assert (await one.post(EARLIER, {"mileage": "1", "day": ago(1)})).status_code == 404
    assert (await browser(cast.customer).get(f"/garage/{OTHER_CAR}/readings")).status_code == 404


async def test_a_workshops_reading_is_not_ones_own(browser, db, cast):
    async with transaction(user=cast.advisor.user_id, tenant=cast.advisor.tenant_id) as other:
        car = await garage.find(other, cast.advisor.viewer, CAR)
        made = await garage.read_odometer(other, car, 151000, source="check_in", by=cast.advisor.viewer)
    one = browser(cast.customer)
    page = (await one.get(HERE)).text
    assert "<td>Workshop<" in page
    assert str(made.id) not in page
    assert (await one.get(f"{HERE}/{made.id}")).status_code == 404


async def test_many_readings_are_shown_a_page_at_a_time(browser, cast):
    start = datetime(2025, 1, 1, 12, tzinfo=UTC)
    async with transaction(user=cast.customer.user_id) as db:
        for at in range(120):
            db.add(
                OdometerReading(
                    id=new_id(), vehicle_id=CAR, km=100_000 + at, at=start + timedelta(days=at // 3 * 3),
                    source="owner", actor_id=cast.customer.user_id,
                )
            )  # fmt: skip
    seen, address = [], HERE
    while address:
        page = (await browser(cast.customer).get(address)).text
        seen += re.findall(r'<td class="num">(100,\d+) km', page)
        older = re.search(r'href="([^"]+\?before=[^"]+)"', page)
        address = older and older[1]
    assert len(seen) == len(set(seen)) == 120
    assert (await browser(cast.customer).get(f"{HERE}?before=nonsense_")).status_code == 200


async def test_what_is_done_to_readings_is_in_the_record(db, cast):
    me = cast.customer.viewer
    await viewing(db, cast.customer)
    car = await cars.find_driven(db, me, CAR)
    reading = await mileage.add(db, car, 140000, date(2026, 1, 1), by=me)
    await mileage.correct(db, car, reading, 140500, date(2026, 1, 1), version=1, by=me)
    await db.refresh(reading)
    with pytest.raises(Refused):
        await mileage.remove(db, car, reading, version=1, by=me)
    await mileage.remove(db, car, reading, version=2, by=me)
    names = await db.scalars(select(EventRow.name).where(EventRow.subject_id == CAR).order_by(EventRow.id))
    assert list(names) == ["OdometerRead", "OdometerCorrected", "OdometerReadingRemoved"]
    assert car.mileage_km == 150000


@given(
    days=st.lists(st.integers(0, 700), min_size=1, max_size=6, unique=True), steps=st.lists(st.integers(0, 900), min_size=6, max_size=6),
    gone=st.integers(0, 5),
)  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_mileage_is_what_the_latest_reading_says(db, cast, days, steps, gone):
    me = cast.customer.viewer
    nested = await db.begin_nested()
    await viewing(db, cast.customer)
    car = await cars.find_driven(db, me, CAR)
    car.mileage_km = car.mileage_at = None
    await db.flush()
    km = dict(zip(sorted(days), [sum(steps[: at + 1]) for at in range(len(days))], strict=True))
    made = {}
    for far in days:
        day = clock.today(me.zone) - timedelta(days=700 - far)
        try:
            made[far] = await mileage.add(db, car, km[far], day, by=me)
        except Invalid:
            raise AssertionError(f"{km} in the order {days}") from None
        assert car.mileage_km == km[max(made)]
    taken = sorted(made)[gone % len(made)]
    await mileage.remove(db, car, made.pop(taken), version=1, by=me)
    assert car.mileage_km == (km[max(made)] if made else None)
    await nested.rollback()
