"""Row-level security: the policies of each kind of table, as SQL for the migrations."""

from collections.abc import Callable
from typing import Literal

Kind = Literal["tenant", "person", "shared", "published", "child", "system", "own_policy"]

FUNCTIONS = (
    """CREATE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$""",
    """CREATE FUNCTION app_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.user', true), '')::uuid $$""",
    """CREATE FUNCTION app_network() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(current_setting('app.network', true), '') = 'on' $$""",
)

TENANT = "tenant_id = (SELECT app_tenant())"
PERSON = "user_id = (SELECT app_user())"
NETWORK = "(SELECT app_network())"


def protect(table: str, kind: Kind, *, parent: str = "", via: str = "") -> list[str]:
    """SQL statements that fence one table.

    tenant: only its tenant. person: only its `user_id`. shared: its tenant or its person.
    published: anyone reads, its tenant writes. child: its tenant, or whoever may read the `parent`
    row that column `via` points at, reads; its tenant writes. Network administrators read all of these
    but the content of no `person` table.
    """
    if kind in ("system", "own_policy"):
        return []
    reads, writes = {
        "tenant": (f"{TENANT} OR {NETWORK}", TENANT),
        "person": (PERSON, PERSON),
        "shared": (f"{TENANT} OR {PERSON} OR {NETWORK}", f"{TENANT} OR {PERSON}"),
        "published": ("true", TENANT),
        "child": (
            f"{TENANT} OR EXISTS (SELECT 1 FROM {parent} p "  # noqa: S608
            f"WHERE p.tenant_id = {table}.tenant_id AND p.id = {table}.{via})",
            TENANT,
        ),
    }[kind]
    return [
        *fence(table),
        f"CREATE POLICY {table}_reads ON {table} FOR SELECT USING ({reads})",
        f"CREATE POLICY {table}_adds ON {table} FOR INSERT WITH CHECK ({writes})",
        f"CREATE POLICY {table}_changes ON {table} FOR UPDATE USING ({writes}) WITH CHECK ({writes})",
        f"CREATE POLICY {table}_removes ON {table} FOR DELETE USING ({writes})",
    ]


def fence(table: str) -> list[str]:
    """Switch row-level security on, for the table's owner too, who then gets in by a policy by name:
    migrations and the few SECURITY DEFINER look-ups run as the owner, which need not be a superuser."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ]


def apply(
    execute: Callable[[str], object], table: str, kind: Kind, *, parent: str = "", via: str = ""
) -> None:
    """Run the statements of `protect` in a migration."""
    for statement in protect(table, kind, parent=parent, via=via):
        execute(statement)


def own_policies(
    execute: Callable[[str], object], table: str, *, reads: str, adds: str, changes: str
) -> None:
    """Fence a table with conditions of its own; nobody deletes from it but by `changes`."""
    for statement in fence(table):
        execute(statement)
    execute(f"CREATE POLICY {table}_reads ON {table} FOR SELECT USING ({reads})")
    execute(f"CREATE POLICY {table}_adds ON {table} FOR INSERT WITH CHECK ({adds})")
    execute(f"CREATE POLICY {table}_changes ON {table} FOR UPDATE USING ({changes}) WITH CHECK ({changes})")
    execute(f"CREATE POLICY {table}_removes ON {table} FOR DELETE USING ({changes})")
