"""The shop's lists in the database, and the verdicts on a whole quote."""

import pytest
from sqlalchemy import event, func, select

from app.core.db import act_as
from app.core.errors import Invalid
from app.domains.parts import PartNumber, SupersessionFacts, chains, judge, lists, load_links, load_rows
from app.domains.parts.models import Fitment, Supersession
from tests.domains.parts.lists import CAR, NUMBER, line


def follows(old: str, new: str, **said) -> SupersessionFacts:
    return SupersessionFacts(make="BMW", old_number=old, new_number=new, **said)


async def test_a_quote_of_many_lines_is_judged_by_the_shops_own_lists_in_one_query(db, cast):
    shop, other = cast.owner.tenant_id, cast.outsider.tenant_id
    await act_as(db, tenant=shop)
    assert await load_rows(db, shop, [line(), line(number="F9", model="5 Series")]) == 2
    assert await load_links(db, shop, [follows("A 1", "B2"), follows("B2", "C3"), follows(NUMBER, "N2")]) == 3
    asked = [
        (PartNumber(number="C3"), "A1"),
        (PartNumber(number="N-2"), ""),
        (PartNumber(number="F9"), ""),
        (PartNumber(number="A1"), "C3"),
        (PartNumber(number="1142 7953129"), "something else"),
        (PartNumber(number="-"), ""),
    ]
    statements: list[str] = []
    connection = (await db.connection()).sync_connection
    event.listen(connection, "before_cursor_execute", lambda *said: statements.append(said[2]))
    found = await judge(db, shop, CAR, asked)
    assert len(statements) == 1
    assert [(one.state, one.rule) for one in found] == [
        ("fits", "supersedes_asked"),
        ("fits", "supersedes_fitting"),
        ("does_not_fit", "other_cars"),
        ("unknown", "older"),
        ("fits", "fitment"),
        ("unknown", "no_data"),
    ]
    assert {one.rule for one in await judge(db, other, CAR, asked)} == {"no_data"}


async def test_a_list_that_comes_twice_stands_there_once(db, cast):
    shop = cast.owner.tenant_id
    await act_as(db, tenant=shop)
    lines = [line(), line(number="11427953129", make="bmw"), line(engine="2.0"), line(excludes=True)]
    assert await load_rows(db, shop, lines) == 3
    assert await load_rows(db, shop, lines) == 0
    assert await db.scalar(select(func.count()).select_from(Fitment)) == 3
    links = [follows("A1", "B2", source="ETK"), follows("a-1", "B 2")]
    assert (await load_links(db, shop, links), await load_links(db, shop, links)) == (1, 0)
    with pytest.raises(Invalid):
        await lists.add(db, line(number="1142795 3129"), by=cast.owner.viewer)


async def test_a_chain_that_would_go_round_is_refused(db, cast):
    me = cast.owner.viewer
    await act_as(db, tenant=me.tenant_id)
    for old, new in (("A", "B"), ("B", "C")):
        await chains.add(db, follows(old, new), by=me)
    with pytest.raises(Invalid) as refused:
        await chains.add(db, follows("c", "a"), by=me)
    assert "circle" in refused.value.errors["new_number"]
    with pytest.raises(Invalid):
        await load_links(db, me.tenant_id, [follows("C", "D"), follows("D", "A")])
    await chains.add(db, SupersessionFacts(make="Audi", old_number="C", new_number="A"), by=me)
    assert await db.scalar(select(func.count()).select_from(Supersession)) == 3
