"""Starts programs, starts them again when they die, ends them in order. One thread, no busy waiting."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from app.engine.program import Program

SOON = 10.0
"""Seconds after which a program that ends counts as having run, not as failing to start."""
LONGEST_PAUSE = 5.0


class StartFailed(Exception):
    """A program did not become ready; the message carries its last words."""


class Stopped(Exception):
    """A signal asked the supervisor to stop while it waited for something."""


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


class Supervisor:
    def __init__(self, *, say: Callable[[str], None] = _say, while_pid: int | None = None) -> None:
        self.say = say
        self.while_pid = while_pid
        """Stop when this process, not our parent, is gone (a test run)."""
        self.programs: list[Program] = []
        self.retry_at: dict[str, float] = {}
        self.stopping = False
        self.on_change: Callable[[], None] = lambda: None
        self._wake, self._woken_by = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken_by, False)

    def __enter__(self) -> "Supervisor":
        signal.set_wakeup_fd(self._woken_by, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *exc: object) -> None:
        self.end_all()

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def start(self, *programs: Program) -> None:
        """Start programs side by side and return when all are ready. Raises StartFailed."""
        for program in programs:
            self.programs.append(program)
            program.start()
        for program in programs:
            self._until_ready(program)
        self.on_change()

    def _until_ready(self, program: Program) -> None:
        deadline = time.monotonic() + program.ready_within
        while not program.ready():
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{program.name} is not ready after {program.ready_within:.0f} s.\n{self._why(program)}"
                )
            self._turn(0.03)
            if program.has_ended() and program.failures > 4:
                raise StartFailed(f"{program.name} does not start.\n{self._why(program)}")

    def _why(self, program: Program) -> str:
        return f"Its log {program.log} ends:\n{program.last_words()}"

    def run_once(self, program: Program, *, within: float) -> None:
        """Run a program to its end while the others are watched. Raises StartFailed unless it ends well."""
        program.start()
        deadline = time.monotonic() + within
        try:
            while not program.has_ended():
                if time.monotonic() > deadline:
                    raise StartFailed(
                        f"{program.name} took longer than {within:.0f} s.\n{self._why(program)}"
                    )
                self._turn(0.1)
        finally:
            program.sweep()
        if program.process and program.process.returncode:
            raise StartFailed(f"{program.name} failed.\n{self._why(program)}")

    def watch(self) -> None:
        """Until a signal: notice deaths as they happen and start the dead again."""
        try:
            while True:
                self._turn(self._pause())
        except Stopped:
            return

    def _pause(self) -> float:
        waits = [at - time.monotonic() for at in self.retry_at.values()]
        return max(0.0, min([*waits, 1.0 if self.while_pid else 30.0]))

    def _turn(self, seconds: float) -> None:
        """Sleep until a signal or for so long, then see to the dead."""
        if not self.stopping:
            select.select([self._wake], [], [], seconds)
        try:
            while os.read(self._wake, 512):
                pass
        except BlockingIOError:
            pass
        if self.stopping or self._run_is_over():
            raise Stopped
        for program in self.programs:
            if program.has_ended():
                self._see_to(program)

    def _run_is_over(self) -> bool:
        return self.while_pid is not None and not Path(f"/proc/{self.while_pid}").exists()

    def _see_to(self, program: Program) -> None:
        now = time.monotonic()
        if program.name not in self.retry_at:
            program.sweep()
            quick = now - program.started_at < SOON
            program.failures = program.failures + 1 if quick else 0
            pause = min(0.1 * 2 ** max(0, program.failures - 1), LONGEST_PAUSE) if quick else 0.0
            self.retry_at[program.name] = now + pause
            self.say(f"{program.name} ended ({_how(program)}); starting it again.")
        if now >= self.retry_at[program.name]:
            del self.retry_at[program.name]
            program.start()
            self.on_change()

    def end_all(self) -> None:
        """End what serves people first, the engines last: nobody loses the database mid-sentence."""
        engines = [p for p in self.programs if p.name in ("PostgreSQL", "Valkey")]
        for group in ([p for p in self.programs if p not in engines], engines):
            for program in group:
                program.ask_to_end()
            for program in group:
                self._wait_for_end(program)
        self.programs.clear()

    def _wait_for_end(self, program: Program) -> None:
        deadline = time.monotonic() + program.patience
        while not program.has_ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        program.sweep()
        if program.process is not None:
            program.process.wait()


def _how(program: Program) -> str:
    code = program.process.returncode if program.process else None
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"
