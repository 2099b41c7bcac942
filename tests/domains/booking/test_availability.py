from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domains.booking.availability import (
    Bay,
    Hours,
    Shop,
    Slot,
    Technician,
    Timetable,
    Work,
    busy_span,
    free_slots,
)
from tests.domains.booking.oracle import every_slot

BERLIN, NEW_YORK, LORD_HOWE = (
    ZoneInfo(z) for z in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
)
EIGHT_TO_FIVE = (Hours(time(8), time(17)),)
WORKDAYS = Timetable(dict.fromkeys(range(5), EIGHT_TO_FIVE))
ALWAYS = Timetable({day: (Hours(time(), time()),) for day in range(7)})
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MONDAY = date(2026, 11, 23)

# Both jumps of each zone in 2026, a plain week, and the leap day.
DAYS = [
    (BERLIN, date(2026, 3, 29)),
    (BERLIN, date(2026, 10, 25)),
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    (LORD_HOWE, date(2026, 4, 5)),
    (LORD_HOWE, date(2026, 10, 4)),
    (BERLIN, date(2026, 6, 17)),
    (NEW_YORK, date(2028, 2, 29)),
]


def a_bay(number: int = 1, **more: object) -> Bay:
    return Bay(id=UUID(int=number), **more)  # type: ignore[arg-type]


def a_technician(number: int = 101, shifts: Timetable = WORKDAYS, **more: object) -> Technician:
    return Technician(id=UUID(int=number), shifts=shifts, **more)  # type: ignore[arg-type]


def a_shop(**more: object) -> Shop:
    plain: dict[str, object] = {
        "zone": BERLIN,
        "hours": WORKDAYS,
        "bays": (a_bay(),),
        "technicians": (a_technician(),),
        "horizon": 100_000,
    }
    return Shop(**(plain | more))  # type: ignore[arg-type]


def on(shop: Shop, day: date, work: Work | None = None, now: datetime = LONG_AGO) -> list[str]:
    found = free_slots(shop, work or Work(60), first=day, last=day, now=now)
    return [f"{slot.starts.astimezone(shop.zone):%H:%M}" for slot in found]


