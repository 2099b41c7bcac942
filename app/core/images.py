"""Untrusted images become our own: recognised by content, decoded in a capped process, written anew.

What leaves here is a JPEG of at most 2048 pixels a side and a WebP of at most 480, upright, without EXIF,
GPS, colour profile or anything else that travelled in the file.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LARGEST_IMAGE = 20 * 1024 * 1024
PRESS = Path(__file__).with_name("image_press.py")
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
    async with _place():
        answer = await _press(raw)
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


async def _press(raw: bytes) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(PRESS),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LC_ALL": "C", "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")},  # none of our secrets
    )
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            answer, _ = await child.communicate(raw)
    except TimeoutError as error:
        raise ImageRefused("pixels") from error
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
