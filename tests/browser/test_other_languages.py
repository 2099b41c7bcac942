"""Words two fifths longer than ours fit and none is left in English; and a driver who reads from right to left."""

import re

import pytest
from playwright.async_api import Page
from sqlalchemy import update

from app.core.db import transaction
from app.core.words import PSEUDO
from app.domains.accounts.models import User
from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.cast import CAR, Cast, Person
from tests.conftest import the_app
from tests.domains.estimates.desk import order_with_jobs, sent

pytestmark = pytest.mark.browser

DRIVER = (
    "/garage", "/garage/new", f"/garage/{CAR}", f"/garage/{CAR}/edit", f"/garage/{CAR}/logbook", f"/garage/{CAR}/logbook/new",
    f"/garage/{CAR}/history", "/book", "/appointments", "/notifications", "/invoices", "/settings", "/settings/notifications",
    "/settings/your-data", "/parts",
)  # fmt: skip
DESK = (
    "/board",
    "/appointments",
    "/appointments/new",
    "/customers",
    "/customers/new",
    "/orders",
    "/orders/new",
)

PLAIN = """() => {
  const skipped = "[dir=auto], bdi, time, code, pre, .plate, .num, option, script, style, [lang], datalist, template, .sr-data";
  const found = [];
  const walk = document.createTreeWalker(document.querySelector("body"), NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode()); ) {
    const holder = node.parentElement, words = node.textContent.trim();
    if (!words || holder.closest(skipped) || !/[A-Za-z]{3}/.test(words) || words.includes("[")) continue;
    if (!holder.closest("h1, h2, h3, h4, button, label, legend, th, summary, .btn, .hint, nav, .status, .empty, caption, dt")) continue;
    if (holder.closest("h1, h2, h3, h4, button, label, legend, th, summary, .btn, .hint, a, .status, .empty, caption, dt").textContent.includes("[")) continue;
    found.push(`${holder.tagName}: ${words.slice(0, 80)}`);
  }
  return found;
}"""
CUT_OFF = """() => [...document.querySelectorAll("button, .btn, .status, label, legend, th, h1, h2, h3, summary, .tabs-row a, .dock a")]
  .filter((e) => e.checkVisibility() && e.clientWidth > 0 && getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1
    && !e.closest(".visually-hidden, .table-stacks thead"))
  .map((e) => `cut off: ${e.outerHTML.slice(0, 120)}`)"""
TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return "";
  return [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > edge + 1)
    .slice(0, 4).map((e) => e.outerHTML.slice(0, 120)).join(" | ") || "the page";
}"""


async def speaks(person: Person, locale: str) -> None:
    async with transaction(user=person.user_id) as db:
        await db.execute(update(User).where(User.id == person.user_id).values(locale=locale))


async def faults_in_longer_words(page: Page, address: str) -> list[str]:
    """What does not fit on a phone or a tablet, and what stayed in English."""
    await page.goto(f"{ORIGIN}{address}")
    await page.wait_for_timeout(100)  # what htmx fetches on load belongs to the page
    assert "~]" in await page.locator("main").inner_text(), f"{address} does not speak"
    found = [f"in English: {one}" for one in await page.evaluate(PLAIN)]
    for width in (390, 1024):
        await page.set_viewport_size({"width": width, "height": 844})
        found += await page.evaluate(CUT_OFF)
        if wide := await page.evaluate(TOO_WIDE):
            found.append(f"too wide at {width}: {wide}")
    return [f"{address}: {one}" for one in found]


async def test_longer_words_fit_and_none_stays_in_english(site: str, cast: Cast) -> None:
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
        await sent(db, order)
    wrong = []
    async with open_chromium() as browser:
        for person, addresses in (
            (cast.customer, DRIVER),
            (cast.advisor, (*DESK, f"/orders/{order.number}")),
            (cast.technician, ("/bench",)),
            (cast.owner, ("/settings/business", "/settings/services", "/settings/packages")),
        ):
            await speaks(person, PSEUDO)
            page, errors = await new_page(browser, the_app(), person.cookie)
            for address in addresses:
                wrong += await faults_in_longer_words(page, address)
            wrong += errors
    assert not wrong, "\n".join(wrong)


async def test_a_driver_reads_and_writes_from_right_to_left(site: str, cast: Cast) -> None:
    await speaks(cast.customer, "ar")
    async with open_chromium() as browser:
        phone, errors = await new_page(
            browser, the_app(), cast.customer.cookie, viewport={"width": 390, "height": 844}
        )
        await phone.goto(f"{ORIGIN}/garage/{CAR}")
        root = phone.locator("html")
        assert (await root.get_attribute("lang"), await root.get_attribute("dir")) == ("ar", "rtl")
        heading = await phone.locator("h1").first.bounding_box()
        assert heading is not None
        assert heading["x"] + heading["width"] > 360  # it begins at the right edge
        assert await phone.locator(".plate").first.evaluate("e => getComputedStyle(e).unicodeBidi") in (
            "isolate",
            "embed",
            "isolate-override",
        )
        await phone.goto(f"{ORIGIN}/garage/{CAR}/logbook/new?kind=note")
        await phone.fill("[name=title]", "تغيير زيت المحرك")
        await phone.locator("main form .thumb-bar button").click()
        await phone.wait_for_url(re.compile(r"/logbook(\?|$)"))
        entry = phone.get_by_text("تغيير زيت المحرك").first
        assert await entry.evaluate("e => getComputedStyle(e).direction") == "rtl"
        wrong = list(errors)
        for address in DRIVER:
            await phone.goto(f"{ORIGIN}{address}")
            await phone.wait_for_timeout(100)
            wrong += await faults(phone, address)
        answer = await phone.goto(f"{ORIGIN}/there-is-nothing-here")
        assert answer is not None
        assert answer.status == 404
    assert not wrong, "\n".join(wrong)
