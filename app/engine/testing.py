"""One PostgreSQL and one Valkey per test run, shared by its workers; a template database and its clones.

The first worker that needs them starts them; they end with the run, however it ends. Nothing is durable here.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from app.engine.databases import make_database
from app.engine.home import Home
from app.engine.postgres import APP, FAST_AND_FORGETFUL, OWNER, SUPERUSER, Postgres
from app.engine.program import MARK, sweep_leftovers
from app.engine.supervisor import Stopped, Supervisor
from app.engine.valkey import Valkey

CODE = Path(__file__).resolve().parents[2]
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3  # noqa: S108  # nosec B108


@dataclass(frozen=True)
class Engine:
    """Where the run's servers answer. Addresses end in the server; `*_url(database)` adds the database."""

    home: str
    superuser: str
    owner: str
    app: str
    valkey: str
    """Numbered databases 0–15; pub/sub ignores the number, so channel names must differ by worker too."""

    def owner_url(self, database: str) -> str:
        return f"{self.owner}/{database}"

    def app_url(self, database: str) -> str:
        return f"{self.app}/{database}"

    def valkey_url(self, number: int = 0) -> str:
        return f"{self.valkey}/{number}"

    async def template(
        self, key: str, build: Callable[[str, str], Awaitable[None]], *, beginning_as: str = "template1"
    ) -> str:
        """The name of the template database for `key`, built once per run by `build(owner_url, app_url)`.

        `build` migrates or fills a database that belongs to the owner, empty or `beginning_as` another template;
        it must close its connections. Other workers wait for it.
        """
        name = f"template_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        with open(Path(self.home) / f"{name}.lock", "a+") as lock:  # noqa: ASYNC230
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            if await self._fetchval("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", name):
                return name
            await self.clone(beginning_as, name)
            await build(self.owner_url(name), self.app_url(name))
            await self._execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true ALLOW_CONNECTIONS false')
        return name

    async def clone(self, template: str, name: str) -> str:
        """A fresh database of that name with the template's content; about 0.1 s."""
        await self.drop(name)
        await self._execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER} STRATEGY FILE_COPY'
        )
        return name

    async def drop(self, name: str) -> None:
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _execute(self, sql: str) -> None:
        db = await asyncpg.connect(f"{self.superuser}/postgres")
        try:
            await db.execute(sql)
        finally:
            await db.close()

    async def _fetchval(self, sql: str, *values: object) -> object:
        db = await asyncpg.connect(f"{self.superuser}/postgres")
        try:
            return await db.fetchval(sql, *values)
        finally:
            await db.close()


def schema_key() -> str:
    """Changes when a migration, a model or the making of roles changes."""
    digest = hashlib.sha256()
    patterns = (
        "migrations/**/*.py",
        "app/**/models.py",
        "app/core/*.py",
        "app/*.py",
        "app/engine/databases.py",
    )
    for path in sorted({path for pattern in patterns for path in CODE.glob(pattern)}):
        digest.update(path.relative_to(CODE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def start_for_tests() -> Engine:
    """The run's engine, started by whoever asks first. Call it as often as you like."""
    run = int(os.environ.get("TORQUELINE_TEST_RUN") or _run_pid())
    folder = _quickest(f"torqueline-test-{os.geteuid()}-{run}")
    with open(folder.with_suffix(".lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home = Home(folder)
        if home.state() is None:
            _start(home, run)
        state = home.state()
        if state is None:
            raise RuntimeError("The test engine ended at once")
    return Engine(**state)


def _quickest(name: str) -> Path:
    """That folder in memory, where there is room: a database is 800 files, and making those costs most of a clone."""
    folder = MEMORY / name
    with suppress(OSError):
        if folder.exists() or (os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM):
            return folder
    return Path(tempfile.gettempdir()) / name


def _run_pid() -> int:
    """Workers of pytest-xdist are children of the process that is the run."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _start(home: Home, run: int) -> None:
    log = home.logs / "supervisor.log"
    with open(log, "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.engine.testing", str(home.root), str(run)],
            cwd=CODE, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 40
    while home.state() is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The test engine did not start:\n{log.read_text()}")
        time.sleep(0.03)


def supervise(folder: Path, run: int) -> None:
    """Run both servers until the process `run` is gone, then leave nothing behind."""
    home = Home(folder)
    os.environ[MARK] = str(home.root)
    with home.lock():
        sweep_leftovers(str(home.root))
        try:
            _serve(home, run)
        except Stopped:
            pass
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(".lock").unlink(missing_ok=True)


def _serve(home: Home, run: int) -> None:
    postgres = Postgres(home, settings=FAST_AND_FORGETFUL)
    valkey = Valkey(home, durable=False)
    postgres.prepare()
    valkey.prepare()
    try:
        with Supervisor(while_pid=run) as supervisor:
            supervisor.start(postgres.program(), valkey.program())
            asyncio.run(make_database(postgres))
            servers = {
                name: postgres.url(user, database="").rstrip("/")
                for name, user in (("superuser", SUPERUSER), ("owner", OWNER), ("app", APP))
            }
            home.write_state(
                asdict(Engine(home=str(home.root), valkey=valkey.url.removesuffix("/0"), **servers))
            )
            supervisor.watch()
    finally:
        if postgres.as_nobody:
            shutil.rmtree(postgres.root, ignore_errors=True)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), int(sys.argv[2]))
