"""From the sale to the buyer's shelf, and what happens when it does not get there. Paid on delivery; cards have their own."""

from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound, Refused
from app.core.tables import EventRow
from app.domains.marketplace import deal_checking, fulfilling, orders, purchases
from app.domains.marketplace.models import PartsOrder, Purchase, PurchaseLine, ShopQuote
from tests.cast import NORTHSIDE, Cast
from tests.conftest import viewing
from tests.market import asked, bought, offered


async def _sale(db: AsyncSession, cast: Cast, **each: int) -> tuple[PartsOrder, Purchase, ShopQuote]:
    """Northside has won pads at 50.00, River Spares lost with 60.00; the seller is looking."""
    order = await asked(db, "Pads")
    won = await offered(db, order, 5000, **each)
    other = await offered(db, order, 6000, seller=cast.second_seller)
    (purchase,) = await bought(db, order, won)
    await viewing(db, cast.seller)
    return order, purchase, other


async def _status(db: AsyncSession, kind: type[PartsOrder] | type[ShopQuote], found: UUID) -> str:
    status: str | None = await db.scalar(select(kind.status).where(kind.id == found))
    assert status is not None
    return status


async def test_a_sale_goes_all_the_way_and_both_books_tell_of_it(db: AsyncSession, cast: Cast) -> None:
    order, purchase, _other = await _sale(db, cast, core_charge_minor=1000)
    seller = cast.seller.viewer
    assert await fulfilling.confirm(db, purchase, by=seller) is None
    assert await _status(db, PartsOrder, order.id) == "processing"
    for wrong in ("http://x.test/1", "javascript:alert(1)", "https://user@x.test/", "https://localhost", "x"):
        with pytest.raises(Invalid):
            await fulfilling.ship(db, purchase, carrier="UPS", tracking_url=wrong, by=seller)
    await fulfilling.ship(
        db, purchase, carrier="UPS", tracking_number="1Z 9", tracking_url="https://ups.test/1Z9", by=seller
    )
    assert await _status(db, PartsOrder, order.id) == "shipped"
    with pytest.raises(Invalid):  # the seller must say who took it
        await fulfilling.deliver(db, purchase, by=seller)
    await viewing(db, cast.customer)
    await fulfilling.deliver(db, purchase, by=cast.customer.viewer)
    await viewing(db, cast.seller)
    assert not await purchases.payments_of(db, purchase)  # the buyer's word is not the seller's money
    await fulfilling.take_money(db, purchase, by=seller)
    with pytest.raises(Refused):
        await fulfilling.take_money(db, purchase, by=seller)
    (payment,) = await purchases.payments_of(db, purchase)
    assert (payment.provider, payment.captured_minor, purchase.payment_status) == ("cash", 6000, "paid")
    await viewing(db, cast.customer)
    await fulfilling.ask_return(db, purchase, reason="Wrong side", by=cast.customer.viewer)
    await viewing(db, cast.seller)
    assert await fulfilling.take_back(db, purchase, restocking_minor=500, by=seller) == 4500
    assert await fulfilling.take_core(db, purchase, by=seller) == 1000
    with pytest.raises(Refused):
        await fulfilling.take_core(db, purchase, by=seller)
    assert (purchase.refunded_minor, purchase.status) == (5500, "returned")
    assert await deal_checking.faults(db, NORTHSIDE) == []
    names = list(await db.scalars(select(EventRow.name).where(EventRow.tenant_id == NORTHSIDE)))
    assert {"PurchaseConfirmed", "PurchaseShipped", "PurchaseDelivered", "PurchaseReturned"} <= set(names)
    await viewing(db, cast.customer)
    moves = await db.scalars(select(EventRow.payload).where(EventRow.name == "PurchaseMoved"))
    assert sorted(one["status"] for one in moves) == [
        "delivered", "processing", "return_requested", "returned", "shipped",
    ]  # fmt: skip


async def test_when_the_winner_cannot_deliver_the_next_stands_again(db: AsyncSession, cast: Cast) -> None:
    order, purchase, other = await _sale(db, cast)
    await fulfilling.confirm(db, purchase, by=cast.seller.viewer)
    with pytest.raises(Invalid):
        await fulfilling.fail(db, purchase, reason=" ", by=cast.seller.viewer)
    await fulfilling.fail(db, purchase, reason="It fell off the shelf", by=cast.seller.viewer)
    with pytest.raises(Refused):
        await fulfilling.fail(db, purchase, reason="Again", by=cast.seller.viewer)
    await viewing(db, cast.customer)
    now = await orders.find(db, cast.customer.viewer, order.code)
    assert (now.status, now.offer_count, now.best_total_minor) == ("quoted", 1, 6000)
    assert await _status(db, ShopQuote, purchase.quote_id) == "failed"
    assert await _status(db, ShopQuote, other.id) == "offered"
    (again,) = await bought(db, now, other)
    assert again.tenant_id == other.tenant_id
    alive = await db.scalars(select(PurchaseLine.purchase_id).where(PurchaseLine.is_live))
    assert list(alive) == [again.id]


async def test_the_buyer_is_free_to_cancel_until_it_is_confirmed_and_asks_afterwards(
    db: AsyncSession, cast: Cast
) -> None:
    buyer, seller = cast.customer.viewer, cast.seller.viewer
    order, purchase, other = await _sale(db, cast)
    await fulfilling.confirm(db, purchase, by=seller)
    await viewing(db, cast.customer)
    assert not await fulfilling.cancel(db, purchase, reason="Sold the car", by=buyer)
    await viewing(db, cast.seller)
    with pytest.raises(Refused):
        await fulfilling.ship(db, purchase, carrier="UPS", by=seller)
    with pytest.raises(Invalid):
        await fulfilling.answer_cancel(db, purchase, agrees=False, by=seller)
    await fulfilling.answer_cancel(db, purchase, agrees=False, words="It is cut to size", by=seller)
    assert purchase.status == "processing"
    await viewing(db, cast.customer)
    assert not await fulfilling.cancel(db, purchase, reason="Please", by=buyer)
    await viewing(db, cast.seller)
    await fulfilling.answer_cancel(db, purchase, agrees=True, by=seller)
    await viewing(db, cast.customer)
    (second,) = await bought(db, await orders.find(db, buyer, order.code), other)
    assert await fulfilling.cancel(db, second, by=buyer)
    assert (await orders.find(db, buyer, order.code)).status == "quoted"
    assert not await db.scalar(select(PurchaseLine.id).where(PurchaseLine.is_live))


async def test_a_sale_that_nobody_confirms_in_a_day_has_failed(db: AsyncSession, cast: Cast) -> None:
    _order, purchase, _other = await _sale(db, cast)
    assert purchase.confirm_by is not None
    assert (purchase.confirm_by - purchase.accepted_at).total_seconds() == 24 * 3600
    await viewing(db, cast.second_seller)
    with pytest.raises(NotFound):
        await purchases.find_sold(db, cast.second_seller.viewer, purchase.id)
    assert await db.scalar(text("SELECT count(*) FROM purchase_payments")) == 0
    await viewing(db, cast.outsider)
    with pytest.raises(NotFound):
        await purchases.find_bought(db, cast.outsider.viewer, purchase.id)
