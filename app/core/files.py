"""Stored files: what is in the storage, whose it is, and for how long an address to it works."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from io import BytesIO
from typing import Any, BinaryIO, cast
from uuid import UUID

import structlog
from litestar.datastructures import UploadFile
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock, images, uploads
from app.core.db import new_id, transaction
from app.core.errors import Invalid, Refused
from app.core.events import Event, Heard, record
from app.core.relay import outside_transaction
from app.core.render import template_global
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.gateways.scanner import Infected, ScannerAway, TooLargeToScan, open_scanner
from app.gateways.storage import Storage, new_key, open_storage, same_for_a_while
from app.settings import settings

log = structlog.get_logger()

_WINDOW = timedelta(minutes=10)
"""Addresses made within one window are equal, so that a region fetched again does not reload its photos."""

LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are in the storage already and wait for their row."""

    id: UUID
    kind: str
    key: str
    thumbnail_key: str | None
    media_type: str
    size: int
    sha256: bytes
    label: str
    width: int | None = None
    height: int | None = None


@lru_cache(maxsize=4)
def _storage_at(url: str, secret: str) -> Storage:
    return open_storage(url, secret=secret)


def storage() -> Storage:
    """The process's storage, as the settings name it."""
    return _storage_at(settings().storage_url, settings().secret_key)


INFECTED = "upload.infected"
"""The line in the trail."""


