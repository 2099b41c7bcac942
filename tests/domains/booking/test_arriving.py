from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains.booking import arriving, tasks
from tests.cast import HARBOR, HARBOR_CENTER
from tests.core.pictures import jpeg
from tests.domains.booking.test_api import MINE, booked, free

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
    assert (await desk.post(f"/appointments/{visit['id']}/check-in", GOOD)).status_code == 409


async def test_a_form_that_cannot_be_accepted_comes_back_and_opens_nothing(browser, cast, visit):
    desk = browser(cast.advisor)
    for wrong in ({"concern": ""}, {"signed_name": ""}, {"mileage": "-1"}, {"charge_percent": "130"}):
        answer = await desk.post(f"/appointments/{visit['id']}/check-in", GOOD | wrong)
        assert answer.status_code == 422, wrong
    lie = await desk.post(
        f"/appointments/{visit['id']}/check-in",
        GOOD,
        files=[("photos", ("front.jpg", b"MZ not a photo", "image/jpeg"))],
    )
    assert lie.status_code == 422
    assert (await state(visit)).order_id is None


async def test_a_stale_form_is_refused(browser, cast, visit):
    answer = await browser(cast.advisor).post(
        f"/appointments/{visit['id']}/check-in", GOOD | {"version": str(visit["version"] - 1)}
    )
    assert answer.status_code == 409


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


async def test_the_appointment_follows_its_order_to_the_end(browser, cast, visit):
    await browser(cast.advisor).post(f"/appointments/{visit['id']}/check-in", GOOD)
    order_id = (await state(visit)).order_id
    async with transaction(tenant=HARBOR) as db:
        await arriving.begin_work(db, order_id)
    assert (await state(visit)).status == "in_progress"
    for _twice in range(2):
        async with transaction(tenant=HARBOR) as db:
            await arriving.complete(db, order_id, by=Viewer.system(HARBOR))
    [mine] = (await browser(cast.customer).get(MINE)).json()
    assert (mine["status"], mine["repair_order_id"]) == ("completed", str(order_id))
    assert mine["actual_completion"]


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
