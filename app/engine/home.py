"""The folder where one installation keeps its data, secrets, logs and the state other commands read."""

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


class AlreadyRunning(Exception):
    """Another supervisor holds this folder."""


class Home:
    """Everything below is readable by its owner alone: it holds passwords and customers' data."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.logs = self.folder("logs")

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def secret(self, name: str, *, prefix: str = "") -> str:
        """The secret of that name, made once and kept in a 0600 file."""
        path = self.folder("secrets") / name
        with self._guard("secrets.lock"):
            if not path.exists():
                write_private(path, prefix + secrets.token_urlsafe(32))
        return path.read_text().strip()

    def port(self, name: str) -> int:
        """The port that part had last time if it is still free, else a free one; remembered."""
        path = self.root / "ports.json"
        with self._guard("ports.lock"):
            ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
            if name not in ports or not _is_free(ports[name]):
                ports[name] = _free_port(avoid=set(ports.values()))
                write_private(path, json.dumps(ports))
            return ports[name]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one supervisor; the kernel lets go of it even after kill -9."""
        with open(self.root / "supervisor.lock", "a+") as file:
            deadline = time.monotonic() + 1
            while not _take(file):  # `state` below holds it for an instant
                if time.monotonic() > deadline:
                    raise AlreadyRunning(f"Torqueline already runs on {self.root}")
                time.sleep(0.02)
            self.clear_state()
            try:
                yield
            finally:
                self.clear_state()

    def write_state(self, state: dict[str, Any]) -> None:
        """Tell other commands where the parts answer. Holds passwords, hence 0600."""
        write_private(
            self.root / "state.json", json.dumps({"written_by": os.getpid(), "state": state}, indent=1)
        )

    def state(self) -> dict[str, Any] | None:
        """What the running supervisor wrote; None when none runs."""
        try:
            with open(self.root / "supervisor.lock") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except OSError:
            return self._living_state()
        return None

    def _living_state(self) -> dict[str, Any] | None:
        """A supervisor that has just taken the folder has not cleared its killed predecessor's words yet."""
        try:
            read = json.loads((self.root / "state.json").read_text())
            os.kill(read["written_by"], 0)
        except (OSError, ValueError, KeyError):
            return None
        state: dict[str, Any] = read["state"]
        return state

    def clear_state(self) -> None:
        (self.root / "state.json").unlink(missing_ok=True)

    @contextmanager
    def _guard(self, name: str) -> Iterator[None]:
        with open(self.root / name, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file in one step: a reader sees the old text or the new, never half."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(*, avoid: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in avoid:
            return port
