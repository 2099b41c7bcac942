"""Whether the database role is one the application may work as: nobody whom row-level security does not hold."""

from collections.abc import Sequence
from typing import Any

POWERS = """
SELECT rolname, rolsuper, rolbypassrls,
  EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relowner = r.oid)
FROM pg_roles r WHERE rolname = current_user
"""


class RoleTooPowerful(RuntimeError):
    """DATABASE_URL names a role that row-level security does not hold."""


def faults(row: Sequence[Any]) -> list[str]:
    """What is wrong with the role that a row of POWERS describes, in words; empty when nothing is."""
    _name, is_superuser, bypasses, owns = row
    said = (
        (is_superuser, "is a superuser"),
        (bypasses, "bypasses row-level security"),
        (owns, "owns tables"),
    )
    return [words for is_so, words in said if is_so]


def refuse_power(dbapi_connection: Any, _record: Any) -> None:
    """Called once with the engine's first connection. Raises RoleTooPowerful."""
    cursor = dbapi_connection.cursor()
    try:
        cursor.execute(POWERS)
        row = cursor.fetchone()
    finally:
        cursor.close()
    dbapi_connection.rollback()
    if wrong := faults(row):
        raise RoleTooPowerful(
            f"The role {row[0]} of DATABASE_URL {' and '.join(wrong)}, so one tenant could read another's rows. "
            "Name a role of its own there: `torqueline migrate`, run with DATABASE_OWNER_URL, makes it."
        )
