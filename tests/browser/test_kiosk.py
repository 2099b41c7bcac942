"""Two technicians at one tablet of the workshop: each works as themselves, and what one had typed waits for them."""

import re
from uuid import uuid4

import pytest

from app.demo.people import OWNER, PASSWORD, PINS, TECHNICIAN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]

OMAR = "omar@demo.test"
TYPED = "Torque wrench is at bay 4, don't wait"


async def change_in(page, name, pin, *, by_keys=False):
    await page.get_by_role("link", name=name).click()
    await page.wait_for_url("**/kiosk/people/*")
    if by_keys:
        await page.keyboard.type(pin)
        await page.keyboard.press("Enter")
    else:
        for digit in pin:
            await page.get_by_role("button", name=digit, exact=True).click()
        assert await page.locator("#f-pin").input_value() == pin
        await page.get_by_role("button", name="Change in").click()
    await page.wait_for_url("**/bench")


async def too_small(page, wanted=56):
    """Things to tap that a glove would miss."""
    return await page.evaluate(
        """(wanted) => [...document.querySelectorAll(".kiosk-tile, .kiosk-keys > *, .kiosk-entry > *, .kiosk-away")]
        .filter((one) => { const box = one.getBoundingClientRect(); return Math.min(box.width, box.height) < wanted - 0.5; })
        .map((one) => one.textContent)""",
        wanted,
    )


async def tablets(page, live_url):
    """The owner's page of tablets. Each run makes one of its own, so that the demo's stays for whoever looks at it."""
    await page.goto(f"{live_url}/sign-in")
    await page.get_by_label("Email").fill(OWNER.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.goto(f"{live_url}/settings/centers")
    people = await page.locator("a[href$='/people']").first.get_attribute("href")
    await page.goto(f"{live_url}{re.sub('people$', 'kiosks', people or '')}")


async def test_two_technicians_share_a_tablet(live_url, chromium):
    context = await chromium.new_context(viewport={"width": 1024, "height": 768})
    page = await context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.clock.install()
    name = f"Tablet {uuid4().hex[:8]}"
    await tablets(page, live_url)
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Make it a tablet of the workshop").click()
    await page.wait_for_url("**/kiosk")
    assert await too_small(page) == []
    await page.get_by_role("link", name=TECHNICIAN.name).click()
    assert await too_small(page) == []
    await page.go_back()

    await change_in(page, TECHNICIAN.name, PINS[TECHNICIAN.email])
    field = page.locator("form[action$='/steps'] input[type=text]").first
    await field.evaluate("(field) => field.closest('details')?.setAttribute('open', '')")
    await field.fill(TYPED)
    assert await too_small(page) == []
    await page.get_by_role("button", name=TECHNICIAN.name).click()
    await page.wait_for_url("**/kiosk")
    assert TYPED not in await page.content()

    await change_in(page, "Omar Diallo", PINS[OMAR], by_keys=True)
    assert TYPED not in await page.content()
    assert await page.get_by_role("button", name="Omar Diallo").is_visible()
    assert [one["value"] for one in await context.cookies() if one["name"] == "session"]
    await page.clock.fast_forward("04:30")
    assert page.url.endswith("/bench")
    await page.clock.fast_forward("00:40")
    await page.wait_for_url("**/kiosk")
    gone = await page.goto(f"{live_url}/bench")
    assert gone, "it answers"
    assert gone.url.endswith("/kiosk"), "nobody has touched it, so nobody is there"

    await change_in(page, TECHNICIAN.name, PINS[TECHNICIAN.email])
    back = page.locator("form[action$='/steps'] input[type=text]").first
    await page.get_by_text("what you had typed is back").wait_for()
    assert await back.input_value() == TYPED
    await back.fill("")

    owner = await (await chromium.new_context()).new_page()
    await tablets(owner, live_url)
    await owner.locator("li", has_text=name).get_by_role("button", name="End").click()
    await owner.get_by_text("is no longer a tablet").first.wait_for()
    await page.clock.resume()
    await page.get_by_text("This is not a tablet of a workshop").wait_for(timeout=8000)
    assert wrong == []
