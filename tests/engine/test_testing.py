import asyncpg
import pytest

from app import migrate
from app.engine.testing import start_for_tests
from app.settings import as_libpq


def test_everyone_in_a_run_gets_the_same_servers(engine):
    assert start_for_tests() == engine


async def test_a_database_comes_migrated_and_is_entered_as_the_application(database):
    db = await asyncpg.connect(as_libpq(database.url))
    try:
        assert await db.fetchval("SELECT version_num FROM ddl_version") == migrate.head()
        may = await db.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert list(may.values()) == [False, False, False]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute("CREATE TABLE mine (id int)")
    finally:
        await db.close()


async def test_what_one_test_commits_the_next_does_not_see(engine, template, fresh_database):
    owner = await asyncpg.connect(as_libpq(fresh_database.owner_url))
    await owner.execute("CREATE TABLE left_behind (id int)")
    await owner.close()
    other = await engine.clone(template, "test_other_clone")
    db = await asyncpg.connect(engine.owner_url(other))
    assert await db.fetchval("SELECT to_regclass('left_behind')") is None
    await db.close()
    await engine.drop(other)


async def test_models_and_migrations_say_the_same(database):
    assert await migrate.differences(database.owner_url) == []
