from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.core.errors import Invalid
from app.core.render import clock_time
from app.core.words import speaking
from app.domains.network.opening import (
    WEEKDAYS,
    check_week,
    read_hours,
    read_week,
    stands_open,
    stored,
    write_hours,
)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("", []),
        ("8-17", [["08:00", "17:00"]]),
        ("8:00 – 12:00, 13:00–17:30", [["08:00", "12:00"], ["13:00", "17:30"]]),
        ("13-17; 8-12", [["08:00", "12:00"], ["13:00", "17:00"]]),
        ("8am - 5pm", [["08:00", "17:00"]]),
        ("8:30 a.m. to 12 p.m.", [["08:30", "12:00"]]),
        ("12am-12pm", [["00:00", "12:00"]]),
        ("22:00-6:00", [["22:00", "06:00"]]),
        ("8-24", [["08:00", "00:00"]]),
        ("8.00-12.00 and 13.00-18.00", [["08:00", "12:00"], ["13:00", "18:00"]]),
    ],
)
def test_hours_are_read_as_people_write_them(words, meant):
    assert stored(read_hours(words)) == meant
    for language in ("en", "de", "fi", "ja", "ar_EG"):
        with speaking(language):
            assert stored(read_hours(write_hours(meant))) == meant


def test_hours_are_written_as_every_other_time_on_the_page():
    late = datetime(2026, 12, 7, 17, 30, tzinfo=UTC)
    for language in ("en", "de"):
        with speaking(language):
            assert write_hours([["07:30", "17:30"]]).endswith(f"–{clock_time(late)}")


@pytest.mark.parametrize(
    "words", ["8-5", "all day", "25-26", "8:75-9", "8-12, 11-13", "13pm-14pm", "8", "22:00-6:00, 23-24"]
)
def test_a_slip_is_refused_with_words(words):
    with pytest.raises(ValueError, match=r".{10}"):
        read_hours(words)


def test_a_week_names_each_wrong_field():
    with pytest.raises(Invalid) as wrong:
        read_week({"hours_mon": "8-17", "hours_tue": "8-5", "hours_sun": "?"})
    assert set(wrong.value.errors) == {"hours_tue", "hours_sun"}
    assert read_week({"hours_mon": "8-17", "hours_tue": ""}) == {"mon": [["08:00", "17:00"]]}


def test_json_hours_are_checked_too():
    assert check_week({"mon": [["08:00", "17:00"]], "tue": []}) == {"mon": [["08:00", "17:00"]]}
    for bad in ({"monday": []}, {"mon": [["08:00"]]}, {"mon": [["17:00", "99:00"]]}, {"mon": [[1, 2]]}):
        with pytest.raises(Invalid):
            check_week(bad)


def test_midnight_is_an_end():
    assert read_hours("0:00-24:00") == [(time(), time())]


WEEK = {
    "thu": [["08:00", "12:00"], ["13:00", "17:00"]],
    "fri": [["22:00", "02:00"]],
    "sat": [["02:00", "04:00"]],
}
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "is_open", "changes"),
    [
        (datetime(2026, 11, 26, 7, 59), False, datetime(2026, 11, 26, 8)),
        (datetime(2026, 11, 26, 8), True, datetime(2026, 11, 26, 12)),
        (datetime(2026, 11, 26, 12), False, datetime(2026, 11, 26, 13)),
        (datetime(2026, 11, 27, 23), True, datetime(2026, 11, 28, 4)),
        (datetime(2026, 11, 28, 1), True, datetime(2026, 11, 28, 4)),
        (datetime(2026, 11, 28, 5), False, datetime(2026, 12, 4, 22)),
    ],
)
def test_a_shop_is_open_in_its_own_zone_and_through_the_night(local, is_open, changes):
    found = stands_open(WEEK, {date(2026, 12, 3): []}, "Europe/Berlin", local.replace(tzinfo=BERLIN))
    assert found == (is_open, changes.replace(tzinfo=BERLIN))


def test_a_shop_that_never_opens_or_never_closes_says_no_time():
    now = datetime(2026, 11, 26, 12, tzinfo=BERLIN)
    assert stands_open({}, {}, "Europe/Berlin", now) == (False, None)
    always = {day: [["00:00", "00:00"]] for day in WEEKDAYS}
    assert stands_open(always, {}, "Europe/Berlin", now) == (True, None)
