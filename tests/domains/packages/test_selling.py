"""A package is sold once for each kind and term, stands on an order, and says how it stands."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.domains import packages, workshop
from app.domains.billing import invoicing
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.packages.selling import last_day
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST, OTHER_CAR
from tests.domains.packages.sold import AVERY, at_the_shop, plan, sold
from tests.domains.workshop.shop import as_person, canned_oil, checked_in


@given(first=st.dates(date(2024, 1, 1), date(2040, 1, 1)), months=st.integers(1, 60))
def test_a_term_ends_where_the_next_begins_and_grows_with_its_months(first, months):
    last = last_day(first, months)
    assert last > first
    assert last < last_day(first, months + 1)
    after = last + timedelta(days=1)
    assert after.day in (first.day, 1)
    assert (after.year * 12 + after.month) - (first.year * 12 + first.month) - months in (0, 1)


async def test_on_a_visit_its_price_stands_on_that_order_and_the_card_stays_where_it_is(db):
    order, package = await at_the_shop(db)
    await db.refresh(order)
    assert (package.order_id, order.stage, order.status) == (order.id, "received", "repair_order")
    await workshop.follow_stage(db, order, by=AVERY)
    assert order.stage == "received", "a sale is no work: the car is not ready"
    [standing] = await packages.stand(db, [package])
    assert (standing.state, standing.is_active, standing.is_paid, standing.invoice) == (
        "active",
        True,
        False,
        None,
    )
    invoice = await invoicing.issue(db, order, by=AVERY)
    [standing] = await packages.stand(db, [package])
    assert (standing.invoice, invoice.total_minor) == (invoice, 19900 + 1443)


async def test_without_a_visit_it_is_billed_by_itself_and_the_car_is_not_said_to_be_here(db):
    opened = await checked_in(db)
    oil = await canned_oil(db, opened)
    await workshop.void(db, opened, by=AVERY, reason="Another day")
    package = await sold(db, await plan(db, oil))
    order = await db.get_one(RepairOrder, package.order_id)
    assert order.stage == "delivered"
    assert await workshop.open_visit(db, package.vehicle_id, package.tenant_id) is None
    car = await db.scalar(select(Vehicle).where(Vehicle.id == package.vehicle_id))
    assert car.last_maintenance_date is None
    assert (await invoicing.billable(db, order)).obstacle == ""
    await packages.cancel(db, package, reason="Thought again", by=AVERY)
    await db.refresh(order)
    assert order.status == "void", "nothing is left that would stay open"


async def test_two_of_a_kind_do_not_overlap_and_the_next_begins_the_day_after(db):
    _order, package = await at_the_shop(db)
    offered = await db.get_one(packages.PackagePlan, package.plan_id)
    with pytest.raises(Invalid) as wrong:
        await sold(db, offered)
    assert "may begin on" in wrong.value.errors["starts_on"]
    with pytest.raises(Invalid):
        await sold(db, offered, starts_on=package.starts_on - timedelta(days=1))
    later = await sold(db, offered, starts_on=package.ends_on + timedelta(days=1))
    assert [one.state for one in await packages.stand(db, [package, later])] == ["active", "upcoming"]
    with clock.moved_by(timedelta(days=400)):
        assert [one.state for one in await packages.stand(db, [package, later])] == ["renewed", "active"]
    await packages.cancel(db, later, reason="Too early", by=AVERY)
    with clock.moved_by(timedelta(days=350)):
        assert [one.state for one in await packages.stand(db, [package, later])] == [
            "renewal_due",
            "cancelled",
        ]


async def test_not_for_a_car_that_is_not_the_customers(db):
    _order, package = await at_the_shop(db)
    await as_person(db, CAST.stranger)
    car = await db.get_one(Vehicle, OTHER_CAR)
    await as_person(db, CAST.advisor)
    customer = await db.get_one(Customer, CAST.customer.customer_id)
    offered = await db.get_one(packages.PackagePlan, package.plan_id)
    with pytest.raises(NotFound):
        await packages.sell(db, customer, car, offered, starts_on=package.starts_on, by=AVERY)
