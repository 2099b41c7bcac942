"""A car's papers in a real browser: kept from the camera, looked at, shown to somebody else by a link, and no longer."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import expect

from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.core import pictures

pytestmark = pytest.mark.browser


async def test_a_paper_from_the_camera_is_shown_to_somebody_by_a_link_until_it_is_revoked(
    site: str, cast: Cast
) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie, locale="en-US")
        await page.goto(f"{ORIGIN}/garage/{CAR}")
        await page.get_by_role("link", name="Add a document").click()
        await page.get_by_label("What it is").select_option("insurance")
        await page.set_input_files(
            "#f-camera", {"name": "policy.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg()}
        )
        await expect(page.locator("[data-previews] img")).to_have_count(1)
        await page.get_by_label("Expires on").fill("2020-01-31")
        await page.get_by_label("Issued by").fill("Länd & Söhne")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Expired on Jan 31, 2020")).to_be_visible()
        await expect(page.locator("main img")).to_have_count(1)
        at = page.url.removeprefix(ORIGIN)
        await page.get_by_label("It works for").select_option("hour")
        await page.get_by_role("button", name="Make a link").click()
        link = await page.locator("main code").inner_text()
        found = []
        for address in (
            at,
            f"{at}/edit",
            "/documents",
            f"/garage/{CAR}/documents",
            f"/garage/{CAR}/documents/new",
        ):
            found += await looked_at(page, address)
            if folder := os.environ.get("PICTURES"):
                for width in (390, 1440):
                    await page.set_viewport_size({"width": width, "height": 900})
                    name = address.strip("/").replace("/", "_")[-40:]
                    await page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)

        other, wrong_there = await new_page(browser, the_app(), locale="en-US")
        path = "/paper/" + link.rpartition("/")[2]
        found += await looked_at(other, path)
        await expect(other.get_by_role("heading", name="Insurance")).to_be_visible()
        await expect(other.locator("main img")).to_have_count(1)
        await page.goto(f"{ORIGIN}{at}")
        await page.get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("Revoked")).to_be_visible()
        over = await other.goto(f"{ORIGIN}{path}")
        assert over
        assert over.status == 403
        await expect(other.get_by_text("Ask whoever sent it")).to_be_visible()
        assert [*found, *wrong, *[one for one in wrong_there if "403" not in one]] == []
