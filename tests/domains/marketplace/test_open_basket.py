"""A part that its seller does not bring is asked for again, beside the parts that another brings."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.domains.accounts.models import ERASED, User
from app.domains.marketplace import accepting, asking, comparing, fulfilling, orders, quote_form, replaying
from app.domains.marketplace.comparing import Wanted
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, Purchase, ShopQuote
from tests.cast import Cast
from tests.conftest import viewing
from tests.market import asked, bought, offered


async def _half_failed(db: AsyncSession, cast: Cast) -> tuple[PartsOrder, Purchase]:
    """Northside brings the disc and offered the pads too; River Spares, the cheapest for the pads, cannot bring them."""
    order = await asked(db, "Disc", "Pads")
    north = await offered(db, order, 8000, 5000)
    river = await offered(db, order, 9000, 4000, seller=cast.second_seller)
    disc, pads = await bought(db, order, north, river)
    await viewing(db, cast.second_seller)
    await fulfilling.fail(db, pads, reason="Not on the shelf", by=cast.second_seller.viewer)
    await viewing(db, cast.customer)
    return await orders.find(db, cast.customer.viewer, order.code), disc


async def _quotes(db: AsyncSession, order: PartsOrder) -> dict[str, ShopQuote]:
    return {quote.shop_name: quote for quote in await orders.quotes_of(db, order.id)}


async def _agrees(db: AsyncSession, order: PartsOrder) -> None:
    found = replaying.replay(await replaying.log_of(db, order))
    assert await replaying.against_the_books(db, order, found) == []


async def test_who_brings_the_rest_can_bring_it_too_and_is_counted_over_it_alone(
    db: AsyncSession, cast: Cast
) -> None:
    order, disc = await _half_failed(db, cast)
    assert (order.status, order.offer_count, order.best_total_minor) == ("quoted", 1, 5000)
    (shown,) = await comparing.offers(db, order, Wanted())
    pads = next(line for line in await orders.lines_of(db, order.id) if line.name == "Pads")
    assert (shown.quote.total_minor, shown.quote.is_complete, [*shown.lines]) == (5000, True, [pads.id])
    (second,) = await bought(db, order, shown.quote)
    assert (second.tenant_id, second.total_minor) == (disc.tenant_id, 5000)
    assert (await orders.find(db, cast.customer.viewer, order.code)).status == "accepted"
    await _agrees(db, order)


async def test_an_offer_is_made_over_what_is_still_asked_for(db: AsyncSession, cast: Cast) -> None:
    order, disc = await _half_failed(db, cast)
    better = await offered(db, order, 4500, delivery_hours=2)
    assert (better.total_minor, better.available_count, better.missing_count) == (4500, 1, 0)
    await viewing(db, cast.seller)
    await fulfilling.confirm(db, disc, by=cast.seller.viewer)
    await fulfilling.deliver(db, disc, handed_to="Dana", by=cast.seller.viewer)
    await viewing(db, cast.customer)
    now = await orders.find(db, cast.customer.viewer, order.code)
    assert now.status == "quoted", "what has come changes nothing about what is missing"
    await asking.do_without(db, now, by=cast.customer.viewer)
    assert now.status == "delivered"
    assert (await _quotes(db, order))["Northside Parts"].status == "fulfilled"
    with pytest.raises(Refused):
        await asking.do_without(db, now, by=cast.customer.viewer)
    await _agrees(db, order)


async def test_a_request_that_ran_out_stays_so_until_the_buyer_asks_again(
    db: AsyncSession, cast: Cast
) -> None:
    order, disc = await _half_failed(db, cast)
    buyer = cast.customer.viewer
    with pytest.raises(Refused):
        await asking.cancel(db, order, by=buyer)
    with clock.moved_by(timedelta(hours=3)):
        assert await asking.expire(db, order, by=buyer)
        assert (await _quotes(db, order))["Northside Parts"].status == "accepted"
        await viewing(db, cast.seller)
        await fulfilling.confirm(db, disc, by=cast.seller.viewer)
        await viewing(db, cast.customer)
        assert (await orders.find(db, buyer, order.code)).status == "expired"
        again = await asking.ask_again(db, order, by=buyer)
        assert (again.status, again.asked_count) == ("submitted", 2)
        offer = await offered(db, again, 4800)
        assert offer.is_complete
        (second,) = await bought(db, again, offer)
        assert second.total_minor == 4800
    await _agrees(db, order)


async def test_a_sale_that_comes_to_nothing_leaves_the_offer_to_be_accepted_again(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db, "Pads")
    only = await offered(db, order, 5000)
    (purchase,) = await bought(db, order, only)
    await fulfilling.cancel(db, purchase, by=cast.customer.viewer)
    now = await orders.find(db, cast.customer.viewer, order.code)
    assert (now.status, now.offer_count) == ("quoted", 1)
    await bought(db, now, (await _quotes(db, order))["Northside Parts"])


async def test_an_offer_holds_for_a_day_and_no_longer(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads")
    old = await offered(db, order, 5000)
    buyer = cast.customer.viewer
    for hours in range(0, 26, 2):
        with clock.moved_by(timedelta(hours=hours, minutes=-5)):
            await asking.extend(db, order, by=buyer)
    with clock.moved_by(timedelta(hours=27)):
        new = await offered(db, order, 7000, seller=cast.second_seller)
        (line,) = await orders.open_lines_of(db, order.id)
        with pytest.raises(Refused, match="no longer holds"):
            await accepting.accept(db, order, {line.id: old.id}, {old.id: old.revision}, by=buyer)
        assert await asking.lapse(db, order) == 1
        await db.refresh(order)
        assert (order.offer_count, order.best_total_minor) == (1, 7000)
        assert (await db.scalar(select(ShopQuote.status).where(ShopQuote.id == old.id))) == "expired"
        await bought(db, order, new)


async def test_after_a_failure_whoever_had_not_answered_is_asked_anew(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads")
    (purchase,) = await bought(db, order, await offered(db, order, 5000))
    await viewing(db, cast.seller)
    await fulfilling.fail(db, purchase, reason="Gone", by=cast.seller.viewer)
    await viewing(db, cast.customer)
    states = {name: quote.status for name, quote in (await _quotes(db, order)).items()}
    assert states == {"Northside Parts": "failed", "River Spares": "invited"}
    assert (await orders.find(db, cast.customer.viewer, order.code)).status == "submitted"


async def test_an_offer_that_stands_is_counted_anew_when_more_is_open_and_nobody_buys_it_unseen(
    db: AsyncSession, cast: Cast
) -> None:
    """Two sales end one after the other, as when neither is paid in time."""
    order = await asked(db, "Disc", "Pads")
    north = await offered(db, order, 8000, None)
    river = await offered(db, order, 9000, 4000, seller=cast.second_seller)
    disc, pads = await bought(db, order, north, river)
    buyer = cast.customer.viewer
    await fulfilling.cancel(db, pads, by=buyer)
    seen = (await _quotes(db, order))["River Spares"]
    assert (seen.total_minor, seen.is_complete) == (4000, True)
    revision = seen.revision
    await fulfilling.cancel(db, disc, by=buyer)
    now = await orders.find(db, buyer, order.code)
    assert (now.status, now.offer_count, now.best_total_minor) == ("quoted", 2, 13000)
    river = (await _quotes(db, order))["River Spares"]
    assert (river.total_minor, river.available_count) == (13000, 2)
    choice = {line.id: river.id for line in await orders.open_lines_of(db, order.id)}
    with pytest.raises(Refused, match="changed the offer"):
        await accepting.accept(db, now, choice, {river.id: revision}, by=buyer)
    await bought(db, now, river, river)
    await _agrees(db, order)


async def test_whoever_has_failed_the_buyer_stands_for_nothing_else(db: AsyncSession, cast: Cast) -> None:
    order, disc = await _half_failed(db, cast)
    assert (await _quotes(db, order))["Northside Parts"].status == "offered"
    await viewing(db, cast.seller)
    await fulfilling.fail(db, disc, reason="Cracked", by=cast.seller.viewer)
    await viewing(db, cast.customer)
    assert {quote.status for quote in (await _quotes(db, order)).values()} == {"failed"}
    now = await orders.find(db, cast.customer.viewer, order.code)
    assert (now.status, now.offer_count) == ("submitted", 0)
    await _agrees(db, order)


async def test_asked_anew_nobody_is_bound_by_what_they_offered_days_ago(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads", bidding="open")
    await offered(db, order, 5000)
    buyer = cast.customer.viewer
    with clock.moved_by(timedelta(days=9)):
        await asking.expire(db, order, by=buyer)
        again = await asking.ask_again(db, order, by=buyer)
        assert (await offered(db, again, 6000)).total_minor == 6000


async def test_nobody_is_asked_for_somebody_who_has_left(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads")
    (purchase,) = await bought(db, order, await offered(db, order, 5000))
    await db.execute(update(User).where(User.id == cast.customer.user_id).values(email=f"somebody{ERASED}"))
    await viewing(db, cast.seller)
    await fulfilling.fail(db, purchase, reason="Gone", by=cast.seller.viewer)
    await viewing(db, cast.customer)
    assert (await orders.find(db, cast.customer.viewer, order.code)).status == "cancelled"
    assert (await _quotes(db, order))["River Spares"].status == "lost"


def test_a_price_does_not_move_to_another_part_than_it_was_typed_for() -> None:
    disc, pads = (PartsOrderLine(id=new_id(), name=name) for name in ("Disc", "Pads"))
    typed = {"version": "1", "lines.0.line": str(pads.id), "lines.0.unit_price": "40"}
    assert quote_form.is_about(typed, [pads])
    for asked_now in ([disc, pads], [disc]):
        with pytest.raises(Invalid):
            quote_form.read_offer(typed, asked_now, "USD")
