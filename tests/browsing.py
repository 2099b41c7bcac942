"""A browser without a screen: cookies, the form token, the headers a real one sends."""

from typing import Any

import httpx

from app.core.security import csrf_token
from tests.cast import Person

Answer = httpx.Response


class Browser:
    """Requests of one person (or of a visitor) to the application in this process."""

    def __init__(self, app: Any, person: Person | None = None) -> None:
        cookies = {"session": person.cookie} if person else {"visitor": "a-visitor"}
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=True),
            base_url="http://testserver",
            cookies=cookies,
        )

    @property
    def binding(self) -> str:
        """The cookie that this browser's forms are tied to."""
        return self.http.cookies.get("session") or self.http.cookies.get("visitor") or ""

    async def get(self, url: str, **options: Any) -> Answer:
        """GET as a person does; options go to httpx."""
        return await self.http.get(url, **options)

    async def post(
        self,
        url: str,
        form: dict[str, Any] | None = None,
        *,
        key: str = "",
        files: Any = None,
        **options: Any,
    ) -> Answer:
        """Send a form from one of our own pages. `key` is its one-time key."""
        data = {"csrf_token": csrf_token(self.binding), "idempotency_key": key, **(form or {})}
        headers = {"sec-fetch-site": "same-origin", **options.pop("headers", {})}
        return await self.http.post(url, data=data, files=files, headers=headers, **options)

    async def json(self, method: str, url: str, body: Any = None, **options: Any) -> Answer:
        """A JSON request with the session cookie and the form token in its header."""
        headers = {
            "sec-fetch-site": "same-origin",
            "x-csrf-token": csrf_token(self.binding),
            **options.pop("headers", {}),
        }
        return await self.http.request(method, url, json=body, headers=headers, **options)

    async def close(self) -> None:
        await self.http.aclose()
