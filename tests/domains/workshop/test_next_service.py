"""When the car goes home the advisor says when it is to come again."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.db import transaction
from app.core.errors import Refused
from app.domains import workshop
from app.domains.garage.models import Vehicle
from app.domains.workshop import board
from app.domains.workshop.next_service import plan_next_service
from tests.cast import CAR, CAST, HARBOR
from tests.domains.workshop.shop import approved, as_person, checked_in

NEW_YORK = "America/New_York"


async def order_done(db):
    """An order whose only job is done: the car can go home."""
    order = await checked_in(db)
    job = await approved(db, order)
    job.status, order.stage = "completed", "ready"
    return order


async def the_car():
    async with transaction(tenant=HARBOR) as db:
        return await db.get_one(Vehicle, CAR)


async def test_the_advisor_says_when_it_is_due_and_the_handover_leaves_it(browser, cast):
    """Also a day so near that the handover would take it for the service that was just done."""
    async with transaction() as db:
        order = await order_done(db)
    desk, before, today = browser(cast.advisor), await the_car(), clock.today(NEW_YORK)
    url, near = f"/orders/{order.number}/next-service", today + timedelta(days=30)
    asked = {"car_version": before.version, "next_maintenance_due": near, "next_maintenance": 160_000}
    for field, value, said in (
        ("next_maintenance_due", today - timedelta(days=1), "This day has passed."),
        ("next_maintenance", before.mileage_km, "The car has gone further already."),
    ):
        wrong = await desk.post(url, asked | {field: value})
        assert (wrong.status_code, said in wrong.text, f'value="{value}"' in wrong.text) == (422, True, True)
    assert (await desk.post(url, asked)).status_code == 303
    assert (await desk.post(url, asked | {"next_maintenance": 170_000})).status_code == 409, "a second tab"
    page = (await desk.get(f"/orders/{order.number}")).text
    assert f'value="{near}"' in page
    assert "Next service: " in page, "it stands in the story"
    async with transaction() as db:
        await as_person(db, CAST.advisor)
        order = await workshop.find(db, CAST.advisor.viewer, order.number)
        await board.move(db, order, to="delivered", by=CAST.advisor.viewer, anyway="Pays tomorrow")
    car = await the_car()
    assert car.last_maintenance_date == today
    assert (car.next_maintenance_due, car.next_maintenance_km) == (near, 160_000)
    assert f'value="{near}"' in (await browser(cast.customer).get(f"/garage/{CAR}/edit")).text


async def test_a_day_that_stood_there_and_was_said_again_stays(browser, cast):
    near = clock.today(NEW_YORK) + timedelta(days=10)
    async with transaction(user=CAST.customer.user_id) as db:
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(next_maintenance_due=near))
    async with transaction() as db:
        order = await order_done(db)
    asked = {"car_version": (await the_car()).version, "next_maintenance_due": near}
    for _twice in range(2):
        said = await browser(cast.advisor).post(f"/orders/{order.number}/next-service", asked)
        assert said.status_code == 303
    async with transaction() as db:
        await as_person(db, CAST.advisor)
        order = await workshop.find(db, CAST.advisor.viewer, order.number)
        await board.move(db, order, to="delivered", by=CAST.advisor.viewer, anyway="Pays tomorrow")
    assert (await the_car()).next_maintenance_due == near


async def test_only_the_desk_of_the_shop_says_so_and_only_when_the_work_is_done(browser, cast):
    async with transaction() as db:
        order = await order_done(db)
    url, car = f"/orders/{order.number}/next-service", await the_car()
    asked = {"car_version": car.version, "next_maintenance": 160_000}
    assert (await browser(cast.technician).post(url, asked)).status_code == 403
    assert (await browser(cast.outsider).post(url, asked)).status_code == 404
    assert (await the_car()).next_maintenance_km is None
    async with transaction() as db:
        early = await checked_in(db)
        with pytest.raises(Refused, match="once the work is done"):
            await plan_next_service(
                db, early, due_on=None, mileage=160_000, version=car.version, by=CAST.advisor.viewer
            )
