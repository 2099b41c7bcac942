"""One supervised process: how it starts, when it is ready, how it ends."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
MARK = "TORQUELINE_SUPERVISED"
"""An environment variable every descendant inherits, so that leftovers of a dead supervisor can be found."""

LONGEST_LOG = 10_000_000
"""Bytes after which a start begins a new log and keeps one old."""


@dataclass
class Program:
    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    """The whole environment; None inherits the supervisor's."""
    cwd: Path | None = None
    user: str | None = None
    """Run as this user (only root can)."""
    end_signal: signal.Signals = signal.SIGTERM
    patience: float = 5.0
    """Seconds between the end signal and kill -9."""
    is_ready: Callable[[int], bool] = lambda pid: True
    ready_within: float = 30.0

    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    failures: int = field(default=0, init=False)
    """How often in a row it ended before it was ready or soon after."""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start in a session of its own: Ctrl-C reaches only the supervisor, which ends all in order."""
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_dies_with(os.getpid(), self.end_signal),
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def ready(self) -> bool:
        return self.pid is not None and not self.has_ended() and self.is_ready(self.pid)

    def ask_to_end(self) -> None:
        if not self.has_ended() and self.pid:
            os.kill(self.pid, self.end_signal)

    def sweep(self) -> None:
        """Kill what the process left in its session, such as a web server's workers."""
        if self.pid is None:
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def last_words(self, lines: int = 15) -> str:
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, self.log.stat().st_size - 16_384))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _dies_with(parent: int, end_signal: signal.Signals) -> Callable[[], None]:
    """Linux sends the signal when the supervisor dies, however it dies."""

    def preexec() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, int(end_signal))
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return preexec


def sweep_leftovers(mark: str) -> None:
    """Kill descendants of an earlier supervisor that was itself killed. Call with the home's lock held."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            continue
