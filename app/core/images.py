"""Untrusted images become our own: recognised by content, decoded in a capped process, written anew.

What leaves here is a JPEG of at most 2048 pixels a side and a WebP of at most 480, upright, without EXIF,
GPS, colour profile or anything else that travelled in the file.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

LARGEST_IMAGE = 20 * 1024 * 1024
PRESS = Path(__file__).with_name("image_press.py")
PAPER_PRESS = Path(__file__).with_name("paper_press.py")
WAIT_SECONDS = 15.0

Format = Literal["jpeg", "png", "webp"]
Reason = Literal["empty", "too_large", "not_an_image", "pixels", "unreadable"]

_places: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


class ImageRefused(Exception):
    """The bytes are no image we take. `reason` says why; the words for the user are chosen by the caller."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """An image we made ourselves: `full` is a JPEG, `thumb` a WebP."""

    full: bytes
    thumb: bytes
    width: int
    height: int
    thumb_width: int
    thumb_height: int


def recognise(head: bytes) -> Format | None:
    """The format by the first 16 bytes, whatever the file is called."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


async def renew(raw: bytes) -> Picture:
    """Decode an untrusted image and write it anew. Raises ImageRefused.

    At most two images are decoded at once per process; each in a child of its own that may use neither more
    memory nor more processor time than `image_press` allows, so this costs about a fifth of a second more
    than decoding in place and cannot take the server down.
    """
    if not raw:
        raise ImageRefused("empty")
    if len(raw) > LARGEST_IMAGE:
        raise ImageRefused("too_large")
    if recognise(raw[:16]) is None:
        raise ImageRefused("not_an_image")
    try:
        async with _place():
            answer = await _press(PRESS, given=raw)
    except TimeoutError as error:
        raise ImageRefused("pixels") from error
    line, _, body = answer.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError as error:  # the kernel ended the child: it grew or span
        raise ImageRefused("pixels") from error
    if reason := said.get("refused"):
        raise ImageRefused(reason)
    full, thumb = body[: said["full"]], body[said["full"] :]
    if len(thumb) != said["thumb"]:
        raise ImageRefused("unreadable")
    return Picture(full, thumb, *said["size"], *said["thumb_size"])


async def first_page(pdf: BinaryIO) -> bytes | None:
    """A WebP of an untrusted PDF's first page, at most 1200 pixels a side; None where there is none to be drawn, as of one
    that is damaged or has a password. Drawn as `renew` decodes: capped, two at a time, in about a fifth of a second."""
    with tempfile.TemporaryDirectory(prefix="paper-") as folder:
        await asyncio.to_thread(_copy, pdf, Path(folder) / "paper.pdf")
        try:
            async with _place():
                answer = await _press(PAPER_PRESS, folder)
        except TimeoutError:
            return None
    return answer if recognise(answer[:16]) == "webp" else None


def _copy(file: BinaryIO, to: Path) -> None:
    file.seek(0)
    with to.open("wb") as out:
        shutil.copyfileobj(file, out)
    file.seek(0)


async def _press(script: Path, *words: str, given: bytes = b"") -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(script),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # None of our secrets. A thread for each processor would count against the child's memory.
        env={
            "LC_ALL": "C",
            "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
            "RAYON_NUM_THREADS": "1",
        },
    )
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            answer, _ = await child.communicate(given)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return answer


def _place() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    for gone in [known for known in _places if known.is_closed()]:
        del _places[gone]
    return _places.setdefault(loop, asyncio.Semaphore(2))
