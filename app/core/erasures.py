"""Who was erased, by id, in the storage: where restoring an older copy of the database does not bring them back.

Each line is signed, so that nobody who can write into the storage has somebody erased. See docs/decisions/privacy.md.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from app.core import clock
from app.core.files import storage
from app.settings import settings

FOLDER = "erasures"

Kind = Literal["account", "customer"]
Again = Literal["erased", "waits", "is gone"]
"""What became of somebody who was to be erased once more."""


class Erasure(msgspec.Struct, frozen=True):
    """One account, or one shop's customer, that must not come back. It says nothing about who it was."""

    kind: Kind
    id: UUID
    tenant: UUID | None
    """The shop whose customer it was."""
    at: datetime
    signature: str = ""

    @property
    def is_ours(self) -> bool:
        """Signed with the secret key, or with one from before."""
        return any(
            # As bytes: a text beyond ASCII is not compared but raised at.
            hmac.compare_digest(self.signature.encode(), _signature(self, key).encode())
            for key in settings().secret_keys
        )

    @property
    def key(self) -> str:
        """Where it lies: noted twice, it is one."""
        return f"{FOLDER}/{self.kind}-{self.id}.json"


def _signature(one: Erasure, secret_key: str) -> str:
    key = hmac.digest(secret_key.encode(), b"erasure", "sha256")
    said = f"{one.kind} {one.id} {one.tenant} {one.at.isoformat()}"
    return hmac.new(key, said.encode(), "sha256").hexdigest()


async def note(kind: Kind, one: UUID, *, tenant: UUID | None = None, at: datetime | None = None) -> None:
    """Put an erasure onto the list."""
    await _put(Erasure(kind, one, tenant, at or clock.now()))


async def _put(one: Erasure) -> None:
    signed = msgspec.structs.replace(one, signature=_signature(one, settings().secret_key))
    await storage().put(signed.key, msgspec.json.encode(signed), media_type="application/json")


async def sign_anew() -> int:
    """Sign lines of a key from before with the present one; how many. What is not ours stays as it is."""
    now = settings().secret_key
    ours, _others = await listed()
    older = [one for one in ours if one.signature != _signature(one, now)]
    for one in older:
        await _put(one)
    return len(older)


async def listed() -> tuple[list[Erasure], int]:
    """What is on the list, and how many lines there are not ours. As `ours_of`."""
    return ours_of([await storage().get(key) for key in await storage().keys(FOLDER)])


def ours_of(lines: Sequence[bytes]) -> tuple[list[Erasure], int]:
    """The lines that carry our signature, as they are kept and printed, and how many others there are: whoever can
    write a line that is none must not keep the rest from being read."""
    ours = [one for line in lines if (one := _read(line)) is not None and one.is_ours]
    return ours, len(lines) - len(ours)


def _read(line: bytes) -> Erasure | None:
    try:
        return msgspec.json.decode(line, type=Erasure)
    except (ValueError, RecursionError):
        return None
