"""The chain proves the trail: whatever is done to any of its rows is found."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core import audit, chain, relay
from app.core.db import new_id, transaction
from app.core.events import record
from app.core.tables import EventRow
from app.domains.network.models import ServiceCenter
from app.domains.network.setup_events import CenterChanged
from app.settings import settings as environment
from tests.cast import CAST, HARBOR, VOLT

TRAIL = ("events", "audit_logs", "audit_values", "audit_chain")


async def something_happens(person: Any = CAST.owner, times: int = 1) -> None:
    """Each time a change with old and new values, and a look."""
    for _ in range(times):
        async with transaction(user=person.user_id, tenant=person.tenant_id) as db:
            center = await db.get_one(ServiceCenter, person.center_id)
            center.labor_rate_minor += 100
            event = CenterChanged(center_id=center.id, is_active=True)
            await record(db, event, by=person.viewer, subject=center.id)
            await audit.read(db, person.viewer, "customer", new_id())


async def chained() -> None:
    await relay.stamp()
    await chain.chain_new_rows()


async def test_rows_are_chained_in_the_order_they_were_numbered_each_shop_by_itself(site):
    await something_happens(times=2)
    await something_happens(CAST.outsider)
    await chained()
    async with transaction() as db:
        await chain._as_network(db)
        links = (await db.execute(text("SELECT tenant_id, n, seq, kind FROM audit_chain ORDER BY seq"))).all()
        rows = await db.scalars(
            text("SELECT seq FROM events UNION ALL SELECT seq FROM audit_logs ORDER BY 1")
        )
        assert [one.seq for one in links] == rows.all()
    for shop, length in ((HARBOR, 4), (VOLT, 2)):
        assert [one.n for one in links if one.tenant_id == shop] == list(range(1, length + 1))
    assert {one.kind for one in links} == {"event", "log"}
    assert await chain.verify(HARBOR) == (4, 0, 0, None)
    assert await chain.verify(VOLT) == (2, 0, 0, None)
    assert await chain.verify(None) == (0, 0, 0, None)


async def test_what_is_not_chained_yet_is_seen_and_is_no_flaw(site):
    await something_happens()
    assert await chain.verify(HARBOR) == (0, 2, 0, None)
    await chained()
    await something_happens()
    assert await chain.verify(HARBOR) == (2, 2, 0, None)


async def test_a_long_chain_is_made_and_walked_in_batches(site, monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 3)
    await something_happens(times=5)
    await chained()
    assert await chain.verify(HARBOR) == (10, 0, 0, None)


async def test_two_workers_make_one_chain(site):
    import asyncio

    await something_happens(times=4)
    await relay.stamp()
    await asyncio.gather(*(chain.extend() for _ in range(4)))
    await chain.chain_new_rows()
    assert await chain.verify(HARBOR) == (8, 0, 0, None)


async def test_the_form_in_which_a_row_is_sealed_stays_as_it_is(site):
    """A release of PostgreSQL or of ours that wrote a row differently would break every chain there is."""
    row_id = UUID("01890000-0000-7000-8000-000000000001")
    async with transaction() as db:
        await chain._as_network(db)
        db.add(
            EventRow(
                id=row_id,
                name="Bell",
                payload={"b": 'é"\n', "a": [1, None, True], "ab": {}},
                seq=5,
                created_at=datetime.fromisoformat("2026-11-26T12:00:00.120+05:30"),
            )
        )
        await db.flush()
        [row] = (await db.execute(text(chain._NEW), {"after": 0, "most": 5})).all()
    assert row.row == (
        '["01890000-0000-7000-8000-000000000001", null, null, null, "", "Bell", null, '
        '"{\\"a\\": [1, null, true], \\"b\\": \\"é\\\\\\"\\\\n\\", \\"ab\\": {}}", 5, null, "", "", "", "", "", '
        '"2026-11-26T06:30:00.12+00:00"]'
    )
    sealed = chain.seal(
        chain.FIRST, seq=5, tenant=None, n=1, kind="event", row_id=row_id, values_hash=None, row=row.row
    )
    said = f"{'00' * 32} 5 - 1 event {row_id} -\n{row.row}"
    assert sealed == hashlib.sha256(said.encode()).digest()


async def test_every_column_of_the_trail_is_sealed(db):
    for table, sealed in chain.COLUMNS.items():
        there = await db.scalars(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = :table"),
            {"table": table},
        )
        assert set(there) == set(sealed), table


# --- heads -----------------------------------------------------------------------------------------------


async def signed_heads(tenant: UUID | None) -> list[chain.Head]:
    async with transaction() as db:
        await chain._as_network(db)
        return [head async for _line, head in chain.heads(db, tenant)]


async def test_each_day_the_head_is_signed_into_the_trail_itself_and_only_when_it_has_grown(site):
    await something_happens()
    await relay.stamp()
    await chain.sign_heads()
    await chained()
    await chain.sign_heads()
    [head] = await signed_heads(HARBOR)
    assert (head.n, head.is_ours) == (2, True)
    assert await chain.verify(HARBOR, [head]) == (3, 0, 0, None)
    await something_happens()
    await chained()
    await chain.sign_heads()
    assert [one.n for one in await signed_heads(HARBOR)] == [2, 5]


async def test_a_head_signed_with_another_key_is_not_ours(site, monkeypatch):
    await something_happens()
    await relay.stamp()
    await chain.sign_heads()
    await chained()
    monkeypatch.setenv("SECRET_KEY", "another secret that is long enough for this")
    environment.cache_clear()
    flaw = (await chain.verify(HARBOR)).flaw
    assert flaw is not None
    assert flaw.words == "a signed head does not carry our signature"


async def test_heads_kept_elsewhere_are_read_back_and_nonsense_is_refused():
    import msgspec

    head = chain.Head("", 3, "ab", "2026-11-26T00:07:00+00:00", "cd")
    assert chain.read_heads([msgspec.json.encode(head).decode() + "\n", "\n"]) == [head]
    with pytest.raises(ValueError, match="not a list of heads"):
        chain.read_heads(["{}"])


# --- whatever is done to a row ---------------------------------------------------------------------------


@dataclass
class Kept:
    """A chained trail of two shops in a database of its own, as its owner sees it."""

    db: AsyncSession
    heads: list[chain.Head]

    async def flaws(self) -> list[chain.Flaw]:
        found = [(await chain.walk(self.db, shop, self.heads)).flaw for shop in (HARBOR, VOLT)]
        return [one for one in found if one]


@pytest.fixture
async def kept(site):
    await something_happens(times=3)
    await something_happens(CAST.outsider)
    await relay.stamp()
    await chain.sign_heads()
    async with transaction() as db:
        for _ in range(3):  # room in the numbering, for what is slipped in
            await db.execute(text("SELECT nextval('event_seq')"))
    await something_happens(times=2)
    await chained()
    async with transaction() as db:
        await chain._as_network(db)
        heads = []
        for shop in (HARBOR, VOLT):
            n, sealed = await chain._head_of(db, shop)
            heads.append(chain.Head(str(shop), n, sealed.hex(), ""))
    owner = create_async_engine(environment().sqlalchemy_owner_url)
    async with owner.connect() as connection:
        await connection.begin()
        async with AsyncSession(bind=connection) as db:
            await chain._as_network(db)
            await db.execute(text("SET LOCAL audit.rewriting = 'on'"))
            one = Kept(db, heads)
            assert await one.flaws() == []
            yield one
    await owner.dispose()


OTHER = {
    "uuid": "gen_random_uuid()",
    "text": "coalesce({0}, '') || 'x'",
    "jsonb": "coalesce({0}, '{{}}'::jsonb) || '{{\"x\": 1}}'::jsonb",
    "bigint": "coalesce({0}, 0) + 1000000",
    "bytea": "coalesce({0}, ''::bytea) || '\\x00'::bytea",
    "timestamp with time zone": "{0} + interval '1 microsecond'",
}
DEEDS = st.tuples(
    st.sampled_from(TRAIL),
    st.integers(0, 1000),
    st.sampled_from(("change", "change", "change", "empty", "delete", "double", "swap")),
    st.integers(0, 1000),
)


async def do(db: AsyncSession, table: str, place: int, deed: str, detail: int) -> bool:
    """One thing to one row. False when there was nothing to do."""
    key = {"audit_chain": "seq", "audit_values": "row_id"}.get(table, "id")
    keys = (await db.scalars(text(f"SELECT {key} FROM {table} ORDER BY {key}"))).all()
    one, other = keys[place % len(keys)], keys[detail % len(keys)]
    if deed == "delete":
        await db.execute(text(f"DELETE FROM {table} WHERE {key} = :one"), {"one": one})
        return True
    columns = (
        await db.execute(
            text(
                "SELECT column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable FROM"
                " information_schema.columns WHERE table_name = :table ORDER BY ordinal_position"
            ),
            {"table": table},
        )
    ).all()
    column = columns[detail % len(columns)]
    if deed == "change":
        new = OTHER[column.type].format(column.name)
        await db.execute(text(f"UPDATE {table} SET {column.name} = {new} WHERE {key} = :one"), {"one": one})
        return True
    if deed == "empty":
        if not column.nullable:
            return False
        done = await db.execute(
            text(f"UPDATE {table} SET {column.name} = NULL WHERE {key} = :one AND {column.name} IS NOT NULL"),
            {"one": one},
        )
        return bool(done.rowcount)
    if deed == "double":  # a copy of a row, slipped into the middle
        free = "(SELECT min(s) FROM generate_series(1, 1000) s WHERE s NOT IN (SELECT seq FROM audit_chain))"
        other_than = {
            "events": {"id": "gen_random_uuid()", "seq": free},
            "audit_logs": {"id": "gen_random_uuid()", "seq": free},
            "audit_chain": {"seq": free, "row_id": "gen_random_uuid()", "n": "n + 1000"},
            "audit_values": None,
        }[table]
        if other_than is None:  # values beside a row that had none
            loose = await db.scalar(
                text("SELECT row_id FROM audit_chain WHERE values_hash IS NULL ORDER BY seq LIMIT 1")
            )
            await db.execute(
                text(
                    "INSERT INTO audit_values SELECT :loose, tenant_id, salt, old_values, new_values"
                    " FROM audit_values WHERE row_id = :one"
                ),
                {"loose": loose, "one": one},
            )
            return True
        names = ", ".join(column.name for column in columns)
        taken = ", ".join(other_than.get(column.name, column.name) for column in columns)
        await db.execute(
            text(f"INSERT INTO {table} ({names}) SELECT {taken} FROM {table} WHERE {key} = :one"),
            {"one": one},
        )
        return True
    if one == other:
        return False
    return await _swap(db, table, key, one, other)


async def _swap(db: AsyncSession, table: str, key: str, one: Any, other: Any) -> bool:
    """Two rows change places."""
    what = {"audit_values": "row_id", "audit_chain": "n"}.get(table, "seq")
    if table == "audit_chain":
        same = await db.scalar(
            text("SELECT count(DISTINCT tenant_id) FROM audit_chain WHERE seq IN (:one, :other)"),
            {"one": one, "other": other},
        )
        ns = (
            await db.scalars(
                text("SELECT n FROM audit_chain WHERE seq IN (:one, :other)"), {"one": one, "other": other}
            )
        ).all()
        if same != 1 and len(set(ns)) == 1:
            return False
    values = {
        row.key: row.what
        for row in await db.execute(
            text(f"SELECT {key} AS key, {what} AS what FROM {table} WHERE {key} IN (:one, :other)"),
            {"one": one, "other": other},
        )
    }
    parked = str(new_id()) if what == "row_id" else -1
    update = f"UPDATE {table} SET {what} = :to WHERE {key} = :this"
    if what == "row_id":
        await db.execute(text(update), {"to": parked, "this": one})
        await db.execute(text(update), {"to": one, "this": other})
        await db.execute(text(update), {"to": other, "this": parked})
        return True
    await db.execute(text(update), {"to": parked, "this": one})
    if table == "audit_chain" and same != 1:
        await db.execute(text(update), {"to": values[other] + 500, "this": one})
        return True
    await db.execute(text(update), {"to": values[one], "this": other})
    await db.execute(text(update), {"to": values[other], "this": one})
    return True


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deed=DEEDS)
async def test_whatever_is_done_to_any_row_is_found(kept: Kept, deed: tuple[str, int, str, int]) -> None:
    async with kept.db.begin_nested() as example:
        if await do(kept.db, *deed):
            assert await kept.flaws(), deed
        await example.rollback()


async def test_the_first_bad_row_is_named(kept: Kept):
    row = (
        await kept.db.execute(
            text(
                "SELECT row_id, n FROM audit_chain WHERE tenant_id = :shop AND kind = 'event' AND n > 2 LIMIT 1"
            ),
            {"shop": HARBOR},
        )
    ).one()
    await kept.db.execute(
        text("UPDATE events SET actor_name = 'Somebody else' WHERE id = :id"), {"id": row.row_id}
    )
    [flaw] = await kept.flaws()
    assert flaw == (row.n, row.row_id, "the row is not as it was written")


async def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_kept(kept: Kept):
    last = "(SELECT row_id FROM audit_chain WHERE tenant_id = :shop ORDER BY n DESC LIMIT 2)"
    for table, key in (
        ("events", "id"),
        ("audit_logs", "id"),
        ("audit_values", "row_id"),
        ("audit_chain", "row_id"),
    ):
        await kept.db.execute(text(f"DELETE FROM {table} WHERE {key} IN {last}"), {"shop": HARBOR})
    assert (await chain.walk(kept.db, HARBOR)).flaw is None
    [flaw] = await kept.flaws()
    assert "is gone, and all after it" in flaw.words


async def test_a_chain_made_anew_over_a_changed_past_is_found_by_the_heads_that_were_signed(kept: Kept):
    await kept.db.execute(
        text("UPDATE events SET actor_name = 'Nobody' WHERE tenant_id = :shop"), {"shop": HARBOR}
    )
    links = (
        await kept.db.execute(
            text(chain._LINKS.format(same="= :tenant")), {"tenant": HARBOR, "after": 0, "most": 500}
        )
    ).all()
    prev = chain.FIRST
    for link in links:
        sealed = chain.seal(
            prev, seq=link.seq, tenant=HARBOR, n=link.n, kind=link.kind, row_id=link.row_id,
            values_hash=link.values_hash, row=link.row,
        )  # fmt: skip
        await kept.db.execute(
            text("UPDATE audit_chain SET prev = :prev, hash = :hash WHERE seq = :seq"),
            {"prev": prev, "hash": sealed, "seq": link.seq},
        )
        prev = sealed
    flaw = (await chain.walk(kept.db, HARBOR)).flaw
    assert flaw is not None
    assert flaw.words == "the chain is not the one whose head was signed"


async def test_values_that_were_to_be_forgotten_are_counted_and_are_no_flaw(site):
    await something_happens(times=2)
    await chained()
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        row = await db.scalar(text("SELECT row_id FROM audit_values ORDER BY row_id LIMIT 1"))
        await audit.forget(db, [row], by=CAST.owner.viewer, tenant=HARBOR, why="asked for")
    await chained()
    assert await chain.verify(HARBOR) == (5, 0, 1, None)
