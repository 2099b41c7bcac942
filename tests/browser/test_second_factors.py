"""Passkeys, codes and lost devices as a person meets them: a real server, a Chromium with an authenticator of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pyotp
import pytest
import uvicorn
from playwright.async_api import Browser, Page

from app.core import clock, live
from app.domains.accounts import one_time_codes
from app.settings import settings
from tests.browser.people import DESK, PHONE, TABLET, Person, at_a_device
from tests.cast import PASSWORD, Cast
from tests.conftest import the_app

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("TORQUELINE_SHOTS")


@pytest.fixture
async def base(site: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The site at an address where passkeys work: browsers take localhost for a safe one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(64)
        url = f"http://localhost:{taken.getsockname()[1]}"
        monkeypatch.setenv("BASE_URL", url)
        settings.cache_clear()
        server = uvicorn.Server(uvicorn.Config(the_app(), log_level="warning", lifespan="off"))
        async with live.listening(None):
            serving = asyncio.create_task(server.serve(sockets=[taken]))
            yield url
            server.should_exit = server.force_exit = True
            live._listener.closing.set()  # type: ignore[union-attr]
            with contextlib.suppress(asyncio.CancelledError):
                await serving
    settings.cache_clear()


async def authenticator(page: Page) -> Any:
    """A device that keeps passkeys and always recognises its owner's finger."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


async def signed_in(person: Person, who: Any) -> None:
    await person.goto("/sign-in")
    await person.page.fill("[name=email]", who.email)
    await person.page.fill("[name=password]", PASSWORD)
    await person.press("Sign in")
    await person.page.wait_for_url(lambda url: "/sign-in" not in url)


async def shot(person: Person, name: str) -> None:
    """The page at three widths in both themes, where somebody wants to look at it."""
    if not SHOTS:
        return
    for width, height in ((390, 844), (1024, 768), (1440, 900)):
        await person.page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await person.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            await person.page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
    await person.page.emulate_media(color_scheme="light", reduced_motion="reduce")


def code(secret: str, shift: int = 0) -> str:
    return pyotp.TOTP(secret).at((one_time_codes.step_of(clock.now()) + shift) * one_time_codes.STEP)


async def test_a_passkey_is_added_opens_the_account_alone_and_is_removed(
    base: str, chromium: Browser, cast: Cast
) -> None:
    async with at_a_device(chromium, "Avery", base, DESK) as avery:
        session, device = await authenticator(avery.page)
        await signed_in(avery, cast.advisor)
        await avery.goto("/settings/security")
        await avery.look("security")
        await shot(avery, "security-empty")
        await avery.follow("Add a passkey")
        await avery.look("passkey")
        await shot(avery, "passkey-new")
        await avery.page.fill("[name=name]", "Bench laptop")
        await avery.press("Add the passkey")
        await avery.page.get_by_role("heading", name="Recovery codes").wait_for()
        assert await avery.page.locator(".recovery-codes li").count() == 10
        await avery.look("recovery codes")
        await shot(avery, "recovery-codes")
        await avery.follow("I have kept them")
        await avery.page.locator("#passkeys strong", has_text="Bench laptop").wait_for()
        await shot(avery, "security-passkey")

        await avery.context.clear_cookies()
        presence = {"authenticatorId": device, "enabled": False}
        await session.send("WebAuthn.setAutomaticPresenceSimulation", presence)
        await avery.goto("/sign-in?next=/settings/security")
        await avery.look("sign in")
        await shot(avery, "sign-in")
        await session.send("WebAuthn.setAutomaticPresenceSimulation", {**presence, "enabled": True})
        await avery.press("Sign in with a passkey")
        await avery.page.wait_for_url("**/settings/security")
        assert "Last used" in await avery.page.locator("#passkeys").inner_text()

        await avery.page.locator("#passkeys").get_by_role("button", name="Remove Bench laptop").click()
        await avery.page.get_by_text("The passkey is removed.").wait_for()
        await avery.context.clear_cookies()
        await avery.goto("/sign-in")  # the list of the browser offers it, and the finger is there at once
        await avery.page.get_by_text("This passkey does not open an account here.").wait_for()
        kept = await session.send("WebAuthn.getCredentials", {"authenticatorId": device})
        assert len(kept["credentials"]) == 1, "the device keeps it; here it opens nothing any more"
        assert avery.wrong == []


