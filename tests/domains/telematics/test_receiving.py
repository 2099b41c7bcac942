"""Reports of cars: once each, kept as they came, and never another person's car."""

from datetime import timedelta

import pytest

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.telematics import codes_of
from app.domains.telematics.meanings import MEANINGS, SHAPE, meaning
from app.domains.telematics.receiving import Report, receive
from tests.cast import CAR
from tests.conftest import viewing


@pytest.fixture
async def me(db, cast):
    await viewing(db, cast.customer)
    return cast.customer.viewer


@pytest.fixture
async def car(db, me):
    vehicle = await db.get_one(Vehicle, CAR)
    vehicle.telematics_id = "fleet-7"
    await db.flush()
    return vehicle


def report(**said):
    return Report(**{"telematics_id": "fleet-7", "at": clock.now()} | said)


async def test_a_report_counts_once_however_often_it_is_sent(db, me, car):
    said = report(odometer_km=(car.mileage_km or 0) + 40, charge_percent=62, key="a1")
    first = await receive(db, said, by=me)
    again = await receive(db, said, by=me)
    assert (first.is_new, again.is_new, again.report_id) == (True, False, first.report_id)
    assert first.ignored == {}
    assert car.mileage_km == said.odometer_km
    assert (await garage.readings(db, car))[0].source == "telematics"


async def test_codes_are_found_and_cleared_in_their_order(db, me, car):
    now = clock.now()
    await receive(db, report(at=now - timedelta(hours=2), trouble_codes=["p0301", "P0420"]), by=me)
    await receive(db, report(at=now, trouble_codes=["P0420"]), by=me)
    assert [code.code for code in await codes_of(db, car)] == ["P0420"]
    assert [code.code for code in await codes_of(db, car, cleared=True)] == ["P0301"]
    late = await receive(db, report(at=now - timedelta(hours=1), trouble_codes=["P0301"]), by=me)
    assert [code.code for code in await codes_of(db, car, cleared=True)] == ["P0301"]
    assert late.ignored["trouble_codes"]
    assert [code.code for code in await codes_of(db, car)] == ["P0420"]


async def test_what_cannot_be_true_is_said_and_the_rest_is_kept(db, me, car):
    await garage.read_odometer(db, car, 90_000, source="owner", by=me, confirmed=True)
    odd = await receive(
        db, report(at=clock.now() + timedelta(minutes=1), odometer_km=12, charge_percent=40), by=me
    )
    assert "less than the last reading" in odd.ignored["odometer_km"]
    assert car.mileage_km == 90_000
    with pytest.raises(Invalid):
        await receive(db, report(at=clock.now() + timedelta(days=2)), by=me)
    with pytest.raises(Invalid):
        await receive(db, report(trouble_codes=["<script>"]), by=me)


async def test_nobody_reports_for_a_car_that_is_not_theirs(db, cast, car):
    await viewing(db, cast.stranger)
    with pytest.raises(NotFound):
        await receive(db, report(), by=cast.stranger.viewer)


async def test_the_next_owner_does_not_read_what_the_car_said_before(db, cast, me, car):
    await receive(db, report(trouble_codes=["P0301"]), by=me)
    await viewing(db, cast.stranger)
    assert await codes_of(db, car) == []


def test_codes_have_a_meaning():
    assert all(SHAPE.fullmatch(code) for code in MEANINGS)
    assert meaning("P0420") == "Catalytic converter, bank 1: works too little"
    assert meaning("P0799") == "Transmission"
    assert meaning("P1234") == "Engine and drive; a code of the maker's own"


async def test_buffered_reports_each_count_for_their_own_moment(db, me, car):
    now, km = clock.now(), car.mileage_km or 0
    for hours, further in ((3, 10), (2, 20), (1, 30)):
        said = report(at=now - timedelta(hours=hours), odometer_km=km + further)
        assert (await receive(db, said, by=me)).ignored == {}
    assert car.mileage_km == km + 30
    assert (car.mileage_at, (await garage.readings(db, car))[0].km) == (now - timedelta(hours=1), km + 30)
