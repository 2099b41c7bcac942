"""The issuer: configuration, keys, codes and ID tokens, as OpenID Connect Core 1.0 has them."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

CODE_LIFE = 60.0
TOKEN_LIFE = 300

LIES = ("alg", "aud", "azp", "exp", "iat", "iss", "kid", "nonce", "old", "signature", "sub")
"""What can be wrong with the next ID tokens: one knob, one lie."""


@dataclass(slots=True)
class Knobs:
    lie: str = ""
    delay: float = 0.0
    """Seconds before anything is answered to the site (browsers are served at once)."""
    status: int = 0
    """Answer every call of the site with this status."""
    claims: dict[str, Any] = field(default_factory=dict)
    """Added to every ID token; null takes one away."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request that has been found in order."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    mode: str


class TokenRefused(Exception):
    """The token endpoint says no: an error code of RFC 6749, section 5.2."""


class Issuer:
    def __init__(
        self, *, public_url: str, inner_url: str, client_id: str, client_secret: str, redirect_uris: list[str]
    ) -> None:
        self.public_url, self.inner_url = public_url, inner_url
        self.client_id, self._client_secret, self._redirect_uris = client_id, client_secret, redirect_uris
        self.knobs = Knobs()
        self._codes: dict[str, tuple[float, Asked, dict[str, Any]]] = {}
        self.rotate()

    def rotate(self) -> None:
        """New keys; what was signed with the old ones is worth nothing from now on."""
        self._key = _new_key()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.public_url,
            "authorization_endpoint": f"{self.public_url}/authorize",
            "token_endpoint": f"{self.inner_url}/token",
            "jwks_uri": f"{self.inner_url}/keys",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]}

    def asked(self, query: dict[str, str]) -> Asked:
        """Raises ValueError with words for whoever set the site up: nobody is sent to an unknown address."""
        if query.get("client_id") != self.client_id:
            raise ValueError("This client is not known here.")
        if query.get("redirect_uri") not in self._redirect_uris:
            raise ValueError("The site asks to be sent back to an address that is not registered here.")
        if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            raise ValueError("Only sign-in by code is known here (response_type=code, scope with openid).")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise ValueError("PKCE with S256 is required here.")
        return Asked(
            query["redirect_uri"],
            query.get("state", ""),
            query.get("nonce", ""),
            query["code_challenge"],
            "form_post" if query.get("response_mode") == "form_post" else "query",
        )

    def code_for(self, asked: Asked, claims: dict[str, Any]) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = (time.monotonic() + CODE_LIFE, asked, claims)
        return code

    def tokens(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """Raises TokenRefused."""
        if not self._is_client(form, authorization):
            raise TokenRefused("invalid_client")
        if form.get("grant_type") != "authorization_code":
            raise TokenRefused("unsupported_grant_type")
        ends, asked, claims = self._codes.pop(form.get("code", ""), (0.0, None, {}))
        if asked is None or ends < time.monotonic() or form.get("redirect_uri") != asked.redirect_uri:
            raise TokenRefused("invalid_grant")
        if not hmac.compare_digest(_challenge(form.get("code_verifier", "")), asked.challenge):
            raise TokenRefused("invalid_grant")
        return {
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "id_token": self._id_token(asked, claims),
        }

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        given = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            given = name, secret
        return hmac.compare_digest(
            ":".join(given).encode(), f"{self.client_id}:{self._client_secret}".encode()
        )

    def _id_token(self, asked: Asked, told: dict[str, Any]) -> str:
        now, lie = int(time.time()), self.knobs.lie
        claims = {
            "iss": self.public_url, "aud": self.client_id, "iat": now, "exp": now + TOKEN_LIFE,
            "nonce": asked.nonce, **told, **self.knobs.claims,
        }  # fmt: skip
        lies: dict[str, dict[str, Any]] = {
            "iss": {"iss": "https://issuer.invalid"},
            "aud": {"aud": "another-client"},
            "azp": {"aud": [self.client_id, "another-client"], "azp": "another-client"},
            "exp": {"exp": now - 3600},
            "iat": {"iat": now + 3600},
            "old": {"iat": now - 3600},
            "nonce": {"nonce": "another"},
            "sub": {"sub": None},
        }
        claims |= lies.get(lie, {})
        claims = {name: value for name, value in claims.items() if value is not None}
        if lie == "alg":
            return ".".join(_b64(part) for part in (b'{"alg":"none"}', _json(claims), b""))
        key = _new_key() if lie in ("kid", "signature") else self._key
        kid = key.kid if lie == "kid" else self._key.kid
        return jwt.encode({"alg": "RS256", "kid": str(kid)}, claims, key)


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def _challenge(verifier: str) -> str:
    return _b64(hashlib.sha256(verifier.encode()).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _json(value: object) -> bytes:

    return json.dumps(value).encode()
