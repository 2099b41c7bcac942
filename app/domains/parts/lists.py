"""The shop's fitment list: looking lines up, writing them, and taking many in at once."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import ARRAY, Text, any_, func, literal, or_, select, text, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.parts.events import FitmentChanged
from app.domains.parts.models import Fitment
from app.domains.parts.names import fold, make_key, number_key
from app.domains.parts.verdicts import Kind

PAGE = 50
ROUNDED = re.compile(r"\d([.,]\d+)?[Ee]\+\d+")
"""1.14280E+10: what was behind it is lost."""
FIRST_YEAR = 1885
POURED_AT_ONCE = 5_000
POUR = {
    "fitments": text(
        "INSERT INTO fitments SELECT * "
        "FROM jsonb_populate_recordset(CAST(NULL AS fitments), CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
    ),
    "supersessions": text(
        "INSERT INTO supersessions SELECT * "
        "FROM jsonb_populate_recordset(CAST(NULL AS supersessions), CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
    ),
}
CALL = text(
    "UPDATE fitments f SET name = sent.name "
    "FROM jsonb_populate_recordset(CAST(NULL AS fitments), CAST(:rows AS jsonb)) sent "
    "WHERE f.tenant_id = sent.tenant_id AND f.sameness = sent.sameness AND sent.name NOT IN ('', f.name)"
)
"""A list that was sent before it said what its parts are gets their names with the next one."""

Number = Annotated[str, Meta(max_length=60)]
Word = Annotated[str, Meta(max_length=60)]
Words = Annotated[str, Meta(max_length=200)]


class FitmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop says in one line."""

    number: Number
    make: Word
    kind: Kind = "oem"
    brand: Word = ""
    name: Word = ""
    model: Words = ""
    year_from: int | None = None
    year_to: int | None = None
    engine: Words = ""
    note: Words = ""
    excludes: bool = False


def accepted(facts: FitmentFacts) -> FitmentFacts:
    """The line as it is kept: the number as written, on one line. Raises Invalid with what is wrong, by field."""
    tidy = {
        name: one_line(value)
        for name, value in msgspec.structs.asdict(facts).items()
        if isinstance(value, str)
    }
    errors = {}
    if wrong := wrong_number(tidy["number"]):
        errors["number"] = wrong
    if not fold(tidy["make"]):
        errors["make"] = _("Please enter the make.")
    for name in ("year_from", "year_to"):
        year = getattr(facts, name)
        if year is not None and not FIRST_YEAR <= year <= clock.now().year + 3:
            errors[name] = _("Please enter the model year with four digits.")
    if not errors and facts.year_from and facts.year_to and facts.year_from > facts.year_to:
        errors["year_to"] = _("The last year is before the first one.")
    if errors:
        raise Invalid(errors)
    return msgspec.structs.replace(facts, **tidy)


def wrong_number(number: str) -> str:
    """Why this is no part number; empty when it may be one."""
    if ROUNDED.fullmatch(number):
        return _("A spreadsheet has rounded this number: format its column as text and copy it again.")
    return "" if number_key(number) else _("Please enter the part number.")


def one_line(typed: str) -> str:
    """Single spaces, nothing invisible."""
    if typed.isprintable():
        return " ".join(typed.split())
    return " ".join("".join(one if one.isprintable() else " " for one in typed).split())


async def find(db: AsyncSession, me: Viewer, fitment_id: UUID) -> Fitment:
    row = await db.scalar(select(Fitment).where(Fitment.tenant_id == me.tenant_id, Fitment.id == fitment_id))
    if row is None:
        raise NotFound
    return row


async def listed(
    db: AsyncSession, me: Viewer, q: str = "", *, after: UUID | None = None, most: int = PAGE
) -> Sequence[Fitment]:
    """The shop's lines by number: those whose number begins so, or whose name, make, model or brand hold the words.
    `after` is the last line of the page before."""
    wanted = select(Fitment).where(Fitment.tenant_id == me.tenant_id)
    if key := number_key(q):
        words = f"%{_literal(one_line(q))}%"
        named = (
            Fitment.brand.ilike(words),
            Fitment.name.ilike(words),
            (Fitment.make + " " + Fitment.model).ilike(words),
        )
        wanted = wanted.where(or_(Fitment.number_key.like(f"{key}%"), *named))
    elif q.strip():
        return []
    if after is not None:
        last = await find(db, me, after)
        wanted = wanted.where(tuple_(Fitment.number_key, Fitment.id) > (last.number_key, last.id))
    return (await db.scalars(wanted.order_by(Fitment.number_key, Fitment.id).limit(most))).all()


