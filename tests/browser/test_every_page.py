"""Every page a role can reach in the demo, found by following its links: axe, the policy, the width of a phone."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from playwright.async_api import Page
from sqlalchemy import func, select, text

from app.core import clock, queue, relay
from app.core import db as core_db
from app.demo import load
from app.demo.people import PASSWORD
from app.domains.booking.models import Appointment
from app.engine.testing import Engine, schema_key
from app.settings import settings
from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.browsing import Browser
from tests.conftest import the_app

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NOT_PAGES = ("/api/", "/files/", "/static/", "/dev/", "/sign-", "/live", "/home")

REACHED = {
    "customer": {
        "/garage/new", "/garage/id/edit", "/book/n/services", "/appointments/id/time", "/appointments/id", "/garage/logbook",
        "/garage/id/handover", "/garage/id/recommendations", "/garage/id/recalls", "/garage/id/passports",
    },
    "technician": {"/orders/n/inspections", "/jobs/id"},
    "network": {"/network/audit"},
    "advisor": {
        "/appointments", "/appointments/id", "/appointments/new", "/customers/new", "/customers/n/edit",
        "/customers/n/cars/new", "/garage/id", "/inspections/id", "/invoices/id",
    },
    "owner": {
        "/settings/centers/new", "/settings/centers/id", "/settings/centers/id/hours", "/settings/centers/id/bays",
        "/settings/centers/id/people/id", "/settings/services/new", "/settings/services/id",
        "/settings/canned-jobs/new", "/settings/canned-jobs/id", "/settings/mails/n",
    },
}  # fmt: skip
"""Some of what each role must come to: no other test looks at these pages, so no lost link may hide them."""


@pytest.fixture
async def demo_site(engine: Engine, template: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The application in this process on a copy of the demo's database."""

    async def build(owner_url: str, app_url: str) -> None:
        monkeypatch.setenv("DATABASE_URL", app_url)
        monkeypatch.setenv("DATABASE_OWNER_URL", owner_url)  # the demo's recalls are taken in by the owner
        settings.cache_clear()
        await load(settings())

    monkeypatch.setenv("TORQUELINE_MODE", "demo")  # its people need no second proof
    played = await engine.template(schema_key() + "demo", build, beginning_as=template)
    name = await engine.clone(played, f"demo_{uuid4().hex[:12]}")
    monkeypatch.setenv("DATABASE_URL", engine.app_url(name))
    monkeypatch.setenv("DATABASE_OWNER_URL", engine.owner_url(name))
    settings.cache_clear()
    core_db.connect(settings().sqlalchemy_url)
    queue.connect_queue(settings().redis_url, name=name)
    relay.subscribe({})
    yield name
    await queue.disconnect_queue()
    await core_db.disconnect()
    await engine.drop(name)
    settings.cache_clear()


def pattern(address: str) -> str:
    """Two addresses of the same kind of page have the same pattern: one of them is enough."""
    path = address.split("#")[0].split("?")[0]
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", path)
    return re.sub(r"/\d+|(?<=^/book)/[a-z-]+|(?<=^/shops)/[a-z-]+|(?<=^/settings/mails)/\w+/\w+", "/n", path)


async def links(page: Page) -> list[str]:
    found = await page.evaluate(
        "[...document.querySelectorAll('main a[href], nav a[href]')].map(a => a.getAttribute('href'))"
    )
    return [
        one
        for one in found
        if one.startswith("/")
        and not one.startswith(NOT_PAGES)
        and "/pdf" not in one
        and ".csv" not in one
        and ".json" not in one
    ]


async def session_of(who: str) -> str:
    """The cookie of somebody who has just signed in."""
    visitor = Browser(the_app())
    answer = await visitor.post("/sign-in", {"email": f"{who}@demo.test", "password": PASSWORD})
    await visitor.close()
    return answer.cookies["session"]


async def day_with_visits() -> str:
    """A day on which the desk has visits, at whatever hour of today this runs."""
    async with core_db.transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        first = await db.scalar(
            select(func.min(Appointment.starts_at)).where(
                Appointment.status == "confirmed", Appointment.starts_at > clock.now()
            )
        )
    return f"{first.date()}" if first else ""


@pytest.mark.parametrize(
    "roles", [["customer"], ["technician", "network"], ["advisor", "owner"]], ids="-".join
)
async def test_every_page_of_a_role_is_accessible_and_fits(demo_site: str, roles: list[str]) -> None:
    """A page that several roles can reach is looked at once."""
    wrong: list[str] = []
    seen: set[str] = set()
    async with open_chromium() as browser:
        for who in roles:
            page, errors = await new_page(browser, the_app(), await session_of(who))
            waiting = ["/settings", "/notifications", "/", f"/appointments?day={await day_with_visits()}"]
            seen.discard("/")  # everybody has their own
            before = len(seen)
            while waiting:
                address = waiting.pop(0)
                if pattern(address) in seen:
                    continue
                seen.add(pattern(address))
                answer = await page.goto(f"{ORIGIN}{address}")
                assert answer is not None
                if answer.status >= 400:
                    wrong.append(f"{who}: {address} answers {answer.status}")
                    continue
                await page.wait_for_timeout(100)  # what htmx fetches on load belongs to the page
                wrong += [f"{who}: {one}" for one in [*await faults(page, address), *errors]]
                errors.clear()
                waiting += await links(page)
            assert len(seen) > before
            assert REACHED[who] <= seen
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 6
