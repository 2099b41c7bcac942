"""Who is asking: by session cookie, access token or API token; a person, a program, a visitor, somebody at a tablet."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, limits, tokens, words
from app.core.db import transaction
from app.core.errors import (
    SignInNeeded,
)
from app.core.places import usual_distance
from app.core.security import (
    SAFE_METHODS,
    as_uuid,
    bearer_of,
    hash_token,
    kiosk_cookie,
    session_cookie,
)
from app.core.viewer import HeldRole, Viewer, Workplace, allowed
from app.settings import settings

AnyRequest = Request[Any, Any, Any]

GRACE = timedelta(days=14)
"""Staff may work so long before they have set a second factor up."""


@dataclass(frozen=True)
class SessionLife:
    """How long a session may lie idle, and how long it lasts at most."""

    idle: timedelta
    absolute: timedelta


NETWORK_LIFE = SessionLife(timedelta(minutes=30), timedelta(hours=12))
STAFF_LIFE = SessionLife(timedelta(hours=12), timedelta(days=7))
DRIVER_LIFE = SessionLife(timedelta(days=30), timedelta(days=90))
KIOSK_LONGEST = timedelta(hours=12)
"""A technician who has changed in at a tablet is asked for the PIN again after a shift at the latest."""


def session_life_of(me: Viewer) -> SessionLife:
    """The shortest life of the roles a person holds, whatever they happen to be doing."""
    if me.kiosk_idle:
        return SessionLife(me.kiosk_idle, KIOSK_LONGEST)
    if any(one.role == "network_admin" for one in me.held):
        return NETWORK_LIFE
    return STAFF_LIFE if me.held else DRIVER_LIFE


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
        if not await _stands(db, claims):
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
    idle, life = now - row["last_seen_at"], session_life_of(me)
    if idle > life.idle or now - row["began_at"] > life.absolute:
        await db.execute(
            text(
                "SELECT set_config(name, '', true) FROM unnest(ARRAY['app.user', 'app.tenant', 'app.network']) name"
            )
        )
        return await _nobody(db, request)
    if idle > (KIOSK_TOUCH if me.kiosk_id else timedelta(minutes=1)) and not _is_unasked(request):
        await _touch(db, row["session_id"])
    return me


async def _stands(db: AsyncSession, claims: tokens.Claims) -> bool:
    """Whether the sign-in the token descends from has not been ended: by signing out, or because a spent refresh
    token of it was used again."""
    asked = text(
        "SELECT EXISTS (SELECT FROM refresh_tokens WHERE family_id = :family AND revoked_at IS NULL)"
    )
    return bool(await db.scalar(asked, {"family": claims.family_id}))


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
        distance_unit=usual_distance("", request.headers.get("accept-language", "")),
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
        currency=facts["currency"],
        fuel_unit=facts["fuel_unit"],
        held=held,
        workplaces=() if row.get("kiosk_id") else tuple(map(_workplace, facts["workplaces"])),
        tenant_id=row["tenant_id"],
        center_id=row["center_id"],
        proved_at=row.get("proved_at"),
        kiosk_id=row.get("kiosk_id"),
        kiosk_idle=timedelta(minutes=row["idle_minutes"]) if row.get("kiosk_id") else None,
    )
    return replace(known, permissions=allowed(known), factor_due=_factor_due(facts, known))


def _workplace(said: dict[str, str]) -> Workplace:
    return Workplace(UUID(said["center_id"]), said["center"], UUID(said["tenant_id"]), said["business"])


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
