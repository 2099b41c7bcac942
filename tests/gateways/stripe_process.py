"""The simulator as the process it is, with a listener for its webhooks."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

SECRET_KEY = "sk_sim_test"
WEBHOOK_SECRET = "whsec_test"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Listener:
    """Stands where the shop's webhook address would be and answers what it is told to."""

    port: int
    status: int = 200
    heard: list[tuple[bytes, str]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for body, _signature in self.heard]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                signature = next(
                    (line[18:] for line in lines if line.lower().startswith("stripe-signature")), ""
                )
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.heard.append((body, signature))
                self._news.set()
                writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()

    async def until(self, kind: str, count: int = 1, within: float = 8) -> None:
        async with asyncio.timeout(within):
            while self.kinds.count(kind) < count:
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener(free_port())
    server = await asyncio.start_server(listener._serve, "127.0.0.1", listener.port)
    try:
        yield listener
    finally:
        server.close()


class StripeProcess:
    def __init__(self, home: Path, webhook_url: str) -> None:
        self.home, self.webhook_url, self.port = home, webhook_url, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._process: asyncio.subprocess.Process | None = None
        self.http = httpx.AsyncClient(base_url=self.base, trust_env=False, timeout=10)

    async def start(self) -> None:
        arguments = ["--port", str(self.port), "--home", str(self.home), "--webhook-url", self.webhook_url]
        arguments += ["--webhook-secret", WEBHOOK_SECRET, "--secret-key", SECRET_KEY]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.gateways.simulators.stripe", *arguments
        )
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await self.http.get("/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return await asyncio.wait_for(self._process.wait(), 10)

    async def knobs(self, **values: Any) -> None:
        response = await self.http.post("/_sim/faults", json=values, headers=self._admin)
        response.raise_for_status()

    async def settle_knobs(self) -> None:
        (await self.http.delete("/_sim/faults", headers=self._admin)).raise_for_status()

    async def deliveries(self) -> list[dict[str, Any]]:
        return (await self.http.get("/_sim/deliveries", headers=self._admin)).json()

    async def dispute(self, intent: str) -> str:
        """The payer goes to their bank. Returns the dispute's id."""
        return str((await self._knob(f"/_sim/payment_intents/{intent}/dispute"))["id"])

    async def decide(self, dispute: str, outcome: str) -> None:
        """The bank decides: "won" by the shop, or "lost"."""
        await self._knob(f"/_sim/disputes/{dispute}/{outcome}")

    async def enter(self, intent: str) -> None:
        """A charge whose entry is late gets it."""
        await self._knob(f"/_sim/payment_intents/{intent}/enter")

    async def lapse(self, intent: str) -> None:
        """A hold's time is over."""
        await self._knob(f"/_sim/payment_intents/{intent}/lapse")

    async def return_refund(self, refund: str) -> None:
        """The payer's bank sends a refund back."""
        await self._knob(f"/_sim/refunds/{refund}/return")

    async def pay_out(self, account: str) -> list[str]:
        """All that an account has goes to its bank. Returns the payouts' ids."""
        return [one["id"] for one in (await self._knob(f"/_sim/accounts/{account}/payout"))["data"]]

    async def answer_payout(self, payout: str, outcome: str) -> None:
        """The shop's bank takes it ("paid") or sends it back ("failed")."""
        await self._knob(f"/_sim/payouts/{payout}/{outcome}")

    async def _knob(self, path: str) -> dict[str, Any]:
        response = await self.http.post(path, headers=self._admin)
        response.raise_for_status()
        return response.json()

    @property
    def _admin(self) -> dict[str, str]:
        return {"authorization": f"Bearer {SECRET_KEY}"}

    async def pay(self, url: str, number: str = "4242 4242 4242 4242") -> httpx.Response:
        """What the payer does on the hosted page."""
        return await self.http.post(url, data={"number": number})

    async def connect(self, setup_url: str) -> httpx.Response:
        return await self.http.post(setup_url)


@contextlib.asynccontextmanager
async def running(home: Path, webhook_url: str) -> AsyncIterator[StripeProcess]:
    process = StripeProcess(home, webhook_url)
    await process.start()
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            await process.stop()
        await process.http.aclose()
