"""`torqueline serve` and `worker`: the real processes without any of the demo's doors."""

import signal
import socket
import subprocess

import httpx
import pytest

from app.settings import as_libpq
from tests.processes.running_site import BARE, ROOT, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300), pytest.mark.xdist_group("processes")]


def torqueline(*words, env):
    return subprocess.Popen(
        [ROOT / "bin" / "torqueline", *words], env=BARE | env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip


@pytest.fixture
def env(fresh_database, engine, tmp_path):
    return {
        "BASE_URL": "https://shop.example.com",
        "SECRET_KEY": "k" * 40,
        "DATABASE_URL": as_libpq(fresh_database.url),
        "REDIS_URL": engine.valkey_url(15),
        "STRIPE_API_KEY": "sk_live_nobody",
        "STRIPE_WEBHOOK_SECRET": "whsec_nobody",
        "SMTP_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "Shop <desk@example.com>",
        "STORAGE_URL": tmp_path.as_uri(),
        "LOG_LEVEL": "WARNING",
    }


@pytest.fixture
def served(env):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = torqueline("serve", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", env=env)
    web = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": "shop.example.com"}, timeout=10)
    until(lambda: process.poll() is None and web.get("/readyz").status_code == 200, within=90)
    yield web
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_production_serves_and_has_none_of_the_demos_doors(served):
    for address in ("/dev/mail", "/dev/patterns", "/dev/ca.crt"):
        assert served.get(address).status_code == 404, address
    page = served.get("/sign-in").text
    assert "demo" not in page.lower()
    assert "torque-demo" not in page
    answer = served.get("/sign-in")
    assert "max-age=" in answer.headers["strict-transport-security"]
    assert "__Host-" in answer.headers["set-cookie"]


def test_a_worker_runs_until_it_is_told_to_stop(env):
    process = torqueline("worker", env=env | {"LOG_LEVEL": "INFO"})
    assert any(b"worker.ready" in line for line in process.stdout), "it ended before it was ready"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_neither_starts_as_the_owner_of_the_tables(env, fresh_database):
    for command in ("serve", "worker"):
        process = torqueline(command, env=env | {"DATABASE_URL": as_libpq(fresh_database.owner_url)})
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "owns tables" in said.decode()


CLOSED = ("/.git/config", "/.env", "/metrics", "/server-status", "/debug", "/docs", "/redoc", "/schema", "/api/v1/schema",
          "/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/app/settings.py", "/phpinfo.php")  # fmt: skip

AMBIGUOUS = {
    "a length and chunks": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc",
    "a length that is none": "Content-Length: 3, 30\r\n\r\nabc",
    "a length with a sign": "Content-Length: +3\r\n\r\nabc",
    "a coding nobody knows": "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "chunked and not last": "Transfer-Encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "a size that is none": "Transfer-Encoding: chunked\r\n\r\nz\r\nabc\r\n0\r\n\r\n",
    "a name with a space": "Transfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "a folded header": "X: a\r\n b\r\n Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
}
"""Bodies whose end a proxy in front and a server behind could see in different places."""


def test_what_is_not_ours_to_show_is_not_there(served):
    for address in CLOSED:
        assert served.get(address).status_code == 404, address


def test_a_body_without_a_plain_end_gets_no_further(served):
    passed = []
    hidden = "GET /healthz HTTP/1.1\r\nHost: shop.example.com\r\n\r\n"
    for name, rest in AMBIGUOUS.items():
        with socket.create_connection((served.base_url.host, served.base_url.port), timeout=5) as line:
            line.sendall(f"POST /sign-in HTTP/1.1\r\nHost: shop.example.com\r\n{rest}{hidden}".encode())
            said = b""
            try:
                while part := line.recv(65536):
                    said += part
            except (TimeoutError, ConnectionResetError):
                pass
        if b" 200 " in said or said.count(b"HTTP/1.1") > 1:
            passed.append(f"{name}: {said[:80]!r}")
    assert not passed, passed
