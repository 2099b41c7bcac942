"""An ID token and every test it must stand (OpenID Connect Core 1.0, section 3.1.3.7)."""

import re
import time
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from . import Provider, SignOnFailed

ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
"""Signatures with a key pair only. "none" and those with a shared secret are no proof of who wrote the token."""
LEEWAY = 60
"""Seconds that our clocks may differ."""
OLDEST = 600
"""Seconds since the token was made; it is made for the sign-in that is under way."""

_TENANT = re.compile(r"[0-9a-fA-F-]{36}")


class UnknownKey(Exception):
    """The token names a key that is not among the given ones."""


def claims_of(token: str, keys: KeySet, provider: Provider, nonce: str) -> dict[str, Any]:
    """The claims of a token that is genuine, fresh, for us and for this very sign-in.

    Raises SignOnFailed, UnknownKey.
    """
    try:
        read = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, ValueError) as error:
        raise SignOnFailed("forged", f"id token: {type(error).__name__}") from error
    claims, now = read.claims, time.time()
    tests = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": _issuer(provider, claims)},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        tests.validate(claims)
    except JoseError as error:
        claim = getattr(error, "claim", "")
        raise SignOnFailed("forged", f"id token: {type(error).__name__} {claim}".rstrip()) from error
    if claims["iat"] < now - OLDEST - LEEWAY:
        raise SignOnFailed("forged", "id token: old")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else provider.client_id) != provider.client_id:
        raise SignOnFailed("forged", "id token: azp")
    if not 0 < len(claims["sub"]) <= 255:
        raise SignOnFailed("forged", "id token: sub")
    return dict(claims)


def _issuer(provider: Provider, claims: dict[str, Any]) -> str:
    """The issuer that the token must name: with tenants, that of the tenant it says it is from."""
    if not provider.has_tenants:
        return provider.issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
        raise SignOnFailed("forged", "id token: tid")
    return provider.issuer.replace("{tenantid}", tenant)
