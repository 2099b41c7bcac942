"""The parts market from the buyer's side, each at a device of their own and nobody reloading anything."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from app.demo import people
from tests.browser.parts_market import put
from tests.browser.people import DESK, PHONE, TABLET, Person, at_a_device

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]

INES = "ines@demo.test"
"""Another driver than the one whom the other journeys let ask from elsewhere: a draft goes where the last order went."""
CASCO, OWEN = "Casco Bay Auto Parts", "parts@demo.test"
PRICE = "Price for one, with tax"


async def asks_for(person: Person, part: str) -> str:
    """From the page with the parts on to the shops; the request's code."""
    page = person.page
    await page.get_by_label("What is it?").fill(part)
    await person.press("Look it over")
    await page.wait_for_url("**/review")
    await person.press("Ask the shops")
    await page.wait_for_url(re.compile(r"/parts/orders/[0-9A-Z]{4}-[0-9A-Z]{4}$"))
    return page.url.rpartition("/")[2]


async def waits_at_the_board(seller: Person, email: str) -> None:
    await seller.sign_in(email)
    await seller.goto("/market")
    await expect(seller.page.locator(".live-dot .live-yes")).to_be_visible()


async def offers(seller: Person, code: str, price: str) -> None:
    """Takes the request that has arrived on the open board."""
    await seller.page.locator(f"#r-{code}").get_by_role("link").first.click()
    await seller.page.get_by_label(PRICE).fill(price)
    await seller.press("Send the offer")
    await expect(seller.page.get_by_text("Your offer is with the buyer.")).to_be_visible()
    await seller.goto(f"/market/requests/{code}")


async def test_a_customer_and_two_shops_bid_live(live_home: Path, live_url: str, chromium: Browser) -> None:
    mark = uuid4().hex[:6]
    rival = f"Peninsula Parts {mark}"
    put(live_home, "shop", f"petra-{mark}@demo.test", rival, "near-harbor")
    async with (
        at_a_device(chromium, "driver", live_url, PHONE) as ines,
        at_a_device(chromium, "Casco Bay", live_url, DESK) as owen,
        at_a_device(chromium, "Peninsula", live_url, DESK) as petra,
    ):
        await waits_at_the_board(owen, OWEN)
        await waits_at_the_board(petra, f"petra-{mark}@demo.test")
        await ines.sign_in(INES)
        await ines.goto("/parts")
        await ines.press("Ask for parts")
        await ines.press("CX-5", exact=False)
        await ines.press("On to the parts")
        code = await asks_for(ines, f"Water pump <{mark}>")

        await offers(owen, code, "120")
        await offers(petra, code, "125")
        page = ines.page
        await expect(page.get_by_role("heading", name="2 offers")).to_be_visible()
        theirs = page.locator(".market-offers > li").filter(has_text=rival)
        await expect(page.locator(".market-offers > li").filter(has_text=CASCO)).to_contain_text("$120.00")
        await expect(theirs).to_contain_text("$125.00")
        await petra.page.get_by_label(PRICE).fill("110")
        await petra.press("Send the new offer")
        await expect(petra.page.get_by_text("Your new offer is with the buyer.")).to_be_visible()
        await petra.goto(f"/market/requests/{code}")
        await expect(theirs).to_contain_text("$110.00")
        await expect(theirs).to_contain_text("revised once")
        await ines.look("offers side by side")

        second = await ines.context.new_page()
        accept = theirs.get_by_role("link", name="Accept this offer")
        await second.goto(f"{live_url}{await accept.get_attribute('href')}")
        await accept.click()
        await ines.look("acceptance")
        await ines.press("Accept for $110.00")
        await expect(page.get_by_text("Accepted. The shop is told.")).to_be_visible()
        await expect(owen.page.get_by_text("The buyer has decided for another offer.")).to_be_visible()
        await second.get_by_role("button", name="Accept for $110.00").click()
        await expect(second.get_by_role("alert")).to_have_text("This order is decided already.")
        await expect(second.locator(".market-offers > li")).to_have_count(1)
        await expect(petra.page.get_by_text("You have won")).to_be_visible()
        await petra.follow("To the sale")
        await expect(petra.page.get_by_text("17 Elm Street")).to_be_visible()
        assert ines.wrong + owen.wrong + petra.wrong == []


async def test_a_technician_asks_for_a_job_and_the_part_comes_back_to_it(
    live_url: str, chromium: Browser
) -> None:
    mark = uuid4().hex[:6]
    part = f"Latch motor {mark}"
    async with (
        at_a_device(chromium, "technician", live_url, TABLET) as luz,
        at_a_device(chromium, "advisor", live_url, DESK) as ben,
        at_a_device(chromium, "Casco Bay", live_url, DESK) as owen,
    ):
        await ben.sign_in(people.ADVISOR.email)
        await ben.goto("/orders?q=8820 PT")
        await ben.page.locator("main").get_by_role("link", name=re.compile("RO-")).first.click()
        name = ben.page.get_by_label("Name of the job")
        if not await name.is_visible():
            await ben.page.locator("#propose > summary").click()
        await name.fill(f"Charge port {mark}")
        await ben.press("Propose")
        await ben.page.wait_for_url("**/jobs/*")
        job = ben.page.url

        await waits_at_the_board(owen, OWEN)
        await luz.sign_in(people.TECHNICIAN.email)
        await luz.goto(job)
        await luz.press("Ask shops for parts")
        code = await asks_for(luz, part)
        await luz.goto(job)
        asked = luz.page.get_by_text(f"asked, 0 offers · {code}")
        await expect(asked).to_be_visible()
        await expect(ben.page.get_by_text(f"asked, 0 offers · {code}")).to_be_visible()
        await offers(owen, code, "42.50")
        await expect(luz.page.get_by_text("asked, 1 offer. An advisor decides.")).to_be_visible()
        await luz.look("job with parts asked for")

        desk = await ben.context.new_page()
        await desk.goto(f"{live_url}/parts/orders/{code}")
        await desk.get_by_role("link", name="Accept this offer").click()
        await desk.get_by_role("button", name=re.compile("^Accept for ")).click()
        await expect(luz.page.get_by_text(f"Ordered from {CASCO}, there by")).to_be_visible()
        line = ben.page.locator("#lines tbody tr").filter(has_text=part)
        await expect(line).to_contain_text("$42.50")
        await ben.look("job with its part ordered")
        await luz.goto(f"/bench?job={job.rpartition('/')[2]}")
        await expect(luz.page.get_by_text(f"Ordered from {CASCO}, there by")).to_be_visible()
        assert luz.wrong + ben.wrong + owen.wrong == []
