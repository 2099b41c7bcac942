"""Every table is fenced as the list says; the list and the database agree."""

from sqlalchemy import text

from app.migrate import differences
from app.tenancy import PARENTS, TABLES

ALL_TABLES = (
    "SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'ddl_version'"
)


async def test_the_list_holds_every_table_and_no_other(db):
    found = {row.name for row in await db.execute(text(ALL_TABLES))}
    assert found == set(TABLES)
    assert {table for table, kind in TABLES.items() if kind == "child"} == set(PARENTS)


async def test_every_table_with_content_forces_row_level_security(db):
    for row in await db.execute(text(ALL_TABLES)):
        if TABLES[row.name] != "system":
            assert row.enabled, row.name
            assert row.forced, row.name


async def test_every_tenant_table_has_its_column_checks_on_write_and_composite_keys(db):
    columns = {
        row.table_name
        for row in await db.execute(
            text(
                "SELECT table_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND column_name = 'tenant_id' AND is_nullable = 'NO'"
            )
        )
    }
    checked = {
        row.tablename
        for row in await db.execute(
            text("SELECT tablename FROM pg_policies WHERE cmd = 'INSERT' AND with_check IS NOT NULL")
        )
    }
    for table, kind in TABLES.items():
        if kind in ("tenant", "child", "published"):
            assert table in columns, table
        if kind != "system":
            assert table in checked, table
    loose = await db.execute(
        text(
            "SELECT c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent "
            "FROM pg_constraint c WHERE c.contype = 'f' AND cardinality(c.conkey) = 1"
        )
    )
    shared_by_all = {"users", "tenants", "vehicles", "files"}
    assert {(row.child, row.parent) for row in loose if row.parent not in shared_by_all} == set()


async def test_the_application_role_owns_nothing_and_obeys_the_policies(db):
    role = (
        await db.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        )
    ).one()
    assert tuple(role) == (False, False, False)
    owned = await db.scalar(
        text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
    )
    assert owned == 0


async def test_nobody_sees_nothing(db):
    """Without a user or a tenant only what is published can be read."""
    for table, kind in TABLES.items():
        if kind in ("tenant", "person", "shared", "child"):
            assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


async def test_models_and_migrations_agree(site):
    from app.settings import settings

    assert await differences(settings().sqlalchemy_owner_url) == []
