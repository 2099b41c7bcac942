import pytest

from app.core import places


@pytest.mark.parametrize(
    ("zone", "asked", "unit"),
    [
        ("America/New_York", "de-DE", "mi"),
        ("America/Toronto", "en-US", "km"),
        ("Europe/London", "", "mi"),
        ("Europe/Berlin", "en-US,en;q=0.9", "km"),
        ("UTC", "en-US,en;q=0.9", "mi"),
        ("UTC", "de", "km"),
        ("", "", "km"),
    ],
)
def test_an_odometer_counts_what_is_usual_where_a_clock_runs_or_else_a_language_is_spoken(zone, asked, unit):
    assert places.usual_distance(zone, asked) == unit


def test_choices_have_names_the_common_ones_come_first_and_one_that_is_set_stays():
    assert places.zone_options()[0] == ("America/New_York", "New York · Eastern Time")
    assert places.currency_options()[:2] == [("USD", "US Dollar (USD)"), ("EUR", "Euro (EUR)")]
    assert ("DE", "Germany") in places.country_options()
    assert places.zone_options("UTC")[0] == ("UTC", "UTC")
    assert len(places.zone_options("Europe/Berlin")) == len(places.zone_options())
