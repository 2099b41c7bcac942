"""Engine, base classes and the one place where a transaction is opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import (
    BigInteger,
    Dialect,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Date, Time, TypeDecorator, Uuid
from uuid_utils.compat import uuid7

from app.core import clock, role

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Minor = int  # money in the smallest unit of its currency


class TaxRate(TypeDecorator[Decimal]):
    """A share, as fine as authorities set it: the 8.875 % of New York are 0.08875. Read without zeros behind it."""

    impl = Numeric(12, 6)
    cache_ok = True

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else value.normalize()


class Base(DeclarativeBase):
    """Declarative base: `str` is text, `datetime` is timestamptz, `int` is bigint, `dict` is jsonb."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        UUID: Uuid,
        datetime: DateTimeUTC(timezone=True),
        date: Date,
        time: Time,
        Decimal: Numeric(12, 4),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
    }


def new_id() -> UUID:
    """A time-ordered UUIDv7."""
    return uuid7()


class Identified:
    """A row with its own UUIDv7 and the moment it was made. Defaults are made here, not by the server:
    a RETURNING would need the new row to be readable under row-level security at once."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=90)


class TenantOwned(Identified):
    """A row that belongs to one tenant. Its table gets UNIQUE (tenant_id, id), so that others can point
    at it with a composite foreign key that no other tenant's row satisfies."""

    tenant_id: Mapped[UUID] = mapped_column(sort_order=-9)


def tenant_key() -> UniqueConstraint:
    """The target of composite foreign keys; belongs in `__table_args__` of every tenant-owned table."""
    return UniqueConstraint("tenant_id", "id")


def tenant_fk(table: str, column: str) -> ForeignKeyConstraint:
    """A foreign key (tenant_id, column) → table(tenant_id, id)."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


_engine: AsyncEngine | None = None
_sessions: async_sessionmaker[AsyncSession] | None = None


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def connect(url: str, *, pool_size: int = 20) -> AsyncEngine:
    """Open the process's engine. `url` is of the form postgresql+asyncpg://… Its first connection raises
    RoleTooPowerful when the role is not held by row-level security."""
    global _engine, _sessions
    _engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # a connection that is made for a burst and closed after it costs more than the burst
        pool_timeout=5,
        pool_pre_ping=False,
        query_cache_size=2000,  # the site has more statements than the libraries make room for
        hide_parameters=True,  # an error's words go into logs and dead jobs; what people typed must not
        json_serializer=_encode,
        json_deserializer=msgspec.json.decode,
        connect_args={
            "prepared_statement_cache_size": 500,
            "timeout": 5,
            "command_timeout": 30,
            "server_settings": {"application_name": "torqueline", "lock_timeout": "3000"},
        },
    )
    event.listen(_engine.sync_engine, "first_connect", role.refuse_power)
    _sessions = async_sessionmaker(_engine, expire_on_commit=False, autoflush=True)
    return _engine


async def disconnect() -> None:
    """Close every pooled connection."""
    global _engine, _sessions
    if _engine is not None:
        await _engine.dispose()
    _engine = _sessions = None


def engine() -> AsyncEngine:
    """The process's engine; RuntimeError before `connect`."""
    if _engine is None:
        raise RuntimeError("connect() has not been called")
    return _engine


@asynccontextmanager
async def transaction(*, user: UUID | None = None, tenant: UUID | None = None) -> AsyncIterator[AsyncSession]:
    """One transaction with row-level security set for a user and/or a tenant.

    Return commits, raise rolls back; nobody else commits.
    """
    if _sessions is None:
        raise RuntimeError("connect() has not been called")
    async with _sessions() as db, db.begin():
        if user or tenant:
            await act_as(db, user=user, tenant=tenant)
        yield db


async def act_as(db: AsyncSession, *, user: UUID | None = None, tenant: UUID | None = None) -> None:
    """Set who the rest of this transaction runs for."""
    db.info["tenant"] = tenant
    await db.execute(
        text("SELECT set_config('app.user', :user, true), set_config('app.tenant', :tenant, true)"),
        {"user": str(user or ""), "tenant": str(tenant or "")},
    )


async def take_turn(db: AsyncSession, what: str) -> None:
    """One at a time for the rest of the transaction: of those that name the same, the others wait here. Who reads what
    is newest after it reads what the one before has written, so that versions follow one another and a stale form is
    noticed."""
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})


async def enter_tenant(db: AsyncSession, tenant: UUID) -> None:
    """Let a driver's request read and write one shop's tables for the rest of the transaction.

    Booking must see bays and shifts that only the shop may read; the calling operation returns
    nothing of them but what the driver is meant to see.
    """
    db.info["tenant"] = tenant
    await db.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": str(tenant)})
