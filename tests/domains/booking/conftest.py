"""A shop in a database of its own: these operations commit, wait for each other, and lose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core import clock
from app.core import db as core_db
from app.core.viewer import Viewer
from app.domains.services.models import Service
from tests.cast import Cast
from tests.conftest import Database
from tests.domains.booking import shops
from tests.domains.booking.offering import offer

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
"""A Monday, half past six in the morning in Berlin."""


@dataclass
class Stage:
    """Where a test plays: the owner's hand to set it, and transactions as anybody."""

    database: Database
    shop: shops.SmallShop

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[AsyncSession]:
        engine = create_async_engine(self.database.owner_url)
        try:
            async with AsyncSession(engine, expire_on_commit=False) as db, db.begin():
                yield db
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def acting(self, viewer: Viewer) -> AsyncIterator[AsyncSession]:
        """A transaction as that viewer, inside this shop's tenant."""
        async with core_db.transaction(user=viewer.user_id, tenant=self.shop.tenant.id) as db:
            yield db

    async def driver(self, name: str = "Dora Driver") -> tuple[Viewer, Any]:
        async with self.owner() as db:
            return await shops.add_driver(db, name)


@pytest.fixture
def morning() -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
async def stage(fresh_database: Database) -> AsyncIterator[Stage]:
    core_db.connect(fresh_database.url)
    engine = create_async_engine(fresh_database.owner_url)
    async with AsyncSession(engine, expire_on_commit=False) as db, db.begin():
        shop = await shops.small_shop(db)
    await engine.dispose()
    yield Stage(fresh_database, shop)
    await core_db.disconnect()


@pytest.fixture
async def offered(site: str, cast: Cast) -> list[Service]:
    """The catalogue of Harbor Lane: brakes, oil, high voltage."""
    return await offer(cast)
