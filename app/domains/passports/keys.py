"""The site's key for passports: Ed25519, made from SECRET_KEY for this purpose alone."""

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.domains.passports.document import b64, unb64
from app.settings import settings

Keys = dict[str, Ed25519PublicKey]
"""Public keys by their id."""


def _private(secret_key: str) -> Ed25519PrivateKey:
    seed = hmac.digest(secret_key.encode(), b"sign:vehicle passport", "sha256")
    return Ed25519PrivateKey.from_private_bytes(seed)


def id_of(key: Ed25519PublicKey) -> str:
    """What a key is called: the beginning of its hash, so that a name fits one key only."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def present() -> tuple[str, Ed25519PrivateKey]:
    """The key that signs now, with its id."""
    key = _private(settings().secret_key)
    return id_of(key.public_key()), key


def ours() -> Keys:
    """Every key a passport of this site may be signed with."""
    made = [_private(one).public_key() for one in settings().secret_keys]
    before = [Ed25519PublicKey.from_public_bytes(unb64(one)) for one in settings().passport_keys_before]
    return {id_of(one): one for one in (*made, *before)}


def published() -> dict[str, Any]:
    """The public keys as a JSON Web Key Set (RFC 8037)."""
    return {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": name, "x": b64(key.public_bytes_raw())}
            for name, key in ours().items()
        ]
    }


def read_set(said: Any) -> Keys:
    """The keys of a published set. Raises ValueError when it is none."""
    try:
        found = [
            Ed25519PublicKey.from_public_bytes(unb64(one["x"]))
            for one in said["keys"]
            if one["crv"] == "Ed25519"
        ]
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError("not a set of keys") from wrong
    return {id_of(one): one for one in found}
