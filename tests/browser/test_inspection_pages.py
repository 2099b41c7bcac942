"""The technician's sheet in a real browser: one tap, keys for gloves, nothing for axe; and without a script."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.db import transaction
from app.domains.inspections.models import Finding
from tests.browser.in_process import ORIGIN, faults, looked_at, new_page, open_chromium
from tests.cast import HARBOR, Cast
from tests.conftest import the_app
from tests.domains.inspections.sheets import begun_on_site, item_on_site
from tests.domains.notifications import things

pytestmark = pytest.mark.browser

TABLET: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}}


async def found_as(finding_id: object) -> tuple[str, str, str]:
    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Finding, finding_id)
        return one.rating, "" if one.measure is None else f"{one.measure.normalize():f}", one.note


async def test_axe_finds_nothing_on_the_sheet(site: str, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.technician.cookie)
        found = await looked_at(page, f"/inspections/{inspection.id}")
        assert [*found, *wrong] == []


async def test_a_measure_a_note_and_one_tap_are_saved_as_they_are_made(site: str, cast: Cast) -> None:
    inspection, _order = await begun_on_site()
    pads = await item_on_site(inspection, "Front brake pads")
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.technician.cookie, **TABLET)
        await page.goto(f"{ORIGIN}/inspections/{inspection.id}")
        card = page.locator(f"#item-finding-{pads}")
        for _press in range(9):
            await card.get_by_role("button", name="More: Front brake pads").click()
        await card.locator(".mark-key.tone-wait[aria-pressed=true]").wait_for()
        assert await card.locator("[name=measure]").input_value() == "4.5"
        await card.get_by_role("button", name="Front brake pads: Now").click()
        await card.locator(".mark-key.tone-stop[aria-pressed=true]").wait_for()
        await card.get_by_label("Note on Front brake pads").click()
        await page.keyboard.type("Scored disc")
        await page.keyboard.press("Tab")
        # Without a pause: the note is on its way when the next button is tapped.
        await card.get_by_role("button", name="Propose the repair").click()
        await card.get_by_text("On the order").wait_for()
        assert await found_as(pads) == ("red", "4.5", "Scored disc")
        assert await card.get_by_label("Note on Front brake pads").input_value() == "Scored disc"
        # The return key in the measure saves it, and colours nothing by accident.
        vents = await item_on_site(inspection, "Heating and air conditioning")
        await page.locator(f"#item-finding-{vents} [name=measure]").fill("6")
        await page.keyboard.press("Enter")
        await page.locator(f"#item-finding-{vents} [name=measure][value='6']").wait_for()
        assert await found_as(vents) == ("", "6", "")
        for key in await page.locator(".mark-key").all():
            box = await key.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 56
        assert [*wrong, *await page.evaluate("window.refused")] == []


async def test_the_sheet_is_filled_in_without_a_script(site: str, cast: Cast) -> None:
    inspection, _order = await begun_on_site("ev_hv")
    cable = await item_on_site(inspection, "Charging cable")
    async with open_chromium() as browser:
        page, _wrong = await new_page(
            browser, the_app(), cast.technician.cookie, java_script_enabled=False, **TABLET
        )
        await page.goto(f"{ORIGIN}/inspections/{inspection.id}")
        card = page.locator(f"#item-finding-{cable}")
        await card.locator("summary", has_text="Note").click()
        await card.get_by_label("Note on Charging cable").fill("Cut near the plug")
        await card.get_by_role("button", name="Charging cable: Soon").click()
        await page.wait_for_url(f"**/inspections/{inspection.id}#item-finding-{cable}")
        assert await found_as(cable) == ("yellow", "", "Cut near the plug")
        await card.get_by_role("button", name="Propose the repair").click()
        await card.get_by_text("On the order").wait_for()


async def test_axe_finds_nothing_on_the_list_and_the_mails(site: str, cast: Cast, run_reactions: Any) -> None:
    await things.appointment()
    await things.estimate()
    await run_reactions()
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.customer.cookie)
        await page.goto(f"{ORIGIN}/notifications")
        found = await faults(page, "list")
        assert await page.locator("#unread .pill").inner_text() == "2"
        await page.goto(f"{ORIGIN}/dev/mail")
        found += await faults(page, "mails")
        await page.locator("tbody a").first.click()
        await page.wait_for_url("**/dev/mail/*")
        found += await faults(page, "mail")
        assert [*found, *wrong] == []
