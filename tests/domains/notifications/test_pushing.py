"""What is put on somebody's list reaches their devices, sealed; nobody else's; and no device that is no longer theirs."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.core import clock, relay
from app.core.db import transaction
from app.core.tables import Delivery
from app.domains.accounts.models import Session
from app.domains.notifications.models import PushSubscription
from app.settings import settings
from tests import market
from tests.browsing import Browser
from tests.cast import Cast, Person
from tests.domains.notifications import things
from tests.push_service import Device, PushService, service

Open = Callable[..., Browser]
Run = Callable[[], Awaitable[int]]
__all__ = ["service"]

HERE = "/settings/notifications"


async def told_on(person: Browser, device: Device, **more: str) -> bool:
    answer = await person.post(f"{HERE}/devices", {**device.form, **more})
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["is_told"])


async def devices_of(person: Person) -> list[PushSubscription]:
    async with transaction(user=person.user_id) as db:
        mine = select(PushSubscription).order_by(PushSubscription.id)
        return list(await db.scalars(mine))


async def owed() -> tuple[UUID, str]:
    """The push that waits to be tried again."""
    async with transaction() as db:
        waiting = await db.scalars(select(Delivery).where(Delivery.done_at.is_(None)))
        [one] = [one for one in waiting if one.reaction.startswith("PushAddressed:")]
        return one.event_id, one.reaction


async def test_what_is_told_reaches_the_readers_devices_and_nobody_elses(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    phone, desk, other = (service.device(name) for name in ("phone", "desk", "other"))
    driver = browser(cast.customer)
    for device in (phone, desk):
        assert await told_on(driver, device)
    assert await told_on(browser(cast.stranger), other)
    visit = await things.appointment()
    await run_reactions()
    [line] = await things.lines_of(cast.customer.user_id)
    for device in (phone, desk):
        [told] = service.read_by(device)
        assert (told["title"], told["body"], told["url"]) == (line.title, line.message, line.url)
        assert (told["type"], told["related_id"], told["unread"]) == ("appointment", str(visit), 1)
    assert service.read_by(other) == []
    claims, _key = service.signed_by(service.got[0])
    assert claims["sub"] == "mailto:push@test.example"
    assert service.got[0].headers["topic"] == told["tag"]
    assert int(service.got[0].headers["ttl"]) <= 24 * 3600
    page = (await driver.get(HERE)).text
    assert page.count("last told") == 2
    kept = await devices_of(cast.customer)
    assert not any(phone.endpoint.encode() in one.sealed for one in kept)
    assert await devices_of(cast.outsider) == []


async def test_a_request_waits_for_a_device_no_longer_than_for_offers_and_an_urgent_one_wakes_it(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    await told_on(browser(cast.seller), service.device("counter"))
    for priority, urgency in (("normal", "normal"), ("urgent", "high")):
        service.got.clear()
        async with transaction() as db:
            await market.asked(db, "Pads", priority=priority)
        with clock.moved_by(timedelta(minutes=30)):
            await run_reactions()
        [sent] = service.got
        assert sent.headers["urgency"] == urgency
        assert 0 < int(sent.headers["ttl"]) <= 90 * 60


async def test_a_topic_one_does_not_want_stays_off_the_devices_and_on_the_list(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver, phone = browser(cast.customer), service.device("phone")
    await told_on(driver, phone)
    wanted = {"topics": ["quote", "payment"]}
    assert (await driver.post(f"{HERE}/topics", {"topics": ["nonsense"]})).status_code == 422
    for _twice in range(2):
        assert (await driver.post(f"{HERE}/topics", wanted)).status_code == 303
    await things.appointment()
    await run_reactions()
    assert service.got == []
    assert len(await things.lines_of(cast.customer.user_id)) == 1
    await things.estimate()
    await run_reactions()
    assert [one["type"] for one in service.read_by(phone)] == ["estimate"]


async def test_a_browser_that_is_gone_is_forgotten_and_holds_up_no_other(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    gone, refusing, phone = (service.device(name) for name in ("gone", "refusing", "phone"))
    driver = browser(cast.customer)
    for device in (gone, refusing, phone):
        await told_on(driver, device)
    service.answers |= {"/gone": "410 Gone", "/refusing": "403 Forbidden"}
    await things.appointment()
    await run_reactions()
    assert len(service.read_by(phone)) == 1
    assert [one.failures for one in await devices_of(cast.customer)] == [1, 0]
    assert "refused lately" in (await driver.get(HERE)).text


async def test_a_service_that_is_busy_is_asked_again_when_it_said_and_not_for_ever(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    phone = service.device("phone")
    driver = browser(cast.customer)
    await told_on(driver, phone)
    service.answers["/phone"] = "429 Too Many Requests\r\nRetry-After: 600"
    await things.appointment()
    with pytest.raises(relay.Later) as later:
        await run_reactions()
    assert later.value.term == timedelta(seconds=600)
    again = await owed()
    with clock.moved_by(timedelta(seconds=300)), pytest.raises(relay.Later):
        await relay.perform(*again)
    assert len(service.got) == 1  # it was left alone
    await relay.react(str(again[0]), again[1])
    async with transaction() as db:
        put_off = await db.get_one(Delivery, again)
        assert (put_off.attempts, put_off.dead_at) == (0, None)
        assert put_off.due_at > clock.now() + timedelta(seconds=500)
    service.answers.clear()
    with clock.moved_by(timedelta(seconds=700)):
        assert await relay.perform(*again)
    assert len(service.read_by(phone)) == 2
    await things.appointment()
    service.answers["/phone"] = "503 Away"
    with pytest.raises(relay.Later):
        await run_reactions()
    late = await owed()
    with clock.moved_by(timedelta(days=2)):
        assert await relay.perform(*late)  # news of yesterday
    await things.appointment()
    with clock.moved_by(timedelta(seconds=70)), pytest.raises(relay.Later):
        await run_reactions()
    await driver.post("/notifications/reading")
    service.answers.clear()
    with clock.moved_by(timedelta(seconds=140)):
        assert await relay.perform(*await owed())  # read at the desk meanwhile
    assert len(service.got) == 4


async def test_it_ends_with_the_sign_in_and_with_the_next_persons(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver, tablet = browser(cast.customer), service.device("tablet")
    await told_on(driver, tablet)
    assert await told_on(driver, tablet, renewal="yes")
    assert not await told_on(browser(cast.stranger), tablet, renewal="yes")  # signed in there without a tap
    assert await devices_of(cast.customer) == []
    await told_on(driver, tablet)
    assert await told_on(browser(cast.stranger), tablet)
    assert (len(await devices_of(cast.customer)), len(await devices_of(cast.stranger))) == (0, 1)
    await told_on(driver, tablet)
    await told_on(driver, tablet)  # in another tab
    assert len(await devices_of(cast.customer)) == 1
    moved = service.device("moved")
    await told_on(driver, moved, replaces=tablet.endpoint)
    assert len(await devices_of(cast.customer)) == 1
    await things.appointment()
    await relay.stamp()
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(Session).values(expires_at=clock.now()))
    await run_reactions()
    assert service.got == []
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(Session).values(expires_at=clock.now() + timedelta(days=1)))
    assert (await driver.post("/sign-out")).status_code in (302, 303)
    assert await devices_of(cast.customer) == []


async def test_a_device_is_tried_and_removed_by_its_person_alone(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run
) -> None:
    driver, phone = browser(cast.customer), service.device("phone")
    await told_on(driver, phone)
    [device] = await devices_of(cast.customer)
    for doing in ("test", "removal"):
        for other in (cast.outsider, cast.stranger):
            assert (await browser(other).post(f"{HERE}/devices/{device.id}/{doing}")).status_code == 404
    assert (await driver.post(f"{HERE}/devices/{device.id}/test")).status_code == 303
    await run_reactions()
    assert [(one["title"], one["url"]) for one in service.read_by(phone)] == [("It works", HERE)]
    assert (await driver.post(f"{HERE}/devices/{device.id}/removal")).status_code == 303
    assert await devices_of(cast.customer) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "https://169.254.169.254/latest"},
        {"p256dh": "AAAA"},
        {"auth": "not base64url!"},
        {"endpoint": ""},
    ],
)
async def test_an_address_inside_the_network_or_keys_that_are_none_are_refused(
    service: PushService, browser: Open, cast: Cast, wrong: dict[str, str]
) -> None:
    answer = await browser(cast.customer).post(f"{HERE}/devices", service.device("phone").form | wrong)
    assert (answer.status_code, answer.json()["is_told"]) == (422, False)
    assert answer.json()["why"]
    assert await devices_of(cast.customer) == []


async def test_without_a_key_nothing_is_offered_and_nothing_addressed(
    service: PushService, browser: Open, cast: Cast, run_reactions: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = browser(cast.customer)
    await told_on(driver, service.device("phone"))
    for name in ("VAPID_PRIVATE_KEY", "VAPID_SUBJECT"):
        monkeypatch.delenv(name)
    settings.cache_clear()
    page = (await driver.get(HERE)).text
    assert "By mail" in page
    assert "On my devices" not in page
    assert (await driver.post(f"{HERE}/devices", service.device("desk").form)).status_code == 404
    await things.appointment()
    await run_reactions()
    assert service.got == []
