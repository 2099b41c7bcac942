"""Access tokens of the JSON API. Claims only inform: permissions are read afresh from the database."""

import zlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OctKey

from app.core import clock
from app.core.errors import SignInNeeded
from app.core.security import new_token
from app.settings import settings

LIFETIME = timedelta(minutes=15)
API_PREFIX = "tq_"
"""Programs' own tokens begin so: people and secret scanners know one when they see it."""


class Claims(msgspec.Struct, frozen=True):
    """What an access token says."""

    user_id: UUID
    service_center_id: UUID | None
    issued_at: float
    family_id: UUID
    """The sign-in it descends from: it ends with it."""


def _keys() -> list[OctKey]:
    return [OctKey.import_key(key) for key in settings().secret_keys]


def issue_access_token(
    *, user_id: UUID, email: str, roles: list[dict[str, Any]], service_center_id: UUID | None, family_id: UUID
) -> tuple[str, datetime]:
    """A signed token (HS256) and the moment it expires."""
    now = clock.now()
    expires = now + LIFETIME
    claims = {
        "user_id": str(user_id),
        "email": email,
        "roles": roles,
        "service_center_id": str(service_center_id) if service_center_id else None,
        "iat": now.timestamp(),
        "exp": int(expires.timestamp()),
        "sid": str(family_id),
    }
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _keys()[0]), expires


def read_access_token(token: str) -> Claims:
    """Verify signature and expiry. Raises SignInNeeded."""
    try:
        claims = _claims(token)
        center = claims.get("service_center_id")
        if float(claims["exp"]) <= clock.now().timestamp():
            raise SignInNeeded
        return Claims(
            user_id=UUID(claims["user_id"]),
            service_center_id=UUID(center) if center else None,
            issued_at=float(claims["iat"]),
            family_id=UUID(claims["sid"]),
        )
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise SignInNeeded from error


def _claims(token: str) -> dict[str, Any]:
    """What a token says that one of our keys has signed, now or before. Raises JoseError."""
    for key in _keys():
        try:
            return jwt.decode(token, key, algorithms=["HS256"]).claims
        except BadSignatureError as error:
            bad = error
    raise bad


def new_api_token() -> str:
    """`tq_`, 256 random bits, and eight digits that let a mistyped or cut token be known without a look-up."""
    body = API_PREFIX + new_token()
    return f"{body}{zlib.crc32(body.encode()):08x}"


def is_whole(token: str) -> bool:
    """Whether it has the form of `new_api_token`."""
    body, digits = token[:-8], token[-8:]
    return body.startswith(API_PREFIX) and f"{zlib.crc32(body.encode()):08x}" == digits


def as_timestamp(text: str) -> float:
    """Seconds since the epoch of an ISO moment out of the database."""
    return datetime.fromisoformat(text).timestamp()
