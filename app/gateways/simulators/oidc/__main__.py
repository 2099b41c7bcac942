"""Start the local issuer as a process of its own.

`python -m app.gateways.simulators.oidc --port N --client-id ID --client-secret S --redirect-uri URL`
"""

import argparse
import asyncio
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from .asgi import Simulator
from .issuer import Issuer


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="oidc-simulator", description="A local OpenID Connect issuer.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-url", help="the issuer, as browsers reach it (default: host and port)")
    parser.add_argument("--name", default="Demo ID")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--redirect-uri", action="append", required=True)
    tls = parser.add_argument_group("a second, secure door for browsers on other devices")
    tls.add_argument("--tls-host", default="0.0.0.0")  # noqa: S104
    tls.add_argument("--tls-port", type=int)
    tls.add_argument("--certificate", type=Path)
    tls.add_argument("--certificate-key", type=Path)
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    inner_url = f"http://{arguments.host}:{arguments.port}"
    issuer = Issuer(
        public_url=arguments.public_url or inner_url,
        inner_url=inner_url,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        redirect_uris=arguments.redirect_uri,
    )
    simulator = Simulator(issuer, name=arguments.name, knob_secret=arguments.client_secret)
    servers = [_server(simulator, arguments.host, arguments.port)]
    if arguments.tls_port:
        pair = (arguments.certificate, arguments.certificate_key)
        servers.append(_server(simulator, arguments.tls_host, arguments.tls_port, pair))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    serving = [asyncio.create_task(server.serve()) for server in servers]
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({waiting, *serving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call]
    await asyncio.gather(*serving)


def _server(simulator: Simulator, host: str, port: int, pair: tuple[Path, Path] | None = None) -> Server:
    return Server(
        simulator,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.warning,
        websockets=False,
        ssl_cert=pair[0] if pair else None,
        ssl_key=pair[1] if pair else None,
    )


if __name__ == "__main__":
    asyncio.run(serve(read_arguments()))
