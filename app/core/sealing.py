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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.settings import settings

_ID = 4
_NONCE = 12
_TAG = 16


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


def is_current(sealed: bytes) -> bool:
    """Whether it was sealed with the present key."""
    return sealed[:_ID] == key_id(settings().secret_key)