async def receive_table(
    sent: UploadFile, *, largest: int, by: Viewer, field: str = "file"
) -> tuple[str, bytes]:
    """The name and the bytes of a table somebody sends, at most `largest` bytes. Takes no database connection. Raises
    Invalid for `field`."""
    name = " ".join((sent.filename or "").split())[-120:] or _("file")
    size = sent.file.seek(0, 2)
    sent.file.seek(0)
    if size > largest:
        raise Invalid({field: _("This file is larger than %(mb)s MB.", mb=largest // 2**20)})
    await must_be_clean(cast(BinaryIO, sent.file), name, by=by, field=field)
    sent.file.seek(0)
    content = await sent.read()
    if not content.strip():
        raise Invalid({field: _("This file is empty.")})
    return name, content


async def must_be_clean(file: BinaryIO, name: str, *, by: Viewer, field: str) -> None:
    """Let the virus scanner look at a file before anything else does, if there is a scanner. Raises Invalid with words
    for `field`, and Refused with 503 when there should be a verdict and is none."""
    scanner = open_scanner(settings().clamd_url)
    if scanner is None:
        return
    try:
        await scanner.scan(file)
    except Infected as found:
        await _remember(found, file, name, by)
        words = _(
            "“%(name)s” was not taken: the virus scanner found something harmful in it. "
            "Please have the device checked that it comes from.",
            name=name[:60],
        )
        raise Invalid({field: words}) from found
    except TooLargeToScan as error:
        words = _("“%(name)s” is too large to be checked for viruses.", name=name[:60])
        raise Invalid({field: words}) from error
    except ScannerAway as error:
        log.error("scanner.away", error=str(error))
        words = _(
            "Files cannot be checked for viruses just now, so none are taken. Nothing was saved: please try again "
            "in a few minutes, or send it without files."
        )
        raise Refused(words, status=503, data={"retry_after": 60}) from error
    finally:
        file.seek(0)


async def _remember(found: Infected, file: BinaryIO, name: str, by: Viewer) -> None:
    """In a transaction of its own: the request's has not begun, and will not. The alarm hears of it from the trail."""
    file.seek(0)
    digest = hashlib.file_digest(cast(Any, file), "sha256").hexdigest()
    detail = {"label": name[:LONGEST_LABEL], "virus": found.virus, "sha256": digest}
    async with transaction(user=by.user_id, tenant=by.tenant_id) as db:
        await audit.log(db, by, INFECTED, "file", tenant=by.tenant_id, detail=detail)


async def receive_images(
    sent: Sequence[UploadFile], *, by: Viewer, tenant: UUID | None, field: str = "photos"
) -> list[Kept]:
    """Write untrusted images anew and put them into the storage. Raises Invalid with words for `field`, and Refused
    when a virus scanner is set up and gives no verdict.

    Takes no database connection: call it between a look whether the sender may (`visit.glance`) and the
    transaction that keeps the rows, which stands in `kept_or_gone`.
    """
    pictures = []
    for one in sent:
        try:
            pictures.append((one.filename, await images.renew(await _read(one, by=by, field=field))))
        except images.ImageRefused as error:
            raise Invalid({field: _why_no_image(error.reason, one.filename)}) from error
    return [await _store_picture(name, picture, tenant) for name, picture in pictures]


async def _read(sent: UploadFile, *, by: Viewer, field: str) -> bytes:
    # One byte more than allowed is enough to know; the rest is never read into memory.
    raw = await sent.read(images.LARGEST_IMAGE + 1)
    if len(raw) <= images.LARGEST_IMAGE:
        await must_be_clean(BytesIO(raw), sent.filename, by=by, field=field)
    return raw


def _why_no_image(reason: str, filename: str) -> str:
    name = filename[:60]
    return {
        "empty": _("“%(name)s” is empty.", name=name),
        "too_large": _("“%(name)s” is larger than 20 MB.", name=name),
        "not_an_image": _("“%(name)s” is not a JPEG, PNG or WebP photo.", name=name),
        "pixels": _("“%(name)s” has too many pixels.", name=name),
    }.get(reason, _("“%(name)s” is damaged or too large to be read.", name=name))


async def _store_picture(name: str, picture: images.Picture, tenant: UUID | None) -> Kept:
    key = new_key(tenant, "jpg", at=clock.now())
    thumbnail_key = key.replace(".jpg", "-small.webp")
    await storage().put(key, picture.full, media_type="image/jpeg")
    await storage().put(thumbnail_key, picture.thumb, media_type="image/webp")
    return Kept(
        id=new_id(),
        kind="image",
        key=key,
        thumbnail_key=thumbnail_key,
        media_type="image/jpeg",
        size=len(picture.full),
        sha256=hashlib.sha256(picture.full).digest(),
        label=name[:LONGEST_LABEL],
        width=picture.width,
        height=picture.height,
    )


async def receive_document(
    sent: UploadFile, *, by: Viewer, tenant: UUID | None, field: str = "document", preview: bool = False
) -> Kept:
    """Put a document, recognised by content, into the storage; with `preview` a picture of a PDF's first page beside it,
    where one can be drawn. Raises Invalid with words for `field`, and Refused when a
    virus scanner is set up and gives no verdict."""
    file = cast(BinaryIO, sent.file)
    try:
        uploads.must_not_be_too_large(file)
        await must_be_clean(file, sent.filename, by=by, field=field)
        seen = uploads.recognise(file, kind="document")
    except uploads.UploadRefused as error:
        raise Invalid({field: _why_no_document(error.reason)}) from error
    key = new_key(tenant, seen.extension, at=clock.now())
    digest = hashlib.file_digest(sent.file, "sha256").digest()
    file.seek(0)
    await storage().put(key, file, media_type=seen.media_type)
    drawn = await images.first_page(file) if preview and seen.extension == "pdf" else None
    thumbnail_key = key.replace(".pdf", "-small.webp") if drawn else None
    if drawn and thumbnail_key:
        await storage().put(thumbnail_key, drawn, media_type="image/webp")
    return Kept(
        id=new_id(),
        kind=seen.kind,
        key=key,
        thumbnail_key=thumbnail_key,
        media_type=seen.media_type,
        size=seen.size,
        sha256=digest,
        label=sent.filename[:LONGEST_LABEL],
    )


def _why_no_document(reason: str) -> str:
    return {
        "empty": _("The file is empty."),
        "too_large": _("The file is too large: documents may have 20 MB."),
        "archive": _("The document unpacks to more than is safe."),
    }.get(reason, _("Please send a PDF, DOC or DOCX document."))


_DOCUMENTS = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How PDFs, DOCX and DOC begin; what they are is looked at again."""


async def receive_papers(sent: Sequence[UploadFile], *, most: int, by: Viewer) -> list[Kept]:
    """Photos and documents as they come from one field, `files`, each to be what its content says. Raises Invalid."""
    if len(sent) > most:
        raise Invalid({"files": _("At most %(most)d files, please.", most=most)})
    kept: list[Kept] = []
    async with kept_or_gone(kept, by=by, tenant=None):
        for one in sent:
            head = await one.read(16)
            await one.seek(0)
            if head.startswith(_DOCUMENTS):
                kept.append(await receive_document(one, by=by, tenant=None, field="files", preview=True))
            elif head and images.recognise(head) is None:
                name = one.filename[:60]
                raise Invalid(
                    {"files": _("“%(name)s” is no photo, PDF or Word file that can be read.", name=name)}
                )
            else:
                kept += await receive_images([one], by=by, tenant=None, field="files")
    return kept


@contextlib.asynccontextmanager
async def kept_or_gone(received: Sequence[Kept], *, by: Viewer, tenant: UUID | None) -> AsyncIterator[None]:
    """Around the transaction that keeps the rows of what was received: when it fails, the bytes do not stay behind, for
    no row would lead to them. `by` and `tenant` are those of the receiving. Bytes that cannot be taken away are named in
    the log, and what went wrong first is what is told."""
    try:
        yield
    except BaseException:
        try:
            await _take_away_rowless(received, by=by, tenant=tenant)
        except Exception as error:
            log.warning("files.left_behind", keys=[one.key for one in received], error=type(error).__name__)
        raise


async def _take_away_rowless(received: Sequence[Kept], *, by: Viewer, tenant: UUID | None) -> None:
    async with transaction(user=by.user_id, tenant=tenant or by.tenant_id) as db:
        there = set(await db.scalars(select(File.id).where(File.id.in_([one.id for one in received]))))
    for one in received:
        if one.id not in there:  # it is there when the commit succeeded and the answer to it was lost
            await _take_away(one.key, one.thumbnail_key)


async def _take_away(*keys: str | None) -> None:
    for key in keys:
        if key:
            await storage().delete(key)


async def keep(
    db: AsyncSession, kept: Kept, *, by: Viewer, tenant: UUID | None = None, owner: UUID | None = None
) -> File:
    """The row of a received file: the shop's (`tenant`), and its customer's (`owner`) who may see it too. What somebody
    keeps for themselves is no affair of the business they work for."""
    if tenant is None and (owner is None or owner != by.user_id):
        tenant = by.tenant_id
    file = File(
        id=kept.id,
        tenant_id=tenant,
        user_id=owner,
        kind=kept.kind,
        label=kept.label,
        content_type=kept.media_type,
        size=kept.size,
        key=kept.key,
        thumbnail_key=kept.thumbnail_key,
        sha256=kept.sha256,
        width=kept.width,
        height=kept.height,
        state="preparing" if kept.kind == "video" else "ready",
    )
    db.add(file)
    await db.flush()
    return file


class FileForgotten(Event, frozen=True, kw_only=True):
    """The row of a file is gone; its bytes follow."""

    keys: list[str]


async def keep_as_evidence(db: AsyncSession, file_ids: Collection[UUID]) -> bool:
    """From now on these files can never be forgotten; False when one of them is gone already.

    Waits for whoever is forgetting one of them at this moment.
    """
    kept = await db.scalars(
        update(File).where(File.id.in_(file_ids)).values(is_evidence=True).returning(File.id)
    )
    return set(kept) == set(file_ids)


async def forget(db: AsyncSession, file: File, *, by: Viewer) -> bool:
    """Remove a file's row; its bytes go after the commit. Evidence stays: False."""
    await db.refresh(file, with_for_update=True)
    if file.is_evidence:
        return False
    # While a video is being prepared, what is made of it may lie there already.
    coming = prepared_keys(file.key) if file.state == "preparing" else ()
    keys = [key for key in (file.key, file.thumbnail_key, *coming) if key]
    await db.delete(file)
    await db.flush()
    await record(db, FileForgotten(keys=keys), by=by, tenant=file.tenant_id, subject=file.id)
    return True


def prepared_keys(key: str) -> tuple[str, str]:
    """Where the video and its still picture will lie that are made of what was sent as `key`: always in the same
    places, so that a run which is repeated leaves nothing behind."""
    stem = key.rpartition(".")[0]
    return f"{stem}-clip.mp4", f"{stem}-still.webp"


@outside_transaction
async def erase(heard: Heard[FileForgotten]) -> None:
    """Reaction: take the bytes of a forgotten file out of the storage."""
    for key in heard.event.keys:
        await storage().delete(key)


def signed_url(file: File, expires: int = 600, *, small: bool = False) -> str:
    """An address that shows `file` for at least `expires` seconds to whoever holds it, then answers 403.

    Images and videos are shown in the page, everything else is handed over as an attachment. A video that is not ready
    has no address, "": it is still as it was sent, with the place it was taken at.
    """
    if file.state not in (None, "ready"):
        return ""
    small = small and file.thumbnail_key is not None
    until = same_for_a_while(clock.now() + timedelta(seconds=expires), _WINDOW)
    return storage().signed_url(
        file.thumbnail_key if small and file.thumbnail_key else file.key,
        until=until,
        media_type="image/webp" if small else file.content_type,
        name=file.label or "file",
        inline=small or file.kind in ("image", "video"),
    )


@template_global
def file_url(file: File, small: bool = False) -> str:
    """What templates write into src and href; good for at least twenty minutes, of a video for two hours: it is asked for
    when somebody plays it, which may be long after the page was fetched."""
    return signed_url(file, 7200 if file.kind == "video" else 1200, small=small)
