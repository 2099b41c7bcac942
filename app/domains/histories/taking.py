"""A file tried out row by row, taken into the logbook, and taken out of it again."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage, logbook
from app.domains.garage import Vehicle
from app.domains.histories.conventions import Conventions
from app.domains.histories.events import HistoryTaken, HistoryUndone
from app.domains.histories.files import conventions_of, parts_of
from app.domains.histories.models import HistoryFile
from app.domains.histories.programs import Part
from app.domains.histories.rows import Row, cars_in, rows_of
from app.domains.histories.sections import Section, sections_in
from app.domains.logbook import Entry, Written

Same = tuple[str, date, int | None, str, int | None, str, Decimal | None]
"""What makes two entries one: kind, day, km, title, cost, currency, amount."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of each row of a file."""

    sections: list[Section]
    parts: list[Part]
    conventions: Conventions
    rows: list[Row]
    new: list[Row]
    """Entries that are not in the logbook."""
    known: list[Row]
    readings: list[Row]
    left_out: list[Row]
    wrong: list[Row]

    @property
    def cars(self) -> list[tuple[str, str]]:
        return [(name, name) for name in cars_in(self.sections, self.parts)]

    @property
    def columns(self) -> list[list[tuple[str, str]]]:
        """Of each table its columns, to choose from."""
        return [
            [(str(place), head or _("Column %(number)s", number=place + 1)) for place, head in enumerate(one.header)]
            for one in self.sections
        ]  # fmt: skip


async def look(db: AsyncSession, file: HistoryFile) -> Looked:
    """What would become of each row now. Reading the file is done in a thread."""
    parts, conventions = parts_of(file), conventions_of(file)
    sections, rows = await asyncio.to_thread(_read, file, parts, conventions)
    standing = await db.scalars(
        select(Entry).where(Entry.vehicle_id == file.vehicle_id, Entry.removed_at.is_(None))
    )
    ids, same = set[UUID](), Counter[Same]()
    for entry in standing:
        ids.add(entry.id)
        same[_same(entry)] += 1
    new: list[Row] = []
    known: list[Row] = []
    for row in rows:
        if row.written is not None:
            (known if _is_known(row.known_id, row.written, ids, same) else new).append(row)

    def of(outcome: str) -> list[Row]:
        return [row for row in rows if row.outcome == outcome]

    return Looked(
        sections=sections, parts=parts, conventions=conventions, rows=rows, new=new, known=known,
        readings=of("reading"), left_out=of("left_out"), wrong=of("wrong"),
    )  # fmt: skip


def _read(
    file: HistoryFile, parts: Sequence[Part], conventions: Conventions
) -> tuple[list[Section], list[Row]]:
    sections = sections_in(file.content)
    rows = list(rows_of(sections, parts, conventions, car=file.car))
    for row in rows:
        if row.outcome == "entry":
            try:
                row.written = logbook.accepted(_written(row))
            except Invalid as wrong:
                row.outcome, row.why = "wrong", " ".join(wrong.errors.values())
    return sections, rows


def _written(row: Row) -> Written:
    assert row.day is not None  # an entry without a day is not readable
    return Written(
        kind=row.kind, day=row.day, km=row.km, title=row.title, note=row.note, cost_minor=row.cost_minor,
        currency=row.currency, tags=row.tags, tasks=row.tasks, amount=row.amount, is_full=row.is_full,
        is_missed=row.is_missed,
    )  # fmt: skip


def _same(entry: Entry | Written) -> Same:
    amount = None if entry.amount is None else entry.amount.normalize()
    return (entry.kind, entry.day, entry.km, entry.title, entry.cost_minor, entry.currency, amount)


def _is_known(known_id: str, written: Written, ids: set[UUID], same: Counter[Same]) -> bool:
    """Whether an entry stands for this row. Two rows that say the same want two entries."""
    if known_id:
        try:
            if UUID(known_id) in ids:
                return True
        except ValueError:
            pass
    key = _same(written)
    if same[key]:
        same[key] -= 1
        return True
    return False


async def take(db: AsyncSession, vehicle: Vehicle, file: HistoryFile, *, by: Viewer) -> None:
    """Take every row that is new into the logbook. A second press changes nothing. Raises Refused when there are none."""
    if file.taken_at is not None and file.undone_at is None:
        return
    # Another file of the same history may be taken at this moment: they take turns.
    await db.refresh(vehicle, ["mileage_km", "mileage_at"], with_for_update=True)
    looked = await look(db, file)
    if not looked.new and not looked.readings:
        raise Refused(_("There is nothing new in this file."))
    furthest: dict[date, int] = {}
    for row in (*looked.new, *looked.readings):
        if row.day is not None and row.km is not None:
            furthest[row.day] = max(row.km, furthest.get(row.day, 0))
    readings = await garage.bring_readings(db, vehicle, furthest, import_id=file.id, by=by)
    if looked.new:
        many = [row.written for row in looked.new if row.written is not None]
        await logbook.log_many(db, vehicle, many, by=by, import_id=file.id)
    file.taken_at, file.undone_at = clock.now(), None
    file.entries, file.readings = len(looked.new), readings
    event = HistoryTaken(
        history_file_id=file.id, vehicle_id=vehicle.id, program=file.program, entries=file.entries, readings=readings
    )  # fmt: skip
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)


async def undo(db: AsyncSession, vehicle: Vehicle, file: HistoryFile, *, by: Viewer) -> None:
    """Take out everything the file brought, corrected since or not. A second press changes nothing."""
    if file.taken_at is None or file.undone_at is not None:
        return
    entries = await logbook.remove_many(db, vehicle, file.id, by=by)
    readings = await garage.take_readings_out(db, vehicle, file.id)
    file.undone_at = clock.now()
    event = HistoryUndone(
        history_file_id=file.id, vehicle_id=vehicle.id, entries=entries, readings=readings
    )  # fmt: skip
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
