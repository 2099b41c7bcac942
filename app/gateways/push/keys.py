"""How keys are written for web push. Light enough for the settings to look at one."""

import base64

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: a private key is a number between 0 and this."""


def as_base64(plain: bytes) -> str:
    """base64url without padding, as everything about web push is written."""
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """The bytes of base64url, padded or not. Raises ValueError."""
    bare = text.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)


def scalar_of(text: str) -> int:
    """A VAPID key: 32 bytes in base64url, as the usual generators write it. Raises ValueError."""
    plain = from_base64(text)
    number = int.from_bytes(plain, "big")
    if len(plain) != 32 or not 0 < number < ORDER:
        raise ValueError("a key is 32 bytes, and not all of them make one")
    return number
