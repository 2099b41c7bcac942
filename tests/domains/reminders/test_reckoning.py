"""When a reminder is due: whichever comes first, from the last time or on fixed days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domains.garage import Rate
from app.domains.reminders.models import Reminder
from app.domains.reminders.reckoning import after_months, next_day, next_mark, settle, stands, urgency_order

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
MONTHS = st.integers(1, 120)
KM = st.integers(0, 900_000)
TODAY = date(2026, 11, 27)


def reminder(**given: object) -> Reminder:
    blank = dict.fromkeys(
        ("first_on", "first_km", "first_count", "every_months", "every_km", "every_count", "last_on", "last_km", "last_count",
         "logged_on", "logged_km", "due_on", "due_km", "due_count", "count_now", "snoozed_until", "snoozed_until_km", "done_at", "removed_at")
    )  # fmt: skip
    one = Reminder(**blank, is_fixed=False, told=0)
    for name, value in given.items():
        setattr(one, name, value)
    settle(one)
    return one


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 27), 24, date(2028, 11, 27)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
    ],
)
def test_a_month_without_that_day_ends_with_its_last(day: date, months: int, then: date) -> None:
    assert after_months(day, months) == then


@given(first=DAYS, months=MONTHS, last=DAYS)
def test_fixed_days_stay_on_their_round_and_lie_after_the_work(first: date, months: int, last: date) -> None:
    due = next_day(first, months, last, is_fixed=True)
    assert due is not None
    assert due > last
    rounds = (due.year - first.year) * 12 + due.month - first.month
    assert rounds >= 0
    assert rounds % months == 0
    if due > first:  # one round earlier would have been before the work, or so near that the work was for it
        assert after_months(first, rounds - months) <= last + timedelta(days=15 * months)


@given(last=DAYS, months=MONTHS)
def test_counted_from_the_last_time_it_comes_that_much_later(last: date, months: int) -> None:
    assert next_day(None, months, last, is_fixed=False) == after_months(last, months)
    assert next_day(last, None, last, is_fixed=False) is None


@given(first=KM, every=st.integers(1, 200_000), last=KM)
def test_fixed_mileages_stay_on_their_round(first: int, every: int, last: int) -> None:
    due = next_mark(first, every, last, is_fixed=True)
    assert due is not None
    assert due > last or due == first
    assert (due - first) % every == 0
    if due > first:
        assert due - every <= last + every // 2


@given(
    due_on=st.none() | DAYS,
    due_km=st.none() | KM,
    km=st.none() | KM,
    later=st.integers(0, 4000),
    more=st.integers(0, 99_999),
)
def test_time_and_distance_only_make_it_more_urgent(
    due_on: date | None, due_km: int | None, km: int | None, later: int, more: int
) -> None:
    one = reminder(first_on=due_on, first_km=due_km)
    order = {"overdue": 0, "soon": 1, "waiting": 2, "unknown": 3}
    now = order[stands(one, TODAY, km).urgency]
    then = order[stands(one, TODAY + timedelta(days=later), None if km is None else km + more).urgency]
    assert then <= now


@given(due_on=DAYS, due_km=KM, km=KM)
def test_whichever_comes_first_counts(due_on: date, due_km: int, km: int) -> None:
    both = stands(reminder(first_on=due_on, first_km=due_km), TODAY, km)
    alone = [stands(reminder(first_on=due_on), TODAY, km), stands(reminder(first_km=due_km), TODAY, km)]
    assert urgency_order(both)[0] == min(urgency_order(one)[0] for one in alone)


def test_a_mileage_nobody_has_read_makes_nothing_due() -> None:
    assert stands(reminder(first_km=10), TODAY, None).urgency == "unknown"


def test_it_is_said_when_the_mileage_is_expected_and_for_how_long_at_most() -> None:
    one = reminder(first_km=63_000)
    early, late = stands(one, TODAY, 60_000, Rate(40, 30, 60), TODAY).expected or (None, None)
    assert (early, late) == (TODAY + timedelta(days=50), TODAY + timedelta(days=100))
    assert stands(one, TODAY, 60_000, Rate(0, 0, 0), TODAY).expected is None
    assert stands(one, TODAY, 64_000, Rate(40, 30, 60), TODAY).expected is None


def test_the_day_itself_is_not_late_and_the_mileage_that_is_reached_is() -> None:
    assert stands(reminder(first_on=TODAY), TODAY, None).urgency == "soon"
    assert stands(reminder(first_on=TODAY - timedelta(days=1)), TODAY, None).urgency == "overdue"
    assert stands(reminder(first_km=500), TODAY, 500).urgency == "overdue"


def test_the_later_of_hand_and_logbook_counts() -> None:
    one = reminder(
        every_months=12,
        every_km=15_000,
        first_on=date(2026, 1, 1),
        logged_on=date(2026, 3, 1),
        logged_km=40_000,
    )
    assert (one.due_on, one.due_km) == (date(2027, 3, 1), 55_000)
    one.last_on, one.last_km = date(2026, 6, 1), 45_000
    settle(one)
    assert (one.due_on, one.due_km) == (date(2027, 6, 1), 60_000)
    one.logged_on, one.logged_km = date(2026, 7, 1), None
    settle(one)
    assert (one.due_on, one.due_km) == (date(2027, 7, 1), None)  # from which mileage nobody has written down


@given(first=DAYS, months=st.none() | MONTHS, last=st.none() | DAYS, is_fixed=st.booleans())
def test_settling_twice_is_settling_once_and_keeps_what_was_told(
    first: date, months: int | None, last: date | None, is_fixed: bool
) -> None:
    one = reminder(first_on=first, every_months=months, last_on=last, is_fixed=is_fixed)
    one.told = 2
    before = one.due_on
    settle(one)
    assert (one.due_on, one.told) == (before, 2)


@given(
    due_km=KM,
    until_km=st.none() | KM,
    days=st.integers(-400, 400),
    km=st.none() | KM,
    more=st.integers(0, 99_999),
)
def test_put_off_by_a_distance_it_comes_back_when_the_car_has_gone_it_or_the_day_has_come(
    due_km: int, until_km: int | None, days: int, km: int | None, more: int
) -> None:
    one, plain = reminder(first_km=due_km), reminder(first_km=due_km)
    one.snoozed_until, one.snoozed_until_km = TODAY + timedelta(days=days), until_km
    standing, otherwise = stands(one, TODAY, km), stands(plain, TODAY, km)
    assert standing.urgency in ("snoozed", otherwise.urgency)
    if days <= 0 or (until_km is not None and km is not None and km >= until_km):
        assert standing.urgency == otherwise.urgency
    elif otherwise.urgency in ("overdue", "soon"):
        assert standing.urgency == "snoozed"
    if km is not None and standing.urgency != "snoozed" and otherwise.urgency in ("overdue", "soon"):
        assert stands(one, TODAY, km + more).urgency != "snoozed"  # it is not put off again by driving on


def test_another_time_to_be_due_is_not_put_off() -> None:
    one = reminder(first_km=50_000, every_km=10_000)
    one.snoozed_until, one.snoozed_until_km = TODAY + timedelta(days=90), 50_500
    one.last_on, one.last_km = TODAY, 50_100
    settle(one)
    assert (one.due_km, one.snoozed_until, one.snoozed_until_km) == (60_100, None, None)
