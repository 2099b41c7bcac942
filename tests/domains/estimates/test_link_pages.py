"""The customer's link in a browser: GET shows, POST decides, whatever mail scanners and double taps do."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import func, select

from app.core import clock
from app.core.db import transaction
from app.domains.estimates.links import issue_link, revoke_links
from app.domains.estimates.models import ApprovalLink, Estimate
from app.domains.estimates.sheet import Sheet, read_sheet
from app.domains.workshop import closing
from app.domains.workshop.models import Authorization, Job, RepairOrder
from tests.browsing import Browser
from tests.cast import CAST, HARBOR, Cast
from tests.domains.estimates.desk import order_with_jobs, sent

Browse = Callable[..., Browser]


class Case:
    """An estimate that went out, and the token in its mail."""

    def __init__(self, estimate: Estimate, sheet: Sheet, token: str) -> None:
        self.estimate, self.sheet, self.token = estimate, sheet, token
        self.url = f"/approve/{token}"

    def form(self, *decisions: str, name: str = "Dana O'Neil") -> dict[str, Any]:
        said = {
            f"decision-{one.job.job_id}": word for one, word in zip(self.sheet.jobs, decisions, strict=False)
        }
        return {**said, "signed_name": name}


@pytest.fixture
async def case(site: str) -> Case:
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
        estimate, sheet = await sent(db, order)
        token = await issue_link(db, estimate)
    return Case(estimate, sheet, token)


async def stored(case: Case) -> Estimate:
    async with transaction(tenant=HARBOR) as db:
        return await db.get_one(Estimate, case.estimate.id)


async def decisions(case: Case) -> int:
    async with transaction(tenant=HARBOR) as db:
        return await db.scalar(select(func.count()).select_from(Authorization)) or 0


async def test_the_page_shows_jobs_lines_prices_and_how_to_answer(case: Case, browser: Browse) -> None:
    page = await browser().get(case.url)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    for words in ("Front brakes", "Brake pads, front", "Winter tires", "7ABC123", "Harbor Lane Garage"):
        assert words in page.text
    for one in case.sheet.jobs:
        assert f"${one.job.total_minor / 100:,.2f}" in page.text
    assert "4100" not in page.text
    assert "41.00" not in page.text, "what the shop pays is nobody else's business"


async def test_fetching_the_link_decides_nothing_and_changes_nothing(case: Case, browser: Browse) -> None:
    for _time in range(3):
        await browser().get(case.url)
        await browser().http.head(case.url)
    assert (await stored(case)).status == "sent"
    assert await decisions(case) == 0


async def test_a_browser_that_runs_the_page_is_noted(case: Case, browser: Browse) -> None:
    assert (await browser().post(f"{case.url}/view")).status_code == 303
    assert (await stored(case)).status == "viewed"


async def test_an_answer_is_carried_out_and_the_link_then_shows_the_record(
    case: Case, browser: Browse
) -> None:
    visitor = browser()
    form = case.form("approved", "deferred", "declined")
    form[f"later-{case.sheet.jobs[1].job.job_id}"] = "budget"
    form[f"note-{case.sheet.jobs[1].job.job_id}"] = "After payday"
    answer = await visitor.post(case.url, form, headers={"user-agent": "Phone"})
    assert (answer.status_code, answer.headers["location"]) == (303, case.url)
    record = await visitor.get(case.url)
    for words in (
        "Your answer is recorded",
        "Dana O&#39;Neil",
        "When the budget allows. After payday",
        "Sealed",
    ):
        assert words in record.text
    assert 'type="radio"' not in record.text
    async with transaction(tenant=HARBOR) as db:
        row = await db.scalar(select(Authorization).where(Authorization.decision == "deferred"))
        assert row is not None
        assert (row.method, row.contact, row.user_agent) == ("link", CAST.customer.email, "Phone")
        assert row.ip
        job = await db.get_one(Job, case.sheet.jobs[0].job.job_id)
        assert job.status == "pending"
        link = (await db.scalars(select(ApprovalLink))).one()
        assert link.used_at is not None


async def test_a_double_tap_has_one_effect_and_the_same_answer(case: Case, browser: Browse) -> None:
    visitor, form = browser(), case.form("approved", "approved", "approved")
    first = await visitor.post(case.url, form, key="one")
    replay = await visitor.post(case.url, form, key="one")
    other_tab = await browser().post(case.url, form, key="two")
    for answer in (first, replay, other_tab):
        assert (answer.status_code, answer.headers["location"]) == (303, case.url)
    assert await decisions(case) == 3
    changed = await browser().post(case.url, case.form("declined", "declined", "declined"), key="three")
    assert changed.status_code == 409
    assert await decisions(case) == 3


async def test_a_forgotten_job_or_name_is_asked_for_and_the_rest_is_kept(case: Case, browser: Browse) -> None:
    page = await browser().post(case.url, case.form("approved", "deferred", name=""))
    assert page.status_code == 422
    assert "Please choose an answer for “Hand wash”." in page.text
    assert "Please type your full name to sign." in page.text
    assert page.text.count(" checked>") == 2
    drawn = '<svg viewBox="0 0 300 160"><circle cx="1" cy="2" r="3"/></svg>'
    page = await browser().post(case.url, {**case.form("approved", "deferred"), "signature": drawn})
    assert page.status_code == 422
    assert f'value="{escape(drawn)}"' in page.text
    assert 'data-kept src="data:image/svg+xml;base64,' in page.text
    assert re.search(r'name="signed_name"[^>]* value="[^"]+"', page.text)
    assert await decisions(case) == 0


async def test_without_a_script_the_choices_can_be_added_up(case: Case, browser: Browse) -> None:
    page = await browser().post(f"{case.url}/sum", case.form("approved", "declined", "approved"))
    assert page.status_code == 200
    total = case.sheet.jobs[0].job.total_minor + case.sheet.jobs[2].job.total_minor
    assert re.search(rf"data-total[^>]*>\${total / 100:,.2f}<", page.text)
    assert await decisions(case) == 0


async def test_a_drawn_signature_is_kept_as_an_image(case: Case, browser: Browse) -> None:
    drawn = '<svg viewBox="0 0 300 160"><circle cx="1" cy="2" r="3" onload="alert(1)"/></svg>'
    form = {**case.form("approved", "approved", "approved"), "signature": drawn}
    assert (await browser().post(case.url, form)).status_code == 303
    page = await browser().get(case.url)
    assert "data:image/svg+xml;base64," in page.text
    assert "onload" not in page.text


async def test_an_expired_link_says_so_and_offers_a_fresh_one(
    case: Case, browser: Browse, run_reactions: Callable[[], Awaitable[int]]
) -> None:
    with clock.moved_by(timedelta(hours=73)):
        page = await browser().get(case.url)
        assert page.status_code == 410
        assert "This link has expired" in page.text
        answer = await browser().post(case.url, case.form("approved", "approved", "approved"))
        assert answer.status_code == 409
        renewed = await browser().post(f"{case.url}/renewal")
        assert renewed.status_code == 200
        assert "on its way" in renewed.text
    assert await decisions(case) == 0
    await run_reactions()


async def test_a_superseded_or_revoked_link_is_dead(case: Case, browser: Browse) -> None:
    async with transaction(tenant=HARBOR) as db:
        order = await db.get_one(RepairOrder, case.estimate.order_id)
        newer, _sheet = await sent(db, order)
        other = await issue_link(db, newer)
    page = await browser().get(case.url)
    assert page.status_code == 410
    assert "has changed this estimate" in page.text
    assert (await browser().post(case.url, case.form("approved"))).status_code == 409
    async with transaction(tenant=HARBOR) as db:
        await revoke_links(db, await db.get_one(Estimate, newer.id), by=CAST.advisor.viewer)
    page = await browser().get(f"/approve/{other}")
    assert page.status_code == 410
    assert "withdrawn this link" in page.text


@pytest.mark.parametrize("token", ["x", "a" * 43, "..%2f..%2fetc"])
async def test_a_made_up_token_is_not_found(case: Case, browser: Browse, token: str) -> None:
    assert (await browser().get(f"/approve/{token}")).status_code == 404
    assert (await browser().post(f"/approve/{token}", case.form("approved"))).status_code == 404


async def test_another_site_cannot_send_the_form(case: Case, browser: Browse) -> None:
    visitor = browser()
    answer = await visitor.post(
        case.url, case.form("approved", "approved", "approved"), headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    bare = await visitor.http.post(case.url, data=case.form("approved", "approved", "approved"))
    assert bare.status_code == 403
    assert await decisions(case) == 0


async def test_whoever_is_signed_in_the_link_answers_for_the_customer(
    case: Case, browser: Browse, cast: Cast
) -> None:
    answer = await browser(cast.outsider).post(case.url, case.form("approved", "approved", "approved"))
    assert answer.status_code == 303
    async with transaction(tenant=HARBOR) as db:
        rows = (await db.scalars(select(Authorization))).all()
        sheet = await read_sheet(db, await db.get_one(Estimate, case.estimate.id))
    assert {row.recorded_by_id for row in rows} == {None}
    assert sheet.estimate.status == "approved"


@pytest.mark.parametrize(
    ("was", "ended", "words"),
    [
        ("repair_order", lambda db, order: closing.void(db, order, by=AVERY, reason="Oops"), "by mistake"),
        ("repair_order", lambda db, order: closing.mark_invoiced(db, order, by=AVERY), "written the invoice"),
        ("estimate", lambda db, order: closing.archive(db, order, by=AVERY), "put this price away"),
    ],
)
async def test_an_order_that_is_over_asks_nothing_any_more(
    case: Case, browser: Browse, run_reactions: Callable[[], Awaitable[int]], was: str, ended: Any, words: str
) -> None:
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        order = await db.get_one(RepairOrder, case.estimate.order_id)
        order.status = was
        await db.flush()
        await ended(db, order)
    # In the moment before the reaction too, nobody is promised a newer version.
    late = await browser().post(case.url, case.form("approved", "approved", "approved"))
    assert late.status_code == 409
    assert words in late.text
    await run_reactions()
    assert (await stored(case)).status == "superseded"
    closed = await browser().get(case.url)
    assert closed.status_code == 410
    assert words in closed.text
    driver = browser(CAST.customer)
    assert words in (await driver.get(f"/estimates/{case.estimate.id}")).text
    assert "Your answer is needed" not in (await driver.get(f"/orders/{case.estimate.order_id}/track")).text
    assert await decisions(case) == 0


AVERY = CAST.advisor.viewer
