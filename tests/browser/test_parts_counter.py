"""A parts shop's open board: a request arrives on it by itself, and is answered from the keyboard."""

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from tests.browser.parts_market import put
from tests.browser.people import DESK, PHONE, at_a_device

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]


async def test_a_request_arrives_on_the_open_board_and_is_answered(
    live_home: Path, live_url: str, chromium: Browser
) -> None:
    email = f"counter-{uuid4().hex[:8]}@demo.test"
    put(live_home, "shop", email)
    async with (
        at_a_device(chromium, "counter", live_url, DESK) as counter,
        at_a_device(chromium, "colleague", live_url, PHONE) as colleague,
    ):
        for person in (counter, colleague):
            await person.sign_in(email)
            await person.goto("/market")
            await expect(person.page.locator(".live-dot .live-yes")).to_be_visible()
        code = put(live_home, "request", "Alternator <left>")
        for person in (counter, colleague):
            await person.page.locator(f"#r-{code}").get_by_text("Alternator <left>").wait_for()
            await expect(person.page).to_have_title("(1) Requests · Torqueline")
            await person.look("board")
        page = counter.page
        await page.locator(f"#r-{code}").get_by_role("link", name="2003 Honda Accord").click()
        await page.get_by_label("Price for one, with tax").fill("129,90")
        await expect(page.locator("#sum")).to_contain_text("$129.90")
        await counter.look("quote")
        await page.get_by_label("Price for one, with tax").press("Control+Enter")
        await page.get_by_text("Your offer is with the buyer.").wait_for()
        await expect(colleague.page.locator(f"#r-{code}")).to_have_count(0)
        assert counter.wrong + colleague.wrong == []
