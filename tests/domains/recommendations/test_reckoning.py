"""When a task is due: as an interval, by whichever of time and distance is first, and honest where nothing is known."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domains import garage
from app.domains.garage import Rate
from app.domains.garage.tasks import ANY
from app.domains.recommendations.intervals import Interval, interval_of, tasks_of
from app.domains.recommendations.models import WearModel
from app.domains.recommendations.reckoning import ORDER, Done, Known, Window, reckon
from app.domains.recommendations.survival import kaplan_meier
from app.domains.recommendations.wear import window_of

TODAY = date(2026, 11, 27)
RATE = Rate(40.0, 30.0, 60.0)
CAR = Known(TODAY, 2019, 98_640, TODAY, RATE)
OIL = Interval(12, 15_000)

days = st.dates(date(2000, 1, 1), date(2035, 12, 31))
far = st.integers(0, 500_000)
rates = st.tuples(st.floats(0, 300), st.floats(0, 300), st.floats(0, 300)).map(
    lambda three: Rate(sorted(three)[1], min(three), max(three))
)
intervals = (
    st.tuples(st.none() | st.integers(1, 120), st.none() | st.integers(500, 200_000))
    .filter(any)
    .map(lambda two: Interval(*two))
)
cars = st.builds(
    Known, days, st.none() | st.integers(1990, 2035), st.none() | far, st.none() | days, st.none() | rates
)
works = st.none() | st.builds(Done, days, st.none() | far, st.just("owner"))


def test_by_distance_it_is_due_between_two_days() -> None:
    due = reckon(CAR, OIL, Done(date(2026, 8, 1), 92_640, "owner"))
    assert due is not None
    assert (due.urgency, due.km, due.km_left) == ("later", 107_640, 9_000)
    assert (due.early, due.late) == (
        TODAY + timedelta(days=150),
        date(2027, 8, 1),
    )  # the year is over before 300 days


def test_a_limit_that_is_passed_is_over_and_a_near_one_is_soon() -> None:
    assert reckon(CAR, OIL, Done(date(2025, 11, 1), 95_000, "owner")).urgency == "overdue"  # type: ignore[union-attr]
    assert reckon(CAR, OIL, Done(date(2026, 9, 1), 83_000, "owner")).urgency == "overdue"  # type: ignore[union-attr]
    assert reckon(CAR, OIL, Done(date(2026, 3, 1), 84_500, "owner")).urgency == "soon"  # type: ignore[union-attr]


def test_what_nobody_knows_of_an_old_car_is_not_called_late() -> None:
    due = reckon(CAR, Interval(24, None), None)
    assert due is not None
    assert (due.urgency, due.since_new, due.times) == ("unknown", True, 3)


def test_a_young_car_is_counted_from_new() -> None:
    due = reckon(replace(CAR, year=2026, km=9_000), Interval(24, None), None)
    assert due is not None
    assert (due.urgency, due.since_new, due.times, due.on) == ("later", True, 0, date(2028, 1, 1))


def test_a_car_of_which_nothing_is_known_gets_no_guess() -> None:
    assert reckon(Known(TODAY), OIL, None) is None
    assert reckon(replace(CAR, km=None), Interval(None, 50_000), None) is None


def test_a_model_presses_once_the_first_tenth_of_such_cars_needed_it() -> None:
    done = Done(TODAY - timedelta(days=1_000), 60_000, "owner")
    early = reckon(CAR, Interval(60, None), done, Window(33, 33, 48, 60, by_km=False))
    assert early is not None
    assert early.urgency == "soon"
    late = reckon(CAR, Interval(60, None), done, Window(40, 40, 48, None, by_km=False))
    assert late is not None
    assert (late.urgency, late.late) == ("later", None)
    by_km = reckon(CAR, Interval(None, 50_000), done, Window(44_000, 44_000, 52_000, 70_000, by_km=True))
    assert by_km is not None
    assert (by_km.km, by_km.km_left, by_km.early) == (112_000, 13_360, TODAY + timedelta(days=5_360 / 60))


@given(cars, intervals, works)
def test_the_window_is_one_and_whichever_is_first_counts(
    known: Known, interval: Interval, done: Done | None
) -> None:
    due = reckon(known, interval, done)
    if due is None:
        return
    if due.early is not None:
        assert due.late is not None
        assert due.early <= due.late
        assert due.on is None or due.late <= due.on
    if due.urgency == "overdue":
        assert (due.on is not None and due.on < known.today) or (due.km_left is not None and due.km_left <= 0)
    assert due.times == 0 or (done is None and due.urgency == "unknown")


@given(cars, intervals, days, far, st.integers(0, 100_000))
def test_going_further_never_makes_it_less_due(
    known: Known, interval: Interval, day: date, at: int, more: int
) -> None:
    order = ["later", "soon", "overdue"]
    done = Done(day, at, "owner")
    known = replace(known, km=known.km or 0)
    before = reckon(known, interval, done)
    after = reckon(replace(known, km=(known.km or 0) + more), interval, done)
    assert before is not None
    assert after is not None
    assert order.index(after.urgency) >= order.index(before.urgency)


def test_every_task_has_an_interval_for_every_drive_and_age() -> None:
    for fuel in (*ANY, "", "other"):
        assert tasks_of(fuel)
        for task in tasks_of(fuel):
            for years in (None, 0, 5, 15, 40):
                interval = interval_of(task, fuel, years)
                assert interval.months or interval.km


def test_drive_and_age_change_the_interval() -> None:
    assert interval_of("brake_pads", "electric", 3).km == 2 * (interval_of("brake_pads", "diesel", 3).km or 0)
    assert interval_of("oil", "gasoline", 16).km == 10_000
    assert interval_of("oil", "gasoline", 14) == Interval(garage.TASKS["oil"].months, garage.TASKS["oil"].km)
    assert "oil" not in tasks_of("electric")
    assert not {"oil", "gear_oil", "official_inspection"} & set(tasks_of(""))


CURVES = st.lists(st.tuples(st.integers(1, 300), st.booleans(), st.integers(1, 9)), min_size=1, max_size=30)


@given(CURVES, st.integers(0, 400), st.integers(0, 200), st.booleans())
def test_by_a_model_a_part_that_lasted_longer_never_presses_less(
    spells: list[tuple[int, bool, int]], so_far: int, more: int, has_rate: bool
) -> None:
    model = WearModel(unit="km", curve=[list(point) for point in kaplan_meier(spells)])
    done = Done(TODAY - timedelta(days=900), 10_000, "owner")
    seen = []
    for thousands in (so_far, so_far + more):
        car = replace(CAR, km=10_000 + thousands * 1_000, rate=CAR.rate if has_rate else None)
        window = window_of(model, done, car)
        due = reckon(car, Interval(None, None), done, window) if window else None
        seen.append(due.urgency if due else "later")
    assert ORDER[seen[1]] <= ORDER[seen[0]]


def test_pads_twice_as_old_as_any_other_press_without_a_rate() -> None:
    model = WearModel(
        unit="km", curve=[list(point) for point in kaplan_meier([(40, True, 20), (60, True, 20)])]
    )
    done = Done(TODAY - timedelta(days=900), 10_000, "owner")
    car = replace(CAR, km=129_000, rate=None)
    window = window_of(model, done, car)
    assert window is not None
    due = reckon(car, Interval(None, 50_000), done, window)
    assert due is not None
    assert due.urgency == "soon"
