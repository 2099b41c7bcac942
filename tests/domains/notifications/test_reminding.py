"""The reminder: the day before at nine on the shop's wall, once, whatever the clock does that night."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.domains.notifications import reminding
from tests.cast import CAST, HARBOR, Cast
from tests.domains.notifications import things

Run = Callable[[], Awaitable[int]]
NINE_THE_DAY_BEFORE = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "zone", "due"),
    [
        (things.TUESDAY_TEN, "America/New_York", NINE_THE_DAY_BEFORE),
        # 01:30 in New York on the 24th is still the 23rd in Los Angeles
        (
            datetime(2026, 11, 24, 6, 30, tzinfo=UTC),
            "America/Los_Angeles",
            datetime(2026, 11, 22, 17, tzinfo=UTC),
        ),
        # the clocks go back on the night of 1 November: nine is nine on the wall
        (
            datetime(2026, 11, 1, 15, 0, tzinfo=UTC),
            "America/New_York",
            datetime(2026, 10, 31, 13, tzinfo=UTC),
        ),
        # and forward on 28 March 2027 in Berlin
        (datetime(2027, 3, 28, 8, 0, tzinfo=UTC), "Europe/Berlin", datetime(2027, 3, 27, 8, tzinfo=UTC)),
    ],
)
def test_it_is_due_at_nine_of_the_day_before_on_the_wall(
    starts_at: datetime, zone: str, due: datetime
) -> None:
    assert reminding.due_at(starts_at, zone) == due


async def test_it_is_sent_once_and_not_before_its_hour(site: str, cast: Cast, run_reactions: Run) -> None:
    appointment_id = await things.appointment(None, created_at=LONG_AGO)
    with clock.moved_to(NINE_THE_DAY_BEFORE - timedelta(minutes=1)):
        await reminding.remind()
        await run_reactions()
    assert await things.mails() == []
    with clock.moved_to(NINE_THE_DAY_BEFORE + timedelta(minutes=1)):
        await asyncio.gather(reminding.remind(), reminding.remind())
        await reminding.remind()
        await run_reactions()
    [mail] = await things.mails()
    assert mail.template == "appointment_reminder"
    assert mail.subject == "Tomorrow: your visit at Harbor Lane Garage"
    [line] = await things.lines_of(cast.customer.user_id)
    assert (line.title, line.related_id) == ("Your visit is tomorrow", appointment_id)


@pytest.mark.parametrize("status", ["cancelled", "held", "pending", "completed"])
async def test_only_what_stands_is_reminded_of(site: str, status: str, run_reactions: Run) -> None:
    await things.appointment(None, created_at=LONG_AGO, status=status)
    with clock.moved_to(NINE_THE_DAY_BEFORE + timedelta(hours=1)):
        await reminding.remind()
        await run_reactions()
    assert await things.mails() == []


async def test_a_visit_booked_the_evening_before_needs_no_reminder(site: str, run_reactions: Run) -> None:
    await things.appointment(None, created_at=NINE_THE_DAY_BEFORE + timedelta(hours=8))
    with clock.moved_to(NINE_THE_DAY_BEFORE + timedelta(hours=9)):
        await reminding.remind()
        await run_reactions()
    assert await things.mails() == []


async def test_a_visit_that_has_begun_is_not_reminded_of(site: str, run_reactions: Run) -> None:
    await things.appointment(None, created_at=LONG_AGO)
    with clock.moved_to(things.TUESDAY_TEN + timedelta(minutes=1)):
        await reminding.remind()
        await run_reactions()
    assert await things.mails() == []


async def test_a_visit_that_lost_its_bay_is_not_reminded_of(site: str, run_reactions: Run) -> None:
    lost = await things.appointment(None, created_at=LONG_AGO, bay_id=None)
    with clock.moved_to(NINE_THE_DAY_BEFORE + timedelta(minutes=1)):
        await reminding.remind()
        assert not await reminding.remind_of(lost, tenant=HARBOR, user=CAST.customer.user_id)
        await run_reactions()
    assert await things.mails() == []
