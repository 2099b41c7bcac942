"""A list from a file: sent, looked through, and taken in when the shop says so."""

import asyncio
from typing import Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files
from app.core.db import new_id
from app.core.errors import NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.parts import chains, lists
from app.domains.parts.events import PartsListLoaded
from app.domains.parts.files import Found, read_file
from app.domains.parts.models import ListUpload

ListName = Literal["fitments", "supersessions"]
LARGEST = 20 * 1024 * 1024


class Sent(msgspec.Struct, frozen=True):
    """A file that has been looked at."""

    name: str
    content: bytes


class Looked(msgspec.Struct, frozen=True):
    """A file of the shop's, and what is in it."""

    upload: ListUpload
    found: Found
    known: int
    """How many of the rows that can be taken say what is in the list, or in the file, already."""

    @property
    def new(self) -> int:
        return len(self.found.good) - self.known


async def receive(sent: UploadFile, *, by: Viewer) -> Sent:
    """The bytes of a file. Takes no database connection. Raises Invalid."""
    return Sent(*await files.receive_table(sent, largest=LARGEST, by=by))


async def put(db: AsyncSession, list_name: ListName, sent: Sent, *, by: Viewer) -> UUID:
    """Keep a file to be looked through, in the place of the one before."""
    await db.execute(delete(ListUpload).where(ListUpload.tenant_id == by.tenant_id))
    upload = new_id()
    # Past the session: the bytes of a file are nothing for the audit trail.
    await db.execute(
        insert(ListUpload.__table__).values(  # type: ignore[arg-type]
            id=upload, created_at=clock.now(), tenant_id=by.tenant_id, list=list_name, name=sent.name,
            content=sent.content, added=0,
        )
    )  # fmt: skip
    return upload


async def latest(db: AsyncSession, me: Viewer) -> ListUpload | None:
    return await db.scalar(
        select(ListUpload).where(ListUpload.tenant_id == me.tenant_id).order_by(ListUpload.id.desc()).limit(1)
    )


async def find(db: AsyncSession, me: Viewer, upload_id: UUID, *, lock: bool = False) -> ListUpload:
    wanted = select(ListUpload).where(ListUpload.tenant_id == me.tenant_id, ListUpload.id == upload_id)
    upload = await db.scalar(wanted.with_for_update() if lock else wanted)
    if upload is None:
        raise NotFound
    return upload


async def look(db: AsyncSession, upload: ListUpload) -> Looked:
    """What a file says, compared with the list as it is now. Reading it is done in a thread."""
    followers = {}
    if upload.list == "supersessions":
        followers = await chains.followers_in(db, upload.tenant_id)
    before = {(make, old, new) for (make, old), news in followers.items() for new in news}
    found = await asyncio.to_thread(read_file, _list_of(upload), upload.content, followers)
    if upload.list == "supersessions":
        links = [chains.key_of(one) for one in found.good]
        return Looked(upload, found, len(links) - len(set(links) - before))
    prints = await asyncio.to_thread(lambda: {lists.sameness(one): one.name for one in found.good})
    known = await lists.known_already(db, upload.tenant_id, prints)
    return Looked(upload, found, len(found.good) - len(prints.keys() - known))


async def load(db: AsyncSession, upload: ListUpload, *, by: Viewer) -> None:
    """Take every row of a file that can be taken into the list. A second press changes nothing."""
    if upload.loaded_at is not None:
        return
    if upload.list == "supersessions":
        await chains.turn(db, upload.tenant_id)  # what is looked at stays so until it is loaded
    looked = await look(db, upload)
    if upload.list == "supersessions":
        added = await chains.load_links(db, upload.tenant_id, looked.found.good)
    else:
        added = await lists.load_rows(db, upload.tenant_id, looked.found.good)
    good, refused = len(looked.found.good), len(looked.found.refused)
    upload.loaded_at, upload.added = clock.now(), added
    event = PartsListLoaded(
        list=upload.list, name=upload.name, added=added, known=good - added, refused=refused
    )
    await record(db, event, by=by, subject=upload.id)


def _list_of(upload: ListUpload) -> ListName:
    return "supersessions" if upload.list == "supersessions" else "fitments"
