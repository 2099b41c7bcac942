"""The promises of the supervisor, kept with real kills."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from app.engine.home import AlreadyRunning, Home
from app.engine.postgres import SUPERUSER, Postgres, namespaces_work
from app.engine.valkey import Valkey

PROGRAM = """
import os, sys
from pathlib import Path
from app.engine.home import Home
from app.engine.postgres import Postgres
from app.engine.program import MARK, sweep_leftovers
from app.engine.supervisor import Supervisor
from app.engine.valkey import Valkey

home = Home(Path(sys.argv[1]))
os.environ[MARK] = str(home.root)
with home.lock():
    sweep_leftovers(str(home.root))
    postgres, valkey = Postgres(home), Valkey(home)
    postgres.prepare(); valkey.prepare()
    with Supervisor() as supervisor:
        supervisor.on_change = lambda: home.write_state({p.name: p.pid for p in supervisor.programs})
        supervisor.start(postgres.program(), valkey.program())
        supervisor.watch()
"""


def until(claim, *, within=15.0):
    deadline = time.monotonic() + within
    while not (found := claim()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def marked(home):
    """Every living process that descends from a supervisor of this home."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"TORQUELINE_SUPERVISED={home.root}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if alive(pid)]


class Running:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(self.home.root)])
        self.pids = until(self.home.state)

    def changed(self, name: str) -> int:
        before = self.pids[name]
        self.pids = until(lambda: (now := self.home.state()) and now[name] != before and now)
        return self.pids[name]


@pytest.fixture
def running(tmp_path):
    home = Home(tmp_path / "home")
    started = Running(home)
    yield started
    started.process.terminate()
    started.process.wait(20)
    assert marked(home) == []


async def connect(home):
    postgres = Postgres.__new__(Postgres)
    postgres.home, postgres.port = home, json.loads((home.root / "ports.json").read_text())["postgres"]
    return await asyncpg.connect(postgres.url(SUPERUSER, database="postgres"), timeout=5)


async def patiently(home, *, within=10.0):
    deadline = time.monotonic() + within
    while True:
        try:
            return await connect(home)
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


def ask_valkey(home, *command):
    """The last answer's lines, after AUTH."""
    port = json.loads((home.root / "ports.json").read_text())["valkey"]
    with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
        link.sendall(f"AUTH {home.secret('valkey.password')}\r\n{' '.join(command)}\r\n".encode())
        time.sleep(0.1)
        return link.recv(4096).decode().split("\r\n")[1:]


async def test_postgres_killed_comes_back_on_its_port_with_its_data(running):
    db = await connect(running.home)
    await db.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    os.kill(running.pids["PostgreSQL"], signal.SIGKILL)
    began = time.monotonic()
    running.changed("PostgreSQL")
    db = await patiently(running.home)
    assert time.monotonic() - began < 5
    assert await db.fetchval("SELECT id FROM kept") == 7
    assert await db.fetchval("SELECT current_setting('server_version_num')::int") >= 180000
    await db.close()


def test_valkey_killed_comes_back_on_its_port_with_its_data(running):
    assert ask_valkey(running.home, "SET", "kept", "7")[0] == "+OK"
    time.sleep(1.2)  # its file is synced every second
    os.kill(running.pids["Valkey"], signal.SIGKILL)
    running.changed("Valkey")
    valkey = Valkey.__new__(Valkey)
    valkey.home, valkey.port = (
        running.home,
        json.loads((running.home.root / "ports.json").read_text())["valkey"],
    )
    until(valkey.answers)
    assert ask_valkey(running.home, "GET", "kept")[:2] == ["$1", "7"]


def test_a_killed_supervisor_leaves_no_orphan_and_can_start_again(running):
    pids = dict(running.pids)
    running.process.kill()
    running.process.wait()
    until(lambda: not any(alive(pid) for pid in pids.values()))
    until(lambda: marked(running.home) == [])
    running.start()
    assert running.pids != pids


def test_a_second_supervisor_on_the_same_folder_is_refused(running):
    with pytest.raises(AlreadyRunning), running.home.lock():
        pass


def test_ctrl_c_ends_everything_quickly(running):
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert time.monotonic() - began < 4
    assert running.home.state() is None


def command_lines(running):
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in running.pids.values()]


async def test_passwords_are_private_and_needed(running):
    for path in (running.home.root / "secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert (running.home.root / "state.json").stat().st_mode & 0o077 == 0
    port = json.loads((running.home.root / "ports.json").read_text())["postgres"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:wrong@127.0.0.1:{port}/postgres")
    assert not any(running.home.secret("valkey.password") in line for line in command_lines(running))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")
def test_root_without_user_namespaces_runs_postgres_as_nobody(tmp_path):
    from app.engine.supervisor import Supervisor

    home = Home(tmp_path / "home")
    postgres = Postgres(home, namespaces=False)
    assert postgres.as_nobody
    try:
        postgres.prepare()
        program = postgres.program()
        program.start()
        until(program.ready)
        owner = Path(f"/proc/{program.pid}").stat().st_uid
        assert owner != 0
        supervisor = Supervisor()
        supervisor.programs.append(program)
        supervisor.end_all()
        assert program.has_ended()
    finally:
        subprocess.run(["rm", "-rf", str(postgres.root)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root")
def test_root_is_asked_about_namespaces_once():
    assert namespaces_work() is namespaces_work()
