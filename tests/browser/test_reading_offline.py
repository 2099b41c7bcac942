"""One's own garage without a network: read as it was, and gone with its person."""

from __future__ import annotations

import asyncio
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.in_process import new_page, open_chromium
from tests.browser.test_offline import find_the_network, lose_the_network
from tests.browser.test_push import served
from tests.cast import CAR, Cast
from tests.conftest import the_app

__all__ = ["served"]

pytestmark = pytest.mark.browser

ADDRESSES = """async () => {
  const all = [];
  for (const name of await caches.keys()) {
    for (const one of await (await caches.open(name)).keys()) all.push(`${name} ${new URL(one.url).pathname}${new URL(one.url).search}`);
  }
  return all;
}"""


async def kept(page: Page) -> list[str]:
    """Whatever this browser keeps of pages of people."""
    return [one for one in await page.evaluate(ADDRESSES) if not one.startswith("torqueline-")]


async def sign_in(context: BrowserContext, origin: str, cookie: str) -> None:
    await context.add_cookies([{"name": "session", "value": cookie, "url": origin}])


async def until_kept(page: Page, ending: str) -> list[str]:
    for _patiently in range(200):
        found = await kept(page)
        if any(one.endswith(ending) for one in found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{ending} is not kept: {await kept(page)}")


async def test_a_garage_is_read_offline_by_its_person_and_nobody_after_them(served: str, cast: Cast) -> None:
    car = f"/garage/{CAR}"
    async with open_chromium() as browser:
        await new_page(browser, the_app())
        context = await browser.new_context(locale="en-US")
        await sign_in(context, served, cast.customer.cookie)
        page = await context.new_page()
        await page.goto(f"{served}/garage")
        await until_kept(page, f"{car}/packages?part")
        await page.goto(f"{served}/bookings")
        assert not [one for one in await kept(page) if " /garage" not in one and " /files/" not in one]

        await lose_the_network(page)
        for address in (car, "/garage", "/"):
            await page.goto(f"{served}{address}")
            await expect(page.get_by_text("This is how it stood on:")).to_be_visible()
        await expect(page).to_have_url(f"{served}/garage")
        await page.goto(f"{served}/bookings")
        await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
        await find_the_network(page)

        # Somebody else signs in without the first one's leaving.
        await sign_in(context, served, cast.stranger.cookie)
        await page.goto(f"{served}/settings")
        assert await kept(page) == []
        await page.goto(f"{served}/garage")
        await until_kept(page, "/garage")
        assert not [one for one in await kept(page) if car in one], "nothing of the first one's"

        await page.locator("form[data-sign-out]").first.evaluate("(form) => form.requestSubmit()")
        await page.wait_for_url(f"{served}/")
        assert await kept(page) == []
