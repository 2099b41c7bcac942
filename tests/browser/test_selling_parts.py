"""Somebody becomes a seller of parts: begun on a phone without a script, gone on with at a desk, in step all along."""

from __future__ import annotations

import pytest

from tests.browser.in_process import ORIGIN, looked_at, new_page, open_chromium
from tests.cast import Cast
from tests.conftest import the_app
from tests.selling import FORMS, PDF

pytestmark = pytest.mark.browser


async def test_six_steps_across_two_devices_end_with_a_shop_that_is_verified(site: str, cast: Cast) -> None:
    async with open_chromium() as browser:
        phone, wrong = await new_page(
            browser, the_app(), cast.stranger.cookie, viewport={"width": 390, "height": 844}, java_script_enabled=False
        )  # fmt: skip
        desk, wrong_at_desk = await new_page(browser, the_app(), cast.stranger.cookie)
        reviewer, wrong_at_network = await new_page(browser, the_app(), cast.network.cookie)

        await phone.goto(f"{ORIGIN}/sell-parts")
        await phone.get_by_role("button", name="Begin").click()
        for name in ("name", "legal_name", "registration", "phone", "about"):
            await phone.fill(f"[name={name}]", FORMS["business"][name])
        await phone.get_by_role("button", name="Save and go on").click()
        # Without a script the town is found by the button beside it.
        await phone.fill("[name=place]", "Portland, Maine")
        await phone.get_by_role("button", name="Find").click()
        await phone.get_by_role("radio", name="Portland, Maine, United States", exact=True).check()
        await phone.fill("[name=address]", FORMS["location"]["address"])
        await phone.get_by_role("button", name="Save and go on").click()
        await phone.get_by_role("heading", name="Brands", level=1).wait_for()

        # At the desk the work goes on where the phone stopped.
        found = await looked_at(desk, "/sell-parts")
        await desk.get_by_role("link", name="Go on: Brands").click()
        await desk.get_by_label("Honda", exact=True).check()
        await desk.get_by_role("button", name="Save and go on").click()
        await desk.get_by_label("By hand").check()
        await desk.get_by_role("button", name="Save and go on").click()
        await desk.get_by_label("Highest price of one part").fill("1500")
        await desk.get_by_role("button", name="Save and go on").click()
        await desk.get_by_role("heading", name="Papers", level=1).wait_for()

        # The phone still shows the brands as they were: it is refused, told what changed, and keeps what was ticked.
        await phone.get_by_label("Saab", exact=True).check()
        await phone.get_by_role("button", name="Save and go on").click()
        assert await phone.get_by_text("Makes is now: Honda.").is_visible()
        assert await phone.get_by_label("Saab", exact=True).is_checked()

        for kind in ("registration", "tax", "identity"):
            file = {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": PDF}
            await desk.set_input_files(f"[name={kind}]", file)
        await desk.get_by_role("button", name="Save").click()
        await desk.get_by_role("button", name="Hand it in").click()
        await desk.get_by_text("Waiting for the reviewer").wait_for()
        await phone.goto(f"{ORIGIN}/sell-parts/brands")
        assert await phone.get_by_text("Waiting for the reviewer").is_visible()

        found += await looked_at(reviewer, "/network/parts-shops")
        await reviewer.get_by_role("link", name="O'Hara Spares").first.click()
        await reviewer.get_by_role("link", name="tax.pdf").wait_for()
        await reviewer.get_by_role("button", name="Verify the shop").click()
        await reviewer.get_by_text("is verified and is asked for parts").wait_for()
        await phone.reload()
        assert await phone.get_by_text("Your shop is verified").is_visible()
        for address in ("/parts-shops", "/parts-shops/o-hara-spares", "/market/profile"):
            found += await looked_at(desk, address)
        assert [*found, *wrong, *wrong_at_desk, *wrong_at_network] == []
