"""What somebody is typing outlives the page being drawn anew around it, and says so when it came too late."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, Response, expect

from app.core.db import transaction
from app.domains import workshop
from app.domains.estimates.links import issue_link
from app.domains.workshop import board
from app.domains.workshop.models import RepairOrder
from tests.browser.in_process import ORIGIN, new_page, open_chromium
from tests.cast import CAST, HARBOR, Cast
from tests.conftest import the_app
from tests.core.pictures import jpeg
from tests.domains.estimates.desk import order_with_jobs, sent
from tests.domains.workshop.shop import approved, as_person, checked_in, proposed

pytestmark = pytest.mark.browser


async def ring(page: Page) -> None:
    """What the stream would say: the order has changed."""
    async with page.expect_response(lambda answer: answer.url.endswith("/orders/1001")):
        await page.evaluate(
            "document.getElementById('live').dispatchEvent(new CustomEvent('service:progress_updated'))"
        )


async def plan(order: RepairOrder, **wanted: str) -> None:
    """A colleague's plan, saved elsewhere."""
    async with transaction() as db:
        await as_person(db, CAST.owner)
        found = await db.get_one(RepairOrder, order.id)
        facts = {"concern": found.concern, "key_tag": found.key_tag, **wanted}
        await workshop.plan(
            db, found, by=CAST.owner.viewer, version=found.version, promise_at=found.promise_at,
            bay_id=found.bay_id, technician_id=found.technician_id, priority=found.priority, **facts,
        )  # fmt: skip


async def test_a_plan_being_typed_is_kept_and_a_late_one_is_refused(site: str, cast: Cast) -> None:
    async with transaction() as db:
        order = await checked_in(db)
        await proposed(db, order)
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.advisor.cookie)
        await page.goto(f"{ORIGIN}/orders/{order.number}")
        await page.get_by_text("Change the plan").click()
        concern = page.get_by_label("What the customer says")
        await concern.fill("Squeals, and pulls to the left")
        await plan(order, key_tag="99", concern="Squeals when cold")
        await ring(page)
        await expect(page.locator("dd", has_text="99")).to_be_visible()
        await expect(page.locator("#plan")).to_have_attribute("open", "")
        await expect(concern).to_have_value("Squeals, and pulls to the left")
        await expect(concern).to_be_focused()
        await page.get_by_role("button", name="Save the plan").click()
        await expect(page.locator("#toasts .tone-stop")).to_contain_text("changed")
        async with transaction(tenant=HARBOR) as db:
            assert (await db.get_one(RepairOrder, order.id)).concern == "Squeals when cold"
        await expect(concern).to_have_value("Squeals, and pulls to the left")
        await expect(page.locator("#plan [name=version]")).to_have_value(str(order.version + 1))
        await page.get_by_role("button", name="Save the plan").click()
        await expect(page.locator(".concern").first).to_have_text("Squeals, and pulls to the left")
        # A choice nobody made follows what a colleague chose.
        await plan(order, key_tag="55")
        await page.get_by_text("Change the plan").click()
        await ring(page)
        await expect(page.get_by_label("Key tag")).to_have_value("55")
        await expect(page.locator("#plan")).to_have_attribute("open", "")
        assert wrong == []


async def test_a_move_half_chosen_is_its_own_and_not_another_cards(site: str, cast: Cast) -> None:
    async with transaction() as db:
        mine, other = await checked_in(db), await checked_in(db)
    assert mine.version == other.version
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.advisor.cookie)
        await page.goto(f"{ORIGIN}/board")

        async def unfold(card: Locator) -> None:
            await card.locator("details").evaluate("details => { details.open = true }")

        async def choose(order: RepairOrder) -> Locator:
            card = page.locator(f"#card-{order.number}")
            await unfold(card)
            await card.locator("select[name=stage]").select_option("in_progress")
            return card

        async def send(card: Locator) -> Response:
            await unfold(card)
            async with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
                await card.get_by_role("button", name="Move").press(
                    "Enter"
                )  # an open menu lies over its neighbours
            return await sent.value

        held = await choose(other)
        async with transaction() as db:
            await as_person(db, cast.owner)
            found = await db.get_one(RepairOrder, other.id)
            await board.move(db, found, to="awaiting_parts", by=cast.owner.viewer, version=found.version)
        await send(await choose(mine))
        await expect(page.locator(f"[data-stage=in_progress] #card-{mine.number}")).to_be_visible()
        await expect(held.locator("[name=version]")).to_have_value(str(other.version))
        late = await send(held)
        assert (late.status, "Waiting for parts" in await late.text()) == (409, True)
        async with transaction(tenant=HARBOR) as db:
            assert (await db.get_one(RepairOrder, other.id)).stage == "awaiting_parts"
        assert wrong == []


async def test_a_photo_that_was_sent_is_seen_once(site: str, cast: Cast) -> None:
    async with transaction() as db:
        job = await approved(db, await checked_in(db))
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), cast.technician.cookie)
        await page.goto(f"{ORIGIN}/bench?job={job.id}")
        await page.set_input_files(
            "[name=photos]", {"name": "pads.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        )
        await expect(page.locator("ul.photos img")).to_have_count(1)
        await expect(page.locator("[data-previews] img")).to_have_count(0)
        assert wrong == []


async def test_what_is_mended_on_an_estimate_is_no_longer_wrong(site: str, cast: Cast) -> None:
    async with transaction() as db:
        order, jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
        link = f"{ORIGIN}/approve/{await issue_link(db, estimate)}"
    async with open_chromium() as browser:
        page, _wrong = await new_page(browser, the_app())  # a refused form is an error of the console
        await page.goto(link)
        await page.get_by_role("button", name="Send my answer").click()
        summary = page.locator("[data-error-summary]")
        await expect(summary).to_contain_text(f"{len(jobs) + 1} things to mend")
        await page.locator(".verdict-key", has_text="Not now").first.click()
        await expect(summary).to_contain_text(f"{len(jobs)} thing")
        await expect(page.locator(".verdict .wrong")).to_have_count(len(jobs) - 1)
        await page.get_by_role("button", name="Approve all").click()
        await expect(page.locator(".verdict .wrong")).to_have_count(0)
        await expect(page.locator("[type=radio][aria-invalid]")).to_have_count(0)
        await page.get_by_label("full name").fill("Dana O'Neil")
        await expect(summary).to_have_count(0)
