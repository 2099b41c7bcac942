"""The reminder of a service: from the shop that worked on the car last, once for each day it is due on, on that shop's
wall, and not while a visit is planned."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import new_id, transaction
from app.domains.booking.models import Appointment
from app.domains.customers.models import Customer, CustomerVehicle
from app.domains.garage.models import Ownership, Vehicle, VehicleGrant
from app.domains.network import setting_values
from app.domains.notifications.service_reminding import remind_of_services
from app.domains.workshop.models import Job, RepairOrder
from tests.cast import CAR, CAST, HARBOR, HARBOR_CENTER, VOLT, VOLT_CENTER, known
from tests.domains.notifications import things
from tests.test_crons import refuse_events_about

DUE = date(2027, 3, 29)
NINE = datetime(2027, 3, 15, 13, 0, tzinfo=UTC)
"""Nine on the wall of New York two weeks before, on the first Monday of summer time: an hour earlier than the week before."""
LAST_YEAR = datetime(2026, 3, 30, 15, 0, tzinfo=UTC)
WALK_IN = known("walk-in")


async def worked_on(
    tenant=HARBOR,
    center=HARBOR_CENTER,
    customer=CAST.customer.customer_id,
    *,
    at=LAST_YEAR,
    job="completed",
    stage="delivered",
):
    """A visit of the car, with a job."""
    async with transaction(tenant=tenant) as db:
        order = RepairOrder(
            id=new_id(), tenant_id=tenant, center_id=center, number=int(at.timestamp()), customer_id=customer,
            vehicle_id=CAR, stage=stage, status="repair_order", concern="Yearly service", received_at=at,
        )  # fmt: skip
        db.add(order)
        await db.flush()
        db.add(Job(tenant_id=tenant, order_id=order.id, title="Service", status=job))
        return order.id


async def due_on(day):
    async with transaction(user=CAST.customer.user_id) as db:
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(next_maintenance_due=day))


async def reminded(run_reactions, at=NINE + timedelta(minutes=5)):
    """The subjects of all mails there are once the cron has run at that moment."""
    with clock.moved_to(at):
        await remind_of_services()
        await run_reactions()
    return [mail.subject for mail in await things.mails()]


async def test_it_leaves_once_at_nine_on_the_shops_wall_and_leads_to_the_booking(site, run_reactions):
    await worked_on()
    await due_on(DUE)
    assert await reminded(run_reactions, NINE - timedelta(minutes=1)) == []
    with clock.moved_to(NINE + timedelta(minutes=1)):
        await asyncio.gather(remind_of_services(), remind_of_services())
    assert await reminded(run_reactions) == ["Your 2003 Honda Accord: service due on Mar 29, 2027"]
    assert len(await reminded(run_reactions, NINE + timedelta(days=3))) == 1
    [mail] = await things.mails()
    book = f"/book/harbor-lane-garage?vehicle={CAR}"
    assert (mail.template, book in mail.text, book in mail.html) == ("maintenance_reminder", True, True)
    [line] = await things.lines_of(CAST.customer.user_id)
    assert (line.type, line.url, line.title) == ("maintenance", book, "Service due on Mar 29, 2027")


async def test_a_day_named_late_waits_for_the_hour_too(site, run_reactions):
    await worked_on()
    await due_on(DUE - timedelta(days=7))
    assert await reminded(run_reactions, NINE - timedelta(hours=8)) == []
    assert len(await reminded(run_reactions)) == 1


async def test_another_day_is_another_reminder_and_a_day_that_has_passed_is_none(site, run_reactions):
    await worked_on()
    await due_on(DUE)
    late_in_new_york = datetime(2027, 3, 30, 3, 0, tzinfo=UTC)
    assert await reminded(run_reactions, late_in_new_york + timedelta(hours=1, minutes=1)) == []
    assert len(await reminded(run_reactions, late_in_new_york)) == 1, "there it is still the day"
    await due_on(DUE + timedelta(days=200))
    assert len(await reminded(run_reactions)) == 1
    assert len(await reminded(run_reactions, NINE + timedelta(days=200))) == 2


@pytest.mark.parametrize(
    ("status", "days", "count"),
    [
        ("confirmed", 20, 0),
        ("pending", 0, 0),
        ("in_progress", -1, 0),
        ("cancelled", 20, 1),
        ("confirmed", -1, 1),
    ],
)
async def test_who_has_booked_is_not_reminded_until_the_visit_is_off(
    site, run_reactions, status, days, count
):
    await worked_on()
    await due_on(DUE)
    visit = await things.appointment(None, starts_at=NINE + timedelta(days=days), status=status)
    assert len(await reminded(run_reactions)) == count
    async with transaction(tenant=HARBOR) as db:
        await db.execute(update(Appointment).where(Appointment.id == visit).values(status="cancelled"))
    assert len(await reminded(run_reactions, NINE + timedelta(days=2))) == 1


async def test_a_car_in_the_shop_and_one_nobody_worked_on_need_no_reminder(site, run_reactions):
    await due_on(DUE)
    await worked_on(job="declined")
    assert await reminded(run_reactions) == []
    await worked_on(at=LAST_YEAR + timedelta(hours=1))
    await worked_on(at=NINE - timedelta(hours=1), stage="in_progress", job="in_progress")
    assert await reminded(run_reactions) == []


async def test_only_the_shop_that_worked_on_it_last_speaks(site, run_reactions):
    other = known("customer of Voltwerk")
    async with transaction(user=CAST.customer.user_id, tenant=VOLT) as db:
        db.add(Customer(id=other, tenant_id=VOLT, number=1, user_id=CAST.customer.user_id, name="Dana"))
        db.add(VehicleGrant(id=new_id(), tenant_id=VOLT, vehicle_id=CAR))
        await db.flush()
        db.add(CustomerVehicle(tenant_id=VOLT, customer_id=other, vehicle_id=CAR))
    await worked_on()
    await worked_on(VOLT, VOLT_CENTER, other, at=LAST_YEAR + timedelta(days=90))
    await due_on(DUE)
    assert await reminded(run_reactions) == [], "Harbor Lane says nothing of what it does not know"
    async with transaction(tenant=VOLT) as db:
        [line] = await things.lines_of(CAST.customer.user_id)
        assert "Voltwerk Berlin" in line.message
        assert (await db.get_one(Vehicle, CAR)).reminded_of == DUE


async def test_who_has_put_the_car_away_is_left_in_peace_and_a_customer_without_account_is_not(
    site, run_reactions
):
    await worked_on()
    await due_on(DUE)
    async with transaction(user=CAST.customer.user_id) as db:
        await db.execute(update(Ownership).where(Ownership.vehicle_id == CAR).values(archived_at=NINE))
    assert await reminded(run_reactions) == []
    async with transaction(tenant=HARBOR) as db:
        db.add(Customer(id=WALK_IN, tenant_id=HARBOR, number=2, name="Pat", email="pat@test.example"))
        await db.flush()
        db.add(CustomerVehicle(tenant_id=HARBOR, customer_id=WALK_IN, vehicle_id=CAR))
    await worked_on(customer=WALK_IN, at=LAST_YEAR + timedelta(days=3))
    assert len(await reminded(run_reactions)) == 1
    [mail] = await things.mails()
    assert (mail.recipient, "/shops/harbor-lane-garage" in mail.text) == ("pat@test.example", True)
    assert await things.lines_of(CAST.customer.user_id) == []


async def test_the_shop_says_how_long_before_or_never(site, run_reactions):
    await worked_on()
    await due_on(DUE)
    for seen, days, count in ((0, 0, 0), (1, 13, 0), (2, 30, 1)):
        async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
            said = {"reminders.service_days": days}
            await setting_values.change(db, said, seen=seen, by=CAST.owner.viewer)
        assert len(await reminded(run_reactions)) == count


async def test_a_worker_that_dies_over_it_leaves_it_to_be_said(site, run_reactions):
    await worked_on()
    await due_on(DUE)
    await refuse_events_about(CAR)
    with clock.moved_to(NINE + timedelta(minutes=5)), pytest.raises(ExceptionGroup):
        await remind_of_services()
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(Vehicle.reminded_of).where(Vehicle.id == CAR)) is None


async def test_what_was_changed_before_the_mail_was_written_is_not_said(site, run_reactions):
    await worked_on()
    await due_on(DUE)
    with clock.moved_to(NINE + timedelta(minutes=5)):
        await remind_of_services()
        await due_on(None)
        await run_reactions()
    assert await things.mails() == []
