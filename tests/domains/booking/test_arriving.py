from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from app.core import clock
from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains import workshop
from app.domains.booking import appointments, arriving, claims, tasks
from app.domains.booking.models import Appointment, Occupation
from app.domains.services.models import CannedJob, CannedLine, Service
from app.domains.workshop.models import Authorization, DeferredWork, Job, JobStep, RepairOrder
from tests.cast import CAR, HARBOR, HARBOR_BAYS, HARBOR_CENTER
from tests.core.pictures import jpeg
from tests.domains.booking.test_api import MINE, booked, free
from tests.domains.booking.test_pages import starts_in
from tests.domains.booking.test_phone_pages import asked
from tests.domains.booking.test_phone_pages import booked as phoned
from tests.domains.workshop.shop import checked_in, proposed

GOOD = {
    "concern": "It squeaks when braking",
    "signed_name": "Dana O'Neil",
    "mileage": "151000",
    "key_tag": "7",
}


@pytest.fixture
async def visit(browser, cast, offered):
    """A confirmed visit whose time has come."""
    made = (await booked(browser(cast.customer), offered)).json()
    async with transaction(tenant=HARBOR) as db:
        await db.execute(
            text("UPDATE appointments SET starts_at = :now, ends_at = :end"),
            {"now": clock.now(), "end": clock.now() + timedelta(hours=1)},
        )
    return made


async def state(visit):
    async with transaction(tenant=HARBOR) as db:
        row = await db.execute(
            text("SELECT status, order_id FROM appointments WHERE id = :id"), {"id": visit["id"]}
        )
        return row.one()


async def test_checking_in_opens_the_order_with_what_was_booked(browser, cast, visit):
    desk = browser(cast.advisor)
    page = await desk.get(f"/appointments/{visit['id']}/check-in")
    assert "Dana O&#39;Neil" in page.text
    assert "Brake check" in page.text
    done = await desk.post(
        f"/appointments/{visit['id']}/check-in",
        GOOD,
        files=[("photos", ("front.jpg", jpeg(), "image/jpeg"))],
    )
    assert done.status_code == 303, done.text
    order = await desk.get(done.headers["location"])
    assert "Brake check" in order.text
    assert "$99.00" in order.text
    assert "It squeaks when braking" in order.text
    assert (await state(visit)).status == "arrived"
    again = await desk.get(f"/appointments/{visit['id']}/check-in")
    assert again.headers["location"] == done.headers["location"]
    assert (await desk.post(f"/appointments/{visit['id']}/check-in", GOOD)).status_code == 422


async def test_a_car_with_a_visit_to_come_is_not_checked_in_beside_it_unsaid(browser, cast, offered):
    desk = browser(cast.advisor)
    made = (await booked(browser(cast.customer), offered)).json()
    counter = f"/orders/new?customer={cast.customer.customer_id}&vehicle={CAR}"
    region = f"/appointments/expected?vehicle={CAR}"
    assert f'hx-get="{region}"' in (await desk.get(counter)).text
    for answer in (await desk.get(region), await desk.get(region, headers={"HX-Request": "true"})):
        assert "A visit is planned for this car" in answer.text
        assert f'href="/appointments/{made["id"]}/check-in"' in answer.text
    assert (await browser(cast.outsider).get(region)).status_code == 404
    assert (await browser(cast.customer).get(region)).status_code == 403
    today = f"/appointments/{made['id']}/check-in"
    assert "planned for this car" not in (await desk.get(today)).text
    later = (
        await booked(browser(cast.customer), offered, (await free(desk, offered))[-1]["starts_at"])
    ).json()
    shown = (await desk.get(today)).text
    assert f'href="/appointments/{later["id"]}"' in shown
    assert f'href="/appointments/{later["id"]}/check-in"' not in shown, "weeks ahead"


async def jobs_of(order_id):
    async with transaction(tenant=HARBOR) as db:
        rows = await db.scalars(select(Job).where(Job.order_id == order_id).order_by(Job.position))
        jobs = rows.all()
        return jobs, await workshop.lines_of(db, jobs)


