"""Files in a folder. Addresses are tokens signed here and opened again by the page that serves them."""

import asyncio
import base64
import hmac
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from app.gateways.storage import FileMissing, checked

_PIECE = 256 * 1024


class BadToken(Exception):
    """The address was never signed here, or its time has passed."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a signed address allows: this key, served this way."""

    key: str
    media_type: str
    name: str
    inline: bool


class LocalStorage:
    """A folder of this machine; every path is built from a checked key, so none leads out of it."""

    origin = ""

    def __init__(self, folder: Path, *, secret: str, prefix: str = "/files/") -> None:
        self._folder = folder
        self._prefix = prefix
        self._secret = hmac.digest(secret.encode(), b"torqueline file addresses", "sha256")

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)

    async def put(self, key: str, source: bytes | BinaryIO, *, media_type: str) -> None:
        """Store `source` whole or not at all. `media_type` is kept by whoever keeps the key."""
        await asyncio.to_thread(self._put, self._path(key), source)

    def _put(self, path: Path, source: bytes | BinaryIO) -> None:
        draft = self._folder / "incoming" / uuid4().hex
        draft.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as out:
                if isinstance(source, bytes):
                    out.write(source)
                else:
                    shutil.copyfileobj(source, out, _PIECE)
                out.flush()
                os.fsync(out.fileno())
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        # The rename itself must survive a power cut before the row that names the key is committed.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    async def get(self, key: str) -> bytes:
        """All bytes under `key`. Raises FileMissing."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except OSError as error:
            raise FileMissing(key) from error

    async def stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, in pieces of 256 KiB. Raises FileMissing."""
        try:
            file = await asyncio.to_thread(self._path(key).open, "rb")
        except OSError as error:
            raise FileMissing(key) from error
        try:
            file.seek(start)
            left = length
            while piece := await asyncio.to_thread(file.read, _PIECE if left is None else min(_PIECE, left)):
                yield piece
                if left is not None:
                    left -= len(piece)
        finally:
            file.close()

    async def size(self, key: str) -> int:
        """How many bytes are under `key`. Raises FileMissing."""
        try:
            return (await asyncio.to_thread(self._path(key).stat)).st_size
        except OSError as error:
            raise FileMissing(key) from error

    async def delete(self, key: str) -> None:
        """Forget a key; a missing one is no error."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def keys(self, folder: str) -> list[str]:
        """What lies directly in a folder of few and small files, sorted."""
        path = self._path(folder)
        names = await asyncio.to_thread(
            lambda: [one.name for one in path.iterdir() if one.is_file()] if path.is_dir() else []
        )
        return sorted(checked(f"{folder}/{name}") for name in names)

    async def probe(self) -> None:
        """Raise when the folder cannot be written to."""
        key = f"probe/{uuid4().hex}"
        await self.put(key, b"probe", media_type="text/plain")
        await self.delete(key)

    def signed_url(self, key: str, *, until: datetime, media_type: str, name: str, inline: bool) -> str:
        """The path of the page that serves this file until `until`."""
        claim = json.dumps([checked(key), int(until.timestamp()), media_type, name, int(inline)]).encode()
        return f"{self._prefix}{_text(claim)}.{_text(self._sign(claim))}"

    def open_token(self, token: str, *, at: datetime) -> Ticket:
        """What `token` allows at the moment `at`. Raises BadToken for a forged or expired one."""
        body, _, seal = token.partition(".")
        try:
            claim = _bytes(body)
            if not hmac.compare_digest(self._sign(claim), _bytes(seal)):
                raise BadToken
            key, until, media_type, name, inline = json.loads(claim)
        except (ValueError, TypeError) as error:
            raise BadToken from error
        if at >= datetime.fromtimestamp(until, UTC):
            raise BadToken
        return Ticket(checked(key), media_type, name, bool(inline))

    def _sign(self, claim: bytes) -> bytes:
        return hmac.digest(self._secret, claim, "sha256")[:20]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
