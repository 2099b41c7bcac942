"""Where files live: a folder of this machine, or a bucket that speaks S3. One small protocol for both.

Keys are made by the server (`new_key`) and never carry anything a person typed; the name a person gave to a
file travels beside it and only ever reaches a `Content-Disposition` header.
"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID, uuid4

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)*(?:\.[a-z0-9]{1,8})?")
_LONGEST_KEY = 200
_LONGEST_NAME = 120
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class FileMissing(Exception):
    """There is nothing under this key."""


class Storage(Protocol):
    """Keeps bytes under server-made keys. Every method raises ValueError for a key nobody here made."""

    origin: str
    """Scheme and host that `signed_url` points at; empty when it is our own."""

    async def put(self, key: str, source: bytes | BinaryIO, *, media_type: str) -> None:
        """Store `source` whole or not at all; an existing key is replaced."""

    async def get(self, key: str) -> bytes:
        """All bytes of a small file. Raises FileMissing."""

    def stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, in pieces. Raises FileMissing at the first piece."""

    async def delete(self, key: str) -> None:
        """Forget a key; a missing one is no error."""

    async def keys(self, folder: str) -> list[str]:
        """What lies directly in a folder of few and small files, sorted."""

    def signed_url(self, key: str, *, until: datetime, media_type: str, name: str, inline: bool) -> str:
        """An address that answers with the file until `until`, and with 403 afterwards."""

    async def probe(self) -> None:
        """Raise when the store cannot be reached or written to."""


def new_key(owner: UUID | None, extension: str, *, at: datetime) -> str:
    """A key like `0192…/2026/11/7f3c….jpg`; unguessable, sorted by owner and month."""
    return f"{owner or 'shared'}/{at:%Y/%m}/{uuid4().hex}.{extension}"


def checked(key: str) -> str:
    """The key itself. Raises ValueError unless it has the only shape `new_key` makes."""
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError("not a storage key")
    return key


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition header (RFC 6266) that no file name can break out of or disguise itself in."""
    clean = _INVISIBLE.sub("", name).replace("/", "_").replace("\\", "_").strip(". ") or "file"
    stem, dot, extension = clean.rpartition(".")
    if dot and len(extension) <= 8:
        clean = f"{stem[: _LONGEST_NAME - len(extension) - 1]}.{extension}"
    clean = clean[:_LONGEST_NAME]
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", clean)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


def same_for_a_while(at: datetime, window: timedelta) -> datetime:
    """`at`, rounded up to the end of its window: addresses signed again within one window stay equal, so that
    a fragment fetched anew does not make the browser load every photo again."""
    seconds = window.total_seconds()
    return datetime.fromtimestamp((at.timestamp() // seconds + 1) * seconds, UTC)


def open_storage(url: str, *, secret: str) -> Storage:
    """The store at `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`. Else ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        from app.gateways.storage.local import LocalStorage

        return LocalStorage(Path(unquote(parts.path)), secret=secret)
    if parts.scheme == "s3" and parts.hostname:
        from app.gateways.storage.s3 import S3Storage

        return S3Storage.at(url)
    raise ValueError(f"cannot store files at {url!r}")