async def test_what_was_booked_is_agreed_to_and_may_be_started(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    [job], _lines = await jobs_of((await state(visit)).order_id)
    assert (job.status, job.skill, job.estimated_minutes) == ("pending", "brakes", 60)
    async with transaction(tenant=HARBOR) as db:
        [agreed] = await db.scalars(select(Authorization))
        booked_at = await db.scalar(select(Appointment.booked_at))
        stage = await db.scalar(select(RepairOrder.stage))
        technician_id = job.technician_id
    assert (agreed.job_id, agreed.method, agreed.decision) == (job.id, "booking", "approved")
    assert (agreed.signed_name, agreed.contact) == ("Dana O'Neil", "customer@test.example")
    assert agreed.decided_at == booked_at
    assert (agreed.amount_minor, agreed.revised_total_minor) == (10618, 10618)
    assert (agreed.estimate_id, agreed.shown_hash, agreed.recorded_by) == (None, None, "")
    assert stage == "received", "nobody works on it yet"
    page = (await browser(cast.advisor).get(f"/jobs/{job.id}")).text
    assert "agreed to this when booking" in page
    assert "up to $106.18" in page
    who = cast.technician if technician_id == cast.technician.staff_id else cast.second_technician
    started = await browser(who).post(f"/jobs/{job.id}/start", {})
    assert started.status_code == 303


async def test_a_booking_on_the_phone_names_who_took_it(browser, cast, offered):
    desk = browser(cast.advisor)
    times = await desk.get(f"/appointments/new/times?{asked(cast, offered[:1])}")
    await phoned(desk, cast, offered[:1], starts_in(times.text)[0])
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE appointments SET starts_at = :now"), {"now": clock.now()})
        made = await db.scalar(select(Appointment.id))
    await desk.post(f"/appointments/{made}/check-in", GOOD)
    async with transaction(tenant=HARBOR) as db:
        [agreed] = await db.scalars(select(Authorization))
    assert (agreed.signed_name, agreed.recorded_by) == ("Dana O'Neil", "Avery Advisor")
    assert agreed.recorded_by_id == cast.advisor.user_id


@pytest.mark.parametrize("oil", [1250, 100])
async def test_a_service_brings_its_canned_job_at_the_price_booked(browser, cast, offered, visit, oil):
    """Whether the catalogue is dearer or cheaper than the booking by now."""
    async with transaction(tenant=HARBOR) as db:
        canned = CannedJob(tenant_id=HARBOR, code="check", title="Check", skill="brakes")
        db.add(canned)
        await db.flush()
        for position, (kind, price, quantity) in enumerate((("labor", 0, "0.5"), ("part", oil, "4.8"))):
            db.add(
                CannedLine(
                    tenant_id=HARBOR, canned_job_id=canned.id, kind=kind, description=kind, position=position,
                    quantity=Decimal(quantity), unit_price_minor=price, unit_cost_minor=price // 2,
                )
            )  # fmt: skip
        service = await db.get_one(Service, offered[0].id)
        service.canned_job_code = "check"
        await db.execute(text("UPDATE appointment_services SET quantity = 2"))
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    [job], lines = await jobs_of((await state(visit)).order_id)
    labor, part, difference = lines[job.id]
    assert (labor.quantity, labor.unit_price_minor, part.quantity) == (1, 12000, Decimal("9.6"))
    assert difference.unit_price_minor == 2 * 9900 - 12000 - round(Decimal("9.6") * oil)
    assert workshop.price_lines(lines[job.id]).net_minor == 2 * 9900
    assert (job.title, job.canned_job_id, job.estimated_minutes) == ("Brake check", canned.id, 60)
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(JobStep.name).where(JobStep.job_id == job.id, ~JobStep.is_checkpoint))


