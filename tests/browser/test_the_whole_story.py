"""From a booking to a paid invoice: a driver, an advisor and a technician at three devices at once."""

import re
import time

import pytest
from playwright.async_api import Browser, expect

from app.demo import people
from tests.browser import story
from tests.browser.people import DESK, PHONE, TABLET, at_a_device

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]

UNLOCKED_WITHIN = 2.0


async def test_a_visit_from_booking_to_receipt(chromium: Browser, live_url: str) -> None:
    async with (
        at_a_device(chromium, "driver", live_url, PHONE) as driver,
        at_a_device(chromium, "advisor", live_url, DESK) as advisor,
        at_a_device(chromium, "technician", live_url, TABLET) as technician,
        at_a_device(chromium, "visitor", live_url, PHONE) as visitor,
    ):
        await advisor.sign_in(people.ADVISOR.email)
        await technician.sign_in(people.TECHNICIAN.email)
        email = await story.signs_up(driver)
        await story.adds_a_car(driver)
        visit = await story.books(driver)
        assert "Brake check" in await story.reads_mail(visitor, email, "")

        await driver.goto(f"{visit}/track")
        await expect(driver.page.get_by_role("heading", level=1)).to_have_text("We are expecting your car")
        number = await story.checks_in(advisor, visit)
        await expect(driver.page.get_by_role("heading", level=1)).to_have_text("Your car is checked in")
        await driver.look("tracking")

        await story.gives_to(advisor, number, people.TECHNICIAN.name)
        await story.works(technician, number, story.BOOKED)
        await story.inspects(technician, number)
        await story.writes_an_estimate(advisor, number)
        await expect(driver.page.get_by_role("heading", level=1)).to_have_text(
            "We are waiting for your answer"
        )
        await driver.look("tracking with an open estimate")

        await technician.goto("/bench")
        await (
            technician.page.locator(".bench-list a")
            .filter(has_text=f"RO-{number}")
            .filter(has_text=story.REPAIR)
            .first.click()
        )
        locked = technician.page.get_by_text("Locked: the customer has not agreed yet.")
        await expect(locked).to_be_visible()
        start = technician.page.get_by_role("button", name="Start", exact=True)
        await expect(start).to_have_count(0)
        link = story.link_in(await story.reads_mail(visitor, email, "estimate"), "/approve/")
        recorded = await story.answers(visitor, link)
        await expect(start).to_be_visible()
        assert time.monotonic() - recorded < UNLOCKED_WITHIN
        await expect(driver.page.get_by_text("Approved").first).to_be_visible()

        await story.works(technician, number, story.REPAIR)
        for job in (story.BOOKED, story.REPAIR):
            await story.checks_the_work(advisor, number, job)
        await expect(driver.page.get_by_role("heading", level=1)).to_have_text("Your car is ready")
        await story.issues_the_invoice(advisor, number)
        bill = story.link_in(await story.reads_mail(visitor, email, "invoice"), "/pay/")
        await story.pays(visitor, bill)
        await expect(advisor.page.get_by_text("Paid", exact=True).first).to_be_visible()
        receipt = await story.reads_mail(visitor, email, "we have received")
        assert re.search(r"\$\d", receipt)
        await expect(driver.page.get_by_text("Paid, thank you")).to_be_visible()
        await driver.look("tracking at the end")
        await driver.goto("/garage")
        await expect(driver.page.get_by_text("One job you answered")).to_be_visible()
        wrong = [*driver.wrong, *advisor.wrong, *technician.wrong, *visitor.wrong]
        assert not wrong, "\n".join(wrong)
