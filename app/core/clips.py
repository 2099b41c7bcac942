"""Untrusted videos become our own: stored as sent and shown to nobody, then decoded in a capped process of the worker and
written anew.

What leaves here is an MP4 that every browser plays (H.264 and AAC, at most 720 pixels on its short side), and a still
picture, upright, without the place, the device, or anything else that travelled in the file.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast
from uuid import UUID

import structlog
from litestar.datastructures import UploadFile
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files, uploads
from app.core.clip_press import LONGEST_SECONDS
from app.core.db import new_id, transaction
from app.core.errors import Invalid
from app.core.events import Event, Heard, record
from app.core.live import Ring
from app.core.relay import Later, slow
from app.core.render import template_global
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.gateways.storage import new_key

log = structlog.get_logger()

PRESS = Path(__file__).with_name("clip_press.py")
WAIT_SECONDS = 600.0
AT_ONCE: Final = 1
"""Videos a worker prepares at a time: one takes a processor, and mails must go out meanwhile."""
LARGEST_BODY = uploads.LARGEST_VIDEO + 40 * 1024 * 1024
"""What a form with a video may have: some more, so that a video that is too large is refused in words."""

GIVEN_UP: Final = "given_up"
"""In place of a reason, of a video that has no fault we know of and could not be prepared however often. It stays as it was sent:
an administrator may have it tried again."""

Reason = Literal["unreadable", "no_picture", "too_long", "pixels", "cut_short", "too_much"]


class ClipRefused(Exception):
    """The bytes are no video we take. `reason` says why; `why_refused` has the words."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Clip:
    """A video we made ourselves, and the picture that stands for it: two files of a folder that will go."""

    film: Path
    still: Path
    width: int
    height: int
    seconds: int


class ClipReceived(Event, frozen=True, kw_only=True):
    """A video was stored as it was sent and waits to be prepared. `rings` are (topic, signal) of the pages that show it."""

    file_id: UUID
    rings: list[tuple[str, str]]


class ClipMoved(Event, frozen=True, kw_only=True):
    """The preparing of a video has come further, or to its end."""

    file_id: UUID
    state: str
    percent: int
    rings: list[tuple[str, str]]


def ring_where_shown(event: ClipMoved) -> list[Ring]:
    """The pages that were named when the video was received."""
    return [Ring(topic, signal) for topic, signal in event.rings]


async def receive(sent: object, *, by: Viewer, tenant: UUID | None, field: str = "clip") -> files.Kept:
    """Put a video, recognised by content, into the storage as it is; `sent` is what a form has in `field`. Raises Invalid
    with words for it, and Refused when a virus scanner is set up and gives no verdict.

    Takes no database connection; see `files.receive_images`. `files.keep` writes its row, `hand_over` has it prepared.
    """
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Invalid({field: _("Choose or record a video first.")})
    file = cast(BinaryIO, sent.file)
    try:
        uploads.must_not_be_too_large(file)
        await files.must_be_clean(file, sent.filename, by=by, field=field)
        seen = uploads.recognise(file, kind="video")
    except uploads.UploadRefused as error:
        raise Invalid({field: _why_not_taken(error.reason, sent.filename[:60])}) from error
    key = new_key(tenant, seen.extension, at=clock.now())
    digest = await asyncio.to_thread(hashlib.file_digest, cast(Any, file), "sha256")
    file.seek(0)
    await files.storage().put(key, file, media_type=seen.media_type)
    return files.Kept(
        id=new_id(),
        kind="video",
        key=key,
        thumbnail_key=None,
        media_type=seen.media_type,
        size=seen.size,
        sha256=digest.digest(),
        label=sent.filename[: files.LONGEST_LABEL],
    )


