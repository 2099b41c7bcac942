"""What every request and answer gets: an id, the caller's true address, a nonce, the security headers."""

import ipaddress
import secrets
from typing import Any

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.core.db import new_id
from app.core.files import storage
from app.core.words import negotiate, speak
from app.settings import settings


class Envelope:
    """Outermost: nothing leaves without its headers, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # A payment, a shop's set-up of its account, and a sign-in by another site continue there after a form of ours.
        setup = () if settings().stripe_api_base else ("https://connect.stripe.com",)
        sign_on = dict.fromkeys(origin for provider in settings().sign_on for origin in provider.origins)
        self.form_action = " ".join(["'self'", settings().stripe_checkout_origin, *setup, *sign_on])
        self.images = " ".join(("'self' data: blob:", storage().origin)).strip()
        self.tiles = settings().map_tiles_origin
        self.videos = " ".join(("'self'", storage().origin)).strip()
        self.trusted = [ipaddress.ip_network(one, strict=False) for one in settings().trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(16)
        state["request_id"] = str(new_id())
        state["counted"] = set()  # the limits this request was counted against
        self._settle_client(scope)
        _join_cookies(scope)
        if scope["path"].startswith("/api/") and not scope["path"].startswith("/api/v1/"):
            _move(scope, "/api/v1/" + scope["path"].removeprefix("/api/"))
        wanted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
        speak(
            negotiate(wanted.decode("latin-1"))
        )  # until it is known who asks, and for an address of nothing
        structlog.contextvars.bind_contextvars(request_id=state["request_id"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableScopeHeaders.from_message(message), scope)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")

    def _settle_client(self, scope: Scope) -> None:
        """Believe X-Forwarded-For only from a trusted proxy, and only its last foreign entry."""
        client = scope.get("client")
        if not client or not self.trusted or not self._is_trusted(client[0]):
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        chain = [one.strip() for one in headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")]
        for address in reversed([one for one in chain if one]):
            if not self._is_trusted(address):
                scope["client"] = (address[:64], client[1])
                return

    def _is_trusted(self, address: str) -> bool:
        try:
            return any(ipaddress.ip_address(address) in network for network in self.trusted)
        except ValueError:
            return False

    def _add(self, headers: MutableScopeHeaders, scope: Scope) -> None:
        state: dict[str, Any] = scope["state"]
        headers.setdefault("X-Content-Type-Options", "nosniff")
        if headers.get("Cache-Control", "").startswith("public, max-age=31536000"):
            # A script, a style sheet, a font, an icon: what they may do the page's own policy says. Twenty of them
            # come with a first visit, each with its headers.
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            return
        headers.setdefault(
            "Content-Security-Policy", self._policy(state["nonce"], with_map="shows_map" in state)
        )
        headers.setdefault("Reporting-Endpoints", 'csp="/csp-reports"')
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        headers.setdefault("X-Request-Id", state["request_id"])
        if settings().secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")

    def _policy(self, nonce: str, *, with_map: bool) -> str:
        images = f"{self.images} {self.tiles}" if with_map and self.tiles else self.images
        return (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
            f"img-src {images}; media-src {self.videos}; font-src 'self'; connect-src 'self'; worker-src 'self'; "
            f"manifest-src 'self'; form-action {self.form_action}; frame-ancestors 'none'; base-uri 'none'; "
            "require-trusted-types-for 'script'; trusted-types htmx torqueline; report-to csp"
        )


def _join_cookies(scope: Scope) -> None:
    """HTTP/2 may send each cookie in a header of its own (RFC 9113, 8.2.3), as Chrome does; only one would be read."""
    crumbs = [value for name, value in scope["headers"] if name == b"cookie"]
    if len(crumbs) > 1:
        others = [header for header in scope["headers"] if header[0] != b"cookie"]
        scope["headers"] = [*others, (b"cookie", b"; ".join(crumbs))]


def _move(scope: Scope, path: str) -> None:
    scope["path"] = path
    scope["raw_path"] = path.encode()
