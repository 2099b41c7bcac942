"""The buyer decides once: whole offers, lines of several, and whoever comes second is told so."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.domains.marketplace import accepting, orders
from app.domains.marketplace.models import PartsOrder, Purchase, PurchaseLine, ShopQuote
from tests.cast import Cast
from tests.conftest import viewing
from tests.market import a_draft, an_offer, asked, offered, quote_at


async def _choice(db: AsyncSession, order: PartsOrder, *quotes: ShopQuote | None) -> dict[UUID, UUID]:
    lines = await orders.lines_of(db, order.id)
    return {line.id: quote.id for line, quote in zip(lines, quotes, strict=True) if quote}


def _seen(*quotes: ShopQuote) -> dict[UUID, int]:
    return {quote.id: quote.revision for quote in quotes}


async def test_one_whole_offer_is_bought_and_the_other_is_told(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads", "Discs")
    won, lost = (
        await offered(db, order, 5000, 9000),
        await offered(db, order, 6000, seller=cast.second_seller),
    )
    (bought,) = await accepting.accept(
        db, order, await _choice(db, order, won, won), _seen(won), by=cast.customer.viewer
    )
    assert (bought.total_minor, bought.status, bought.payment_method) == (14000, "accepted", "on_delivery")
    assert bought.tax_minor == 946  # 7.25 % inside 140.00
    assert bought.ship_to["address"] == "9 Elm Street"
    statuses = {quote.id: quote.status for quote in await orders.quotes_of(db, order.id)}
    assert statuses == {won.id: "accepted", lost.id: "lost"}
    assert (await orders.find(db, cast.customer.viewer, order.code)).status == "accepted"
    await viewing(db, cast.second_seller)
    assert await db.scalar(select(Purchase.id)) is None


async def test_lines_of_several_shops_are_a_purchase_each_and_the_rest_is_given_up(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, "Pads", "Discs", "Sensor")
    one, other = (
        await offered(db, order, 5000, 9000),
        await offered(db, order, 6000, 8000, seller=cast.second_seller),
    )
    bought = await accepting.accept(
        db, order, await _choice(db, order, one, other, None), _seen(one, other), by=cast.customer.viewer
    )
    assert sorted(purchase.total_minor for purchase in bought) == [5000, 8000]
    assert [line.given_up for line in await orders.lines_of(db, order.id)] == [False, False, True]


async def test_an_offer_that_changed_meanwhile_is_not_bought_unseen(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    seen = _seen(await offered(db, order, 5000))
    quote = await offered(db, order, 5900)
    with pytest.raises(accepting.OfferChanged, match="Northside Parts"):
        await accepting.accept(db, order, await _choice(db, order, quote), seen, by=cast.customer.viewer)
    assert await db.scalar(select(Purchase.id)) is None


async def test_what_is_not_offered_cannot_be_bought(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads", "Discs")
    quote = await offered(db, order, 5000, None)
    choice = await _choice(db, order, quote, quote)
    with pytest.raises(Refused, match="Discs"):
        await accepting.accept(db, order, choice, _seen(quote), by=cast.customer.viewer)
    with pytest.raises(Invalid):
        await accepting.accept(db, order, {}, {}, by=cast.customer.viewer)


async def test_after_the_decision_neither_side_can_go_back(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    quote = await offered(db, order, 5000)
    choice = await _choice(db, order, quote)
    await accepting.accept(db, order, choice, _seen(quote), by=cast.customer.viewer)
    with pytest.raises(Refused, match="decided already"):
        await accepting.accept(db, order, choice, _seen(quote), by=cast.customer.viewer)
    with pytest.raises(Refused):
        await offered(db, order, 100)
    with pytest.raises(Refused):
        await offered(db, order, 100, seller=cast.second_seller)


async def test_a_workshop_buys_for_itself_and_comes_back_to_its_own_books(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, buyer=cast.technician)
    quote = await quote_at(db, order)
    await offered(db, order, 5000)
    await viewing(db, cast.advisor)
    await accepting.accept(db, order, await _choice(db, order, quote), {quote.id: 1}, by=cast.advisor.viewer)
    assert await db.scalar(text("SELECT current_setting('app.tenant')")) == str(cast.advisor.tenant_id)
    assert (await orders.find(db, cast.technician.viewer, order.code)).status == "accepted"
    await viewing(db, cast.stranger)
    assert await db.scalar(select(Purchase.id)) is None


async def test_many_taps_and_two_shops_one_winner(site: str, cast: Cast) -> None:
    from app.domains.marketplace import asking, quoting

    me = cast.customer
    async with transaction() as db:
        await viewing(db, me)
        order = await asking.submit(db, await a_draft(db), by=me.viewer)
    for seller, price in ((cast.seller, 5000), (cast.second_seller, 4900)):
        async with transaction() as db:
            quote = await quote_at(db, order, seller)
            await quoting.offer(db, order, quote, await an_offer(db, order, price), by=seller.viewer)
    async with transaction() as db:
        await viewing(db, me)
        quotes = await orders.quotes_of(db, order.id)
        (line,) = await orders.lines_of(db, order.id)

    async def tap(quote: ShopQuote) -> bool:
        try:
            async with transaction() as db:
                await viewing(db, me)
                await accepting.accept(db, order, {line.id: quote.id}, {quote.id: 1}, by=me.viewer)
            return True
        except Refused:
            return False

    won = await asyncio.gather(*(tap(quotes[number % 2]) for number in range(12)))
    assert won.count(True) == 1
    async with transaction() as db:
        await viewing(db, me)
        assert len(list(await db.scalars(select(PurchaseLine.id)))) == 1
        assert sorted(one.status for one in await orders.quotes_of(db, order.id)) == ["accepted", "lost"]
