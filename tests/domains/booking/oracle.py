"""Availability by walking every minute: slow, simple, and sharing no line with the algorithm it judges.

Wall time is never converted to an instant here. Every instant is shown on the center's clock instead, and an
opening lasts from the first minute that shows its start (or later) to the first that shows its end.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from uuid import UUID

from app.domains.booking.availability import Shop, Timetable, Work

Answer = list[tuple[datetime, frozenset[UUID], frozenset[UUID]]]


class Minutes:
    """Every minute of some days around the search, and what the wall clock shows at each."""

    def __init__(self, shop: Shop, first: date, last: date) -> None:
        begin = datetime.combine(first - timedelta(days=3), time(), UTC)
        count = ((last - first).days + 8) * 1440
        self.utc = [begin + timedelta(minutes=i) for i in range(count)]
        shown = [at.astimezone(shop.zone) for at in self.utc]
        self.wall = [at.replace(tzinfo=None, fold=0) for at in shown]
        self.fold = [at.fold for at in shown]
        self.latest = list(accumulate(self.wall, max))

    def first_showing(self, wall: datetime) -> int:
        return bisect_left(self.latest, wall)

    def open_during(self, table: Timetable) -> bytearray:
        marks = bytearray(len(self.utc))
        day, final = self.wall[0].date(), self.wall[-1].date()
        while day <= final:
            for hours in table.dated.get(day, table.weekly.get(day.weekday(), ())):
                closing = day if hours.closes > hours.opens else day + timedelta(days=1)
                low = self.first_showing(datetime.combine(day, hours.opens))
                high = self.first_showing(datetime.combine(closing, hours.closes))
                marks[low:high] = b"\1" * (high - low)
            day += timedelta(days=1)
        return marks

    def marked(self, spans: tuple[tuple[int, int], ...]) -> bytearray:
        marks = bytearray(len(self.utc))
        origin = int(self.utc[0].timestamp()) // 60
        for start, end in spans:
            for minute in range(max(start - origin, 0), min(end - origin, len(marks))):
                marks[minute] = 1
        return marks


def every_slot(shop: Shop, work: Work, *, first: date, last: date, now: datetime) -> Answer:
    minutes = Minutes(shop, first, last)
    opening = minutes.open_during(shop.hours)
    bays = [
        (bay, minutes.marked(bay.busy), max(work.before, bay.before), max(work.after, bay.after))
        for bay in shop.bays
        if not work.kinds - bay.kinds
    ]
    people = [
        (who, minutes.open_during(who.shifts), minutes.marked(who.absences), minutes.marked(who.busy))
        for who in shop.technicians
        if not work.skills - who.skills
    ]
    today = now.astimezone(shop.zone).date()
    answer: Answer = []
    for i, at in enumerate(minutes.utc):
        wall, end = minutes.wall[i], i + work.minutes
        if not first <= wall.date() <= last or wall.date() > today + timedelta(days=shop.horizon):
            continue
        if (wall.hour * 60 + wall.minute) % shop.step or minutes.fold[i]:
            continue
        if at < now + timedelta(minutes=shop.notice) or not all(opening[i:end]):
            continue
        free_bays = frozenset(
            b.id for b, busy, before, after in bays if not any(busy[i - before : end + after])
        )
        free_people = frozenset(
            who.id
            for who, shift, away, busy in people
            if all(shift[i:end])
            and not any(away[i:end])
            and not any(busy[i - work.before : end + work.after])
        )
        if free_bays and free_people:
            answer.append((at, free_bays, free_people))
    return answer
