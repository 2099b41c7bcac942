"""The lock files are asked about at a service for advisories; here at one of our own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "bin" / "advisories"
ADVISORIES = {("PyPI", "jinja2", "3.1.2"): "GHSA-h5c8", ("npm", "@scope/left", "1.0.0"): "GHSA-npm1"}
PYTHON_LOCK = "jinja2==3.1.2 \\\n    --hash=sha256:aa\n    # via torqueline\nlitestar[brotli]==2.25.0 \\\n"
NPM_LOCK = {
    "packages": {"": {"version": "1"}, "node_modules/a/node_modules/@scope/left": {"version": "1.0.0"}}
}


class Service(BaseHTTPRequestHandler):
    """Answers as OSV's /v1/querybatch does: a result for each query, in their order."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
        named = [(one["package"]["ecosystem"], one["package"]["name"], one["version"]) for one in asked]
        told = [{"vulns": [{"id": ADVISORIES[one]}]} if one in ADVISORIES else {} for one in named]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": told}).encode())

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/querybatch"
    server.shutdown()
    server.server_close()


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text(PYTHON_LOCK)
    (tmp_path / "package-lock.json").write_text(json.dumps(NPM_LOCK))
    (tmp_path / "tests/rules").mkdir(parents=True)
    review(tmp_path, "# nothing yet")
    return tmp_path


def review(root: Path, *lines: str) -> None:
    (root / "tests/rules/advisories.txt").write_text("\n".join(lines))


def ask(root: Path, url: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, PROGRAM, root], env={**os.environ, "ADVISORIES_URL": url, "no_proxy": "*"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_known_vulnerability_fails_until_somebody_has_reviewed_it(service, locks):
    code, said = ask(locks, service)
    assert code == 1
    assert "GHSA-h5c8: jinja2 3.1.2 (PyPI)" in said
    assert "GHSA-npm1: @scope/left 1.0.0 (npm)" in said
    review(locks, "GHSA-h5c8 jinja2 2999-01-01 no sandbox is used", "GHSA-npm1 @scope/left 2026-01-01 over")
    code, said = ask(locks, service)
    assert code == 1
    assert "GHSA-h5c8:" not in said
    assert "GHSA-npm1:" in said, "the day of its review has passed"
    review(locks, "GHSA-h5c8 jinja2 2999-01-01 no sandbox", "GHSA-npm1 @scope/left 2999-01-01 not called")
    assert ask(locks, service) == (0, "3 packages asked about: 2 advisories, 2 reviewed.\n")
    review(locks, "GHSA-h5c8 jinja2 2999-01-01")
    assert ask(locks, service)[0] == 1, "a reason is wanted"


def test_a_service_that_cannot_be_asked_is_said_and_fails_nothing(service, locks):
    for url in ("http://127.0.0.1:9/v1/querybatch", service.replace("127.0.0.1", "no.such.host.invalid")):
        code, said = ask(locks, url)
        assert code == 0
        assert "3 packages NOT CHECKED: the advisory service could not be asked" in said
