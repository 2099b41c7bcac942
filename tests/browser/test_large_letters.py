"""A phone whose reader has set letters twice as large: nothing scrolls sideways, and nothing long breaks out."""

from __future__ import annotations

import pytest

from app.core.db import transaction
from app.domains.estimates.links import issue_link
from app.domains.garage.models import Vehicle
from tests.browser.in_process import ORIGIN, new_page, open_chromium, too_wide_in_large_letters
from tests.browsing import Browser
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.domains.booking.offering import offer
from tests.domains.estimates.desk import order_with_jobs, sent
from tests.domains.inspections.sheets import begun_on_site, item_on_site

pytestmark = pytest.mark.browser

PUBLIC = ("/", "/sign-in", "/sign-up", "/book", "/offline", "/there-is-nothing-here")
DRIVER = (
    "/garage",
    "/garage/new",
    f"/garage/{CAR}",
    "/book",
    "/appointments",
    "/notifications",
    "/invoices",
    "/settings",
)
DESK = ("/board", "/appointments", "/customers", "/orders", "/orders/new")


async def test_no_page_scrolls_sideways(site: str, cast: Cast) -> None:
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
        estimate, sheet = await sent(db, order)
        open_link = f"/approve/{await issue_link(db, estimate)}"
    wrong = []
    async with open_chromium() as browser:
        for cookie, addresses in (
            ("", (*PUBLIC, open_link)),
            (cast.customer.cookie, DRIVER),
            (cast.advisor.cookie, (*DESK, f"/orders/{order.number}")),
            (cast.technician.cookie, ("/bench",)),
        ):
            page, _errors = await new_page(browser, the_app(), cookie)
            for address in addresses:
                await page.goto(f"{ORIGIN}{address}")
                await page.wait_for_timeout(100)
                if said := await too_wide_in_large_letters(page):
                    wrong.append(f"{address}: {said}")
        visitor = Browser(the_app())
        answers = {f"decision-{one.job.job_id}": "approved" for one in sheet.jobs}
        await visitor.post(open_link, {**answers, "signed_name": "Dana"})
        await visitor.close()
        page, _errors = await new_page(browser, the_app())
        await page.goto(f"{ORIGIN}{open_link}")
        wrong.append(await too_wide_in_large_letters(page))
    assert [one for one in wrong if one] == []


async def test_a_long_plate_and_a_word_without_an_end_stay_inside(site: str, cast: Cast) -> None:
    services = await offer(cast)
    inspection, _order = await begun_on_site()
    pads = await item_on_site(inspection, "Front brake pads")
    async with transaction(user=cast.customer.user_id) as db:
        (await db.get_one(Vehicle, CAR)).plate = "W" * 40
    async with open_chromium() as browser:
        page, _errors = await new_page(
            browser, the_app(), cast.customer.cookie, viewport={"width": 390, "height": 844}
        )
        await page.goto(f"{ORIGIN}/book/harbor-lane-garage/services?vehicle={CAR}&service={services[0].id}")
        measured = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(measured) == 0
        for plate in await page.locator(".plate").all():
            assert await plate.get_attribute("title") == "W" * 40
            assert await plate.evaluate(
                "e => e.getBoundingClientRect().right <= e.parentElement.getBoundingClientRect().right + 1"
            )
        bench, _wrong = await new_page(
            browser, the_app(), cast.technician.cookie, viewport={"width": 1024, "height": 768}
        )
        await bench.goto(f"{ORIGIN}/inspections/{inspection.id}")
        card = bench.locator(f"#item-finding-{pads}")
        await card.locator("summary", has_text="Note").click()
        await card.get_by_label("Note on Front brake pads").fill("x" * 1500)
        assert await bench.evaluate(measured) == 0
