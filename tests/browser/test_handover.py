"""A car changes hands in a real browser: offered by its owner, taken by whoever drives it next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.async_api import expect

from app.core.db import transaction
from app.domains import garage, logbook
from app.domains.logbook import Written
from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.cast import CAR, Cast
from tests.conftest import the_app
from tests.mailbox import link_to

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


async def test_a_history_goes_from_the_sellers_garage_to_the_next_owners(
    site: str, cast: Cast, run_reactions: Callable[[], Any]
) -> None:
    async with transaction(user=cast.customer.user_id) as db:
        me = cast.customer.viewer
        said = Written(
            kind="service", day=date(2026, 5, 1), km=150_000, title="Oil and filter", note="At Lou's"
        )
        await logbook.log(db, await garage.find_own(db, me, CAR), said, by=me, confirmed=True)
    async with open_chromium() as browser:
        seller, wrong = await new_page(browser, the_app(), cast.customer.cookie, viewport=PHONE)
        await seller.goto(f"{ORIGIN}/garage/{CAR}")
        await seller.get_by_role("link", name="Sell or hand over").click()
        await seller.get_by_label("The next owner's email address").fill(cast.stranger.email)
        await seller.get_by_role("button", name="Send the link").click()
        await expect(seller.get_by_text(f"{cast.stranger.email} has a link to the history.")).to_be_visible()
        found = await looked_at(seller, f"/garage/{CAR}/handover")
        await run_reactions()
        link = await link_to(cast.stranger.email, "/handover/")

        buyer, faults = await new_page(browser, the_app(), cast.stranger.cookie, viewport=PHONE)
        found += await looked_at(buyer, link)
        await expect(buyer.get_by_text("Work its owner wrote down")).to_be_visible()
        await buyer.get_by_role("button", name="Put it into my garage").click()
        await buyer.get_by_text("The car and its history are in your garage.").wait_for()
        await buyer.get_by_role("link", name="Open the logbook").click()
        await expect(buyer.get_by_text("Before it was yours")).to_be_visible()
        await expect(buyer.get_by_text("At Lou's")).to_have_count(0)
        await buyer.go_back()
        await buyer.get_by_role("link", name="Passport").click()
        await expect(buyer.get_by_text("Oil and filter")).to_be_visible()

        await seller.goto(f"{ORIGIN}/garage/{CAR}")
        await expect(seller.get_by_text("You sold this car on")).to_be_visible()
        found += await looked_at(seller, f"/garage/{CAR}/handover")
        assert [*found, *wrong, *faults] == []
