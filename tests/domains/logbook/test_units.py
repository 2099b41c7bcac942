"""Consumption as its reader counts it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.places import FUEL_UNITS, usual_fuel_unit
from app.domains.garage.models import Vehicle
from app.domains.logbook import units
from app.domains.logbook.units import Measure
from tests.cast import CAR, CAST

HERE = f"/garage/{CAR}/logbook"
AMOUNTS = st.decimals(min_value="0.01", max_value="9999", places=2)


@pytest.mark.parametrize(
    ("fuel", "said"),
    [("l_100km", "8.0"), ("km_l", "12.5"), ("mpg_us", "29.4"), ("mpg_uk", "35.3")],
)
def test_forty_litres_for_five_hundred_kilometres(fuel, said):
    """The figures of any conversion table."""
    assert f"{units.usage(Decimal(40), 500, 'fuel', Measure('km', fuel)):.1f}" == said


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Measure("km", "l_100km"), ("18.0", "kWh/100 km")),
        (Measure("mi", "mpg_us"), ("29.0", "kWh/100 mi")),
        (Measure("mi", "mpg_uk"), ("3.5", "mi/kWh")),
        (Measure("km", "km_l"), ("5.6", "km/kWh")),
    ],
)
def test_ninety_kilowatt_hours_for_five_hundred_kilometres(by, said):
    assert (f"{units.usage(Decimal(90), 500, 'charge', by):.1f}", units.usage_unit("charge", by)) == said


@given(
    AMOUNTS, st.sampled_from(["fuel", "charge"]), st.sampled_from(["km", "mi"]), st.sampled_from(FUEL_UNITS)
)
def test_what_is_typed_is_shown_again(amount, kind, distance, fuel):
    by = Measure(distance, fuel)
    assert units.as_typed(units.to_stored(amount, kind, by), kind, by) == amount


@given(AMOUNTS, st.integers(1, 100_000), st.sampled_from(FUEL_UNITS), st.sampled_from(["km", "mi"]))
def test_the_units_agree_on_which_of_two_uses_more(amount, km, fuel, distance):
    by = Measure(distance, fuel)
    less, more = units.usage(amount, km, "fuel", by), units.usage(amount * 2, km, "fuel", by)
    assert (less < more) == (fuel == "l_100km")


@pytest.mark.parametrize(
    ("zone", "distance", "unit"),
    [
        ("America/Chicago", "mi", "mpg_us"), ("Europe/London", "mi", "mpg_uk"), ("Europe/Berlin", "km", "l_100km"),
        ("Asia/Tokyo", "km", "km_l"), ("America/Chicago", "km", "l_100km"), ("UTC", "km", "l_100km"),
    ],
)  # fmt: skip
def test_what_is_usual_follows_the_clock_and_the_dashboard(zone, distance, unit):
    assert usual_fuel_unit(zone, distance) == unit


def test_what_is_chosen_counts_before_what_is_usual():
    me = replace(CAST.customer.viewer, zone="Europe/Berlin", fuel_unit="mpg_uk")
    assert units.measure_of(me, Vehicle(odometer_unit="km")) == Measure("km", "mpg_uk")


async def test_a_person_chooses_unit_and_currency(browser, cast):
    dana = browser(cast.customer)
    profile = {"name": "Dana", "locale": "en", "zone": "UTC", "distance_unit": "km"}
    fill = {
        "kind": "fuel",
        "day": "2026-03-01",
        "amount": "40",
        "full": "yes",
        "cost": "60",
        "currency": "GBP",
    }
    assert (
        await dana.post("/settings/profile", profile | {"fuel_unit": "km_l", "currency": "GBP"})
    ).status_code == 303
    form = (await dana.get(f"{HERE}/new?kind=fuel")).text
    assert '<option value="GBP" selected>' in form
    for day, km in (("2026-03-01", "200000"), ("2026-03-09", "200500")):
        answer = await dana.post(HERE, fill | {"day": day, "mileage": km, "confirmed": km})
        assert answer.status_code == 303, answer.text
    told = (await dana.get(f"{HERE}/totals")).text
    assert "km/L" in told
    assert "£120.00" in told
    for wrong in ({"fuel_unit": "furlongs"}, {"currency": "XYZ"}):
        assert (await dana.post("/settings/profile", profile | wrong)).status_code == 422
