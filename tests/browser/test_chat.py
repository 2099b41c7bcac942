"""A driver at a phone and the desk write to each other; each sees at once what the other writes, and that it was seen."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import DESK, PHONE, at_a_device
from tests.core.pictures import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]


async def test_both_sides_follow_as_it_is_written_and_read(live_url: str, chromium: Browser) -> None:
    async with (
        at_a_device(chromium, "Maya", live_url, PHONE) as maya,
        at_a_device(chromium, "Ben", live_url, DESK) as ben,
    ):
        await maya.sign_in("customer@demo.test")
        await ben.sign_in("advisor@demo.test")
        await maya.goto("/appointments?mine=true")
        visit = maya.page.locator("article, li", has_text="EV brake service")
        await visit.get_by_role("link").first.click()
        await maya.page.wait_for_url(re.compile(r"/appointments/[0-9a-f-]{36}$"))
        await ben.goto(maya.page.url)
        hers, his = maya.page.get_by_label("Your message"), ben.page.get_by_label("Your message")
        await his.fill("Half a sen")  # is being typed while hers arrives
        await hers.fill("It grinds again.\nShall I come in <b>earlier</b>?")
        await hers.press("Control+Enter")
        await expect(hers).to_have_value("")
        await expect(hers).to_be_focused()
        last = maya.page.locator(".chat-message").last
        await expect(last).to_contain_text("Shall I come in <b>earlier</b>?")
        await expect(ben.page.get_by_text("It grinds again.").last).to_be_visible()
        await expect(last).to_contain_text("Seen")
        await expect(his).to_have_value("Half a sen")
        await his.fill("Yes, at nine.")
        photo = {"name": "bay.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        await ben.page.get_by_label("Photo or document").set_input_files(photo)  # type: ignore[arg-type]
        await ben.page.get_by_role("button", name="Send").click()
        await expect(his).to_be_focused()
        await expect(maya.page.get_by_role("img", name="Photo from Ben Aldrich").last).to_be_visible()
        await maya.look("conversation")
        await ben.look("conversation")
        assert maya.wrong + ben.wrong == []
