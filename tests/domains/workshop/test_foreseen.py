"""When a job will be done: what is left of it, laid into opening hours, from now on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains.network.models import ServiceCenter
from app.domains.workshop import foreseen, jobs, work
from app.domains.workshop.foreseen import Foreseen, Piece, done_at, foresee, laid, not_before, up
from tests.cast import CAST, HARBOR_CENTER
from tests.domains.workshop.shop import approved, as_person, checked_in

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
OPEN = [
    (MONDAY + timedelta(days=day, hours=start), MONDAY + timedelta(days=day, hours=end))
    for day in range(5)
    for start, end in ((8, 12), (13, 18))
]


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def piece(status: str, planned: int = 60, **more: Any) -> Piece:
    return Piece(job_id=uuid4(), status=status, planned=planned, **more)


def ends(pieces: list[Piece], now: float) -> list[datetime | None]:
    found = foresee(pieces, OPEN, at(now))
    return [found[one.job_id].end for one in pieces]


def test_what_is_begun_late_ends_late() -> None:
    booked = piece("pending", scheduled_start=at(9))
    assert ends([booked], 8) == [at(10)]
    assert ends([booked], 11.5) == [at(13.5)]  # lunch lies between


def test_a_pause_moves_the_end_and_a_running_clock_does_not() -> None:
    running = piece("in_progress", spent=20, is_running=True)
    assert ends([running], 9) == ends([piece("in_progress", spent=50, is_running=True)], 9.5)
    paused = piece("in_progress", spent=20)
    assert ends([paused], 9) == [at(9) + timedelta(minutes=40)]
    assert ends([paused], 10) == [at(10) + timedelta(minutes=40)]


def test_what_does_not_fit_before_closing_goes_on_the_next_morning() -> None:
    assert ends([piece("pending", 120, scheduled_start=at(17))], 8) == [at(24 + 9)]
    assert ends([piece("in_progress", 60, is_running=True)], 17.5) == [at(24 + 8.5)]
    assert ends([piece("in_progress", 60, is_running=True)], 19) == [at(20)]  # somebody stays on


def test_unplanned_work_follows_the_job_before_it() -> None:
    first, second = piece("in_progress", is_running=True), piece("authorized", 30)
    assert ends([second, first], 9) == [at(10.5), at(10)]
    assert ends([second], 9) == [None]


def test_nothing_is_said_where_nobody_can_know() -> None:
    stuck = piece("blocked", scheduled_start=at(8))
    over = piece("in_progress", 60, spent=61, is_running=True)
    unmeasured = piece("pending", 0, scheduled_start=at(8))
    for one in (stuck, over, unmeasured):
        known = piece("pending", scheduled_start=at(14))
        windows = foresee([one, known], OPEN, at(9))
        assert windows[one.job_id].end is None
        assert done_at([one, known], windows) is None
        assert not_before([one, known], windows) == at(15)
        assert not_before([one], windows) is None
        assert not_before([known], windows) is None
    assert Foreseen(not_before=at(15)).after(at(14)) == at(15)
    assert Foreseen(not_before=at(15)).after(at(15)) is None


def test_an_order_is_done_with_its_last_job() -> None:
    some = [piece("completed"), piece("in_progress", 51, is_running=True), piece("pending", 30)]
    assert done_at(some, foresee(some, OPEN, at(9))) == at(9) + timedelta(minutes=85)
    last = piece("in_progress", 68, is_running=True)
    windows = foresee([last, piece("completed")], OPEN, at(9))
    assert windows[last.job_id].end == done_at([last], windows) == at(9) + timedelta(minutes=70)
    assert done_at(some[:1], foresee(some[:1], OPEN, at(9))) is None


@given(st.floats(0, 90), st.integers(1, 2000), st.integers(1, 600))
def test_later_or_longer_never_ends_earlier(start: float, minutes: int, more: int) -> None:
    end = laid(at(start), minutes, OPEN)
    worked = sum((min(closes, end) - max(opens, at(start)) for opens, closes in OPEN
                  if end and at(start) < closes and opens < end), timedelta())  # fmt: skip
    assert end is None or abs(worked - timedelta(minutes=minutes)) < timedelta(seconds=1)
    for other in (
        laid(at(start), minutes + more, OPEN),
        laid(at(start) + timedelta(minutes=more), minutes, OPEN),
    ):
        assert other is None or (end is not None and other >= end)


async def test_a_planned_job_is_foreseen_by_its_clock(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)  # an hour and a half of labor
    center = await db.get_one(ServiceCenter, HARBOR_CENTER)
    center.working_hours = {
        day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    }
    now = clock.now()
    assert (await foreseen.of_order(db, center, order)).done_at is None
    await jobs.plan_start(db, job, now + timedelta(hours=1), by=CAST.advisor.viewer)
    end = (await foreseen.of_order(db, center, order)).of(job).end
    assert end == up(now + timedelta(hours=2.5))
    await as_person(db, CAST.technician)
    await work.start(db, job, by=CAST.technician.viewer)
    begun = await foreseen.of_order(db, center, order)
    assert begun.done_at is not None
    assert begun.of(job).end == begun.done_at
    assert begun.done_at - up(now + timedelta(hours=1.5)) in (timedelta(0), timedelta(minutes=5))
    assert begun.done_at.minute % 5 == 0
