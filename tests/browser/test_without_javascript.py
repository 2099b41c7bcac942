"""The same visit with scripts switched off everywhere: slower to the thumb, but every step is there."""

import pytest
from playwright.async_api import Browser, expect

from app.demo import people
from tests.browser import story
from tests.browser.people import DESK, PHONE, TABLET, at_a_device

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("journeys")]


async def test_a_visit_without_any_script(chromium: Browser, live_url: str) -> None:
    async with (
        at_a_device(chromium, "driver", live_url, PHONE, has_scripts=False) as driver,
        at_a_device(chromium, "advisor", live_url, DESK, has_scripts=False) as advisor,
        at_a_device(chromium, "technician", live_url, TABLET, has_scripts=False) as technician,
    ):
        await advisor.sign_in(people.ADVISOR.email)
        await technician.sign_in(people.TECHNICIAN.email)
        email = await story.signs_up(driver)
        await story.adds_a_car(driver)
        visit = await story.books(driver)
        number = await story.checks_in(advisor, visit)
        await story.gives_to(advisor, number, people.TECHNICIAN.name)
        await story.inspects(technician, number)
        await story.writes_an_estimate(advisor, number)
        link = story.link_in(await story.reads_mail(driver, email, "estimate"), "/approve/")
        await story.answers(driver, link)
        await driver.goto(f"{visit}/track")
        await expect(driver.page.get_by_text("Approved").first).to_be_visible()
        for job in (story.BOOKED, story.REPAIR):
            await story.works(technician, number, job)
            await story.checks_the_work(advisor, number, job)
        await story.issues_the_invoice(advisor, number)
        await story.takes_cash(advisor)
        await story.reads_mail(driver, email, "we have received")
        wrong = [*driver.wrong, *advisor.wrong, *technician.wrong]
        assert not wrong, "\n".join(wrong)
