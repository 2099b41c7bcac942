"""Putting documents in, correcting them, taking them out and back in, and putting a newer one in an older one's place."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.events import Event, record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.documents import finding
from app.domains.documents.events import DocumentAdded, DocumentChanged, DocumentRemoved
from app.domains.documents.facts import Facts, accepted
from app.domains.documents.models import Document
from app.domains.garage import Vehicle


async def add(
    db: AsyncSession, car: Vehicle | None, facts: Facts, *, by: Viewer, replaces: UUID | None = None
) -> Document:
    """Keep a document of a car, or of the viewer where there is none. `replaces` stays as its history. Raises Invalid;
    NotFound for an older one that is not there; Refused for one that has been replaced."""
    older = None
    if replaces is not None:
        older, _car = await finding.find_to_change(db, by, replaces)
        if older.vehicle_id != (car.id if car else None):
            raise Invalid({"replaces": _("The older document belongs to something else.")})
    document = Document(
        id=new_id(), user_id=by.user_id, vehicle_id=car.id if car else None, **msgspec.structs.asdict(accepted(facts))
    )  # fmt: skip
    db.add(document)
    await db.flush()
    if older is not None:
        if older.replaced_by_id is not None:
            raise Refused(_("This document was replaced by a newer one already."))
        await _put(db, older, {"replaced_by_id": document.id}, version=older.version)
    await note(db, document, DocumentAdded(**told(document)), by=by)
    return document


async def change(db: AsyncSession, document: Document, facts: Facts, *, version: int, by: Viewer) -> None:
    """Correct what is said of a document. Raises Invalid; Refused when it changed in the meantime."""
    values = msgspec.structs.asdict(accepted(facts))
    if values["expires_on"] != document.expires_on:
        values["told"] = 0  # another last day is another to be told of
    await _put(db, document, values, version=version)
    await note(db, document, DocumentChanged(**told(document)), by=by)


async def remove(db: AsyncSession, document: Document, *, by: Viewer) -> None:
    """Take a document out; it can be taken back. Nothing happens to one that is out already."""
    if document.removed_at is None:
        await _put(db, document, {"removed_at": clock.now()}, version=document.version)
        await note(db, document, DocumentRemoved(**told(document)), by=by)


async def take_back(db: AsyncSession, document: Document, *, by: Viewer) -> None:
    """Put a removed document back. Nothing happens to one that stands there."""
    if document.removed_at is not None:
        await _put(db, document, {"removed_at": None}, version=document.version)
        await note(db, document, DocumentAdded(**told(document)), by=by)


def told(document: Document) -> dict[str, Any]:
    """What events say of a document."""
    return {"document_id": document.id, "vehicle_id": document.vehicle_id, "kind": document.kind}


async def note(db: AsyncSession, document: Document, event: Event, *, by: Viewer) -> None:
    await record(db, event, by=by, person=document.user_id, subject=document.id)


async def _put(db: AsyncSession, document: Document, values: dict[str, Any], *, version: int) -> None:
    changed = await db.execute(
        update(Document)
        .where(Document.id == document.id, Document.version == version)
        .values(**values, version=Document.version + 1)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Refused(
            _("Somebody else changed this document while you were writing. Please look again."),
            audit="document.stale",
        )
    await db.refresh(document)
