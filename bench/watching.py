"""People in front of live pages, as a browser holds them: the stream's address taken from the page, Last-Event-ID when it
comes back, a region fetched anew when its signal comes, one request of a region at a time."""

import asyncio
import contextlib
import html
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any

from bench.booking_race import call

_STREAM = re.compile(r'hx-sse:connect="([^"]+)"')
_TAG = re.compile(r"<[a-z][^>]*\bfrom:#live[^>]*>")
_GET = re.compile(r'hx-get="([^"]+)"')
_SIGNAL = re.compile(r"([\w:-]+) from:#live")
_AFTER = re.compile(r"after=(\d+)")
_WAIT = 1.0
"""Until a browser comes back to a stream that broke."""


class Watcher:
    """One page. `on_fragment` gets whatever a region was drawn anew with, and when the answer was here."""

    def __init__(
        self,
        port: int,
        path: str,
        cookie: str,
        on_fragment: Callable[["Watcher", str, float], None],
        *,
        stream: str = "",
        region: str = "",
    ) -> None:
        self.port, self.path, self.cookie, self._on_fragment = port, path, cookie, on_fragment
        self.stream, self.regions = stream, {"new-quote": {region}} if region else {}
        self.cursor = 0
        self.covered = 0
        """Up to here everything was read with the page itself."""
        self.heard: set[int] = set()
        self.resets = self.breaks = self.fetches = 0
        self.bad: list[str] = []
        self._writer: asyncio.StreamWriter | None = None
        self._drawing: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    async def load(self) -> None:
        """Open the page: learn its stream and its regions."""
        status, body = await call(self.port, f"GET {self.path}", self._headers())
        if status != 200:
            raise RuntimeError(f"{self.path}: {status}")
        page, now = body.decode(), time.time()
        self.stream = html.unescape(_STREAM.findall(page)[0])
        self.cursor = self.covered = max(self.covered, int(_AFTER.findall(self.stream)[0]))
        self.regions = {}
        for tag in _TAG.findall(page):
            for path in _GET.findall(tag):
                for name in _SIGNAL.findall(html.unescape(tag)):
                    self.regions.setdefault(name, set()).add(html.unescape(path))
        self._on_fragment(self, page, now)

    def _headers(self) -> dict[str, str]:
        return {"cookie": f"session={self.cookie}", "accept": "text/html"}

    async def watch(self) -> None:
        """Hold the stream until cancelled."""
        try:
            while True:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await self._listen()
                await asyncio.sleep(_WAIT)
        finally:
            if self._writer is not None:
                self._writer.transport.abort()

    def cut(self) -> None:
        """The connection breaks without a word."""
        if self._writer is not None:
            self.breaks += 1
            self._writer.transport.abort()

    async def _listen(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        resume = f"last-event-id: {self.cursor}\r\n" if self.cursor else ""
        self._writer.write(
            f"GET {self.stream} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncookie: session={self.cookie}\r\n"
            f"accept: text/event-stream\r\n{resume}\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            self.bad.append(head.split(b"\r\n", 1)[0].decode())
            return
        seq, name = 0, ""
        while line := await reader.readline():  # the sizes of chunks stand on lines of their own
            if line.startswith(b"id: "):
                seq = int(line[4:])
            elif line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                await self._signal(seq, name)
        self._writer.close()

    async def _signal(self, seq: int, name: str) -> None:
        self.cursor = max(self.cursor, seq)
        self.heard.add(seq)
        if name == "reset":
            self.resets += 1
            await self.load()
        for path in self.regions.get(name, ()):
            self._draw(path)

    def _draw(self, path: str) -> None:
        if path in self._drawing:
            self._again.add(path)
            return
        self._drawing[path] = asyncio.create_task(self._fetch(path))

    async def _fetch(self, path: str) -> None:
        try:
            while True:
                self._again.discard(path)
                status, body = await call(self.port, f"GET {path}", {**self._headers(), "hx-request": "true"})
                self.fetches += 1
                if status == 200:
                    self._on_fragment(self, body.decode(), time.time())
                else:
                    self.bad.append(f"{path}: {status}")
                if path not in self._again:
                    return
        except (OSError, asyncio.IncompleteReadError) as error:
            self.bad.append(f"{path}: {type(error).__name__}")
        finally:
            del self._drawing[path]

    @property
    def is_there(self) -> bool:
        """Whether the page has been opened and its stream as well."""
        return self._writer is not None

    @property
    def is_drawing(self) -> bool:
        return bool(self._drawing)


@contextlib.asynccontextmanager
async def in_the_background(*works: Coroutine[Any, Any, None]) -> Any:
    """Run works beside the block and stop them after it."""
    tasks = [asyncio.create_task(one) for one in works]
    try:
        yield
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
