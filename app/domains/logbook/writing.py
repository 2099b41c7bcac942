"""Writing into a car's logbook, correcting it, and taking back what was removed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.events import record
from app.core.render import day as day_words
from app.core.render import distance
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.logbook.events import EntriesImported, EntryChanged, EntryLogged, EntryRemoved
from app.domains.logbook.facts import Written, accepted
from app.domains.logbook.models import Entry


async def log(
    db: AsyncSession,
    vehicle: Vehicle,
    written: Written,
    *,
    by: Viewer,
    confirmed: bool = False,
) -> Entry:
    """Write something down in the logbook of a car of one's own. Raises Invalid; `confirmed` says that a doubtful
    mileage was looked at again. A mileage beyond the last reading is one of the garage's as well."""
    written = accepted(written)
    await garage.hold(db, vehicle)  # first: whoever has written beside the car cannot take its turn any more
    await _must_be_plausible(db, vehicle, written, confirmed=confirmed, by=by)
    entry = Entry(
        id=new_id(), vehicle_id=vehicle.id, user_id=by.user_id, **msgspec.structs.asdict(written)
    )  # fmt: skip
    db.add(entry)
    await db.flush()
    await record(db, EntryLogged(**told(entry)), by=by, person=by.user_id, subject=vehicle.id)
    await garage.note_logged(db, vehicle, entry.id, written.km, written.day, by=by)
    return entry


async def log_many(
    db: AsyncSession, vehicle: Vehicle, many: Sequence[Written], *, by: Viewer, import_id: UUID
) -> list[Entry]:
    """Write down what another program held, already looked at row by row. Raises Invalid for the first that cannot
    be kept. One event for all of them; how far the car had gone is brought beside them (`garage.bring_readings`)."""
    entries = [
        Entry(
            id=new_id(), vehicle_id=vehicle.id, user_id=by.user_id, import_id=import_id,
            **msgspec.structs.asdict(accepted(one)),
        )
        for one in many
    ]  # fmt: skip
    db.add_all(entries)
    await db.flush()
    event = EntriesImported(vehicle_id=vehicle.id, import_id=import_id, count=len(entries))
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
    return entries


async def remove_many(db: AsyncSession, vehicle: Vehicle, import_id: UUID, *, by: Viewer) -> int:
    """Take out what came with one import, corrected since or not, and the readings that went with it; how many stood
    there."""
    await garage.hold(db, vehicle)
    gone = await db.scalars(
        update(Entry)
        .where(Entry.import_id == import_id, Entry.vehicle_id == vehicle.id, Entry.removed_at.is_(None))
        .values(removed_at=clock.now(), version=Entry.version + 1)
        .returning(Entry.id)
    )
    entry_ids = gone.all()
    await garage.take_logged_out(db, vehicle, entry_ids, by=by)
    return len(entry_ids)


async def change(
    db: AsyncSession,
    vehicle: Vehicle,
    entry: Entry,
    written: Written,
    *,
    version: int,
    by: Viewer,
    confirmed: bool = False,
) -> None:
    """Correct an entry of one's own. Raises Invalid; Refused when a shop vouches for it, or when somebody else
    changed it in the meantime."""
    _must_be_own(entry)
    if entry.is_inherited:
        raise Refused(_("A previous owner wrote this entry. It can be removed, but not reworded."))
    if entry.removed_at is not None:
        raise Refused(_("This entry is removed. Take it back before you change it."))
    written = accepted(written)
    await garage.hold(db, vehicle)
    moves = (written.km, written.day) != (entry.km, entry.day)
    if moves:
        await _must_be_plausible(db, vehicle, written, confirmed=confirmed, by=by, but=entry.id)
    await _put(db, entry, msgspec.structs.asdict(written), version=version)
    await record(db, EntryChanged(**told(entry)), by=by, person=by.user_id, subject=vehicle.id)
    # Only then: a reading that was corrected or taken out by hand does not come back with a note that is mended.
    if moves:
        await garage.move_logged(db, vehicle, entry.id, written.km, written.day, by=by)


