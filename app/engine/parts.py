"""Which parts run here and what each is told: the environment of the demo, and the programs of `bin/run`."""

import importlib.util
import os
import re
import socket
import ssl
import sys
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from app.engine.home import Home
from app.engine.postgres import APP, OWNER, Postgres
from app.engine.program import Program
from app.engine.tls import Certificate
from app.engine.valkey import Valkey
from app.settings import SettingsMissing

CODE = Path(__file__).resolve().parents[2]
SIMULATOR = "app.gateways.simulators.stripe"
ISSUER = "app.gateways.simulators.oidc"
WORKER = "from app.worker import main; main()"

TOGETHER = (
    ("DATABASE_URL", "DATABASE_OWNER_URL"),
    ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"),
    ("VAPID_PRIVATE_KEY", "VAPID_SUBJECT"),
)
"""Naming one without the other is a mistake worth a word."""


NAMED = re.compile(r"(DATABASE|REDIS|STRIPE|SMTP|MAIL|STORAGE|CLAMD|OIDC|VAPID|PUSH)_\w+")
"""The variables by which a part is replaced."""


def named() -> dict[str, str]:
    """The parts of `bin/run` that its caller replaced: other commands of this home talk to them too."""
    return {name: value for name, value in os.environ.items() if value and NAMED.fullmatch(name)}


@dataclass(frozen=True)
class Address:
    """Where the site is served."""

    host: str
    bind: str
    port: int
    certificate: Certificate | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}"

    @property
    def here(self) -> str:
        """The address this machine itself reaches it by; its public name may mean nothing here."""
        return "127.0.0.1" if self.bind in ("0.0.0.0", "localhost") else self.bind  # noqa: S104

    @property
    def local_url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://{self.here}:{self.port}"


def check_pairs() -> None:
    """Raises SettingsMissing when a part is replaced by half."""
    for pair in TOGETHER:
        unset = [name for name in pair if not os.environ.get(name)]
        if len(unset) == 1:
            raise SettingsMissing(unset)


def embedded_postgres(home: Home) -> Postgres | None:
    return None if os.environ.get("DATABASE_URL") else Postgres(home)


def embedded_valkey(home: Home) -> Valkey | None:
    return None if os.environ.get("REDIS_URL") else Valkey(home)


def simulates_stripe() -> bool:
    return not os.environ.get("STRIPE_API_KEY") and importlib.util.find_spec(SIMULATOR) is not None


def simulates_sign_on() -> bool:
    """Whoever names a provider wants that one alone."""
    return not any(name.startswith("OIDC_") and value for name, value in os.environ.items())


def environment(
    home: Home, address: Address, postgres: Postgres | None, valkey: Valkey | None
) -> dict[str, str]:
    """What web, worker and commands of this home are told beyond what the caller has set."""
    told = {
        "TORQUELINE_MODE": "demo",
        "TORQUELINE_HOME": str(home.root),
        "BASE_URL": address.url,
        "SECRET_KEY": os.environ.get("SECRET_KEY") or home.secret("secret_key"),
    }
    if postgres:
        told |= {"DATABASE_URL": postgres.url(APP), "DATABASE_OWNER_URL": postgres.url(OWNER)}
    if valkey:
        told["REDIS_URL"] = valkey.url
    if not os.environ.get("STRIPE_API_KEY"):
        told |= {
            "STRIPE_API_KEY": home.secret("stripe_api_key", prefix="sk_test_"),
            "STRIPE_API_BASE": f"http://127.0.0.1:{home.port('stripe')}",
            "STRIPE_CHECKOUT_ORIGIN": _door(home, address, "stripe"),
            "STRIPE_WEBHOOK_SECRET": home.secret("stripe_webhook_secret", prefix="whsec_"),
        }
    if not os.environ.get("VAPID_PRIVATE_KEY"):
        # 32 random bytes in base64url are a key of P-256, and this is how they are written for VAPID.
        told |= {
            "VAPID_PRIVATE_KEY": home.secret("vapid_private_key"),
            "VAPID_SUBJECT": "mailto:no-reply@demo.test",
        }
    if simulates_sign_on():
        told |= {
            "OIDC_DEMO_ISSUER": _door(home, address, "oidc"),
            "OIDC_DEMO_DISCOVERY": f"http://127.0.0.1:{home.port('oidc')}/.well-known/openid-configuration",
            "OIDC_DEMO_CLIENT_ID": "torqueline",
            "OIDC_DEMO_CLIENT_SECRET": home.secret("oidc_client_secret"),
            "OIDC_DEMO_LABEL": "Demo ID",
        }
    return told


