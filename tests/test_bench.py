"""The benchmarks write rows past the models, so a new column must not be missed until somebody measures again."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.settings import settings
from bench import bidding, board, booking_race, market, stage
from tests.browsing import Browser
from tests.conftest import Database, the_app


async def test_what_the_benchmarks_measure_can_be_filled_in(fresh_database: Database) -> None:
    owner = create_async_engine(fresh_database.owner_url)
    async with AsyncSession(owner) as db, db.begin():
        tenant, *_ids = await stage.fill(db, shops=2, days=7)
        crowd = await booking_race.fill(db, people=3)
        taken = await db.scalar(
            text("SELECT count(*) FROM occupations WHERE tenant_id = :id"), {"id": tenant}
        )
    await owner.dispose()
    assert taken
    assert taken % 2 == 0, "a bay and a technician for each visit"
    assert len(crowd) == 3


async def test_the_benchmark_of_the_board_can_be_filled_in(fresh_database: Database) -> None:
    await board.fill(fresh_database.owner_url, cards=3)
    owner = create_async_engine(fresh_database.owner_url)
    async with owner.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM repair_orders WHERE number >= 2000")) == 3
    await owner.dispose()


async def test_the_benchmark_of_the_market_can_be_filled_in_and_read(site: str) -> None:
    owner = create_async_engine(settings().sqlalchemy_owner_url)
    async with AsyncSession(owner) as db, db.begin():
        shops, cars = await market.fill(db, shops=2, buyers=1)
    await owner.dispose()
    of = {shop.tenant_id: shop for shop in shops}
    for user, car in cars.items():
        asked = await market.ask(user, car, of, make="volvo")
    for bidder in asked.bidders:
        await bidding.offer(bidder, 5000)
    visitor = Browser(the_app())
    visitor.http.cookies.set("session", asked.cookie)
    page = (await visitor.get(f"/parts/orders/{asked.code}")).text
    await visitor.close()
    assert sorted(market.offers_in(page)) == sorted((one.quote_id, 5000) for one in asked.bidders)
    assert len(asked.bidders) == 2
