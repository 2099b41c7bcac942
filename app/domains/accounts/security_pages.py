"""/settings/security: second factors, and the devices one is signed in with."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta

from app.core import clock
from app.core.errors import Invalid
from app.core.forms import read
from app.core.one_time import REPEATABLE
from app.core.permissions import SIGNED_IN
from app.core.render import page, see_other
from app.core.security import binding_of
from app.core.viewer import Viewer
from app.core.visit import BEFORE_FACTOR, begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import (
    devices,
    factors,
    kiosk_pins,
    one_time_codes,
    passkeys,
    profile,
    recovery,
    signing_in,
)
from app.domains.accounts.models import User

AnyRequest = Request[Any, Any, Any]

MINE = needs(SIGNED_IN) | BEFORE_FACTOR
HERE = "/settings/security"


class AppForm(msgspec.Struct):
    offer: Annotated[str, Meta(max_length=400)]
    code: Annotated[str, Meta(max_length=20)]


class PinForm(msgspec.Struct):
    pin: Annotated[str, Meta(max_length=20)]


class NewPasskeyForm(msgspec.Struct):
    credential: Annotated[str, Meta(max_length=passkeys.LONGEST_ANSWER)]
    name: Annotated[str, Meta(max_length=60)] = ""


def _layout(me: Viewer) -> str:
    """Whoever may go nowhere else yet is shown no way there."""
    return "layouts/plain.html" if me.factor_due and me.factor_due <= clock.now() else "layouts/app.html"


@get(HERE, opt=MINE)
async def security_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        user = await profile.own_account(db, me)
        return page(
            request, me, "accounts/security.html", layout=_layout(me), user=user,
            is_held=_layout(me) == "layouts/plain.html", app=await one_time_codes.of_person(db, user),
            passkeys=await passkeys.of_person(db, user), codes_left=await recovery.left(db, user),
            sessions=await devices.open_sessions(db, me), pin=await kiosk_pins.of_person(db, user), errors={},
        )  # fmt: skip


def _done(request: AnyRequest, me: Viewer, codes: list[str], flash: str) -> Response[Any]:
    """Back to the list, or first to the recovery codes: they are shown in this answer and never again."""
    if codes:
        return page(
            request, me, "accounts/recovery_codes.html", layout="layouts/plain.html", codes=codes, done=flash
        )
    return see_other(request, HERE, flash=flash)


@get(f"{HERE}/app", opt=MINE)
async def app_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        user = await profile.own_account(db, me)
        if await one_time_codes.of_person(db, user):
            return see_other(request, HERE)
        return _app_page(request, me, user, one_time_codes.offer(user))


def _app_page(
    request: AnyRequest, me: Viewer, user: User, offer: str, errors: dict[str, str] | None = None
) -> Response[Any]:
    secret = one_time_codes.offered(user, offer)
    return page(
        request, me, "accounts/app.html", layout=_layout(me), status=422 if errors else 200,
        errors=errors or {}, offer=offer, secret=secret, picture=one_time_codes.drawn(user, secret),
    )  # fmt: skip


@post(f"{HERE}/app", opt=MINE, status_code=200)
async def add_app(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        given = read(AppForm, form)
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            user = await profile.own_account(db, me)
            secret = one_time_codes.offered(user, given.offer)
            codes = await factors.add_app(db, user, secret=secret, code=given.code, by=me)
            return _done(request, me, codes, _("Your app is set up. Other devices are signed out."))
    except Invalid as wrong:
        async with begin(request) as (db, me):
            user = await profile.own_account(db, me)
            return _app_page(request, me, user, str(form.get("offer", "")), wrong.errors)


@post(f"{HERE}/app/removal", opt=MINE, status_code=303)
async def remove_app(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        await factors.remove_app(db, await profile.own_account(db, me), by=me)
        return see_other(request, HERE, flash=_("The app is removed. Other devices are signed out."))


@post(f"{HERE}/recovery-codes", opt=MINE, status_code=200)
async def renew_codes(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        codes = await factors.renew_codes(db, await profile.own_account(db, me), by=me)
        return _done(request, me, codes, _("The codes you had no longer work."))


@get(f"{HERE}/passkeys/new", opt=MINE)
async def passkey_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (_db, me):
        needs_fresh_proof(me)
        return _passkey_page(request, me)


def _passkey_page(request: AnyRequest, me: Viewer, wrong: Invalid | None = None) -> Response[Any]:
    return page(
        request, me, "accounts/passkey.html", layout=_layout(me), status=422 if wrong else 200,
        suggestion=devices.device_words(me.user_agent), errors=wrong.errors if wrong else {},
    )  # fmt: skip


@post(f"{HERE}/passkeys/challenge", opt=MINE | REPEATABLE, status_code=200)
async def passkey_challenge(request: AnyRequest) -> dict[str, object]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        user = await profile.own_account(db, me)
        return passkeys.as_json(await passkeys.ask_to_register(db, user, browser=binding_of(request)))


@post(f"{HERE}/passkeys", opt=MINE, status_code=200)
async def add_passkey(request: AnyRequest) -> Response[Any]:
    try:
        given = read(NewPasskeyForm, await request.form())
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            codes = await factors.add_passkey(
                db, await profile.own_account(db, me), given.credential,
                name=given.name or devices.device_words(me.user_agent), browser=binding_of(request), by=me,
            )  # fmt: skip
            return _done(request, me, codes, _("Your passkey is set up. Other devices are signed out."))
    except Invalid as wrong:
        async with begin(request) as (_db, me):
            return _passkey_page(request, me, wrong)


@post(f"{HERE}/passkeys/{{passkey_id:uuid}}/removal", opt=MINE, status_code=303)
async def remove_passkey(request: AnyRequest, passkey_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        await factors.remove_passkey(db, await profile.own_account(db, me), passkey_id, by=me)
        return see_other(request, HERE, flash=_("The passkey is removed. Other devices are signed out."))


@get(f"{HERE}/pin", opt=MINE)
async def pin_page(request: AnyRequest) -> Response[Any]:
    return await _pin_page(request)


async def _pin_page(request: AnyRequest, wrong: Invalid | None = None) -> Response[Any]:
    async with begin(request) as (_db, me):
        needs_fresh_proof(me)
        return page(
            request, me, "accounts/pin.html", layout=_layout(me), status=422 if wrong else 200,
            errors=wrong.errors if wrong else {}, longest=kiosk_pins.LONGEST,
        )  # fmt: skip


@post(f"{HERE}/pin", opt=MINE, status_code=303)
async def choose_pin(request: AnyRequest) -> Response[Any]:
    try:
        given = read(PinForm, await request.form())
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            await kiosk_pins.choose(db, await profile.own_account(db, me), given.pin, by=me)
            return see_other(request, HERE, flash=_("Your PIN for the workshop's tablet is set."))
    except Invalid as wrong:
        return await _pin_page(request, wrong)


@post(f"{HERE}/pin/removal", opt=MINE, status_code=303)
async def remove_pin(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        await kiosk_pins.remove(db, await profile.own_account(db, me), by=me)
        return see_other(request, HERE, flash=_("Your PIN is removed."))


@post(f"{HERE}/sessions/{{session_id:uuid}}/removal", opt=MINE, status_code=303)
async def end_session(request: AnyRequest, session_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await devices.end(db, session_id, by=me)
        return see_other(request, HERE, flash=_("That device is signed out."))


@post(f"{HERE}/sessions/removal", opt=MINE, status_code=303)
async def end_other_sessions(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        await signing_in.end_other_sessions(db, await profile.own_account(db, me), keep=me.session_id)
        flash = _("All other devices are signed out, and the programs that signed in with your password.")
        return see_other(request, HERE, flash=flash)


router = Router(
    "/",
    route_handlers=[
        security_page, app_page, add_app, remove_app, renew_codes, passkey_page, passkey_challenge,
        pin_page, choose_pin, remove_pin, add_passkey, remove_passkey, end_session, end_other_sessions,
    ],
)  # fmt: skip
