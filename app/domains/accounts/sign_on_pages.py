"""Signing in by another site: to it and back, and the settings page of what is linked; identities as JSON."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from msgspec import Meta

from app.core import clock
from app.core.errors import NotFound, Refused, SignInNeeded
from app.core.forms import read, safe_next
from app.core.limits import Limit, limited
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.render import page, see_other, template_global
from app.core.security import csrf_exempt, hash_token, new_token
from app.core.visit import begin, glance, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import entering, profile, sign_on
from app.domains.accounts.sign_on import Progress, Stage, label_of
from app.gateways.oidc import Handshake, Provider, SignOnFailed, gateway
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
log = structlog.get_logger()

STARTS = Limit("sign-on", times=60, within=timedelta(minutes=15))

MINE = "/settings/sign-on"
SAID_NO = (
    "access_denied",
    "user_cancelled_authorize",
    "user_denied",
    "consent_required",
    "interaction_required",
)


class StartForm(msgspec.Struct):
    next: Annotated[str, Meta(max_length=200)] = ""
    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    link: bool = False


class TicketForm(msgspec.Struct):
    ticket: Annotated[str, Meta(max_length=100)]


@template_global
def sign_on_providers() -> tuple[Provider, ...]:
    """Whom people may let vouch for them; nobody unless the operator names somebody."""
    return settings().sign_on


def _provider(name: str) -> Provider:
    for one in settings().sign_on:
        if one.name == name:
            return one
    raise NotFound


def _returning(provider: Provider) -> str:
    """Where the provider sends the browser back to."""
    return f"{settings().base_url}/sign-in/with/{provider.name}/callback"


def _cookie_name() -> str:
    return "__Host-sign-on" if settings().secure else "sign-on"


def _browser(request: AnyRequest) -> bytes:
    """By what we know the browser again. A cookie of its own: signing in elsewhere meanwhile changes the others."""
    return hash_token(request.cookies.get(_cookie_name()) or new_token())


def _browser_set(value: str) -> Cookie:
    return Cookie(
        key=_cookie_name(), value=value, path="/", httponly=True, samesite="lax", secure=settings().secure,
        max_age=3600,
    )  # fmt: skip


@post("/sign-in/with/{name:str}", opt=needs(PUBLIC) | REPEATABLE | limited(STARTS), status_code=303)
async def start(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    provider, asked = _provider(name), read(StartForm, await request.form())
    handshake = Handshake(new_token(), new_token(), new_token())
    try:
        address = await gateway(provider).address(handshake, _returning(provider))
    except SignOnFailed as failed:
        return await _said(request, provider, failed)
    async with begin(request) as (db, me):
        if asked.link:
            if not me.is_signed_in:
                raise SignInNeeded
            needs_fresh_proof(me)
        cookie = request.cookies.get(_cookie_name()) or new_token()
        progress = Progress(
            nonce=handshake.nonce,
            verifier=handshake.verifier,
            next=safe_next(asked.next, ""),
            zone=asked.zone if asked.zone in clock.zones() else "UTC",
            linking=me.user_id if asked.link else None,
        )
        await sign_on.remember(
            db, "state", progress, provider=provider, browser=hash_token(cookie), token=handshake.state
        )
        return see_other(request, address, cookies=[_browser_set(cookie)])


@get("/sign-in/with/{name:str}/callback", opt=needs(PUBLIC))
async def come_back(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    told = _told(request.query_params)
    return await _finish(
        request,
        _provider(name),
        "state",
        told["state"],
        code=told["code"],
        error=told["error"],
        iss=told["iss"],
    )


def _told(given: Mapping[str, Any]) -> dict[str, str]:
    """What a provider lets the browser bring along."""
    return {name: str(given.get(name, ""))[:4096] for name in ("code", "state", "error", "iss", "user")}


@post(
    "/sign-in/with/{name:str}/callback",
    opt=needs(PUBLIC)
    | REPEATABLE
    | csrf_exempt(
        "comes from the provider's page, without cookies; the state, used once, proves which sign-in it ends"
    ),
    status_code=303,
)
async def come_back_by_post(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Changes nothing but where the code is kept, and shows nothing. The browser is sent on to a page of ours: there
    its cookie comes along, and shows that it is the one that began."""
    provider, told = _provider(name), _told(await request.form())
    if not provider.has_form_post:
        raise NotFound
    here = f"/sign-in/with/{provider.name}"
    if told["error"]:
        told = {one: told[one] for one in ("error", "state")}
        return see_other(request, f"{here}/callback?{urlencode(told)}")
    try:
        async with begin(request) as (db, _me):
            kept = {"code": told["code"], "name": _name_in(told["user"])}
            ticket = await sign_on.hand_over(db, provider, told["state"], **kept)
            return see_other(request, f"{here}/continuation?ticket={ticket}")
    except Refused:
        return see_other(request, f"{here}/continuation")


