"""How long one stays signed in depends on what one may do."""

import html
import re
from datetime import timedelta

import pytest

from app.core import clock
from tests.cast import PASSWORD


async def signed_in(browser, person):
    one = browser()
    await one.post("/sign-in", {"email": person.email, "password": PASSWORD})
    return one


@pytest.mark.parametrize(("who", "page", "idle"), [
    ("network", "/network", timedelta(minutes=30)),
    ("advisor", "/board", timedelta(hours=12)),
    ("customer", "/garage", timedelta(days=30)),
])  # fmt: skip
async def test_an_idle_session_ends(browser, cast, who, page, idle):
    person = await signed_in(browser, getattr(cast, who))
    with clock.moved_by(idle - timedelta(minutes=1)):
        assert (await person.get(page)).status_code == 200
    with clock.moved_by(2 * idle):
        assert (await person.get(page)).status_code == 303


@pytest.mark.parametrize(("who", "page", "step", "longest"), [
    ("network", "/network", timedelta(minutes=25), timedelta(hours=12)),
    ("advisor", "/board", timedelta(hours=11), timedelta(days=7)),
    ("customer", "/garage", timedelta(days=29), timedelta(days=90)),
])  # fmt: skip
async def test_a_busy_session_ends_too(browser, cast, who, page, step, longest):
    person, passed = await signed_in(browser, getattr(cast, who)), timedelta()
    while passed + step < longest:
        passed += step
        with clock.moved_by(passed):
            assert (await person.get(page)).status_code == 200
    with clock.moved_by(longest + timedelta(minutes=1)):
        assert (await person.get(page)).status_code == 303


async def test_an_open_page_keeps_nobody_signed_in(browser, cast, streams_end_at_once):
    """Its stream connects again every ten minutes at the latest, and what it rings is fetched: nobody did that."""
    person = await signed_in(browser, cast.network)
    live = re.search(r'hx-sse:connect="(/live[^"]+)"', (await person.get("/network")).text)
    stream = html.unescape(live[1])
    for minutes in (10, 20, 29):
        with clock.moved_by(timedelta(minutes=minutes)):
            assert (await person.get(stream)).status_code == 200
            assert (await person.get("/network", headers={"hx-request": "true"})).status_code == 200
    with clock.moved_by(timedelta(minutes=31)):
        assert (await person.get(stream)).status_code == 401
        assert (await person.get("/network")).status_code == 303
