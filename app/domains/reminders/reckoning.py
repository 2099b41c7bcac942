"""When a reminder is due, and how urgent it is. Nothing here reads or writes the database."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from app.domains.garage import Rate
from app.domains.reminders.models import Reminder

Urgency = Literal["overdue", "soon", "waiting", "snoozed", "unknown"]

SOON = timedelta(days=30)
SOON_KM = 1_500
SOON_SHARE = 10
"""A count is near within a tenth of its interval."""
FARTHEST = timedelta(days=366 * 10)
"""Beyond ten years a date reckoned from how far a car goes says nothing."""


def after_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def next_day(first: date | None, months: int | None, last: date | None, *, is_fixed: bool) -> date | None:
    """The day it is due next. `first`: as it was set; `last`: when it was done, None if never. What was done up to half
    its interval early counts for the time that was near."""
    if last is None:
        return first
    if not months:
        return None
    if not is_fixed or first is None:
        return after_months(last, months)
    rounds, early = 0, timedelta(days=15 * months)
    while after_months(first, rounds) <= last + early:
        rounds += months
    return after_months(first, rounds)


def next_mark(first: int | None, every: int | None, last: int | None, *, is_fixed: bool) -> int | None:
    """The same for a mileage in kilometres, or a count."""
    if last is None:
        return first
    if not every:
        return None
    if not is_fixed or first is None:
        return last + every
    return first + max(0, (last + every // 2 - first) // every + 1) * every


def settle(reminder: Reminder) -> None:
    """Set when it is due next, from what was set and when it was done: by hand or by the logbook, whichever is later.
    Another time to be due is another to be told of."""
    before = reminder.due_on, reminder.due_km, reminder.due_count
    if reminder.is_recurring:
        _set_anew(reminder)
    else:
        reminder.due_on, reminder.due_km = reminder.first_on, reminder.first_km
        reminder.due_count = reminder.first_count
    if (reminder.due_on, reminder.due_km, reminder.due_count) != before:
        reminder.told, reminder.snoozed_until, reminder.snoozed_until_km = 0, None, None


def _set_anew(reminder: Reminder) -> None:
    by_hand = (reminder.last_on or date.min) >= (reminder.logged_on or date.min)
    last_on = reminder.last_on if by_hand else reminder.logged_on
    last_km = reminder.last_km if by_hand else reminder.logged_km
    fixed = reminder.is_fixed
    reminder.due_on = next_day(reminder.first_on, reminder.every_months, last_on, is_fixed=fixed)
    reminder.due_km = next_mark(reminder.first_km, reminder.every_km, last_km, is_fixed=fixed)
    if last_on is not None and last_km is None:
        reminder.due_km = None  # nobody knows from where to count
    reminder.due_count = next_mark(
        reminder.first_count, reminder.every_count, reminder.last_count, is_fixed=fixed
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reminder stands."""

    urgency: Urgency
    days: int | None
    """Until the day, below 0 when it has passed."""
    km: int | None
    count: int | None
    expected: tuple[date, date] | None
    """Between which days its mileage will come, by how far the car goes."""


def stands(
    reminder: Reminder, today: date, km_now: int | None, rate: Rate | None = None, km_at: date | None = None
) -> Standing:
    """How a reminder stands today, of a car that had gone `km_now` kilometres on the day `km_at`. Whichever comes first
    counts. A mileage nobody has read makes nothing due."""
    days = None if reminder.due_on is None else (reminder.due_on - today).days
    km = None if reminder.due_km is None or km_now is None else reminder.due_km - km_now
    count = None
    if reminder.due_count is not None and reminder.count_now is not None:
        count = reminder.due_count - reminder.count_now
    left = [one for one in (days, km, count) if one is not None]
    # "Due today" is not late yet; a mileage that is reached is.
    is_over = (days is not None and days < 0) or any(one is not None and one <= 0 for one in (km, count))
    is_near = (
        (days is not None and days <= SOON.days)
        or (km is not None and km <= _near(reminder.every_km, SOON_KM))
        or (count is not None and count <= max(1, (reminder.every_count or 0) // SOON_SHARE))
    )
    urgency: Urgency = "overdue" if is_over else "soon" if is_near else "waiting" if left else "unknown"
    if (
        urgency == "soon"
        and days is not None
        and reminder.every_months == 1
        and days > 7
        and not _is_near_km(km)
    ):
        urgency = "waiting"  # what comes every month is not near all the time
    if urgency in ("overdue", "soon") and _is_put_off(reminder, today, km_now):
        urgency = "snoozed"
    return Standing(urgency, days, km, count, _expected(km, rate, km_at or today, today))


def _is_put_off(reminder: Reminder, today: date, km_now: int | None) -> bool:
    """By a distance: until the car has gone that far, or until the day, whichever is first."""
    if reminder.snoozed_until is None or reminder.snoozed_until <= today:
        return False
    far = reminder.snoozed_until_km
    return far is None or km_now is None or km_now < far


def _near(every_km: int | None, usual: int) -> int:
    return min(usual, every_km // 4) if every_km else usual


def _is_near_km(km: int | None) -> bool:
    return km is not None and km <= SOON_KM


def _expected(km: int | None, rate: Rate | None, since: date, today: date) -> tuple[date, date] | None:
    """Between which days the car will have gone `km` more than on the day `since`, by the tenth and ninetieth percentile of
    how far it goes in a day."""
    if km is None or km <= 0 or rate is None or rate.high <= 0:
        return None
    early, late = (
        min(timedelta(days=km / a_day), FARTHEST) if a_day > 0 else FARTHEST
        for a_day in (rate.high, rate.low)
    )
    return (max(today, since + early), max(today, since + late)) if early < FARTHEST else None


ORDER = {"overdue": 0, "soon": 1, "snoozed": 2, "waiting": 3, "unknown": 4}


def urgency_order(standing: Standing) -> tuple[int, int]:
    """What comes first in a list: the most urgent, then what is nearest; thirty kilometres are about a day."""
    near = [standing.days, None if standing.km is None else standing.km // 30]
    return ORDER[standing.urgency], min((one for one in near if one is not None), default=FARTHEST.days)