def _name_in(told: str) -> str:
    """The name that Apple gives, the first time only, beside the code."""
    try:
        name = msgspec.json.decode(told.encode())["name"]
        return f"{name.get('firstName', '')} {name.get('lastName', '')}".strip()[:120]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return ""


@get("/sign-in/with/{name:str}/continuation", opt=needs(PUBLIC))
async def continuation_page(request: AnyRequest, name: FromPath[str], ticket: str = "") -> Response[Any]:
    provider = _provider(name)
    try:
        async with begin(request) as (db, me):
            await sign_on.look(db, "ticket", ticket, browser=_browser(request), provider=provider.name)
            return page(request, me, "accounts/sign_on_continue.html", provider=provider, ticket=ticket)
    except Refused as wrong:
        return await _said(request, provider, wrong)


@post("/sign-in/with/{name:str}/continuation", opt=needs(PUBLIC) | REPEATABLE, status_code=303)
async def go_on(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    form = read(TicketForm, await request.form())
    return await _finish(request, _provider(name), "ticket", form.ticket)


async def _finish(
    request: AnyRequest,
    provider: Provider,
    stage: Stage,
    token: str,
    *,
    code: str = "",
    error: str = "",
    iss: str = "",
) -> Response[Any]:
    """Spend the token, ask the provider whom we have here, then let them in. The token is spent before the provider
    is asked, and no transaction waits for it."""
    try:
        async with glance(request) as (db, _me):
            _row, progress = await sign_on.spend(
                db, stage, token, browser=_browser(request), provider=provider.name
            )
        if error:
            raise _declined(error)
        if iss and not provider.has_tenants and iss != provider.issuer:  # RFC 9207
            raise SignOnFailed("forged", "an answer of another issuer")
        handshake = Handshake("", progress.nonce, progress.verifier)
        who = await gateway(provider).introduction(progress.code or code, handshake, _returning(provider))
        progress = msgspec.structs.replace(
            progress, introduction=replace(who, name=who.name or progress.name), code=""
        )
        return await _let_in(request, provider, progress)
    except (SignOnFailed, Refused) as wrong:
        return await _said(request, provider, wrong)


async def _let_in(request: AnyRequest, provider: Provider, progress: Progress) -> Response[Any]:
    assert progress.introduction is not None
    async with begin(request) as (db, me):
        if progress.linking:
            if me.user_id != progress.linking:
                raise Refused(_("You have signed out or in meanwhile. Please start again."), status=403)
            user = await profile.own_account(db, me)
            await sign_on.link(db, user, provider, progress.introduction, by=me)
            said = _("%(provider)s opens your account from now on.", provider=provider.label)
            return see_other(request, MINE, flash=said)
        found = await sign_on.arrive(db, provider, progress.introduction, zone=progress.zone, by=me)
        if found is None:
            token = await sign_on.remember(db, "link", progress, provider=provider, browser=_browser(request))
            return see_other(request, f"/sign-in/link?ticket={token}")
        return await entering.enter(request, db, found, by=me, next=progress.next, method="sign-on")


def _declined(error: str) -> SignOnFailed:
    known = "".join(sign for sign in error[:60] if sign.isascii() and (sign.isalnum() or sign == "_"))
    return SignOnFailed("denied" if error in SAID_NO else "unavailable", known)


@get("/sign-in/link", opt=needs(PUBLIC))
async def link_page(request: AnyRequest, ticket: str = "") -> Response[Any]:
    """There is an account with the address: its owner has to agree, signed in to it."""
    try:
        async with begin(request) as (db, me):
            row, progress = await sign_on.look(db, "link", ticket, browser=_browser(request))
            assert progress.introduction is not None
            return page(
                request, me, "accounts/link_identity.html", label=label_of(row.provider), ticket=ticket,
                email=progress.introduction.email, next=progress.next,
                agrees=sign_on.agrees(me, progress.introduction),
            )  # fmt: skip
    except Refused as wrong:
        return await _said(request, None, wrong)


@post("/sign-in/link", opt=needs(SIGNED_IN), status_code=303)
async def agree(request: AnyRequest) -> Response[Any]:
    form = read(TicketForm, await request.form())
    try:
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            row, progress = await sign_on.spend(db, "link", form.ticket, browser=_browser(request))
            provider, who = _provider(row.provider), progress.introduction
            assert who is not None
            if not sign_on.agrees(me, who):
                raise Refused(
                    _("Please sign in to the account with the address %(email)s first.", email=who.email),
                    status=403,
                )
            await sign_on.link(db, await profile.own_account(db, me), provider, who, by=me)
            said = _("%(provider)s opens your account from now on.", provider=provider.label)
            return see_other(request, safe_next(progress.next, "/home"), flash=said)
    except Refused as wrong:
        return await _said(request, None, wrong)


async def _said(
    request: AnyRequest, provider: Provider | None, wrong: SignOnFailed | Refused
) -> Response[Any]:
    """A way that ended, in plain words, and where to go from here."""
    async with glance(request) as (_db, me):
        status = wrong.status if isinstance(wrong, Refused) else 400
        words = wrong.words if isinstance(wrong, Refused) else ""
        if isinstance(wrong, SignOnFailed) and provider is not None:
            log.warning("sign_on.failed", provider=provider.name, reason=wrong.reason, detail=wrong.detail)
            status, words = _failure(provider.label, wrong)
        return page(request, me, "accounts/sign_on_failed.html", status=status, words=words)


def _failure(label: str, failed: SignOnFailed) -> tuple[int, str]:
    return {
        "denied": (403, _("You did not let %(provider)s tell us who you are. Nothing was changed.", provider=label)),
        "spent": (410, _("%(provider)s says that this sign-in is over or was used already. Please start again.", provider=label)),
        "forged": (400, _("What %(provider)s sent does not prove who you are. Nothing was changed. Please start again.", provider=label)),
        "misconfigured": (502, _("%(provider)s does not know this site. Please sign in another way, and tell whoever runs it.", provider=label)),
        "unavailable": (503, _("%(provider)s does not answer as it should. Please try again in a minute, or sign in another way.", provider=label)),
    }[failed.reason]  # fmt: skip


@get(MINE, opt=needs(SIGNED_IN))
async def linked_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request, me, "accounts/linked.html", identities=await sign_on.identities(db, me), label_of_provider=label_of,
            user=await profile.own_account(db, me),
        )  # fmt: skip


