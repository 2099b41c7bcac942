"""How long a search for free slots takes: a day, a week, a month of a center with ten bays and ten technicians.

    .venv/bin/python -m bench.slots

Our answer carries sign-in, permission, row-level security and JSON; the ceiling is `bench/bare_slots.py` in the
same run, on the same rows. The absolute times say little about another machine; the ratio does.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from bench.stage import COOKIE, NEIGHBOURS, RESOURCES, Scene, scene

SPANS = (("day", 1), ("week", 7), ("month", 30))
ROUNDS, WARM_UP = 150, 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(target: str, *more: str) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [sys.executable, "-m", "granian", target, "--interface", "asgi", "--host", "127.0.0.1",
               "--port", str(port), "--workers", "1", "--log-level", "error", *more]  # fmt: skip
    process = subprocess.Popen(command, env=os.environ.copy())
    for _try in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.1)
    raise RuntimeError(f"{target} does not answer")


def measure(connection: http.client.HTTPConnection, path: str) -> float:
    """Milliseconds until the whole answer is here."""
    began = time.perf_counter()
    connection.request("GET", path, headers={"cookie": f"session={COOKIE}"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200 or b"T" not in body:
        raise RuntimeError(f"{answer.status} {body[:300]!r}")
    return took


def percentile(times: list[float], share: float) -> float:
    return statistics.quantiles(times, n=100)[int(share * 100) - 1]


async def main() -> None:
    async with scene("bench_slots") as made:
        ours, our_port = serve("app.asgi:create_app", "--factory")
        bare, bare_port = serve("bench.bare_slots:app")
        try:
            rows = compare(made, our_port, bare_port)
        finally:
            for process in (ours, bare):
                process.terminate()
                process.wait(10)
    print(
        f"\nFree slots, any of {RESOURCES} bays × {RESOURCES} technicians; {NEIGHBOURS} shops' bookings in the tables"
    )
    print("\n| search | bare p50 | ours p50 | ours p95 | ratio bare : ours |\n|---|---|---|---|---|")
    for name, bare_p50, our_p50, our_p95 in rows:
        print(
            f"| {name} | {bare_p50:.1f} ms | {our_p50:.1f} ms | {our_p95:.1f} ms | {bare_p50 / our_p50:.2f} |"
        )


def compare(made: Scene, our_port: int, bare_port: int) -> list[tuple[str, float, float, float]]:
    """Alternating, so that a noisy neighbour disturbs both alike."""
    us = http.client.HTTPConnection("127.0.0.1", our_port)
    ceiling = http.client.HTTPConnection("127.0.0.1", bare_port)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    rows = []
    for name, days in SPANS:
        span = f"first={tomorrow}&last={tomorrow + timedelta(days=days + (2 if days == 1 else 0) - 1)}"
        our_path = f"/api/v1/centers/{made.center}/slots?service={made.service}&{span}"
        bare_path = f"/?tenant={made.tenant}&center={made.center}&{span}"
        times: tuple[list[float], list[float]] = ([], [])
        for round_ in range(ROUNDS + WARM_UP):
            pair = measure(ceiling, bare_path), measure(us, our_path)
            if round_ >= WARM_UP:
                times[0].append(pair[0])
                times[1].append(pair[1])
        rows.append(
            (name, statistics.median(times[0]), statistics.median(times[1]), percentile(times[1], 0.95))
        )
    return rows


if __name__ == "__main__":
    asyncio.run(main())
