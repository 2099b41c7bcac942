"""Reading a car's logbook: newest first, a page at a time, narrowed by what the reader looks for."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.viewer import Viewer
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.logbook.facts import KINDS, LONGEST_TAG
from app.domains.logbook.models import Entry

PAGE = 50


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader looks for; empty is everything."""

    words: str = ""
    kind: str = ""
    tag: str = ""
    year: int | None = None

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.kind or self.tag or self.year)


def wanted(*, words: str, kind: str, tag: str, year: str) -> Wanted:
    """What an address asks for; what makes no sense asks for nothing."""
    return Wanted(
        words=words.replace("\x00", "").strip()[:100],
        kind=kind if kind in KINDS else "",
        tag=tag.replace("\x00", "").strip()[:LONGEST_TAG],
        year=int(year) if re.fullmatch(r"(19|20|21)[0-9]{2}", year) else None,
    )


def cursor_of(entry: Entry) -> str:
    """Names an entry to page on from."""
    return f"{entry.day}_{entry.id}"


def cursor_in(text: str) -> tuple[date, UUID] | None:
    """The day and id a cursor names; None for what is none."""
    day, _bar, entry_id = text.partition("_")
    try:
        return date.fromisoformat(day), UUID(entry_id)
    except ValueError:
        return None


async def find(db: AsyncSession, me: Viewer, vehicle_id: UUID, entry_id: UUID) -> tuple[Vehicle, Entry]:
    """A car of one's garage and an entry of its logbook, removed or not. Raises NotFound."""
    return await _of(db, await garage.find_readable(db, me, vehicle_id), entry_id)


async def find_to_write(
    db: AsyncSession, me: Viewer, vehicle_id: UUID, entry_id: UUID
) -> tuple[Vehicle, Entry]:
    """The same, of a car the viewer drives. Raises NotFound, Forbidden."""
    return await _of(db, await garage.find_driven(db, me, vehicle_id), entry_id)


async def _of(db: AsyncSession, vehicle: Vehicle, entry_id: UUID) -> tuple[Vehicle, Entry]:
    entry = await db.scalar(select(Entry).where(Entry.id == entry_id, Entry.vehicle_id == vehicle.id))
    if entry is None:
        raise NotFound
    return vehicle, entry


def standing_in(vehicle_id: UUID) -> ColumnElement[bool]:
    """The entries of a car that count."""
    return and_(Entry.vehicle_id == vehicle_id, Entry.removed_at.is_(None))


async def entries(
    db: AsyncSession,
    vehicle: Vehicle,
    wanted: Wanted | None = None,
    *,
    before: tuple[date, UUID] | None = None,
    most: int = PAGE,
) -> Sequence[Entry]:
    """The newest entries of a car the viewer has found, or the ones before one of them (its day and id)."""
    rows = select(Entry).where(standing_in(vehicle.id), *_narrowed(wanted or Wanted()))
    return await _newest(db, rows, before, most)


async def in_garage(
    db: AsyncSession,
    cars: Sequence[Vehicle],
    wanted: Wanted,
    *,
    before: tuple[date, UUID] | None = None,
    most: int = PAGE,
) -> Sequence[Entry]:
    """The same of several cars at once."""
    rows = select(Entry).where(
        Entry.vehicle_id.in_([car.id for car in cars]), Entry.removed_at.is_(None), *_narrowed(wanted)
    )
    return await _newest(db, rows, before, most)


async def _newest(
    db: AsyncSession, rows: Select[Entry], before: tuple[date, UUID] | None, most: int
) -> Sequence[Entry]:
    if before is not None:
        rows = rows.where(tuple_(Entry.day, Entry.id) < before)
    found = await db.scalars(rows.order_by(Entry.day.desc(), Entry.id.desc()).limit(most))
    return found.all()


async def of_cars(
    db: AsyncSession,
    vehicle_ids: Sequence[UUID],
    kinds: Sequence[str],
    *,
    before: tuple[date, UUID] | None = None,
    most: int = PAGE,
) -> Sequence[Entry]:
    """The newest entries of several cars the viewer has found, of some kinds."""
    rows = select(Entry).where(
        Entry.vehicle_id.in_(vehicle_ids), Entry.removed_at.is_(None), Entry.kind.in_(kinds)
    )
    return await _newest(db, rows, before, most)


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[Any]] = []
    for word in wanted.words.split():
        found.append(
            or_(
                Entry.title.icontains(word, autoescape=True),
                Entry.note.icontains(word, autoescape=True),
                func.array_to_string(Entry.tags, " ").icontains(word, autoescape=True),
            )
        )
    if wanted.kind:
        found.append(Entry.kind == wanted.kind)
    if wanted.tag:
        found.append(Entry.tags.any(cast(wanted.tag, Text)))  # type: ignore[arg-type]
    if wanted.year is not None:
        found.append(Entry.day.between(date(wanted.year, 1, 1), date(wanted.year, 12, 31)))
    return found