@post("/settings/sign-on/{identity_id:uuid}/removal", opt=needs(SIGNED_IN), status_code=303)
async def unlink(request: AnyRequest, identity_id: FromPath[UUID]) -> Response[Any]:
    try:
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            identity = await sign_on.find(db, me, identity_id)
            await sign_on.unlink(db, identity, by=me)
            said = _("%(provider)s no longer opens your account.", provider=label_of(identity.provider))
            return see_other(request, MINE, flash=said)
    except Refused as wrong:
        return await _said(request, None, wrong)


class IdentityOut(msgspec.Struct):
    id: UUID
    provider: str
    label: str
    email: str
    created_at: datetime
    last_used_at: datetime | None


@get("/users/identities", opt=needs("read:own_profile"))
async def list_identities(request: AnyRequest) -> list[IdentityOut]:
    async with begin(request) as (db, me):
        return [
            IdentityOut(
                one.id, one.provider, label_of(one.provider), one.email, one.created_at, one.last_used_at
            )
            for one in await sign_on.identities(db, me)
        ]


@delete("/users/identities/{identity_id:uuid}", opt=needs("update:own_profile"), status_code=204)
async def unlink_as_json(request: AnyRequest, identity_id: FromPath[UUID]) -> None:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        await sign_on.unlink(db, await sign_on.find(db, me, identity_id), by=me)


router = Router(
    "/",
    route_handlers=[
        start, come_back, come_back_by_post, continuation_page, go_on, link_page, agree, linked_page, unlink,
    ],
)  # fmt: skip
api = Router("/", route_handlers=[list_identities, unlink_as_json], tags=["accounts"])
