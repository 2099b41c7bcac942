import pytest
from sqlalchemy import text

from app.core import db
from app.core.role import RoleTooPowerful
from app.settings import as_asyncpg


@pytest.fixture
async def connected():
    yield db.connect
    await db.disconnect()


async def test_the_role_that_owns_nothing_may_work(connected, database):
    connected(database.url)
    async with db.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def test_the_owner_of_the_tables_may_not(connected, database):
    connected(database.owner_url)
    with pytest.raises(RoleTooPowerful, match="owns tables"):
        async with db.transaction() as session:
            await session.execute(text("SELECT 1"))


async def test_a_superuser_may_not(connected, database, engine):
    connected(as_asyncpg(f"{engine.superuser}/{database.name}"))
    for _attempt in range(2):
        with pytest.raises(RoleTooPowerful, match="superuser"):
            async with db.transaction() as session:
                await session.execute(text("SELECT 1"))
