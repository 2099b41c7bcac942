"""Rows for the tables that the story leaves empty, made up from the catalogue by the tables' owner."""

import secrets
from typing import Any

import asyncpg

from app.tenancy import TABLES
from tests.tenancy.belonging import Catalogue, Column, Key, read_catalogue
from tests.tenancy.shops import SHOPS, Shop

SENSIBLE: dict[tuple[str, str], str] = {
    ("notifications", "url"): "'/garage'",
    ("invitations", "role"): "'technician'",
    ("absences", "ends_at"): "now() + interval '2 days'",
    ("user_roles", "role"): "'advisor'",
    ("ownerships", "role"): "'owner'",
    ("car_invitations", "role"): "'driver'",
    ("trouble_codes", "code"): "'P0420'",
    ("users", "locale"): "'en'",
    ("allowed_networks", "network"): "'127.0.0.0/8'",
    ("mails", "sent_at"): "now()",
    ("quiet_hours", "starts"): "'03:59:59'",
    ("quiet_hours", "ends"): "'04:00'",
    ("mails", "language"): "'en'",
    ("deliveries", "done_at"): "now()",
    ("hours_exceptions", "intervals"): """'{"open": [["09:00", "12:00"]]}'""",
    ("audit_logs", "old_values"): """'{"customers": {"1": {"notes": "before MARK"}}}'""",
    ("audit_logs", "new_values"): """'{"customers": {"1": {"notes": "MARK"}}}'""",
    ("setting_changes", "old"): """'"before MARK"'""",
    ("setting_changes", "new"): """'"MARK"'""",
    ("one_time_codes", "confirmed_at"): "NULL",
    ("platform_fees", "currency"): "'USD'",
    ("platform_fees", "basis_points"): "250",
    ("purchases", "rating"): "4",
    ("purchases", "rating_words"): "'Fine parts'",
    ("purchases", "rating_reply"): "'Thank you'",
    ("threads", "subject_kind"): "'appointment'",
    ("messages", "side"): "'business'",
    ("messages", "kind"): "'text'",
    ("parts_orders", "code"): "upper('K7TM-MARK')",
    ("parts_orders", "status"): "'submitted'",
    ("parts_orders", "step"): "'parts'",
    ("parts_orders", "priority"): "'normal'",
    ("parts_orders", "bidding"): "'sealed'",
    ("parts_orders", "currency"): "'USD'",
    ("parts_orders", "zone"): "'UTC'",
    ("parts_orders", "latitude"): "43.66",
    ("parts_orders", "longitude"): "-70.26",
    ("parts_orders", "car"): """'{"name": "2003 Honda MARK", "vin": "", "make": "Honda", "engine": ""}'""",
    ("package_plans", "months"): "12",
    ("package_plans", "package_type"): "'basic'",
    ("package_plans", "covers"): "'{}'",
    ("service_packages", "package_type"): "'basic'",
    ("service_packages", "starts_on"): "current_date - 9",
    ("service_packages", "covers"): "'{}'",
    ("parts_shops", "status"): "'active'",
    ("parts_shops", "name"): "'Parts next door'",
    ("parts_shops", "about"): "'We sell parts'",
    ("parts_shops", "place"): "'Portland'",
    ("parts_shops", "currency"): "'USD'",
    ("parts_shops", "score"): "50",
    ("shop_onboardings", "status"): "'in_progress'",
    ("shop_onboardings", "current_step"): "1",
    ("shop_quotes", "status"): "'invited'",
    ("shop_quotes", "currency"): "'USD'",
    ("shop_quote_lines", "condition"): "'new'",
    ("shop_quote_lines", "fits"): "'unknown'",
    ("purchases", "status"): "'accepted'",
    ("purchases", "payment_method"): "'on_delivery'",
    ("purchases", "payment_status"): "'pending'",
    ("purchases", "currency"): "'USD'",
    ("purchases", "paid_minor"): "9000",
    ("purchases", "refunded_minor"): "17",
    ("purchase_payments", "provider"): "'cash'",
    ("purchase_payments", "status"): "'completed'",
    ("purchase_payments", "currency"): "'USD'",
    ("purchase_payments", "amount_minor"): "9000",
    ("purchase_payments", "authorized_minor"): "0",
    ("purchase_payments", "captured_minor"): "9000",
    ("purchase_payments", "refunded_minor"): "17",
    ("purchase_payments", "returned_minor"): "0",
    ("purchase_payments", "lost_minor"): "0",
    ("purchase_payments", "credit_minor"): "0",
    ("purchase_payments", "core_back_minor"): "0",
    ("purchase_payments", "tax_back_minor"): "0",
    ("purchase_payments", "platform_fee_minor"): "0",
    ("purchase_payments", "platform_fee_back_minor"): "0",
    ("purchase_refunds", "amount_minor"): "17",
    ("purchase_refunds", "core_minor"): "0",
    ("purchase_refunds", "status"): "'done'",
    ("purchase_lines", "condition"): "'new'",
    ("purchase_lines", "fits"): "'unknown'",
    ("business_fees", "currency"): "'USD'",
    ("business_fees", "basis_points"): "250",
    ("parts_shop_terms", "stock_method"): "'by_hand'",
    ("onboarding_documents", "kind"): "'tax'",
    ("history_files", "content"): "'Date,Cost'::bytea",
    ("history_files", "parts"): "'[]'",
    ("history_files", "conventions"): "'{}'",
    ("reminders", "task"): "''",
    ("reminders", "counter"): "''",
    ("documents", "kind"): "'insurance'",
    ("documents", "valid_from"): "current_date - 9",
    ("recalls", "year"): "2003",
    ("recall_answers", "answer"): "'done'",
    ("recommendation_answers", "answer"): "'not_needed'",
    ("recommendation_answers", "subject"): "'brake_fluid'",
    ("part_suggestions", "found"): "'[]'",
    ("wear_models", "unit"): "'months'",
    ("wear_models", "curve"): "'[]'",
    ("wear_models", "why_off"): "'few'",
    ("logbook_entries", "kind"): "'service'",
    ("logbook_entries", "currency"): "'USD'",
    ("logbook_entries", "day"): "current_date - 9",
}
"""Where any value would do for the table and not for the pages that read it."""


