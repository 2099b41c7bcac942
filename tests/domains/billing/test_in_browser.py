"""Invoices and payments in a real browser: axe, the policy, no sideways scrolling; and paying without a script."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from app.asgi import create_app
from app.core.db import transaction
from app.domains.billing import links
from app.domains.billing.models import Invoice
from tests.browser.in_process import ORIGIN, faults, new_page, open_chromium
from tests.cast import CAST, HARBOR
from tests.conftest import the_app
from tests.domains.billing.bills import finished
from tests.domains.billing.conftest import Till

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


async def link_to(invoice: Invoice) -> str:
    async with transaction(tenant=HARBOR) as db:
        return await links.make_pay_link(db, await db.get_one(Invoice, invoice.id))


async def looked_at(page: Page, address: str) -> list[str]:
    await page.goto(f"{ORIGIN}{address}")
    for fold in await page.locator("details.fold").all():
        await fold.evaluate("fold => { fold.open = true }")
    return await faults(page, address)


async def test_axe_finds_nothing_on_an_invoice(till: Till) -> None:
    paid, opened = await till.invoice(), await till.invoice()
    desk_http = till.open_browser(CAST.advisor)
    await desk_http.post(f"/invoices/{paid.id}/cash", {"amount": "289.47", "tendered": "300"})
    async with transaction() as db:
        order = await finished(db)
    app, link = the_app(), await link_to(opened)
    async with open_chromium() as browser:
        desk, desk_wrong = await new_page(browser, app, CAST.owner.cookie)
        driver, driver_wrong = await new_page(browser, app, CAST.customer.cookie)
        visitor, visitor_wrong = await new_page(browser, app)
        found = []
        for address in (
            "/invoices", "/invoices?show=overdue", f"/invoices/{paid.id}", f"/invoices/{opened.id}",
            f"/invoices/new?order={order.id}", f"/invoices/new?order={opened.order_id}", "/settings/payments",
        ):  # fmt: skip
            found += await looked_at(desk, address)
        for address in ("/invoices", f"/invoices/{opened.id}", f"/invoices/{paid.id}"):
            found += await looked_at(driver, address)
        found += await looked_at(visitor, link)
        assert [*found, *desk_wrong, *driver_wrong, *visitor_wrong] == []


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without a script"])
async def test_a_driver_pays_from_the_link_in_the_mail(till: Till, script: bool) -> None:
    invoice = await till.invoice()
    link = await link_to(invoice)
    options: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": script}
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, create_app(), **options)
        await page.goto(f"{ORIGIN}{link}")
        await page.get_by_role("button", name="Pay $289.47 by card", exact=True).click()
        await page.get_by_role("link", name="4000 0000 0000 0002").click()
        await page.get_by_role("button", name="Pay $289.47").click()
        await page.get_by_text("Your card was declined.").wait_for()
        await page.get_by_role("link", name="4000 0027 6000 3184").click()
        await page.get_by_role("button", name="Pay $289.47").click()
        await page.get_by_role("button", name="Yes, let it through").click()
        await page.get_by_text("Waiting for the bank").wait_for()
        await till.deliver()
        await page.reload()
        await page.get_by_text("has received $289.47").wait_for()
        await page.goto(f"{ORIGIN}{link}")
        await page.get_by_text("Paid in full").wait_for()
        assert wrong == []
    assert (await till.read(Invoice, invoice.id)).status == "paid"


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without a script"])
async def test_the_desk_bills_and_takes_cash(till: Till, script: bool) -> None:
    async with transaction() as db:
        order = await finished(db)
    async with open_chromium() as browser:
        page, wrong = await new_page(browser, the_app(), CAST.advisor.cookie, java_script_enabled=script)
        await page.goto(f"{ORIGIN}/orders/{order.number}/invoices")
        await page.get_by_role("link", name="Prepare the invoice").click()
        await page.get_by_role("button", name="Issue the invoice").click()
        await page.get_by_text("INV-00001 is issued.").wait_for()
        await page.get_by_text("Take cash").click()
        await page.get_by_label("Handed over").fill("300")
        if script:
            # Somebody else takes a part while this form is being filled in: the page follows, the form stays.
            amount = page.get_by_label("Amount", exact=True)
            await amount.fill("150")
            bill = page.url.removeprefix(ORIGIN)
            await till.open_browser(CAST.owner).post(f"{bill}/cash", {"amount": "100"})
            await page.locator("#live").dispatch_event("invoice")
            await page.locator(".pay-open", has_text="$189.47").wait_for()
            assert await amount.input_value() == "150"
            await amount.fill("189.47")
            await page.get_by_label("Handed over").fill("200")
            assert await page.locator("[data-change-sum]").text_content() == "$10.53"
        await page.get_by_role("button", name="Book the cash").click()
        await page.get_by_text("Booked. Change: $10.53").wait_for()
        await page.get_by_text("Paid in full").wait_for()
        assert wrong == []