async def test_the_password_of_somebody_with_a_passkey_leads_to_it(
    base: str, chromium: Browser, cast: Cast
) -> None:
    async with at_a_device(chromium, "Dana", base, PHONE) as dana:
        await authenticator(dana.page)
        await signed_in(dana, cast.customer)
        await dana.goto("/settings/security/passkeys/new")
        await dana.press("Add the passkey")
        await dana.page.get_by_role("heading", name="Recovery codes").wait_for()
        recovery = await dana.page.locator(".recovery-codes li").first.inner_text()
        async with at_a_device(chromium, "Thief", base, DESK) as thief:
            await thief.goto("/sign-in")
            await thief.page.fill("[name=email]", cast.customer.email)
            await thief.page.fill("[name=password]", PASSWORD)
            await thief.press("Sign in")
            await thief.page.get_by_role("heading", name="Second step").wait_for()
            await thief.look("second step")
            await shot(thief, "second-factor-passkey")
            await thief.goto("/garage")
            assert "/sign-in" in thief.page.url
            await thief.goto("/sign-in/second-factor")
            await thief.page.fill("[name=code]", recovery)
            await thief.press("Go on")
            await thief.page.wait_for_url(lambda url: "/sign-in" not in url)
            assert thief.wrong == []
        assert dana.wrong == []


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_an_app_is_set_up_and_asked_for(
    base: str, chromium: Browser, cast: Cast, has_scripts: bool
) -> None:
    async with at_a_device(chromium, "Olive", base, TABLET, has_scripts=has_scripts) as olive:
        await signed_in(olive, cast.owner)
        await olive.goto("/settings/security")
        await olive.follow("Set up an app")
        await olive.look("app")
        await shot(olive, "app")
        secret = re.sub(r"\s", "", await olive.page.locator("code.code").inner_text())
        await olive.page.fill("[name=code]", "000000")
        await olive.press("Set the app up")
        await olive.page.get_by_role("link", name="That is not the code").wait_for()
        await shot(olive, "app-wrong")
        await olive.page.fill("[name=code]", code(secret))
        await olive.press("Set the app up")
        await olive.follow("I have kept them")
        await shot(olive, "security-app")
        await olive.look("security with an app")
        await olive.context.clear_cookies()
        await olive.goto("/sign-in?next=/settings/security")
        await olive.page.fill("[name=email]", cast.owner.email)
        await olive.page.fill("[name=password]", PASSWORD)
        await olive.press("Sign in")
        await olive.look("second step")
        await shot(olive, "second-factor-app")
        await olive.page.fill("[name=code]", "000000")
        await olive.press("Go on")
        await olive.page.get_by_role("link", name="This code does not work").wait_for()
        await olive.page.fill("[name=code]", code(secret, 1))
        await olive.press("Go on")
        await olive.page.wait_for_url("**/settings/security")
        assert olive.wrong == []


async def test_who_is_asked_again_comes_back_to_the_form(base: str, chromium: Browser, cast: Cast) -> None:
    async with at_a_device(chromium, "Dana", base, DESK) as dana:
        await signed_in(dana, cast.customer)
        await dana.goto("/settings")
        await shot(dana, "settings")
        await _forget_proof(cast.customer)
        await dana.page.fill("[name=email]", "dana@new.example")
        await dana.press("Change the address")
        await dana.page.get_by_role("heading", name="Is it you?").wait_for()
        await dana.look("step up")
        await shot(dana, "step-up")
        await dana.page.fill("[name=password]", PASSWORD)
        await dana.press("Go on")
        await dana.press("Send it now")
        await dana.page.get_by_text("A mail with a link is on its way to dana@new.example.").wait_for()
        assert dana.wrong == []


async def _forget_proof(person: Any) -> None:
    from sqlalchemy import text

    from app.core.db import transaction

    async with transaction(user=person.user_id) as db:
        await db.execute(text("UPDATE sessions SET proved_at = now() - interval '11 minutes'"))


async def test_an_open_page_says_within_five_seconds_that_it_was_signed_out_elsewhere(
    base: str, chromium: Browser, cast: Cast
) -> None:
    async with (
        at_a_device(chromium, "Tablet", base, TABLET) as tablet,
        at_a_device(chromium, "Phone", base, PHONE) as phone,
    ):
        await signed_in(tablet, cast.advisor)
        await tablet.goto("/board")
        await signed_in(phone, cast.advisor)
        await phone.goto("/settings/security")
        await shot(phone, "security-devices")
        await tablet.page.wait_for_timeout(500)
        await phone.press("Sign all others out")
        await tablet.page.locator("[data-signed-out]").wait_for(state="visible", timeout=5_000)
        await tablet.page.locator("main").wait_for(state="hidden")
        assert [*tablet.wrong, *phone.wrong] == []


async def test_whoever_must_have_a_second_step_first_gets_no_further(
    base: str, chromium: Browser, cast: Cast
) -> None:
    from datetime import timedelta

    from tests.domains.accounts.test_factors import joined

    async with at_a_device(chromium, "Nova", base, DESK) as nova:
        await signed_in(nova, cast.network)
        await nova.goto("/network")
        await shot(nova, "banner")
        await joined(cast.network, timedelta(minutes=1))
        await nova.goto("/network")
        await nova.page.get_by_text("One step before you go on").wait_for()
        await nova.look("held at security")
        await shot(nova, "security-held")
        assert nova.wrong == []
