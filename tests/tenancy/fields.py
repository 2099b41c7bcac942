"""Fields that stand in things which several roles may read, and that only some of them may: a mark for each, and who
may find it in any answer."""

import io
import re
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import asyncpg
import httpx
import msgspec
import pypdf

from tests.cast import CAST
from tests.tenancy.shops import HARBOR_SHOP

DESK = {"advisor", "owner"}


@dataclass(frozen=True)
class Field:
    """A fact kept from some. `marked` writes it where it stands; `mark` is how an answer would show it."""

    mark: str
    marked: tuple[str, ...]
    readers: frozenset[str]


def _of(readers: set[str], mark: str, *marked: str) -> Field:
    return Field(mark, marked, frozenset(readers))


OURS = f"tenant_id = '{HARBOR_SHOP.tenant_id}'"

FIELDS: dict[str, Field] = {
    "what a line costs the shop": _of(
        DESK,
        r"48[.,]?317[.,]91|4831791",
        f"UPDATE job_lines SET unit_cost_minor = 4831791 WHERE {OURS}",
        f"UPDATE estimate_lines SET unit_cost_minor = 4831791 WHERE {OURS}",
    ),
    "what a line of a canned job costs the shop": _of(
        {"owner"},
        r"58[.,]?317[.,]91|5831791",
        f"UPDATE canned_lines SET unit_cost_minor = 5831791 WHERE {OURS}",
    ),
    "the desk's notes about a customer": _of(
        DESK, "markofnotes", f"UPDATE customers SET notes = 'markofnotes' WHERE {OURS}"
    ),
    "a customer's phone": _of(
        DESK, r"4831\D?7001", f"UPDATE customers SET phone = '+1 555 4831 7001' WHERE {OURS}"
    ),
    "a customer's mail and post": _of(
        DESK,
        "markofpost",
        f"UPDATE customers SET email = 'markofpost-' || number || '@x.test', address = 'markofpost 1' WHERE {OURS}",
    ),
    "what a payment cost the shop": _of(
        {"owner"},
        r"68[.,]?317[.,]91|6831791",
        f"UPDATE payments SET provider = 'stripe', status = 'completed', amount_minor = 9000000 WHERE {OURS}",
        f"UPDATE payments SET fee_minor = 6831791 WHERE {OURS}",
    ),
    "what of a payment is the platform's": _of(
        {"owner"},
        r"\b123[.,]47\b|\b12347\b",
        f"UPDATE payments SET platform_fee_minor = 12347, platform_fee_back_minor = 0 WHERE {OURS}",
    ),
    "what the payment provider answered": _of(
        set(),
        "markofprovider",
        f'UPDATE payments SET gateway_response = \'{{"a": "markofprovider"}}\' WHERE {OURS}',
    ),
    "the owner's own phone": _of(
        {"owner"},
        r"4831\D?7002",
        f"UPDATE users SET phone = '+1 555 4831 7002' WHERE id = '{CAST.owner.user_id}'",
    ),
    "a technician's own phone": _of(
        {"technician"},
        r"4831\D?7004",
        f"UPDATE users SET phone = '+1 555 4831 7004' WHERE id = '{CAST.technician.user_id}'",
    ),
    "a driver's own phone": _of(
        {"customer"},
        r"4831\D?7003",
        f"UPDATE users SET phone = '+1 555 4831 7003' WHERE id = '{CAST.customer.user_id}'",
    ),
    "a driver's birthday": _of(
        {"customer"},
        "1931-07-19",
        f"UPDATE users SET date_of_birth = '1931-07-19' WHERE id = '{CAST.customer.user_id}'",
    ),
    "where a driver signed in from": _of(
        {"customer"},
        r"203\.0\.113\.83",
        f"UPDATE sessions SET ip = '203.0.113.83' WHERE user_id = '{CAST.customer.user_id}'",
    ),
    "what rows held before and after": _of(
        {"owner"},
        "markofvalues",
        f'UPDATE audit_values SET new_values = \'{{"a": {{"b": {{"c": "markofvalues"}}}}}}\' WHERE {OURS}',
    ),
}

SETTERS: dict[str, set[str]] = {
    "unit_price": {"create:quotes"},
    "unit_cost": {"create:quotes"},
    "price": {"manage:services"},
    "price_minor": {"manage:services"},
    "untaxed": {"create:quotes"},
    "tax_exempt": {"update:customers"},
    "tax_rate": {"manage:center"},
    "tax_percent": {"manage:center"},
    "labor_rate": {"manage:center"},
    "role": {"manage:staff"},
    "roles": {"manage:staff"},
    "is_active": {"manage:staff", "manage:services", "manage:center"},
    "percent": {"manage:network"},
    "fixed": {"manage:network"},
    "networks": {"manage:center"},
    "second_person": {"manage:center"},
}
"""What a form or a JSON body may set only with one of these permissions."""


async def mark(db: asyncpg.Connection) -> None:
    """Write each mark where it stands. `db` is above all policies."""
    await db.execute("SET session_replication_role = replica")
    for name, field in FIELDS.items():
        for sql in field.marked:
            assert await db.execute(sql) != "UPDATE 0", name
    await db.execute("SET session_replication_role = origin")


def found_in(answer: httpx.Response) -> set[str]:
    """The fields that an answer shows, on paper too."""
    text = answer.text
    if answer.headers.get("content-type", "").startswith("application/pdf"):
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    return {name for name, kept in FIELDS.items() if re.search(kept.mark, text)}


def names_in(kind: Any) -> set[str]:
    """The names of a body's fields, with those of the bodies in it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return {one.encode_name for one in msgspec.structs.fields(kind)}.union(*map(names_in, hints.values()))
    return set().union(*map(names_in, get_args(kind)))
