"""The list of kinds and the database agree. What the fences hold back is proved in tests/tenancy."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domains.network.models import RoleAt
from app.tenancy import PARENTS, TABLES
from tests.cast import HARBOR
from tests.conftest import viewing

ALL_TABLES = (
    "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'ddl_version'"
)


async def test_the_list_holds_every_table_and_no_other(db):
    found = {row.name for row in await db.execute(text(ALL_TABLES))}
    assert found == set(TABLES)
    assert {table for table, kind in TABLES.items() if kind == "child"} == set(PARENTS)


async def test_no_business_can_make_somebody_the_networks_administrator(db, cast):
    await viewing(db, cast.owner)
    db.add(RoleAt(user_id=cast.owner.user_id, tenant_id=HARBOR, role="network_admin"))
    with pytest.raises(IntegrityError, match="ck_user_roles_network"):
        await db.flush()
