"""Calls to a provider: five seconds in all, no redirects followed, nothing endless read."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

from . import Provider, SignOnFailed

PATIENCE = 5.0
LARGEST = 1024 * 1024


@asynccontextmanager
async def calling(
    provider: Provider, redirect_uri: str = "", *, secret: str = "", method: str = "client_secret_basic"
) -> AsyncIterator[AsyncOAuth2Client]:
    """A client for one step of the handshake. What goes wrong on the way is raised as SignOnFailed."""
    at_home = urlsplit(provider.issuer).hostname in ("localhost", "127.0.0.1", "::1")
    client = AsyncOAuth2Client(
        provider.client_id,
        secret,
        redirect_uri=redirect_uri,
        scope=provider.scope,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
        timeout=PATIENCE,
        follow_redirects=False,
        trust_env=not at_home,  # a proxy is for the way out
        verify=_trusted(),
    )
    try:
        async with asyncio.timeout(PATIENCE), client:
            yield client
    except TimeoutError as error:
        raise SignOnFailed("unavailable", "no answer within 5 s") from error
    except httpx2.HTTPError as error:
        raise SignOnFailed("unavailable", type(error).__name__) from error


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; read once, for reading them takes longer than a handshake."""
    return httpx2.create_ssl_context()


async def document(client: AsyncOAuth2Client, url: str, **options: Any) -> Any:
    """The JSON at an address. Raises SignOnFailed."""
    async with client.stream("GET", url, **{"withhold_token": True, **options}) as answer:
        if answer.status_code != 200:
            raise SignOnFailed("unavailable", f"status {answer.status_code}")
        body = bytearray()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > LARGEST:
                raise SignOnFailed("unavailable", "an endless answer")
    try:
        return json.loads(body)
    except ValueError as error:
        raise SignOnFailed("unavailable", "not JSON") from error


async def redeem(client: AsyncOAuth2Client, url: str, code: str, verifier: str) -> dict[str, Any]:
    """Exchange a code for tokens. Raises SignOnFailed."""
    try:
        return dict(await client.fetch_token(url, code=code, code_verifier=verifier))
    except OAuthError as error:
        known = str(error.error or "")
        if known in ("invalid_grant", "bad_verification_code"):
            raise SignOnFailed("spent", known) from error
        if known in ("invalid_client", "unauthorized_client", "incorrect_client_credentials"):
            raise SignOnFailed("misconfigured", known) from error
        raise SignOnFailed("unavailable", known[:60] or "token refused") from error
    except ValueError as error:
        raise SignOnFailed("unavailable", "not JSON") from error
