"""Events and their delivery: signed as Stripe signs, tried again with growing pauses for three days."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from typing import Any

import httpx

from .faults import Faults
from .store import Doc, Store, public

log = logging.getLogger("stripe-simulator")

API_VERSION = "2026-10-28.endive"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
GIVE_UP_AFTER = 3 * 24 * 3600
AT_ONCE = 8
GATHER = 0.4
"""Seconds that reordering waits for company."""


def sign(payload: str, secret: str, at: int | None = None) -> str:
    """The value of `Stripe-Signature`. https://docs.stripe.com/webhooks#verify-manually"""
    moment = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{moment}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={moment},v1={mac}"


def emit(store: Store, faults: Faults, kind: str, subject: Doc, account: str) -> Doc:
    """Write an event with a snapshot of its subject and put its deliveries in the queue."""
    body: Doc = {
        "api_version": API_VERSION,
        "data": {"object": public(subject)},
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    if account:
        body["account"] = account
    event = store.create("evt", account, body)
    for _copy in range(1 + faults.duplicate):
        store.schedule(event["id"], time.time() + faults.delay)
    return event


class Courier:
    """Delivers what is due, several at once, until it is told to stop."""

    def __init__(self, store: Store, faults: Faults, url: str, secret: str) -> None:
        self._store, self._faults, self._url, self._secret = store, faults, url, secret
        self._wake = asyncio.Event()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        # The application answers for itself on this machine: no proxy of the environment belongs in between.
        async with httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False) as client:
            while True:
                self._wake.clear()
                delivered = 0 if self._faults.hold else await self._deliver_due(client)
                if not delivered:
                    await self._sleep()

    async def _sleep(self) -> None:
        due = self._store.next_due()
        pause = 30.0 if due is None or self._faults.hold else max(due - time.time(), 0.01)
        try:
            await asyncio.wait_for(self._wake.wait(), pause)
        except TimeoutError:
            return

    async def _deliver_due(self, client: httpx.AsyncClient) -> int:
        if not self._faults.reorder:
            batch = self._store.due(time.time(), AT_ONCE)
            await asyncio.gather(*(self._attempt(client, *one) for one in batch))
            return len(batch)
        if self._store.due(time.time(), 1):
            await asyncio.sleep(GATHER)
        batch = self._store.due(time.time(), 500)
        for one in sorted(batch, reverse=True):
            await self._attempt(client, *one)
        return len(batch)

    async def _attempt(self, client: httpx.AsyncClient, delivery: int, event_id: str, attempts: int) -> None:
        found = self._store.peek(event_id)
        if found is None:
            self._store.record_attempt(delivery, status=None, error="event is gone", done=True, due=None)
            return
        event = found[0]
        status, error = await self._post(client, event)
        delivered = status is not None and 200 <= status < 300
        too_old = time.time() - event["created"] > GIVE_UP_AFTER
        pause = min(FIRST_PAUSE * 2**attempts, LONGEST_PAUSE)
        if not delivered:
            log.info("webhook %s not taken (%s), attempt %d", event["type"], status or error, attempts + 1)
        self._store.record_attempt(
            delivery, status=status, error=error, done=delivered or too_old, due=time.time() + pause
        )

    async def _post(self, client: httpx.AsyncClient, event: dict[str, Any]) -> tuple[int | None, str | None]:
        if self._faults.take("drop_first"):
            return None, "dropped on purpose"
        payload = json.dumps(event, indent=2)
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Stripe/1.0 (simulator)"}
        headers["stripe-signature"] = sign(payload, self._secret)
        try:
            response = await client.post(self._url, content=payload.encode(), headers=headers)
        except httpx.HTTPError as error:
            return None, type(error).__name__
        return response.status_code, None
