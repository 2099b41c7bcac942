"""One request, one transaction: who is asking, whether they may, and the form they must not send twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock, limits, live, modules, one_time, tokens, whereabouts, words
from app.core.db import transaction
from app.core.errors import (
    FactorNeeded,
    Forbidden,
    ModuleOff,
    NotFromHere,
    ProofNeeded,
    SignInNeeded,
)
from app.core.permissions import ADVISOR, KNOWN, OWNER, PUBLIC, SIGNED_IN, TECHNICIAN
from app.core.security import (
    SAFE_METHODS,
    as_uuid,
    bearer_of,
    hash_token,
    kiosk_cookie,
    session_cookie,
)
from app.core.viewer import HeldRole, Viewer, allowed
from app.settings import settings

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Limit:
    """How long a session may lie idle, and how long it lasts at most."""

    idle: timedelta
    absolute: timedelta


NETWORK_LIMIT = Limit(timedelta(minutes=30), timedelta(hours=12))
STAFF_LIMIT = Limit(timedelta(hours=12), timedelta(days=7))
DRIVER_LIMIT = Limit(timedelta(days=30), timedelta(days=90))
KIOSK_LONGEST = timedelta(hours=12)
"""A technician who has changed in at a tablet is asked for the PIN again after a shift at the latest."""


def limit_of(me: Viewer) -> Limit:
    """The strictest limit of the roles a person holds, whatever they happen to be doing."""
    if me.kiosk_idle:
        return Limit(me.kiosk_idle, KIOSK_LONGEST)
    if any(one.role == "network_admin" for one in me.held):
        return NETWORK_LIMIT
    return STAFF_LIMIT if me.held else DRIVER_LIMIT


def needs(permission: str, module: str = "") -> dict[str, str]:
    """Route option: what a viewer must hold, and the module the route belongs to, if a business may switch that off.
    A route that declares nothing does not start."""
    if permission not in KNOWN:
        raise ValueError(f"unknown permission {permission!r}")
    if module and module not in modules.MODULES:
        raise ValueError(f"unknown module {module!r}")
    return {"needs": permission, "module": module} if module else {"needs": permission}


BEFORE_FACTOR = {"before_factor": True}
"""Route option: open to staff who must set a second factor up first."""

GRACE = timedelta(days=14)
FRESH = timedelta(minutes=10)


def needs_fresh_proof(me: Viewer) -> None:
    """Raise ProofNeeded unless the person has shown in this session, or to get this access token, a few minutes ago at
    most, that it is they: whoever finds a signed-in browser or a token must not be able to keep the account. An API
    token can show nothing: Forbidden, whatever it was made for."""
    if me.token_id:
        raise Forbidden("fresh_proof")
    if me.proved_at is None or clock.now() - me.proved_at > FRESH:
        raise ProofNeeded


@asynccontextmanager
async def begin(request: AnyRequest) -> AsyncIterator[tuple[AsyncSession, Viewer]]:
    """Open the request's transaction: yields the session and the viewer, already allowed to be here.

    Raises SignInNeeded, FactorNeeded, NotFromHere, Forbidden, Replayed. Return the response inside the block: its status and
    location are stored under the form's one-time key in the same transaction.
    """
    key = await one_time.key_of(request)
    await _not_too_often(request, "ip", limits.place(client_ip(request)))
    request.state.cursor = live.last_seq()
    async with transaction() as db:
        me = await _let_in(db, request)
        if me.user_id:
            await _not_too_often(request, "person", str(me.user_id))
        if key:
            await one_time.claim(db, request, me, key)
        try:
            yield db, me
        finally:
            # A link leads somebody without an account into a shop: what is refused there is that shop's to see.
            request.state.tenant_id = db.info.get("tenant") or me.tenant_id
        if key:
            await one_time.settle(db, request, me, key)
        await audit.keep_rest(db, me, tenant=request.state.tenant_id)


@asynccontextmanager
async def glance(request: AnyRequest) -> AsyncIterator[tuple[AsyncSession, Viewer]]:
    """A short look before costly work (decoding photos, say): who is asking and whether they may.

    Takes no one-time key and answers nothing; `begin` follows when the work is done.
    """
    async with transaction() as db:
        yield db, await _let_in(db, request)


async def _let_in(db: AsyncSession, request: AnyRequest) -> Viewer:
    """Who is asking, if they may be here. Raises SignInNeeded, FactorNeeded, NotFromHere, Forbidden, ModuleOff."""
    me = await identify(db, request)
    request.state.me = me
    words.speak(me.locale)
    if await _is_outside(db, me):
        if request.route_handler.opt["needs"] != PUBLIC:
            raise NotFromHere
        me = await _as_visitor_of_the_shop(db, me)
    me = await _with_modules(db, me)
    request.state.me = me
    _admit(request, me)
    return me


ADMINISTRATIVE = OWNER - ADVISOR - TECHNICIAN


async def _is_outside(db: AsyncSession, me: Viewer) -> bool:
    """Whether the business lets nobody like this in from where they are: an owner, or a program of the shop that may
    do what only owners may. One more question, for them alone."""
    is_administrator = whereabouts.is_held(me.held, me.tenant_id) or bool(
        me.kind == "program" and me.permissions & ADMINISTRATIVE
    )
    if me.tenant_id is None or not is_administrator:
        return False
    asked = text("SELECT network FROM allowed_networks WHERE tenant_id = :tenant")
    networks = (await db.scalars(asked, {"tenant": me.tenant_id})).all()
    return bool(networks) and not whereabouts.is_within(me.ip, networks)


async def _as_visitor_of_the_shop(db: AsyncSession, me: Viewer) -> Viewer:
    """On a page for everybody they see what everybody sees, and its streams hear nothing of the shop."""
    await db.execute(text("SELECT set_config('app.tenant', '', true)"))
    held = tuple(one for one in me.held if one.tenant_id != me.tenant_id)
    left = replace(me, held=held, tenant_id=None, center_id=None)
    return replace(left, permissions=allowed(left) & me.permissions)


async def _with_modules(db: AsyncSession, me: Viewer) -> Viewer:
    """Read afresh for each request, so that a switch counts at once and in every process."""
    return replace(me, off=await modules.switched_off(db, me.tenant_id)) if me.tenant_id else me


async def identify(db: AsyncSession, request: AnyRequest) -> Viewer:
    """Who is asking, by bearer token or session cookie; sets row-level security for the transaction."""
    token = bearer_of(request)
    if token is not None and token.startswith(tokens.API_PREFIX):
        return await _by_api_token(db, request, token)
    if token is not None:
        claims = tokens.read_access_token(token)
        row = (
            (
                await db.execute(
                    text("SELECT * FROM enter_person(:person, :center)"),
                    {"person": claims.user_id, "center": claims.service_center_id},
                )
            )
            .mappings()
            .first()
        )
        valid_after = row and row["facts"].get("tokens_valid_after")
        if row is None or (valid_after and claims.issued_at < tokens.as_timestamp(valid_after)):
            raise SignInNeeded
        return replace(_person(request, row, None), proved_at=claims.proved_at)
    cookie = request.cookies.get(session_cookie())
    if not cookie:
        return await _nobody(db, request)
    now = clock.now()
    row = (
        (
            await db.execute(
                text("SELECT * FROM enter_session(:hash, :now)"), {"hash": hash_token(cookie), "now": now}
            )
        )
        .mappings()
        .first()
    )
    if row is None:
        return await _nobody(db, request)
    me = _person(request, row, row["session_id"])
    idle, limit = now - row["last_seen_at"], limit_of(me)
    if idle > limit.idle or now - row["began_at"] > limit.absolute:
        await db.execute(
            text(
                "SELECT set_config(name, '', true) FROM unnest(ARRAY['app.user', 'app.tenant', 'app.network']) name"
            )
        )
        return await _nobody(db, request)
    if idle > (KIOSK_TOUCH if me.kiosk_id else timedelta(minutes=1)) and not _is_unasked(request):
        await _touch(db, row["session_id"])
    return me


KIOSK_TOUCH = timedelta(seconds=10)


def _is_unasked(request: AnyRequest) -> bool:
    """Nobody stays signed in because a page lives: the stream that follows the shop, and what a page fetches into
    itself, are no sign of a person. Opening a page and sending a form are. At a tablet the page itself tells of
    fingers, at /kiosk/awake."""
    return request.url.path == "/live" or (
        request.method in SAFE_METHODS and request.headers.get("hx-request") == "true"
    )


async def _nobody(db: AsyncSession, request: AnyRequest) -> Viewer:
    """A visitor; at a workshop's tablet one who stands at it."""
    visitor = _visitor(request)
    if not (token := request.cookies.get(kiosk_cookie())):
        return visitor
    found = (
        await db.execute(text("SELECT * FROM kiosk_by_token(:hash)"), {"hash": hash_token(token)})
    ).first()
    return replace(visitor, kiosk_id=found.kiosk_id) if found else visitor


