"""Sign-up, sign-in, sign-out, password reset, and a person's own settings."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post

from app.core import clock
from app.core.db import act_as
from app.core.errors import Invalid, NotFound
from app.core.forms import check_email, read, safe_next, values_of
from app.core.identity import client_ip
from app.core.limits import limited
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.places import usual_distance
from app.core.render import page, see_other
from app.core.visit import BEFORE_FACTOR, LEAVES_SHOP, begin, needs, needs_fresh_proof
from app.core.words import _, languages
from app.domains.accounts import api_tokens, entering, guarding, profile, proving, signing_in

AnyRequest = Request[Any, Any, Any]

Line = Annotated[str, msgspec.Meta(max_length=200)]
Email = Annotated[str, msgspec.Meta(max_length=254)]
Secret = Annotated[str, msgspec.Meta(max_length=1024)]


class SignUpForm(msgspec.Struct):
    name: Line
    email: Email
    password: Secret
    zone: Line = "UTC"
    next: Line = ""


class SignInForm(msgspec.Struct):
    email: Email
    password: Secret
    next: Line = ""


class ForgotForm(msgspec.Struct):
    email: Email


class ResetForm(msgspec.Struct):
    password: Secret


class ProfileForm(msgspec.Struct):
    name: Line
    phone: Line = ""
    locale: Line = "en"
    zone: Line = "UTC"
    distance_unit: Line = "km"
    currency: Line = ""
    fuel_unit: Line = ""
    date_of_birth: date | None = None
    preferred_center_id: UUID | None = None


class PasswordForm(msgspec.Struct):
    old_password: Secret
    new_password: Secret


class EmailForm(msgspec.Struct):
    email: Email


class AgainForm(msgspec.Struct):
    next: Line = ""


class ThemeForm(msgspec.Struct):
    theme: Line = ""
    next: Line = ""


class ContextForm(msgspec.Struct):
    center_id: Line = ""


@get("/sign-up", opt=needs(PUBLIC))
async def sign_up_page(request: AnyRequest, next: str = "") -> Response[Any]:
    return await _sign_up(request, {"next": next})


async def _sign_up(
    request: AnyRequest, values: dict[str, Any], errors: dict[str, str] | None = None
) -> Response[Any]:
    async with begin(request) as (_db, me):
        return page(
            request, me, "accounts/sign_up.html", status=422 if errors else 200, values=values, errors=errors or {}
        )  # fmt: skip


@post("/sign-up", opt=needs(PUBLIC) | limited(guarding.SIGN_UPS))
async def sign_up(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        new = read(SignUpForm, form)
        check_email(new.email)
        async with begin(request) as (db, me):
            zone = new.zone if new.zone in clock.zones() else "UTC"
            user = await signing_in.sign_up(
                db, email=new.email, password=new.password, name=new.name, zone=zone, by=me,
                distance_unit=usual_distance(zone, request.headers.get("accept-language", "")),
            )  # fmt: skip
            token, _ends = await signing_in.start_session(db, user, by=me, center_id=None)
            url = safe_next(new.next, "/garage/new")
            return see_other(request, url, cookies=[entering.session_set(token)])
    except Invalid as wrong:
        return await _sign_up(request, values_of(form), wrong.errors)


@get("/sign-in", opt=needs(PUBLIC))
async def sign_in_page(request: AnyRequest, next: str = "") -> Response[Any]:
    return await _sign_in(request, {"next": next})


async def _sign_in(
    request: AnyRequest, values: dict[str, Any], errors: dict[str, str] | None = None
) -> Response[Any]:
    async with begin(request) as (_db, me):
        return page(
            request, me, "accounts/sign_in.html", status=422 if errors else 200, values=values, errors=errors or {}
        )  # fmt: skip


@post("/sign-in", opt=needs(PUBLIC) | REPEATABLE)
async def sign_in(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    values = {name: value for name, value in values_of(form).items() if name != "password"}
    try:
        given = read(SignInForm, form)
    except Invalid as wrong:
        return await _sign_in(request, values, wrong.errors)
    number = await guarding.before_password(given.email, client_ip(request))
    try:
        async with begin(request) as (db, me):
            user = await signing_in.check_password(db, email=given.email, password=given.password, by=me)
            if user is None:
                await guarding.after_wrong(db, given.email, number, by=me)
            else:
                await guarding.after_right(given.email, me.ip)
                return await entering.enter(request, db, user, by=me, next=given.next, method="password")
    except signing_in.AccountClosed as closed:
        return await _sign_in(request, values, {"": closed.words})
    return await _sign_in(request, values, {"": _("Email or password is not right.")})


@post("/sign-out", opt=needs(PUBLIC) | REPEATABLE)
async def sign_out(request: AnyRequest) -> Response[Any]:
    after = safe_next(str((await request.form()).get("next", "")), "/")
    async with begin(request) as (db, me):
        await signing_in.sign_out(db, by=me)
        answer = see_other(request, after, cookies=[entering.session_gone()])
        # A workshop's tablet keeps what its people have still to send.
        answer.headers["Clear-Site-Data"] = '"cache"' if me.kiosk_id else '"cache", "storage"'
        return answer


@get("/forgot-password", opt=needs(PUBLIC))
async def forgot_page(request: AnyRequest, sent: bool = False) -> Response[Any]:
    async with begin(request) as (_db, me):
        return page(request, me, "accounts/forgot.html", sent=sent, values={}, errors={})


@post("/forgot-password", opt=needs(PUBLIC) | limited(guarding.RESETS))
async def forgot(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        asked = read(ForgotForm, form)
    except Invalid as wrong:
        async with begin(request) as (_db, me):
            return page(
                request, me, "accounts/forgot.html", status=422, sent=False, values={}, errors=wrong.errors
            )  # fmt: skip
    async with begin(request) as (db, me):
        await profile.ask_for_reset(db, email=asked.email, by=me)
        return see_other(request, "/forgot-password?sent=true")


@get("/reset-password/{token:str}", opt=needs(PUBLIC))
async def reset_page(request: AnyRequest, token: str) -> Response[Any]:
    async with begin(request) as (db, me):
        await profile.reset_of(db, token)
        return page(request, me, "accounts/reset.html", token=token, errors={})


@post("/reset-password/{token:str}", opt=needs(PUBLIC) | limited(guarding.LINKS))
async def reset(request: AnyRequest, token: str) -> Response[Any]:
    try:
        chosen = read(ResetForm, await request.form())
        async with begin(request) as (db, me):
            await profile.reset_password(db, token=token, new=chosen.password, by=me)
            return see_other(request, "/sign-in", flash=_("Your new password is set. Sign in with it."))
    except Invalid as wrong:
        async with begin(request) as (_db, me):
            return page(request, me, "accounts/reset.html", status=422, token=token, errors=wrong.errors)


@get("/confirm-email/{token:str}", opt=needs(PUBLIC))
async def confirm_page(request: AnyRequest, token: str) -> Response[Any]:
    """Only shows a button: programs that look at mails open every link in them."""
    async with begin(request) as (db, me):
        try:
            proof = await proving.opened(db, token=token, by=me)
        except proving.SignInFirst:
            return _sign_in_to_confirm(request, token)
        return page(request, me, "accounts/confirm_email.html", token=token, proof=proof)


def _sign_in_to_confirm(request: AnyRequest, token: str) -> Response[Any]:
    back = quote(f"/confirm-email/{token}", safe="")
    words = _("Sign in to the account that this link is for; then you can confirm its address.")
    return see_other(request, f"/sign-in?next={back}", flash=words)


@post("/confirm-email/{token:str}", opt=needs(PUBLIC) | limited(guarding.LINKS))
async def confirm(request: AnyRequest, token: str) -> Response[Any]:
    async with begin(request) as (db, me):
        try:
            proved = await proving.prove(db, token=token, by=me)
        except proving.SignInFirst:
            return _sign_in_to_confirm(request, token)
        back = "/settings" if proved.changes_address else "/home"
        return see_other(request, back, flash=_("Thank you, your address is confirmed."))


@post("/settings/email-proof", opt=needs("update:own_profile") | limited(guarding.PROOFS))
async def ask_for_proof(request: AnyRequest) -> Response[Any]:
    asked = read(AgainForm, await request.form())
    async with begin(request) as (db, me):
        await proving.ask_for_proof(db, await profile.own_account(db, me), by=me)
        flash = _("A mail with a link is on its way to %(email)s.", email=me.email)
        return see_other(request, safe_next(asked.next, "/settings"), flash=flash)


@get("/settings", opt=needs(SIGNED_IN))
async def settings_page(request: AnyRequest) -> Response[Any]:
    return await _settings(request)


async def _settings(
    request: AnyRequest, errors: dict[str, str] | None = None, typed: dict[str, Any] | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        user = await profile.own_account(db, me)
        about = {name: getattr(user, name) for name in ProfileForm.__struct_fields__} | (typed or {})
        return page(
            request, me, "accounts/settings.html", status=422 if errors else 200, user=user, about=about,
            tokens=[] if me.has("api_tokens") else await api_tokens.in_force(db, me),
            errors=errors or {}, languages=languages(),
            workshops=list((await profile.workshops(db)).items()),
        )  # fmt: skip


@post("/settings/profile", opt=needs("update:own_profile"))
async def change_profile(request: AnyRequest) -> Response[Any]:
    try:
        new = read(ProfileForm, await request.form())
        async with begin(request) as (db, me):
            user = await profile.own_account(db, me)
            await profile.change_profile(db, user, **msgspec.structs.asdict(new), by=me)
            return see_other(request, "/settings", flash=_("Saved."))
    except Invalid as wrong:
        return await _settings(request, wrong.errors, values_of(await request.form()))


@post("/settings/password", opt=needs("update:own_profile"))
async def change_password(request: AnyRequest) -> Response[Any]:
    try:
        new = read(PasswordForm, await request.form())
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            user = await profile.own_account(db, me)
            await profile.change_password(db, user, old=new.old_password, new=new.new_password, by=me)
            return see_other(
                request, "/settings", flash=_("Your password is changed. Other devices are signed out.")
            )
    except Invalid as wrong:
        return await _settings(request, wrong.errors)


@post("/settings/email", opt=needs("update:own_profile") | limited(guarding.PROOFS), status_code=303)
async def change_email(request: AnyRequest) -> Response[Any]:
    try:
        new = read(EmailForm, await request.form())
        check_email(new.email)
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            await proving.ask_to_change(db, await profile.own_account(db, me), new.email, by=me)
            flash = _("A mail with a link is on its way to %(email)s.", email=new.email)
            return see_other(request, "/settings", flash=flash)
    except Invalid as wrong:
        return await _settings(request, wrong.errors)


@post("/settings/theme", opt=needs(SIGNED_IN))
async def choose_theme(request: AnyRequest) -> Response[Any]:
    chosen = read(ThemeForm, await request.form())
    async with begin(request) as (db, me):
        await profile.choose_theme(db, await profile.own_account(db, me), chosen.theme)
        return see_other(request, safe_next(chosen.next, "/settings"))


@post("/settings/workplace", opt=needs(SIGNED_IN) | BEFORE_FACTOR | LEAVES_SHOP)
async def choose_workplace(request: AnyRequest) -> Response[Any]:
    """Work at another center where one holds a role, or leave the shop for one's own garage."""
    chosen = read(ContextForm, await request.form())
    async with begin(request) as (db, me):
        place = next((one for one in me.workplaces if str(one.center_id) == chosen.center_id), None)
        if chosen.center_id and place is None:
            raise NotFound
        await act_as(db, user=me.user_id)
        await signing_in.work_at(db, center_id=place.center_id if place else None, by=me)
        where = place.center if place else _("your own garage")
        return see_other(request, "/home", flash=_("You are at %(place)s now.", place=where))


router = Router(
    "/",
    route_handlers=[
        sign_up_page, sign_up, sign_in_page, sign_in, sign_out, forgot_page, forgot, reset_page, reset,
        confirm_page, confirm, settings_page, change_profile, change_password, choose_theme, choose_workplace,
        ask_for_proof, change_email,
    ],
)  # fmt: skip