async def remove(
    db: AsyncSession, vehicle: Vehicle, entry: Entry, *, version: int | None = None, by: Viewer
) -> None:
    """Take an entry out of the logbook, and the reading that it made; it can be taken back. Nothing happens to one that is
    out already."""
    _must_be_own(entry)
    if entry.removed_at is not None:
        return
    await garage.hold(db, vehicle)
    reading_at = next(iter(await garage.take_logged_out(db, vehicle, [entry.id], by=by)), None)
    gone = {"removed_at": clock.now(), "reading_at": reading_at}
    await _put(db, entry, gone, version=version or entry.version)
    await record(db, EntryRemoved(**told(entry)), by=by, person=by.user_id, subject=vehicle.id)


async def take_back(db: AsyncSession, vehicle: Vehicle, entry: Entry, *, by: Viewer) -> None:
    """Put a removed entry back, with its reading. Nothing happens to one that stands there."""
    _must_be_own(entry)
    if entry.removed_at is None:
        return
    await garage.hold(db, vehicle)
    reading_at = entry.reading_at
    await _put(db, entry, {"removed_at": None, "reading_at": None}, version=entry.version)
    await record(db, EntryLogged(**told(entry)), by=by, person=by.user_id, subject=vehicle.id)
    if reading_at is not None and entry.km is not None:
        await garage.put_logged_back(db, vehicle, entry.id, entry.km, reading_at, by=by)


def told(entry: Entry) -> dict[str, Any]:
    """What events say of an entry."""
    return {
        "entry_id": entry.id,
        "vehicle_id": entry.vehicle_id,
        "kind": entry.kind,
        "day": entry.day,
        "km": entry.km,
        "tasks": list(entry.tasks),
        "is_verified": entry.is_verified,
    }


def _must_be_own(entry: Entry) -> None:
    if entry.is_verified:
        raise Refused(_("A workshop wrote this entry. Please ask the workshop if it is wrong."))


async def _put(db: AsyncSession, entry: Entry, values: dict[str, Any], *, version: int) -> None:
    changed = await db.execute(
        update(Entry)
        .where(Entry.id == entry.id, Entry.version == version)
        .values(**values, version=Entry.version + 1)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Refused(
            _("Somebody else changed this entry while you were writing. Please look again."),
            audit="entry.stale",
        )
    await db.refresh(entry)


async def _must_be_plausible(
    db: AsyncSession,
    vehicle: Vehicle,
    written: Written,
    *,
    confirmed: bool,
    by: Viewer,
    but: UUID | None = None,
) -> None:
    """Ask about a mileage that the entries of the days before and after contradict."""
    if confirmed or written.km is None:
        return
    others = [
        Entry.vehicle_id == vehicle.id,
        Entry.removed_at.is_(None),
        Entry.km.is_not(None),
        Entry.id != but,
    ]
    before, after = (
        await db.execute(
            select(
                select(func.max(Entry.km)).where(*others, Entry.day < written.day).scalar_subquery(),
                select(func.min(Entry.km)).where(*others, Entry.day > written.day).scalar_subquery(),
            )
        )
    ).one()
    known = await garage.known_without(db, vehicle, but) if but else garage.known_mileage(vehicle)
    last_km, last_at = known
    doubt = ""
    if before is not None and written.km < before:
        doubt = _(
            "That is less than on an earlier day, %(last)s.", last=distance(before, vehicle.odometer_unit)
        )
    elif after is not None and written.km > after:
        doubt = _("That is more than on a later day, %(next)s.", next=distance(after, vehicle.odometer_unit))
    elif last_at is None or written.day > last_at.date():
        doubt = garage.doubts(vehicle, written.km, confirmed=False, zone=by.zone, known=known).get(
            "mileage", ""
        )
    elif written.day < last_at.date() and written.km > (last_km or 0):
        doubt = _(
            "That is more than the later reading, %(last)s on %(day)s.",
            last=distance(last_km, vehicle.odometer_unit), day=day_words(last_at, by.zone),
        )  # fmt: skip
    if doubt:
        raise Invalid({"km": doubt, "confirmed": _("Tick this if the reading is right all the same.")})
