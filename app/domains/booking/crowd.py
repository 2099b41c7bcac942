"""A crowd on one slot waits here, not in the connection pool: the board and everybody else keep theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.errors import Refused
from app.core.words import _

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
