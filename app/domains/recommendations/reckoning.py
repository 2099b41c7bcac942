"""When a task of a car is due, as an interval, and how urgent it is. Nothing here reads or writes the database."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from app.domains.garage import Rate
from app.domains.recommendations.intervals import Interval
from app.domains.reminders.reckoning import FARTHEST, SOON, SOON_KM, after_months

Urgency = Literal["reported", "overdue", "soon", "unknown", "later"]
ORDER: dict[str, int] = {"reported": 0, "overdue": 1, "soon": 2, "unknown": 3, "later": 4}
Source = Literal["owner", "shop", "ticked"]
DAYS_A_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a car on a day. `km` was read on `km_on`; `rate` is how far it goes in a day."""

    today: date
    year: int | None = None
    km: int | None = None
    km_on: date | None = None
    rate: Rate | None = None

    @property
    def new_on(self) -> date | None:
        """The first day of its model year, for nobody says when it was registered first."""
        return date(self.year, 1, 1) if self.year else None

    @property
    def years(self) -> int | None:
        """How old it is, in whole years."""
        return None if self.year is None else max(0, self.today.year - self.year)


@dataclass(frozen=True, slots=True)
class Done:
    """When a task was last done, by whose word, and the words."""

    day: date
    km: int | None
    source: Source
    words: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A wear model's word: between which lengths after the last replacement, of all cars that have come as far as this
    one, the next is due. `low` and `high` are the tenth and ninetieth percentile; None: later than the model sees. `first`
    is by when the first tenth of all cars needed it, however far this one has come. Months, or kilometres where `by_km`."""

    first: float
    low: float
    middle: float | None
    high: float | None
    by_km: bool


@dataclass(frozen=True, slots=True)
class Due:
    """When a task is due. `early` and `late` are between which days the first of its two limits is reached, with 80 %
    certainty as far as the distance goes; a day by the calendar is certain, and both are that day."""

    urgency: Urgency
    on: date | None = None
    km: int | None = None
    km_left: int | None = None
    early: date | None = None
    late: date | None = None
    since_new: bool = False
    """It is counted from when the car was new, for nothing says that it was done."""
    times: int = 0
    """How often it would have been due since then."""
    gone: float = 0.0
    """The share of the interval that is gone, by time or distance, whichever is more."""


def reckon(known: Known, interval: Interval, done: Done | None, window: Window | None = None) -> Due | None:
    """When a task is due next; None where there is nothing to count from. `window` goes before the interval where there
    is one, and only after work that is known: what nobody knows the beginning of has no length.

    The interval between `early` and `late` follows from the car's own rate (tenth and ninetieth percentile of kilometres
    a day), or from the model's. Whichever of time and distance is first counts.
    """
    if done is not None and window is not None:
        return _by_window(known, done, window)
    since_new = done is None
    day, km = (known.new_on, 0) if done is None else (done.day, done.km)
    on = after_months(day, interval.months) if day and interval.months else None
    due_km = km + interval.km if km is not None and interval.km else None
    gone = _gone(known, interval, day, km)
    if gone is None:
        return None
    km_left = None if due_km is None or known.km is None else due_km - known.km
    early, late = _first(on, _days_to(known, km_left))
    due = Due("later", on, due_km, km_left, early, late, since_new, int(gone) if since_new else 0, gone)
    return _with(due, _urgency(due, known.today, interval))


def _gone(known: Known, interval: Interval, day: date | None, km: int | None) -> float | None:
    shares = []
    if day and interval.months:
        shares.append(max(0.0, (known.today - day).days / DAYS_A_MONTH / interval.months))
    if km is not None and interval.km and known.km is not None:
        shares.append(max(0.0, (known.km - km) / interval.km))
    return max(shares, default=None)


def _urgency(due: Due, today: date, interval: Interval) -> Urgency:
    if due.times:
        return "unknown"
    if (due.on is not None and due.on < today) or (due.km_left is not None and due.km_left <= 0):
        return "overdue"
    near_km = min(SOON_KM, interval.km // 4) if interval.km else SOON_KM
    is_near = (due.early is not None and due.early <= today + SOON) or (
        due.km_left is not None and due.km_left <= near_km
    )
    return "soon" if is_near else "later"


def _with(due: Due, urgency: Urgency) -> Due:
    return Due(urgency, due.on, due.km, due.km_left, due.early, due.late, due.since_new, due.times, due.gone)


def _days_to(known: Known, km_left: int | None) -> tuple[date, date] | None:
    """Between which days the car will have gone so far; None where its rate says nothing."""
    if km_left is not None and km_left <= 0:
        return known.today, known.today
    if km_left is None or known.rate is None or known.rate.high <= 0:
        return None
    begin = known.km_on or known.today
    fast, slow = (
        timedelta(days=min(km_left / a_day, FARTHEST.days)) if a_day > 0 else FARTHEST
        for a_day in (known.rate.high, known.rate.low)
    )
    return (max(known.today, begin + fast), max(known.today, begin + slow)) if fast < FARTHEST else None


def _first(on: date | None, days: tuple[date, date] | None) -> tuple[date | None, date | None]:
    if days is None:
        return on, on
    return (min(on, days[0]), min(on, days[1])) if on else days


def _by_window(known: Known, done: Done, window: Window) -> Due | None:
    if not window.by_km:
        early = done.day + timedelta(days=window.low * DAYS_A_MONTH)
        late = done.day + timedelta(days=window.high * DAYS_A_MONTH) if window.high is not None else None
        middle = window.middle * DAYS_A_MONTH if window.middle else None
        on = done.day + timedelta(days=middle) if middle else None
        gone = (known.today - done.day).days / middle if middle else 0.0
        due = Due("later", on, None, None, early, late, gone=max(0.0, gone))
        presses = done.day + timedelta(days=window.first * DAYS_A_MONTH) <= known.today + SOON
    else:
        if done.km is None or known.km is None:
            return None
        left = [
            None if mark is None else round(done.km + mark) - known.km for mark in (window.low, window.high)
        ]
        first, last = _days_to(known, left[0]), _days_to(known, left[1])
        at = round(done.km + window.middle) if window.middle else None
        km_left = None if at is None else at - known.km
        gone = (known.km - done.km) / window.middle if window.middle else 0.0
        due = Due(
            "later", None, at, km_left, first[0] if first else None, last[1] if last else None, gone=max(0.0, gone)
        )  # fmt: skip
        presses = known.km >= done.km + window.first - SOON_KM
    # By a model nothing is late, only more and more likely: it presses once the first tenth of all cars needed it, and
    # goes on pressing however long this one lasts.
    is_near = due.early is not None and due.early <= known.today + SOON
    return _with(due, "soon" if presses or is_near else "later")