def _literal(typed: str) -> str:
    return typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def count(db: AsyncSession, me: Viewer) -> int:
    """How many lines the list has."""
    counted = select(func.count()).select_from(Fitment).where(Fitment.tenant_id == me.tenant_id)
    return await db.scalar(counted) or 0


async def add(db: AsyncSession, facts: FitmentFacts, *, by: Viewer) -> Fitment:
    """Raises Invalid, also where the list says the same already."""
    row = Fitment(id=new_id(), tenant_id=by.tenant_id, **_kept(accepted(facts)))
    db.add(row)
    await _flush(db)
    await _tell(db, row, by)
    return row


async def change(db: AsyncSession, row: Fitment, facts: FitmentFacts, *, by: Viewer) -> None:
    """What has been quoted keeps the verdict it was quoted with. Raises Invalid."""
    for name, value in _kept(accepted(facts)).items():
        setattr(row, name, value)
    await _flush(db)
    await _tell(db, row, by)


async def remove(db: AsyncSession, row: Fitment, *, by: Viewer) -> None:
    await db.delete(row)
    await db.flush()
    await _tell(db, row, by)


async def load_rows(db: AsyncSession, tenant_id: UUID, lines: Iterable[FitmentFacts]) -> int:
    """Take lines into a shop's list that are not in it yet, or have no such name there; how many those were. Raises Invalid for the first that is
    none. Past the session, for a list has tens of thousands: the audit trail keeps that it came, not each line."""
    now = clock.now()
    kept = [
        {"id": new_id(), "tenant_id": tenant_id, "created_at": now, **_kept(accepted(one))} for one in lines
    ]
    added = await pour(db, "fitments", kept)
    for some in _some([one for one in kept if one["name"]]):
        added += (await db.execute(CALL, {"rows": some})).rowcount  # type: ignore[attr-defined]
    return added


async def pour(
    db: AsyncSession, table: Literal["fitments", "supersessions"], rows: list[dict[str, Any]]
) -> int:
    """Insert whole rows, leaving out what is there already; how many were new."""
    added = 0
    for some in _some(rows):
        result = await db.execute(POUR[table], {"rows": some})
        added += result.rowcount  # type: ignore[attr-defined]
    return added


def _some(rows: list[dict[str, Any]]) -> Iterator[str]:
    for at in range(0, len(rows), POURED_AT_ONCE):
        yield msgspec.json.encode(rows[at : at + POURED_AT_ONCE]).decode()


async def known_already(db: AsyncSession, tenant_id: UUID, prints: Mapping[str, str]) -> set[str]:
    """Which of these lines (print -> name) stand in the shop's list, and need no name from here."""
    found = await db.execute(
        select(Fitment.sameness, Fitment.name).where(
            Fitment.tenant_id == tenant_id, Fitment.sameness == any_(literal(list(prints), ARRAY(Text)))
        )
    )
    return {sameness for sameness, name in found if prints[sameness] in ("", name)}


def sameness(facts: FitmentFacts) -> str:
    """A print of what a line says of a number and cars, whatever marks and capitals it is written with."""
    said = (
        number_key(facts.number), facts.kind, fold(facts.brand), make_key(facts.make), fold(facts.model), facts.year_from,
        facts.year_to, facts.engine.casefold(), facts.note.casefold(), facts.excludes,
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def _kept(facts: FitmentFacts) -> dict[str, Any]:
    said = {
        "number_key": number_key(facts.number), "make_key": make_key(facts.make), "sameness": sameness(facts),
    }  # fmt: skip
    return msgspec.structs.asdict(facts) | said


async def _flush(db: AsyncSession) -> None:
    try:
        await db.flush()
    except IntegrityError as error:
        if "uq_fitments_tenant_id_sameness" not in str(error):
            raise
        raise Invalid({"number": _("The list says the same already.")}) from error


async def _tell(db: AsyncSession, row: Fitment, by: Viewer) -> None:
    await record(db, FitmentChanged(fitment_id=row.id, number=row.number), by=by, subject=row.id)
