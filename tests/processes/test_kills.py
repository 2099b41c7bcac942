"""Every process of `bin/run` may be killed at any time; the site comes back with everything in it."""

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.processes.running_site import BARE, ROOT, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400), pytest.mark.xdist_group("processes")]


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_killed_web_server_is_back_within_seconds(site):
    site.kill("Web")
    until(site.is_ready, within=30)


def test_a_killed_process_of_the_web_server_is_replaced(site):
    old = site.pid("Web")
    os.kill(max(children(old)), signal.SIGKILL)
    until(lambda: site.pid("Web") != old, within=15)
    until(site.is_ready, within=30)


def test_a_killed_worker_is_back(site):
    new = site.kill("Worker")
    time.sleep(5)
    assert site.pid("Worker") == new
    assert site.is_ready()


def test_a_killed_postgres_is_back_and_the_web_server_finds_it_again(site):
    web = site.pid("Web")
    site.kill("PostgreSQL")
    until(site.is_ready, within=15)
    assert site.pid("Web") == web


def test_a_valkey_that_lost_everything_is_back_and_found_again(site):
    web, worker = site.pid("Web"), site.pid("Worker")
    site.kill("Valkey", before_it_returns=site.forget_valkey)
    until(site.is_ready, within=15)
    assert (site.pid("Web"), site.pid("Worker")) == (web, worker)


def test_readiness_names_what_is_missing_while_it_is_missing(site):
    os.kill(site.pid("Valkey"), signal.SIGSTOP)
    try:
        answer = until(
            lambda: (a := httpx.get(f"{site.url}/readyz", timeout=20)).status_code == 503 and a, within=30
        )
        assert "valkey" in answer.text.lower()
    finally:
        os.kill(site.pid("Valkey"), signal.SIGCONT)
    until(site.is_ready, within=15)
    assert httpx.get(f"{site.url}/healthz", timeout=5).status_code == 200


def test_the_command_line_finds_the_running_site(site):
    said = subprocess.run(
        [ROOT / "bin" / "torqueline", "doctor", "--home", site.home.root],
        env=BARE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Role         torqueline_app owns nothing" in said.stdout


def test_ctrl_c_ends_everything_though_a_page_listens_and_a_second_start_is_warm(site, advisor):
    with advisor.listening(advisor.open("/settings")):
        assert site.stop() < 8
    began = time.monotonic()
    site.start()
    warm = time.monotonic() - began
    assert warm < 30, f"a warm start took {warm:.0f} s"


def test_a_killed_supervisor_leaves_no_orphan(site):
    assert len(site.processes()) > 5  # more than the supervisor and its engines
    site.process.kill()
    site.process.wait()
    until(lambda: not site.processes(), within=12)
    site.start()
