"""From nothing to the first reminder in under a minute, on a phone."""

import time

import pytest

from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.browser.people import sign_up_with_a_car
from tests.conftest import the_app

pytestmark = pytest.mark.browser


async def test_a_driver_signs_up_adds_a_car_by_its_vin_and_is_reminded_within_a_minute(site: str) -> None:
    async with open_chromium() as browser:
        phone, errors = await new_page(browser, the_app(), viewport={"width": 390, "height": 844})
        began = time.monotonic()
        await sign_up_with_a_car(phone, ORIGIN)
        await phone.get_by_role("link", name="Set up reminders").click()
        await phone.get_by_role("button", name="Remind me").click()
        await phone.get_by_text("You will be reminded.").wait_for()
        assert time.monotonic() - began < 60
        oil = phone.locator("li", has=phone.get_by_role("link", name="Engine oil and filter"))
        assert "in 12 months" in await oil.first.inner_text()
        found = await faults(phone, "the first reminders")
    assert not [*errors, *found], [*errors, *found]
