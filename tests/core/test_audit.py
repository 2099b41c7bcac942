"""What the audit trail holds, and that nobody rewrites it."""

import asyncpg
import pytest
from sqlalchemy import text

from app.core.db import new_id, transaction
from app.core.tables import AuditLog
from app.settings import as_libpq, settings

KEPT = ("events", "audit_logs", "audit_values", "audit_chain")


@pytest.fixture
async def owner(site):
    """The owner's own connection: no policy stands in its way, and no missing grant."""
    connection = await asyncpg.connect(as_libpq(settings().sqlalchemy_owner_url))
    yield connection
    await connection.close()


async def keep_something(owner, cast):
    """One row in each table of the trail."""
    shop, row = cast.advisor.tenant_id, new_id()
    await owner.execute(
        "INSERT INTO events (id, tenant_id, actor_name, name, payload, ip, request_id, created_at, user_agent,"
        " entity_type, entity_id) VALUES ($1, $2, '', 'BellRang', '{}', '', '', now(), '', '', '')",
        row,
        shop,
    )
    await owner.execute("INSERT INTO audit_values VALUES ($1, $2, $1, '{}', '{}')", row, shop)
    await owner.execute(
        "INSERT INTO audit_chain (seq, tenant_id, n, kind, row_id, prev, hash) VALUES (1, $1, 1, 'event', $2, '', '')",
        shop,
        row,
    )
    async with transaction(tenant=shop) as db:
        db.add(AuditLog(id=new_id(), tenant_id=shop, action="permission.denied"))
    return row


@pytest.mark.parametrize("table", KEPT)
async def test_the_application_may_only_add(site, db, table):
    rights = await db.scalars(
        text(
            "SELECT privilege_type FROM information_schema.role_table_grants "
            "WHERE grantee = current_user AND table_name = :table"
        ),
        {"table": table},
    )
    assert set(rights) == {"SELECT", "INSERT"}


@pytest.mark.parametrize("table", KEPT)
async def test_not_even_the_owner_changes_removes_or_empties(owner, cast, table):
    await keep_something(owner, cast)
    column = "values_hash = ''" if table == "audit_chain" else "tenant_id = NULL"
    for statement in (f"UPDATE {table} SET {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(asyncpg.RestrictViolationError, match=f"{table} is append-only"):
            await owner.execute(statement)


@pytest.mark.parametrize("table", KEPT)
async def test_a_migration_that_says_so_may(owner, cast, table):
    await keep_something(owner, cast)
    async with owner.transaction():
        await owner.execute("SET LOCAL audit.rewriting = 'on'")
        await owner.execute(f"DELETE FROM {table}")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(f"TRUNCATE {table}")


async def test_a_row_is_numbered_once_and_nothing_else_of_it_changes(owner, cast):
    await keep_something(owner, cast)
    for table in ("events", "audit_logs"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(f"UPDATE {table} SET seq = 7, ip = 'elsewhere'")
        await owner.execute(f"UPDATE {table} SET seq = nextval('event_seq')")
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(f"UPDATE {table} SET seq = nextval('event_seq')")


async def test_another_shop_sees_nothing_of_it(owner, cast):
    await keep_something(owner, cast)
    for person, expected in ((cast.outsider, 0), (cast.stranger, 0), (cast.owner, 1)):
        async with transaction(user=person.user_id, tenant=person.tenant_id) as db:
            for table in KEPT:
                assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == expected, (person.key, table)


async def test_a_driver_reads_the_event_of_their_own_affair_but_not_what_the_shop_wrote_down(owner, cast):
    row = await keep_something(owner, cast)
    async with transaction(user=cast.customer.user_id) as db:
        assert await db.scalar(text("SELECT count(*) FROM audit_values WHERE row_id = :id"), {"id": row}) == 0


async def test_only_the_network_side_adds_links(site, cast):
    from sqlalchemy.exc import ProgrammingError

    link = text(
        "INSERT INTO audit_chain (seq, tenant_id, n, kind, row_id, prev, hash) "
        "VALUES (1, :tenant, 1, 'event', :tenant, '', '')"
    )
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with transaction(tenant=cast.owner.tenant_id) as db:
            await db.execute(link, {"tenant": cast.owner.tenant_id})
