"""Whatever names a person is in the copy of their data, or is left out for a reason that is written down."""

from uuid import uuid4

import pytest
from sqlalchemy import Column, ColumnClause
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.visitors import iterate

from app.core.audit import is_secret
from app.core.personal import Records
from app.models import metadata
from app.personal import PERSONAL
from app.tenancy import TABLES

SHOPS_OWN = {
    "notes": {"customers", "job_steps"},
    "unit_cost_minor": {"job_lines", "canned_lines", "estimate_lines"},
    "gateway_response": {"payments"},
    "recorded_by": {"authorizations"},
    "booked_by": {"appointments"},
    "actor_name": {"events", "audit_logs"},
    "payload": {"events"},
}
"""Columns of a shop's own notes, costs and people, which no copy may hold."""


def records() -> list[Records]:
    return [one for domain in PERSONAL for one in domain.records(uuid4())]


def _names_a_person(table: str) -> bool:
    columns = metadata.tables[table].columns
    return (
        TABLES[table] in ("person", "shared")
        or bool({"user_id", "customer_id"} & set(columns.keys()))
        or any(key.column.table.name in ("users", "customers") for one in columns for key in one.foreign_keys)
    )


def test_every_table_that_names_a_person_is_in_the_copy_or_left_out_for_a_reason():
    copied = {table for one in records() for table in one.tables}
    left_out = {table: why for domain in PERSONAL for table, why in domain.left_out.items()}
    assert copied.isdisjoint(left_out)
    assert copied | left_out.keys() <= TABLES.keys()
    naming = {table for table in TABLES if _names_a_person(table)} | {"users"}
    assert sorted(naming - copied - left_out.keys()) == []
    assert all(len(why) > 20 for why in left_out.values())


@pytest.mark.parametrize("one", records(), ids=lambda one: one.name)
def test_a_copy_holds_no_secret_and_nothing_of_the_shops_own(one):
    looked_at = 0
    for name, (given, says) in one.fields.items():
        assert says, name
        for inner in iterate(coercions.expect(roles.ColumnsClauseRole, given)):
            looked_at += isinstance(
                inner, ColumnClause
            )  # of a table, or of a function that answers of oneself
            if not isinstance(inner, Column):
                continue
            assert not is_secret(inner) or inner.name in ("signature", "signed_name"), name
            assert inner.table.name not in SHOPS_OWN.get(inner.name, ()), name
    assert looked_at >= len(one.fields)
