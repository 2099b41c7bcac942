"""Bring a database up to date: the application's role, extensions, migrations, grants. Runs as the owner."""

import contextlib
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, pool, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
_READ_ONLY = ("ddl_version", "recalls")
_HARDEN = """
DO $$ DECLARE one regprocedure; BEGIN
    FOR one IN SELECT oid FROM pg_proc
                WHERE prosecdef AND pronamespace = 'public'::regnamespace AND proowner = current_user::regrole LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = public, pg_temp', one);
    END LOOP;
END $$
"""
"""Temporary tables come first where pg_temp is not named: a function that runs as the owner would read the
caller's own table of that name, and call what a view of that name calls."""
_INSERT_ONLY = ("events", "audit_logs", "audit_values", "audit_chain", "setting_changes", "mail_words")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _owner_engine(owner_url: str) -> AsyncEngine:
    return create_async_engine(owner_url, poolclass=pool.NullPool, hide_parameters=True)


async def migrate(owner_url: str, app_url: str) -> None:
    """Migrate to the newest revision. Both URLs are of the form postgresql+asyncpg://…; the role of
    `app_url` is created if it is missing, owns nothing and cannot bypass row-level security."""
    app = make_url(app_url)
    engine = _owner_engine(owner_url)
    try:
        async with engine.begin() as connection:
            await _ensure_role(connection, app.username or "", app.password or "")
            await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))
            await _grant(connection, app.username or "")
    finally:
        await engine.dispose()


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


async def _ensure_role(connection: AsyncConnection, role: str, password: str) -> None:
    known = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    if known:
        return
    secret = password.replace("'", "''")
    create = (
        f"CREATE ROLE {_name(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD '{secret}'"
    )
    # A role is the whole server's: another database of it may be migrated at this moment.
    with contextlib.suppress(IntegrityError):
        async with connection.begin_nested():
            await connection.exec_driver_sql(create)


async def _grant(connection: AsyncConnection, role: str) -> None:
    to = _name(role)
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {to}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {to}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {to}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {to}",
        *(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {to}" for table in _READ_ONLY),
        *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {to}" for table in _INSERT_ONLY),
    ):
        await connection.exec_driver_sql(statement)
    await connection.exec_driver_sql(_HARDEN)


def head() -> str:
    """The newest revision in the code."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config).get_current_head() or ""


async def differences(owner_url: str) -> list[str]:
    """What the models say and the migrated database does not, in words; empty when they agree."""
    from app import models

    engine = _owner_engine(owner_url)
    try:
        async with engine.connect() as connection:
            found = await connection.run_sync(
                lambda sync: compare_metadata(
                    MigrationContext.configure(
                        sync, opts={"version_table": "ddl_version", "compare_type": True}
                    ),
                    models.metadata,
                )
            )
    finally:
        await engine.dispose()
    return [str(one) for one in found]
