"""Row-level security holds for every table, and each of its policies is missed when it is gone."""

import asyncpg

from app.tenancy import TABLES
from tests.tenancy.fences import faults, open_yard

FENCED = [table for table, kind in TABLES.items() if kind != "system"]
POLICIES = (
    "SELECT policyname AS name, tablename AS table, cmd, coalesce(qual, with_check) AS rule, qual, with_check "
    "FROM pg_policies WHERE schemaname = 'public' ORDER BY tablename, policyname"
)


async def _policies(db: asyncpg.Connection) -> dict[str, dict[str, asyncpg.Record]]:
    """By table and by what they are for (reads, adds, changes, removes, owner)."""
    found: dict[str, dict[str, asyncpg.Record]] = {}
    for row in await db.fetch(POLICIES):
        found.setdefault(row["table"], {})[row["name"].removeprefix(row["table"] + "_")] = row
    return found


def _rules(policies: dict[str, asyncpg.Record]) -> dict[str, str]:
    return {verb: row["rule"] for verb, row in policies.items()}


async def test_nobody_sees_or_touches_what_is_not_theirs(above):
    yard = await open_yard(above)
    policies = await _policies(above)
    assert set(policies) == set(FENCED)
    found = [fault for table in FENCED for fault in await faults(yard, table, _rules(policies[table]))]
    assert not found, "\n".join(found)


def _mutants(table: str, verb: str, policy: asyncpg.Record) -> list[tuple[str, str]]:
    """Ways to break a policy that must be noticed, as (words, SQL)."""
    on = f"{policy['name']} ON {table}"
    if verb == "owner":
        return [("open to everybody", f"ALTER POLICY {on} TO PUBLIC")]
    made = []
    if policy["rule"] != "false":  # without a policy nobody is let in either
        made.append(("dropped", f"DROP POLICY {on}"))
    if policy["qual"] not in (None, "true"):
        made.append(("USING (true)", f"ALTER POLICY {on} USING (true)"))
    if policy["with_check"] not in (None, "true", "false"):
        made.append(("WITH CHECK (true)", f"ALTER POLICY {on} WITH CHECK (true)"))
    return made


async def test_no_policy_can_go_or_open_without_being_missed(above):
    yard = await open_yard(above)
    unguarded, count = [], 0
    for table, policies in (await _policies(above)).items():
        assert await faults(yard, table, _rules(policies)) == []
        for verb, policy in policies.items():
            for words, sql in _mutants(table, verb, policy):
                async with yard.undone():
                    await above.execute(sql)
                    count += 1
                    if not await faults(yard, table, _rules(policies), verb):
                        unguarded.append((policy["name"], words))
    assert unguarded == []
    assert count > 5 * len(FENCED)
