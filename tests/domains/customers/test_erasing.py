"""A shop's customer without an account is erased: what the trail holds of their words goes too."""

import json

from sqlalchemy import select, update

from app.core.db import transaction
from app.core.tables import AuditValues
from app.domains.booking.events import AppointmentNoted
from app.domains.booking.models import Appointment
from app.domains.booking.telling import tell
from app.domains.customers import Customer, erasing
from app.domains.workshop.models import RepairOrder
from tests.cast import HARBOR
from tests.domains.notifications import things

WORDS = "Ring Marge when it is done"


async def held():
    """What the trail holds beside its events."""
    async with transaction(tenant=HARBOR) as db:
        rows = (await db.scalars(select(AuditValues))).all()
    return [json.dumps([one.old_values, one.new_values]) for one in rows]


async def test_the_trail_forgets_what_a_walk_in_wrote_and_where_they_were_written_to(
    site, cast, run_reactions
):
    dana = cast.customer
    async with transaction(tenant=HARBOR) as db:
        await db.execute(update(Customer).where(Customer.id == dana.customer_id).values(user_id=None))
    visit_id = await things.appointment(customer_account=False)
    async with transaction(tenant=HARBOR) as db:
        visit = await db.get_one(Appointment, visit_id)
        visit.notes = WORDS
        await tell(db, AppointmentNoted, visit, by=cast.advisor.viewer)
    _estimate, order = await things.estimate()
    await run_reactions()
    before = await held()
    assert [any(one in row for row in before) for one in (WORDS, dana.email)] == [True, True]
    async with transaction(tenant=HARBOR) as db:
        await db.execute(update(Appointment).where(Appointment.id == visit_id).values(status="completed"))
        await db.execute(update(RepairOrder).where(RepairOrder.id == order.id).values(status="closed"))
        customer = await db.get_one(Customer, dana.customer_id)
        assert await erasing.unsettled(db, customer) == ["a car to hand over"]
        assert not await erasing.erase(db, customer, by=cast.owner.viewer), "paid, and the car is still here"
        await db.execute(update(RepairOrder).where(RepairOrder.id == order.id).values(stage="delivered"))
        assert await erasing.erase(db, customer, by=cast.owner.viewer)
    after = await held()
    assert not [row for row in after if WORDS in row or dana.email in row]
    assert any("repair_orders" in row for row in after), "the work done stays told"
