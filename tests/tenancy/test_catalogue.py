"""The database's catalogue says about every table what the list of kinds says, word for word."""

import re

import asyncpg

from app.core import rls
from app.engine.postgres import APP, OWNER
from app.tenancy import PARENTS, TABLES
from tests.tenancy.belonging import read_catalogue
from tests.tenancy.own_policies import DEFINERS, IDS_WITHOUT_A_KEY, LOOSE_KEYS, OWN, UNIQUE_ELSEWHERE

POLICIES = (
    "SELECT policyname, roles::text AS roles, permissive, cmd, qual, with_check FROM pg_policies "
    "WHERE schemaname = 'public' AND tablename = $1 ORDER BY policyname"
)


def _plain(words: str | None) -> str:
    """As pg_policies prints it, on one line and without the names it gives to sub-selects' columns."""
    line = re.sub(r"\s+", " ", words or "").strip()
    return re.sub(r" AS app_(tenant|user|network)\b", "", line)


async def _policies(db: asyncpg.Connection, table: str) -> list[tuple[str, ...]]:
    return [
        (
            row["policyname"],
            row["roles"],
            row["permissive"],
            row["cmd"],
            _plain(row["qual"]),
            _plain(row["with_check"]),
        )
        for row in await db.fetch(POLICIES, table)
    ]


async def test_each_kind_of_table_has_the_policies_of_its_kind_and_no_other(above):
    """Made once more beside what is there, by the statements of `rls.protect`, and compared as the server prints them."""
    for table, kind in TABLES.items():
        found = await _policies(above, table)
        if kind == "system":
            assert found == [], table
        if kind in ("system", "own_policy"):
            continue
        parent, via = PARENTS.get(table, ("", ""))
        transaction = above.transaction()
        await transaction.start()
        for name, *_ in found:
            await above.execute(f"DROP POLICY {name} ON {table}")
        await above.execute(f"SET LOCAL ROLE {OWNER}")
        for statement in rls.protect(table, kind, parent=parent, via=via):
            await above.execute(statement)
        meant = await _policies(above, table)
        await transaction.rollback()
        assert found == meant, table


async def test_policies_written_out_for_one_table_are_the_ones_we_looked_at(above):
    tables = {table for table, kind in TABLES.items() if kind == "own_policy"}
    assert tables == set(OWN), "write the new table's policies into own_policies.py after looking at them"
    for table in sorted(tables):
        found = {}
        for name, roles, permissive, cmd, using, check in await _policies(above, table):
            assert permissive == "PERMISSIVE"
            verb = name.removeprefix(f"{table}_")
            if verb == "owner":
                assert (roles, cmd, using, check) == (f"{{{OWNER}}}", "ALL", "true", "true"), table
                continue
            assert roles == "{public}", table
            assert check in ("", using) or not using or (table, verb) == ("vehicles", "changes"), table
            found[verb] = f"{cmd} {using}" if not check or check == using else f"{cmd} {using} CHECK {check}"
        assert found == OWN[table], table


async def test_every_fence_is_closed_for_the_tables_owner_too(above):
    rows = await above.fetch(
        "SELECT relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) AS owner FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'ddl_version'"
    )
    assert {row["relname"] for row in rows} == set(TABLES)
    for row in rows:
        fenced = TABLES[row["relname"]] != "system"
        assert (row["relrowsecurity"], row["relforcerowsecurity"]) == (fenced, fenced), row["relname"]
        assert row["owner"] == OWNER, row["relname"]


async def test_unique_keys_begin_with_the_tenant(above):
    """One that does not would tell a shop that another has such a row; each that is left has its reason."""
    catalogue = await read_catalogue(above)
    loose = {}
    for row in await above.fetch(
        "SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS name, i.indisprimary AS is_primary, "
        "pg_get_indexdef(i.indexrelid, 1, true) AS first, pg_get_indexdef(i.indexrelid) AS words FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indrelid WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace"
    ):
        table = row["table"]
        if table == "ddl_version" or TABLES[table] == "system" or row["first"] == "tenant_id":
            continue
        if row["is_primary"] and re.search(r"\((id|row_id)\)$", row["words"]):
            continue  # ids are drawn by us, 122 bits wide
        if not catalogue.has(table, "tenant_id") and TABLES[table] == "person":
            continue
        if re.search(r"\(token_hash\)$", row["words"]):
            continue  # the hash of 256 random bits
        loose[row["name"]] = table
    assert set(loose) == set(UNIQUE_ELSEWHERE)


