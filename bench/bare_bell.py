"""The ceiling of a live page: Redis pub/sub straight into server-sent events, and a fragment of one line from memory. No
log, no session, no permission, no cursor: what is missed is gone."""

import asyncio
import os
from typing import Any

from redis.asyncio import Redis

CHANNEL = "bare:"
_latest: dict[str, bytes] = {}
_streams: dict[str, set[asyncio.Queue[bytes]]] = {}
_hearing: list[asyncio.Task[None]] = []


async def _hear(ready: asyncio.Event) -> None:
    redis = Redis.from_url(os.environ["REDIS_URL"])
    async with redis.pubsub() as pubsub:
        await pubsub.psubscribe(f"{CHANNEL}*")
        async for message in pubsub.listen():
            ready.set()
            if message["type"] == "pmessage":
                name = message["channel"].decode().removeprefix(CHANNEL)
                _latest[name] = message["data"]
                for queue in _streams.get(name, ()):
                    queue.put_nowait(message["data"])


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """GET /stream/NAME and /fragment/NAME."""
    if scope["type"] != "http":
        return
    if not _hearing:
        ready = asyncio.Event()
        _hearing.append(asyncio.create_task(_hear(ready)))
        await ready.wait()
    _empty, what, name = scope["path"].split("/")
    if what == "fragment":
        body = b"<li>%s</li>" % _latest.get(name, b"")
        headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    _streams.setdefault(name, set()).add(queue)
    gone = asyncio.create_task(_gone(receive))
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
    try:
        while not gone.done():
            heard = asyncio.create_task(queue.get())
            await asyncio.wait((heard, gone), return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                line = b"id: %s\nevent: new-quote\ndata: 0\n\n" % heard.result()
                await send({"type": "http.response.body", "body": line, "more_body": True})
            else:
                heard.cancel()
    finally:
        _streams[name].discard(queue)
        gone.cancel()


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
