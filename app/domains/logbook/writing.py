"""Writing into a car's logbook, correcting it, and taking back what was removed."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
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
    await _must_be_plausible(db, vehicle, written, confirmed=confirmed, by=by)
    entry = Entry(
        id=new_id(), vehicle_id=vehicle.id, user_id=by.user_id, **msgspec.structs.asdict(written)
    )  # fmt: skip
    db.add(entry)
    await db.flush()
    await record(db, EntryLogged(**told(entry)), by=by, person=by.user_id, subject=vehicle.id)
    await _note_mileage(db, vehicle, written, by=by)
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


async def remove_many(db: AsyncSession, vehicle: Vehicle, import_id: UUID) -> int:
    """Take out what came with one import, corrected since or not; how many stood there."""
    gone = await db.execute(
        update(Entry)
        .where(Entry.import_id == import_id, Entry.vehicle_id == vehicle.id, Entry.removed_at.is_(None))
        .values(removed_at=clock.now(), version=Entry.version + 1)
    )
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]


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
    written = accepted(written)
    if (written.km, written.day) != (entry.km, entry.day):
        await _must_be_plausible(db, vehicle, written, confirmed=confirmed, by=by, but=entry.id)
    await _put(db, entry, msgspec.structs.asdict(written), version=version)
    await record(db, EntryChanged(**told(entry)), by=by, person=by.user_id, subject=vehicle.id)
    await _note_mileage(db, vehicle, written, by=by)


async def remove(db: AsyncSession, entry: Entry, *, version: int | None = None, by: Viewer) -> None:
    """Take an entry out of the logbook; it can be taken back. Nothing happens to one that is out already."""
    _must_be_own(entry)
    if entry.removed_at is not None:
        return
    await _put(db, entry, {"removed_at": clock.now()}, version=version or entry.version)
    await record(db, EntryRemoved(**told(entry)), by=by, person=by.user_id, subject=entry.vehicle_id)


async def take_back(db: AsyncSession, entry: Entry, *, by: Viewer) -> None:
    """Put a removed entry back. Nothing happens to one that stands there."""
    _must_be_own(entry)
    if entry.removed_at is None:
        return
    await _put(db, entry, {"removed_at": None}, version=entry.version)
    await record(db, EntryLogged(**told(entry)), by=by, person=by.user_id, subject=entry.vehicle_id)


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
        raise Refused(_("Somebody else changed this entry while you were writing. Please look again."))
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
    doubt = ""
    if before is not None and written.km < before:
        doubt = _(
            "That is less than on an earlier day, %(last)s.", last=distance(before, vehicle.odometer_unit)
        )
    elif after is not None and written.km > after:
        doubt = _("That is more than on a later day, %(next)s.", next=distance(after, vehicle.odometer_unit))
    elif vehicle.mileage_at is None or written.day > vehicle.mileage_at.date():
        doubt = garage.doubts(vehicle, written.km, confirmed=False, zone=by.zone).get("mileage", "")
    elif written.day < vehicle.mileage_at.date() and written.km > (vehicle.mileage_km or 0):
        doubt = _(
            "That is more than the later reading, %(last)s on %(day)s.",
            last=distance(vehicle.mileage_km, vehicle.odometer_unit), day=day_words(vehicle.mileage_at, by.zone),
        )  # fmt: skip
    if doubt:
        raise Invalid({"km": doubt, "confirmed": _("Tick this if the reading is right all the same.")})


async def _note_mileage(db: AsyncSession, vehicle: Vehicle, written: Written, *, by: Viewer) -> None:
    """The furthest anybody has read is how far the car has gone. It was looked at where it was doubtful."""
    if written.km is None or written.km <= (vehicle.mileage_km or -1):
        return
    now = clock.now()
    at = min(now, datetime.combine(written.day, time(12), UTC))
    if vehicle.mileage_at is not None:
        at = max(at, min(vehicle.mileage_at, now))
    await garage.read_odometer(db, vehicle, written.km, source="logbook", by=by, confirmed=True, at=at)
