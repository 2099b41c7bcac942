"""Telling a browser something while no page of ours is open: Web Push (RFC 8030, 8291, 8292).

A browser names an address at its maker's push service and two keys. What is sent there is encrypted for that browser
alone, and signed by this site (VAPID). docs/decisions/web-push.md says why this is not a library.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

Urgency = Literal["very-low", "low", "normal", "high"]

LARGEST_PAYLOAD = 3993
"""Bytes. Services take 4096 of what is encrypted (RFC 8030, section 7.2)."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser hands out: an address, its public key (65 bytes, P-256) and a secret (16 bytes)."""

    endpoint: str
    p256dh: bytes
    auth: bytes


class NotASubscription(ValueError):
    """An address or keys no message can be sent to."""


class PushGone(Exception):
    """The browser has ended the subscription: it will never take anything again."""


class PushTooLarge(Exception):
    """More than the service carries."""


class PushRefused(Exception):
    """The service does not take this: a key of ours that it does not know, say. Trying again is no use."""


class PushUnavailable(Exception):
    """The service could not take it now. `retry_after`: when it wants to be asked again, if it said so."""

    def __init__(self, words: str, retry_after: timedelta | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Push(Protocol):
    """Hands messages to push services."""

    @property
    def public_key(self) -> str:
        """What a browser subscribes with: base64url, without padding."""

    def check(self, subscription: Subscription) -> None:
        """Raise NotASubscription for an address we never call, or for keys that are none."""

    async def send(
        self,
        subscription: Subscription,
        payload: bytes,
        *,
        ttl: timedelta,
        urgency: Urgency = "normal",
        topic: str = "",
    ) -> None:
        """Hand one message over; returning means that the service has it, not that anybody has seen it. `ttl`: how long it
        is kept for a device that is off. A later message of the same `topic` (32 characters of base64url at most) takes
        the place of one that still waits. Raises PushGone, PushTooLarge, PushRefused, PushUnavailable."""
