"""People at their own devices, on a real site: each with a browser context, watched for what goes wrong."""

import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Page, Response

from tests.browser.in_process import AXE, LOOKS_ALONE, WHOLE, faults_as_shown

PASSWORD = "torque-demo-2026"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABLET: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
REFUSALS = (
    "window.refused=[];document.addEventListener('securitypolicyviolation',"
    "e=>refused.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`))"
)


class Person:
    """Somebody with a device. `wrong` collects script errors, refusals of the policy and broken answers."""

    def __init__(
        self, name: str, base: str, context: BrowserContext, page: Page, *, has_scripts: bool = True
    ) -> None:
        self.name, self.base, self.context, self.page = name, base, context, page
        self.has_scripts = has_scripts
        self.wrong: list[str] = []
        self.looked: set[str] = set()
        page.on("pageerror", lambda error: self.wrong.append(f"{name}: script: {error}"))
        page.on("response", self._check)
        page.on("console", self._hear)

    def _check(self, answer: Response) -> None:
        if answer.status >= 500:
            self.wrong.append(f"{self.name}: {answer.status} {answer.request.method} {answer.url}")

    def _hear(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            self.wrong.append(f"{self.name}: policy: {message.text[:300]}")

    async def goto(self, path: str) -> None:
        """Open an address of the site, or a whole URL from a mail."""
        await self.page.goto(path if path.startswith("http") else f"{self.base}{path}")

    async def sign_in(self, email: str) -> None:
        """Through the form, as anybody does."""
        await self.goto("/sign-in")
        await self.page.fill("[name=email]", email)
        await self.page.fill("[name=password]", PASSWORD)
        await self.press("Sign in")
        await self.page.wait_for_url(lambda url: "/sign-in" not in url)

    async def press(self, name: str, *, within: Any = None, exact: bool = True) -> None:
        """Press a button by what it says, or by the name a screen reader says."""
        await (
            (within or self.page.locator("main")).get_by_role("button", name=name, exact=exact).first.click()
        )

    async def follow(self, name: str, *, exact: bool = True) -> None:
        """Follow a link by its words."""
        await self.page.locator("main").get_by_role("link", name=name, exact=exact).first.click()

    async def look(self, what: str) -> None:
        """Have axe look at the page in both themes, and note every fault, once for each kind of page."""
        if not self.has_scripts or what in self.looked or os.environ.get("TORQUELINE_NO_AXE"):
            return
        self.looked.add(what)
        # What the sticky masthead happens to cover after a click is no fault of the page.
        await self.page.evaluate("window.scrollTo(0, 0)")
        looks: tuple[tuple[Literal["light", "dark"], list[str]], ...] = (
            ("light", WHOLE),
            ("dark", LOOKS_ALONE),
        )
        for scheme, rules in looks:
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = await faults_as_shown(self.page, rules)
            self.wrong += [f"{self.name} at {what}, {scheme}: {one}" for one in found]
        await self.page.emulate_media(color_scheme="light", reduced_motion="reduce")


@asynccontextmanager
async def at_a_device(
    browser: Browser, name: str, base: str, device: dict[str, Any], *, has_scripts: bool = True
) -> AsyncIterator[Person]:
    """Somebody with a fresh browser of their own."""
    context = await browser.new_context(
        reduced_motion="reduce",
        service_workers="block",
        locale="en-US",
        java_script_enabled=has_scripts,
        **device,
    )
    if has_scripts:
        await context.add_init_script(path=AXE)
        await context.add_init_script(REFUSALS)
    context.set_default_timeout(15_000)
    if os.environ.get("TORQUELINE_TALK"):
        context.on(
            "request",
            lambda r: (
                print(time.strftime("%X"), name, r.method, r.url[:110]) if "static" not in r.url else None
            ),
        )
        context.on(
            "requestfailed", lambda r: print(time.strftime("%X"), name, "FAILED", r.url[:110], r.failure)
        )
    person = Person(name, base, context, await context.new_page(), has_scripts=has_scripts)
    try:
        yield person
    finally:
        if shots := os.environ.get("TORQUELINE_SHOTS"):
            await person.page.screenshot(path=f"{shots}/last-{name}.png", full_page=True)
        await context.close()


async def sign_up_with_a_car(phone: Page, base: str) -> None:
    """Nobody yet, and then somebody with a car in their garage, on its page."""
    await phone.goto(f"{base}/sign-up")
    await phone.fill("[name=name]", "Nora O'Brien")
    await phone.fill("[name=email]", "nora@example.com")
    await phone.fill("[name=password]", "three quiet green lamps")
    for box in await phone.locator("main input[type=checkbox][required]").all():
        await box.check()
    await phone.press("[name=password]", "Enter")
    await phone.wait_for_url(re.compile("/garage/new"))
    await phone.fill("[name=vin]", "1HGCM82633A004352")
    await phone.press("[name=vin]", "Enter")
    await phone.get_by_role("button", name=re.compile("^(Add|Put|Save)")).last.click()
    await phone.wait_for_url(re.compile(r"/garage/[0-9a-f-]{36}$"))
