"""Hours as people write them: "8-12, 1–5:30 pm" in a form, [["08:00", "12:00"], …] in the database."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from babel import dates

from app.core.errors import Invalid
from app.core.wall_clock import WallClock, instant
from app.core.words import _, spoken

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_INTERVALS = 4

Interval = tuple[time, time]

_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*([ap]\.?m\.?)?"
_INTERVAL = re.compile(rf"^{_TIME}\s*(?:-|–|—|to)\s*{_TIME}$", re.IGNORECASE)


def read_hours(words: str) -> list[Interval]:
    """Read the hours of one day; empty means closed. Raises ValueError with words for the user.

    An interval that ends at or before its start runs past midnight, but only when both ends are spelled out:
    "8-5" is more likely a slip than a night shift.
    """
    intervals = [_interval(part.strip()) for part in re.split(r"[,;]|\band\b", words) if part.strip()]
    if len(intervals) > MOST_INTERVALS:
        raise ValueError(_("At most %(number)s stretches a day.", number=MOST_INTERVALS))
    return _in_order(intervals)


def write_hours(intervals: Iterable[Sequence[str] | Interval]) -> str:
    """The way back, as the reader's language tells the time: "8:00 AM–12:00 PM, 1:00 PM–5:30 PM". What could not be
    read again, and so not stand in the form, is written on twenty-four hours."""
    spans = [(time_of(opens), time_of(closes)) for opens, closes in intervals]
    said = [f"{_said(opens)}–{_said(closes)}" for opens, closes in spans]
    if all(_INTERVAL.match(one) for one in said):
        return ", ".join(said)
    return ", ".join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in spans)


def _said(at: time) -> str:
    return dates.format_time(at, format="short", locale=spoken())


def nights(week: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """The days whose hours run past midnight: more often a slip than a night shift, so it is said aloud."""
    return [day for day in WEEKDAYS if any(closes <= opens for opens, closes in week.get(day, ()))]


def stored(intervals: Iterable[Interval]) -> list[list[str]]:
    return [[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes in intervals]


def hours_of(
    day: date, week: Mapping[str, Sequence[Sequence[str]]], others: Mapping[date, Sequence[Sequence[str]]]
) -> Sequence[Sequence[str]]:
    """The hours of one day: its own, if it has other hours than the usual week."""
    return others[day] if day in others else week.get(WEEKDAYS[day.weekday()], ())


def open_spans(
    days: Iterable[date],
    week: Mapping[str, Sequence[Sequence[str]]],
    others: Mapping[date, Sequence[Sequence[str]]],
    zone: str,
) -> list[tuple[datetime, datetime]]:
    """The hours of these days as instants of UTC, in order."""
    wall = WallClock(ZoneInfo(zone))
    spans = (
        wall.span(day, time_of(opens), time_of(closes))
        for day in days
        for opens, closes in hours_of(day, week, others)
    )
    return sorted((instant(opens), instant(closes)) for opens, closes in spans)


def stands_open(
    week: Mapping[str, Sequence[Sequence[str]]],
    others: Mapping[date, Sequence[Sequence[str]]],
    zone: str,
    now: datetime,
) -> tuple[bool, datetime | None]:
    """Whether a workshop is open now, and when that changes within a week. Hours are of the workshop's own clock,
    and may run past midnight from the day before."""
    today = now.astimezone(ZoneInfo(zone)).date()
    spans = open_spans([today + timedelta(days=n) for n in range(-1, 8)], week, others, zone)
    until = next((closes for opens, closes in spans if opens <= now < closes), None)
    if until is None:
        return False, min((opens for opens, _closes in spans if opens > now), default=None)
    for opens, closes in spans:  # a night that goes on after midnight under the next day's name
        until = max(until, closes) if opens <= until else until
    return True, until if until < now + timedelta(days=7) else None


def time_of(said: str | time) -> time:
    """A time of day as it is stored; "24:00" is the midnight at the end of the day."""
    if isinstance(said, time):
        return said
    return time() if said == "24:00" else time.fromisoformat(said)


def read_week(form: Mapping[str, str], prefix: str = "hours_") -> dict[str, list[list[str]]]:
    """A whole week from the fields hours_mon … hours_sun. Raises Invalid naming the wrong fields."""
    week: dict[str, list[list[str]]] = {}
    errors: dict[str, str] = {}
    for day in WEEKDAYS:
        try:
            week[day] = stored(read_hours(form.get(prefix + day, "")))
        except ValueError as error:
            errors[prefix + day] = str(error)
    if errors:
        raise Invalid(errors, form)
    return {day: intervals for day, intervals in week.items() if intervals}


def check_week(week: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, list[list[str]]]:
    """The same from JSON: {"mon": [["08:00", "17:00"]]}."""
    errors: dict[str, str] = {}
    clean: dict[str, list[list[str]]] = {}
    for day, intervals in week.items():
        try:
            if day not in WEEKDAYS:
                raise ValueError(_("Days are called mon, tue, wed, thu, fri, sat, sun."))
            clean[day] = stored(read_hours(", ".join("–".join(span) for span in intervals)))
        except (ValueError, TypeError) as error:
            errors[f"working_hours.{day}"] = str(error)
    if errors:
        raise Invalid(errors)
    return {day: intervals for day, intervals in clean.items() if intervals}


def _interval(words: str) -> Interval:
    match = _INTERVAL.match(words)
    if match is None:
        like = write_hours([("08:00", "17:00")])
        raise ValueError(_("“%(words)s” is not a time span. Write it like %(like)s.", words=words, like=like))
    hour, minute, half, last_hour, last_minute, last_half = match.groups()
    opens, closes = _clock(hour, minute, half, words), _clock(last_hour, last_minute, last_half, words)
    spelled_out = (minute or half) and (last_minute or last_half)
    if closes <= opens and closes != time() and not spelled_out:
        day, night = write_hours([("08:00", "17:00")]), write_hours([("22:00", "06:00")])
        raise ValueError(
            _(
                "“%(words)s” would run past midnight. Write it like %(day)s or %(night)s.",
                words=words,
                day=day,
                night=night,
            )
        )
    return opens, closes


def _clock(hour: str, minute: str | None, half: str | None, words: str) -> time:
    number, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= number <= 12:
            raise ValueError(_("“%(words)s” has a time that does not exist.", words=words))
        number = number % 12 + (12 if half.lower().startswith("p") else 0)
    if number == 24 and minutes == 0:
        number = 0
    if number > 23 or minutes > 59:
        raise ValueError(_("“%(words)s” has a time that does not exist.", words=words))
    return time(number, minutes)


def _in_order(intervals: list[Interval]) -> list[Interval]:
    intervals = sorted(intervals)
    for (_opens, closes), (opens, _closes) in pairwise(intervals):
        if closes > opens or closes <= _opens:
            raise ValueError(_("These hours overlap."))
    return intervals
