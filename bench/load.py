"""Serve an ASGI application on one core, ask it from another, and count."""

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measure:
    """What a stretch of asking came to. Times in milliseconds."""

    requests: int
    seconds: float
    times: list[float]
    size: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.times, n=100)[98] if len(self.times) > 2 else max(self.times)


def free_port() -> int:
    """A port nobody listens on, below the range of outgoing connections."""
    for port in range(20_000, 30_000):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


def _pinned(core: int) -> list[str]:
    return (
        ["taskset", "-c", str(core)]
        if (os.cpu_count() or 1) > 1 and Path("/usr/bin/taskset").exists()
        else []
    )


@contextlib.asynccontextmanager
async def served(target: str, environ: Mapping[str, str], *, factory: bool = False) -> AsyncIterator[int]:
    """Granian with one worker on core 0; yields its port once it answers."""
    port = free_port()
    command = [
        *_pinned(0), sys.executable, "-m", "granian", target, "--interface", "asgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--loop", "uvloop", "--no-ws", "--log-level", "warning",
        *(["--factory"] if factory else []),
    ]  # fmt: skip
    server = subprocess.Popen(  # noqa: ASYNC220 - once, before anything is measured
        command, cwd=ROOT, env={**os.environ, **environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            if server.poll() is not None:
                raise RuntimeError(f"{target} did not start")
            await asyncio.sleep(0.1)
        yield port
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait, 20)


async def ask(
    port: int, path: str, headers: Mapping[str, str], *, seconds: float, connections: int
) -> Measure:
    """Keep `connections` requests in flight for `seconds`. Raises when an answer is not 200."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode()
    times: list[float] = []
    sizes: list[int] = []
    end = time.perf_counter() + seconds
    begun = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=8 * 1024 * 1024)
        while time.perf_counter() < end:
            start = time.perf_counter()
            writer.write(request)
            sizes.append(await _answer(reader))
            times.append((time.perf_counter() - start) * 1000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return Measure(len(times), time.perf_counter() - begun, times, sizes[-1])


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if " 200 " not in head.split("\r\n", 1)[0]:
        raise RuntimeError(head.split("\r\n", 1)[0])
    length = next((line for line in head.split("\r\n") if line.startswith("content-length:")), "")
    if length:
        size = int(length.split(":")[1])
        await reader.readexactly(size)
        return size
    size = 0
    while chunk := int((await reader.readline()).strip() or b"0", 16):
        size += len(await reader.readexactly(chunk))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return size


def spread(measures: list[Measure]) -> tuple[float, float]:
    """The median rate and the median p50 of several rounds."""
    return statistics.median(one.rate for one in measures), statistics.median(one.p50 for one in measures)
