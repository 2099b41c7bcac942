"""What of documents is in their person's copy, and what is left when the person goes."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import files
from app.core.db import transaction
from app.core.personal import Declared, Paper, Records
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.documents.models import Document, DocumentFile, DocumentLink


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "documents", _("The documents you keep here."), ("documents", "document_files"),
            {
                "id": (Document.id, _("its id, as the folder of its files is called")),
                "car_id": (Document.vehicle_id, _("which car; none for your own papers")),
                "kind": (Document.kind, _("what kind it is")),
                "title": (Document.title, _("what it is called")),
                "number": (Document.number, _("its number")),
                "issuer": (Document.issuer, _("who issued it")),
                "valid_from": (Document.valid_from, _("from when it is valid")),
                "expires_on": (Document.expires_on, _("when it expires")),
                "note": (Document.note, _("what was written to it")),
                "told": (Document.told, _("how often you were told before it expires")),
                "replaced_by_id": (Document.replaced_by_id, _("the newer one that took its place")),
                "removed_at": (Document.removed_at, _("when it was removed")),
                "added_at": (Document.created_at, _("when it was put in")),
            },
            lambda rows: rows.select_from(Document)
            .where(Document.user_id == person)
            .order_by(Document.created_at, Document.id),
        ),
        Records(
            "document_links", _("The links you made to your documents."), ("document_links",),
            {
                "document_id": (DocumentLink.document_id, _("to which document")),
                "made_at": (DocumentLink.created_at, _("when it was made")),
                "expires_at": (DocumentLink.expires_at, _("until when it works")),
                "revoked_at": (DocumentLink.revoked_at, _("when it was revoked")),
                "uses": (DocumentLink.uses, _("how often it was opened")),
                "last_used_at": (DocumentLink.last_used_at, _("when it was opened last")),
            },
            lambda rows: rows.select_from(DocumentLink)
            .where(DocumentLink.user_id == person)
            .order_by(DocumentLink.created_at, DocumentLink.id),
        ),
    ]  # fmt: skip


def _files(person: UUID) -> Select[UUID, File]:
    return (
        select(Document.id, File)
        .select_from(DocumentFile)
        .join(Document, Document.id == DocumentFile.document_id)
        .join(File, File.id == DocumentFile.file_id)
        .where(File.user_id == person)
        .order_by(DocumentFile.id)
    )


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The files of the documents."""
    async with transaction(user=person) as db:
        found = (await db.execute(_files(person).where(Document.user_id == person))).all()
        rows = [(document_id, file.id, file.key) for document_id, file in found]
    for document_id, file_id, key in rows:
        yield Paper(f"documents/{document_id}/{file_id}.{key.rpartition('.')[2]}", key=key)


async def erase(db: AsyncSession, person: UUID) -> None:
    """What they put in goes, of whichever car, with its files and links; and their files from what others put in."""
    await db.execute(delete(DocumentLink).where(DocumentLink.user_id == person))
    for _document_id, file in (await db.execute(_files(person))).all():
        await db.execute(delete(DocumentFile).where(DocumentFile.file_id == file.id))
        await files.forget(db, file, by=Viewer.system())
    await db.execute(delete(Document).where(Document.user_id == person))


DECLARED = Declared(records, papers=papers, erase=erase)
