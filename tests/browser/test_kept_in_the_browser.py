"""What a browser keeps of its person: their own garage to be read offline, and what another app shared; gone with them."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.in_process import ORIGIN, new_page, open_chromium
from tests.browser.test_new_version import CONTROLLED
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
        names = shared.locator("li .main")
        await expect(names).to_have_text(["policy.pdf", "Dana's car.jpg"])
        await expect(shared.get_by_text("From the dealer")).to_be_visible()
        await expect(shared.get_by_text("Some files were left out")).to_be_visible()
        await expect(other.locator("#share-photo ~ [data-previews] img")).to_have_count(1)
        await other.get_by_role("button", name="Save photo").click()
        await expect(other.get_by_text("Photo saved.")).to_be_visible()
        await expect(other.get_by_role("img", name="Photo of")).to_be_visible()

        await other.goto(f"{served}/share")
        await other.get_by_role("button", name="Forget it").click()
        await expect(shared).to_be_hidden()
        assert not [one for one in await kept(other) if one.startswith("shared")]


SHARE_AGAIN = """async ([origin, files]) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", enctype: "multipart/form-data", action: `${origin}/share` });
    const input = Object.assign(document.createElement("input"), { type: "file", name: "files", multiple: true });
    const words = Object.assign(document.createElement("input"), { name: "text", value: files.words ?? "" });
    const carrier = new DataTransfer();
    for (const [name, size] of files.given) {
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65536)));
        carrier.items.add(new File([bytes], name, { type: "application/pdf" }));
    }
    input.files = carrier.files;
    form.append(input, words);
    document.body.append(form);
    form.submit();
}"""
AN_HOUR_LATER = """async () => {
    const cache = await caches.open("shared");
    for (const key of await cache.keys()) {
        const one = await cache.match(key), old = Date.now() - 61 * 60_000;
        await cache.delete(key);
        if (key.url.endsWith("/about")) await cache.put(key, Response.json({ ...(await one.json()), at: old }));
        else await cache.put(key.url.replace(/\\d+-(\\d+)$/, `${old}-$1`), one);
    }
}"""


async def test_nothing_that_is_shared_is_lost_without_a_word(served: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        await new_page(browser, the_app())
        context = await browser.new_context(locale="en-US")
        page = await context.new_page()
        await sign_in(context, served, cast.customer.cookie)
        await page.goto(f"{served}/share")
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await page.reload()
        await page.evaluate(CONTROLLED)

        async def share(*given: tuple[str, int], words: str = "") -> None:
            files = {"given": [list(one) for one in given], "words": words}
            async with page.expect_navigation(url="**/share**"):
                await page.evaluate(SHARE_AGAIN, [served, files])

        shared = page.locator("[data-shared]")
        names = shared.locator("li .main")
        await share(("first.pdf", 9), ("second.pdf", 9), words="From the dealer")
        await expect(names).to_have_text(["first.pdf", "second.pdf"])
        # What was shared before waits still; the newest is meant first, and one can be left out.
        await share(("third.pdf", 9))
        await expect(names).to_have_text(["third.pdf", "first.pdf", "second.pdf"])
        await expect(shared.get_by_text("From the dealer")).to_be_visible()
        count = "document.querySelector('#share-document').files.length"
        for _patiently in range(100):
            if await page.evaluate(count) == 3:
                break
            await asyncio.sleep(0.05)
        assert await page.evaluate(count) == 3
        await page.get_by_role("button", name="Leave out first.pdf").click()
        await expect(names).to_have_text(["third.pdf", "second.pdf"])
        for _patiently in range(100):
            if await page.evaluate(count) == 2:
                break
            await asyncio.sleep(0.05)
        assert await page.evaluate(count) == 2

        # More than there is place for: the newest stay, and it is said.
        await expect(shared.get_by_text("Some files were left out")).to_be_hidden()
        await share(*((f"{number}.pdf", 9) for number in range(8)))
        await expect(names).to_have_count(8)
        await expect(shared.get_by_text("Some files were left out")).to_be_visible()
        await share(("last.pdf", 9), words="x" * 2001)
        await expect(names.first).to_have_text("last.pdf")
        await expect(names).to_have_count(8)
        await expect(shared.get_by_text("its end was left out")).to_be_visible()

        # No room on the device: what waits makes place, and what has none even then is said.
        session = await context.new_cdp_session(page)
        usage = await page.evaluate("navigator.storage.estimate().then((one) => one.usage)")
        await session.send(
            "Storage.overrideQuotaForOrigin", {"origin": served, "quotaSize": usage + 3_000_000}
        )
        await share(("small.pdf", 2_000), ("large.pdf", 9_000_000))
        await expect(page.get_by_text("There is no room left on this device")).to_be_visible()
        await expect(names).to_have_text(["small.pdf"])
        await session.send("Storage.overrideQuotaForOrigin", {"origin": served})

        # An hour later it is gone, and the page says so once.
        await page.evaluate(AN_HOUR_LATER)
        over = page.get_by_text("waited for an hour and is gone")
        await page.goto(f"{served}/share")
        await expect(over).to_be_visible()
        await expect(shared).to_be_hidden()
        assert not [one for one in await kept(page) if one.startswith("shared")]
        await page.reload()
        await expect(over).to_be_hidden()

        # Nobody comes back to it: any other page of the site takes it away.
        await share(("forgotten.pdf", 9))
        await expect(names).to_have_text(["forgotten.pdf"])
        await page.evaluate(AN_HOUR_LATER)
        await page.goto(f"{served}/settings")
        for _patiently in range(100):
            if not [one for one in await kept(page) if one.startswith("shared")]:
                break
            await asyncio.sleep(0.05)
        assert not [one for one in await kept(page) if one.startswith("shared")]


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
