"""Fixtures everybody may use: real servers, and a database of one's own that is already migrated."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from app.engine.testing import Engine, schema_key, start_for_tests
from app.settings import as_asyncpg


@dataclass(frozen=True)
class Database:
    """One clone of the migrated template. Addresses are for SQLAlchemy."""

    name: str
    url: str
    """As the application: row-level security holds."""
    owner_url: str


@pytest.fixture(scope="session")
def engine() -> Engine:
    """PostgreSQL and Valkey of this test run."""
    return start_for_tests()


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
async def template(engine: Engine) -> str:
    """The migrated, empty database that all others are copied from."""

    async def build(owner_url: str, app_url: str) -> None:
        from app.migrate import migrate

        await migrate(as_asyncpg(owner_url), as_asyncpg(app_url))

    return await engine.template(schema_key(), build)


@pytest.fixture(scope="session")
async def database(engine: Engine, template: str, worker_name: str) -> AsyncIterator[Database]:
    """The worker's own database, for tests that roll back."""
    name = await engine.clone(template, f"test_{worker_name}")
    yield Database(name, as_asyncpg(engine.app_url(name)), as_asyncpg(engine.owner_url(name)))
    await engine.drop(name)


@pytest.fixture
async def fresh_database(engine: Engine, template: str) -> AsyncIterator[Database]:
    """A database for one test that commits or needs several connections."""
    name = await engine.clone(template, f"test_{uuid4().hex[:12]}")
    yield Database(name, as_asyncpg(engine.app_url(name)), as_asyncpg(engine.owner_url(name)))
    await engine.drop(name)


@pytest.fixture
def valkey_url(engine: Engine, worker_name: str) -> str:
    number = int(worker_name.removeprefix("gw") or 0) % 15 + 1 if worker_name.startswith("gw") else 0
    return engine.valkey_url(number)
