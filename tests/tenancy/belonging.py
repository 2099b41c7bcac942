"""Whose a row is, worked out from the catalogue: by its tenant, its person, or the row it points at."""

from dataclasses import dataclass, field

import asyncpg

from app.tenancy import TABLES
from tests.tenancy.shops import Shop

BY_HAND = {
    "tenants": "t.id = {tenant}",
    "users": "t.id = ANY ({people})",
    "vehicles": "EXISTS (SELECT 1 FROM ownerships o WHERE o.vehicle_id = t.id AND o.user_id = ANY ({people}))",
}
"""Tables that others point at and that name neither tenant nor person themselves."""

COLUMNS = """
SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required,
       a.atthasdef OR a.attidentity <> '' AS has_default
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = ''
 ORDER BY c.relname, a.attnum
"""
KEYS = """
SELECT k.conrelid::regclass::text AS table, k.confrelid::regclass::text AS parent,
       (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS targets
  FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
"""


@dataclass
class Column:
    name: str
    type: str
    required: bool
    has_default: bool


@dataclass
class Key:
    parent: str
    columns: list[str]
    targets: list[str]


@dataclass
class Catalogue:
    """Columns and foreign keys of every table of the list."""

    columns: dict[str, list[Column]] = field(default_factory=dict)
    keys: dict[str, list[Key]] = field(default_factory=dict)

    def has(self, table: str, column: str) -> bool:
        return any(one.name == column for one in self.columns[table])

    def belongs(self, table: str, shop: Shop) -> str | None:
        """SQL that says whether row `t` of the table is that shop's; None for nobody's."""
        tenant = f"'{shop.tenant_id}'::uuid"
        people = "ARRAY[" + ", ".join(f"'{one.user_id}'" for one in shop.people) + "]::uuid[]"
        if table in BY_HAND:
            return BY_HAND[table].format(tenant=tenant, people=people)
        by_person = f"t.user_id = ANY ({people})" if self.has(table, "user_id") else "false"
        if self.has(table, "tenant_id"):
            return f"(t.tenant_id = {tenant} OR (t.tenant_id IS NULL AND {by_person}))"
        if by_person != "false":
            return by_person
        for key in self.keys.get(table, []):
            inner = self.belongs(key.parent, shop)
            if inner is not None:
                match = " AND ".join(
                    f"p.{target} = t.{column}"
                    for column, target in zip(key.columns, key.targets, strict=True)
                )
                return (
                    f"EXISTS (SELECT 1 FROM {key.parent} p WHERE {match} "
                    f"AND EXISTS (SELECT 1 FROM {key.parent} t WHERE t.ctid = p.ctid AND {inner}))"
                )
        return None


async def read_catalogue(db: asyncpg.Connection) -> Catalogue:
    known = Catalogue()
    for row in await db.fetch(COLUMNS):
        if row["table"] in TABLES:
            column = Column(row["name"], row["type"], row["required"], row["has_default"])
            known.columns.setdefault(row["table"], []).append(column)
    for row in await db.fetch(KEYS):
        key = Key(row["parent"], list(row["columns"]), list(row["targets"]))
        known.keys.setdefault(row["table"], []).append(key)
    return known
