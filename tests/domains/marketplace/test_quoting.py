"""What a shop may offer, how it may change its mind, and what the others learn of it."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from app.core.errors import Invalid, Refused
from app.domains.marketplace import orders, quoting
from app.domains.marketplace.models import QuoteRevision, ShopQuoteLine
from tests.cast import Cast
from tests.conftest import viewing
from tests.market import an_offer, asked, offered, quote_at


async def test_an_offer_is_summed_and_counted_for_the_buyer(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Brake pads", "Wiper blades")
    quote = await offered(db, order, 5000, None, core_charge_minor=700)
    assert (quote.total_minor, quote.available_count, quote.missing_count) == (5700, 1, 1)
    await offered(db, order, 5500, 1200, seller=cast.second_seller)
    order = await orders.find(db, cast.customer.viewer, order.code)
    assert (order.status, order.offer_count, order.best_total_minor) == ("quoted", 2, 6700)
    assert order.first_offer_at


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"prices": [0]}, {}, "lines.0.unit_price"),
    ({"prices": [-5]}, {}, "lines.0.unit_price"),
    ({"prices": [200_001]}, {}, "lines.0.unit_price"),
    ({"prices": [None]}, {}, "lines"),
    ({"prices": [5000], "currency": "EUR"}, {}, "currency"),
    ({"prices": [5000]}, {"condition": "stolen"}, "lines.0.condition"),
    ({"prices": [5000]}, {"core_charge_minor": -1}, "lines.0.core_charge"),
    ({"prices": [5000]}, {"delivery_hours": 9999}, "lines.0.delivery_hours"),
    ({"prices": [5000]}, {"warranty_months": -1}, "lines.0.warranty_months"),
]


@pytest.mark.parametrize(("made", "each", "field"), WRONG)
async def test_a_wrong_offer_names_its_field_and_changes_nothing(
    db: AsyncSession, cast: Cast, made: dict[str, Any], each: dict[str, Any], field: str
) -> None:
    order = await asked(db)
    quote = await quote_at(db, order)
    wanted = await an_offer(db, order, *made["prices"], currency=made.get("currency", "USD"), **each)
    with pytest.raises(Invalid) as refused:
        await quoting.offer(db, order, quote, wanted, by=cast.seller.viewer)
    assert set(refused.value.errors) == {field}
    assert (quote.status, quote.revision) == ("invited", 0)


async def test_who_wants_the_carmakers_own_part_is_offered_nothing_else(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    (line,) = await orders.lines_of(db, order.id)
    line.oem_only = True
    await db.flush()
    quote = await quote_at(db, order)
    with pytest.raises(Invalid, match="own part"):
        await quoting.offer(db, order, quote, await an_offer(db, order, 5000), by=cast.seller.viewer)
    quote = await quote_at(db, order)
    unnumbered = await an_offer(db, order, 5000, number_kind="oem", part_number="")
    with pytest.raises(Invalid, match="carmaker's number"):
        await quoting.offer(db, order, quote, unnumbered, by=cast.seller.viewer)
    await offered(db, order, 5000, number_kind="oem")


async def test_every_revision_is_kept(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    for price in (5000, 5600, 4900):
        await offered(db, order, price)
    await viewing(db, cast.customer)
    kept = await db.scalars(select(QuoteRevision.total_minor).order_by(QuoteRevision.revision))
    assert list(kept) == [5000, 5600, 4900]
    assert [line.unit_price_minor for line in await db.scalars(select(ShopQuoteLine))] == [4900]


async def test_open_bidding_only_goes_down_even_after_a_withdrawal(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, bidding="open")
    await offered(db, order, 5000)
    with pytest.raises(Invalid, match="only goes down"):
        await offered(db, order, 5001)
    await offered(db, order, 4900)
    quote = await quote_at(db, order)
    await quoting.withdraw(db, order, quote, by=cast.seller.viewer)
    with pytest.raises(Invalid, match="only goes down"):
        await offered(db, order, 4950)


async def test_open_bidding_holds_line_by_line(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, "Pads", "Discs", bidding="open")
    await offered(db, order, 5000, None)
    for prices in ((None, 4900), (5100, 100)):
        with pytest.raises(Invalid):
            await offered(db, order, *prices)
    assert (await offered(db, order, 4900, 9000)).total_minor == 13900, "more parts may come"


async def test_a_withdrawn_last_offer_makes_the_order_wait_again(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    quote = await offered(db, order, 5000)
    await viewing(db, cast.seller)
    await quoting.withdraw(db, order, quote, by=cast.seller.viewer)
    await viewing(db, cast.customer)
    order = await orders.find(db, cast.customer.viewer, order.code)
    assert (order.status, order.offer_count, order.best_total_minor) == ("submitted", 0, None)


async def test_a_stale_quote_page_is_refused(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    quote = await offered(db, order, 5000)
    await viewing(db, cast.seller)
    wanted = await an_offer(db, order, 4000)
    with pytest.raises(Refused, match="Somebody else") as stale:
        await quoting.offer(db, order, quote, wanted, version=1, by=cast.seller.viewer)
    assert stale.value.is_stale


async def test_the_other_shop_sees_neither_the_offer_nor_may_write_into_the_order(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db)
    mine = await offered(db, order, 5000)
    other = await quote_at(db, order, cast.second_seller)
    assert [one.id for one in await orders.quotes_of(db, order.id)] == [other.id]
    assert not (await orders.lines_of_quotes(db, [mine]))[mine.id]
    seen = await orders.hold(db, order.id)
    seen.radius_km = 1
    with pytest.raises(StaleDataError, match="0 were matched"):
        await db.flush()


async def test_what_is_known_not_to_fit_cannot_stand_in_the_database_as_available(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db)
    await offered(db, order, 5000)
    await viewing(db, cast.seller)
    (line,) = await db.scalars(select(ShopQuoteLine))
    line.fits = "does_not_fit"
    with pytest.raises(DBAPIError, match="no_misfit_is_offered"):
        await db.flush()


async def test_a_declined_request_can_be_thought_better_of(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    quote = await quote_at(db, order)
    await quoting.decline(db, order, quote, reason="out of stock", by=cast.seller.viewer)
    assert quote.status == "declined"
    assert (await offered(db, order, 5000)).status == "offered"
