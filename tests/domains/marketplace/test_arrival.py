"""When parts are there, on the clock of the shop that brings them."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domains.marketplace.arrival import Day, counted

MONDAY = datetime.fromisoformat("2026-11-30T00:00+00:00")


def _at(day: int, hour: int) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour)


WEEK: list[Day] = [(_at(day, 8), _at(day, 18)) for day in (0, 1, 2, 3, 4, 7, 8)]


def test_hours_pass_while_the_shop_is_open_and_days_are_days_on_which_it_opens() -> None:
    assert counted(WEEK, 2, _at(0, 10)) == _at(0, 12)
    assert counted(WEEK, 2, _at(0, 23)) == _at(1, 10)  # at night: tomorrow, after opening
    assert counted(WEEK, 0, _at(0, 3)) == _at(0, 8)
    assert counted(WEEK, 4, _at(0, 16)) == _at(1, 10)  # two of them are tomorrow's
    assert counted(WEEK, 4, _at(4, 16)) == _at(7, 10)  # over the weekend
    assert counted(WEEK, 24, _at(4, 12)) == _at(7, 12)
    assert counted(WEEK, 23, _at(0, 12)) == _at(1, 12)
    assert counted(WEEK, 30 * 24, _at(0, 12)) == _at(32, 12)  # beyond what is known every day counts
    assert counted([], 5, _at(0, 23)) == _at(1, 4)  # a shop that says no hours


@given(st.integers(0, 400), st.integers(0, 100), st.integers(0, 200))
def test_who_promises_more_hours_is_never_there_earlier(hours: int, more: int, start: int) -> None:
    began = _at(0, start)
    assert began <= counted(WEEK, hours, began) <= counted(WEEK, hours + more, began)
