"""A browser without a screen that signs in by another site: to it, over its page, and back."""

from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.browsing import Answer, Browser


class Provider:
    """`oidc-provider-mock`, which has no page worth a look: a form with `sub` is all it wants."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.AsyncClient(trust_env=False)

    async def knows(self, sub: str, **claims: Any) -> None:
        (await self.http.put(f"{self.url}/users/{sub}", json=claims)).raise_for_status()

    async def answers(self, address: str, sub: str = "", **form: str) -> str:
        """The address it sends the browser back to."""
        answer = await self.http.post(address, data={"sub": sub, **form} if sub else form)
        assert answer.status_code in (302, 303), answer.text
        return str(answer.headers["location"])


def local(url: str) -> str:
    """The path and query of one of our own addresses."""
    parts = urlsplit(url)
    assert parts.netloc in ("", "testserver"), url
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


async def begin(one: Browser, name: str = "demo", **form: str) -> str:
    """The address at the provider that the browser is sent to."""
    answer = await one.post(f"/sign-in/with/{name}", form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def sign_on(one: Browser, provider: Provider, sub: str, **form: str) -> Answer:
    """What the site answers to the browser that comes back."""
    back = await provider.answers(await begin(one, **form), sub)
    return await one.get(local(back))
