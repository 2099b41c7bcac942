"""The benchmarks write rows past the models, so a new column must not be missed until somebody measures again."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench import board, booking_race, stage
from tests.conftest import Database


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
