"""Fixtures everybody may use: real servers, and a database of one's own that is already migrated."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.core import personal
from app.domains.accounts import passwords
from app.engine.testing import Engine, schema_key, start_for_tests
from app.personal import PERSONAL
from app.settings import as_asyncpg, settings
from tests.browser.in_process import close_chromium
from tests.browsing import Browser
from tests.cast import CAST, PASSWORD, Cast, Person

# The same examples each time, so that a change is judged by what it changes. `HYPOTHESIS_PROFILE=search` looks further.
hypothesis.settings.register_profile("everyday", derandomize=True)
hypothesis.settings.register_profile("search", derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))


# The application is a quarter of a million objects that stay: looking through them again and again takes a tenth of the run.
gc.set_threshold(100_000, 50, 100)


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


@pytest.fixture(scope="session")
async def seated(engine: Engine, template: str, cheap_passwords: None) -> str:
    """The migrated database with the cast in it, to be copied."""

    async def build(owner_url: str, app_url: str) -> None:
        from tests.cast import seat

        owner = create_async_engine(as_asyncpg(owner_url))
        async with AsyncSession(owner) as db, db.begin():
            await seat(db, await passwords.hashed(PASSWORD))
        await owner.dispose()

    cast_file = Path(__file__).with_name("cast.py").read_text()
    return await engine.template(schema_key() + cast_file, build, beginning_as=template)


@pytest.fixture(scope="session", autouse=True)
def environment(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the application would read from its environment; the database is named by each test."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    number = int(worker.removeprefix("gw")) % 15 + 1 if worker.startswith("gw") else 0
    os.environ.update(
        TORQUELINE_MODE="test",
        TORQUELINE_HOME=str(tmp_path_factory.mktemp("home")),
        BASE_URL="http://testserver",
        DATABASE_URL=engine.app_url("unset"),
        DATABASE_OWNER_URL=engine.owner_url("unset"),
        REDIS_URL=engine.valkey_url(number),
        SECRET_KEY="a secret for tests that is long enough",
        VAPID_PRIVATE_KEY="yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",  # pragma: allowlist secret
        VAPID_SUBJECT="mailto:push@test.example",
    )
    settings.cache_clear()
    personal.declare(PERSONAL)
    yield
    settings.cache_clear()


DEAR = passwords._hasher
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """What argon2 costs in production is proven by who asks for `dear_passwords`, and paid by nobody else."""
    passwords._hasher = CHEAP
    yield
    passwords._hasher = DEAR


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords as production hashes them; the cast's count as hashed weakly."""
    monkeypatch.setattr(passwords, "_hasher", DEAR)


@pytest.fixture(scope="session", autouse=True)
async def one_chromium() -> AsyncIterator[None]:
    yield
    await close_chromium()


@pytest.fixture
def cast() -> Cast:
    """Everybody, by role."""
    return CAST


@pytest.fixture(scope="session")
async def worker_database(engine: Engine, seated: str, worker_name: str) -> AsyncIterator[str]:
    name = await engine.clone(seated, f"cast_{worker_name}")
    yield name
    await engine.drop(name)


@pytest.fixture(scope="session")
async def connections(engine: Engine, worker_database: str) -> AsyncIterator[AsyncEngine]:
    """As the application's role; kept from test to test, for a new connection reads the catalogue anew."""
    one = create_async_engine(as_asyncpg(engine.app_url(worker_database)))
    yield one
    await one.dispose()


@pytest.fixture
async def db(connections: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A transaction as the application's role with the cast present; rolled back after the test.

    Nobody is set: call `act_as(db, user=…, tenant=…)`, or use `viewing(db, person)` below.
    """
    async with connections.connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(bind=connection, expire_on_commit=False) as session:
            yield session
        await outer.rollback()


@pytest.fixture
async def site(engine: Engine, seated: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A database of this test's own, committed to, that the application in this process is connected to."""
    from app.core import db as core_db
    from app.core import queue, relay
    from app.subscriptions import SUBSCRIPTIONS

    name = await engine.clone(seated, f"site_{uuid4().hex[:12]}")
    monkeypatch.setenv("DATABASE_URL", engine.app_url(name))
    monkeypatch.setenv("DATABASE_OWNER_URL", engine.owner_url(name))
    settings.cache_clear()
    core_db.connect(settings().sqlalchemy_url)
    queue.connect_queue(settings().redis_url, name=name)
    relay.subscribe(SUBSCRIPTIONS)
    yield name
    await queue.disconnect_queue()
    await core_db.disconnect()
    await engine.drop(name)
    settings.cache_clear()


_app: list[Any] = []


def the_app() -> Any:
    """The application, made once a process: it holds no database of its own."""
    from app.asgi import create_app

    if not _app:
        _app.append(create_app())
    return _app[0]


@pytest.fixture
async def browser(site: str) -> AsyncIterator[Callable[..., Browser]]:
    """Open a browser: `browser(cast.advisor)`, or `browser()` for a visitor."""
    opened: list[Browser] = []

    def open_one(person: Person | None = None) -> Browser:
        opened.append(Browser(the_app(), person))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.close()


@pytest.fixture
async def run_reactions(site: str) -> Callable[[], Any]:
    """Do the worker's part now: number the new events and run every reaction, until nothing is left."""
    from app.core import relay

    async def run() -> int:
        done = 0
        while True:
            count, owed = await relay.stamp()
            if not count and not owed:
                return done
            for event_id, reaction in owed:
                await relay.perform(event_id, reaction)
                done += 1

    return run


@pytest.fixture
async def streams_end_at_once(monkeypatch: pytest.MonkeyPatch, site: str) -> AsyncIterator[None]:
    """What GET /live answers can be read to its end."""
    from app.core import live

    monkeypatch.setattr(live, "LIFETIME_SECONDS", 0)
    async with live.listening(None):
        yield


async def viewing(db: AsyncSession, person: Person) -> None:
    """Let row-level security see the session as this person does in their working context."""
    await db.execute(
        text("SELECT set_config('app.user', :user, true), set_config('app.tenant', :tenant, true)"),
        {"user": str(person.user_id), "tenant": str(person.tenant_id or "")},
    )
