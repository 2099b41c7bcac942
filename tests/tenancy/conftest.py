"""`two_shops`: the migrated database with both shops in every table, built once and copied."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.engine.testing import Engine, schema_key
from app.settings import as_asyncpg
from tests.cast import PASSWORD, seat
from tests.tenancy import filling, world

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
async def two_shops(engine: Engine, template: str, cheap_passwords: None) -> str:
    """The template's name."""

    async def build(owner_url: str, app_url: str) -> None:
        from app.core import db as core_db
        from app.domains.accounts.passwords import hashed

        owner = create_async_engine(as_asyncpg(owner_url))
        async with AsyncSession(owner) as db, db.begin():
            phrase = await hashed(PASSWORD)
            await seat(db, phrase)
            await world.people_of_volt(db, phrase)
        await owner.dispose()
        core_db.connect(as_asyncpg(app_url))
        try:
            await world.play()
        finally:
            await core_db.disconnect()
        plain = await asyncpg.connect(owner_url)
        try:
            await filling.fill(plain)
        finally:
            await plain.close()

    words = [path.read_text() for path in sorted([*HERE.glob("*.py"), HERE.parent / "cast.py"])]
    return await engine.template(schema_key() + "".join(words), build, beginning_as=template)


@pytest.fixture(scope="session")
def seated(two_shops: str) -> str:
    """What `site` copies for the tests of this folder."""
    return two_shops


@pytest.fixture
async def above(engine: Engine, two_shops: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection above all policies, to a copy of its own."""
    name = await engine.clone(two_shops, f"above_{uuid4().hex[:12]}")
    db = await asyncpg.connect(f"{engine.superuser}/{name}")
    yield db
    await db.close()
    await engine.drop(name)
