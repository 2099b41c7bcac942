"""The advisor's desk and the driver's own view: who may, what is saved, what stays as it was."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import transaction
from app.domains import workshop
from app.domains.estimates.models import Estimate
from app.domains.estimates.writing import draft
from app.domains.workshop.models import Authorization, Job, JobLine
from tests.browsing import Browser
from tests.cast import CAST, HARBOR, Cast
from tests.domains.estimates.desk import order_with_jobs, sent
from tests.processes.guest import forms_in

Browse = Callable[..., Browser]


@dataclass(frozen=True)
class Desk:
    number: int
    estimate_id: UUID
    job_ids: list[UUID]

    @property
    def url(self) -> str:
        return f"/estimates/{self.estimate_id}"


@pytest.fixture
async def desk(site: str) -> Desk:
    async with transaction() as db:
        order, jobs = await order_with_jobs(db)
        estimate = await draft(db, order, by=CAST.advisor.viewer)
    return Desk(order.number, estimate.id, [job.id for job in jobs])


@pytest.fixture
async def out(site: str) -> Desk:
    """The same, sent."""
    async with transaction() as db:
        order, jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
    return Desk(order.number, estimate.id, [job.id for job in jobs])


async def row_of(desk: Desk) -> Estimate:
    async with transaction(tenant=HARBOR) as db:
        return await db.get_one(Estimate, desk.estimate_id)


async def lines_form(desk: Desk, job: int = 0, **changes: str) -> dict[str, Any]:
    """The fields of a job's lines as the page would send them unchanged, with changes."""
    from app.domains.estimates.lines_form import written

    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Job, desk.job_ids[job])
        lines = (await workshop.lines_of(db, [one]))[one.id]
    return {**written(lines, "USD"), "version": str(one.version), **changes}


def on_the_desk(desk: Desk, fields: dict[str, Any], job: int = 0) -> dict[str, Any]:
    """A job's fields under the names they have on the desk."""
    return {f"{desk.job_ids[job]}-{name}": said for name, said in fields.items()}


def fields_of(page: str) -> dict[str, str]:
    """What the desk's form would send as it stands on the page, by any of its buttons."""
    fields = next(one.fields for one in forms_in(page) if one.action.endswith("/draft"))
    return {name: said for name, said in fields.items() if name not in ("csrf_token", "idempotency_key")}


async def test_an_order_gets_its_draft_once(desk: Desk, browser: Browse, cast: Cast) -> None:
    answer = await browser(cast.advisor).post(f"/orders/{desk.number}/estimates")
    assert (answer.status_code, answer.headers["location"]) == (303, desk.url)


async def test_the_desk_shows_what_it_costs_and_what_remains(desk: Desk, browser: Browse, cast: Cast) -> None:
    page = await browser(cast.advisor).get(desk.url)
    assert page.status_code == 200
    for words in ("Front brakes", "Brake pads, front", "41.00", "Margin", "The customer pays"):
        assert words in page.text


async def test_totals_follow_what_is_typed_without_saving_it(desk: Desk, browser: Browse, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    form = on_the_desk(desk, await lines_form(desk) | {"unit_price-1": "189.90"})
    url = f"{desk.url}/sums"
    shown = await advisor.post(url, form, key="k", headers={"hx-request": "true"})
    again = await advisor.post(url, form, key="k", headers={"hx-request": "true"})
    assert shown.status_code == again.status_code == 200
    assert "As typed, not saved yet." in again.text
    before = await advisor.post(url, on_the_desk(desk, await lines_form(desk)))
    assert shown.text != before.text
    form |= on_the_desk(desk, {"quantity-1": "many"})
    assert (await advisor.post(url, form)).status_code == 200
    async with transaction(tenant=HARBOR) as db:
        prices = set(
            await db.scalars(select(JobLine.unit_price_minor).where(JobLine.job_id == desk.job_ids[0]))
        )
    assert prices == {12000, 8990}


async def test_saving_changes_adds_and_removes_lines(desk: Desk, browser: Browse, cast: Cast) -> None:
    form = await lines_form(desk)
    form |= {
        "quantity-0": "2,5",
        "remove-1": "yes",
        "line-2": "",
        "kind-2": "fee",
        "description-2": "Shop supplies",
        "quantity-2": "1",
        "unit_price-2": "7.50",
        "unit_cost-2": "",
        "line-3": "",
        "kind-3": "part",
        "description-3": "",
    }
    answer = await browser(cast.advisor).post(f"{desk.url}/draft", on_the_desk(desk, form))
    assert answer.status_code == 303
    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Job, desk.job_ids[0])
        labor, fee = (await workshop.lines_of(db, [one]))[one.id]
    assert (str(labor.quantity), fee.description, fee.unit_price_minor, fee.tax_rate) == (
        "2.5000", "Shop supplies", 750, 0,
    )  # fmt: skip