API = limits.Limit("api token", times=600, within=timedelta(minutes=1))


async def _by_api_token(db: AsyncSession, request: AnyRequest, token: str) -> Viewer:
    """A program: with its person's present permissions, or as the shop itself, in both cases no more than the
    token was made for. Raises SignInNeeded, TooMany."""
    if not tokens.is_whole(token):
        raise SignInNeeded
    now = clock.now()
    asked = text("SELECT * FROM enter_token(:hash, :now)")
    row = (await db.execute(asked, {"hash": hash_token(token), "now": now})).mappings().first()
    if row is None:
        raise SignInNeeded
    await limits.take(API, str(row["token_id"]))
    if row["last_used_at"] is None or now - row["last_used_at"] > timedelta(minutes=1):
        await db.execute(text("SELECT token_used(:id, :now)"), {"id": row["token_id"], "now": now})
    scopes = frozenset(row["scopes"])
    if row["user_id"] is not None:
        me = _person(request, row, None)
        return replace(me, permissions=me.permissions & scopes, token_id=row["token_id"])
    return replace(
        _visitor(request),
        kind="program",
        name=row["name"],
        tenant_id=row["tenant_id"],
        center_id=row["center_id"],
        permissions=scopes,
        token_id=row["token_id"],
    )


async def _touch(db: AsyncSession, session_id: UUID) -> None:
    # A second request of the same page must not wait for this one's transaction.
    await db.execute(
        text(
            "UPDATE sessions SET last_seen_at = :now WHERE id IN "
            "(SELECT id FROM sessions WHERE id = :id FOR UPDATE SKIP LOCKED)"
        ),
        {"now": clock.now(), "id": session_id},
    )


