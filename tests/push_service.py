"""A browser maker's push service on this machine, and a browser that subscribed there: it reads what it gets."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from app.gateways.push import Subscription
from app.gateways.push.keys import as_base64
from app.gateways.push.sealed import point_of
from app.settings import settings


@dataclass
class Device:
    """A browser: only it can read what is sent to its address."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def subscription(self) -> Subscription:
        return Subscription(self.endpoint, point_of(self.key.public_key()), self.auth)

    @property
    def form(self) -> dict[str, str]:
        """As the page's script sends it."""
        one = self.subscription
        return {"endpoint": one.endpoint, "p256dh": as_base64(one.p256dh), "auth": as_base64(one.auth)}

    def read(self, body: bytes) -> bytes:
        """By the reference implementation of RFC 8188 and 8291, which is not ours."""
        return bytes(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


class PushService:
    """Takes everything, unless told to answer otherwise."""

    def __init__(self) -> None:
        self.origin = ""
        self.got: list[Got] = []
        self.answers: dict[str, str] = {}
        """By path: a status line and headers."""

    def device(self, name: str) -> Device:
        return Device(f"{self.origin}/{name}")

    def read_by(self, device: Device) -> list[Any]:
        """What arrived for one device."""
        path = device.endpoint.removeprefix(self.origin)
        return [json.loads(device.read(one.body)) for one in self.got if one.path == path]

    def signed_by(self, got: Got) -> tuple[dict[str, Any], str]:
        """The claims and the public key of a message whose signature holds."""
        assert Vapid02.verify(got.headers["authorization"])
        token, key = got.headers["authorization"].removeprefix("vapid ").split(",")
        body = token.removeprefix("t=").split(".")[1]
        return json.loads(base64.urlsafe_b64decode(body + "==")), key.removeprefix("k=")

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        self.got.append(Got(path, headers, body))
        status = self.answers.get(path, "201 Created")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def service(site: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PushService]:
    """One that the site of this test calls."""
    async with push_service() as one:
        monkeypatch.setenv("PUSH_SERVICES", one.origin)
        settings.cache_clear()
        yield one
    settings.cache_clear()


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    server = await asyncio.start_server(service.answer, "127.0.0.1", 0)
    service.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield service
