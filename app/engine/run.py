"""`torqueline run`: everything on one machine. `bin/run` comes here once the environment is made."""

import asyncio
import os
import re
import shutil
import socket
import sys
import time
from errno import EACCES, EADDRINUSE, EDQUOT, EEXIST, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path

from app.engine import parts
from app.engine.banner import banner
from app.engine.databases import commit_lazily, make_database
from app.engine.home import AlreadyRunning, Home, write_private
from app.engine.parts import Address
from app.engine.postgres import Postgres, public_folder
from app.engine.program import MARK, sweep_leftovers
from app.engine.supervisor import StartFailed, Stopped, Supervisor
from app.engine.testing import schema_key
from app.engine.tls import certificate_for
from app.settings import SettingsMissing

HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
PREPARE_WITHIN = 600.0
NO_PLACE = (EACCES, EPERM, EROFS, ENOSPC, EDQUOT, ENOTDIR, EEXIST)
"""Why a folder takes no data: not this user's, read-only, full, or a file."""


def run(*, port: int, home_folder: Path, https: str | None, host: str | None, fresh: bool) -> int:
    """Start all parts, keep them running until a signal. Returns the exit status."""
    try:
        parts.check_pairs()
    except SettingsMissing as missing:
        return _refuse(f"{missing}. It goes together with the one that is set.")
    if https and not HOST_NAME.fullmatch(https):
        return _refuse(f"--https {https!r} is not a host name or address, such as shop.local or 192.168.1.20")
    try:
        home = Home(home_folder)
        with home.lock():
            os.environ[MARK] = str(home.root)
            sweep_leftovers(str(home.root))
            if why := _cannot_listen(host or "127.0.0.1", port):
                return _refuse(f"{why}; choose another with --port or --host")
            if fresh:
                forget(home)
            return _supervise(home, _address(home, port, https, host))
    except AlreadyRunning as running:
        return _refuse(f"{running}; stop it first, or choose another folder with --home and another --port")
    except OSError as problem:
        if problem.errno not in NO_PLACE:
            raise
        return _refuse(
            f"{problem.filename or home_folder}: {problem.strerror}. Torqueline keeps its data in {home_folder}; "
            "make room or let this user write there, or choose another folder with --home"
        )


def _supervise(home: Home, address: Address) -> int:
    began = time.monotonic()
    postgres, valkey = parts.embedded_postgres(home), parts.embedded_valkey(home)
    told = parts.environment(home, address, postgres, valkey)
    with Supervisor() as supervisor:
        supervisor.on_change = lambda: home.write_state(
            {
                "address": address.url,
                "env": parts.named() | told,
                "pids": {p.name: p.pid for p in supervisor.programs},
            }
        )
        try:
            for engine in (postgres, valkey):
                if engine:
                    engine.prepare()
            supervisor.start(*(engine.program() for engine in (postgres, valkey) if engine))
            if postgres:
                asyncio.run(make_database(postgres))
            supervisor.start(*parts.simulators(home, address, told))
            _prepare(supervisor, home, told, postgres)
            supervisor.start(parts.worker(home, told), parts.web(home, address, told))
            ready = time.monotonic() - began
            print(banner(home, address, seconds=ready, keeps_mail=not os.environ.get("SMTP_URL")), flush=True)
            supervisor.watch()
        except Stopped:
            pass
        except StartFailed as failed:
            return _refuse(str(failed))
        print("\nStopping …", flush=True)
    return 0


def _prepare(supervisor: Supervisor, home: Home, told: dict[str, str], postgres: Postgres | None) -> None:
    """Skipped when this code already prepared this very cluster: it costs several seconds of imports."""
    stamp, begun = home.root / "prepared", home.root / "preparing"
    if postgres and stamp.exists() and stamp.read_text() == schema_key():
        return
    if postgres and not stamp.exists():  # the first time; if it was begun before, half a demo is no demo
        asyncio.run(make_database(postgres, anew=begun.exists()))
        asyncio.run(commit_lazily(postgres, True))
    print("Preparing the database …", flush=True)
    begun.touch()
    supervisor.run_once(parts.prepare(home, told), within=PREPARE_WITHIN)
    if postgres:
        asyncio.run(commit_lazily(postgres, False))
        write_private(stamp, schema_key())
    begun.unlink()


def _address(home: Home, port: int, https: str | None, host: str | None) -> Address:
    if https:
        everywhere = "0.0.0.0"  # noqa: S104
        return Address(https, host or everywhere, port, certificate_for(home, https))
    return Address("localhost", host or "127.0.0.1", port)


def _cannot_listen(host: str, port: int) -> str:
    """Why nobody can listen there; empty when one can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            return f"There is no port {port}"
        except OSError as problem:
            if problem.errno == EADDRINUSE:
                return f"Port {port} is in use by another program"
            return f"Port {port} of {host} cannot be had: {problem.strerror}"
    return ""


def forget(home: Home) -> None:
    """Start over: everything but the certificate authority, which phones have been taught to trust."""
    for entry in home.root.iterdir():
        if entry.name in ("tls", "logs", "supervisor.lock"):
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if os.geteuid() == 0:
        shutil.rmtree(public_folder(home), ignore_errors=True)


def _refuse(words: str) -> int:
    print(words, file=sys.stderr, flush=True)
    return 1
