"""Pages of the application in this process, looked at in a real Chromium.

It finds the application behind the name that all tests know, so a test sees exactly what its own database holds.
Streams are not carried; a journey that needs them starts the real processes.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

import uvicorn
from playwright.async_api import Browser, Page, Playwright, async_playwright

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ORIGIN = "http://testserver"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Where a Chromium is; None lets Playwright use its own."""
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


class Server(uvicorn.Server):
    """One that leaves Ctrl-C to pytest."""

    def capture_signals(self) -> AbstractContextManager[None]:
        return nullcontext()


_running: list[tuple[Playwright, Browser]] = []
_serving: list[tuple[Server, asyncio.Task[None]]] = []
_shown: list[Any] = []
"""The application that the latest page was opened on."""


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """The one browser of this process, started by whoever asks first; contexts opened in it end with the block."""
    if not _running:
        playwright = await async_playwright().start()
        _running.append(
            (
                playwright,
                await playwright.chromium.launch(
                    executable_path=chromium(),
                    args=[f"--host-resolver-rules=MAP testserver:80 127.0.0.1:{await _serve()}"],
                ),
            )
        )
    browser = _running[0][1]
    before = set(browser.contexts)
    yield browser
    for context in set(browser.contexts) - before:
        await context.close()


async def close_chromium() -> None:
    while _running:
        playwright, browser = _running.pop()
        await browser.close()
        await playwright.stop()
    while _serving:
        server, task = _serving.pop()
        server.should_exit = server.force_exit = True
        await task


async def _serve() -> int:
    """The port at which the application answers until the browser is closed."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = Server(uvicorn.Config(_without_streams, log_level="error", lifespan="off", proxy_headers=False))
    _serving.append((server, asyncio.create_task(server.serve(sockets=[taken]))))
    return int(taken.getsockname()[1])


def secure_origin() -> str:
    """The same application where a browser lets pages use cryptography without TLS."""
    return f"http://127.0.0.1:{_serving[0][0].servers[0].sockets[0].getsockname()[1]}"


async def _without_streams(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"].startswith("/live"):
        # Nothing to hear, and no need to ask again: a refusal would say that the session has ended.
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        return
    # Packing a page for a browser on the same machine only takes time.
    plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    await _shown[0]({**scope, "headers": plain}, receive, send)


async def new_page(browser: Browser, app: Any, cookie: str = "", **options: Any) -> tuple[Page, list[str]]:
    """A page whose requests go to `app`, and the list of what went wrong in it: violations and script errors."""
    _shown[:] = [app]
    context = await browser.new_context(reduced_motion="reduce", service_workers="block", **options)
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


WHOLE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer can change with the theme alone: themes differ in nothing but colours."""
LOOKS_ALONE = [*COLOURS, "target-size", "scrollable-region-focusable"]
"""The rules whose answer can change with the theme or the width alone."""
LOOKS: tuple[tuple[int, Literal["light", "dark"], Literal["", "rtl"], list[str]], ...] = (
    (1440, "light", "", WHOLE),
    (1024, "dark", "", LOOKS_ALONE),
    (390, "light", "", LOOKS_ALONE),
    (390, "dark", "", COLOURS),
    (390, "light", "rtl", LOOKS_ALONE),
    (1024, "dark", "rtl", LOOKS_ALONE),
)
"""Width, theme, direction ("" as the page has it), and what to ask. What a page says does not change with any of them."""


async def looked_at(page: Page, address: str) -> list[str]:
    """Open the address and look at it in every look."""
    await page.goto(f"{ORIGIN}{address}")
    await page.wait_for_timeout(100)  # what htmx fetches on load belongs to the page
    return await faults(page, address)


async def faults(page: Page, called: str) -> list[str]:
    """What is wrong with the page as it stands, at every width, in both themes and directions; afterwards it is as it
    was."""
    before = page.viewport_size
    direction = await page.evaluate("document.documentElement.dir")
    found = []
    for width, scheme, other, rules in LOOKS:
        await page.evaluate("dir => { document.documentElement.dir = dir }", other or direction)
        await page.set_viewport_size({"width": width, "height": 844})
        await page.emulate_media(color_scheme=scheme)
        found += [
            f"{called}, {scheme} {other} at {width} px: {one}" for one in await faults_as_shown(page, rules)
        ]
    await page.evaluate("dir => { document.documentElement.dir = dir }", direction)
    await page.emulate_media(color_scheme=None)
    if before:
        await page.set_viewport_size(before)
    return found


async def too_wide_in_large_letters(page: Page) -> str:
    """What sticks out of a phone's screen when the reader has set letters twice as large; "" when nothing does."""
    await page.set_viewport_size({"width": 390, "height": 844})
    return str(
        await page.evaluate(
            """() => {
              const before = document.adoptedStyleSheets;
              const large = new CSSStyleSheet();
              large.replaceSync("html { font-size: 200% !important; }");
              document.adoptedStyleSheets = [...before, large];
              const root = document.documentElement;
              const wide = root.scrollWidth - root.clientWidth;
              const out = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
              const said = wide > 0 ? `${wide} px too wide: ${out.slice(0, 5).map((e) => e.outerHTML.slice(0, 80)).join(" | ")}` : "";
              document.adoptedStyleSheets = before;
              return said;
            }"""
        )
    )


async def faults_as_shown(page: Page, rules: list[str] = WHOLE) -> list[str]:
    """What axe finds (WCAG 2.2 AA and best practice), what the policy refused, and whether the page overflows."""
    await page.evaluate(f"() => {{ {PLAIN_GROUNDS} }}")
    result = await page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})", rules
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
