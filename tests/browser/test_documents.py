"""A car's papers in a real browser: kept from the camera, looked at, shown to somebody else by a link, and no longer."""

from __future__ import annotations

import asyncio
import os

import pytest
from playwright.async_api import Browser, expect

from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.browser.test_kept_in_the_browser import sign_in
from tests.browser.test_push import served
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.core import pictures

__all__ = ["served"]

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


DROP = """files => {
    const carrier = new DataTransfer();
    for (const [name, type, size] of files) carrier.items.add(new File([new Uint8Array(size).fill(37)], name, { type }));
    for (const kind of ["dragover", "drop"]) {
        const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carrier });
        document.querySelector("h1").dispatchEvent(event);
        if (!event.defaultPrevented) throw new Error(`${kind}: the browser would leave the page`);
        if (kind === "dragover" && !document.querySelector("form[data-over]")) throw new Error("nothing shows where");
    }
}"""
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 150_000}


async def test_files_dropped_on_the_page_are_sent_with_their_progress_and_stay_when_they_do_not_arrive(
    served: str, cast: Cast, chromium: Browser
) -> None:
    await new_page(chromium, the_app())
    context = await chromium.new_context(locale="en-US")
    page = await context.new_page()
    await sign_in(context, served, cast.customer.cookie)
    await page.goto(f"{served}/garage/{CAR}/documents/new")
    await expect(page.get_by_text("Files can be dropped anywhere on this page too.")).to_be_visible()
    await page.evaluate(DROP, [["table.xls", "application/vnd.ms-excel", 9]])
    await expect(page.get_by_role("status").get_by_text("Something was left out")).to_be_visible()
    paper = ["policy.pdf", "application/pdf", 700_000]
    await page.evaluate(DROP, [paper])
    await page.evaluate(DROP, [["again.pdf", "application/pdf", 9]])
    assert await page.evaluate("[...document.querySelector('#f-files').files].map(one => one.name)") == [
        "policy.pdf",
        "again.pdf",
    ]
    await page.get_by_label("Title").fill("Policy")

    # Not what it says it is: the server's own page says so.
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("no photo, PDF or Word file").first).to_be_visible()
    await expect(page.get_by_label("Title")).to_have_value("Policy")

    whole = b"%PDF-1.7\n" + b"%" * 700_000 + b"\n%%EOF\n"
    await page.set_input_files(
        "#f-files", {"name": "policy.pdf", "mimeType": "application/pdf", "buffer": whole}
    )
    # The network goes: nothing is lost.
    await context.set_offline(True)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The files have not arrived.")).to_be_visible()
    await expect(page.get_by_label("Title")).to_have_value("Policy")
    await context.set_offline(False)

    session = await context.new_cdp_session(page)
    await session.send("Network.emulateNetworkConditions", SLOW)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("progressbar", name="Sending the files")).to_be_visible()
    value = 0.0
    for _patiently in range(100):
        value = await page.evaluate("document.querySelector('progress')?.value ?? 1")
        if value > 0:
            break
        await asyncio.sleep(0.05)
    assert 0 < value < 1
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await session.send("Network.emulateNetworkConditions", SLOW | {"uploadThroughput": -1})
    await expect(page.get_by_text("The document is kept.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Policy")).to_be_visible()
    await expect(page.locator(".paper")).to_have_count(1)

    # A change leads back to where the form was sent: it is sent once.
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    await page.get_by_role("link", name="Edit").click()
    await page.evaluate(DROP, [["photo.jpg", "image/jpeg", 0]])
    await page.set_input_files(
        "#f-files", {"name": "back.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg()}
    )
    await expect(page.locator("[data-previews] img")).to_have_count(1)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.locator(".paper")).to_have_count(2)
    assert len([one for one in sent if "/documents/" in one]) == 1
    await context.close()
