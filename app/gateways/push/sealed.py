"""A message that one browser can read and nobody on the way: RFC 8291 on top of RFC 8188, in a single record."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.gateways.push import LARGEST_PAYLOAD, NotASubscription, PushTooLarge, Subscription

RECORD = 4096
AUTH = 16


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key_of(subscription: Subscription) -> ec.EllipticCurvePublicKey:
    """The browser's key. Raises NotASubscription when it is no point of the curve, or its secret has another length."""
    if len(subscription.auth) != AUTH or len(subscription.p256dh) != 65:
        raise NotASubscription("keys of another length")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.p256dh)
    except ValueError as wrong:
        raise NotASubscription("not a point of P-256") from wrong


def sealed_for(
    subscription: Subscription,
    payload: bytes,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a push message. `key` and `salt` are fresh for each; the RFC's example gives its own. Raises
    PushTooLarge, NotASubscription."""
    if len(payload) > LARGEST_PAYLOAD:
        raise PushTooLarge(f"{len(payload)} bytes")
    theirs = public_key_of(subscription)
    ours = key or ec.generate_private_key(ec.SECP256R1())
    salt = salt or secrets.token_bytes(16)
    point = point_of(ours.public_key())
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _derived(shared, subscription.auth, b"WebPush: info\0" + subscription.p256dh + point, 32)
    content_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(point)]) + point
    return header + AESGCM(content_key).encrypt(nonce, payload + b"\x02", None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
