"""Finding documents: those of a car, one's own, or one of them by what is said of it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.documents.facts import KINDS
from app.domains.documents.models import Document
from app.domains.garage import Vehicle

SHOWN = and_(Document.removed_at.is_(None), Document.replaced_by_id.is_(None))
"""What stands in a list: not what was removed or replaced by a newer one."""
ORDER = (Document.expires_on.asc().nulls_last(), Document.kind, Document.id)


async def find(db: AsyncSession, me: Viewer, document_id: UUID) -> tuple[Document, Vehicle | None]:
    """A document the viewer may read, removed or not, and its car. Raises NotFound."""
    document = await db.scalar(select(Document).where(Document.id == document_id))
    if document is None:
        raise NotFound
    if document.vehicle_id is not None:
        return document, await garage.find_readable(db, me, document.vehicle_id)
    if document.user_id != me.user_id:
        raise NotFound
    return document, None


async def find_to_change(db: AsyncSession, me: Viewer, document_id: UUID) -> tuple[Document, Vehicle | None]:
    """A document the viewer put in. Raises NotFound, Forbidden; Refused for one that somebody else put in."""
    document, _car = await find(db, me, document_id)
    if document.user_id != me.user_id:
        raise Refused(_("Somebody else put this document in, and only they can change it."))
    if document.vehicle_id is None:
        return document, None
    return document, await garage.find_driven(db, me, document.vehicle_id)


async def find_own(db: AsyncSession, me: Viewer, document_id: UUID) -> tuple[Document, Vehicle | None]:
    """A document the viewer may show to others: their own, or one of a car that is theirs. Raises NotFound, Forbidden."""
    document, _car = await find(db, me, document_id)
    if document.vehicle_id is None:
        return document, None
    return document, await garage.find_own(db, me, document.vehicle_id)


async def of_car(db: AsyncSession, car: Vehicle, *, most: int = 500) -> Sequence[Document]:
    """The documents of a car the viewer has found, what expires first at the top."""
    rows = select(Document).where(Document.vehicle_id == car.id, SHOWN).order_by(*ORDER).limit(most)
    return (await db.scalars(rows)).all()


async def mine(
    db: AsyncSession,
    me: Viewer,
    cars: Sequence[Vehicle],
    *,
    words: str = "",
    kind: str = "",
    expires_by: date | None = None,
    with_own: bool = True,
) -> Sequence[Document]:
    """The viewer's own papers and those of their cars, narrowed by words, by kind and by when they expire."""
    whose: ColumnElement[bool] = Document.vehicle_id.in_([car.id for car in cars])
    if with_own:
        whose = or_(and_(Document.vehicle_id.is_(None), Document.user_id == me.user_id), whose)
    rows = select(Document).where(whose, SHOWN, *_holding(words))
    if kind in KINDS:
        rows = rows.where(Document.kind == kind)
    if expires_by is not None:
        rows = rows.where(Document.expires_on <= expires_by)
    return (await db.scalars(rows.order_by(*ORDER).limit(500))).all()


def _holding(words: str) -> list[ColumnElement[bool]]:
    columns = (Document.title, Document.number, Document.issuer, Document.note)
    return [
        or_(*(column.icontains(word, autoescape=True) for column in columns))
        for word in words.replace("\x00", "").strip()[:100].split()
    ]


async def earlier(db: AsyncSession, document: Document) -> Sequence[Document]:
    """What a document took the place of."""
    rows = select(Document).where(Document.replaced_by_id == document.id, Document.removed_at.is_(None))
    return (await db.scalars(rows.order_by(Document.id.desc()))).all()
