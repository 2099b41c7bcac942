"""Start the simulator as a process of its own.

`python -m app.gateways.simulators.stripe --port N --home DIR --webhook-url URL
--webhook-secret S --secret-key K`
"""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from .asgi import Config, Simulator, stop


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stripe-simulator", description="A local Stripe. No money moves.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--public-url", help="where a browser reaches the hosted pages (default: host and port)"
    )
    parser.add_argument("--home", type=Path, required=True, help="folder of its SQLite file")
    parser.add_argument("--webhook-url", required=True)
    parser.add_argument("--webhook-secret", required=True)
    parser.add_argument("--secret-key", required=True)
    tls = parser.add_argument_group("a second, secure door for browsers on other devices")
    tls.add_argument("--tls-host", default="0.0.0.0")  # noqa: S104
    tls.add_argument("--tls-port", type=int)
    tls.add_argument("--certificate", type=Path)
    tls.add_argument("--certificate-key", type=Path)
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    public_url = arguments.public_url or f"http://{arguments.host}:{arguments.port}"
    config = Config(
        arguments.home, arguments.webhook_url, arguments.webhook_secret, arguments.secret_key, public_url
    )
    simulator = Simulator(config)
    servers = [_server(simulator, arguments.host, arguments.port)]
    if arguments.tls_port:
        pair = (arguments.certificate, arguments.certificate_key)
        servers.append(_server(simulator, arguments.tls_host, arguments.tls_port, pair))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    beside = asyncio.create_task(simulator.run_beside())
    serving = [asyncio.create_task(server.serve()) for server in servers]
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({beside, waiting, *serving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call]
    await stop(beside)
    await asyncio.gather(*serving)
    simulator.store.close()


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


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(serve(read_arguments()))


if __name__ == "__main__":
    main()
