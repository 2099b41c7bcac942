"""A place by a tap: the device's position when it is given, words when it is not, and a pin that the arrow keys move."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.in_process import ORIGIN, new_page, open_chromium
from tests.conftest import the_app

pytestmark = pytest.mark.browser


async def test_a_pin_is_put_and_moved_and_a_refused_position_is_explained(site: str) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app())
        await page.goto(f"{ORIGIN}/dev/patterns")
        place = page.locator("[data-place=place]")
        words, latitude = place.locator("#f-place"), place.locator("[name=place_latitude]")

        # http is no place for positions, and a person may refuse: either way there is a way on.
        await place.get_by_role("button", name="Use my position").click()
        await expect(place.get_by_role("status")).to_contain_text("Please write the town")

        await words.press_sequentially("berl")
        await place.get_by_text("Berlin, State of Berlin, Germany").click()
        await expect(words).to_have_value("Berlin, State of Berlin, Germany")
        await expect(latitude).to_have_value(re.compile(r"52\.5\d+"))
        pin = place.get_by_role("button", name="Pin: the arrow keys move it")
        before = float(await latitude.input_value())
        await pin.press("ArrowUp")
        await pin.press("Shift+ArrowUp")
        assert 0 < float(await latitude.input_value()) - before < 0.3
        await expect(place.locator(".map-name").first).to_be_visible()

        await page.get_by_role("button", name="Save the place").click()
        stored = page.locator("[data-place=shop_place]")
        await expect(stored.locator("#f-shop_place")).to_have_value("Berlin, State of Berlin, Germany")
        await expect(stored.locator("[name=shop_place_country]")).to_have_value("DE")

        # Put in the middle of the world, by somebody without a mouse: the town near it gives the words.
        await place.get_by_role("button", name="Pin in the middle").press("Enter")
        await expect(latitude).not_to_have_value("")
        await expect(words).not_to_have_value("")
        assert await page.evaluate("window.refused") == []
        assert wrong == []
