"""What of the logbooks is in their owner's copy."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import files
from app.core.db import transaction
from app.core.personal import Declared, Paper, Records
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage.models import Ownership
from app.domains.logbook.models import Entry, EntryFile
from app.domains.network.models import ServiceCenter


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "logbook", _("What stands in the logbooks of your cars."), ("logbook_entries", "logbook_files"),
            {
                "id": (Entry.id, _("its id, as the folder of its files is called")),
                "car_id": (Entry.vehicle_id, _("which car")),
                "kind": (Entry.kind, _("what kind it is")),
                "day": (Entry.day, _("the day")),
                "km": (Entry.km, _("kilometers")),
                "title": (Entry.title, _("what was done")),
                "note": (Entry.note, _("what was written to it")),
                "cost": (Entry.cost_minor, _("what it cost, in the smallest unit of its currency")),
                "currency": (Entry.currency, _("its currency")),
                "tags": (Entry.tags, _("its tags")),
                "tasks": (Entry.tasks, _("the maintenance it was")),
                "amount": (Entry.amount, _("liters of fuel or kWh charged")),
                "is_full": (Entry.is_full, _("whether it was filled up")),
                "is_missed": (Entry.is_missed, _("whether one before was not written down")),
                "shop": (ServiceCenter.name, _("which workshop wrote it")),
                "visit_id": (Entry.order_id, _("the visit it comes from")),
                "is_inherited": (Entry.is_inherited, _("whether it came with the car, from a previous owner")),
                "removed_at": (Entry.removed_at, _("when it was removed")),
                "written_at": (Entry.created_at, _("when it was written")),
            },
            lambda rows: rows.select_from(Entry)
            .join(Ownership, Ownership.vehicle_id == Entry.vehicle_id)
            .outerjoin(ServiceCenter, ServiceCenter.id == Entry.center_id)
            .where(Ownership.user_id == person, Ownership.until.is_(None), _theirs(person))
            .order_by(Entry.day, Entry.id),
        )
    ]  # fmt: skip


def _theirs(person: UUID) -> ColumnElement[bool]:
    """All of the cars they own; of others' cars what they wrote down themselves."""
    return or_(Ownership.role == "owner", Entry.user_id == person)


def _files(person: UUID) -> Select[UUID, File]:
    return (
        select(Entry.id, File)
        .select_from(EntryFile)
        .join(Entry, Entry.id == EntryFile.entry_id)
        .join(Ownership, Ownership.vehicle_id == Entry.vehicle_id)
        .join(File, File.id == EntryFile.file_id)
        .where(Ownership.user_id == person, Ownership.until.is_(None), _theirs(person))
        .order_by(EntryFile.id)
    )


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The photos and papers beside the entries."""
    async with transaction(user=person) as db:
        found = (await db.execute(_files(person))).all()
        rows = [(entry_id, file.id, file.key) for entry_id, file in found]
    for entry_id, file_id, key in rows:
        yield Paper(f"logbook/{entry_id}/{file_id}.{key.rpartition('.')[2]}", key=key)


async def erase(db: AsyncSession, person: UUID) -> None:
    """What stands in the logbooks of cars that nobody else owns goes; what a shop wrote stays with the car, as its
    orders do."""
    other = aliased(Ownership)
    alone = (
        select(Ownership.vehicle_id)
        .where(Ownership.user_id == person, Ownership.until.is_(None))
        .where(~exists().where(
            other.vehicle_id == Ownership.vehicle_id, other.user_id != person, other.until.is_(None)
        ))
    )  # fmt: skip
    own = Entry.vehicle_id.in_(alone) & Entry.tenant_id.is_(None)
    for _entry_id, file in (await db.execute(_files(person).where(own, File.user_id == person))).all():
        await db.execute(delete(EntryFile).where(EntryFile.file_id == file.id))
        await files.forget(db, file, by=Viewer.system())
    await db.execute(delete(EntryFile).where(EntryFile.entry_id.in_(select(Entry.id).where(own))))
    await db.execute(delete(Entry).where(own))


DECLARED = Declared(records, papers=papers, erase=erase)
