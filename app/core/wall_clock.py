"""The clock on a workshop's wall, in whole minutes since the epoch.

A shop thinks in wall time ("we open at eight"), the database and the algorithm in instants. Twice a year the
two part: some wall times do not exist, others exist twice, and `zoneinfo` answers both without a word. The
rule here, for every opening, shift and slot alike: a wall time means the *first* instant at which the clock
shows that time or later. So a time in the gap is the moment of the jump, a time in the overlap its first
occurrence, and two intervals that meet on paper (08:00–12:00, 12:00–17:00) meet on every day of the year.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 1440
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: wall time minus offset is UTC
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def minute_of(at: datetime) -> int:
    """The minute an aware datetime falls into, since the epoch."""
    return math.floor(at.timestamp() / 60)


def minute_after(at: datetime) -> int:
    """The first whole minute at or after an aware datetime: the careful end of a busy span."""
    return math.ceil(at.timestamp() / 60)


def instant(minute: int) -> datetime:
    """The moment an epoch minute begins, in UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


class WallClock:
    """Turns local dates and times of one zone into epoch minutes; remembers what it has looked up."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._days: dict[date, tuple[int, bool]] = {}

    def date_of(self, minute: int) -> date:
        """The local day an epoch minute falls on."""
        return instant(minute).astimezone(self.zone).date()

    def minute(self, day: date, minute_of_day: int) -> int:
        """The first epoch minute at which the clock shows `minute_of_day` of `day` (0..1440) or later."""
        midnight, even = self._day(day)
        return midnight + minute_of_day if even else self._resolve(_wall(day, minute_of_day))[0]

    def span(self, day: date, opens: time, closes: time) -> tuple[int, int]:
        """Hours of `day` in epoch minutes; `closes` at or before `opens` is on the next day."""
        closing_day = day if closes > opens else day + timedelta(days=1)
        return (
            self.minute(day, opens.hour * 60 + opens.minute),
            self.minute(closing_day, closes.hour * 60 + closes.minute),
        )

    def grid(self, day: date, step: int) -> list[int]:
        """The wall times of `day` every `step` minutes from midnight that exist, each once, in order."""
        midnight, even = self._day(day)
        if even:
            return list(range(midnight, midnight + DAY, step))
        resolved = (self._resolve(_wall(day, minute)) for minute in range(0, DAY, step))
        return [minute for minute, exists in resolved if exists]

    def _day(self, day: date) -> tuple[int, bool]:
        """(epoch minute of midnight, whether the day has no change of offset)."""
        if day not in self._days:
            first, last = self._offset(_wall(day, 0)), self._offset(_wall(day, DAY))
            self._days[day] = ((day.toordinal() - _EPOCH_ORDINAL) * DAY - first, first == last)
        return self._days[day]

    def _offset(self, wall: datetime, fold: int = 0) -> int:
        offset = wall.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta()
        return round(offset.total_seconds() / 60)

    def _resolve(self, wall: datetime) -> tuple[int, bool]:
        """(epoch minute, whether the wall time exists). PEP 495: in a gap fold=0 has the smaller offset."""
        shown = round((wall - _EPOCH).total_seconds() / 60)
        before, after = self._offset(wall), self._offset(wall, fold=1)
        if before >= after:
            return shown - before, True
        low, high = shown - after, shown - before  # the jump lies in (low, high]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._shown(middle) >= shown else (middle, high)
        return high, False

    def _shown(self, minute: int) -> int:
        local = instant(minute).astimezone(self.zone).replace(tzinfo=None)
        return round((local - _EPOCH).total_seconds() / 60)


def _wall(day: date, minute_of_day: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute_of_day)