OWN_FILE = """INSERT INTO files (id, user_id, label, kind, content_type, size, key, sha256,
    is_evidence, state, refusal, percent, created_at)
VALUES (uuidv7(), $1, 'photo', 'image', 'image/jpeg', 3, 'made/' || uuidv7() || '.jpg', 'abc',
    false, 'ready', '', 0, now())"""


async def fill(db: asyncpg.Connection) -> list[str]:
    """Give both shops a row of every table that has none of theirs; the tables that needed it."""
    catalogue = await read_catalogue(db)
    filled: list[str] = []
    waiting = list(TABLES)
    for _round in range(len(TABLES)):
        later = [table for table in waiting if not await _fill(db, catalogue, table, filled)]
        if not later:
            return sorted(set(filled))
        if len(later) == len(waiting):
            raise AssertionError(f"these tables could not be given rows: {later}")
        waiting = later
    return sorted(set(filled))


async def _fill(db: asyncpg.Connection, catalogue: Catalogue, table: str, filled: list[str]) -> bool:
    """Whether the table holds rows of both shops now; False while a row it must point at is missing."""
    for shop in SHOPS.values():
        whose = catalogue.belongs(table, shop)
        if await db.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table} t WHERE {whose or 'true'})"):
            if whose is not None:
                continue
            if filled.count(table) != 1:
                continue
        values = await _row(db, catalogue, table, shop)
        if values is None:
            return False
        names, made = ", ".join(values), ", ".join(values.values())
        await db.execute(f"INSERT INTO {table} ({names}) VALUES ({made})")
        filled.append(table)
    return True