async def person_acting(user_id: UUID, center_id: UUID | None = None) -> Viewer:
    """A person as an actor outside of a request (the demo, a command): with the roles they really hold."""
    async with transaction() as db:
        row = (
            (
                await db.execute(
                    text("SELECT * FROM enter_person(:person, :center)"),
                    {"person": user_id, "center": center_id},
                )
            )
            .mappings()
            .one()
        )
    return _viewer_of(row, None)


def _visitor(request: AnyRequest) -> Viewer:
    return Viewer(
        locale=words.negotiate(request.headers.get("accept-language", "")),
        ip=client_ip(request),
        user_agent=_agent(request),
        request_id=getattr(request.state, "request_id", ""),
    )


AT_TABLET = "Kiosk: "


def agent_at(kiosk: str, agent: str) -> str:
    """A browser's name with the workshop's tablet before it, so that the trail says of every act where it was
    done."""
    return f"{AT_TABLET}{kiosk} · {agent}"[:400]


def _agent(request: AnyRequest, kiosk: str = "") -> str:
    """The browser as it names itself; none may give itself the name of a tablet."""
    said = request.headers.get("user-agent", "")
    while said.startswith(AT_TABLET):
        said = said.removeprefix(AT_TABLET)
    return agent_at(kiosk, said) if kiosk else said[:400]


def _person(request: AnyRequest, row: RowMapping, session_id: UUID | None) -> Viewer:
    return replace(
        _viewer_of(row, session_id),
        ip=client_ip(request),
        user_agent=_agent(request, row.get("kiosk_name") or ""),
        request_id=getattr(request.state, "request_id", ""),
    )


def _viewer_of(row: RowMapping, session_id: UUID | None) -> Viewer:
    facts = row["facts"]
    held = tuple(
        HeldRole(one["role"], as_uuid(one["tenant_id"]), as_uuid(one["center_id"])) for one in row["roles"]
    )
    known = Viewer(
        kind="person",
        user_id=row["user_id"],
        session_id=session_id,
        name=facts["name"],
        email=facts["email"],
        locale=facts["locale"],
        zone=facts["zone"],
        theme=facts["theme"],
        distance_unit=facts["distance_unit"],
        held=held,
        tenant_id=row["tenant_id"],
        center_id=row["center_id"],
        proved_at=row.get("proved_at"),
        kiosk_id=row.get("kiosk_id"),
        kiosk_idle=timedelta(minutes=row["idle_minutes"]) if row.get("kiosk_id") else None,
    )
    return replace(known, permissions=allowed(known), factor_due=_factor_due(facts, known))


def _factor_due(facts: dict[str, Any], me: Viewer) -> datetime | None:
    """Staff may begin their first days without a second factor; whoever looks after the whole network may not.
    The people of the demonstration share one password that stands on its sign-in page."""
    if facts["has_factor"] or not facts["staff_since"] or me.kiosk_id:
        return None  # a tablet of the shop and a PIN are two things already
    if settings().is_demo and me.email.endswith("@demo.test"):
        return None
    since = datetime.fromisoformat(facts["staff_since"])
    return since if any(one.role == "network_admin" for one in me.held) else since + GRACE


def client_ip(request: AnyRequest) -> str:
    """The caller's address, as the proxy middleware settled it."""
    return request.client.host if request.client else ""


def _admit(request: AnyRequest, me: Viewer) -> None:
    _may(request, me)
    module = request.route_handler.opt.get("module", "")
    if module in me.off:
        raise ModuleOff(module)
    if me.token_id and not me.has("api_tokens"):
        raise ModuleOff("api_tokens")


def _may(request: AnyRequest, me: Viewer) -> None:
    needed = request.route_handler.opt["needs"]
    if needed == PUBLIC:
        return
    if not me.is_signed_in and me.kind != "program":
        raise SignInNeeded
    if me.factor_due and me.factor_due <= clock.now() and not request.route_handler.opt.get("before_factor"):
        raise FactorNeeded
    if me.kind == "program" and needed == SIGNED_IN:
        raise Forbidden(needed)
    if me.kiosk_id and needed == SIGNED_IN:  # a person's own affairs, which are no technician's work
        raise Forbidden(needed)
    if needed != SIGNED_IN and not me.can(needed):
        raise Forbidden(needed)


async def _not_too_often(request: AnyRequest, per: limits.Per, who: str) -> None:
    counted = request.state.counted  # a refused form is shown again by a second transaction
    for limit in request.route_handler.opt.get("limits", ()):
        if limit.per == per and limit not in counted:
            await limits.take(limit, who)
            counted.add(limit)