async def test_a_booked_job_that_costs_more_is_asked_about_again(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    [job], lines = await jobs_of((await state(visit)).order_id)
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        dearer = workshop.NewLine(kind="fee", description=lines[job.id][0].description, unit_price_minor=9901)
        live = await db.get_one(Job, job.id)
        await workshop.change_line(db, live, lines[job.id][0].id, dearer, by=cast.advisor.viewer)
    [job], _lines = await jobs_of(job.order_id)
    assert job.status == "presented"


async def test_a_form_that_cannot_be_accepted_comes_back_and_opens_nothing(browser, cast, visit):
    desk = browser(cast.advisor)
    for wrong in ({"concern": ""}, {"signed_name": "x" * 121}, {"mileage": "-1"}, {"charge_percent": "130"}):
        answer = await desk.post(f"/appointments/{visit['id']}/check-in", GOOD | wrong)
        assert answer.status_code == 422, wrong
    lie = await desk.post(
        f"/appointments/{visit['id']}/check-in",
        GOOD,
        files=[("photos", ("front.jpg", b"MZ not a photo", "image/jpeg"))],
    )
    assert lie.status_code == 422
    assert (await state(visit)).order_id is None


async def test_a_car_that_is_here_is_not_offered_to_be_checked_in(browser, cast, visit):
    desk = browser(cast.advisor)
    way_in = f"/appointments/{visit['id']}/check-in"
    day = "/appointments"
    assert way_in in (await desk.get(day)).text
    async with transaction() as db:
        order = await checked_in(db)
    beside = f"/orders/new/arrival?customer={order.customer_id}&vehicle={order.vehicle_id}"
    assert f"In the shop – open {order.label}" in (await desk.get(beside)).text
    assert (await browser(cast.outsider).get(beside)).status_code == 404
    shown = (await desk.get(day)).text
    assert way_in not in shown
    assert f"In the shop: {order.label}" in shown
    opened = (await desk.get(way_in)).text
    assert f'href="/orders/{order.number}"' in opened
    assert 'name="concern"' not in opened
    raced = await desk.post(way_in, GOOD)
    assert raced.status_code == 422
    assert f'href="/orders/{order.number}"' in raced.text
    assert "It squeaks when braking</textarea>" in raced.text
    assert (await state(visit)).order_id is None


async def test_a_stale_form_comes_back_as_typed_and_goes_through_when_sent_again(browser, cast, visit):
    desk = browser(cast.advisor)
    url = f"/appointments/{visit['id']}/check-in"
    stale = GOOD | {"version": str(visit["version"] - 1)}
    photo = [("photos", ("front.jpg", jpeg(), "image/jpeg"))]
    answer = await desk.post(url, stale, files=photo)
    assert answer.status_code == 422
    assert "has changed in the meantime" in answer.text
    assert "So it stands now" in answer.text
    assert "It squeaks when braking</textarea>" in answer.text
    assert "Please choose the photos again." in answer.text
    assert (await state(visit)).order_id is None
    now = re.search(r'name="version" value="(\d+)"', answer.text)
    assert (await desk.post(url, GOOD | {"version": now.group(1)})).status_code == 303
    assert (await state(visit)).order_id is not None
    second = await desk.post(url, GOOD | {"version": now.group(1)})
    assert second.status_code == 422
    assert "has been checked in already" in second.text
    assert re.search(r'href="/orders/\d+"', second.text)


async def test_who_may_not_check_in(browser, cast, visit):
    url = f"/appointments/{visit['id']}/check-in"
    assert (await browser(cast.customer).get(url)).status_code == 403
    assert (await browser(cast.technician).post(url, GOOD)).status_code == 403
    assert (await browser(cast.outsider).get(url)).status_code == 404
    assert (await browser(cast.outsider).post(url, GOOD)).status_code == 404


async def test_a_visit_of_another_day_is_not_checked_in(browser, cast, offered):
    made = (
        await booked(browser(cast.customer), offered, (await free(browser(), offered))[-1]["starts_at"])
    ).json()
    answer = await browser(cast.advisor).get(f"/appointments/{made['id']}/check-in")
    assert answer.status_code == 409


async def test_a_drivers_visits_stand_under_what_they_are_now(browser, cast, offered):
    dana, times = browser(cast.customer), [one["starts_at"] for one in await free(browser(), offered)]
    later, sooner = [
        (await booked(dana, offered, starts_at)).json()["id"] for starts_at in (times[-1], times[0])
    ]
    over = (await booked(dana, offered, times[len(times) // 2])).json()["id"]
    await browser(cast.advisor).post(f"/appointments/{over}/cancellation", {"reason": ""})
    async with transaction() as db:
        inside, fetched = await checked_in(db), await checked_in(db)
        await workshop.enter_stage(db, fetched, "delivered", by=cast.advisor.viewer)
    async with transaction(user=cast.customer.user_id) as db:
        own = await appointments.own_visits(db, cast.customer.viewer)
    assert [str(one.appointment.id) for one in own.coming] == [sooner, later]
    assert [one.order.id for one in own.inside] == [inside.id]
    assert [one.began for one in own.past] == sorted((one.began for one in own.past), reverse=True)
    last, first = own.past
    assert (str(last.appointment.id), first.order.id) == (over, fetched.id), (
        "a visit of another day, one of now"
    )
    page = (await dana.get("/appointments?mine=true")).text
    assert page.index('id="inside"') < page.index('id="coming"') < page.index('id="past"')


async def test_the_appointment_follows_its_order_to_the_end(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    order_id = (await state(visit)).order_id
    for _twice in range(2):
        async with transaction(tenant=HARBOR) as db:
            await arriving.begin_work(db, order_id, by=Viewer.system(HARBOR))
    assert (await state(visit)).status == "in_progress"
    async with transaction(tenant=HARBOR) as db:
        begun = await db.scalars(text("SELECT subject_id FROM events WHERE name = 'AppointmentStarted'"))
        assert [str(one) for one in begun] == [visit["id"]]
    async with transaction(tenant=HARBOR) as db:
        order = await db.get_one(RepairOrder, order_id)
        await workshop.enter_stage(db, order, "ready", by=Viewer.system(HARBOR))
    for _twice in range(2):
        async with transaction(tenant=HARBOR) as db:
            await arriving.end_work(db, order_id, by=Viewer.system(HARBOR))
            await arriving.complete(db, order_id, by=Viewer.system(HARBOR))
    assert (await state(visit)).status == "in_progress"
    assert "Ready to collect" in (await browser(cast.customer).get("/appointments?mine=true")).text
    async with transaction(tenant=HARBOR) as db:
        assert not (await db.scalars(select(Occupation).where(Occupation.is_active))).all()
        order = await db.get_one(RepairOrder, order_id)
        await workshop.enter_stage(db, order, "delivered", by=Viewer.system(HARBOR))
    for _twice in range(2):
        async with transaction(tenant=HARBOR) as db:
            await arriving.complete(db, order_id, by=Viewer.system(HARBOR))
    [mine] = (await browser(cast.customer).get(MINE)).json()
    assert (mine["status"], mine["repair_order_id"]) == ("completed", str(order_id))
    assert mine["actual_completion"]


async def test_the_diary_follows_who_does_the_work(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    order_id = (await state(visit)).order_id
    async with transaction(tenant=HARBOR) as db:
        order = await db.get_one(RepairOrder, order_id)
        others = [
            one for one in (cast.technician, cast.second_technician) if one.staff_id != order.technician_id
        ]
        bay = next(one for one in HARBOR_BAYS if one != order.bay_id)
        before = {order.technician_id, order.bay_id}
        after = {others[0].staff_id, bay}
        await workshop.plan(db, order, by=cast.advisor.viewer, technician_id=others[0].staff_id, bay_id=bay)
        for _twice in range(2):
            await arriving.follow_plan(db, order_id, by=Viewer.system(HARBOR))
        mine = await db.scalar(select(Appointment).where(Appointment.order_id == order_id))
        assert {mine.technician_id, mine.bay_id} == after
        held = await db.execute(select(Occupation.resource_id, Occupation.is_active))
        active = {resource for resource, is_active in held if is_active}
        assert active == after
        assert not active & before


async def occupied(db, appointment):
    """By resource: until when it is taken for the visit."""
    held = await db.execute(
        select(Occupation.resource_id, Occupation.during).where(
            Occupation.is_active, Occupation.appointment_id == appointment.id
        )
    )
    return {resource: during.upper for resource, during in held}


async def test_the_diary_goes_on_following_after_somebody_had_something_else_then(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    order_id = (await state(visit)).order_id
    system = Viewer.system(HARBOR)
    async with transaction(tenant=HARBOR) as db:
        mine = await db.scalar(select(Appointment).where(Appointment.order_id == order_id))
        order = await db.get_one(RepairOrder, order_id)
        first, bay = order.technician_id, order.bay_id
        second = ({cast.technician.staff_id, cast.second_technician.staff_id} - {first}).pop()
        other = Appointment(
            tenant_id=HARBOR, center_id=mine.center_id, customer_id=mine.customer_id, status="confirmed",
            starts_at=mine.starts_at, ends_at=mine.ends_at,
        )  # fmt: skip
        db.add(other)
        await db.flush()
        taken = Occupation(
            tenant_id=HARBOR, appointment_id=other.id, resource_id=second,
            during=Range(mine.starts_at, mine.ends_at),
        )  # fmt: skip
        db.add(taken)
        for technician_id, holds in ((second, {bay}), (first, {bay, first})):
            await workshop.plan(db, order, by=cast.advisor.viewer, technician_id=technician_id, bay_id=bay)
            await arriving.follow_plan(db, order_id, by=system)
            assert mine.technician_id == technician_id
            assert set(await occupied(db, mine)) == holds
        assert (await occupied(db, mine))[first] == mine.ends_at, "as long as the visit, no longer"


async def test_work_that_begins_again_takes_back_what_is_left(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    order_id = (await state(visit)).order_id
    system = Viewer.system(HARBOR)
    async with transaction(tenant=HARBOR) as db:
        mine = await db.scalar(select(Appointment).where(Appointment.order_id == order_id))
        order = await db.get_one(RepairOrder, order_id)
        second = ({cast.technician.staff_id, cast.second_technician.staff_id} - {order.technician_id}).pop()
        await arriving.begin_work(db, order_id, by=system)
        await workshop.enter_stage(db, order, "ready", by=system)
        await arriving.end_work(db, order_id, by=system)
        assert not await occupied(db, mine)
        await workshop.plan(db, order, by=cast.advisor.viewer, technician_id=second, bay_id=order.bay_id)
        await arriving.follow_plan(db, order_id, by=system)
        assert not await occupied(db, mine), "a car that is ready occupies nobody"
        for _twice in range(2):
            await arriving.begin_work(db, order_id, by=system)
        assert set(await occupied(db, mine)) == {order.bay_id, second}


async def test_a_visit_expected_again_gets_a_place_again_or_says_that_there_is_none(
    browser, cast, offered, run_reactions
):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    made = (await booked(driver, offered)).json()
    page = f"/appointments/{made['id']}"
    assert (await desk.post(f"{page}/check-in", GOOD)).status_code == 303
    order_id, system = (await state(made)).order_id, Viewer.system(HARBOR)

    async def gives_away_and_is_void(taking=()):
        """The work is done, others take what became free, and the order turns out to be a mistake."""
        async with transaction(tenant=HARBOR) as db:
            mine = await db.get_one(Appointment, made["id"])
            mine.order_id, mine.status = order_id, "arrived"
            await workshop.enter_stage(db, await db.get_one(RepairOrder, order_id), "ready", by=system)
            await arriving.end_work(db, order_id, by=system)
            assert not await occupied(db, mine)
            for resource in taking:
                db.add(
                    Occupation(
                        tenant_id=HARBOR, appointment_id=other, resource_id=resource,
                        during=Range(mine.starts_at, mine.ends_at),
                    )
                )  # fmt: skip
            await db.flush()
            await arriving.expect_again(db, order_id, by=system)
            assert set(await occupied(db, mine)) == {mine.bay_id, mine.technician_id} - {None}
            return mine

    first = await gives_away_and_is_void()
    other_bay = next(one for one in HARBOR_BAYS if one != first.bay_id)
    async with transaction(tenant=HARBOR) as db:
        another = Appointment(
            tenant_id=HARBOR, center_id=first.center_id, customer_id=first.customer_id, status="confirmed",
            starts_at=first.starts_at, ends_at=first.ends_at, bay_id=first.bay_id,
        )  # fmt: skip
        db.add(another)
        await db.flush()
        other = another.id
    second = await gives_away_and_is_void([first.bay_id])
    assert second.bay_id == other_bay
    assert "Needs a new time" not in (await desk.get(page)).text
    await run_reactions()
    lost = "A visit has no bay any more"
    assert lost not in (await desk.get("/notifications")).text
    third = await gives_away_and_is_void([other_bay])
    assert (third.bay_id, third.technician_id, third.status) == (None, None, "confirmed")
    assert "Call the customer and move the visit" in (await desk.get(page)).text
    day = third.starts_at.astimezone(ZoneInfo("America/New_York")).date()
    assert "Needs a new time" in (await desk.get(f"/appointments?day={day}")).text
    assert "Please choose another" in (await driver.get(page)).text
    await run_reactions()
    assert lost in (await desk.get("/notifications")).text
    assert lost not in (await browser(cast.technician).get("/notifications")).text
    later = (await free(driver, offered))[-1]["starts_at"]
    assert (await desk.post(f"{page}/time", {"starts_at": later})).status_code == 303
    assert "Needs a new time" not in (await desk.get(page)).text


async def test_a_visit_expected_again_queues_once_for_all_that_could_take_it(browser, cast, offered):
    """Two queues would each be in order and both together not: a booking at the same moment deadlocks with it."""
    made = (await booked(browser(cast.customer), offered)).json()
    await browser(cast.advisor).post(f"/appointments/{made['id']}/check-in", GOOD)
    order_id, system = (await state(made)).order_id, Viewer.system(HARBOR)
    people = [cast.technician.staff_id, cast.second_technician.staff_id]
    first, *others = sorted([*HARBOR_BAYS, *people], key=claims._key)
    async with transaction(tenant=HARBOR) as db:
        mine = await db.get_one(Appointment, made["id"])
        mine.bay_id = next(one for one in HARBOR_BAYS if one != first)
        mine.technician_id = next(one for one in people if one != first)

    async def expected():
        async with transaction(tenant=HARBOR) as db:
            await arriving.expect_again(db, order_id, by=system)

    waiting = text("""SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()""")
    mine_now = text("SELECT pg_try_advisory_xact_lock(:key)")
    async with transaction(tenant=HARBOR) as db, asyncio.TaskGroup() as both:
        assert await db.scalar(mine_now, {"key": claims._key(first)})
        both.create_task(expected())
        async with asyncio.timeout(2):
            while not await db.scalar(waiting):  # noqa: ASYNC110, PostgreSQL tells nobody
                await asyncio.sleep(0.01)
        for one in others:
            assert await db.scalar(mine_now, {"key": claims._key(one)}), "nothing is held by who still queues"
        await db.commit()
    assert (await state(made)).status == "confirmed"


async def test_the_clock_ends_holds_that_nobody_came_back_for(browser, cast, offered, run_reactions):
    held = (await booked(browser(cast.customer), offered, hold=True)).json()
    await tasks.expire_holds()
    assert (await state(held)).status == "held"
    with clock.moved_to(datetime.fromisoformat(held["held_until"])):
        await tasks.expire_holds()
    assert (await state(held)).status == "expired"
    await run_reactions()
    async with transaction(tenant=HARBOR) as db:
        rings = await db.scalars(
            text("SELECT rings::text FROM events WHERE name = 'AppointmentExpired' ORDER BY seq DESC LIMIT 1")
        )
        assert f"center:{HARBOR_CENTER}:slots" in rings.one()


async def test_a_low_odometer_and_a_missing_name_are_told_together(browser, cast, visit):
    async with transaction(tenant=HARBOR) as db:
        moved = text("UPDATE vehicles SET mileage_km = 900000, mileage_at = '2026-01-05 12:00+00'")
        assert (await db.execute(moved)).rowcount
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 150"><circle cx="9" cy="9" r="2"/></svg>'
    )
    answer = await browser(cast.advisor).post(
        f"/appointments/{visit['id']}/check-in", GOOD | {"signed_name": "", "signature": drawn}
    )
    assert answer.status_code == 422
    assert "Jan 5, 2026" in answer.text
    assert "Tick this if the reading is right" in answer.text
    assert "Type the name of the person who signed by hand." in answer.text


async def test_an_order_opened_by_mistake_leaves_the_visit_as_it_was(browser, cast, visit, run_reactions):
    desk, driver = browser(cast.advisor), browser(cast.customer)
    counter = f"/appointments/{visit['id']}/check-in"
    opened = (await desk.post(counter, GOOD)).headers["location"]
    order_id = (await state(visit)).order_id
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        await proposed(db, await db.get_one(RepairOrder, order_id), "Never shown to anybody")
    assert "Change the plan" in (await desk.get(opened)).text
    await desk.post(f"{opened}/void", {"reason": "Wrong car"})
    await run_reactions()
    assert tuple(await state(visit)) == ("confirmed", None)
    assert "Change the plan" not in (await desk.get(opened)).text
    page = (await driver.get(f"/orders/{order_id}/track")).text
    assert "Your car is not here after all" in page
    assert "Expected to be ready" not in page
    assert "We are expecting your car" in (await driver.get(f"/appointments/{visit['id']}/track")).text
    async with transaction(tenant=HARBOR) as db:
        assert not (await db.scalars(select(DeferredWork))).all(), "nobody ever saw the proposal"
    second = await desk.post(counter, GOOD)
    assert second.headers["location"] != opened
    await desk.post(f"{second.headers['location']}/void", {"reason": "Nobody came at all"})
    await run_reactions()
    await desk.post(f"/appointments/{visit['id']}/cancellation", {"reason": "Nobody came"})
    assert (await state(visit)).status == "cancelled"
    async with transaction(tenant=HARBOR) as db:
        assert not (await db.scalars(select(Occupation).where(Occupation.is_active))).all()


async def test_what_the_driver_says_before_coming_stands_on_the_counters_form(
    browser, cast, offered, run_reactions
):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    made = (await booked(driver, offered)).json()
    page, url = f"/appointments/{made['id']}", f"/appointments/{made['id']}/intake"
    assert url in (await driver.get(page)).text
    for other in (desk, browser(cast.stranger), browser(cast.outsider)):
        assert (await other.get(url)).status_code == 404
    told = {
        "version": made["version"], "concern": "Squeals since the O'Hare trip", "mileage": "151000",
        "warning_lights": ["brakes", "abs"],
    }  # fmt: skip
    photo = [("photos", ("scratch.jpg", jpeg(), "image/jpeg"))]
    bad = await driver.post(url, told | {"warning_lights": ["disco"], "mileage": "-3"})
    assert bad.status_code == 422
    assert "Squeals since" in bad.text
    assert (await driver.post(url, told, files=photo)).status_code == 303
    stale = await driver.post(url, told | {"concern": "From the other tab"})
    assert stale.status_code == 409
    assert "From the other tab" in stale.text
    known = (await driver.get(f"/api/v1/customers{url}")).json()
    assert (known["warning_lights"], len(known["photos"])) == (["brakes", "abs"], 1)
    assert (await browser(cast.stranger).get(f"/api/v1/customers{url}")).status_code == 404
    assert (await desk.get(f"/api/v1/staff{url}")).json()["concern"] == known["concern"]
    for reader in (driver, desk):
        shown = (await reader.get(page)).text
        assert "Squeals since the O&#39;Hare trip" in shown
        assert "sent before the visit" in shown
    async with transaction(tenant=HARBOR) as db:
        await db.execute(text("UPDATE appointments SET starts_at = :now"), {"now": clock.now()})
    form = (await desk.get(f"{page}/check-in")).text
    assert "Squeals since the O&#39;Hare trip</textarea>" in form
    assert 'value="151000"' in form
    assert re.search(r'value="abs" checked', form)
    assert (await desk.post(f"{page}/check-in", GOOD)).status_code == 303
    order_id = (await state(made)).order_id
    async with transaction(tenant=HARBOR) as db:
        order = await db.get_one(RepairOrder, order_id)
        assert order.concern == GOOD["concern"], "the counter corrects it"
        [(sent, _file)] = await workshop.photos(db, order)
        assert sent.is_shared
    assert (await driver.post(url, told)).status_code == 409, "the car is here"
    without = {"concern": "", "without": [known["photos"][0]["id"]]}
    await desk.post(f"/orders/{order.number}/void", {"reason": "Wrong car"})
    await run_reactions()
    again = await driver.json("PUT", f"/api/v1/customers{url}", without)
    assert (again.status_code, again.json()["photos"]) == (200, []), again.text
