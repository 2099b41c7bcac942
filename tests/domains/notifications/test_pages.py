"""The bell, the list, its JSON, and the demo's mails."""

import re
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core import relay
from app.core.db import transaction
from app.core.tables import EventRow
from app.settings import settings
from tests.browsing import Browser
from tests.cast import Cast
from tests.domains.notifications import things

Open = Callable[..., Browser]
Run = Callable[[], Awaitable[int]]


async def test_the_list_is_read_one_by_one_or_all_at_once(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    for _ in range(2):
        await things.appointment()
    await run_reactions()
    driver = browser(cast.customer)
    page = await driver.get("/notifications")
    assert page.text.count("Your visit is confirmed") >= 2
    assert "2 not read" in page.text
    badge = await driver.get("/notifications/unread", headers={"hx-request": "true"})
    assert ">2</span>" in badge.text
    first, _second = await things.lines_of(cast.customer.user_id)
    opened = await driver.post(f"/notifications/{first.id}/reading")
    assert opened.headers["location"] == first.url
    assert ">1</span>" in (await driver.get("/notifications/unread")).text
    assert (await driver.post("/notifications/reading")).status_code == 303
    assert "pill" not in (await driver.get("/notifications/unread")).text
    assert "All read" in (await driver.get("/notifications")).text


async def test_a_new_line_rings_its_readers_bell_and_no_others(
    browser: Open, cast: Cast, run_reactions: Run
) -> None:
    await things.appointment()
    await run_reactions()
    await relay.stamp()
    async with transaction(user=cast.customer.user_id) as db:
        row = await db.scalar(select(EventRow).where(EventRow.name == "NotificationSent"))
    assert row is not None
    assert row.rings == {"rings": [[f"user:{cast.customer.user_id}", "notification:received"]]}
    page = (await browser(cast.customer).get("/notifications")).text
    stream = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert stream is not None
    for stranger in (browser(cast.outsider), browser(cast.stranger), browser()):
        assert (await stranger.get(stream[1].replace("&amp;", "&"))).status_code == 401


async def test_it_is_nobody_elses(browser: Open, cast: Cast, run_reactions: Run) -> None:
    await things.appointment()
    await run_reactions()
    [line] = await things.lines_of(cast.customer.user_id)
    for other in (cast.outsider, cast.advisor, cast.stranger):
        person = browser(other)
        assert (await person.post(f"/notifications/{line.id}/reading")).status_code == 404
        assert (await person.json("PUT", f"/api/v1/notifications/{line.id}/read")).status_code == 404
        assert line.title not in (await person.get("/notifications")).text
    assert (await browser().get("/notifications")).status_code == 303
    assert (await browser().json("GET", "/api/v1/notifications")).status_code == 401
    assert (await browser(cast.customer).post(f"/notifications/{uuid4()}/reading")).status_code == 404


async def test_the_same_as_json(browser: Open, cast: Cast, run_reactions: Run) -> None:
    for _ in range(3):
        await things.appointment()
    await run_reactions()
    driver = browser(cast.customer)
    found = (await driver.json("GET", "/api/v1/notifications?limit=2")).json()
    assert (found["unread"], len(found["notifications"])) == (3, 2)
    last = found["notifications"][-1]["id"]
    rest = (await driver.json("GET", f"/api/v1/notifications?before={last}")).json()
    assert len(rest["notifications"]) == 1
    read = (await driver.json("PUT", f"/api/v1/notifications/{last}/read")).json()
    assert read["is_read"] is True
    assert (await driver.json("GET", "/api/v1/notifications?unread=true")).json()["unread"] == 2
    assert (await driver.json("PUT", "/api/v1/notifications/read")).status_code == 204
    assert (await driver.json("GET", "/api/v1/notifications")).json()["unread"] == 0
    for wrong in ("limit=0", "limit=1000", "before=x", "limit=x"):
        assert (await driver.json("GET", f"/api/v1/notifications?{wrong}")).status_code == 400


async def test_the_demo_shows_every_mail_and_production_none(
    browser: Open, cast: Cast, run_reactions: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await things.estimate()
    await run_reactions()
    [mail] = await things.mails()
    visitor = browser()
    assert mail.subject in (await visitor.get("/dev/mail")).text
    page = await visitor.get(f"/dev/mail/{mail.id}")
    link = re.search(r'href="http://testserver(/approve/[^"]+)"', page.text)
    assert link is not None
    assert (await visitor.get(link[1])).status_code == 200
    html = await visitor.get(f"/dev/mail/{mail.id}/html")
    assert link[1] in html.text
    assert html.headers["content-security-policy"].startswith("default-src 'none'")
    assert (await visitor.get(f"/dev/mail/{uuid4()}")).status_code == 404
    monkeypatch.setattr(type(settings()), "has_dev_pages", property(lambda _self: False))
    for url in ("/dev/mail", f"/dev/mail/{mail.id}", f"/dev/mail/{mail.id}/html"):
        assert (await visitor.get(url)).status_code == 404


async def test_mails_that_really_leave_are_shown_to_nobody(
    browser: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await browser().get("/dev/mail")).status_code == 200
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:9")
    settings.cache_clear()
    try:
        assert (await browser().get("/dev/mail")).status_code == 404
    finally:
        monkeypatch.undo()
        settings.cache_clear()
