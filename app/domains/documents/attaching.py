"""The files of a document: photos, PDFs and Word documents, each recognised by its content."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.db import new_id
from app.core.errors import Invalid, NotFound
from app.core.files import Kept
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.documents.models import Document, DocumentFile

MOST_FILES = 10


async def attach(db: AsyncSession, document: Document, received: Sequence[Kept], *, by: Viewer) -> None:
    """Put received files to a document. Raises Invalid when there are too many."""
    there = await db.scalar(
        select(func.count()).select_from(DocumentFile).where(DocumentFile.document_id == document.id)
    )
    if received and (there or 0) + len(received) > MOST_FILES:
        raise Invalid({"files": _("A document holds at most %(most)d files.", most=MOST_FILES)})
    for one in received:
        file = await files.keep(db, one, by=by, owner=by.user_id)
        db.add(DocumentFile(id=new_id(), document_id=document.id, file_id=file.id))
    await db.flush()


async def detach(db: AsyncSession, document: Document, file_id: UUID, *, by: Viewer) -> None:
    """Take a file away from a document. Raises NotFound."""
    file = await db.scalar(
        select(File)
        .join(DocumentFile, DocumentFile.file_id == File.id)
        .where(DocumentFile.document_id == document.id, File.id == file_id)
    )
    if file is None:
        raise NotFound
    await db.execute(delete(DocumentFile).where(DocumentFile.file_id == file_id))
    if file.user_id == by.user_id:
        await files.forget(db, file, by=by)


async def files_of(db: AsyncSession, document_ids: Collection[UUID]) -> dict[UUID, list[File]]:
    """The files of documents the viewer has found, the oldest first."""
    rows = await db.execute(
        select(DocumentFile.document_id, File)
        .join(File, File.id == DocumentFile.file_id)
        .where(DocumentFile.document_id.in_(document_ids))
        .order_by(DocumentFile.id)
    )
    found: dict[UUID, list[File]] = {}
    for document_id, file in rows:
        found.setdefault(document_id, []).append(file)
    return found
