"""Which number has taken which one's place, as the shop says it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, take_turn
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.parts.events import SupersessionChanged
from app.domains.parts.lists import PAGE, Number, Word, Words, one_line, pour, wrong_number
from app.domains.parts.models import Supersession
from app.domains.parts.names import fold, make_key, number_key

Followers = dict[tuple[str, str], set[str]]
"""By make and number, the numbers that have taken its place."""


class SupersessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A new number in the place of an old one."""

    make: Word
    old_number: Number
    new_number: Number
    both_ways: bool = False
    source: Words = ""


def accepted(facts: SupersessionFacts) -> SupersessionFacts:
    """Raises Invalid with what is wrong, by field."""
    tidy = {
        name: one_line(value)
        for name, value in msgspec.structs.asdict(facts).items()
        if isinstance(value, str)
    }
    errors = {}
    if not fold(tidy["make"]):
        errors["make"] = _("Please enter the make.")
    for name in ("old_number", "new_number"):
        if wrong := wrong_number(tidy[name]):
            errors[name] = wrong
    if not errors and number_key(tidy["old_number"]) == number_key(tidy["new_number"]):
        errors["new_number"] = _("This is the old number.")
    if errors:
        raise Invalid(errors)
    return msgspec.structs.replace(facts, **tidy)


async def find(db: AsyncSession, me: Viewer, supersession_id: UUID) -> Supersession:
    row = await db.scalar(
        select(Supersession).where(Supersession.tenant_id == me.tenant_id, Supersession.id == supersession_id)
    )
    if row is None:
        raise NotFound
    return row


async def listed(db: AsyncSession, me: Viewer, q: str = "", *, most: int = PAGE) -> Sequence[Supersession]:
    """The shop's supersessions by the old number; `q` is how either number begins."""
    wanted = select(Supersession).where(Supersession.tenant_id == me.tenant_id)
    if q.strip():
        begins = f"{number_key(q)}%"
        wanted = wanted.where(or_(Supersession.old_key.like(begins), Supersession.new_key.like(begins)))
    return (await db.scalars(wanted.order_by(Supersession.old_key, Supersession.id).limit(most))).all()


async def add(db: AsyncSession, facts: SupersessionFacts, *, by: Viewer) -> Supersession:
    """Raises Invalid, also where the chain would become a circle or the list says the same already."""
    facts = accepted(facts)
    assert by.tenant_id is not None
    followers = await turn(db, by.tenant_id)
    if number_key(facts.new_number) in followers.get(_old(facts), ()):
        raise Invalid({"new_number": _("The list says the same already.")})
    if closes_a_circle(followers, facts):
        raise Invalid({"new_number": _in_a_circle(facts)})
    row = Supersession(id=new_id(), tenant_id=by.tenant_id, **_kept(facts))
    db.add(row)
    await db.flush()
    await _tell(db, row, by)
    return row


async def remove(db: AsyncSession, row: Supersession, *, by: Viewer) -> None:
    await db.delete(row)
    await db.flush()
    await _tell(db, row, by)


async def turn(db: AsyncSession, tenant_id: UUID) -> Followers:
    """What follows what in a shop's list. One writer at a time: two who each add half a circle would close it."""
    await take_turn(db, f"supersessions {tenant_id}")
    return await followers_in(db, tenant_id)


async def followers_in(db: AsyncSession, tenant_id: UUID) -> Followers:
    rows = await db.execute(
        select(Supersession.make_key, Supersession.old_key, Supersession.new_key).where(
            Supersession.tenant_id == tenant_id
        )
    )
    followers: Followers = defaultdict(set)
    for make, old, new in rows:
        followers[make, old].add(new)
    return followers


def closes_a_circle(followers: Followers, facts: SupersessionFacts) -> bool:
    """Whether the old number already stands somewhere behind the new one."""
    make, old = _old(facts)
    waiting, seen = [number_key(facts.new_number)], set[str]()
    while waiting:
        key = waiting.pop()
        if key == old:
            return True
        if key not in seen:
            seen.add(key)
            waiting += followers.get((make, key), ())
    return False


def follow(followers: Followers, facts: SupersessionFacts) -> None:
    """Add a link that has been looked at."""
    followers.setdefault(_old(facts), set()).add(number_key(facts.new_number))


def refusal(followers: Followers, facts: SupersessionFacts) -> str:
    """Why a link cannot be added to these; empty where it can."""
    return _in_a_circle(facts) if closes_a_circle(followers, facts) else ""


async def load_links(db: AsyncSession, tenant_id: UUID, lines: Iterable[SupersessionFacts]) -> int:
    """Take links into a shop's list that are not in it yet; how many those were. Raises Invalid for the first that is
    none or closes a circle."""
    followers = await turn(db, tenant_id)
    now = clock.now()
    kept: list[dict[str, Any]] = []
    for one in map(accepted, lines):
        if wrong := refusal(followers, one):
            raise Invalid({"new_number": wrong})
        follow(followers, one)
        kept.append({"id": new_id(), "tenant_id": tenant_id, "created_at": now, **_kept(one)})
    return await pour(db, "supersessions", kept)


def key_of(facts: SupersessionFacts) -> tuple[str, str, str]:
    """What makes two links the same."""
    return (*_old(facts), number_key(facts.new_number))


def _old(facts: SupersessionFacts) -> tuple[str, str]:
    return make_key(facts.make), number_key(facts.old_number)


def _in_a_circle(facts: SupersessionFacts) -> str:
    return _(
        "%(old)s has already taken the place of %(new)s: the chain would go round in a circle.",
        old=facts.old_number, new=facts.new_number,
    )  # fmt: skip


def _kept(facts: SupersessionFacts) -> dict[str, Any]:
    make, old = _old(facts)
    keys = {"make_key": make, "old_key": old, "new_key": number_key(facts.new_number)}
    return msgspec.structs.asdict(facts) | keys


async def _tell(db: AsyncSession, row: Supersession, by: Viewer) -> None:
    event = SupersessionChanged(supersession_id=row.id, old_number=row.old_number, new_number=row.new_number)
    await record(db, event, by=by, subject=row.id)
