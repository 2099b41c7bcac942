"""The garage and the customers in a real browser: axe, the policy, no sideways scrolling; and without a script."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import pytest

from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.core import pictures
from tests.mailbox import link_to

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


@pytest.mark.parametrize("role", ["driver", "reader"])
async def test_an_owner_shares_a_car_and_who_was_invited_does_what_they_may(
    site: str, cast: Cast, run_reactions: Callable[[], Awaitable[object]], role: str
) -> None:
    """From the owner's invitation to the other person's first fill-up, which a reader is not even offered."""
    phone = {"width": 390, "height": 844}
    async with open_chromium() as browser:
        dana, wrong = await new_page(browser, the_app(), cast.customer.cookie)
        await dana.goto(f"{ORIGIN}/garage/{CAR}")
        await dana.get_by_role("link", name="Who shares this car").click()
        await dana.get_by_label("Their email address").fill(cast.stranger.email)
        await dana.get_by_label("Driver" if role == "driver" else "Read only").check()
        await dana.get_by_role("button", name="Send the invitation").click()
        await dana.get_by_text("gets a mail with a link").wait_for()
        await run_reactions()
        sam, wrong_there = await new_page(browser, the_app(), cast.stranger.cookie, viewport=phone)
        await sam.goto(ORIGIN + await link_to(cast.stranger.email, "/shared/"))
        await sam.get_by_role("button", name="Put it into my garage").click()
        await sam.get_by_text("Shared by Dana O'Neil").wait_for()
        log = sam.get_by_role("link", name="Log a fill-up")
        if role == "reader":
            assert await log.count() == 0
        else:
            await log.click()
            await sam.get_by_label("How much went in").fill("31")
            await sam.get_by_label("What it cost in all").fill("52.10")
            await sam.get_by_role("button", name="Save").click()
            await sam.get_by_text("Written down.").wait_for()
            await dana.goto(f"{ORIGIN}/garage/{CAR}/logbook")
            await dana.get_by_text("52.10").first.wait_for()
        found = await looked_at(dana, f"/garage/{CAR}/people") + await looked_at(sam, f"/garage/{CAR}/people")
        assert [*found, *wrong, *wrong_there] == []
