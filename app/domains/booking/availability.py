"""When can this work be done here? Pure: no session, no clock of its own, no I/O.

A visit needs one bay and one technician for its whole length. A start is free when

- it is a wall time of the center's zone on the slot grid (a time the daylight-saving jump skips does not
  exist; a time that comes twice is offered once, the first one),
- the work, real elapsed minutes, lies within one unbroken stretch of opening hours and of the technician's
  shift without absence,
- bay and technician have nothing else from `before` minutes ahead of the work to `after` minutes behind it.
  Buffers keep bookings apart; they may reach beyond opening hours and shifts,
- the bay has every kind and the technician every skill the work needs,
- it is no sooner than the earliest notice and no later than the horizon.

Method: for each resource the starts it allows form a few intervals (free spans shortened by the work's
length, less the starts that would touch a busy span); each interval is a run of bits over the grid, so a
month is a handful of big-integer ORs and one AND, not a walk over its 44,640 minutes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.wall_clock import DAY, WallClock, instant, minute_after, minute_of
from app.domains.booking.spans import Span, common, merged, without


@dataclass(frozen=True, slots=True)
class Hours:
    """From `opens` to `closes` in wall time; `closes` at or before `opens` means on the next day."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Timetable:
    """Hours by weekday (Monday is 0); a date that is listed has its own hours instead, perhaps none."""

    weekly: Mapping[int, tuple[Hours, ...]] = field(default_factory=dict)
    dated: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[Hours, ...]:
        own = self.dated.get(day)
        return self.weekly.get(day.weekday(), ()) if own is None else own


