"""Who is told that something was written, when they do not look: a line at once, a mail after a quiet half hour."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.db import transaction
from app.core.relay import Later
from app.domains.messaging import waiting
from app.domains.notifications.models import Notification
from tests.cast import HARBOR
from tests.mailbox import mails_to

SECRET = "The left one grinds"


@pytest.fixture
async def settled(run_reactions, url):
    """The visit is booked, and everybody has been told of that."""
    await run_reactions()
    return url


async def lines_of(person):
    async with transaction(user=person.user_id) as db:
        found = await db.execute(
            select(Notification.title, Notification.message, Notification.url, Notification.is_read)
            .where(Notification.user_id == person.user_id, Notification.type == "message")
            .order_by(Notification.id)
        )
        return [tuple(row) for row in found]


async def test_the_desk_has_one_line_until_somebody_there_has_read(browser, cast, settled, run_reactions):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    for words in (SECRET, "and squeals"):
        await driver.post(settled, {"text": words})
    with pytest.raises(Later):  # whoever looks will have read it in a moment
        await run_reactions()
    with clock.moved_to(clock.now() + timedelta(seconds=30)):
        async with transaction() as db:
            await db.execute(text("UPDATE deliveries SET due_at = now() - interval '1 minute'"))
        await _rest()
    told = [("Dana O'Neil has written to you", "Brake check", settled, False)]
    assert await lines_of(cast.advisor) == told
    assert await lines_of(cast.customer) == []
    assert await lines_of(cast.technician) == []
    await desk.get(settled)
    await run_reactions()
    assert [line[3] for line in await lines_of(cast.advisor)] == [True]
    assert [line[3] for line in await lines_of(cast.owner)] == [True]


async def _rest():
    """What came round again."""
    from app.core import relay

    for event_id, reaction in await relay.overdue():
        await relay.perform(event_id, reaction)


async def test_who_reads_at_once_is_not_told(browser, cast, settled, run_reactions):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    await desk.post(settled, {"text": SECRET})
    await driver.get(settled)
    with clock.moved_to(clock.now() + timedelta(seconds=30)):
        await run_reactions()
    assert await lines_of(cast.customer) == []


async def test_a_mail_says_once_that_something_waits_and_not_what(browser, cast, settled, run_reactions):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    await desk.post(settled, {"text": SECRET})
    start = clock.now()

    async def after(minutes):
        with clock.moved_to(start + timedelta(minutes=minutes)):
            await asyncio.gather(waiting.look_for_unread(), waiting.look_for_unread())
            await run_reactions()
        mails = await mails_to(cast.customer.email)
        return [mail for mail in mails if mail.template == "message_waiting"]

    assert await after(29) == []
    [mail] = await after(31)
    assert mail.subject == "Harbor Lane Garage has written to you"
    for part in (mail.text, mail.html):
        assert settled in part
        assert SECRET not in part
    assert len(await after(90)) == 1
    await driver.get(settled)
    await desk.post(settled, {"text": "Tomorrow then"})
    await driver.get(settled)
    assert len(await after(200)) == 1  # what was read waits no longer
    async with transaction(tenant=HARBOR) as db:
        said = await db.scalars(text("SELECT message || title FROM notifications"))
        assert not any(SECRET in line for line in said)
        values = await db.scalars(
            text("SELECT coalesce(old_values::text, '') || new_values::text FROM audit_values")
        )
        assert not any(SECRET in value for value in values)
        assert not any(SECRET in one for one in await db.scalars(text("SELECT payload::text FROM events")))
