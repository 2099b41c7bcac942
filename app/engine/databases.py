"""What a fresh embedded cluster needs before migrations: the owner's role and an empty database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.engine.postgres import DATABASE, OWNER, SUPERUSER, Postgres


async def make_database(postgres: Postgres, name: str = DATABASE, *, anew: bool = False) -> None:
    """Make the owner's role and the database where they are missing. Safe to run at every start.
    `anew` throws an existing database away.

    The owner is no superuser, as on a managed PostgreSQL: migrations that work here work there.
    """
    async with _superuser(postgres) as db:
        password = postgres.password(OWNER).replace("'", "''")
        verb = "ALTER" if await db.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", OWNER) else "CREATE"
        await db.execute(
            f"{verb} ROLE {OWNER} LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '{password}'"
        )
        if anew:
            await db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if not await db.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await db.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')


async def commit_lazily(postgres: Postgres, lazily: bool) -> None:
    """While the demo is loaded into an empty database nothing need survive a crash: it would be loaded anew."""
    change = "SET synchronous_commit TO off" if lazily else "RESET synchronous_commit"
    async with _superuser(postgres) as db:
        await db.execute(f'ALTER DATABASE "{DATABASE}" {change}')


@asynccontextmanager
async def _superuser(postgres: Postgres) -> AsyncIterator[Any]:
    db = await asyncpg.connect(postgres.url(SUPERUSER, database="postgres"))
    try:
        yield db
    finally:
        await db.close()