async def _row(db: asyncpg.Connection, catalogue: Catalogue, table: str, shop: Shop) -> dict[str, str] | None:
    """The SQL of each column's value."""
    values: dict[str, str] = {}
    for key in sorted(catalogue.keys.get(table, []), key=lambda one: -len(one.columns)):
        found = await _parent(db, catalogue, table, key, shop)
        if found is None and any(one.required for one in catalogue.columns[table] if one.name in key.columns):
            return None
        values |= {name: value for name, value in (found or {}).items() if name not in values}
    for column in catalogue.columns[table]:
        if column.name in values:
            continue
        if (table, column.name) in SENSIBLE:
            values[column.name] = SENSIBLE[table, column.name].replace("MARK", shop.mark)
        elif column.name == "tenant_id":
            values["tenant_id"] = f"'{shop.tenant_id}'"
        elif (column.required and not column.has_default) or column.type in ("text", "jsonb"):
            values[column.name] = _any(column, shop)
    if table == "api_tokens":
        values.pop("user_id", None)  # a token is a shop's or a person's, never both
    if table == "logbook_entries":
        for name in ("tenant_id", "center_id", "order_id"):
            values.pop(name, None)  # the driver's own, not a shop's work that wrote itself in
    if table == "threads":
        for name in ("buyer_tenant_id", "buyer_center_id"):
            values.pop(name, None)  # the other side is a driver or a business, never both
    if "user_id" in values:  # a buyer is a driver or a business, never both
        for name in ("buyer_tenant_id", "buyer_center_id", "job_id" if table == "parts_orders" else ""):
            values.pop(name, None)
    if table == "messages":
        values.pop(
            "file_id", None
        )  # the story's photos hang on something else, and would go with the conversation
    return values


async def _parent(
    db: asyncpg.Connection, catalogue: Catalogue, table: str, key: Key, shop: Shop
) -> dict[str, str] | None:
    """A row of this shop that the key may point at. A person is the driver: staff are named by other keys."""
    if key.parent == "users":
        return {key.columns[0]: f"'{shop.driver.user_id}'"}
    if key.parent == table:
        return {}
    whose = catalogue.belongs(key.parent, shop) or "true"
    targets = ", ".join(f"t.{name}::text AS {name}" for name in key.targets)
    if table in (
        "document_files",
        "logbook_files",
        "onboarding_documents",
        "parts_order_photos",
    ):  # they go with their person, the story's photos stay
        await db.execute(OWN_FILE, shop.driver.user_id)
    last = "ORDER BY t.ctid DESC" if key.parent == "files" else ""
    row: Any = await db.fetchrow(f"SELECT {targets} FROM {key.parent} t WHERE {whose} {last} LIMIT 1")
    if row is None:
        return None
    return {column: f"'{row[target]}'" for column, target in zip(key.columns, key.targets, strict=True)}


def _any(column: Column, shop: Shop) -> str:
    kind = column.type
    if kind == "text":
        return f"'{column.name} {shop.mark}'"
    if kind == "jsonb":
        return f"""'{{"word": "{shop.mark}"}}'"""
    if kind == "uuid":
        return "uuidv7()"
    if kind == "bytea":
        return f"'\\x{secrets.token_hex(32)}'"
    if kind in ("bigint", "integer", "smallint", "numeric"):
        return str(secrets.randbelow(9000) + 17)
    if kind == "double precision":
        return "47.5"  # a latitude as well as a longitude
    if kind == "boolean":
        return "false"
    if kind == "date":
        return "current_date + 9"
    if kind.startswith("timestamp"):
        return "now() + interval '1 day'"
    if kind.startswith("time"):
        return "'09:00'"
    if kind == "tstzrange":
        return "tstzrange(now(), now() + interval '1 hour')"
    if kind.endswith("[]"):
        return "'{}'"
    raise AssertionError(f"no value is known for a column of type {kind}: say one here")
