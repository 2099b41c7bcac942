"""What the parts market tells: a shop's counter, and the buyer."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from app.core.db import transaction
from app.domains.marketplace import accepting, asking, orders, quoting
from app.domains.network.models import RoleAt
from app.domains.notifications.models import Mail, Notification
from tests.cast import CAST, NORTHSIDE, Person
from tests.conftest import viewing
from tests.market import an_offer, asked

React = Callable[[], Any]


async def told(person: Person) -> list[tuple[str, str, str]]:
    async with transaction(user=person.user_id, tenant=person.tenant_id) as db:
        rows = await db.scalars(
            select(Notification)
            .where(Notification.type == "order", Notification.user_id == person.user_id)
            .order_by(Notification.created_at)
        )
        return [(one.title, one.message, one.url) for one in rows]


async def offers(code: str, *prices: int | None, by: Person) -> None:
    async with transaction() as db:
        await viewing(db, by)
        order, quote = await orders.find_quote(db, by.viewer, code)
        await quoting.offer(db, order, quote, await an_offer(db, order, *prices), by=by.viewer)


async def test_both_sides_are_told_once_of_what_concerns_them(site: str, run_reactions: React) -> None:
    async with transaction(tenant=NORTHSIDE) as db:
        # An advisor has no business at the counter of the parts shop they also work for.
        db.add(
            RoleAt(
                user_id=CAST.technician.user_id, tenant_id=NORTHSIDE, role="advisor", service_center_id=None
            )
        )
    async with transaction() as db:
        order = await asked(db, "Brake pads", "Wiper blades", priority="urgent")
        code, here = order.code, f"/market/requests/{order.code}"
    await run_reactions()
    asked_for = ("Urgent: parts for 2003 Honda Accord", "Brake pads, Wiper blades", here)
    assert await told(CAST.seller) == [asked_for]
    assert await told(CAST.second_seller) == [asked_for]
    assert await told(CAST.technician) == []

    await offers(code, 5000, None, by=CAST.seller)
    await offers(code, 5100, 1200, by=CAST.second_seller)
    await offers(code, 4900, None, by=CAST.seller)
    await run_reactions()
    assert [(title, url) for title, _words, url in await told(CAST.customer)] == [
        ("The first offer for your 2003 Honda Accord is in", f"/parts/orders/{code}")
    ]
    async with transaction(user=CAST.customer.user_id) as db:
        (mail,) = await db.scalars(select(Mail).where(Mail.template == "first_offer"))
        assert f"/parts/orders/{code}" in mail.text
        assert mail.recipient == CAST.customer.email
        await viewing(db, CAST.customer)
        order = await orders.find(db, CAST.customer.viewer, code)
        lines = await orders.lines_of(db, order.id)
        quote = next(one for one in await orders.quotes_of(db, order.id) if one.shop_name == "River Spares")
        choice = {line.id: quote.id for line in lines}
        await accepting.accept(db, order, choice, {quote.id: quote.revision}, by=CAST.customer.viewer)
    await run_reactions()
    assert (await told(CAST.second_seller))[1:] == [
        (
            "Your offer is accepted: $63.00",
            "2003 Honda Accord. Confirm the sale and get the parts ready.",
            here,
        )
    ]
    assert (await told(CAST.seller))[1:] == [
        ("The buyer decided for another offer", "2003 Honda Accord", here)
    ]
    assert (await told(CAST.customer))[-1][0] == "You have chosen parts for 2003 Honda Accord"


async def test_at_a_workshop_whoever_may_accept_hears_of_the_first_offer_too(
    site: str, run_reactions: React
) -> None:
    async with transaction() as db:
        code = (await asked(db, buyer=CAST.technician)).code
    await offers(code, 5000, by=CAST.seller)
    await offers(code, 5100, by=CAST.second_seller)
    await run_reactions()
    for person in (CAST.technician, CAST.advisor):
        assert [title for title, _words, _url in await told(person)] == [
            "The first offer for 2003 Honda Accord is in"
        ]


async def test_who_never_answered_has_lost_nothing(site: str, run_reactions: React) -> None:
    async with transaction() as db:
        order = await asked(db)
        await asking.cancel(db, order, by=CAST.customer.viewer)
    await run_reactions()
    assert len(await told(CAST.seller)) == 1
