"""Access tokens of the JSON API. Claims only inform: permissions are read afresh from the database."""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter

from app.core import clock
from app.core.errors import SignInNeeded
from app.core.security import new_token
from app.settings import settings

LIFETIME = timedelta(minutes=15)
API_PREFIX = "tq_"
"""Programs' own tokens begin so: people and secret scanners know one when they see it."""


AUTH_TIME = "auth_time"
HEADERS = JWSRegistry({AUTH_TIME: HeaderParameter("When its person signed in", "int")})
"""It stands in the signed header: the claims are those the document names, and no more."""


class Claims(msgspec.Struct, frozen=True):
    """What an access token says."""

    user_id: UUID
    service_center_id: UUID | None
    issued_at: float
    proved_at: datetime | None
    """When its person showed who they are to get this very token; a refresh token shows nothing."""


def _keys() -> list[OctKey]:
    return [OctKey.import_key(key) for key in settings().secret_keys]


def issue_access_token(
    *,
    user_id: UUID,
    email: str,
    roles: list[dict[str, Any]],
    service_center_id: UUID | None,
    has_proved: bool,
) -> str:
    """A signed token (HS256), good for LIFETIME. `has_proved`: for a sign-in, not for a refresh."""
    now = clock.now()
    claims = {
        "user_id": str(user_id),
        "email": email,
        "roles": roles,
        "service_center_id": str(service_center_id) if service_center_id else None,
        "iat": now.timestamp(),
        "exp": int((now + LIFETIME).timestamp()),
    }
    header: dict[str, Any] = {"alg": "HS256", "typ": "JWT"}
    if has_proved:
        header[AUTH_TIME] = int(now.timestamp())
    return jwt.encode(header, claims, _keys()[0], registry=HEADERS)


def read_access_token(token: str) -> Claims:
    """Verify signature and expiry. Raises SignInNeeded."""
    try:
        read = _read(token)
        claims, proved = read.claims, read.header.get(AUTH_TIME)
        center = claims.get("service_center_id")
        if float(claims["exp"]) <= clock.now().timestamp():
            raise SignInNeeded
        return Claims(
            user_id=UUID(claims["user_id"]),
            service_center_id=UUID(center) if center else None,
            issued_at=float(claims["iat"]),
            proved_at=datetime.fromtimestamp(proved, UTC) if proved else None,
        )
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise SignInNeeded from error


def _read(token: str) -> jwt.Token:
    """A token that one of our keys has signed, now or before. Raises JoseError."""
    for key in _keys():
        try:
            return jwt.decode(token, key, algorithms=["HS256"], registry=HEADERS)
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
