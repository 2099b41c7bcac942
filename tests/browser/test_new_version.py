"""A newer service worker waits until somebody asks for it, and only that page is loaded anew."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from playwright.async_api import expect

from tests.browser.in_process import open_chromium
from tests.conftest import the_app

pytestmark = pytest.mark.browser


class Deployment:
    """The application behind a real port, whose worker can become another version."""

    def __init__(self, app: Any) -> None:
        self.app, self.version = app, "one"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/sw.js":
            text = await self._worker(scope, receive)
            headers = [(b"content-type", b"text/javascript"), (b"cache-control", b"no-cache")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": text + f"\n// {self.version}".encode()})
        else:
            await self.app(scope, receive, send)

    async def _worker(self, scope: Any, receive: Any) -> bytes:
        parts: list[bytes] = []

        async def keep(message: Any) -> None:
            parts.append(message.get("body", b""))

        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, keep)
        return b"".join(parts)


@pytest.fixture
async def deployed(site: str) -> AsyncIterator[tuple[str, Deployment]]:
    deployment = Deployment(the_app())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(deployment, host="127.0.0.1", port=port, lifespan="off", log_level="error")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  it sets no event
        await asyncio.sleep(0.02)
    yield f"http://localhost:{port}", deployment
    server.should_exit = True
    await serving


CONTROLLED = """navigator.serviceWorker.controller ? true : new Promise((done) =>
    navigator.serviceWorker.addEventListener("controllerchange", () => done(true), { once: true }))"""


async def test_a_new_version_is_offered_and_loaded_where_it_is_asked_for(
    deployed: tuple[str, Deployment],
) -> None:
    url, deployment = deployed
    async with open_chromium() as browser:
        context = await browser.new_context(locale="en-US")
        page, other = await context.new_page(), await context.new_page()
        await page.goto(f"{url}/sign-in")
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await page.reload()
        await other.goto(f"{url}/sign-in")
        for tab in (page, other):
            await tab.evaluate(CONTROLLED)
            await tab.evaluate("window.before = true")
        await expect(page.get_by_text("A new version is ready.")).to_have_count(0)

        deployment.version = "two"
        await page.evaluate(
            "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)"
        )
        for tab in (page, other):
            await expect(tab.get_by_text("A new version is ready.")).to_be_visible()
            assert await tab.evaluate("window.before")

        await page.fill("[name=email]", "someone@test.example")
        await page.get_by_role("button", name="Load it").click()
        await expect(page.get_by_text("Something on this page is not saved yet.")).to_be_visible()
        assert await page.evaluate("window.before")

        await page.fill("[name=email]", "")
        # Not `wait_for_function`: its later polls are an eval, which the page's policy forbids.
        async with page.expect_event("load"):
            await page.get_by_role("button", name="Load it").click()
        assert not await page.evaluate("window.before")
        await expect(page.get_by_text("A new version is ready.")).to_have_count(0)
        assert await other.evaluate("window.before")
