"""The local issuer as the process it is, and what a person does on its pages."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from app.gateways import oidc
from app.gateways.oidc import Handshake, Introduction, Provider
from tests.gateways.stripe_process import free_port

CLIENT, SECRET = "torqueline", "a client secret for tests"
BACK = "http://testserver/sign-in/with/demo/callback"


class OidcProcess:
    def __init__(self, *backs: str) -> None:
        self.port, self.backs = free_port(), backs or (BACK,)
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.http = httpx.AsyncClient(base_url=self.issuer, trust_env=False, timeout=10)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def provider(self) -> Provider:
        return Provider("demo", "Demo ID", self.issuer, CLIENT, SECRET)

    async def start(self) -> None:
        arguments = ["--port", str(self.port), "--client-id", CLIENT, "--client-secret", SECRET]
        for back in self.backs:
            arguments += ["--redirect-uri", back]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.gateways.simulators.oidc", *arguments
        )
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await self.http.get("/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await asyncio.wait_for(self._process.wait(), 10)
        await self.http.aclose()

    async def turn(self, **knobs: Any) -> None:
        (await self._sim("/_sim/knobs", knobs)).raise_for_status()

    async def rotate(self) -> None:
        (await self._sim("/_sim/rotation", {})).raise_for_status()

    async def _sim(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"authorization": f"Bearer {SECRET}"})

    async def answers(self, address: str, **form: str) -> dict[str, str]:
        """What the browser brings back from the issuer's page after the form was sent."""
        answer = await self.http.post(address, data=form)
        assert answer.status_code == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def introduces(
        self, person: str = "demo-robin", *, provider: Provider | None = None, **changed: str
    ) -> Introduction:
        """The whole handshake by the gateway alone; `changed` replaces what we bring to its end."""
        gateway = oidc.gateway(provider or self.provider)
        begun = Handshake("a state", "a nonce", "a verifier of more than forty-three characters, to be sure")
        told = await self.answers(await gateway.address(begun, BACK), person=person)
        assert told["state"] == "a state"
        end = Handshake("a state", changed.get("nonce", begun.nonce), changed.get("verifier", begun.verifier))
        return await gateway.introduction(changed.get("code", told["code"]), end, changed.get("back", BACK))


@contextlib.asynccontextmanager
async def running(*backs: str) -> AsyncIterator[OidcProcess]:
    process = OidcProcess(*backs)
    await process.start()
    try:
        yield process
    finally:
        await process.stop()
