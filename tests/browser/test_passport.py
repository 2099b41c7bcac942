"""A vehicle passport in a real browser: made by the owner, opened by a buyer, saved, and checked without a network."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from app.core.db import transaction
from app.domains import garage, logbook
from app.domains.logbook import Written
from app.domains.passports import keys, making
from app.domains.passports.checking import check
from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium, secure_origin
from tests.browser.test_offline import lose_the_network
from tests.browser.test_push import served
from tests.cast import CAR, Cast
from tests.conftest import the_app

__all__ = ["served"]

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


async def write_down(cast: Cast) -> None:
    async with transaction(user=cast.customer.user_id) as db:
        me = cast.customer.viewer
        car = await garage.find_own(db, me, CAR)
        said = Written(kind="service", day=date(2024, 5, 6), km=151_000, title="زيت المحرك — “5W-30”")
        await logbook.log(db, car, said, by=me, confirmed=True)


async def verdict(page: Page, content: bytes, code: str = "") -> str:
    await page.set_input_files(
        "[name=file]", {"name": "p.json", "mimeType": "application/json", "buffer": content}
    )
    await page.locator("[name=code]").fill(code)
    await page.locator("#verdict").evaluate("one => one.replaceChildren()")
    await page.get_by_role("button", name="Check").click()
    await page.locator("#verdict > *").first.wait_for()
    return await page.locator("#verdict").inner_text()


async def test_a_buyer_saves_a_passport_and_checks_it_without_a_network(
    site: str, cast: Cast, tmp_path: Path
) -> None:
    await write_down(cast)
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie, viewport=PHONE)
        await page.goto(f"{ORIGIN}/garage/{CAR}")
        await page.get_by_role("link", name="Passport").click()
        await page.get_by_role("button", name="Make the passport").click()
        link = await page.locator("#passport-link").inner_text()
        assert await page.locator("figure img").evaluate("one => one.naturalWidth") > 100
        found = await looked_at(page, page.url.removeprefix(ORIGIN))

        buyer, faults = await new_page(browser, the_app(), "", viewport=PHONE)
        path = "/passport/" + link.rpartition("/passport/")[2]
        await buyer.goto(ORIGIN + path)
        await buyer.get_by_text("nothing of it was changed since").wait_for()
        found += await looked_at(buyer, path)
        async with buyer.expect_download() as saving:
            await buyer.get_by_role("link", name="Save the file").click()
        await (await saving.value).save_as(tmp_path / "passport.json")
        content = (tmp_path / "passport.json").read_bytes()
        await buyer.get_by_role("link", name="Check a file").click()
        await buyer.wait_for_load_state("load")
        found += await looked_at(buyer, "/passport/check")
        await buyer.goto(f"{secure_origin()}/passport/check")
        await buyer.context.set_offline(True)
        said = await verdict(buyer, content)
        assert "Nothing was changed since it was signed." in said
        assert "2003 Honda Accord" in said
        changed = await verdict(buyer, content.replace(b"151000", b"101000"))
        assert "Not valid" in changed
        assert "Entry 1 was changed." in changed
        assert "signature does not fit" in await verdict(
            buyer, content.replace(b'"signature":"', b'"signature":"A', 1)
        )
        assert [*found, *wrong, *faults] == []


SCANNED = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const seen = document.createElement("canvas");
  setInterval(() => seen.getContext("2d").fillRect(0, 0, 9, 9), 50);
  return seen.captureStream();
};
globalThis.BarcodeDetector = class {
  static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
  async detect() { return [{ rawValue: globalThis.scanned }]; }
};"""
"""No camera in a test; what it would see is said here."""


async def test_a_code_is_scanned_and_a_passport_checked_by_a_page_kept_from_an_earlier_visit(
    served: str, cast: Cast
) -> None:
    await write_down(cast)
    async with transaction(user=cast.customer.user_id) as db:
        me = cast.customer.viewer
        passport = await making.make(db, await garage.find_own(db, me, CAR), days=7, by=me)
        link = making.link_of(passport).rpartition("/passport/")[2]
        code = making.compact(check(passport.document.encode(), keys.ours()).document)
    async with open_chromium() as browser:
        await new_page(browser, the_app())
        context = await browser.new_context(locale="en-US", viewport=PHONE)  # type: ignore[arg-type]
        await context.add_init_script(SCANNED)
        buyer = await context.new_page()
        await buyer.goto(f"{served}/passport/check")
        await buyer.evaluate(f"globalThis.scanned = 'https://any.example/passport/{link}#{code}'")
        await buyer.get_by_role("button", name="Scan the code").click()
        await expect(buyer.locator("#verdict")).to_contain_text("Nothing was changed since it was signed.")
        await expect(buyer.locator("[data-camera]")).to_be_hidden()

        for _patiently in range(200):
            if await buyer.evaluate("caches.match('/passport/check').then((one) => !!one)"):
                break
            await asyncio.sleep(0.05)
        await lose_the_network(buyer)
        await buyer.goto(f"{served}/passport/{link}#{code}")
        await expect(buyer.locator("#verdict")).to_contain_text("Nothing was changed since it was signed.")
        await buyer.goto("about:blank")
        await buyer.goto(f"{served}/passport/{link}#{code.replace('~', '~9', 1)}")
        await expect(buyer.locator("#verdict")).to_contain_text("Not valid")
