"""Who is told that a paper expires, when on their own clock, and that it is once."""

import asyncio
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.core import clock
from app.core.db import transaction
from app.domains.accounts.models import User
from app.domains.documents.models import Document
from app.domains.garage.models import Ownership
from app.domains.notifications.paper_reminding import raise_expiry, remind_of_papers
from tests.cast import CAR, CAST
from tests.domains.garage.test_family import shared
from tests.domains.notifications import things
from tests.mailbox import mails_to

DANA = CAST.customer
HERE = f"/garage/{CAR}/documents"
NEW_YORK = ZoneInfo("America/New_York")
LAST = date(2027, 3, 20)
"""Clocks go forward on 14 March, between the two times it is told."""
SAMS = "Sam’s copy expires on Mar 20, 2027"


def at(days: int, hour: int = 12, minute: int = 0, zone: ZoneInfo = NEW_YORK) -> datetime:
    """So many days before the last one, on the wall of the driver."""
    return datetime.combine(LAST - timedelta(days=days), time(hour, minute), zone)


async def keep(driver, where=HERE, **given) -> UUID:
    policy = {"kind": "insurance", "title": "Policy", "expires_on": str(LAST)} | given
    answer = await driver.post(where, policy)
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].rpartition("/")[2])


async def change(driver, document: UUID, version: int, **given) -> None:
    facts = {"kind": "insurance", "title": "Policy", "expires_on": str(LAST), "version": str(version)} | given
    answer = await driver.post(f"/documents/{document}", facts)
    assert answer.status_code == 303, answer.text


async def titles(person=DANA) -> list[str]:
    return sorted(one.title for one in await things.lines_of(person.user_id))


@pytest.fixture
def go_round(run_reactions):
    """The worker's round, at a moment."""

    async def go(moment: datetime) -> None:
        with clock.moved_to(moment):
            await remind_of_papers()
            await run_reactions()

    return go


async def test_a_paper_is_told_of_thirty_days_before_and_seven_each_once(browser, go_round):
    document = await keep(browser(DANA))
    await go_round(at(31, 20))
    assert await titles() == []
    for days in (30, 30, 29, 15, 8):
        await go_round(at(days))
    [line] = await things.lines_of(DANA.user_id)
    assert (line.title, line.message) == ("Policy expires on Mar 20, 2027", "2003 Honda Accord")
    assert (line.type, line.url, line.related_id) == ("maintenance", f"/documents/{document}", document)
    assert line.useful_until == datetime(2027, 3, 21, tzinfo=NEW_YORK)
    for days in (7, 7, 3, 0, -1, -40):
        await go_round(at(days))
    assert len(await titles()) == 2
    mails = await mails_to(DANA.email)
    assert len(mails) == 2
    assert "Policy expires on Mar 20, 2027" in mails[0].text
    assert f"/documents/{document}" in mails[0].html


async def test_one_that_is_put_in_late_is_told_of_once_and_one_that_has_expired_never(browser, go_round):
    await keep(browser(DANA))
    for days in (5, 4, 1):
        await go_round(at(days))
    assert len(await titles()) == 1
    await keep(browser(DANA), title="Old", expires_on=str(LAST - timedelta(days=10)))
    await go_round(at(0))
    assert len(await titles()) == 1


async def test_two_workers_tell_once(browser, run_reactions):
    document = await keep(browser(DANA))
    with clock.moved_to(at(30)):
        raised = await asyncio.gather(*(raise_expiry(document, person=DANA.user_id) for _worker in range(6)))
        await asyncio.gather(remind_of_papers(), remind_of_papers())
        await run_reactions()
        await run_reactions()
    assert sum(raised) == 1
    assert len(await titles()) == 1
    assert len(await mails_to(DANA.email)) == 1


async def test_a_paper_that_was_renewed_or_removed_is_told_of_no_more(browser, go_round):
    dana = browser(DANA)
    older, gone = await keep(dana), await keep(dana, title="Gone")
    await keep(dana, title="Next year", expires_on="2028-03-20", replaces=str(older))
    await dana.post(f"/documents/{gone}/remove", {})
    for days in (30, 7):
        await go_round(at(days))
    assert await titles() == []
    await dana.post(f"/documents/{gone}/return", {})
    await go_round(at(6))
    assert await titles() == ["Gone expires on Mar 20, 2027"]


async def test_what_becomes_of_it_before_the_mail_is_written_counts(browser, run_reactions):
    dana = browser(DANA)
    document = await keep(dana)
    with clock.moved_to(at(30)):
        assert await raise_expiry(document, person=DANA.user_id)
    await change(dana, document, 1, expires_on="2028-03-20")
    await run_reactions()
    assert await titles() == []


