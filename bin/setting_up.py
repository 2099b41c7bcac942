"""What `bin/run` and `bin/test` need before they can start: the environment, its packages, the built assets.

Standard library only, because it runs before anything is installed. Each step is skipped while the lock
files it depends on are unchanged.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "torqueline-stamp.json"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20


class SetupFailed(Exception):
    """A step failed; the message says which, why, and what to do."""


def find_python():
    """Run again under a Python that is new enough, if this one is not."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in (13, 12, 14, 11):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    sys.exit("Torqueline needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])


def set_up(*, for_tests=False):
    """Make everything that is missing or out of date."""
    with _one_at_a_time():
        _environment()
        _packages("test" if for_tests or _stamp().get("set") == "test" or _has("pytest") else "run")
        _command()
        _assets()
        _run([PYTHON, ROOT / "bin" / "words"], "The catalogues of words could not be compiled")


@contextmanager
def _one_at_a_time():
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _environment():
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    say("Making the Python environment in .venv …")
    if VENV.exists() and not VENV.is_symlink():
        shutil.rmtree(VENV)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise SetupFailed(
            f"Python could not make a virtual environment:\n{made.stdout}{made.stderr}\n"
            "On Debian and Ubuntu the package python3-venv is missing."
        )


def _packages(wanted):
    lock = ROOT / ("requirements-test.txt" if wanted == "test" else "requirements.txt")
    stamp = {"set": wanted, "lock": _hash(lock)}
    if _stamp() == stamp:
        return
    say(f"Installing the packages of {lock.name} …")
    _install(lock, "sync", "--compile-bytecode", lock)
    STAMP.write_text(json.dumps(stamp))


def _install(lock, *how):
    """With uv if that works here, else with pip; both check every hash."""
    uv = _uv()
    command = [uv, "pip", *how, "-q", "--require-hashes", "-p", PYTHON]
    if uv and subprocess.run(command, env=_pip_habits(), capture_output=True, check=False).returncode == 0:
        return
    _run(
        [*_pip(), "-q", "--require-hashes", "-r", lock], f"The packages of {lock.name} could not be installed"
    )


def _uv():
    """uv installs in a tenth of pip's time. It is a convenience: without it pip does the same."""
    folder = VENV / "uv"
    uv = folder / "bin" / "uv"
    if not uv.exists():
        lock = ROOT / "requirements-setup.txt"
        command = [*_pip(), "-q", "--require-hashes", "--target", folder, "-r", lock]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    return uv if uv.exists() else None


def _pip():
    """pip's command line; uv takes pip out of the environment, Python itself can put it back."""
    if not _has("pip"):
        subprocess.run([PYTHON, "-m", "ensurepip"], capture_output=True, check=False)
    return [PYTHON, "-m", "pip", "install"]


def _pip_habits():
    """uv does not read pip's configuration, where a company's index and certificates are usually named."""
    environment = {"UV_SYSTEM_CERTS": "1", **os.environ}
    _pip()
    for option, variable in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        asked = subprocess.run(
            [PYTHON, "-m", "pip", "config", "get", f"global.{option}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = os.environ.get(f"PIP_{option.upper().replace('-', '_')}") or asked.stdout.strip()
        if said:
            environment.setdefault(variable, said)
    return environment


def _command():
    """`.venv/bin/torqueline`: the project is not installed, it runs from its folder."""
    script = VENV / "bin" / "torqueline"
    text = f'#!/bin/sh\nexec "{ROOT}/bin/torqueline" "$@"\n'
    if not script.exists() or script.read_text() != text:
        script.write_text(text)
        script.chmod(0o755)


def _assets():
    """`bin/assets` installs and builds what pages and VIN look-up need, and knows when that is done."""
    if node() is None:
        _bring_node()
    if not (ROOT / "app" / "static" / "dist" / "manifest.json").exists():
        say("Building what the pages are made of …")
    _run([PYTHON, ROOT / "bin" / "assets"], "The assets could not be built")


def node():
    """A Node that is new enough, or None."""
    for found in (shutil.which("node"), shutil.which("node", path=str(VENV / "bin"))):
        if not found:
            continue
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        major = re.match(r"v(\d+)", said)
        if major and int(major[1]) >= OLDEST_NODE:
            return Path(found)
    return None


def _bring_node():
    say(f"No Node of version {OLDEST_NODE} or newer here; installing one into .venv …")
    lock = ROOT / "requirements-node.txt"
    _install(lock, "install", "-r", lock)


def _run(command, problem):
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}  # as uv and pip: what this machine trusts
    found = node()
    if found:
        environment["PATH"] = f"{found.parent}{os.pathsep}{environment.get('PATH', '')}"
    command = [str(word) for word in command]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise SetupFailed(f"{problem} ({' '.join(command)}):\n{tail}")


def _has(package):
    return any((VENV / "lib").glob(f"python3.*/site-packages/{package}"))


def _stamp():
    try:
        return json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def _hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def say(words):
    print(words, flush=True)
