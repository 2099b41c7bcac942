"""The garage and the customers in a real browser: axe, the policy, no sideways scrolling; and without a script."""

from __future__ import annotations

import time

import pytest

from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.cast import Cast
from tests.conftest import the_app
from tests.core import pictures

pytestmark = pytest.mark.browser

LEAF = "1N4AZ0CP6GC304290"


async def test_axe_finds_nothing_on_what_a_vin_leads_to(site: str, cast: Cast) -> None:
    """The pages themselves are found by `test_every_page`; nobody follows a link to these answers."""
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie)
        found = []
        for address in (
            f"/garage/new?vin={LEAF}", "/garage/new?vin=1HGCM82633AO04352", "/garage/new?vin=1HGCM82643A004352",
            "/garage/new?vin=VF1AG000264573258", "/garage/new?by=hand", "/garage/new?vin=1HGCM82633A004352",
        ):  # fmt: skip
            found += await looked_at(page, address)
        desk, wrong_at_desk = await new_page(browser, the_app(), cast.advisor.cookie)
        for address in ("/customers?q=nobody", f"/customers/1/cars/new?vin={LEAF}"):
            found += await looked_at(desk, address)
        assert [*found, *wrong, *wrong_at_desk] == []


@pytest.mark.parametrize("with_script", [True, False])
async def test_a_new_driver_has_a_car_in_the_garage_within_a_minute(
    site: str, cast: Cast, with_script: bool
) -> None:
    """From signing up to the car with its plate, mileage and photo: nothing typed but what nobody can know."""
    async with open_chromium() as browser:
        page, wrong = await new_page(
            browser, the_app(), viewport={"width": 390, "height": 844}, java_script_enabled=with_script
        )
        started = time.monotonic()
        await page.goto(f"{ORIGIN}/sign-up")
        await page.fill("[name=name]", "Zoë O'Hara")
        await page.fill("[name=email]", "zoe@test.example")
        await page.fill("[name=password]", "three quiet mountains")
        await page.get_by_role("button", name="Make account").click()
        await page.get_by_label("VIN").fill(LEAF.lower())
        await page.get_by_role("button", name="Look it up").click()
        assert await page.get_by_text("2016 Nissan Leaf").is_visible()
        await page.get_by_label("Number plate").fill("O'HARA 1")
        await page.get_by_label("Mileage (optional)", exact=True).fill("61200")
        await page.set_input_files(
            "[name=photo]", {"name": "car.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg()}
        )
        await page.get_by_role("button", name="Add to my garage").click()
        await page.get_by_role("heading", name="2016 Nissan Leaf").wait_for()
        assert time.monotonic() - started < 60
        assert await page.get_by_text("61,200 mi").first.is_visible()
        assert await page.get_by_role("img", name="Photo of 2016 Nissan Leaf").is_visible()
        assert wrong == []


async def test_a_mistyped_vin_shows_where_and_offers_the_right_one(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.stranger.cookie)
        await page.goto(f"{ORIGIN}/garage/new")
        await page.get_by_label("VIN").fill("1FTVW1ELSNWG15161")
        await page.get_by_role("button", name="Look it up").click()
        assert await page.get_by_label("probably wrong").inner_text() == "S"
        await page.get_by_role("link", name="1FTVW1EL5NWG15161").click()
        await page.get_by_text("2022 Ford F-150 Lightning").wait_for()
        assert await page.locator("mark").count() == 0
        assert wrong == []


async def test_the_counter_finds_a_customer_while_typing(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.advisor.cookie)
        await page.goto(f"{ORIGIN}/customers")
        box = page.get_by_role("searchbox")
        await box.press_sequentially("7abc", delay=20)
        await page.get_by_role("link", name="Dana O'Neil").wait_for()
        await box.fill("nobody at all")
        await page.get_by_text("Nobody is found").wait_for()
        assert await box.input_value() == "nobody at all"
        assert wrong == []


async def test_models_follow_the_make_that_is_typed(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie)
        await page.goto(f"{ORIGIN}/garage/new?by=hand")
        await page.get_by_label("Make").fill("Nissan")
        await page.get_by_label("Make").press("Tab")
        await page.locator("#models option[value=Leaf]").wait_for(state="attached")
        assert wrong == []