async def test_another_last_day_is_told_of_anew_and_another_title_is_not(browser, go_round):
    dana = browser(DANA)
    document = await keep(dana)
    await go_round(at(30))
    await change(dana, document, 1, title="Owner’s policy")
    await go_round(at(29))
    assert len(await titles()) == 1
    await change(dana, document, 2, expires_on=str(LAST + timedelta(days=2)))
    await go_round(at(28))
    assert await titles() == ["Policy expires on Mar 20, 2027", "Policy expires on Mar 22, 2027"]


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (8, 59), (21, 0), (23, 59)])
async def test_nobody_is_told_at_night(browser, hour, minute):
    document = await keep(browser(DANA))
    for days in (30, 6):  # before the clocks go forward and after
        with clock.moved_to(at(days, hour, minute)):
            assert not await raise_expiry(document, person=DANA.user_id)
        with clock.moved_to(at(days, 9)):
            assert await raise_expiry(document, person=DANA.user_id)


async def test_nobody_is_told_in_their_quiet_hours(browser, go_round):
    dana = browser(DANA)
    await keep(dana)
    hours = {"starts": "11:00", "ends": "13:00"}
    assert (await dana.post("/settings/notifications/quiet-hours", hours)).status_code == 303
    await go_round(at(30, 12))
    assert await titles() == []
    await go_round(at(30, 13))
    assert len(await titles()) == 1


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
async def test_it_is_the_reader_s_own_day_that_counts(browser, go_round, zone):
    async with transaction(user=DANA.user_id) as db:
        await db.execute(update(User).where(User.id == DANA.user_id).values(zone=zone))
    await keep(browser(DANA))
    await go_round(at(31, 20, zone=ZoneInfo(zone)))
    assert await titles() == []
    await go_round(at(30, 9, zone=ZoneInfo(zone)))
    assert len(await titles()) == 1
    await go_round(at(0, 20, zone=ZoneInfo(zone)))
    assert len(await titles()) == 2


async def test_no_mail_for_who_can_do_without(browser, go_round):
    dana = browser(DANA)
    await keep(dana)
    assert (await dana.post("/settings/notifications/topics", {"mails": ["message"]})).status_code == 303
    await go_round(at(30))
    assert len(await titles()) == 1
    assert await mails_to(DANA.email) == []


async def test_a_paper_of_ones_own_is_told_of_without_a_car(browser, go_round):
    await keep(browser(DANA), "/documents", kind="licence", title="")
    await go_round(at(7))
    [line] = await things.lines_of(DANA.user_id)
    assert (line.title, line.message) == ("Driving licence expires on Mar 20, 2027", "")


async def test_a_car_that_was_put_away_says_nothing(browser, go_round):
    await keep(browser(DANA))
    async with transaction(user=DANA.user_id) as db:
        await db.execute(update(Ownership).where(Ownership.vehicle_id == CAR).values(archived_at=clock.now()))
    await go_round(at(30))
    assert await titles() == []


async def test_whoever_put_it_in_is_told_and_the_owner_once_they_have_the_car_no_more(
    browser, cast, run_reactions, go_round
):
    sam = await shared(browser, cast, run_reactions)
    await keep(sam, title="Sam’s copy")
    await go_round(at(30))
    assert [line for line in await titles(cast.stranger) if "expires" in line] == [SAMS]
    assert not [line for line in await titles(DANA) if "expires" in line]
    async with transaction(user=cast.stranger.user_id) as db:
        await db.execute(
            update(Ownership)
            .where(Ownership.vehicle_id == CAR, Ownership.user_id == cast.stranger.user_id)
            .values(until=clock.now())
        )
    for _round in range(2):
        await go_round(at(7))
    assert [line for line in await titles(DANA) if "expires" in line] == [SAMS]
    assert len([line for line in await titles(cast.stranger) if "expires" in line]) == 1


async def test_only_its_person_or_an_owner_can_say_that_it_was_told(browser, cast, run_reactions):
    document = await keep(browser(DANA))
    await shared(browser, cast, run_reactions)
    for other in (cast.stranger, cast.outsider):
        with clock.moved_to(at(30)):
            assert not await raise_expiry(document, person=other.user_id)
    async with transaction(user=DANA.user_id) as db:
        assert await db.scalar(select(Document.told)) == 0


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.lists(st.integers(-50, 50), max_size=40))
def test_however_often_it_is_looked_at_it_is_said_at_most_twice_and_never_after_its_last_day(last, days):
    document = Document(expires_on=last, told=0)
    said = []
    for left in sorted(days, reverse=True):
        level = document.to_tell(last - timedelta(days=left))
        if level > document.told:
            document.told = level
            said.append(left)
    assert len(said) <= 2
    assert all(0 <= left <= 30 for left in said)
    assert sum(left <= 7 for left in said) == any(0 <= left <= 7 for left in days)
    if any(8 <= left <= 30 for left in days):
        assert max(said) > 7
