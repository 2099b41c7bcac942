"""Who is asked for parts, for how long, and what becomes of an order nobody decides on."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.tables import EventRow
from app.core.viewer import Viewer
from app.domains.marketplace import asking, orders
from app.domains.marketplace.models import PartsOrder
from app.domains.parts_shops.models import PartsShop
from tests.cast import Cast
from tests.conftest import viewing
from tests.market import a_draft, asked, offered, quote_at


async def test_shops_around_that_sell_for_the_make_are_asked_nearest_first(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db)
    quotes = await orders.quotes_of(db, order.id)
    assert [(one.shop_name, one.status, one.rank) for one in quotes] == [
        ("Northside Parts", "invited", 1),
        ("River Spares", "invited", 2),
    ]
    assert 5_000 < quotes[0].distance_m < 5_600
    assert (order.status, order.asked_count, order.radius_km) == ("submitted", 2, 25)
    assert order.expires_at
    assert order.submitted_at
    assert order.expires_at - order.submitted_at == timedelta(hours=2)


@pytest.mark.parametrize(
    "changed",
    [{"make": "saab"}, {"currency": "EUR"}, {"latitude": 10.0, "longitude": 10.0}],
    ids=["another make", "another currency", "too far"],
)
async def test_nobody_in_reach_is_an_order_that_waits_with_the_widest_radius(
    db: AsyncSession, changed: dict[str, object]
) -> None:
    order = await asked(db, **changed)
    assert (order.status, order.asked_count, order.radius_km) == ("submitted", 0, 400)
    with pytest.raises(Refused, match="400"):
        await asking.widen(db, order, by=Viewer(kind="system", tenant_id=None))


async def test_the_radius_grows_until_somebody_is_in_it(db: AsyncSession) -> None:
    order = await asked(db, latitude=44.1, longitude=-70.25)  # 45 km north of the nearer one
    assert (order.radius_km, order.asked_count) == (50, 1)


async def test_looking_further_asks_only_those_who_were_not_asked(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db, latitude=44.1, longitude=-70.25)
    assert await asking.widen(db, order, by=cast.customer.viewer) == 1
    assert (order.radius_km, order.asked_count) == (100, 2)
    assert await asking.widen(db, order, by=cast.customer.viewer) == 0


async def test_a_shop_that_is_suspended_or_does_not_go_so_far_is_not_asked(
    db: AsyncSession, cast: Cast
) -> None:
    await viewing(db, cast.seller)
    (
        await db.scalars(select(PartsShop).where(PartsShop.name == "Northside Parts"))
    ).one().status = "suspended"
    await db.flush()
    await viewing(db, cast.second_seller)
    (await db.scalars(select(PartsShop).where(PartsShop.name == "River Spares"))).one().reach_km = 5
    await db.flush()
    assert (await asked(db)).asked_count == 0


async def test_an_order_says_what_is_missing_before_anybody_is_asked(db: AsyncSession, cast: Cast) -> None:
    await viewing(db, cast.customer)
    order = await a_draft(db, latitude=None, make="")
    with pytest.raises(Invalid) as refused:
        await asking.submit(db, order, by=cast.customer.viewer)
    assert set(refused.value.errors) == {"vehicle", "place"}
    assert not await orders.quotes_of(db, order.id)


async def test_submitting_twice_asks_once(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    with pytest.raises(Refused):
        await asking.submit(db, order, by=cast.customer.viewer)
    assert len(await orders.quotes_of(db, order.id)) == 2


async def test_nobody_else_finds_the_order_and_a_shop_reads_no_street(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    for person in (cast.stranger, cast.outsider, cast.advisor, cast.seller):
        await viewing(db, person)
        with pytest.raises(NotFound):
            await orders.find(db, person.viewer, order.code)
    await viewing(db, cast.seller)
    found, quote = await orders.find_quote(db, cast.seller.viewer, order.code)
    assert (found.id, quote.shop_name) == (order.id, "Northside Parts")
    assert [one.shop_name for one in await orders.quotes_of(db, order.id)] == ["Northside Parts"]
    assert await orders.delivery_of(db, order.id) is None
    await viewing(db, cast.outsider)
    assert await db.scalar(select(PartsOrder.id)) is None


async def test_an_order_that_expires_ends_its_offers_and_can_be_asked_again(
    db: AsyncSession, cast: Cast
) -> None:
    order = await asked(db)
    await offered(db, order, 5000)
    clock_now = clock.now()
    order.expires_at = clock_now - timedelta(seconds=1)
    await db.flush()
    assert await asking.expire(db, order, by=Viewer.system())
    assert not await asking.expire(db, order, by=Viewer.system())
    assert {one.status for one in await orders.quotes_of(db, order.id)} == {"expired"}
    await asking.submit(db, order, by=cast.customer.viewer)
    assert {one.status for one in await orders.quotes_of(db, order.id)} == {"invited"}
    assert order.status == "submitted"


async def test_more_time_is_given_until_the_third_day(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    before = order.expires_at
    assert before
    assert await asking.extend(db, order, by=cast.customer.viewer) == before + timedelta(hours=2)
    for _time in range(34):
        await asking.extend(db, order, by=cast.customer.viewer)
    with pytest.raises(Refused, match="three days"):
        await asking.extend(db, order, by=cast.customer.viewer)


async def test_calling_it_off_tells_the_shops(db: AsyncSession, cast: Cast) -> None:
    order = await asked(db)
    await offered(db, order, 5000)
    await asking.cancel(db, order, reason="found one", by=cast.customer.viewer)
    assert order.status == "cancelled"
    assert {one.status for one in await orders.quotes_of(db, order.id)} == {"lost"}
    await viewing(db, cast.seller)
    told = await db.scalars(
        select(EventRow.name).where(EventRow.subject_id == order.id).order_by(EventRow.id)
    )
    assert list(told) == ["ShopAsked", "QuoteOffered", "QuoteLost"]
    quote = await quote_at(db, order)
    assert quote.status == "lost"