@pytest.mark.parametrize(("typed", "price"), [("0", 0), ("", 12000)])
async def test_labor_is_free_at_nothing_and_costs_the_rate_without_a_price(
    desk: Desk, browser: Browse, cast: Cast, typed: str, price: int
) -> None:
    form = await lines_form(desk) | {"unit_price-0": typed}
    advisor = browser(cast.advisor)
    sums = await advisor.post(f"{desk.url}/sums", on_the_desk(desk, form))
    assert (await advisor.post(f"{desk.url}/draft", on_the_desk(desk, form))).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Job, desk.job_ids[0])
        labor, _part = (await workshop.lines_of(db, [one]))[one.id]
    assert labor.unit_price_minor == price
    assert f"${(price * 1.5 + 8990 + 4 * 11250 + 4 * 350 + 4000) / 100:,.2f}" in sums.text


async def test_a_line_that_makes_no_sense_is_pointed_at_and_nothing_is_saved(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    form = await lines_form(desk)
    form |= {"quantity-0": "lots", "unit_price-0": "1,200", "unit_price-1": "NaN", "description-1": "x" * 400}
    page = await browser(cast.advisor).post(f"{desk.url}/draft", on_the_desk(desk, form))
    assert page.status_code == 422
    assert page.text.count("Please enter a number.") >= 2
    assert 'value="lots"' in page.text
    assert f'id="f-{desk.job_ids[0]}-unit_price-0-error"' in page.text
    assert "more decimals than USD knows" in page.text
    at = f"f-{desk.job_ids[0]}-quantity-0"
    assert (
        f'<a href="#{at}" data-fault-of>Quantity: Please enter a number. (“Front brakes”, line 1)</a>'
        in page.text
    )
    assert f'id="{at}"' in page.text


async def test_a_job_gets_another_name_at_the_desk(desk: Desk, browser: Browse, cast: Cast) -> None:
    advisor, name = browser(cast.advisor), f"{desk.job_ids[0]}-title"
    shown = fields_of((await advisor.get(desk.url)).text)
    nameless = await advisor.post(f"{desk.url}/draft", shown | {name: "  "})
    assert nameless.status_code == 422
    assert "Give the job a name." in nameless.text
    renamed = shown | {name: "Brake pads <front>", f"{desk.job_ids[0]}-quantity-0": "2"}
    assert (await advisor.post(f"{desk.url}/draft", renamed)).status_code == 303
    late = await advisor.post(f"{desk.url}/draft", shown | {name: "Something else"})
    assert late.status_code == 409
    assert fields_of(late.text)[name] == "Something else"
    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Job, desk.job_ids[0])
        labor, *_rest = (await workshop.lines_of(db, [one]))[one.id]
    assert (one.title, labor.quantity) == ("Brake pads <front>", 2)


