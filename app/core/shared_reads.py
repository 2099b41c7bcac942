"""One reading for many pages of one reader that hear the same bell."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from app.core import clock, words

MOST_READ = 200
A_MOMENT = 0.25
"""Seconds. Another web process may have handed on a bell that this one has not heard yet; what was read just before is taken
no longer than pages take to ask."""
_read: OrderedDict[tuple[object, ...], tuple[asyncio.Future[dict[str, Any]], float]] = OrderedDict()


async def read_once(key: tuple[object, ...], read: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """What a part of a page shows, read once for all who ask for it at the same moment, as many pages do that hear one
    bell: the others wait for the first. The key names the reader, how far the process had heard before anything was
    read, and whatever else the part depends on but language and day. What is in it is looked at and never changed; it
    holds no nonce and no form with a guard."""
    loop = asyncio.get_running_loop()
    whole = (*key, str(words.spoken()), clock.now().date())
    found, read_at = _read.get(whole, (None, 0.0))
    if found is None or (read_at and loop.time() - read_at > A_MOMENT):
        found = loop.create_future()
        _read[whole] = (found, 0.0)
        if len(_read) > MOST_READ:
            _read.popitem(last=False)
        try:
            found.set_result(await read())
            _read[whole] = (found, loop.time())
        finally:
            if not found.done():
                found.cancel()
                _read.pop(whole, None)
        return found.result()
    try:
        return await asyncio.shield(found)
    except asyncio.CancelledError:
        if not found.cancelled():
            raise
        return await read()  # the first has failed: everybody for themselves
