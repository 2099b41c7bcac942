"""Told while nothing is open: asked for by a tap, shown by the service worker, and leading to the right page."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from playwright.async_api import BrowserContext, Page, Worker, expect

from tests.browser.in_process import _without_streams, new_page, open_chromium
from tests.cast import Cast
from tests.conftest import the_app
from tests.domains.notifications import things
from tests.push_service import Device, PushService, service

__all__ = ["service"]

pytestmark = pytest.mark.browser

Run = Callable[[], Awaitable[int]]

SUBSCRIBES = """
  // The one part of a browser that needs its maker's servers: here it has an address at the service of this test.
  const made = JSON.parse(%s);
  const one = {
    endpoint: made.endpoint, options: {}, toJSON: () => made,
    unsubscribe: async () => { sessionStorage.removeItem("subscribed"); return true; },
  };
  PushManager.prototype.getSubscription = async () => (sessionStorage.getItem("subscribed") ? one : null);
  PushManager.prototype.subscribe = async (asked) => {
    if (!asked.userVisibleOnly || asked.applicationServerKey.length !== 87) throw new TypeError("not so");
    sessionStorage.setItem("subscribed", "yes");
    return one;
  };
"""


@pytest.fixture
async def served(site: str) -> AsyncIterator[str]:
    """Where a browser runs service workers: localhost counts as safe, the tests' usual name does not."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(_without_streams, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    yield f"http://localhost:{taken.getsockname()[1]}"
    server.should_exit = server.force_exit = True
    await serving


async def opened(context: BrowserContext, origin: str, cookie: str, device: Device) -> Page:
    form = device.form
    made = {"endpoint": form["endpoint"], "keys": {"p256dh": form["p256dh"], "auth": form["auth"]}}
    await context.add_init_script(SUBSCRIBES % json.dumps(json.dumps(made)))
    await context.add_cookies([{"name": "session", "value": cookie, "url": origin}])
    page = await context.new_page()
    await page.goto(f"{origin}/settings/notifications")
    return page


async def deliver(page: Page, origin: str, told: Any) -> None:
    """As the browser does with what its push service brings."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    cdp = await page.context.new_cdp_session(page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def keep(event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            if not found.done() and one["scopeURL"].startswith(origin):
                found.set_result(one["registrationId"])

    cdp.on("ServiceWorker.workerRegistrationUpdated", keep)
    await cdp.send("ServiceWorker.enable")
    message = {"origin": origin, "registrationId": await found, "data": json.dumps(told)}
    await cdp.send("ServiceWorker.deliverPushMessage", message)


async def shown(worker: Worker) -> list[Any]:
    """What is on the screen, as soon as there is something."""
    for _patiently in range(300):
        found = await worker.evaluate(
            "async () => (await registration.getNotifications()).map((n) => ({ title: n.title, body: n.body, url: n.data.url }))"
        )
        if found:
            return list(found)
        await asyncio.sleep(0.05)
    return []


async def clicked(worker: Worker) -> list[str]:
    """Where a tap on the notification leads. Only a real finger may open a window, so the worker is asked what it would do."""
    return list(
        await worker.evaluate(
            """async () => {
              const led = [];
              self.clients.openWindow = async (url) => { led.push(`opens ${new URL(url).pathname}`); };
              WindowClient.prototype.focus = async function () { led.push(`goes to ${new URL(this.url).pathname}`); };
              const [notification] = await registration.getNotifications();
              const event = new NotificationEvent("notificationclick", { notification });
              const done = [];
              event.waitUntil = (promise) => done.push(promise);
              self.dispatchEvent(event);
              await Promise.all(done);
              return led;
            }"""
        )
    )


async def test_a_tap_has_one_told_on_this_device_and_a_notification_leads_to_its_page(
    service: PushService, served: str, cast: Cast, run_reactions: Run
) -> None:
    phone = service.device("phone")
    async with open_chromium() as browser:
        await new_page(browser, the_app())
        context = await browser.new_context()
        await context.grant_permissions(["notifications"], origin=served)
        page = await opened(context, served, cast.customer.cookie, phone)
        await page.get_by_role("button", name="Tell me on this device").click()
        await expect(page.get_by_text("You are told on this device.")).to_be_visible()
        await expect(page.get_by_text("not told anything yet")).to_be_visible()
        await things.appointment()
        await run_reactions()
        [told] = service.read_by(phone)
        [line] = await things.lines_of(cast.customer.user_id)
        worker = context.service_workers[0]
        await deliver(page, served, told)
        seen = await shown(worker)
        assert seen == [{"title": line.title, "body": line.message, "url": line.url}]
        assert await clicked(worker) == [f"opens {line.url.split('?')[0]}"]
        elsewhere = {**told, "url": "https://evil.example/x", "tag": "other"}
        await deliver(page, served, elsewhere)
        seen = await shown(worker)
        assert seen[0]["url"] == "/notifications"
        await page.goto(f"{served}/notifications")
        assert await clicked(worker) == ["goes to /notifications"]
        await page.bring_to_front()
        seen = []
        for _again in range(3):  # a busy machine's Chromium drops what its own tools hand it now and then
            for url in ("/notifications", "/garage"):
                await deliver(page, served, {**told, "url": url, "tag": url})
            # Whoever looks at that very page sees it there; what comes after it is shown.
            seen = await shown(worker)
            if seen:
                break
        assert [one["url"] for one in seen] == ["/garage"]
        await page.goto(f"{served}/settings/notifications")
        await page.get_by_role("button", name="Remove").click()
        await expect(page.get_by_text("You are not told on any device yet.")).to_be_visible()
        await expect(page.get_by_role("button", name="Tell me on this device")).to_be_visible()