def local(day: date, hour: int, minute: int = 0, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.combine(day, time(hour, minute), zone)


def busy(day: date, start: int, end: int) -> tuple[tuple[int, int], ...]:
    return (busy_span(local(day, start), local(day, end)),)


def test_the_last_slot_ends_when_the_shop_closes() -> None:
    slots = on(a_shop(), MONDAY)
    assert (slots[0], slots[-1], len(slots)) == ("08:00", "16:00", 17)


def test_a_closed_day_has_no_slots() -> None:
    assert on(a_shop(), MONDAY - timedelta(days=1)) == []


def test_an_exception_replaces_the_hours_of_its_date() -> None:
    shop = a_shop(hours=Timetable(WORKDAYS.weekly, {MONDAY: (Hours(time(10), time(12)),)}))
    assert on(shop, MONDAY) == ["10:00", "10:30", "11:00"]
    closed = a_shop(hours=Timetable(WORKDAYS.weekly, {MONDAY: ()}))
    assert on(closed, MONDAY) == []
    assert on(closed, MONDAY + timedelta(days=1)) != []


def test_work_does_not_run_through_the_lunch_break() -> None:
    hours = Timetable({0: (Hours(time(8), time(12)), Hours(time(13), time(17)))})
    assert on(a_shop(hours=hours, step=60), MONDAY, Work(120)) == [
        "08:00",
        "09:00",
        "10:00",
        "13:00",
        "14:00",
        "15:00",
    ]


def test_hours_that_meet_are_one_stretch() -> None:
    hours = Timetable({0: (Hours(time(8), time(12)), Hours(time(12), time(17)))})
    assert "11:30" in on(a_shop(hours=hours), MONDAY)


def test_a_busy_bay_leaves_the_other() -> None:
    shop = a_shop(bays=(a_bay(1, busy=busy(MONDAY, 8, 17)), a_bay(2)))
    slots = free_slots(shop, Work(60), first=MONDAY, last=MONDAY, now=LONG_AGO)
    assert {slot.bays for slot in slots} == {(UUID(int=2),)}


def test_one_busy_technician_blocks_every_bay() -> None:
    shop = a_shop(bays=(a_bay(1), a_bay(2)), technicians=(a_technician(busy=busy(MONDAY, 9, 16)),))
    assert on(shop, MONDAY) == ["08:00", "16:00"]


def test_buffers_keep_bookings_apart_but_not_from_opening_time() -> None:
    shop = a_shop(bays=(a_bay(busy=busy(MONDAY, 10, 11)),), step=15)
    slots = on(shop, MONDAY, Work(60, before=15, after=30))
    assert slots[0] == "08:00"
    assert "08:30" in slots
    assert "08:45" not in slots
    assert "11:00" not in slots
    assert "11:15" in slots
    assert slots[-1] == "16:00"


def test_a_bay_has_buffers_of_its_own() -> None:
    shop = a_shop(bays=(a_bay(busy=busy(MONDAY, 10, 11), after=60),))
    assert "08:30" not in on(shop, MONDAY)
    assert "08:00" in on(shop, MONDAY)
    assert "11:00" in on(shop, MONDAY)


def test_every_skill_and_bay_kind_is_needed() -> None:
    shop = a_shop(
        bays=(a_bay(1, kinds=frozenset({"lift"})), a_bay(2, kinds=frozenset({"lift", "hv"}))),
        technicians=(a_technician(101), a_technician(102, skills=frozenset({"hv"}))),
    )
    work = Work(60, kinds=frozenset({"hv", "lift"}), skills=frozenset({"hv"}))
    [slot, *_] = free_slots(shop, work, first=MONDAY, last=MONDAY, now=LONG_AGO)
    assert (slot.bays, slot.technicians) == ((UUID(int=2),), (UUID(int=102),))
    assert on(shop, MONDAY, Work(60, kinds=frozenset({"alignment"}))) == []


def test_plain_work_goes_to_the_plain_bay_first() -> None:
    shop = a_shop(bays=(a_bay(1, kinds=frozenset({"hv"})), a_bay(2)))
    assert free_slots(shop, Work(60), first=MONDAY, last=MONDAY, now=LONG_AGO)[0].bay == UUID(int=2)


def test_an_absence_ends_the_shift() -> None:
    shop = a_shop(technicians=(a_technician(absences=busy(MONDAY, 12, 17)),))
    assert on(shop, MONDAY)[-1] == "11:00"


def test_a_shift_may_cross_midnight() -> None:
    night = Timetable({0: (Hours(time(22), time(6)),)})
    shop = a_shop(hours=ALWAYS, technicians=(a_technician(shifts=night),), step=60)
    assert on(shop, MONDAY) == ["22:00", "23:00"]
    assert on(shop, MONDAY + timedelta(days=1)) == ["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]
    assert on(shop, MONDAY, Work(480)) == ["22:00"]


def test_notice_and_horizon() -> None:
    shop = a_shop(notice=120, horizon=1)
    assert on(shop, MONDAY, now=local(MONDAY, 8, 10))[0] == "10:30"
    assert on(shop, MONDAY + timedelta(days=1), now=local(MONDAY, 8)) != []
    assert on(shop, MONDAY + timedelta(days=2), now=local(MONDAY, 8)) == []


def test_several_services_are_one_visit() -> None:
    brakes = Work(90, before=10, after=5, skills=frozenset({"brakes"}), kinds=frozenset({"lift"}))
    battery = Work(45, before=5, after=20, skills=frozenset({"hv"}))
    assert Work.together([brakes, battery, battery]) == Work(
        180, 10, 20, frozenset({"brakes", "hv"}), frozenset({"lift"})
    )


def test_work_that_takes_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least a minute"):
        free_slots(a_shop(), Work(0), first=MONDAY, last=MONDAY, now=LONG_AGO)


def night_shop(zone: ZoneInfo, step: int = 30) -> Shop:
    return a_shop(zone=zone, hours=ALWAYS, technicians=(a_technician(shifts=ALWAYS),), step=step)


def test_the_hour_the_spring_jump_skips_is_not_offered() -> None:
    slots = on(night_shop(BERLIN), date(2026, 3, 29))
    assert "01:30" in slots
    assert "02:00" not in slots
    assert "02:30" not in slots
    assert "03:00" in slots
    assert len(slots) == 46


def test_the_hour_that_comes_twice_is_offered_once() -> None:
    slots = on(night_shop(BERLIN), date(2026, 10, 25))
    assert slots.count("02:30") == 1
    assert len(slots) == 48
    [at] = [
        slot.starts
        for slot in free_slots(
            night_shop(BERLIN), Work(60), first=date(2026, 10, 25), last=date(2026, 10, 25), now=LONG_AGO
        )
        if f"{slot.starts.astimezone(BERLIN):%H:%M}" == "02:30"
    ]
    assert at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_half_hour_of_lord_howe() -> None:
    assert "02:00" not in on(night_shop(LORD_HOWE), date(2026, 10, 4))
    assert on(night_shop(LORD_HOWE, 15), date(2026, 4, 5)).count("01:45") == 1


def test_a_date_that_was_skipped_has_no_slots() -> None:
    assert on(night_shop(ZoneInfo("Pacific/Apia")), date(2011, 12, 30)) == []


def test_work_over_the_jump_takes_real_minutes() -> None:
    early = Timetable({6: (Hours(time(1), time(5)),)})
    spring = a_shop(hours=early, technicians=(a_technician(shifts=early),), step=60)
    assert on(spring, date(2026, 3, 29), Work(180)) == ["01:00"]
    assert on(spring, date(2026, 3, 29), Work(181)) == []
    assert on(spring, date(2026, 10, 25), Work(240)) == ["01:00", "02:00"]


times = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
odd_times = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))
stretches = st.lists(st.builds(Hours, times | odd_times, times | odd_times), max_size=3).map(tuple)
kinds = st.sets(st.sampled_from(["lift", "hv", "alignment"]), max_size=2).map(frozenset)