async def test_rows_of_a_tenant_point_at_rows_of_the_same_tenant_only(above):
    """A plain foreign key is checked above the policies and accepts any tenant's row."""
    catalogue = await read_catalogue(above)
    loose = set()
    for table, keys in catalogue.keys.items():
        if not catalogue.has(table, "tenant_id"):
            continue
        for key in keys:
            pairs = dict(zip(key.columns, key.targets, strict=True))
            if pairs.get("tenant_id") == "tenant_id" or key.parent == "tenants":
                continue
            if catalogue.has(key.parent, "tenant_id") or key.parent not in ("users", "vehicles"):
                loose.add(f"{table} -> {key.parent}")
    assert loose == set(LOOSE_KEYS)


async def test_every_id_of_another_tables_row_is_held_by_a_key(above):
    """`<thing>_id` beside tenant_id is a foreign key, or is listed with the reason why it is none."""
    catalogue = await read_catalogue(above)
    free = set()
    for table, columns in catalogue.columns.items():
        held = {name for key in catalogue.keys.get(table, []) for name in key.columns}
        for column in columns:
            if (
                column.type == "uuid"
                and column.name.endswith("_id")
                and column.name not in held | {"tenant_id", "user_id"}
                and TABLES[table] != "system"
            ):
                free.add(f"{table}.{column.name}")
    assert not free ^ set(IDS_WITHOUT_A_KEY), "\n".join(sorted(free ^ set(IDS_WITHOUT_A_KEY)))


async def test_no_view_looks_past_the_policies(above):
    """A view reads as its owner unless it says security_invoker; a materialised one knows no policies at all."""
    for row in await above.fetch(
        "SELECT relname, relkind::text AS kind, coalesce(reloptions, '{}') AS options FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
    ):
        assert row["kind"] == "v", f"{row['relname']} is materialised"
        assert {"security_invoker=true", "security_invoker=on"} & set(row["options"]), row["relname"]


async def test_functions_that_run_as_the_owner_are_the_ones_we_know(above):
    rows = await above.fetch(
        "SELECT p.oid::regprocedure::text AS name, p.proconfig AS config, pg_get_function_result(p.oid) AS result, "
        "pg_get_userbyid(p.proowner) AS owner FROM pg_proc p "
        "WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
    )
    found = {row["name"]: row for row in rows}
    assert set(found) == set(DEFINERS)
    for name, (result, _why) in DEFINERS.items():
        assert found[name]["result"] == result, name
        assert found[name]["owner"] == OWNER, name
        assert found[name]["config"] == ["search_path=public, pg_temp"], name
        only_ids = re.fullmatch(
            r"uuid|boolean|void|trigger|bigint|SETOF uuid|TABLE\((\w*id uuid(, )?)+\)", result
        )
        assert only_ids or _why, f"{name} returns more than ids: say why"


async def test_the_application_cannot_lead_the_owners_functions_astray(engine, above):
    """Temporary tables come first in a search path that does not name pg_temp: a function that runs as the owner
    would read the caller's own `users`, and run with the owner's rights what a view of that name calls."""
    name = await above.fetchval("SELECT current_database()")
    app = await asyncpg.connect(engine.app_url(name))
    try:
        await app.execute("CREATE TEMP TABLE users (id uuid, email text)")
        await app.execute("INSERT INTO users VALUES (uuidv7(), 'nobody@nowhere.example')")
    except asyncpg.InsufficientPrivilegeError:
        pass  # better still
    else:
        await app.execute("GRANT ALL ON pg_temp.users TO PUBLIC")
        assert await app.fetchval("SELECT user_by_email('nobody@nowhere.example')") is None
    finally:
        await app.close()


async def test_the_applications_role_owns_nothing_and_obeys_the_policies(above):
    role = await above.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = $1",
        APP,
    )
    assert not any(role.values())
    assert not await above.fetchval(
        "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = $1::regrole", APP
    )
    assert not await above.fetchval("SELECT count(*) FROM pg_auth_members WHERE member = $1::regrole", APP)
    assert not await above.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", APP)
