"""What a browser keeps of its person: their own garage to be read offline, and what another app shared; gone with them."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.in_process import ORIGIN, new_page, open_chromium
from tests.browser.test_offline import find_the_network, lose_the_network
from tests.browser.test_push import served
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.core.pictures import jpeg

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


async def test_a_shared_photo_waits_in_the_browser_until_its_person_says_what_it_is(
    served: str, cast: Cast
) -> None:
    async with open_chromium() as browser:
        await new_page(browser, the_app())
        context = await browser.new_context(locale="en-US")
        page = await context.new_page()
        await page.goto(f"{served}/sign-in")
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        other = await context.new_page()
        await other.set_content(
            f'<form method="post" enctype="multipart/form-data" action="{served}/share">'
            '<input name="text" value="From the dealer"><input type="file" name="files" multiple><button>Share</button></form>'
        )
        paper = {"name": "policy.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 "}
        script = {"name": "run.html", "mimeType": "text/html", "buffer": b"<script>"}
        photo = {"name": "Dana's car.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        await other.set_input_files("input[type=file]", [paper, script, photo])  # type: ignore[list-item]
        await other.get_by_role("button", name="Share").click()
        await other.wait_for_url(f"{served}/sign-in**")

        await sign_in(context, served, cast.customer.cookie)
        await other.goto(f"{served}/share")
        shared = other.locator("[data-shared]")
        await expect(shared.get_by_role("listitem")).to_have_text(["policy.pdf", "Dana's car.jpg"])
        await expect(shared).to_contain_text("From the dealer")
        await expect(shared).to_contain_text("Some files were left out")
        await expect(other.locator("#share-photo ~ [data-previews] img")).to_have_count(1)
        await other.get_by_role("button", name="Save photo").click()
        await expect(other.get_by_text("Photo saved.")).to_be_visible()
        await expect(other.get_by_role("img", name="Photo of")).to_be_visible()

        await other.goto(f"{served}/share")
        await other.get_by_role("button", name="Forget it").click()
        await expect(shared).to_be_hidden()
        assert not [one for one in await kept(other) if one.startswith("shared")]


async def test_the_app_is_offered_on_the_second_visit_and_not_after_a_no(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie, locale="en-US")
        hint = page.get_by_role("complementary", name="Torqueline as an app")

        async def visit() -> None:
            await page.goto(f"{ORIGIN}/garage")
            await page.wait_for_load_state("networkidle")
            await page.evaluate(
                "dispatchEvent(Object.assign(new Event('beforeinstallprompt'), { prompt() {} }))"
            )

        async def an_hour_later() -> None:
            await page.evaluate("""document.cookie = document.cookie.replace(/.*install=(\\d+)\\.(\\d+).*/,
                (_all, count, last) => `install=${count}.${last - 3_600_000}; path=/`)""")

        await visit()
        await visit()
        await expect(hint).to_be_hidden()
        await an_hour_later()
        await visit()
        await expect(hint.get_by_role("button", name="Install")).to_be_visible()
        await hint.get_by_role("button", name="Not now").click()
        await expect(hint).to_be_hidden()
        await visit()
        await expect(hint).to_be_hidden()
        assert wrong == []
