"""The workshop's pages: what they show, who may send what, what a late form is told."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.core.render import when
from app.core.tables import AuditLog
from app.domains import workshop
from app.domains.garage.models import Vehicle
from app.domains.network.models import HoursException, StaffProfile
from app.domains.workshop import closing, steps, work
from app.domains.workshop.models import DeferredWork, Job, JobClock, JobStep, OrderPhoto, RepairOrder
from tests.browsing import Browser
from tests.cast import CAR, CAST, HARBOR, HARBOR_BAYS, HARBOR_CENTER, OTHER_CAR, Cast
from tests.core.pictures import jpeg
from tests.domains.workshop.shop import approved, as_person, canned_oil, checked_in, proposed

Open = Callable[..., Browser]
PHOTO = jpeg()
DRAWN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 120"><circle r="2" cx="10" cy="20" fill="#000"/></svg>'


async def one_order(*, approve: bool = True, **intake: Any) -> tuple[RepairOrder, Job]:
    async with transaction() as db:
        order = await checked_in(db, **intake)
        job = await approved(db, order) if approve else await proposed(db, order)
        return order, job


async def read(model: type[Any], key: UUID) -> Any:
    async with transaction(tenant=HARBOR) as db:
        return await db.get_one(model, key)


async def test_the_board_shows_a_card_with_what_a_hurried_person_looks_for(browser: Open, cast: Cast) -> None:
    order, _job = await one_order(is_waiter=True)
    page = (await browser(cast.advisor).get("/board")).text
    for said in (order.label, "7ABC123", "2003 Honda Accord", "Squeals when braking", "Waits here", "Terry"):
        assert said in page
    assert re.search(r'data-stage="in_progress"[^>]*>\s*<li class="ticket', page)


async def test_a_form_moves_a_card_and_a_late_one_says_what_changed(browser: Open, cast: Cast) -> None:
    order, _job = await one_order()
    advisor, technician = browser(cast.advisor), browser(cast.technician)
    form = {"stage": "sublet", "version": order.version, "bay": str(HARBOR_BAYS[0])}
    moved = await advisor.post(f"/orders/{order.number}/stage", form, key="a")
    assert (moved.status_code, moved.headers["location"]) == (303, "/board")
    now = await read(RepairOrder, order.id)
    assert (now.stage, now.bay_id) == ("sublet", HARBOR_BAYS[0])
    late = await technician.post(f"/orders/{order.number}/stage", {**form, "stage": "qc"}, key="b")
    assert late.status_code == 409
    assert "At another shop" in late.text
    assert "Avery Advisor" in late.text
    assert (await read(RepairOrder, order.id)).stage == "sublet"


async def test_the_same_form_twice_moves_once(browser: Open, cast: Cast) -> None:
    order, _job = await one_order()
    advisor = browser(cast.advisor)
    form = {"stage": "qc", "version": order.version, "bay": ""}
    answers = [await advisor.post(f"/orders/{order.number}/stage", form, key="twice") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert (await read(RepairOrder, order.id)).version == order.version + 1


@pytest.mark.parametrize("stage", ["nowhere", "", "x" * 300])
async def test_a_stage_that_does_not_exist_changes_nothing(browser: Open, cast: Cast, stage: str) -> None:
    order, _job = await one_order()
    form = {"stage": stage, "version": order.version, "bay": ""}
    answer = await browser(cast.advisor).post(f"/orders/{order.number}/stage", form)
    assert answer.status_code == 422
    assert (await read(RepairOrder, order.id)).stage == order.stage


async def test_a_bay_of_another_shop_is_not_there(browser: Open, cast: Cast) -> None:
    order, _job = await one_order()
    form = {"stage": "qc", "version": order.version, "bay": str(uuid4())}
    answer = await browser(cast.advisor).post(f"/orders/{order.number}/stage", form)
    assert answer.status_code == 404
    assert (await read(RepairOrder, order.id)).stage == order.stage


async def test_every_page_is_nothing_to_the_outsider(browser: Open, cast: Cast) -> None:
    order, job = await one_order()
    outsider = browser(cast.outsider)
    for url in (
        f"/orders/{order.number}",
        f"/jobs/{job.id}",
        f"/bench?technician={cast.technician.staff_id}",
    ):
        assert (await outsider.get(url)).status_code == 404, url
    assert order.label not in (await outsider.get("/board")).text
    async with transaction(tenant=HARBOR) as db:
        step = (await steps.steps_of(db, job))[0]
    for url, form in (
        (f"/orders/{order.number}/stage", {"stage": "qc", "version": "1"}),
        (f"/orders/{order.number}/plan", {"version": "1", "concern": "x"}),
        (f"/orders/{order.number}/jobs", {"title": "x"}),
        (f"/orders/{order.number}/void", {"reason": "x"}),
        (f"/jobs/{job.id}/start", {}),
        (f"/jobs/{job.id}/block", {"reason": "parts"}),
        (f"/jobs/{job.id}/finish", {}),
        (f"/jobs/{job.id}/check", {"passed": "yes"}),
        (f"/jobs/{job.id}/lines", {"version": "1", "kind": "fee", "description": "x"}),
        (f"/jobs/{job.id}/withdrawal", {}),
        (f"/steps/{step.id}", {"status": "completed"}),
    ):
        assert (await outsider.post(url, form)).status_code == 404, url


async def test_the_driver_and_the_network_have_no_business_on_the_floor(browser: Open, cast: Cast) -> None:
    order, job = await one_order()
    for person in (cast.customer, cast.stranger, cast.network):
        visitor = browser(person)
        for url in ("/board", "/bench", "/orders/new", f"/orders/{order.number}", f"/jobs/{job.id}"):
            assert (await visitor.get(url)).status_code == 403, (person.key, url)


async def test_a_technician_sees_no_prices_and_cannot_plan(browser: Open, cast: Cast) -> None:
    order, job = await one_order()
    technician = browser(cast.technician)
    for url in (f"/orders/{order.number}", f"/jobs/{job.id}", "/bench", "/board"):
        page = await technician.get(url)
        assert page.status_code == 200, url
        assert "$" not in page.text, url
    for url in (
        f"/orders/{order.number}/plan",
        f"/jobs/{job.id}/lines",
        "/orders",
        f"/jobs/{job.id}/withdrawal",
    ):
        assert (await technician.post(url, {})).status_code == 403, url


async def test_the_advisor_sees_lines_and_margin(browser: Open, cast: Cast) -> None:
    _order, job = await one_order()
    page = (await browser(cast.advisor).get(f"/jobs/{job.id}")).text
    assert "$180.00" in page  # 1.5 h at 120
    assert "$89.90" in page
    assert "54.4%" in page  # (89.90 − 41.00) ÷ 89.90: what the hours cost is not known
    assert "partial: 1 without a cost" in page


async def test_prices_are_typed_as_people_write_them(browser: Open, cast: Cast) -> None:
    _order, job = await one_order(approve=False)
    form = {
        "version": job.version,
        "kind": "part",
        "description": "Brake fluid",
        "quantity": "0,5",
        "unit_price": "24.99",
        "unit_cost": "9.10",
    }
    advisor = browser(cast.advisor)
    assert (await advisor.post(f"/jobs/{job.id}/lines", form)).status_code == 303
    assert "$12.50" in (await advisor.get(f"/jobs/{job.id}")).text
    late = await advisor.post(f"/jobs/{job.id}/lines", form)
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"description": ""}, "Please fill this in"),
        ({"quantity": "many"}, "Please enter a number"),
        ({"quantity": "-3"}, "more than 0"),
        ({"kind": "tip"}, "one of the options"),
        ({"unit_price": "9" * 20}, "out of range"),
        ({"unit_price": "1,200"}, "more decimals than USD knows"),
        ({"unit_cost": "1.200"}, "more decimals than USD knows"),
        ({"quantity": "1,250"}, "may mean thousands"),
    ],
)
async def test_a_wrong_line_comes_back_with_its_words(
    browser: Open, cast: Cast, wrong: dict[str, str], words: str
) -> None:
    _order, job = await one_order(approve=False)
    form = {"version": job.version, "kind": "part", "description": "Fluid", "quantity": "1", **wrong}
    answer = await browser(cast.advisor).post(f"/jobs/{job.id}/lines", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert (await read(Job, job.id)).version == job.version


async def test_a_job_is_planned_for_a_time_to_come_and_in_closed_hours_only_on_purpose(
    browser: Open, cast: Cast
) -> None:
    _order, job = await one_order(approve=False)
    advisor, url = browser(cast.advisor), f"/jobs/{job.id}/planned-start"
    today = clock.today("America/New_York")
    sunday = today + timedelta(days=13 - today.weekday())

    async def plan(day: date, **more: str) -> Any:
        version = str((await read(Job, job.id)).version)
        return await advisor.post(url, {"version": version, "scheduled_start": f"{day}T09:30", **more})

    over = await plan(today - timedelta(days=1))
    assert over.status_code == 422
    assert "This time is over" in over.text
    closed = await plan(sunday)
    assert closed.status_code == 422
    assert f'value="{sunday}T09:30"' in closed.text
    assert "closed then" in closed.text
    assert 'name="after_hours"' in closed.text
    assert (await read(Job, job.id)).scheduled_start is None
    assert (await plan(sunday, after_hours="yes")).status_code == 303
    assert (await plan(sunday + timedelta(days=1))).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        db.add(
            HoursException(
                tenant_id=HARBOR,
                center_id=HARBOR_CENTER,
                day=sunday,
                intervals={"open": [["09:00", "12:00"]]},
            )
        )
    assert (await plan(sunday)).status_code == 303


async def test_two_plans_of_a_technician_at_one_time_are_saved_and_told(browser: Open, cast: Cast) -> None:
    async with transaction() as db:
        other = await checked_in(db)
        first = await approved(db, other)  # an hour and a half
    _order, job = await one_order()
    advisor = browser(cast.advisor)
    today = clock.today("America/New_York")
    monday = today + timedelta(days=14 - today.weekday())

    async def plan(which: Job, time: str) -> str:
        form = {"version": str((await read(Job, which.id)).version), "scheduled_start": f"{monday}T{time}"}
        assert (await advisor.post(f"/jobs/{which.id}/planned-start", form)).status_code == 303
        return str((await advisor.get(f"/jobs/{which.id}")).text)

    def said(hour: int, minute: int = 0) -> str:
        zone = "America/New_York"
        return when(
            datetime(monday.year, monday.month, monday.day, hour, minute, tzinfo=ZoneInfo(zone)), zone
        )

    for one in (first, job):
        technician = {"technician": str(cast.technician.staff_id)}
        assert (await advisor.post(f"/jobs/{one.id}/technician", technician)).status_code == 303
    name = (await read(StaffProfile, cast.technician.staff_id)).name
    assert f"is at {other.label}" not in await plan(first, "10:00")
    assert f"{name} is at {other.label} until {said(11, 30)} then." in await plan(job, "11:00")
    told = await plan(job, "09:00")
    assert f"{name} is to begin {other.label} at {said(10)}, before this is done." in told
    assert other.label not in await plan(job, "11:30")
    assert (await read(Job, job.id)).scheduled_start is not None


async def test_a_canned_job_is_one_tap(browser: Open, cast: Cast) -> None:
    async with transaction() as db:
        order = await checked_in(db)
        await canned_oil(db, order)
    answer = await browser(cast.advisor).post(f"/orders/{order.number}/jobs", {"canned": "oil"})
    assert answer.status_code == 303
    page = await browser(cast.advisor).get(answer.headers["location"])
    assert "Waste oil disposal" in page.text


async def test_declined_work_is_offered_on_the_next_visit_and_taken_up_in_one_tap(
    browser: Open, cast: Cast
) -> None:
    async with transaction() as db:
        first = await checked_in(db)
        job = await proposed(db, first)
        await workshop.present_jobs(db, first, [job], by=CAST.advisor.viewer)
        await workshop.decline_job(db, job, by=CAST.advisor.viewer, reason="Next month")
        second = await checked_in(db, concern="Now it grinds")
    advisor = browser(cast.advisor)
    page = (await advisor.get(f"/orders/{second.number}")).text
    assert "Left undone on this car" in page
    assert "Next month" in page
    url = re.search(r'action="(/orders/\d+/deferred/[^"]+/revival)"', page)
    assert url
    answers = [await advisor.post(url[1], {}, key=key) for key in ("one", "two")]
    assert [answer.status_code for answer in answers] == [303, 409]
    async with transaction(tenant=HARBOR) as db:
        work_left = await db.scalar(select(DeferredWork))
        revived = await db.scalar(select(Job).where(Job.order_id == second.id))
    assert work_left is not None
    assert revived is not None
    assert (work_left.status, work_left.revived_job_id) == ("revived", revived.id)
    assert revived.deferred_work_id == work_left.id
    assert "Left undone" not in (await advisor.get(f"/orders/{second.number}")).text


async def test_the_bench_starts_pauses_blocks_and_finishes(browser: Open, cast: Cast) -> None:
    order, job = await one_order()
    technician = browser(cast.technician)
    page = (await technician.get("/bench")).text
    assert "Approved – ready to work on" in page
    assert f'action="/jobs/{job.id}/start"' in page
    started = await technician.post(f"/jobs/{job.id}/start", {"back": "bench"})
    assert started.headers["location"] == f"/bench?job={job.id}"
    assert "data-clock-since" in (await technician.get("/bench")).text
    await technician.post(f"/jobs/{job.id}/pause", {"back": "bench"})
    assert "data-clock-since" not in (await technician.get("/bench")).text
    await technician.post(f"/jobs/{job.id}/start", {"back": "bench"})
    unsaid = await technician.post(f"/jobs/{job.id}/block", {"back": "bench"})
    assert unsaid.status_code == 422
    assert "Choose what the job is waiting for" in unsaid.text
    await technician.post(f"/jobs/{job.id}/block", {"back": "bench", "reason": "parts"})
    assert "waiting for parts" in (await technician.get("/bench")).text
    await technician.post(f"/jobs/{job.id}/start", {"back": "bench"})
    asked = await technician.post(f"/jobs/{job.id}/finish", {"back": "bench", "correction": "New pads"})
    assert asked.status_code == 422
    assert "Tick what is done, or say why it is left open." in asked.text
    assert (await read(Job, job.id)).status == "in_progress"
    [step] = re.findall(r'name="done" value="([^"]+)"', asked.text)
    await technician.post(f"/jobs/{job.id}/steps", {"back": "bench", "name": "Bleed the brakes"})
    half = {"back": "bench", "done": step, "left_because": "x" * 501}
    kept = (await technician.post(f"/jobs/{job.id}/finish", half)).text
    assert re.findall(r'name="done" value="([^"]+)" checked', kept) == [step]
    assert f'value="{"x" * 501}"' in kept
    [bleed] = set(re.findall(r'name="done" value="([^"]+)"', kept)) - {step}
    await technician.post(f"/steps/{bleed}", {"back": "bench", "status": "completed"})
    ticked = {"back": "bench", "correction": "New pads", "done": step}
    assert (await technician.post(f"/jobs/{job.id}/finish", ticked)).status_code == 303
    assert (await read(JobStep, UUID(step))).status == "completed"
    assert "Handed over for the check" in (await technician.get("/bench")).text
    assert (await read(RepairOrder, order.id)).stage == "qc"


async def test_starting_a_second_job_says_which_one_pauses(browser: Open, cast: Cast) -> None:
    order, first = await one_order()
    async with transaction() as db:
        await as_person(db, cast.advisor)
        second = await approved(db, await db.get_one(RepairOrder, order.id), "Wipers")
    technician = browser(cast.technician)
    await technician.post(f"/jobs/{first.id}/start", {"back": "bench"})
    for page in (f"/bench?job={second.id}", f"/jobs/{second.id}"):
        assert f"Starting this pauses “Front brakes” ({order.label})." in (await technician.get(page)).text
    answer = await technician.post(f"/jobs/{second.id}/start", {"back": "bench"})
    assert "Paused: “Front brakes”." in (await technician.get(answer.headers["location"])).text
    for who, page in ((technician, "/bench"), (browser(cast.advisor), f"/orders/{order.number}")):
        assert (await who.get(page)).text.count("<span>Paused</span>") == 1


async def test_a_photo_from_the_bench_is_said_and_seen_there(browser: Open, cast: Cast) -> None:
    order, job = await one_order()
    technician = browser(cast.technician)
    url, form = f"/orders/{order.number}/photos", {"job": str(job.id)}
    answer = await technician.post(url, form, files={"photos": ("pads.jpg", PHOTO, "image/jpeg")})
    bench = (await technician.get(answer.headers["location"])).text
    assert "Photo added." in bench
    assert re.search(r'<ul class="photos"><li id="photo-orderphoto-[^>]+><a [^>]+><img src="/files/', bench)
    wrong = await technician.post(url, form, files={"photos": ("pads.jpg", b"no picture", "image/jpeg")})
    assert wrong.status_code == 422
    assert "bench-now" in wrong.text
    async with transaction() as db:
        elsewhere = await proposed(db, await checked_in(db))
    for foreign in (elsewhere.id, uuid4()):
        files = {"photos": ("pads.jpg", PHOTO, "image/jpeg")}
        assert (await technician.post(url, {"job": str(foreign)}, files=files)).status_code == 404


async def test_the_photos_of_a_withdrawn_job_stay_with_its_order(browser: Open, cast: Cast) -> None:
    order, job = await one_order(approve=False)
    files = {"photos": ("pads.jpg", PHOTO, "image/jpeg")}
    sent = await browser(cast.technician).post(
        f"/orders/{order.number}/photos", {"job": str(job.id)}, files=files
    )
    assert sent.status_code == 303
    assert (await browser(cast.advisor).post(f"/jobs/{job.id}/withdrawal")).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        [photo] = await db.scalars(select(OrderPhoto).where(OrderPhoto.order_id == order.id))
    assert photo.job_id is None


async def test_a_colleague_checks_from_their_own_bench(browser: Open, cast: Cast) -> None:
    order, job = await one_order()
    async with transaction() as db:
        await as_person(db, cast.technician)
        job = await db.get_one(Job, job.id)
        await work.start(db, job, by=cast.technician.viewer)
        await work.finish(db, job, left_because="Done in one go", by=cast.technician.viewer)
    own = await browser(cast.technician).post(f"/jobs/{job.id}/check", {"passed": "yes"})
    assert own.status_code == 409
    page = (await browser(cast.technician).get(f"/jobs/{job.id}")).text
    assert "Somebody else passes it." in page
    assert "Checkpoint passed" not in page
    assert "Check the work" in (await browser(cast.advisor).get(f"/orders/{order.number}")).text
    colleague = browser(cast.second_technician)
    page = (await colleague.get("/bench")).text
    assert "To check for a colleague" in page
    assert re.search(r"<button[^>]* disabled[^>]*>.{0,300}Job passed", page, re.DOTALL)
    open_point = await colleague.post(f"/jobs/{job.id}/check", {"passed": "yes", "back": "bench"})
    assert open_point.status_code == 409
    for url in re.findall(r'action="(/steps/[^"]+)"', page):
        await colleague.post(url, {"status": "completed", "back": "bench"})
    done = await colleague.post(f"/jobs/{job.id}/check", {"passed": "yes", "back": "bench"})
    assert done.status_code == 303
    assert (await read(Job, job.id)).status == "completed"


async def test_a_colleagues_running_job_offers_nothing_that_is_refused(browser: Open, cast: Cast) -> None:
    _order, job = await one_order()
    async with transaction() as db:
        await as_person(db, cast.technician)
        await work.start(db, await db.get_one(Job, job.id), by=cast.technician.viewer)
    colleague = browser(cast.second_technician)
    page = (await colleague.get(f"/jobs/{job.id}")).text
    assert f"On the clock: {cast.technician.name}" in page
    assert "is assigned to somebody else" in page
    for act in ("start", "block", "finish"):
        assert f'action="/jobs/{job.id}/{act}"' not in page
        said = {"reason": "parts", "left_because": "Later"}
        assert (await colleague.post(f"/jobs/{job.id}/{act}", said)).status_code == 409
    async with transaction(tenant=HARBOR) as db:
        assert (await db.scalars(select(JobClock.stopped_at))).all() == [None], "the clock runs on"
    assert f'action="/jobs/{job.id}/finish"' in (await browser(cast.technician).get(f"/jobs/{job.id}")).text
    assert (await browser(cast.advisor).post(f"/jobs/{job.id}/block", {"reason": "parts"})).status_code == 303


async def test_a_refused_move_is_kept_in_the_audit_trail(browser: Open, cast: Cast) -> None:
    _order, job = await one_order(approve=False)
    answer = await browser(cast.technician).post(f"/jobs/{job.id}/start", {})
    assert answer.status_code == 409
    async with transaction(tenant=HARBOR) as db:
        kept = await db.scalar(select(AuditLog.action).where(AuditLog.user_id == cast.technician.user_id))
        assert await db.scalar(select(JobClock)) is None
    assert kept == "job.illegal_move"


async def test_an_advisor_may_look_at_any_bench_but_not_start(browser: Open, cast: Cast) -> None:
    _order, job = await one_order()
    advisor = browser(cast.advisor)
    page = await advisor.get(f"/bench?technician={cast.technician.staff_id}")
    assert page.status_code == 200
    assert f'action="/jobs/{job.id}/start"' not in page.text
    assert (await advisor.post(f"/jobs/{job.id}/start", {})).status_code == 403


async def test_a_walk_in_with_the_car_of_another_customer_is_asked_about(browser: Open, cast: Cast) -> None:
    advisor, dana = browser(cast.advisor), cast.customer
    danas = f"customer={dana.customer_id}&amp;vehicle={CAR}"
    walk_in = {"name": "Walk In", "phone": "555 0199", "vin": "1hgcm82633a004352", "plate": "NEW 1"}
    asked = await advisor.post("/orders/new/customer", walk_in)
    assert asked.status_code == 422
    assert "known here as that of Dana O&#39;Neil" in asked.text
    assert f'href="/orders/new?{danas}"' in asked.text
    assert f'name="sold" value="{CAR}"' in asked.text
    assert 'value="Walk In"' in asked.text
    assert "Walk In" not in (await advisor.get("/customers")).text
    other = await advisor.post("/orders/new/customer", walk_in | {"sold": str(OTHER_CAR)})
    assert other.status_code == 422, "what was said of one car is not said of another"
    sold = await advisor.post("/orders/new/customer", walk_in | {"sold": str(CAR)})
    assert sold.status_code == 303
    theirs = re.search(r"vehicle=([0-9a-f-]{36})", sold.headers["location"])
    assert theirs is not None
    assert theirs[1] != str(CAR), "what its former owner keeps of it stays theirs"
    found = (await advisor.get("/customers?q=1HGCM82633A004352")).text
    assert "Walk In" in found
    assert "Dana" not in found
    assert "Accord" in (await browser(dana).get("/garage")).text
    # Another shop knows nothing of all that, and is told nothing.
    elsewhere = await browser(cast.outsider).post("/orders/new/customer", walk_in)
    assert elsewhere.status_code == 303, elsewhere.text


async def test_a_car_with_a_doubtful_vin_goes_to_its_new_owner_and_is_asked_about_once(
    browser: Open, cast: Cast
) -> None:
    advisor = browser(cast.advisor)
    typed = "1HGCM82633AOO4353"
    seller = {"name": "Sal Seller", "phone": "555 0198", "vin": typed, "make": "Honda", "model": "Accord"}
    first = await advisor.post("/orders/new/customer", seller | {"vin_said": typed})
    car = re.search(r"vehicle=([0-9a-f-]{36})", first.headers["location"])
    assert car is not None
    buyer = seller | {"name": "Bo Buyer", "phone": "555 0197"}
    assert 'type="radio" name="vin_said"' in (await advisor.post("/orders/new/customer", buyer)).text
    known = await advisor.post("/orders/new/customer", buyer | {"vin_said": typed})
    assert f'name="sold" value="{car[1]}"' in known.text
    assert re.findall(r'name="vin_said" value="(\w+)"', known.text) == [typed]
    assert 'type="hidden" name="vin_said"' in known.text
    sold = await advisor.post("/orders/new/customer", buyer | {"vin_said": typed, "sold": car[1]})
    assert sold.status_code == 303
    listed = (await advisor.get(f"/customers?q={typed}")).text
    assert ("Bo Buyer" in listed, "Sal Seller" in listed) == (True, False)


async def test_a_walk_in_is_checked_in_with_photos_and_a_typed_name(browser: Open, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    known = {"name": "Walk In", "phone": "555 0199", "plate": "WLK 1"}
    unsaid = await advisor.post("/orders/new/customer", known)
    assert unsaid.status_code == 422
    assert "Please enter the make" in unsaid.text
    car = {"vin": "1HGCM82633A123456", "make": "Honda", "model": "Accord", "year": "2003"}
    car["vin_said"] = car["vin"]
    new = await advisor.post("/orders/new/customer", {**known, **car})
    assert new.status_code == 303
    url = new.headers["location"]
    assert "Open the repair order" in (await advisor.get(url)).text
    ids = dict(part.split("=") for part in url.split("?")[1].split("&"))
    form = {
        **ids,
        "concern": "Rattles when cold",
        "mileage": "150500",
        "warning_lights": ["engine", "tires"],
        "key_tag": "22",
        "signed_name": "Walk In",
        "promise_at": "2026-11-24T16:30",
        "technician": str(cast.technician.staff_id),
    }
    opened = await advisor.post("/orders", form, files=[("photos", ("a.jpg", PHOTO, "image/jpeg"))], key="k")
    assert opened.status_code == 303, opened.text
    again = await advisor.post("/orders", form, files=[("photos", ("a.jpg", PHOTO, "image/jpeg"))], key="k")
    assert again.headers["location"] == opened.headers["location"]
    async with transaction(tenant=HARBOR) as db:
        [order] = list(await db.scalars(select(RepairOrder)))
        [photo] = list(await db.scalars(select(OrderPhoto)))
    assert (order.concern, order.warning_lights, order.key_tag) == (
        "Rattles when cold",
        ["engine", "tires"],
        "22",
    )
    assert (photo.purpose, photo.is_shared) == ("walk_around", False)
    page = (await advisor.get(opened.headers["location"])).text
    assert "Honda" in page
    assert "Tires" in page
    assert "/files/" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"concern": ""}, "Please fill this in"),
        ({"signed_name": "", "signature": DRAWN}, "Type the name of the person who signed"),
        ({"mileage": "12"}, "less than the last reading"),
        ({"mileage": "far"}, "whole number"),
        ({"charge_percent": "140"}, "out of range"),
        ({"warning_lights": "disco"}, "no warning light"),
        ({"signature": "<svg onload=alert(1)>"}, "could not be read"),
    ],
)
async def test_a_wrong_check_in_comes_back_as_typed(
    browser: Open, cast: Cast, wrong: dict[str, str], words: str
) -> None:
    form = {
        "customer": str(cast.customer.customer_id),
        "vehicle": str(CAR),
        "concern": "Rattles when cold",
        "signed_name": "Dana",
        **wrong,
    }
    answer = await browser(cast.advisor).post("/orders", form)
    assert answer.status_code == 422
    assert words in answer.text
    if "concern" not in wrong:
        assert "Rattles when cold" in answer.text
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(RepairOrder)) is None


async def test_a_file_that_is_no_photo_opens_no_order(browser: Open, cast: Cast) -> None:
    form = {
        "customer": str(cast.customer.customer_id),
        "vehicle": str(CAR),
        "concern": "Rattles",
        "signed_name": "Dana",
    }
    lies = [("photos", ("a.jpg", b"MZ\x90 not a photo", "image/jpeg"))]
    answer = await browser(cast.advisor).post("/orders", form, files=lies)
    assert answer.status_code == 422
    assert "not a JPEG" in answer.text


async def test_a_car_that_is_in_the_shop_is_not_checked_in_again(browser: Open, cast: Cast) -> None:
    order, _job = await one_order()
    form = {
        "customer": str(cast.customer.customer_id),
        "vehicle": str(CAR),
        "concern": "Rattles",
        "signed_name": "Dana",
    }
    desk = browser(cast.advisor)
    opened = (await desk.get(f"/orders/new?customer={form['customer']}&vehicle={CAR}")).text
    assert f'href="/orders/{order.number}"' in opened
    assert 'name="concern"' not in opened
    # By a race: the page was opened before.
    answer = await desk.post("/orders", form, files=[("photos", ("front.jpg", PHOTO, "image/jpeg"))])
    assert answer.status_code == 422
    assert f'href="/orders/{order.number}"' in answer.text
    assert ">Rattles</textarea>" in answer.text
    assert 'value="Dana"' in answer.text
    assert "choose the photos again" in answer.text
    # Where htmx asked, the file field is still there with what was chosen.
    kept = {"hx-request": "true", "hx-request-type": "full"}
    files = [("photos", ("front.jpg", PHOTO, "image/jpeg"))]
    answer = await desk.post("/orders", form, files=files, headers=kept)
    assert answer.status_code == 422
    assert "choose the photos again" not in answer.text
    async with transaction(tenant=HARBOR) as db:
        assert len((await db.scalars(select(RepairOrder))).all()) == 1


async def test_nobody_signs_by_being_named(browser: Open, cast: Cast) -> None:
    desk = browser(cast.advisor)
    page = (await desk.get(f"/orders/new?customer={cast.customer.customer_id}&vehicle={CAR}")).text
    [field] = re.findall(r'<input[^>]*name="signed_name"[^>]*>', page)
    assert 'value=""' in field
    assert "required" not in field
    form = {"customer": str(cast.customer.customer_id), "vehicle": str(CAR), "concern": "Rattles"}
    opened = await desk.post("/orders", form)
    order = await desk.get(opened.headers["location"])
    assert "not signed" in order.text


async def test_a_card_goes_past_what_is_open_only_with_a_reason(browser: Open, cast: Cast) -> None:
    order, _job = await one_order()
    desk = browser(cast.advisor)
    url = f"/orders/{order.number}/stage"
    form = {"stage": "delivered", "version": order.version, "bay": "", "back": "order"}
    asked = await desk.post(url, form)
    assert asked.status_code == 409
    assert "“Front brakes”: Ready to start" in asked.text
    assert "No invoice has been written" in asked.text
    assert 'value="accept"' in asked.text
    assert "<dialog" not in asked.text
    beside = await desk.post(url, form, headers={"hx-request": "true"})
    assert re.search(r'<dialog[^>]*data-fault="409"', beside.text)
    form["seen"] = re.findall(r'name="seen" value="([^"]+)"', asked.text)
    mute = await desk.post(url, form | {"open": "accept", "reason": "  "})
    assert (mute.status_code, "Say why it moves" in mute.text) == (409, True)
    assert (await read(RepairOrder, order.id)).stage == "in_progress"
    async with transaction() as db:
        await as_person(db, cast.advisor)
        await approved(db, await db.get_one(RepairOrder, order.id), "Wipers")
    form["version"] = (await read(RepairOrder, order.id)).version
    accepted = form | {"open": "accept", "reason": "Family needs it tonight"}
    more = await desk.post(url, accepted)
    assert (more.status_code, "“Wipers”: Ready to start" in more.text) == (409, True)
    assert 'value="Family needs it tonight"' in more.text
    assert (await read(RepairOrder, order.id)).stage == "in_progress"
    moved = await desk.post(url, accepted | {"seen": re.findall(r'name="seen" value="([^"]+)"', more.text)})
    assert moved.headers["location"] == f"/orders/{order.number}"
    story = (await desk.get(moved.headers["location"])).text
    assert (
        "Moved to “Handed over” with work or money open (“Front brakes”, “Wipers”, no invoice): Family needs it tonight"
        in story
    )


async def test_readings_are_added_and_corrected_with_a_reason(browser: Open, cast: Cast) -> None:
    order, _job = await one_order(mileage_km=None)
    technician, desk = browser(cast.technician), browser(cast.advisor)
    url = f"/orders/{order.number}/readings"
    before = (await read(Vehicle, CAR)).mileage_km
    added = await technician.post(url, {"version": order.version, "mileage": before + 10})
    assert added.status_code == 303, added.text
    now = await read(RepairOrder, order.id)
    assert (now.mileage_in_km, (await read(Vehicle, CAR)).mileage_km) == (before + 10, before + 10)
    stale = await desk.post(url, {"version": order.version, "mileage": before + 11})
    assert stale.status_code == 409
    lower = {"version": now.version, "mileage": before + 1}
    doubted = await desk.post(url, lower)
    assert doubted.status_code == 422
    assert "less than the last reading" in doubted.text
    assert f'value="{before + 1}"' in doubted.text
    # On the page drawn anew the form still knows which order it was shown with.
    sure = {"confirmed": str(before + 1)}
    old = await desk.post(url, lower | sure | {"version": order.version})
    assert re.search(rf'/readings".*?name="version" value="{order.version}"', old.text, re.DOTALL)
    mended = await desk.post(url, lower | sure | {"mileage": before + 2, "reason": "Read the trip meter"})
    assert (mended.status_code, f'name="confirmed" value="{before + 2}" aria-invalid' in mended.text) == (
        422,
        True,
    )
    unsaid = await desk.post(url, lower | sure)
    assert (unsaid.status_code, "Say why the reading is right" in unsaid.text) == (422, True)
    assert (await read(RepairOrder, order.id)).mileage_in_km == before + 10
    corrected = await desk.post(url, lower | sure | {"reason": "Read the trip meter"})
    assert corrected.status_code == 303
    assert (await read(RepairOrder, order.id)).mileage_in_km == before + 1
    story = (await desk.get(f"/orders/{order.number}")).text
    assert re.search(r"Odometer [\d,]+ km instead of [\d,]+ km \(Read the trip meter\)", story)
    assert (await browser(cast.outsider).post(url, lower)).status_code == 404


async def test_what_is_paid_but_here_is_called_the_same_everywhere(browser: Open, cast: Cast) -> None:
    async with transaction() as db:
        order = await checked_in(db)
        order = await closing.mark_invoiced(db, order, by=CAST.advisor.viewer)
    desk = browser(cast.advisor)
    form = {"stage": "delivered", "version": order.version, "bay": ""}
    asked = await desk.post(f"/orders/{order.number}/stage", form)
    assert (asked.status_code, "The invoice is not paid" in asked.text) == (409, True)
    async with transaction(tenant=HARBOR) as db:
        order = await closing.mark_closed(db, order, by=CAST.advisor.viewer)
    pages = ("/board", "/orders", f"/orders/{order.number}", "/customers/1/orders")
    for url in pages:
        assert "Paid · to hand over" in (await desk.get(url)).text, url
    form = {"stage": "delivered", "version": order.version, "bay": ""}
    assert (await desk.post(f"/orders/{order.number}/stage", form)).status_code == 303
    for url in pages:
        page = (await desk.get(url)).text
        assert ("Closed" in page, "to hand over" in page) == (True, False), url


async def test_a_form_without_its_token_is_refused(browser: Open, cast: Cast) -> None:
    order, _job = await one_order()
    answer = await browser(cast.advisor).http.post(f"/orders/{order.number}/stage", data={"stage": "qc"})
    assert answer.status_code == 403
    assert "<html" in answer.text


@pytest.mark.parametrize("words", ["RO-1001", "1001", "7abc-123", "honda dana", "4352", "O'Neil"])
async def test_an_order_is_found_by_whatever_the_caller_says(browser: Open, cast: Cast, words: str) -> None:
    order, _job = await one_order()
    assert order.label == "RO-1001"
    link = f'href="/orders/{order.number}"'
    assert link in (await browser(cast.advisor).get("/orders", params={"q": words})).text
    for nothing in ("%", "zebra", "RO-7"):
        assert link not in (await browser(cast.advisor).get("/orders", params={"q": nothing})).text
    assert link not in (await browser(cast.outsider).get("/orders", params={"q": words})).text


async def test_the_owner_says_who_checks(browser: Open, cast: Cast) -> None:
    owner = browser(cast.owner)
    assert 'href="/board/quality-check"' in (await owner.get("/board")).text
    page = await owner.get("/board/quality-check")
    assert re.search(r'value="yes"[^>]*checked', page.text)
    assert (await owner.post("/board/quality-check", {"second_person": "no"})).status_code == 303
    assert re.search(r'value="no"[^>]*checked', (await owner.get("/board/quality-check")).text)
    for person, status in ((cast.advisor, 403), (cast.technician, 403), (cast.outsider, 403)):
        assert (await browser(person).get("/board/quality-check")).status_code == status
    assert (
        await browser(cast.advisor).post("/board/quality-check", {"second_person": "no"})
    ).status_code == 403
