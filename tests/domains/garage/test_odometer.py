"""Readings are asked about when they look wrong, and never lowered silently."""

import pytest

from app.core.errors import Invalid
from app.domains import garage
from tests.cast import CAR
from tests.conftest import viewing


async def test_a_reading_is_kept_and_shown_on_the_car(db, cast):
    await viewing(db, cast.customer)
    car = await garage.find(db, cast.customer.viewer, CAR)
    await garage.read_odometer(db, car, 150500, source="owner", by=cast.customer.viewer)
    assert car.mileage_km == 150500
    assert car.mileage_at is not None
    assert [one.km for one in await garage.readings(db, car)] == [150500]


@pytest.mark.parametrize(("km", "words"), [(149_999, "less than"), (400_000, "very far")])
async def test_a_doubtful_reading_must_be_confirmed(db, cast, km, words):
    me = cast.customer.viewer
    await viewing(db, cast.customer)
    car = await garage.find(db, me, CAR)
    with pytest.raises(Invalid) as doubt:
        await garage.read_odometer(db, car, km, source="owner", by=me)
    assert set(doubt.value.errors) == {"mileage", "confirmed"}
    assert words in doubt.value.errors["mileage"]
    assert car.mileage_km == 150000
    await garage.read_odometer(db, car, km, source="owner", by=me, confirmed=True)
    assert car.mileage_km == km


@pytest.mark.parametrize("km", [-1, 3_000_001])
async def test_what_no_odometer_shows_is_refused(db, cast, km):
    me = cast.customer.viewer
    await viewing(db, cast.customer)
    car = await garage.find(db, me, CAR)
    with pytest.raises(Invalid):
        await garage.read_odometer(db, car, km, source="owner", by=me, confirmed=True)


async def test_the_shop_reads_the_odometer_at_check_in(db, cast):
    await viewing(db, cast.advisor)
    car = await garage.find(db, cast.advisor.viewer, CAR)
    await garage.read_odometer(db, car, 151000, source="check_in", by=cast.advisor.viewer)
    await viewing(db, cast.customer)
    [reading] = await garage.readings(db, await garage.find(db, cast.customer.viewer, CAR))
    assert (reading.km, reading.source) == (151000, "check_in")
