"""From what a car needs to a visit that is booked for it, on a phone."""

import re
from datetime import timedelta

import pytest

from app.core import clock
from app.core.db import transaction
from app.domains import services
from app.domains.services import ServiceFacts
from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.browser.people import sign_up_with_a_car
from tests.cast import CAST, HARBOR
from tests.conftest import the_app

pytestmark = pytest.mark.browser


async def test_a_driver_reads_why_and_books_what_is_due(site: str) -> None:
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        for name, category in (("Oil change", "oil"), ("Brake fluid change", "brakes")):
            facts = ServiceFacts(name=name, duration_minutes=30, price_minor=6900, category=category)
            await services.add(db, facts, by=CAST.owner.viewer)
    async with open_chromium() as browser:
        phone, errors = await new_page(browser, the_app(), viewport={"width": 390, "height": 844})
        await sign_up_with_a_car(phone, ORIGIN)
        car = phone.url
        await phone.goto(f"{car}/logbook/new?kind=service&task=brake_fluid")
        await phone.fill("[name=day]", f"{clock.now().date() - timedelta(days=900)}")
        await phone.locator("main form button[type=submit]").last.click()
        await phone.wait_for_url(re.compile("/logbook$"))
        await phone.goto(car)
        await phone.get_by_role("link", name=re.compile("why, and what comes later", re.IGNORECASE)).click()
        fluid = phone.locator("li", has=phone.get_by_text("Brake fluid", exact=True)).first
        words = await fluid.inner_text()
        assert "over by" in words
        assert "as the logbook says" in words
        assert "every 2 years" in words
        found = await faults(phone, "what it needs next")
        await fluid.get_by_role("button", name="Book it").click()
        await phone.get_by_role("link", name="Harbor Lane Garage").first.click()
        ticked = phone.get_by_role("checkbox", name=re.compile("Brake fluid change"))
        await ticked.wait_for()
        assert await ticked.is_checked()
        assert not await phone.get_by_role("checkbox", name=re.compile("Oil change")).is_checked()
        found += await faults(phone, "services for a wish")
        await phone.get_by_role("button", name="Choose a time").click()
        await phone.locator("button.slot").first.click()
        await phone.wait_for_url(re.compile("/confirmation$"))
        assert await phone.input_value("[name=notes]") == "Brake fluid"
        await phone.get_by_role("button", name=re.compile("this visit")).click()
        await phone.wait_for_url(re.compile(r"/appointments/[0-9a-f-]{36}$"))
        await phone.goto(f"{car}/recommendations")
        await phone.get_by_text("You went to book it").wait_for()
    assert not [*errors, *found], [*errors, *found]
