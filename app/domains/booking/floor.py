"""Reads a service center as the slot search sees it, in one round trip."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains.booking.availability import Bay, Hours, Shop, Technician, Timetable, Work, busy_span
from app.domains.booking.spans import Span
from app.domains.network.models import ServiceCenter
from app.domains.network.opening import WEEKDAYS, time_of
from app.domains.services.models import Service

_FLOOR = text("""
WITH bay AS MATERIALIZED (
  SELECT id, capabilities, buffer_before_minutes, buffer_after_minutes, position, name
    FROM bays WHERE tenant_id = :tenant AND center_id = :center AND is_active
), person AS MATERIALIZED (
  SELECT id, skills, name FROM staff_profiles
   WHERE tenant_id = :tenant AND center_id = :center AND is_active AND is_technician
)
SELECT json_build_object(
  'bays', (SELECT json_agg(json_build_object('id', id, 'kinds', capabilities, 'before', buffer_before_minutes,
             'after', buffer_after_minutes) ORDER BY position, name) FROM bay),
  'people', (SELECT json_agg(json_build_object('id', id, 'skills', skills) ORDER BY name) FROM person),
  'shifts', (SELECT json_agg(json_build_array(staff_id, weekday, starts, ends, valid_from, valid_to))
               FROM shifts WHERE tenant_id = :tenant AND staff_id IN (SELECT id FROM person)
                AND coalesce(valid_from, :last) <= :last AND coalesce(valid_to, :first) >= :first),
  'absences', (SELECT json_agg(json_build_array(staff_id, starts_at, ends_at))
                 FROM absences WHERE tenant_id = :tenant AND staff_id IN (SELECT id FROM person)
                  AND starts_at < :until AND ends_at > :since),
  'exceptions', (SELECT json_agg(json_build_array(day, coalesce(intervals -> 'open', '[]')))
                   FROM hours_exceptions WHERE tenant_id = :tenant AND center_id = :center
                    AND day BETWEEN :first AND :last),
  'busy', (SELECT json_object_agg(resource_id, spans) FROM (SELECT resource_id, json_agg(json_build_array(
             floor(extract(epoch FROM lower(during)) / 60)::bigint,
             ceil(extract(epoch FROM upper(during)) / 60)::bigint)) AS spans
             FROM occupations
            WHERE tenant_id = :tenant AND is_active AND ends_at > :since AND during && tstzrange(:since, :until)
              AND resource_id = ANY (ARRAY(SELECT id FROM bay UNION ALL SELECT id FROM person))
              AND (held_until IS NULL OR held_until > :now)
              AND appointment_id IS DISTINCT FROM :except_for
            GROUP BY resource_id) taken)
)::text
""")


class _BayRow(msgspec.Struct):
    id: UUID
    kinds: frozenset[str]
    before: int
    after: int


class _PersonRow(msgspec.Struct):
    id: UUID
    skills: frozenset[str]


_ShiftRow = tuple[UUID, int, time, time, date | None, date | None]


class _Floor(msgspec.Struct):
    bays: list[_BayRow] | None
    people: list[_PersonRow] | None
    shifts: list[_ShiftRow] | None
    absences: list[tuple[UUID, datetime, datetime]] | None
    exceptions: list[tuple[date, list[tuple[str, str]]]] | None
    busy: dict[UUID, tuple[Span, ...]] | None


_decoder = msgspec.json.Decoder(_Floor)


def work_of(services: Iterable[tuple[Service, int]]) -> Work:
    """What some services, each so many times, need together in one visit. Anybody can do "general" work."""
    return Work.together(
        Work(
            minutes=service.duration_minutes * quantity,
            before=service.buffer_before_minutes,
            after=service.buffer_after_minutes,
            skills=frozenset({service.skill} - {"", "general"}),
            kinds=frozenset({service.bay_capability} - {""}),
        )
        for service, quantity in services
    )


async def shop_floor(
    db: AsyncSession, center: ServiceCenter, *, first: date, last: date, except_for: UUID | None = None
) -> Shop:
    """Bays, people, hours and what is taken from `first` to `last`; the transaction must be in the tenant.

    What the appointment `except_for` occupies counts as free: it is the one to be moved.
    """
    # A day on either side covers every zone, night shifts and buffers; work that runs longer than that
    # meets the limit of a service's length first.
    first, last = first - timedelta(days=1), last + timedelta(days=3)
    zone = ZoneInfo(center.zone)
    found = await db.scalar(
        _FLOOR,
        {
            "tenant": center.tenant_id,
            "center": center.id,
            "first": first,
            "last": last,
            "since": datetime.combine(first, time(), zone),
            "until": datetime.combine(last, time(), zone),
            "now": clock.now(),
            "except_for": except_for,
        },
    )
    floor = _decoder.decode(found or "{}")
    busy = floor.busy or {}
    absences = _grouped((row[0], busy_span(row[1], row[2])) for row in floor.absences or ())
    shifts: dict[UUID, list[_ShiftRow]] = {}
    for row in floor.shifts or ():
        shifts.setdefault(row[0], []).append(row)
    return Shop(
        zone=zone,
        hours=Timetable(weekly_hours(center.working_hours), dict(_exceptions(floor))),
        bays=tuple(
            Bay(bay.id, bay.kinds, busy.get(bay.id, ()), bay.before, bay.after) for bay in floor.bays or ()
        ),
        technicians=tuple(
            Technician(
                id=person.id,
                shifts=_timetable(shifts.get(person.id, []), first, last),
                skills=person.skills,
                absences=absences.get(person.id, ()),
                busy=busy.get(person.id, ()),
            )
            for person in floor.people or ()
        ),
        step=center.slot_minutes,
        notice=center.notice_minutes,
        horizon=center.horizon_days,
    )


def weekly_hours(stored: Mapping[str, Any]) -> dict[int, tuple[Hours, ...]]:
    """A center's working hours as stored: {"mon": [["08:00", "17:00"]]}."""
    return {WEEKDAYS.index(name): _hours(intervals) for name, intervals in stored.items() if name in WEEKDAYS}


def _hours(intervals: Iterable[tuple[str, str]]) -> tuple[Hours, ...]:
    return tuple(Hours(time_of(opens), time_of(closes)) for opens, closes in intervals)


def _exceptions(floor: _Floor) -> Iterable[tuple[date, tuple[Hours, ...]]]:
    return ((day, _hours(intervals)) for day, intervals in floor.exceptions or ())


def _grouped(rows: Iterable[tuple[UUID, Span]]) -> dict[UUID, tuple[Span, ...]]:
    groups: dict[UUID, list[Span]] = {}
    for key, span in rows:
        groups.setdefault(key, []).append(span)
    return {key: tuple(spans) for key, spans in groups.items()}


def _timetable(rows: list[_ShiftRow], first: date, last: date) -> Timetable:
    weekly: dict[int, tuple[Hours, ...]] = {}
    for _staff, weekday, starts, ends, since, until in rows:
        if since is None and until is None:
            weekly[weekday] = (*weekly.get(weekday, ()), Hours(starts, ends))
    limited = [row for row in rows if row[4] or row[5]]
    if not limited:
        return Timetable(weekly)
    dated: dict[date, tuple[Hours, ...]] = {}
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        extra = tuple(
            Hours(starts, ends)
            for _staff, weekday, starts, ends, since, until in limited
            if weekday == day.weekday() and (since or day) <= day <= (until or day)
        )
        if extra:
            dated[day] = (*weekly.get(day.weekday(), ()), *extra)
    return Timetable(weekly, dated)
