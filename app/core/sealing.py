"""Small secrets that must rest in the database for a while, sealed with a key that is not in it."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.settings import settings

_NONCE = 12


def _cipher(purpose: str) -> AESGCM:
    return AESGCM(hmac.digest(settings().secret_key.encode(), f"seal:{purpose}".encode(), "sha256"))


def seal(purpose: str, text: str) -> bytes:
    """`text` under AES-256-GCM with a key of its purpose, made from SECRET_KEY."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(purpose).encrypt(nonce, text.encode(), purpose.encode())


def unseal(purpose: str, sealed: bytes) -> str:
    """The text of `seal`. Raises ValueError when it was sealed for another purpose, with another key, or changed."""
    try:
        return _cipher(purpose).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode()).decode()
    except InvalidTag as error:
        raise ValueError("not sealed here") from error