@st.composite
def timetables(draw: st.DrawFn, around: date) -> Timetable:
    near = st.integers(-3, 4).map(lambda days: around + timedelta(days=days))
    weekly = draw(
        st.just({day: (Hours(time(), time()),) for day in range(7)})
        | st.dictionaries(st.integers(0, 6), stretches, min_size=4)
    )
    return Timetable(weekly, draw(st.dictionaries(near, stretches, max_size=2)))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Shop, Work, date, date, datetime]:
    zone, day = draw(st.sampled_from(DAYS))
    origin = int(datetime.combine(day, time(), zone).timestamp()) // 60
    spans = st.lists(
        st.tuples(st.integers(-1440, 2880), st.integers(1, 500)).map(
            lambda s: (origin + s[0], origin + s[0] + s[1])
        ),
        max_size=3,
    ).map(tuple)
    minutes = st.integers(0, 45)
    bays = draw(st.lists(st.tuples(kinds, spans, minutes, minutes), min_size=1, max_size=3))
    people = draw(st.lists(st.tuples(timetables(day), kinds, spans, spans), min_size=1, max_size=3))
    shop = Shop(
        zone=zone,
        hours=draw(timetables(day)),
        bays=tuple(Bay(UUID(int=i), *bay) for i, bay in enumerate(bays)),
        technicians=tuple(Technician(UUID(int=100 + i), *person) for i, person in enumerate(people)),
        step=draw(st.sampled_from([10, 15, 25, 30, 60])),
        notice=draw(st.sampled_from([0, 0, 90, 1440])),
        horizon=draw(st.sampled_from([0, 1, 90])),
    )
    work = Work(
        draw(st.integers(1, 200) | st.sampled_from([30, 60, 90, 1500])),
        draw(minutes),
        draw(minutes),
        draw(st.just(frozenset[str]()) | kinds),
        draw(st.just(frozenset[str]()) | kinds),
    )
    now = datetime.fromtimestamp((origin + draw(st.integers(-2000, 600))) * 60, UTC)
    return (
        shop,
        work,
        day - timedelta(days=draw(st.integers(0, 1))),
        day + timedelta(days=draw(st.integers(0, 1))),
        now,
    )


def comparable(slots: list[Slot]) -> list[tuple[datetime, frozenset[UUID], frozenset[UUID]]]:
    return [(slot.starts, frozenset(slot.bays), frozenset(slot.technicians)) for slot in slots]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_it_agrees_with_walking_every_minute(question: tuple[Shop, Work, date, date, datetime]) -> None:
    shop, work, first, last, now = question
    found = free_slots(shop, work, first=first, last=last, now=now)
    assert comparable(found) == every_slot(shop, work, first=first, last=last, now=now)
    assert all(slot.ends - slot.starts == timedelta(minutes=work.minutes) for slot in found)


def test_a_month_for_ten_bays_and_ten_technicians_takes_milliseconds() -> None:
    chance = random.Random(7)
    origin = int(local(MONDAY, 8).timestamp()) // 60

    def some() -> tuple[tuple[int, int], ...]:
        days = (origin + chance.randrange(30) * 1440 + chance.randrange(0, 480, 15) for _ in range(60))
        return tuple((start, start + 90) for start in days)

    shop = a_shop(
        bays=tuple(a_bay(i, busy=some()) for i in range(10)),
        technicians=tuple(a_technician(100 + i, busy=some()) for i in range(10)),
        step=15,
    )
    took = []
    for _ in range(5):
        began = perf_counter()
        assert free_slots(shop, Work(60), first=MONDAY, last=MONDAY + timedelta(days=30), now=LONG_AGO)
        took.append(perf_counter() - began)
    print(f"a month of 15-minute slots: {min(took) * 1000:.1f} ms")
