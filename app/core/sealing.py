"""Small secrets that must rest in the database for a while, sealed with a key that is not in it.

A seal begins with the id of its key, so that SECRET_KEY can be changed: seals of a key in SECRET_KEYS_BEFORE still open,
and `torqueline rotate-secrets` makes them anew with the present one. A column of seals says so in the model:
`info=sealed_for(PURPOSE)`.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.settings import settings

_ID = 4
_NONCE = 12
_TAG = 16
_SALT = 32
_PIECE = 64 * 1024


def sealed_for(purpose: str) -> dict[str, str]:
    """What a model says of a column whose bytes are seals of one purpose, to be made anew with a new key."""
    return {"sealed": purpose}


def key_id(secret_key: str) -> bytes:
    """Four bytes that name a key and tell nothing of it."""
    return hashlib.sha256(b"key id " + secret_key.encode()).digest()[:_ID]


def _cipher(secret_key: str, purpose: str) -> AESGCM:
    return AESGCM(hmac.digest(secret_key.encode(), f"seal:{purpose}".encode(), "sha256"))


def seal(purpose: str, text: str) -> bytes:
    """`text` under AES-256-GCM with a key of its purpose, made from SECRET_KEY, behind that key's id."""
    key, nonce = settings().secret_key, secrets.token_bytes(_NONCE)
    return key_id(key) + nonce + _cipher(key, purpose).encrypt(nonce, text.encode(), purpose.encode())


def unseal(purpose: str, sealed: bytes) -> str:
    """The text of `seal`. Raises ValueError when it was sealed for another purpose, with a key that is not ours, or
    changed."""
    if len(sealed) >= _ID + _NONCE + _TAG:
        nonce, body = sealed[_ID : _ID + _NONCE], sealed[_ID + _NONCE :]
        for key in settings().secret_keys:
            if sealed[:_ID] == key_id(key):
                try:
                    return _cipher(key, purpose).decrypt(nonce, body, purpose.encode()).decode()
                except InvalidTag:
                    continue
    for key in settings().secret_keys:  # seals of before their keys had ids
        with contextlib.suppress(InvalidTag, ValueError):
            nonce, body = sealed[:_NONCE], sealed[_NONCE:]
            return _cipher(key, purpose).decrypt(nonce, body, purpose.encode()).decode()
    raise ValueError("not sealed here")


def new_key() -> str:
    """A key of its own for whoever's texts are to go with it; it rests sealed itself."""
    return secrets.token_hex(32)


def seal_with(key: str, text: str) -> str:
    """`text` under AES-256-GCM with a key of `new_key`, to stand in JSON."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = nonce + AESGCM(bytes.fromhex(key)).encrypt(nonce, text.encode(), None)
    return base64.b64encode(sealed).decode()


def unseal_with(key: str, sealed: str) -> str:
    """The text of `seal_with`. Raises ValueError when the key is another's or the seal was changed."""
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(bytes.fromhex(key)).decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
    except InvalidTag:
        raise ValueError("not sealed with this key") from None


def seal_file(key: str, source: BinaryIO, target: BinaryIO) -> None:
    """Write `source` into `target`, sealed piece by piece with a key of `new_key`; a piece that is changed, moved or
    missing is noticed. Each file has a key of its own, made from that one and its first bytes."""
    salt = secrets.token_bytes(_SALT)
    cipher = _file_cipher(key, salt)
    target.write(salt)
    count, piece = 0, source.read(_PIECE)
    while True:
        following = source.read(_PIECE)
        target.write(cipher.encrypt(_place(count, is_last=not following), piece, None))
        if not following:
            return
        count, piece = count + 1, following


async def unseal_file(key: str, sealed: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The bytes of a file of `seal_file`, however it is cut. Raises ValueError at the first piece that is not as it was."""
    held = bytearray()
    cipher, count, whole = None, 0, _PIECE + _TAG
    async with contextlib.aclosing(_with_end(sealed)) as pieces:
        async for piece, is_end in pieces:
            held += piece
            if cipher is None and len(held) >= _SALT:
                cipher = _file_cipher(key, bytes(held[:_SALT]))
                del held[:_SALT]
            while cipher and (len(held) > whole or is_end):
                is_last = len(held) <= whole
                try:
                    yield cipher.decrypt(_place(count, is_last=is_last), bytes(held[:whole]), None)
                except InvalidTag:
                    raise ValueError("not sealed with this key") from None
                del held[:whole]
                count += 1
                if is_last:
                    return
    raise ValueError("not a sealed file")


async def _with_end(pieces: AsyncIterator[bytes]) -> AsyncGenerator[tuple[bytes, bool]]:
    async for piece in pieces:
        yield piece, False
    yield b"", True


def _file_cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(bytes.fromhex(key), salt, "sha256"))


def _place(count: int, *, is_last: bool) -> bytes:
    return count.to_bytes(_NONCE - 1, "big") + bytes([is_last])


def is_current(sealed: bytes) -> bool:
    """Whether it was sealed with the present key."""
    return sealed[:_ID] == key_id(settings().secret_key)