@contextlib.asynccontextmanager
async def receiving(
    sent: object, *, by: Viewer, tenant: UUID | None, field: str = "clip"
) -> AsyncIterator[files.Kept]:
    """`receive`, around the transaction that keeps its row. When that fails, what was sent does not stay behind: it says
    where it was taken."""
    received = await receive(sent, by=by, tenant=tenant, field=field)
    async with files.kept_or_gone([received], by=by, tenant=tenant):
        yield received


def _why_not_taken(reason: str, name: str) -> str:
    return {
        "empty": _("“%(name)s” is empty.", name=name),
        "too_large": _(
            "“%(name)s” is larger than %(most)s MB. Record a shorter one, or in a lower quality.",
            name=name,
            most=uploads.LARGEST_VIDEO // 1024 // 1024,
        ),
    }.get(reason, _("“%(name)s” is not a video we can read. Send an MP4, MOV, WebM or AVI.", name=name))


@template_global
def clip_limits() -> str:
    """What stands beside every field for a video."""
    return _(
        "Up to %(seconds)s seconds and %(most)s MB. It has sound. Where it was taken is removed.",
        seconds=LONGEST_SECONDS,
        most=uploads.LARGEST_VIDEO // 1024 // 1024,
    )


@template_global
def why_refused(file: File) -> str:
    """Why a video that was sent cannot be shown, and what to do."""
    return {
        GIVEN_UP: _("Something went wrong here; the video may be good. Send it again."),
        "no_picture": _("There is no picture in this video, only sound."),
        "too_long": _(
            "This video is longer than %(seconds)s seconds. Send a shorter one.", seconds=LONGEST_SECONDS
        ),
        "pixels": _("This video has more than 4K. Record it in a lower quality."),
        "cut_short": _("This video ends before it should: it did not arrive whole. Send it again."),
        "too_much": _("This video takes too much to be read. Record it in a lower quality."),
    }.get(file.refusal, _("This is not a video we can read. Record it again."))


async def hand_over(
    db: AsyncSession, file: File, *, by: Viewer, rings: Iterable[Ring], subject: UUID
) -> None:
    """Have the worker prepare a received video; pages that hear the `rings` follow how far it is."""
    event = ClipReceived(file_id=file.id, rings=[(ring.topic, ring.signal) for ring in rings])
    await record(db, event, by=by, tenant=file.tenant_id, person=file.user_id, subject=subject)


_busy: set[UUID] = set()


@slow
async def prepare(heard: Heard[ClipReceived]) -> None:
    """Reaction: write a received video anew. May be cut short anywhere and run again: until its end the row stays as it
    is, and what it stores always goes to the same places."""
    if len(_busy) >= AT_ONCE:
        raise Later
    _busy.add(heard.id)
    try:
        await _prepare(heard)
    finally:
        _busy.discard(heard.id)


async def _prepare(heard: Heard[ClipReceived]) -> None:
    file = await _waiting(heard)
    if file is None:  # taken off again, or prepared by a run that died before it could say so
        return
    key, still_key = files.prepared_keys(file.key)
    with tempfile.TemporaryDirectory(prefix="clip-") as folder:
        source = Path(folder) / "source"
        with source.open("wb") as out:
            async for piece in files.storage().stream(file.key):
                await asyncio.to_thread(out.write, piece)

        async def tell(percent: int) -> None:
            await _settle(heard, file, state="preparing", percent=percent)

        try:
            clip = await renew(source, Path(folder), file.content_type, tell)
        except ClipRefused as error:
            await _settle(heard, file, state="refused", refusal=error.reason)
            return
        with clip.film.open("rb") as film:
            digest = await asyncio.to_thread(hashlib.file_digest, film, "sha256")
            film.seek(0)
            await files.storage().put(key, film, media_type="video/mp4")
        await files.storage().put(still_key, clip.still.read_bytes(), media_type="image/webp")
        ready: dict[str, Any] = {
            "key": key,
            "thumbnail_key": still_key,
            "content_type": "video/mp4",
            "size": clip.film.stat().st_size,
            "sha256": digest.digest(),
            "width": clip.width,
            "height": clip.height,
            "seconds": clip.seconds,
            "percent": 100,
        }
        if not await _settle(heard, file, state="ready", **ready):
            await _leave_nothing(heard, file, (key, still_key))


