"""Asking for a copy of everything about oneself, following it, fetching it."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, limits, sealing
from app.core.db import new_id
from app.core.errors import Forbidden, NotFound, Refused
from app.core.events import record
from app.core.files import storage
from app.core.limits import Limit
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.privacy.events import ExportAsked, ExportFetched
from app.domains.privacy.models import COPY_SEAL, IN_THE_MAKING, Export
from app.gateways.storage import FileMissing, new_key

KEPT = timedelta(days=7)
ASKED = Limit("export", times=3, within=timedelta(days=1), per="person")


def own_hands(me: Viewer) -> UUID:
    """The person asking, who is here themself. A token made for one purpose does not carry everything away.
    Raises Forbidden."""
    if me.user_id is None or me.token_id is not None:
        raise Forbidden("read:own_profile")
    return me.user_id


async def ask(db: AsyncSession, *, by: Viewer) -> Export:
    """Have a copy made; whoever asks while one is being made gets that one. Raises Forbidden, TooMany."""
    person = own_hands(by)
    if running := await _in_the_making(db, person):
        return running
    export = Export(id=new_id(), user_id=person, key=new_key(person, "zip", at=clock.now()))
    try:
        async with db.begin_nested():
            db.add(export)
    except IntegrityError:  # the other click of a double one was quicker
        twin = await _in_the_making(db, person)
        if twin is None:
            raise Refused(_("Please reload the page and try again.")) from None
        return twin
    await limits.take(ASKED, str(person))
    await record(
        db, ExportAsked(export_id=export.id, user_id=person), by=by, person=person, subject=export.id
    )
    return export


async def _in_the_making(db: AsyncSession, person: UUID) -> Export | None:
    return await db.scalar(select(Export).where(Export.user_id == person, Export.status.in_(IN_THE_MAKING)))


async def mine(db: AsyncSession, me: Viewer) -> Sequence[Export]:
    """The viewer's copies that are being made or can still be fetched, the newest first."""
    query = select(Export).where(Export.user_id == me.user_id).order_by(Export.id.desc())
    return [one for one in await db.scalars(query) if not _is_over(one)]


def _is_over(export: Export) -> bool:
    return export.expires_at is not None and export.expires_at <= clock.now()


async def find(db: AsyncSession, me: Viewer, export_id: UUID) -> Export:
    """One of the viewer's own. Raises NotFound, also when its week is over."""
    found = await db.scalar(select(Export).where(Export.id == export_id, Export.user_id == me.user_id))
    if found is None or _is_over(found):
        raise NotFound
    return found


async def opened(export: Export, *, by: Viewer) -> AsyncIterator[bytes]:
    """The bytes of a finished copy, of which the first are read: in no transaction, for the storage may be slow. They go
    through the site and have no address that somebody else could use. Raises Forbidden, NotFound; Refused where it cannot
    be opened any more."""
    own_hands(by)
    if export.status != "ready":
        raise NotFound
    pieces = storage().stream(export.key)
    try:
        if export.sealing_key is not None:
            pieces = sealing.unseal_file(sealing.unseal(COPY_SEAL, export.sealing_key), pieces)
        first = await anext(pieces)
    except (ValueError, FileMissing):  # with a SECRET_KEY that was left out after a leak, say
        raise Refused(
            _("This copy cannot be opened any more. Nothing is lost: please have a new one made."), status=410
        ) from None
    return _all_of(first, pieces)


async def fetch(db: AsyncSession, export: Export, *, by: Viewer) -> None:
    """Write down that a copy goes out."""
    event = ExportFetched(export_id=export.id, user_id=export.user_id)
    await record(db, event, by=by, person=export.user_id, subject=export.id)


async def _all_of(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
