"""Photos and PDFs beside an entry."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.files import Kept
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.logbook.models import Entry, EntryFile

MOST_FILES = 10


async def attach(db: AsyncSession, entry: Entry, received: Sequence[Kept], *, by: Viewer) -> None:
    """Put received files beside an entry. Raises Invalid when there are too many."""
    there = await db.scalar(select(func.count()).select_from(EntryFile).where(EntryFile.entry_id == entry.id))
    if received and (there or 0) + len(received) > MOST_FILES:
        raise Invalid({"files": _("An entry holds at most %(most)d files.", most=MOST_FILES)})
    for one in received:
        file = await files.keep(db, one, by=by, owner=by.user_id)
        db.add(EntryFile(id=new_id(), entry_id=entry.id, file_id=file.id))
    await db.flush()


async def detach(db: AsyncSession, entry: Entry, file_id: UUID, *, by: Viewer) -> None:
    """Take a file away from an entry of one's own. Raises NotFound."""
    if entry.is_verified:
        raise Refused(_("A workshop wrote this entry. Please ask the workshop if it is wrong."))
    file = await db.scalar(
        select(File).join(EntryFile, EntryFile.file_id == File.id).where(
            EntryFile.entry_id == entry.id, File.id == file_id
        )
    )  # fmt: skip
    if file is None:
        raise NotFound
    await db.execute(delete(EntryFile).where(EntryFile.entry_id == entry.id, EntryFile.file_id == file_id))
    if file.user_id == by.user_id:
        await files.forget(db, file, by=by)


async def files_of(db: AsyncSession, entry_ids: Collection[UUID]) -> dict[UUID, list[File]]:
    """The files of entries the viewer has found, the oldest first."""
    rows = await db.execute(
        select(EntryFile.entry_id, File)
        .join(File, File.id == EntryFile.file_id)
        .where(EntryFile.entry_id.in_(entry_ids))
        .order_by(EntryFile.id)
    )
    found: dict[UUID, list[File]] = {}
    for entry_id, file in rows:
        found.setdefault(entry_id, []).append(file)
    return found
