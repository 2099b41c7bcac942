"""How far a car goes in a day: robust against one wrong reading, and silent while too little is known."""

import random
import re
from datetime import timedelta

import pytest

from app.core import clock
from app.core.db import new_id, transaction
from app.domains import garage
from app.domains.garage.rate import rate
from tests.cast import CAR
from tests.conftest import viewing


@pytest.mark.parametrize("seed", range(20))
def test_the_rate_of_a_steady_driver_is_found_in_spite_of_a_slip_of_the_finger(seed):
    luck = random.Random(seed)
    daily = luck.uniform(5, 150)
    began = clock.now() - timedelta(days=390)
    days = sorted(luck.sample(range(390), luck.randint(12, 40)))
    points = [(began + timedelta(days=day), round(20_000 + daily * day)) for day in days]
    slipped = luck.randrange(len(points))
    points[slipped] = (points[slipped][0], points[slipped][1] * 10)
    luck.shuffle(points)
    found = rate(points)
    assert found is not None
    assert 0 <= found.low <= found.km_a_day <= found.high
    assert found.km_a_day == pytest.approx(daily, rel=0.02, abs=0.1)


def test_the_interval_tells_an_uneven_driver_from_an_even_one():
    began = clock.now()
    even = [(began + timedelta(days=30 * month), 1200 * month) for month in range(12)]
    uneven = [(at, km + (900 if month % 2 else 0)) for month, (at, km) in enumerate(even)]
    steady, unsteady = rate(even), rate(uneven)
    assert steady is not None
    assert unsteady is not None
    assert (steady.low, steady.km_a_day, steady.high) == pytest.approx((40, 40, 40))
    assert unsteady.high - unsteady.low > 5


def test_too_little_is_no_rate_and_no_car_goes_backwards():
    began = clock.now()
    assert rate([]) is None
    assert rate([(began, 10), (began + timedelta(days=13), 900)]) is None
    backwards = rate([(began, 900), (began + timedelta(days=30), 10)])
    assert backwards is not None
    assert backwards.low == backwards.km_a_day == backwards.high == 0


async def test_the_rate_of_a_car_counts_its_last_reading_of_each_recent_week(db, cast):
    await viewing(db, cast.customer)
    car = await garage.find(db, cast.customer.viewer, CAR)
    assert await garage.rate_of(db, car) is None
    now = clock.now()
    for days, km in [(700, 1), (60, 100_000), (30, 101_200), (0, 102_400)]:
        at = now - timedelta(days=days)
        db.add(garage.OdometerReading(id=new_id(), vehicle_id=car.id, km=km, at=at, source="owner"))
    await db.flush()
    found = await garage.rate_of(db, car)
    assert found is not None
    assert found.km_a_day == pytest.approx(40)


async def test_the_page_of_a_car_says_its_rate_in_the_unit_of_its_odometer(browser, cast):
    before = await browser(cast.customer).get(f"/garage/{CAR}")
    assert "a day<" not in before.text
    async with transaction(user=cast.customer.user_id) as db:
        car = await garage.find(db, cast.customer.viewer, CAR)
        car.odometer_unit = "mi"
        for days, km in [(60, 100_000), (30, 103_000), (0, 106_000)]:
            at = clock.now() - timedelta(days=days)
            db.add(garage.OdometerReading(id=new_id(), vehicle_id=CAR, km=km, at=at, source="owner"))
    page = await browser(cast.customer).get(f"/garage/{CAR}")
    assert re.search(r"About 62 mi a day<", page.text)
