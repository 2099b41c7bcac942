"""OpenID Connect: discovery, the authorization code flow with PKCE, and an ID token that must stand every test."""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key

from . import Handshake, Introduction, Provider, SignOnFailed
from .client_secret import made_secret
from .configured import is_confidential
from .id_token import UnknownKey, claims_of
from .wire import calling, document, redeem

KEPT = 3600.0
"""Seconds that a provider's configuration and keys are believed; a key we do not know is asked for at once."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(slots=True)
class _Known:
    """What was read from a provider, and when (monotonic seconds)."""

    configuration: dict[str, Any]
    read_at: float
    keys: dict[str, Any] = field(default_factory=dict)
    keys_read_at: float = 0.0


_known: dict[tuple[str, str], _Known] = {}


class OpenID:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def address(self, handshake: Handshake, redirect_uri: str) -> str:
        """Where to send the browser. Raises SignOnFailed."""
        async with calling(self._provider, redirect_uri) as client:
            known = await self._configuration(client)
            more = {"response_mode": "form_post"} if self._provider.has_form_post else {}
            url, _state = client.create_authorization_url(
                known.configuration["authorization_endpoint"],
                state=handshake.state,
                nonce=handshake.nonce,
                code_verifier=handshake.verifier,
                **more,
            )
            return str(url)

    async def introduction(self, code: str, handshake: Handshake, redirect_uri: str) -> Introduction:
        """Whom the code of the returning browser stands for. Raises SignOnFailed."""
        provider = self._provider
        async with calling(provider) as client:
            known = await self._configuration(client)
        methods = known.configuration.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        secret = made_secret(provider, time.time()) if provider.key else provider.client_secret
        async with calling(provider, redirect_uri, secret=secret, method=method) as client:
            tokens = await redeem(client, known.configuration["token_endpoint"], code, handshake.verifier)
            claims = await self._checked(client, known, str(tokens.get("id_token", "")), handshake.nonce)
            if "email" not in claims and "userinfo_endpoint" in known.configuration:
                claims = await self._with_address(client, known, claims, str(tokens.get("access_token", "")))
        return _introduction(claims)

    async def _configuration(self, client: Any) -> _Known:
        provider = self._provider
        at = provider.discovery or f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        known = _known.get((provider.issuer, at))
        if known and time.monotonic() - known.read_at < KEPT:
            return known
        read = await document(client, at)
        if not isinstance(read, dict) or read.get("issuer") != provider.issuer:
            raise SignOnFailed("forged", "a configuration of another issuer")
        if not all(isinstance(read.get(one), str) and is_confidential(read[one]) for one in ENDPOINTS):
            raise SignOnFailed("unavailable", "a configuration without safe endpoints")
        _known[provider.issuer, at] = known = _Known(read, time.monotonic())
        return known

    async def _keys(self, client: Any, known: _Known, *, anew: bool = False) -> KeySet:
        if anew or not known.keys or time.monotonic() - known.keys_read_at > KEPT:
            read = await document(client, known.configuration["jwks_uri"])
            if not isinstance(read, dict) or not isinstance(read.get("keys"), list):
                raise SignOnFailed("unavailable", "no keys")
            known.keys, known.keys_read_at = read, time.monotonic()
        return _usable(known.keys["keys"])

    async def _checked(self, client: Any, known: _Known, token: str, nonce: str) -> dict[str, Any]:
        keys = await self._keys(client, known)
        try:
            return claims_of(token, keys, self._provider, nonce)
        except UnknownKey:  # the provider has changed its keys since
            keys = await self._keys(client, known, anew=True)
        try:
            return claims_of(token, keys, self._provider, nonce)
        except UnknownKey as error:
            raise SignOnFailed("forged", "signed with an unknown key") from error

    async def _with_address(
        self, client: Any, known: _Known, claims: dict[str, Any], access_token: str
    ) -> dict[str, Any]:
        """Some providers tell the address only here. It must speak of the same person."""
        headers = {"Authorization": f"Bearer {access_token}"}
        told = await document(client, known.configuration["userinfo_endpoint"], headers=headers)
        if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
            raise SignOnFailed("forged", "facts about somebody else")
        return {**told, **claims}


def _usable(keys: list[Any]) -> KeySet:
    """A key of a kind we do not know must not hide the others, and no shared secret may pass for a public key."""
    found: list[Key] = []
    for one in keys:
        with contextlib.suppress(JoseError, ValueError, TypeError, AttributeError):
            if one.get("kty") in ("RSA", "EC", "OKP"):
                found.append(import_key(one))
    return KeySet(found)


def _introduction(claims: dict[str, Any]) -> Introduction:
    # Apple writes "true"; Microsoft says xms_edov where it has seen who owns the address's domain.
    verified = {str(claims.get(one, "")).lower() for one in ("email_verified", "xms_edov")}
    return Introduction(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=str(claims.get("email") or "").strip(),
        is_email_verified=bool(verified & {"true", "1"}),
        name=str(claims.get("name") or "").strip(),
    )
