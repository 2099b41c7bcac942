"""A crowd on one slot waits here, not in the connection pool: the board and everybody else keep theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from app.core.errors import Refused
from app.core.limits import Limit
from app.core.words import _

HOLDS = Limit("hold", times=60, within=timedelta(minutes=15), per="person")
"""A person looking for a time takes and gives back a few; a program could keep the book full."""
LOOKS = Limit("free times", times=600, within=timedelta(minutes=1))
"""From one address, without an account: a shop's whole waiting room reads along when a time is taken."""
AT_ONCE = 8
"""Bookings in work in one process; fewer than its connections."""
PATIENCE = 25.0
"""Seconds in the queue. Longer than the pool's patience: whoever waits is answered whether they won."""

_counter = asyncio.Semaphore(AT_ONCE)


@asynccontextmanager
async def turn(patience: float = PATIENCE) -> AsyncIterator[None]:
    """Wait for a place at the counter, in order of arrival. Refused (503) after `patience` seconds."""
    try:
        await asyncio.wait_for(_counter.acquire(), patience)
    except TimeoutError as error:
        words = _("Many people are booking right now. Please try again in a moment.")
        raise Refused(words, status=503) from error
    try:
        yield
    finally:
        _counter.release()
