"""Both sides of a purchase hear of each other, and the clock ends what nobody confirms."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from app.core import clock
from app.core.db import transaction
from app.domains.marketplace import fulfilling, tasks
from app.domains.marketplace.models import Purchase
from app.domains.notifications.models import Mail, Notification
from tests.cast import CAST, HARBOR, NORTHSIDE, Person
from tests.conftest import viewing
from tests.market import asked, bought, offered

React = Callable[[], Awaitable[int]]


async def _sold(buyer: Person, *, accepted_by: Person | None = None) -> UUID:
    async with transaction() as db:
        order = await asked(db, "Pads", buyer=buyer)
        won = await offered(db, order, 5000)
        (purchase,) = await bought(db, order, won, buyer=accepted_by or buyer)
        return purchase.id


async def _titles(person: Person, tenant: UUID | None) -> set[str]:
    async with transaction(user=person.user_id, tenant=tenant) as db:
        found = await db.scalars(
            select(Notification.title).where(
                Notification.user_id == person.user_id, Notification.type == "parts"
            )
        )
        return set(found)


async def test_the_buyer_hears_and_is_mailed_how_far_it_is_and_the_shop_what_they_ask(
    site: str, run_reactions: React
) -> None:
    purchase_id = await _sold(CAST.customer)
    async with transaction() as db:
        await viewing(db, CAST.seller)
        purchase = await db.get_one(Purchase, purchase_id)
        await fulfilling.confirm(db, purchase, by=CAST.seller.viewer)
        await fulfilling.ship(db, purchase, carrier="UPS", by=CAST.seller.viewer)
        await viewing(db, CAST.customer)
        await fulfilling.deliver(db, purchase, by=CAST.customer.viewer)
        await viewing(db, CAST.seller)
        await fulfilling.take_money(db, purchase, by=CAST.seller.viewer)
        await viewing(db, CAST.customer)
        await fulfilling.ask_return(db, purchase, reason="Wrong side", by=CAST.customer.viewer)
    await run_reactions()
    heard = await _titles(CAST.customer, None)
    assert {
        "The shop has your parts and prepares them",
        "Your parts are on their way with UPS",
        "Your parts were handed over",
    } <= heard
    asked = await _titles(CAST.seller, NORTHSIDE)
    assert {
        "The buyer wants to send it back: Wrong side",
        "The buyer has the parts: note the payment of $50.00",
    } <= asked
    assert not await _titles(CAST.second_seller, None)
    async with transaction(user=CAST.customer.user_id, tenant=NORTHSIDE) as db:
        mails = await db.scalars(select(Mail.template).where(Mail.template.startswith("parts_order")))
        assert sorted(mails) == ["parts_order_delivered", "parts_order_paid", "parts_order_shipped"]


async def test_what_the_shop_does_not_confirm_in_a_day_has_failed_and_the_workshop_is_told(
    site: str, run_reactions: React
) -> None:
    purchase_id = await _sold(CAST.technician, accepted_by=CAST.advisor)
    assert await fulfilling.overdue() == []
    async with transaction(tenant=NORTHSIDE) as db:
        past = clock.now() - timedelta(minutes=1)
        await db.execute(update(Purchase).where(Purchase.id == purchase_id).values(confirm_by=past))
    await tasks.end_overdue_purchases()
    await tasks.end_overdue_purchases()
    await run_reactions()
    async with transaction(tenant=NORTHSIDE) as db:
        purchase = await db.get_one(Purchase, purchase_id)
        assert (purchase.status, purchase.end_reason) == ("failed", "not_confirmed")
    for person in (CAST.technician, CAST.advisor):
        assert await _titles(person, HARBOR) == {"The shop did not confirm in time. Choose another offer"}


async def test_the_buyer_is_told_and_mailed_where_the_money_is_when_parts_fail_or_come_back(
    site: str, run_reactions: React
) -> None:
    failed, returned = await _sold(CAST.customer), await _sold(CAST.customer)
    async with transaction() as db:
        await viewing(db, CAST.seller)
        seller = CAST.seller.viewer
        await fulfilling.fail(db, await db.get_one(Purchase, failed), reason="Sold out", by=seller)
        purchase = await db.get_one(Purchase, returned)
        await fulfilling.confirm(db, purchase, by=seller)
        await fulfilling.deliver(db, purchase, handed_to="Cleo", by=seller)
        await viewing(db, CAST.customer)
        await fulfilling.ask_return(db, purchase, reason="Wrong side", by=CAST.customer.viewer)
        await viewing(db, CAST.seller)
        assert await fulfilling.take_back(db, purchase, restocking_minor=5000, by=seller) == 0
    await run_reactions()
    kept = "The shop took it back and keeps all of $50.00 for restocking: nothing goes back"
    async with transaction(user=CAST.customer.user_id, tenant=NORTHSIDE) as db:
        lines = await db.execute(
            select(Notification.title, Notification.message).where(Notification.type == "parts")
        )
        told = {row.title: row.message for row in lines}
        mails = {one.template: one for one in await db.scalars(select(Mail))}
    assert told["The shop cannot deliver: Sold out. Choose another offer"].startswith("Nothing was taken")
    assert kept in told
    assert "Nothing was taken from you." in mails["parts_order_failed"].text
    assert "The shop says: Sold out" in mails["parts_order_failed"].text
    assert kept in mails["parts_order_returned"].text