def web(home: Home, address: Address, told: dict[str, str]) -> Program:
    tls = address.certificate
    return Program(
        name="Web",
        argv=[
            *granian(host=address.bind, port=address.port, workers=1),
            *(("--ssl-certificate", str(tls.certificate), "--ssl-keyfile", str(tls.key)) if tls else ()),
        ],
        log=home.logs / "web.log",
        env=_whole(told),
        cwd=CODE,
        patience=6.0,
        is_ready=lambda pid: answers(address),
        ready_within=90.0,
    )


def granian(*, host: str, port: int, workers: int) -> list[str]:
    """The web server's command line. Open event streams are cut 3 s after the signal to stop."""
    return [
        sys.executable, "-m", "granian", "app.asgi:create_app", "--factory", "--interface", "asgi",
        "--host", host, "--port", str(port), "--workers", str(workers), "--loop", "uvloop", "--no-ws",
        "--workers-kill-timeout", "3", "--log-level", "warning",
    ]  # fmt: skip


def worker(home: Home, told: dict[str, str]) -> Program:
    return Program(
        name="Worker",
        argv=[sys.executable, "-c", WORKER],
        log=home.logs / "worker.log",
        env=_whole(told),
        cwd=CODE,
    )


def _door(home: Home, address: Address, simulator: str) -> str:
    """Where browsers reach a simulator's pages; other devices only through its secure door."""
    if address.certificate:
        return f"https://{address.host}:{home.port(f'{simulator}-tls')}"
    return f"http://{address.host}:{home.port(simulator)}"


def _secure_door(home: Home, address: Address, tls: Certificate, simulator: str) -> list[str]:
    return [
        "--tls-host", address.bind, "--tls-port", str(home.port(f"{simulator}-tls")),
        "--certificate", str(tls.certificate), "--certificate-key", str(tls.key),
    ]  # fmt: skip


def simulators(home: Home, address: Address, told: dict[str, str]) -> list[Program]:
    """Before the demo is loaded: its shops connect their accounts to the local Stripe."""
    stripe = [simulator(home, address, told)] if simulates_stripe() else []
    return [*stripe, issuer(home, address, told)] if simulates_sign_on() else stripe


def simulator(home: Home, address: Address, told: dict[str, str]) -> Program:
    port = home.port("stripe")
    argv = [
        sys.executable, "-m", SIMULATOR, "--port", str(port),
        "--public-url", told["STRIPE_CHECKOUT_ORIGIN"], "--home", str(home.folder("stripe")),
        "--webhook-url", f"{address.local_url}/webhooks/stripe",
        f"--webhook-secret={told['STRIPE_WEBHOOK_SECRET']}", f"--secret-key={told['STRIPE_API_KEY']}",
    ]  # fmt: skip
    env = _whole(told)
    if tls := address.certificate:
        env["SSL_CERT_FILE"] = str(tls.authority)  # it sends its webhooks to this site alone
        argv += _secure_door(home, address, tls, "stripe")
    log = home.logs / "stripe.log"
    return Program(
        name="Stripe simulator", argv=argv, log=log, env=env, cwd=CODE, is_ready=lambda pid: _listens(port)
    )


def issuer(home: Home, address: Address, told: dict[str, str]) -> Program:
    """Whom the demo's people may let vouch for them."""
    port = home.port("oidc")
    argv = [
        sys.executable, "-m", ISSUER, "--port", str(port), "--public-url", told["OIDC_DEMO_ISSUER"],
        "--name", told["OIDC_DEMO_LABEL"], "--client-id", told["OIDC_DEMO_CLIENT_ID"],
        f"--client-secret={told['OIDC_DEMO_CLIENT_SECRET']}",  # one that begins with a dash is no option
        "--redirect-uri", f"{address.url}/sign-in/with/demo/callback",
    ]  # fmt: skip
    if tls := address.certificate:
        argv += _secure_door(home, address, tls, "oidc")
    log = home.logs / "oidc.log"
    return Program(
        name="Sign-on simulator",
        argv=argv,
        log=log,
        env=_whole(told),
        cwd=CODE,
        is_ready=lambda pid: _listens(port),
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def prepare(home: Home, told: dict[str, str]) -> Program:
    """Migrate and, into an empty database, load the demo: one process, as imports cost most of its time."""
    return Program(
        name="Preparing the database",
        argv=[sys.executable, "-m", "app.cli", "prepare"],
        log=home.logs / "prepare.log",
        env=_whole(told),
        cwd=CODE,
    )


def answers(address: Address) -> bool:
    """Whether the site serves its health page."""
    link: HTTPConnection
    if address.certificate:
        context = ssl.create_default_context(cafile=str(address.certificate.authority))
        link = HTTPSConnection(address.here, address.port, timeout=2, context=context)
    else:
        link = HTTPConnection(address.here, address.port, timeout=2)
    try:
        link.request("GET", "/healthz", headers={"Host": f"{address.host}:{address.port}"})
        return link.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        link.close()


def _whole(told: dict[str, str]) -> dict[str, str]:
    return dict(os.environ) | told
