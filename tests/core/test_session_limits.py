"""How long one stays signed in depends on what one may do."""

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
])  # fmt: skip
async def test_a_busy_session_ends_too(browser, cast, who, page, step, longest):
    person, passed = await signed_in(browser, getattr(cast, who)), timedelta()
    while passed + step < longest:
        passed += step
        with clock.moved_by(passed):
            assert (await person.get(page)).status_code == 200
    with clock.moved_by(longest + timedelta(minutes=1)):
        assert (await person.get(page)).status_code == 303
