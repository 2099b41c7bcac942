"""Booking in a real browser: axe, the policy, no sideways scrolling; and without a script.

What can be reached by links alone is looked at by `test_every_page`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.in_process import ORIGIN, faults, looked_at, new_page, open_chromium
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.domains.booking.offering import offer

pytestmark = pytest.mark.browser

BOOK = "/book/harbor-lane-garage"


async def first_start(page: Any) -> str:
    """When the driver's first visit begins, as JSON says it."""
    answer = await page.goto(f"{ORIGIN}/api/v1/customers/appointments")
    return str((await answer.json())[0]["scheduled_date"])


async def test_axe_finds_nothing_while_booking(site: str, cast: Cast) -> None:
    services = await offer(cast)
    query = f"vehicle={CAR}&service={services[0].id}&service={services[1].id}"
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie)
        found = []
        for address in (f"{BOOK}/times?{query}", "/appointments"):  # of the latter: while there is none
            found += await looked_at(page, address)
        await page.goto(f"{ORIGIN}{BOOK}/times?{query}")
        await page.locator("button.slot").first.click()
        await page.wait_for_url("**/confirmation")
        found += await faults(page, "confirmation")
        await page.get_by_role("button", name="Book this visit").click()
        await page.wait_for_selector("#appointment")
        found += await faults(page, "visit")
        desk, wrong_at_desk = await new_page(browser, the_app(), cast.advisor.cookie)
        starts = (await first_start(page)).split("T")[0]
        found += await looked_at(desk, f"/appointments?day={starts}&by=bay")
        assert [*found, *wrong, *wrong_at_desk] == []


async def test_the_desk_books_on_the_phone_without_a_script(site: str, cast: Cast) -> None:
    await offer(cast)
    async with open_chromium() as browser:
        looks, wrong = await new_page(browser, the_app(), cast.advisor.cookie)
        page, _none = await new_page(browser, the_app(), cast.advisor.cookie, java_script_enabled=False)
        found = []
        await page.goto(f"{ORIGIN}/appointments")
        await page.get_by_role("link", name="Book a visit").click()
        await page.get_by_label("Find by name, phone, plate, VIN or number").fill("Dana")
        await page.get_by_role("button", name="Find").click()
        await page.get_by_role("link", name="Accord").click()
        found += await looked_at(looks, page.url.removeprefix(ORIGIN))
        await page.get_by_label("Brake check").check()
        await page.get_by_role("button", name="Choose a time").click()
        found += await looked_at(looks, page.url.removeprefix(ORIGIN))
        await page.locator("button.slot").first.click()
        found += await looked_at(looks, page.url.removeprefix(ORIGIN))
        await page.get_by_role("button", name="Book this visit").click()
        assert "The confirmation goes to the address of their account." in await page.inner_text("#flash")
        assert "Booked by Avery Advisor" in await page.inner_text("#day")
        assert [*found, *wrong] == []


async def test_a_driver_books_with_javascript_switched_off(site: str, cast: Cast) -> None:
    await offer(cast)
    async with open_chromium() as browser:
        page, _wrong = await new_page(
            browser,
            the_app(),
            cast.customer.cookie,
            java_script_enabled=False,
            viewport={"width": 390, "height": 844},
        )
        await page.goto(f"{ORIGIN}/book")
        await page.get_by_role("link", name="Harbor Lane Garage", exact=True).click()
        await page.get_by_label("Brake check").check()
        await page.get_by_label("Oil change").check()
        await page.get_by_role("button", name="Choose a time").click()
        await page.locator("ol.days a").last.click()  # of today there may be little left
        await page.locator("button.slot").nth(2).click()
        await page.get_by_label("Anything we should know?").fill("The left one squeaks")
        await page.get_by_role("button", name="Book this visit").click()
        await page.wait_for_selector("#appointment")
        assert await page.get_by_text("Confirmed").is_visible()
        assert await page.get_by_text("The left one squeaks").is_visible()
