"""Links that show one document to somebody without an account: made, followed, counted, revoked."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.documents.events import DocumentShared, DocumentUnshared
from app.domains.documents.keeping import note, told
from app.domains.documents.models import Document, DocumentLink

LIVES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
MOST_OPEN = 20


async def make(db: AsyncSession, document: Document, *, life: str, by: Viewer) -> str:
    """A link to a document; its token is stored nowhere that could show it again. Raises Invalid, Refused."""
    if life not in LIVES:
        raise Invalid({"life": _("Please choose for how long.")})
    if document.removed_at is not None:
        raise Refused(_("This document is removed. Take it back before you share it."))
    if len(await open_links(db, document, by)) >= MOST_OPEN:
        raise Refused(_("There are many links to this document already. Revoke one first."))
    token = new_token()
    link = DocumentLink(
        id=new_id(), user_id=by.user_id, document_id=document.id, token_hash=hash_token(token),
        expires_at=clock.now() + LIVES[life],
    )  # fmt: skip
    db.add(link)
    await db.flush()
    await note(db, document, DocumentShared(**told(document), link_id=link.id), by=by)
    return token


async def open_links(db: AsyncSession, document: Document, me: Viewer) -> Sequence[DocumentLink]:
    """The viewer's links to a document that still open it, the newest first."""
    rows = select(DocumentLink).where(
        DocumentLink.document_id == document.id,
        DocumentLink.user_id == me.user_id,
        DocumentLink.revoked_at.is_(None),
        DocumentLink.expires_at > clock.now(),
    )
    return (await db.scalars(rows.order_by(DocumentLink.id.desc()))).all()


async def revoke(db: AsyncSession, document: Document, link_id: UUID, *, by: Viewer) -> None:
    """From now on the link opens nothing. Nothing happens to one that is revoked. Raises NotFound."""
    link = await db.scalar(
        select(DocumentLink).where(
            DocumentLink.id == link_id,
            DocumentLink.document_id == document.id,
            DocumentLink.user_id == by.user_id,
        )
    )
    if link is None:
        raise NotFound
    if link.revoked_at is None:
        await db.execute(
            update(DocumentLink).where(DocumentLink.id == link_id).values(revoked_at=clock.now())
        )
        await note(db, document, DocumentUnshared(**told(document), link_id=link_id), by=by)


async def follow(db: AsyncSession, token: str) -> tuple[Document, DocumentLink] | None:
    """What a link shows, counted; None when it is over. The rest of the transaction acts as who made it. Raises NotFound
    for a token that never was."""
    found = await db.execute(text("SELECT * FROM document_link_by_hash(:hash)"), {"hash": hash_token(token)})
    row = found.first()
    if row is None:
        raise NotFound
    await act_as(db, user=row.user_id)
    link = await db.get_one(DocumentLink, row.link_id)
    document = await db.scalar(
        select(Document).where(Document.id == link.document_id, Document.removed_at.is_(None))
    )
    if document is None or not link.is_open(clock.now()):
        return None
    await db.execute(
        update(DocumentLink)
        .where(DocumentLink.id == link.id)
        .values(uses=DocumentLink.uses + 1, last_used_at=clock.now())
    )
    return document, link
