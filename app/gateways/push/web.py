"""The real thing: a message is sealed for its browser, signed by the site, and handed to the browser's push service."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from urllib.parse import urlsplit

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from app.gateways.push import (
    PushGone,
    PushRefused,
    PushTooLarge,
    PushUnavailable,
    Subscription,
    Urgency,
)
from app.gateways.push.keys import as_base64, scalar_of
from app.gateways.push.sealed import point_of, public_key_of, sealed_for
from app.gateways.push.services import origin_of

PATIENCE = 10.0
SIGNED_FOR = timedelta(hours=12)
"""RFC 8292 allows a day; the clocks of two machines differ."""


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    """A VAPID key. Raises ValueError."""
    return ec.derive_private_key(scalar_of(text), ec.SECP256R1())


class WebPush:
    """Signs with `private_key`; `subject` is whom a push service writes to when something is wrong (mailto: or https:).
    `services`: push services beyond those of the known browsers."""

    def __init__(self, private_key: str, subject: str, services: tuple[str, ...] = ()) -> None:
        key = key_of(private_key)
        self._subject, self._services = subject, services
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._signs = ECKey.import_key(pem)
        self.public_key = as_base64(point_of(key.public_key()))

    def check(self, subscription: Subscription) -> None:
        """Raise NotASubscription for an address we never call, or for keys that are none."""
        origin_of(subscription.endpoint, self._services)
        public_key_of(subscription)

    async def send(
        self,
        subscription: Subscription,
        payload: bytes,
        *,
        ttl: timedelta,
        urgency: Urgency = "normal",
        topic: str = "",
    ) -> None:
        """As `Push.send`. No redirect is followed and hardly anything of the answer read: the address is a stranger's."""
        origin = origin_of(subscription.endpoint, self._services)
        headers = {
            "Authorization": f"vapid t={self._signed(origin)},k={self.public_key}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(ttl.total_seconds())),
            "Urgency": urgency,
        }
        if topic:
            headers["Topic"] = topic
        body = sealed_for(subscription, payload)
        is_here = urlsplit(origin).hostname in ("localhost", "127.0.0.1", "::1")
        try:
            async with (
                asyncio.timeout(PATIENCE),
                httpx2.AsyncClient(
                    timeout=PATIENCE,
                    follow_redirects=False,
                    trust_env=not is_here,  # a proxy is for the way out
                    verify=_trusted(),
                ) as client,
                client.stream("POST", subscription.endpoint, content=body, headers=headers) as answer,
            ):
                status, retry_after = answer.status_code, answer.headers.get("retry-after", "")
        except (httpx2.HTTPError, TimeoutError) as error:
            raise PushUnavailable(type(error).__name__) from error
        _judge(status, retry_after)

    def _signed(self, origin: str) -> str:
        ends = int((datetime.now(UTC) + SIGNED_FOR).timestamp())
        claims = {"aud": origin, "exp": ends, "sub": self._subject}
        return jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, self._signs)


def _judge(status: int, retry_after: str) -> None:
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise PushGone(f"status {status}")
    if status == 413:
        raise PushTooLarge(f"status {status}")
    if status == 429 or status >= 500:
        raise PushUnavailable(f"status {status}", _wait(retry_after))
    raise PushRefused(f"status {status}")


def _wait(retry_after: str) -> timedelta | None:
    """Seconds, or a date (RFC 9110, section 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=min(int(retry_after[:9]), 7 * 24 * 3600))
    try:
        until: datetime = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - datetime.now(UTC), timedelta())


@cache
def _trusted() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@lru_cache(maxsize=4)
def open_push(private_key: str | None, subject: str, services: tuple[str, ...]) -> WebPush | None:
    """The push of the settings; None when no key is set."""
    return WebPush(private_key, subject, services) if private_key else None