async def give_up(heard: Heard[ClipReceived]) -> None:
    """Say on the pages that a video could not be prepared, after the last try."""
    if file := await _waiting(heard):
        await _settle(heard, file, state="preparing", refusal=GIVEN_UP)


prepare.given_up = give_up  # type: ignore[attr-defined]


async def _waiting(heard: Heard[ClipReceived]) -> File | None:
    async with transaction(tenant=heard.tenant_id) as db:
        waiting = (File.id == heard.event.file_id, File.state == "preparing")
        return cast(File | None, await db.scalar(select(File).where(*waiting)))


async def _leave_nothing(heard: Heard[ClipReceived], file: File, keys: Sequence[str]) -> None:
    """Take away what was made of a video that was taken off meanwhile. When another run was first, it lies in the same
    places, and is what is shown."""
    async with transaction(tenant=heard.tenant_id) as db:
        state = await db.scalar(select(File.state).where(File.id == file.id))
    if state != "ready":
        for key in keys:
            await files.storage().delete(key)


async def _settle(heard: Heard[ClipReceived], file: File, *, state: str, **values: Any) -> bool:
    """Write down what became of a video, unless it has gone meanwhile: False. At its end what was sent goes too."""
    async with transaction(tenant=heard.tenant_id) as db:
        mine = update(File).where(File.id == file.id, File.state == "preparing")
        values = {"refusal": "", **values}
        if not (await db.scalars(mine.values(state=state, **values).returning(File.id))).first():
            return False
        percent = values.get("percent", 0)
        moved = ClipMoved(file_id=file.id, state=state, percent=percent, rings=heard.event.rings)
        events: list[Event] = [moved]
        if state != "preparing":
            events.append(files.FileForgotten(keys=[file.key]))
        for event in events:
            await record(
                db, event, by=Viewer.system(), tenant=file.tenant_id, person=file.user_id, subject=file.id
            )
    return True


ENDED_BY_KERNEL = frozenset(
    -number
    for number in (
        signal.SIGKILL,
        signal.SIGXCPU,
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
    )
)
"""It grew or span, or a decoder fell over."""
DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-msvideo": "avi",
}


async def renew(source: Path, folder: Path, media_type: str, tell: Callable[[int], Awaitable[None]]) -> Clip:
    """Decode an untrusted video and write it anew into `folder`; `tell` hears how many percent are done. Raises
    ClipRefused.

    It is done in a child that may use neither more memory nor more time than `clip_press` allows. A child that the kernel
    ends was given a video made to burst it: that is refused, not tried again. RuntimeError when it ends otherwise.
    """
    film, still = folder / "clip.mp4", folder / "still.webp"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(PRESS),
        DEMUXERS[media_type],
        str(source),
        str(film),
        str(still),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LC_ALL": "C", "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")},  # none of our secrets
        start_new_session=True,  # Ctrl-C at a terminal ends the worker, which ends the child, and not both at once
    )
    said: dict[str, Any] = {}
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            async for said in _lines(cast(asyncio.StreamReader, child.stdout)):
                if "percent" in said:
                    await tell(int(said["percent"]))
            ended = await child.wait()
    except TimeoutError as error:
        raise ClipRefused("too_much") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if reason := said.get("refused"):
        raise ClipRefused(reason)
    if ended in ENDED_BY_KERNEL:
        raise ClipRefused("too_much")
    if ended or "width" not in said:  # no PyAV here, or somebody ended it: no fault of the video's
        raise RuntimeError(f"the press ended with {ended}")
    return Clip(film, still, said["width"], said["height"], said["seconds"])


async def _lines(answer: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    async for line in answer:
        yield json.loads(line)
