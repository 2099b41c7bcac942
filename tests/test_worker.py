"""A worker of which one half has ended must end, so that whoever supervises it starts a whole one."""

import subprocess
import sys
from pathlib import Path

from app.engine.parts import WORKER

ROOT = Path(__file__).resolve().parent.parent


def test_a_worker_whose_queue_ends_by_itself_ends_with_an_error(site, monkeypatch):
    # An address that cannot be read is nothing that passes, so it is not waited for as a lost Redis is.
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:port")
    said = subprocess.run(
        [sys.executable, "-c", WORKER], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert said.returncode == 1
    assert "the queue has ended by itself" in said.stderr