@dataclass(frozen=True, slots=True)
class Bay:
    id: UUID
    kinds: frozenset[str] = frozenset()
    busy: tuple[Span, ...] = ()
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Technician:
    id: UUID
    shifts: Timetable
    skills: frozenset[str] = frozenset()
    absences: tuple[Span, ...] = ()
    busy: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for: minutes of work, minutes kept free around it, what bay and technician must have."""

    minutes: int
    before: int = 0
    after: int = 0
    skills: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @classmethod
    def together(cls, parts: Iterable[Work]) -> Work:
        """Several services in one visit: lengths add up, the widest buffer counts, every need counts."""
        parts = tuple(parts)
        return cls(
            minutes=sum(part.minutes for part in parts),
            before=max((part.before for part in parts), default=0),
            after=max((part.after for part in parts), default=0),
            skills=frozenset[str]().union(*(part.skills for part in parts)),
            kinds=frozenset[str]().union(*(part.kinds for part in parts)),
        )


@dataclass(frozen=True, slots=True)
class Shop:
    """One service center as the search sees it."""

    zone: ZoneInfo
    hours: Timetable
    bays: tuple[Bay, ...]
    technicians: tuple[Technician, ...]
    step: int = 30
    notice: int = 0
    horizon: int = 60


class _Takers(NamedTuple):
    """Who could take which start: for each resource one integer with a bit for each time of the grid."""

    bays: list[tuple[UUID, int]]
    technicians: list[tuple[UUID, int]]


class Slot:
    """A free start. Who could take it, the best choice first, is looked up when it is asked for: a page of
    two hundred starts asks for none."""

    __slots__ = ("_at", "_takers", "ends", "starts")

    def __init__(self, starts: datetime, ends: datetime, at: int, takers: _Takers) -> None:
        self.starts = starts
        self.ends = ends
        self._at = at
        self._takers = takers

    @property
    def bays(self) -> tuple[UUID, ...]:
        return tuple(bay for bay, bits in self._takers.bays if bits & self._at)

    @property
    def technicians(self) -> tuple[UUID, ...]:
        return tuple(who for who, bits in self._takers.technicians if bits & self._at)

    @property
    def bay(self) -> UUID:
        return self.bays[0]

    @property
    def technician(self) -> UUID:
        return self.technicians[0]


def busy_span(starts: datetime, ends: datetime) -> Span:
    """A busy interval in whole minutes, never shorter than it is."""
    return minute_of(starts), minute_after(ends)


def free_slots(shop: Shop, work: Work, *, first: date, last: date, now: datetime) -> list[Slot]:
    """Every free start whose local date lies in first..last, in order.

    Dates are of the center's zone; `now` is aware. Resources are preferred by how little else they can do
    (the high-voltage bay is kept for high-voltage work), then in the order given.
    """
    if work.minutes <= 0:
        raise ValueError("work takes at least a minute")
    clock = WallClock(shop.zone)
    grid = _grid(shop, clock, first, last, now)
    bays = sorted((bay for bay in shop.bays if work.kinds <= bay.kinds), key=lambda bay: len(bay.kinds))
    people = sorted((p for p in shop.technicians if work.skills <= p.skills), key=lambda p: len(p.skills))
    if not grid or not bays or not people:
        return []

    reach = range(first.toordinal() - 1, last.toordinal() + work.minutes // DAY + 2)
    days = [date.fromordinal(day) for day in reach]
    opening = _expand(shop.hours, clock, days)
    starts = merged((start, end - work.minutes + 1) for start, end in opening)
    bay_bits = [
        _bits(
            grid,
            without(starts, _refused(b.busy, work, max(work.before, b.before), max(work.after, b.after))),
        )
        for b in bays
    ]
    person_bits = [_bits(grid, _starts_of(person, work, opening, clock, days)) for person in people]
    takers = _Takers(
        [(bay.id, bits) for bay, bits in zip(bays, bay_bits, strict=True)],
        [(person.id, bits) for person, bits in zip(people, person_bits, strict=True)],
    )
    return _slots(grid, work.minutes, takers)


def _grid(shop: Shop, clock: WallClock, first: date, last: date, now: datetime) -> list[int]:
    earliest = minute_after(now) + shop.notice
    final = clock.date_of(minute_of(now)) + timedelta(days=shop.horizon)
    first = max(first, clock.date_of(earliest))
    grid: list[int] = []
    day = first
    while day <= min(last, final):
        grid += clock.grid(day, shop.step)
        day += timedelta(days=1)
    return grid[bisect_left(grid, earliest) :]


def _expand(table: Timetable, clock: WallClock, days: Sequence[date]) -> list[Span]:
    return merged(clock.span(day, one.opens, one.closes) for day in days for one in table.on(day))


def _starts_of(
    person: Technician, work: Work, opening: list[Span], clock: WallClock, days: Sequence[date]
) -> list[Span]:
    there = without(common(opening, _expand(person.shifts, clock, days)), merged(person.absences))
    starts = merged((start, end - work.minutes + 1) for start, end in there)
    return without(starts, _refused(person.busy, work, work.before, work.after))


def _refused(busy: Iterable[Span], work: Work, before: int, after: int) -> list[Span]:
    """The starts at which the work with its buffers would touch something busy."""
    return merged((start - work.minutes - after + 1, end + before) for start, end in busy if start < end)


def _bits(grid: list[int], starts: list[Span]) -> int:
    """The grid times within the spans, as one integer with bit i for grid[i]."""
    bits = 0
    for start, end in starts:
        low, high = bisect_left(grid, start), bisect_left(grid, end)
        if low < high:
            bits |= ((1 << (high - low)) - 1) << low
    return bits


def _slots(grid: list[int], minutes: int, takers: _Takers) -> list[Slot]:
    any_bay = any_person = 0
    for _bay, bits in takers.bays:
        any_bay |= bits
    for _who, bits in takers.technicians:
        any_person |= bits
    free = any_bay & any_person
    length = timedelta(minutes=minutes)
    slots: list[Slot] = []
    while free:
        at = free & -free
        free ^= at
        starts = instant(grid[at.bit_length() - 1])
        slots.append(Slot(starts, starts + length, at, takers))
    return slots
