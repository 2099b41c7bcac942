"""From nothing to the first reminder in under a minute, on a phone."""

import re
import time

import pytest

from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.conftest import the_app

pytestmark = pytest.mark.browser


async def test_a_driver_signs_up_adds_a_car_by_its_vin_and_is_reminded_within_a_minute(site: str) -> None:
    async with open_chromium() as browser:
        phone, errors = await new_page(browser, the_app(), viewport={"width": 390, "height": 844})
        began = time.monotonic()
        await phone.goto(f"{ORIGIN}/sign-up")
        await phone.fill("[name=name]", "Nora O'Brien")
        await phone.fill("[name=email]", "nora@example.com")
        await phone.fill("[name=password]", "three quiet green lamps")
        for box in await phone.locator("main input[type=checkbox][required]").all():
            await box.check()
        await phone.press("[name=password]", "Enter")
        await phone.wait_for_url(re.compile("/garage/new"))
        await phone.fill("[name=vin]", "1HGCM82633A004352")
        await phone.press("[name=vin]", "Enter")
        await phone.get_by_role("button", name=re.compile("^(Add|Put|Save)")).last.click()
        await phone.wait_for_url(re.compile(r"/garage/[0-9a-f-]{36}$"))
        await phone.get_by_role("link", name="Set up reminders").click()
        await phone.get_by_role("button", name="Remind me").click()
        await phone.get_by_text("You will be reminded.").wait_for()
        assert time.monotonic() - began < 60
        oil = phone.locator("li", has=phone.get_by_role("link", name="Engine oil and filter"))
        assert "in 12 months" in await oil.first.inner_text()
        found = await faults(phone, "the first reminders")
    assert not [*errors, *found], [*errors, *found]
