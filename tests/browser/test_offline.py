"""A tap while the network is gone: said where it was tapped, kept, and sent when the network is back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from app.core.db import transaction
from app.domains.inspections.models import Finding
from tests.browser.in_process import ORIGIN, new_page, open_chromium
from tests.cast import CAR, HARBOR, Cast
from tests.conftest import the_app
from tests.domains.inspections.sheets import begun_on_site, item_on_site

pytestmark = pytest.mark.browser

TABLET: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}}
KEPT = "Not saved: you are offline. It stays here and is sent when the network is back."
WAITS = "Not saved: you are offline. It stays here; tap again when the network is back."


async def _refuse(route: Route) -> None:
    await route.abort("internetdisconnected")


async def lose_the_network(page: Page) -> None:
    """What the test answers for the browser would reach it all the same, so that is refused too."""
    await page.context.route("**/*", _refuse)
    await page.context.set_offline(True)


async def find_the_network(page: Page) -> None:
    await page.context.unroute("**/*", _refuse)
    await page.context.set_offline(False)


async def found_as(finding_id: object) -> tuple[str, str]:
    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Finding, finding_id)
        return one.rating, one.note


async def test_a_rating_tapped_offline_is_kept_and_sent_by_itself(site: str, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    pads = await item_on_site(inspection, "Front brake pads")
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.technician.cookie, **TABLET)
        await page.goto(f"{ORIGIN}/inspections/{inspection.id}")
        card = page.locator(f"#item-finding-{pads}")
        form = card.locator("form[data-resend]")
        await lose_the_network(page)
        await card.get_by_role("button", name="Front brake pads: Now").click()
        await expect(page.locator("#toasts .tone-stop")).to_contain_text(KEPT)
        await expect(form).to_have_attribute("data-unsent", "Not saved yet")
        await expect(card.locator(".mark-key[data-tapped]")).to_have_accessible_name("Front brake pads: Now")
        await card.locator("summary", has_text="Note").click()
        await card.get_by_label("Note on Front brake pads").fill("Scored disc")
        await page.keyboard.press("Tab")
        assert await found_as(pads) == ("", "")

        asked = []

        async def stay(dialog: Any) -> None:
            asked.append(dialog.type)
            await dialog.dismiss()

        page.on("dialog", stay)
        await page.evaluate("location.href = '/bench'")
        await expect(page.locator("#toasts .tone-stop")).to_have_count(1)
        await page.wait_for_timeout(200)
        assert asked == ["beforeunload"]

        await find_the_network(page)
        await card.locator(".mark-key.tone-stop[aria-pressed=true]").wait_for()
        await expect(page.locator("form[data-unsent]")).to_have_count(0)
        await expect(page.locator("#toasts .tone-stop")).to_have_count(0)
        await expect(page.locator("#toasts")).to_contain_text("Saved.")
        assert await found_as(pads) == ("red", "Scored disc")
        await page.goto(f"{ORIGIN}/bench")
        assert asked == ["beforeunload"]
        assert wrong == []


async def test_what_is_not_the_same_twice_waits_for_a_tap(site: str, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    pads = await item_on_site(inspection, "Front brake pads")
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.technician.cookie, **TABLET)
        await page.goto(f"{ORIGIN}/inspections/{inspection.id}")
        card = page.locator(f"#item-finding-{pads}")
        await card.get_by_role("button", name="Front brake pads: Now").click()
        await card.locator(".mark-key.tone-stop[aria-pressed=true]").wait_for()
        await lose_the_network(page)
        await card.get_by_role("button", name="Propose the repair").click()
        await expect(page.locator("#toasts .tone-stop")).to_contain_text(WAITS)
        await find_the_network(page)
        await page.wait_for_timeout(300)
        await expect(card.locator("form[data-unsent]")).to_have_count(1)
        await card.get_by_role("button", name="Propose the repair").click()
        await card.get_by_text("On the order").wait_for()
        await expect(page.locator("form[data-unsent]")).to_have_count(0)
        assert wrong == []


async def test_a_whole_form_saved_offline_stays_with_what_was_typed(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie)
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.type))
        await page.goto(f"{ORIGIN}/garage/{CAR}/logbook/new?kind=service")
        await page.fill("[name=title]", "Wipers, in a tunnel")
        save = (
            page.get_by_role("button", name="Write it down").or_(page.get_by_role("button", name="Save")).last
        )
        await lose_the_network(page)
        await save.click()
        await expect(page.locator("#toasts .tone-stop")).to_contain_text(WAITS)
        await expect(page.locator("[name=title]")).to_have_value("Wipers, in a tunnel")
        await find_the_network(page)
        await save.click()
        await page.wait_for_url(f"**/garage/{CAR}/logbook")
        await expect(page.get_by_text("Wipers, in a tunnel").first).to_be_visible()
        assert (asked, wrong) == ([], [])


async def test_who_taps_twice_is_signed_in_all_the_same(site: str) -> None:
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app())
        await page.goto(f"{ORIGIN}/sign-up")
        await page.fill("[name=name]", "Noor Haddad")
        await page.fill("[name=email]", "noor@test.example")
        await page.fill("[name=password]", "three quiet mountains")
        await page.get_by_role("button", name="Make account").dblclick()
        await page.wait_for_url("**/garage/new**")
        await expect(page.get_by_role("heading", name="Add")).to_be_visible()
        assert wrong == []