async def test_saving_leaves_a_name_with_two_blanks_in_it_alone(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    advisor, job_id = browser(cast.advisor), desk.job_ids[0]
    async with transaction(tenant=HARBOR) as db:
        (await db.get_one(Job, job_id)).title = "Front  brakes"
    shown = fields_of((await advisor.get(desk.url)).text)
    for unchanged in (shown, shown | {f"{desk.job_ids[1]}-quantity-0": "3"}):
        assert (await advisor.post(f"{desk.url}/draft", unchanged)).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        one = await db.get_one(Job, job_id)
    assert (one.title, str(one.version)) == ("Front  brakes", shown[f"{job_id}-version"])


async def test_a_stale_form_is_refused_with_what_changed(desk: Desk, browser: Browse, cast: Cast) -> None:
    advisor, form = browser(cast.advisor), await lines_form(desk)
    url = f"{desk.url}/draft"
    first = on_the_desk(desk, {**form, "quantity-0": "2"})
    assert (await advisor.post(url, first)).status_code == 303
    stale = await advisor.post(url, on_the_desk(desk, {**form, "quantity-0": "3"}))
    assert stale.status_code == 409
    assert "has changed meanwhile" in stale.text


async def test_the_preview_shows_what_stood_on_the_desk_unsaved(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    advisor = browser(cast.advisor)
    brakes, tires, _wash = desk.job_ids
    form = fields_of((await advisor.get(desk.url)).text)
    form |= {
        f"{brakes}-description-1": "Ceramic pads",
        f"{tires}-unit_price-0": "99.99",
        "message": "The brakes first, please.",
        "then": "preview",
    }
    wrong = await advisor.post(f"{desk.url}/draft", form | {f"{tires}-quantity-1": "lots"})
    assert wrong.status_code == 422
    kept = fields_of(wrong.text)
    assert (kept[f"{tires}-quantity-1"], kept[f"{brakes}-description-1"], kept["message"]) == (
        "lots", "Ceramic pads", "The brakes first, please.",
    )  # fmt: skip
    assert f'href="#f-{tires}-quantity-1"' in wrong.text
    assert (await row_of(desk)).message == ""
    answer = await advisor.post(f"{desk.url}/draft", kept | {f"{tires}-quantity-1": "4", "then": "preview"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{desk.url}/preview")
    preview = (await advisor.get(answer.headers["location"])).text
    for words in ("Ceramic pads", "$399.96", "The brakes first, please."):
        assert words in preview


async def test_every_button_of_the_desk_keeps_what_is_typed(desk: Desk, browser: Browse, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    brakes, _tires, wash = desk.job_ids
    form = fields_of((await advisor.get(desk.url)).text)
    form |= {"message": "Hello", f"{wash}-quantity-0": "many", "title": "Cabin filter"}
    assert (await advisor.post(f"{desk.url}/jobs/{wash}/withdrawal", form)).status_code == 303
    kept = (await advisor.get(desk.url)).text
    assert "Cabin filter" in kept
    form = fields_of(kept)
    form |= {f"{brakes}-description-0": "Pads and discs", "title": "Wiper blades"}
    assert (await advisor.post(f"{desk.url}/draft", form)).status_code == 303
    page = (await advisor.get(desk.url)).text
    assert (fields_of(page)["message"], fields_of(page)[f"{brakes}-description-0"]) == (
        "Hello",
        "Pads and discs",
    )
    assert "Wiper blades" in page
    assert "Hand wash" not in page


async def test_a_late_desk_undoes_nothing_of_a_colleagues_and_loses_nothing_of_its_own(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    avery, olive = browser(cast.advisor), browser(cast.owner)
    brakes, tires, wash = desk.job_ids
    late = fields_of((await avery.get(desk.url)).text)
    first = late | {f"{brakes}-unit_price-1": "70.00", f"{tires}-quantity-0": "2", "message": "From Olive"}
    assert (await olive.post(f"{desk.url}/draft", first)).status_code == 303
    untouched = await avery.post(f"{desk.url}/draft", late | {f"{wash}-description-0": "Wash and wax"})
    assert untouched.status_code == 303
    late = late | {f"{brakes}-unit_price-1": "80.00", "message": "From Avery", "then": "preview"}
    refused = await avery.post(f"{desk.url}/draft", late)
    assert refused.status_code == 409
    for words in ("has changed", "Now stored:", "$70.00", "From Olive"):
        assert words in refused.text
    again = fields_of(refused.text)
    assert (again[f"{brakes}-unit_price-1"], again[f"{tires}-quantity-0"], again["message"]) == (
        "80.00", "2", "From Avery",
    )  # fmt: skip
    assert (await row_of(desk)).message == "From Olive"
    assert (await avery.post(f"{desk.url}/draft", again)).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        rows = await db.scalars(select(JobLine.unit_price_minor).where(JobLine.job_id == brakes))
        assert 8000 in set(rows)
    assert (await row_of(desk)).message == "From Avery"


async def test_a_line_a_colleague_took_off_comes_back_only_when_asked(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    avery, olive = browser(cast.advisor), browser(cast.owner)
    brakes = desk.job_ids[0]
    late = fields_of((await avery.get(desk.url)).text)
    gone = await olive.post(f"{desk.url}/draft", late | {f"{brakes}-remove-1": "yes"})
    assert gone.status_code == 303
    refused = await avery.post(f"{desk.url}/draft", late | {f"{brakes}-description-1": "Ceramic pads"})
    assert refused.status_code == 409
    again = fields_of(refused.text)
    assert (again[f"{brakes}-description-1"], again[f"{brakes}-remove-1"]) == ("Ceramic pads", "yes")
    del again[f"{brakes}-remove-1"]
    assert (await avery.post(f"{desk.url}/draft", again)).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        rows = set(await db.scalars(select(JobLine.description).where(JobLine.job_id == brakes)))
    assert rows == {"Replace front pads and discs", "Ceramic pads"}


async def test_what_was_written_into_a_job_that_is_gone_is_shown(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    avery, olive = browser(cast.advisor), browser(cast.owner)
    wash = desk.job_ids[2]
    late = fields_of((await avery.get(desk.url)).text) | {f"{wash}-description-0": "Wash, wax and dry"}
    assert (await olive.post(f"{desk.url}/jobs/{wash}/withdrawal")).status_code == 303
    refused = await avery.post(f"{desk.url}/draft", late)
    assert refused.status_code == 409
    assert "no longer here" in refused.text
    assert "Wash, wax and dry" in refused.text


async def test_a_form_that_came_in_part_saves_nothing_and_says_so(
    desk: Desk, browser: Browse, cast: Cast
) -> None:
    advisor = browser(cast.advisor)
    form = fields_of((await advisor.get(desk.url)).text) | {f"{desk.job_ids[0]}-description-0": "Half"}
    del form[f"{desk.job_ids[0]}-version"]
    answer = await advisor.post(f"{desk.url}/draft", form | {"message": "Mine"})
    assert (answer.status_code, "came in part" in answer.text) == (422, True)
    assert fields_of(answer.text)[f"{desk.job_ids[0]}-description-0"] == "Half"
    assert (await row_of(desk)).message == ""
    late = await advisor.post(f"{desk.url}/draft", form | {"message": "Mine", "revision": "99"})
    assert late.status_code == 422


@pytest.mark.parametrize(("day", "words"), [("9999-12-31", "half a year"), ("0001-01-01", "not over yet")])
async def test_a_validity_out_of_reach_is_said_beside_its_field(
    desk: Desk, browser: Browse, cast: Cast, day: str, words: str
) -> None:
    advisor = browser(cast.advisor)
    form = fields_of((await advisor.get(desk.url)).text) | {"valid_until": day}
    answer = await advisor.post(f"{desk.url}/draft", form)
    assert answer.status_code == 422
    assert re.search(rf'id="f-valid_until-error">.*{words}', answer.text, re.DOTALL)


async def test_jobs_are_added_and_taken_off(desk: Desk, browser: Browse, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    added = await advisor.post(f"{desk.url}/jobs", {"title": "Wiper blades"})
    assert added.status_code == 303
    assert (await advisor.post(f"{desk.url}/jobs", {"title": ""})).status_code == 422
    gone = await advisor.post(f"{desk.url}/jobs/{desk.job_ids[2]}/withdrawal")
    assert gone.status_code == 303
    page = await advisor.get(desk.url)
    assert "Wiper blades" in page.text
    assert "Hand wash" not in page.text


async def test_sending_needs_the_version_that_was_seen(desk: Desk, browser: Browse, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    preview = await advisor.get(f"{desk.url}/preview")
    assert preview.status_code == 200
    assert "Send to customer" in preview.text
    day = (clock.now() + timedelta(days=5)).date().isoformat()
    saved = await advisor.post(f"{desk.url}/draft", {"message": "Hi", "valid_until": day, "revision": "1"})
    assert saved.status_code == 303
    assert (await advisor.post(f"{desk.url}/sending", {"revision": "1"})).status_code == 409
    first = await advisor.post(f"{desk.url}/sending", {"revision": "2"}, key="once")
    again = await advisor.post(f"{desk.url}/sending", {"revision": "2"}, key="once")
    assert first.status_code == again.status_code == 303
    assert (await row_of(desk)).status == "sent"
    page = await advisor.get(desk.url)
    assert "Answer by telephone" in page.text
    assert (await advisor.post(f"{desk.url}/draft", {"valid_until": day, "revision": "3"})).status_code == 409


async def test_a_fresh_link_is_shown_once_and_works(out: Desk, browser: Browse, cast: Cast) -> None:
    page = await browser(cast.advisor).post(f"{out.url}/links")
    assert page.status_code == 200
    found = re.search(r'id="fresh-link"[^>]*>http://testserver(/approve/[\w-]{43})<', page.text)
    assert found is not None
    assert (await browser().get(found[1])).status_code == 200
    assert (await browser(cast.advisor).post(f"{out.url}/links/revocation")).status_code == 303
    assert (await browser().get(found[1])).status_code == 410


async def test_an_answer_by_telephone_says_who_called_whom(out: Desk, browser: Browse, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    form = {f"decision-{job_id}": "approved" for job_id in out.job_ids} | {"signed_name": "Dana O'Neil"}
    missing = await advisor.post(f"{out.url}/approval", {**form, "method": "phone"})
    assert missing.status_code == 422
    assert "Write down the number you called." in missing.text
    reasons = re.findall(r'aria-label="(Their reason \(optional\): [^"]+)"', missing.text)
    assert len(set(reasons)) == len(out.job_ids), "each field has a name of its own"
    done = await advisor.post(f"{out.url}/approval", {**form, "method": "phone", "contact": "+1 555 0100"})
    assert done.status_code == 303
    async with transaction(tenant=HARBOR) as db:
        rows = (await db.scalars(select(Authorization))).all()
    assert {(row.method, row.contact, row.recorded_by) for row in rows} == {
        ("phone", "+1 555 0100", cast.advisor.name)
    }
    page = await advisor.get(out.url)
    assert "taken by Avery Advisor" in page.text


async def test_the_driver_answers_signed_in(out: Desk, browser: Browse, cast: Cast) -> None:
    driver = browser(cast.customer)
    page = await driver.get(out.url)
    assert page.status_code == 200
    assert "3 jobs need your answer" in page.text
    assert "Margin" not in page.text
    assert (await driver.post(f"{out.url}/view")).status_code == 303
    assert (await row_of(out)).status == "viewed"
    form = {f"decision-{job_id}": "deferred" for job_id in out.job_ids} | {"signed_name": "Dana O'Neil"}
    assert (await driver.post(f"{out.url}/approval", form)).status_code == 303
    estimate = await row_of(out)
    assert estimate.status == "rejected"
    async with transaction(tenant=HARBOR) as db:
        row = (await db.scalars(select(Authorization).limit(1))).one()
    assert (row.method, row.contact, row.recorded_by) == ("account", cast.customer.email, "")


@pytest.mark.parametrize("who", ["outsider", "stranger", "customer"])
async def test_a_draft_is_not_found_by_anybody_else(
    desk: Desk, browser: Browse, cast: Cast, who: str
) -> None:
    person = browser(getattr(cast, who))
    assert (await person.get(desk.url)).status_code == 404
    for path in ("draft", "sums", "sending", "discarding", "links", "jobs"):
        answer = await person.post(f"{desk.url}/{path}", {"revision": "1", "valid_until": "2030-01-01"})
        assert answer.status_code in (403, 404), path
    assert (await row_of(desk)).status == "draft"


@pytest.mark.parametrize("who", ["outsider", "stranger"])
async def test_a_sent_estimate_is_not_found_by_outsiders(
    out: Desk, browser: Browse, cast: Cast, who: str
) -> None:
    person = browser(getattr(cast, who))
    assert (await person.get(out.url)).status_code == 404
    form = {f"decision-{job_id}": "approved" for job_id in out.job_ids} | {"signed_name": "Otto"}
    assert (await person.post(f"{out.url}/approval", form)).status_code == 404
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(func.count()).select_from(Authorization)) == 0


async def test_a_technician_sees_no_prices_of_estimates(out: Desk, browser: Browse, cast: Cast) -> None:
    assert (await browser(cast.technician).get(out.url)).status_code == 403
    assert (await browser(cast.technician).get(f"/orders/{out.number}/estimates")).status_code == 200


async def test_nobody_signed_in_is_asked_to(out: Desk, browser: Browse) -> None:
    page = await browser().get(out.url)
    assert page.status_code == 303
    assert page.headers["location"].startswith("/sign-in")


async def test_a_foreign_job_is_not_part_of_the_estimate(
    desk: Desk, out: Desk, browser: Browse, cast: Cast
) -> None:
    advisor = browser(cast.advisor)
    form = on_the_desk(out, await lines_form(out) | {"quantity-0": "9"})
    answer = await advisor.post(f"{desk.url}/draft", form)
    assert answer.status_code == 409
    async with transaction(tenant=HARBOR) as db:
        rows = await db.scalars(select(JobLine.quantity).where(JobLine.job_id == out.job_ids[0]))
        assert 9 not in set(rows)
