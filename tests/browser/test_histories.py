"""A history from another app in a real browser: looked through, taken in, taken out again."""

from __future__ import annotations

import pytest

from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.domains.histories import written

pytestmark = pytest.mark.browser


async def test_a_file_comes_in_and_goes_again(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(
            browser, the_app(), cast.customer.cookie, viewport={"width": 390, "height": 844}
        )
        await page.goto(f"{ORIGIN}/garage/{CAR}")
        await page.get_by_role("link", name="Logbook").first.click()
        await page.get_by_role("link", name="History from elsewhere").click()
        await page.set_input_files(
            "[name=file]", {"name": "fuelio.csv", "mimeType": "text/csv", "buffer": written.FUELIO.encode()}
        )
        await page.get_by_role("button", name="Look through it").click()
        await page.get_by_text("Written by Fuelio").wait_for()
        found = await looked_at(page, page.url.removeprefix(ORIGIN))
        await page.get_by_role("button", name="Take 4 rows into the logbook").click()
        await page.get_by_text("4 entries of this file are in the logbook.").wait_for()
        await page.get_by_role("link", name="Open the logbook").click()
        await page.get_by_text("Oil change").first.wait_for()
        await page.go_back()
        await page.get_by_role("button", name="Take all of it out again").click()
        await page.get_by_text("is out of the logbook again").wait_for()
        await page.goto(f"{ORIGIN}/garage/{CAR}/logbook")
        assert await page.get_by_text("Oil change").count() == 0
        assert [*found, *wrong] == []
