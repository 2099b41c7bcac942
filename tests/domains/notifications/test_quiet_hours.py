"""In a person's quiet hours nothing rings; it comes when they are over, and nothing is lost. What may come by mail they
choose as well."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock, relay
from app.domains.notifications.push_topics import topic_of_mail
from app.domains.notifications.quiet_hours import quiet_until
from tests.browsing import Browser
from tests.cast import Cast
from tests.domains.notifications import things
from tests.domains.notifications.test_pushing import HERE, owed, told_on
from tests.push_service import PushService, service

SEND = "/api/v1/notifications/send"
Open = Callable[..., Browser]
Run = Callable[[], Awaitable[int]]
__all__ = ["service"]

ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
QUARTERS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
MOMENTS = st.integers(0, 366 * 24 * 12).map(
    lambda five: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * five)
)


@given(now=MOMENTS, starts=QUARTERS, ends=QUARTERS, zone=ZONES)
def test_quiet_hours_end_later_than_now_and_never_after_a_day(
    now: datetime, starts: time, ends: time, zone: str
) -> None:
    over = quiet_until(now, starts, ends, zone)
    if over is None:
        return
    assert now < over <= now + timedelta(hours=25)
    assert quiet_until(over, starts, ends, zone) is None


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-06-01T23:30", "2026-06-02T07:00"),
        ("2026-06-02T06:59", "2026-06-02T07:00"),
        ("2026-06-02T07:00", None),
        ("2026-06-01T21:59", None),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # the clock goes forward that night
        ("2026-10-24T23:00", "2026-10-25T07:00"),  # and back
    ],
)
def test_a_night_ends_on_the_persons_own_clock(now: str, over: str | None) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    found = quiet_until(
        datetime.fromisoformat(now).replace(tzinfo=berlin), time(22), time(7), "Europe/Berlin"
    )
    assert found == (datetime.fromisoformat(over).replace(tzinfo=berlin) if over else None)


async def quiet_around_now(driver: Browser) -> None:
    zone = ZoneInfo("America/New_York")
    now = clock.now().astimezone(zone)
    hours = {"starts": f"{now - timedelta(hours=1):%H:%M}", "ends": f"{now + timedelta(hours=2):%H:%M}"}
    assert (await driver.post(f"{HERE}/quiet-hours", hours)).status_code == 303


async def test_what_is_put_on_the_list_at_night_rings_in_the_morning(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver, phone = browser(cast.customer), service.device("phone")
    await told_on(driver, phone)
    await quiet_around_now(driver)
    await things.appointment()
    with pytest.raises(relay.Later) as later:
        await run_reactions()
    assert timedelta(minutes=90) < later.value.term <= timedelta(hours=26)
    assert service.got == []
    assert len(await things.lines_of(cast.customer.user_id)) == 1
    with clock.moved_by(later.value.term + timedelta(seconds=5)):
        assert await relay.perform(*await owed())
    assert len(service.read_by(phone)) == 1


async def test_half_an_answer_and_a_whole_day_are_refused_and_change_nothing(
    browser: Open, cast: Cast
) -> None:
    driver = browser(cast.customer)
    await driver.post(f"{HERE}/quiet-hours", {"starts": "22:00", "ends": "07:00"})
    for wrong, words in (
        ({"starts": "22:00", "ends": ""}, "Please enter both times"),
        ({"starts": "08:00", "ends": "08:00"}, "whole day"),
        ({"starts": "noon", "ends": "08:00"}, "Please enter a time"),
    ):
        answer = await driver.post(f"{HERE}/quiet-hours", wrong)
        assert answer.status_code == 422
        assert words in answer.text
    assert 'value="22:00"' in (await driver.get(HERE)).text
    assert (await driver.post(f"{HERE}/quiet-hours", {"starts": "", "ends": ""})).status_code == 303
    assert 'value="22:00"' not in (await driver.get(HERE)).text


async def test_a_mail_one_can_do_without_is_not_written_and_a_bill_is(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver = browser(cast.customer)
    assert (await driver.post(f"{HERE}/topics", {"mails": ["payment"]})).status_code == 422
    assert (await driver.post(f"{HERE}/topics", {"mails": ["maintenance"]})).status_code == 303
    assert topic_of_mail("message") == topic_of_mail("message_waiting") == "message"
    assert topic_of_mail("invoice_issued") == topic_of_mail("password_reset") == ""
    told = {"customer_id": str(cast.customer.customer_id), "title": "Your key", "message": "It is here."}
    assert (await browser(cast.advisor).json("POST", SEND, told)).status_code == 202
    await things.appointment()
    await run_reactions()
    assert [mail.template for mail in await things.mails()] == ["appointment_confirmation"]
    assert {line.type for line in await things.lines_of(cast.customer.user_id)} == {"message", "appointment"}
