"""Pages of the application in this process, looked at in a real Chromium: no server, no port.

Every request of the browser is answered by the application itself, so a test sees exactly what its own database holds.
Streams are not carried; a journey that needs them starts the real processes.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Page, Route, async_playwright

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ORIGIN = "http://testserver"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Where a Chromium is; None lets Playwright use its own."""
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium())
        yield browser
        await browser.close()


async def new_page(browser: Browser, app: Any, cookie: str = "", **options: Any) -> tuple[Page, list[str]]:
    """A page whose requests go to `app`, and the list of what went wrong in it: violations and script errors."""
    context = await browser.new_context(reduced_motion="reduce", service_workers="block", **options)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN)

    async def answer(route: Route) -> None:
        asked = route.request
        if asked.url.startswith(f"{ORIGIN}/live"):
            await route.fulfill(status=401)
            return
        headers = {
            name: said for name, said in (await asked.all_headers()).items() if not name.startswith(":")
        }
        said = await http.request(asked.method, asked.url, headers=headers, content=asked.post_data_buffer)
        # Chromium does not ask here for what a fulfilled fetch is sent on to.
        while asked.resource_type in ("fetch", "xhr") and said.has_redirect_location:
            onward = {name: text for name, text in headers.items() if not name.startswith("content-")}
            said = await http.get(said.headers["location"], headers=onward)
        kept = {
            name: text
            for name, text in said.headers.items()
            if name not in ("content-encoding", "content-length")
        }
        await route.fulfill(status=said.status_code, headers=kept, body=said.content)

    await context.route("**/*", answer)
    if cookie:
        await context.add_cookies([{"name": "session", "value": cookie, "url": ORIGIN}])
    await context.add_init_script(path=AXE)
    await context.add_init_script(
        "window.refused=[];document.addEventListener('securitypolicyviolation',"
        "e=>refused.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`))"
    )
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    return page, wrong


# axe cannot see a ground that a pseudo-element paints; this gives the same ground to the element itself.
PLAIN_GROUNDS = """
  const plain = new CSSStyleSheet();
  plain.replaceSync(`@layer app { .ticket { background: var(--color-base-100); } }
    .ticket::before, .ticket::after, .masthead::after { content: none !important; }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, plain];
"""


async def faults(page: Page) -> list[str]:
    """What axe finds (WCAG 2.2 AA and best practice), what the policy refused, and whether the page overflows."""
    await page.evaluate(f"() => {{ {PLAIN_GROUNDS} }}")
    result = await page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    found = [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
    found += [f"policy: {one}" for one in await page.evaluate("window.refused")]
    too_wide = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if too_wide > 0:
        found.append(f"the page is {too_wide} px too wide")
    return found
