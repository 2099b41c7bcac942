"""GitHub's dialect, against a server that speaks the four addresses it has."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.gateways import oidc
from app.gateways.oidc import Handshake, Introduction, Provider, SignOnFailed

BACK = "http://testserver/sign-in/with/github/callback"
BEGUN = Handshake("a state", "", "a verifier of more than forty-three characters, to be sure")
HOME = {"email": "mona@home.example", "primary": False, "verified": True}
WORK = {"email": "mona@work.example", "primary": True, "verified": True}


class StandIn(ThreadingHTTPServer):
    """Answers as GitHub does: 200 with an error in it for a bad code, JSON only where it is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.person: dict[str, Any] = {"id": 583231, "login": "mona", "name": "Mona Cat"}
        self.addresses: list[dict[str, Any]] = [HOME, WORK]
        self.asked: dict[str, list[str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.server.asked = form
        if form["code"] != ["good"]:
            return self._say({"error": "bad_verification_code"})
        if form["client_secret"] != ["a secret"]:
            return self._say({"error": "incorrect_client_credentials"})
        return self._say({"access_token": "gho_x", "token_type": "bearer", "scope": "read:user,user:email"})

    def do_GET(self) -> None:
        if self.headers["authorization"] != "Bearer gho_x":
            return self._say({"message": "Bad credentials"}, 401)
        told = {"/api/v3/user": self.server.person, "/api/v3/user/emails": self.server.addresses}
        return self._say(told[self.path])

    def _say(self, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def github() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def gateway(github: StandIn, secret: str = "a secret") -> oidc.Gateway:
    return oidc.gateway(
        Provider("github", "GitHub", github.url, "id", secret, dialect="github", scope="read:user user:email")
    )


async def test_the_number_of_the_account_and_its_verified_primary_address_are_told(github):
    introduced = await gateway(github).introduction("good", BEGUN, BACK)
    assert introduced == Introduction(github.url, "583231", "mona@work.example", True, "Mona Cat")
    assert github.asked["code_verifier"] == [BEGUN.verifier]
    assert github.asked["redirect_uri"] == [BACK]


async def test_an_address_that_is_not_verified_or_not_the_primary_one_is_none(github):
    github.addresses = [HOME, WORK | {"verified": False}]
    introduced = await gateway(github).introduction("good", BEGUN, BACK)
    assert (introduced.email, introduced.is_email_verified) == ("", False)


async def test_an_account_without_a_name_has_its_login(github):
    github.person = {"id": 1, "login": "mona", "name": None}
    assert (await gateway(github).introduction("good", BEGUN, BACK)).name == "mona"


@pytest.mark.parametrize(
    ("code", "secret", "reason"), [("bad", "a secret", "spent"), ("good", "wrong", "misconfigured")]
)
async def test_what_github_refuses_with_status_200_is_refused(github, code, secret, reason):
    with pytest.raises(SignOnFailed) as refused:
        await gateway(github, secret).introduction(code, BEGUN, BACK)
    assert refused.value.reason == reason


async def test_somebody_without_a_number_is_nobody(github):
    github.person = {"login": "mona"}
    with pytest.raises(SignOnFailed, match="nobody"):
        await gateway(github).introduction("good", BEGUN, BACK)


async def test_the_browser_is_sent_to_github_with_a_challenge():
    public = Provider(
        "github", "GitHub", "https://github.com", "id", "s", dialect="github", scope="user:email"
    )
    address = await oidc.gateway(public).address(BEGUN, BACK)
    assert address.startswith("https://github.com/login/oauth/authorize?")
    assert "code_challenge_method=S256" in address
    assert "a+state" in address or "a%20state" in address
