"""Continue with Demo ID: to the local issuer and back, in a real browser, with scripts and without."""

from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from app.demo import people
from tests.browser.people import DESK, PASSWORD, PHONE, Person, at_a_device

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]


async def goes_to_demo_id(driver: Person, *, of_demo: str = "", email: str = "") -> None:
    """From a page with the button to the issuer, and what the person says there."""
    await driver.press("Continue with Demo ID")
    await driver.page.wait_for_url("**/authorize?**")
    if email:
        await driver.page.fill("[name=name]", "Ada New")
        await driver.page.fill("[name=email]", email)
        await driver.press("Continue")
    else:
        await driver.press(of_demo, exact=False)


async def walks(driver: Person) -> None:
    """Somebody new makes an account by it, comes back to the same one, and cannot unlink the only way in."""
    email = f"{uuid4().hex[:8]}@new.example"
    await driver.goto("/sign-up")
    await driver.look("make an account")
    await goes_to_demo_id(driver, email=email)
    await driver.page.wait_for_url("**/garage**")
    await driver.goto("/settings/sign-on")
    await expect(driver.page.locator("main").get_by_text(email)).to_be_visible()
    await driver.look("linked sites")
    await driver.press("Unlink Demo ID")
    await expect(driver.page.get_by_text("This is the only way into your account")).to_be_visible()
    await driver.look("refused")
    await driver.context.clear_cookies()
    await driver.goto("/sign-in?next=/settings/sign-on")
    await goes_to_demo_id(driver, email=email)
    await driver.page.wait_for_url("**/settings/sign-on")
    await expect(driver.page.locator("main").get_by_text(email)).to_be_visible()


async def is_asked_first(owner: Person) -> None:
    """An account with a password is not opened by an address alone; once its owner has agreed, it is."""
    await owner.goto("/sign-in")
    await goes_to_demo_id(owner, of_demo="Do not sign in")
    await expect(owner.page.get_by_text("You did not let Demo ID tell us who you are")).to_be_visible()
    await owner.follow("Back to sign in")
    await goes_to_demo_id(owner, of_demo=people.CUSTOMER.name)
    await expect(
        owner.page.get_by_role("heading", name="There is an account with this address")
    ).to_be_visible()
    await owner.look("an account is there")
    await owner.page.fill("[name=password]", PASSWORD)
    await owner.press("Sign in")
    await owner.page.get_by_role("heading", name="Link Demo ID to your account?").wait_for()
    await owner.look("the question")
    await owner.press("Link Demo ID")
    await owner.page.wait_for_url("**/garage**")
    await owner.goto("/settings/sign-on")
    await owner.press("Unlink Demo ID")
    await expect(owner.page.get_by_text("No other site opens your account yet")).to_be_visible()


async def test_continue_with_demo_id(chromium: Browser, live_url: str) -> None:
    async with (
        at_a_device(chromium, "driver", live_url, PHONE) as driver,
        at_a_device(chromium, "owner", live_url, DESK) as owner,
    ):
        await walks(driver)
        await is_asked_first(owner)
        assert not [*driver.wrong, *owner.wrong], "\n".join([*driver.wrong, *owner.wrong])


async def test_continue_with_demo_id_without_any_script(chromium: Browser, live_url: str) -> None:
    async with (
        at_a_device(chromium, "driver", live_url, PHONE, has_scripts=False) as driver,
        at_a_device(chromium, "owner", live_url, DESK, has_scripts=False) as owner,
    ):
        await walks(driver)
        await is_asked_first(owner)
        assert not [*driver.wrong, *owner.wrong], "\n".join([*driver.wrong, *owner.wrong])
