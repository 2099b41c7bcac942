"""What the database lets nobody do on the market, whatever the code above it tries."""

import re
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Executable

from app.core import clock
from app.core.db import new_id
from app.core.tables import File
from app.domains.marketplace import accepting, asking, orders, quoting
from app.domains.marketplace.models import (
    PartsOrder,
    PartsOrderDelivery,
    PartsOrderLine,
    PartsOrderPhoto,
    Purchase,
    ShopQuote,
)
from tests import market
from tests.cast import NORTHSIDE_CENTER, NORTHSIDE_SHOP, VOLT, Cast, Person
from tests.conftest import viewing
from tests.market import a_draft, an_offer, asked, offered, quote_at


async def refused(db: AsyncSession, who: Person, *tries: Executable) -> None:
    """Each of them is refused by the database itself, for this person."""
    await viewing(db, who)
    for one in tries:
        with pytest.raises(DBAPIError, match=r"row-level security|stay with|only the (seller|buyer)"):
            async with db.begin_nested():
                await db.execute(one)


async def _photo(db: AsyncSession, owner: Person) -> UUID:
    await viewing(db, owner)
    kept = new_id()
    db.add(
        File(id=kept, user_id=owner.user_id, kind="image", key=f"k/{kept}.jpg", content_type="image/jpeg", size=3,
             sha256=bytes(32), label="mine.jpg")
    )  # fmt: skip
    await db.flush()
    return kept


async def test_a_shop_reads_the_order_it_was_asked_about_and_nothing_of_the_others(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, "Pads")
    other = await a_draft(db, "Discs", buyer=cast.customer)
    theirs = await offered(db, order, 5000)
    await viewing(db, cast.second_seller)
    assert list(await db.scalars(select(PartsOrder.id))) == [order.id]
    assert other.id not in set(await db.scalars(select(PartsOrderLine.order_id)))
    assert list(await db.scalars(select(PartsOrderDelivery.id))) == []
    assert theirs.id not in set(await db.scalars(select(ShopQuote.id)))


async def test_nobody_is_asked_about_the_order_of_somebody_else(db: AsyncSession, cast: Cast) -> None:
    """Whoever is asked reads the order: its parts, its photos, what the buyer wrote."""
    order = await asked(db, "Pads")
    quote = await quote_at(db, order)
    await viewing(db, cast.stranger)
    private = await a_draft(db, "A private matter", buyer=cast.stranger)
    await refused(
        db,
        cast.seller,
        update(ShopQuote).where(ShopQuote.id == quote.id).values(order_id=private.id),
        update(ShopQuote)
        .where(ShopQuote.id == quote.id)
        .values(order_id=private.id, user_id=cast.stranger.user_id),
        update(ShopQuote).where(ShopQuote.id == quote.id).values(tenant_id=VOLT),
    )
    row = {
        "id": new_id(), "tenant_id": cast.seller.tenant_id, "shop_id": NORTHSIDE_SHOP, "center_id": NORTHSIDE_CENTER,
        "order_id": private.id, "user_id": cast.customer.user_id, "shop_name": "Northside", "status": "invited",
        "currency": "USD",
    }  # fmt: skip
    await refused(db, cast.customer, insert(ShopQuote).values(row))
    await refused(db, cast.seller, insert(ShopQuote).values(row))
    await viewing(db, cast.seller)
    assert list(await db.scalars(select(PartsOrder.id))) == [order.id]


async def test_a_buyer_cannot_set_a_sellers_price_nor_a_seller_what_was_agreed(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, "Pads")
    quote = await offered(db, order, 5000)
    mine = update(ShopQuote).where(ShopQuote.id == quote.id)
    await refused(
        db, cast.customer, mine.values(total_minor=1), mine.values(revision=7), mine.values(currency="EUR")
    )
    line = (await orders.lines_of(db, order.id))[0]
    await viewing(db, cast.customer)
    (bought,) = await accepting.accept(
        db, order, {line.id: quote.id}, {quote.id: quote.revision}, by=cast.customer.viewer
    )
    one = update(Purchase).where(Purchase.id == bought.id)
    await refused(
        db, cast.customer, one.values(paid_minor=5000), one.values(total_minor=1), one.values(tenant_id=VOLT)
    )
    await refused(db, cast.seller, one.values(total_minor=9000), one.values(user_id=cast.stranger.user_id))


async def test_each_side_says_its_own_of_a_sale_and_only_takes_away_what_it_answers(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, "Pads")
    quote = await offered(db, order, 5000)
    (bought,) = await market.bought(db, order, quote)
    one = update(Purchase).where(Purchase.id == bought.id)
    now = clock.now()
    await refused(
        db, cast.customer, one.values(rating_reply="We are the best"), one.values(rating_replied_at=now),
        one.values(answer="We agree"), one.values(handed_to="Dana"), one.values(core_back_at=now),
        one.values(confirm_by=now), one.values(payment_status="paid"), one.values(delivers_at=now),
    )  # fmt: skip
    await refused(
        db, cast.seller, one.values(rating=5), one.values(rating_words="Splendid"), one.values(rated_at=now),
        one.values(asked_at=now), one.values(asked_reason="I broke it"), one.values(ship_to={"name": "Me"}),
    )  # fmt: skip
    theirs = update(ShopQuote).where(ShopQuote.id == quote.id)
    await refused(db, cast.seller, theirs.values(rank=0), theirs.values(asked_at=now))
    await viewing(db, cast.customer)
    await db.execute(one.values(asked_at=now, asked_reason="Found another", answer=""))
    await viewing(db, cast.seller)
    await db.execute(one.values(asked_at=None, answer="It is cut to size"))


