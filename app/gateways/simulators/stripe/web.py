"""The little of HTTP the simulator needs, over bare ASGI: it starts in a blink without a framework."""

import inspect
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, unquote

log = logging.getLogger("stripe-simulator")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

LARGEST_BODY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def first(self, name: str, default: str = "") -> str:
        """A field of the query string."""
        return parse_qs(self.query, keep_blank_values=True).get(name, [default])[0]

    def form(self) -> dict[str, str]:
        """The fields of a posted page; of a repeated name the last one counts."""
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}


@dataclass(slots=True)
class Response:
    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Break the connection instead of answering: the work is done, the caller never learns of it."""


def json_response(value: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(value).encode(), status, headers=named)


def see_other(url: str) -> Response:
    return Response(b"", 303, "text/plain", {"location": url})


Answer = Response | Awaitable[Response]
Handler = Callable[..., Answer]
H = TypeVar("H")


class Router(Generic[H]):
    """`{name}` in a path matches one segment and is handed to the handler in order."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], H]] = []

    def add(self, method: str, path: str, handler: H) -> None:
        pattern = re.compile("^" + re.sub(r"\{\w+\}", r"([^/]+)", path) + "$")
        self._routes.append((method, pattern, handler))

    def find(self, method: str, path: str) -> tuple[H, list[str]] | None:
        for known, pattern, handler in self._routes:
            if known == method and (match := pattern.match(path)):
                return handler, [unquote(part) for part in match.groups()]
        return None


async def read_request(scope: Scope, receive: Receive) -> Request | None:
    """The whole request, or None when the body is larger than anything Stripe would take."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            break
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, bytes(body)
    )


async def send_response(response: Response, send: Send) -> None:
    headers = {"content-type": response.content_type, "cache-control": "no-store", **response.headers}
    length = len(response.body) + (1 if response.cut else 0)
    headers["content-length"] = str(length)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if response.cut:
        raise ConnectionAbortedError("reply lost on purpose")
    await send({"type": "http.response.body", "body": response.body})


async def settle(answer: Answer) -> Response:
    return await answer if inspect.isawaitable(answer) else answer
