"""Secrets and what guards them: cookies, signed tokens, hashes, the check against cross-site requests."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler

from app.core.errors import CrossSite
from app.settings import settings

_SIGNATURE = 20
"""Bytes of a MAC in a signed token."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def session_cookie() -> str:
    """The session cookie's name; over TLS it is bound to this very host."""
    return "__Host-session" if settings().secure else "session"


def visitor_cookie() -> str:
    """The cookie that ties forms to a browser in which nobody is signed in."""
    return "__Host-visitor" if settings().secure else "visitor"


def kiosk_cookie() -> str:
    """The cookie of a tablet that belongs to a workshop."""
    return "__Host-kiosk" if settings().secure else "kiosk"


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored of a token: SHA-256. Tokens are random, so no salt or stretching is needed."""
    return hashlib.sha256(token.encode()).digest()


def _mac(purpose: str, message: bytes, secret_key: str = "") -> bytes:
    key = hmac.digest((secret_key or settings().secret_key).encode(), purpose.encode(), "sha256")
    return hmac.digest(key, message, "sha256")


def _is_mac(mac: bytes, purpose: str, message: bytes) -> bool:
    """Whether it was made with one of our keys, now or before."""
    return any(
        hmac.compare_digest(mac, _mac(purpose, message, key)[: len(mac)]) for key in settings().secret_keys
    )


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(purpose: str, payload: Any, *, seconds: int) -> str:
    """A token that carries `payload` (JSON-able) for a purpose and expires after `seconds`."""
    body = msgspec.json.encode([int(time.time()) + seconds, payload])
    return f"{_b64(body)}.{_b64(_mac(purpose, body)[:_SIGNATURE])}"


def unsign(purpose: str, token: str) -> Any:
    """The payload of a token made by `sign`. Raises ValueError when forged, expired or of another purpose."""
    try:
        body_text, mac_text = token.split(".")
        body, mac = _unb64(body_text), _unb64(mac_text)
    except ValueError as error:
        raise ValueError("malformed token") from error
    if len(mac) != _SIGNATURE or not _is_mac(mac, purpose, body):
        raise ValueError("forged token")
    expires, payload = msgspec.json.decode(body)
    if time.time() > expires:
        raise ValueError("expired token")
    return payload


def person_mark(user_id: UUID | None) -> str:
    """What a browser's own keeping calls a person, so that nobody is read another's pages; "-" is nobody."""
    return _b64(_mac("kept in a browser", user_id.bytes)[:12]) if user_id else "-"


def csrf_token(binding: str) -> str:
    """A token bound to the browser's session or visitor cookie, masked anew each time so that compressed
    pages do not leak it (BREACH)."""
    mac = _mac("csrf", binding.encode())
    mask = secrets.token_bytes(len(mac))
    return _b64(mask + bytes(a ^ b for a, b in zip(mask, mac, strict=True)))


def csrf_token_matches(token: str, binding: str) -> bool:
    """Whether `token` was made by `csrf_token` for the same binding."""
    try:
        raw = _unb64(token)
    except ValueError:
        return False
    half = len(raw) // 2
    mask, masked = raw[:half], raw[half:]
    if len(raw) != 2 * hashlib.sha256().digest_size:
        return False
    mac = bytes(a ^ b for a, b in zip(mask, masked, strict=True))
    return _is_mac(mac, "csrf", binding.encode())


def binding_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The cookie value that this browser's forms are tied to; empty when it has none yet."""
    return connection.cookies.get(session_cookie()) or connection.cookies.get(visitor_cookie()) or ""


_SECRET_PATHS = re.compile(
    r"^(/(?:approve|pay|paid|reset-password|confirm-email|join|files|shared|handover|paper|passport|calendar)/)[^/]+"
)


def masked(path: str) -> str:
    """A path as it may be logged or stored: the secret of a single-purpose link is left out."""
    return _SECRET_PATHS.sub(r"\1…", path)


def bearer_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The bearer token of a JSON client, if it sent one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""What a browser sends a form as."""


def csrf_exempt(reason: str) -> dict[str, str]:
    """Route option: this route proves its caller otherwise; say how."""
    return {"csrf": "exempt", "csrf_reason": reason}


async def refuse_cross_site(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard of every route. `Sec-Fetch-Site` decides first, then `Origin`, then the token bound to the
    session. Raises CrossSite."""
    if connection.scope.get("method", "GET") in SAFE_METHODS or handler.opt.get("csrf") == "exempt":
        return
    if bearer_of(connection):  # no cookie is looked at, so no browser can be abused
        return
    _check_origin(connection)
    token = connection.headers.get("x-csrf-token", "")
    if not token and isinstance(connection, Request):
        kind = connection.headers.get("content-type", "")
        if kind.startswith(FORMS):
            token = str((await connection.form()).get("csrf_token", ""))
    binding = binding_of(connection)
    if not binding or not csrf_token_matches(token, binding):
        raise CrossSite


def _check_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    fetch_site = connection.headers.get("sec-fetch-site")
    if fetch_site is not None:
        if fetch_site not in ("same-origin", "none"):
            raise CrossSite
        return
    origin = connection.headers.get("origin")
    if origin is None:
        return
    ours = {
        settings().base_url,
        f"{urlsplit(settings().base_url).scheme}://{connection.headers.get('host', '')}",
    }
    if origin not in ours:
        raise CrossSite


def as_uuid(text: str | None) -> UUID | None:
    """A UUID from text, or None when it is not one."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