@pytest.mark.parametrize("model", [ShopQuote, Purchase])
async def test_every_column_that_two_sides_share_is_somebodys(
    db: AsyncSession, model: type[ShopQuote | Purchase]
) -> None:
    """The database lets nobody change a column that stands in none of the lists."""
    said = await db.scalar(
        text("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = :name"),
        {"name": f"{model.__tablename__}_two_sides"},
    )
    stay, sellers, buyers, eithers, emptied = (one.split() for one in re.findall(r"'([^']*)'", said))
    listed = [*stay, *sellers, *buyers, *eithers]
    assert sorted(listed) == sorted(column.name for column in model.__table__.columns)
    assert {*emptied} <= {*sellers, *buyers}


async def test_a_seller_has_sold_nothing_to_somebody_who_did_not_ask(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads")
    quote = await quote_at(db, order)
    row = {
        "id": new_id(), "tenant_id": quote.tenant_id, "order_id": order.id, "quote_id": quote.id,
        "shop_id": quote.shop_id, "center_id": quote.center_id, "user_id": cast.stranger.user_id, "status": "accepted",
        "payment_method": "card", "payment_status": "pending", "currency": "USD", "total_minor": 100,
        "accepted_at": order.submitted_at,
    }  # fmt: skip
    await refused(db, cast.seller, insert(Purchase).values(row))


async def test_a_photo_of_somebody_else_is_shown_to_nobody_by_naming_it(db: AsyncSession, cast: Cast) -> None:
    """Files are read by whoever reads the photo that points at them, so a photo points at one's own alone."""
    private, own = await _photo(db, cast.stranger), await _photo(db, cast.customer)
    order = await asked(db, "Pads")
    line = (await orders.lines_of(db, order.id))[0]
    await refused(
        db,
        cast.customer,
        insert(PartsOrderPhoto).values(id=new_id(), order_id=order.id, line_id=line.id, file_id=private),
    )
    db.add(PartsOrderPhoto(order_id=order.id, line_id=line.id, file_id=own))
    await db.flush()
    for who, sees in ((cast.seller, [own]), (cast.outsider, []), (cast.network, [])):
        await viewing(db, who)
        await db.execute(
            text("SELECT set_config('app.network', :on, true)"), {"on": "on" if who is cast.network else ""}
        )
        assert list(await db.scalars(select(File.id))) == sees, who.name


async def test_counting_the_offers_anew_tells_an_outsider_nothing_and_changes_nothing(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, "Pads")
    await offered(db, order, 5000)
    before = (await orders.find(db, cast.customer.viewer, order.code)).version
    for who in (cast.outsider, cast.stranger, cast.customer):
        await viewing(db, who)
        told = await db.scalar(text("SELECT refresh_parts_order(:order, now())"), {"order": order.id})
        assert not told
    await viewing(db, cast.customer)
    await db.refresh(order)
    assert order.version == before


async def test_no_trail_of_a_sellers_holds_what_is_the_buyers_or_another_sellers(
    db: AsyncSession, cast: Cast
) -> None:
    """What was changed goes beside the next event, and a business's owner reads the trail of its own."""
    order = await asked(db, "Pads", "Discs", note="Ring at the blue door")
    won = await offered(db, order, 5000, 9000)
    lost = await quote_at(db, order, cast.second_seller)
    await quoting.offer(db, order, lost, await an_offer(db, order, 61111), by=cast.second_seller.viewer)
    await viewing(db, cast.customer)
    line = (await orders.lines_of(db, order.id))[0]
    await accepting.accept(
        db,
        order,
        {line.id: won.id},
        {won.id: won.revision},
        by=replace(cast.customer.viewer, ip="203.0.113.9"),
    )
    second = await asked(db, "A bulb")
    await asking.cancel(db, second, by=cast.customer.viewer)
    for who, mine, others in ((cast.seller, won, lost), (cast.second_seller, lost, won)):
        await viewing(db, who)
        rows = (await db.execute(text("SELECT old_values::text, new_values::text FROM audit_values"))).all()
        told = " ".join(f"{row[0]} {row[1]}" for row in rows)
        assert str(mine.id) in told
        for table in ("parts_orders", "parts_order_lines", "parts_order_deliveries"):
            assert f'"{table}"' not in told, (who.name, table)
        assert str(others.id) not in told
        heard = (
            await db.execute(
                text("SELECT actor_id, actor_name, ip FROM events WHERE tenant_id = :mine"),
                {"mine": who.tenant_id},
            )
        ).all()
        assert not [
            row
            for row in heard
            if row.actor_id == cast.customer.user_id or cast.customer.name in row.actor_name
        ]
        assert {row.ip for row in heard} == {""}
        assert "blue door" not in told
        assert ("Elm Street" in told) is (who is cast.seller)
        events = " ".join(await db.scalars(text("SELECT payload::text FROM events")))
        assert str(others.id) not in events
        assert "Elm Street" not in events
