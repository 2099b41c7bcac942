"""A real `bin/run` for a test: its own folder, its own ports, processes that can be killed."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx

from app.engine.home import Home
from app.engine.postgres import namespaces_work
from app.engine.testing import start_for_tests

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
BARE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
"""As a newcomer's shell: none of the settings that this test run made for itself."""


def until(claim: Callable[[], T], *, within: float) -> T:
    """The claim's value once it is true. OSErrors and refused requests count as not yet."""
    deadline = time.monotonic() + within
    while True:
        try:
            if found := claim():
                return found
        except (OSError, httpx.HTTPError):
            pass
        assert time.monotonic() < deadline, f"not within {within:.0f} s"
        time.sleep(0.05)


async def _nothing_waits(owner_url: str) -> bool:
    db = await asyncpg.connect(owner_url, timeout=5)
    try:
        waits = "SELECT EXISTS (SELECT FROM events WHERE seq IS NULL) OR EXISTS (SELECT FROM deliveries WHERE done_at IS NULL)"
        return not await db.fetchval(waits)
    finally:
        await db.close()


class Site:
    def __init__(self, folder: Path, *options: str) -> None:
        self.home = Home(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.options = options
        self.url = f"http://localhost:{self.port}"
        self.log = folder / "logs" / "run.log"

    def start(self, *, within: float = 380) -> None:
        command = [ROOT / "bin" / "run", "--port", str(self.port), "--home", self.home.root, *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=BARE, cwd=ROOT, stdout=log, stderr=log)
        until(lambda: self._failed() or self.is_ready(), within=within)

    def has_caught_up(self) -> bool:
        """Whether the worker has told everybody of all that has happened, such as the demo's weeks."""
        owner = self.state["env"]["DATABASE_OWNER_URL"]
        with ThreadPoolExecutor(1) as apart:  # another loop may be running in this thread
            return apart.submit(asyncio.run, _nothing_waits(owner)).result()

    def _failed(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return False

    def is_ready(self) -> bool:
        # Asked many times a second; reading the certificates that nobody shows here would take most of it.
        return httpx.get(f"{self.url}/readyz", timeout=3, verify=False).status_code == 200

    @property
    def state(self) -> dict[str, Any]:
        return until(self.home.state, within=10)

    def pid(self, name: str) -> int:
        return int(self.state["pids"][name])

    def kill(self, name: str, *, before_it_returns: Callable[[], None] | None = None) -> int:
        """Kill -9, and the new process id once the supervisor started it again."""
        old = self.pid(name)
        os.kill(old, signal.SIGKILL)
        if before_it_returns:
            before_it_returns()
        return until(lambda: (new := self.pid(name)) != old and new, within=15)

    def forget_valkey(self) -> None:
        """Delete everything Valkey keeps, as if its disk were lost."""
        shutil.rmtree(self.home.root / "valkey" / "appendonlydir", ignore_errors=True)

    def processes(self) -> list[int]:
        """Every living descendant, by the mark in its environment or the folder in its command line."""
        root = str(self.home.root).encode()
        mark = b"TORQUELINE_SUPERVISED=" + root
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                marked = mark in (entry / "environ").read_bytes().split(b"\0")
                if marked or root in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Seconds until everything had ended."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        until(lambda: not self.processes(), within=10)
        return time.monotonic() - began


def started_before() -> Path | None:
    """The folder of a site that was started on nothing and stopped again: made once a test run, to be copied.

    None where PostgreSQL keeps its data outside the folder (as root without user namespaces).
    """
    if os.geteuid() == 0 and not namespaces_work():
        return None
    made = Path(start_for_tests().home) / "site"
    with open(made.with_suffix(".lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            site = Site(made.with_name("first-site"))
            site.start()
            site.stop()
            site.home.root.rename(made)
    return made


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Site]:
    if before := started_before():
        shutil.copytree(before, folder, dirs_exist_ok=True)
        (folder / "ports.json").unlink()  # two copies that start at once must not want the same ports
    site = Site(folder, *options)
    try:
        site.start()
        yield site
    finally:
        if site.process.poll() is None:
            site.stop()
