"""One request, one transaction: whether who is asking may, how often, and what they must not send twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from litestar import Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, clock, limits, live, modules, one_time, set_aside, whereabouts, words
from app.core.db import transaction
from app.core.errors import (
    FactorNeeded,
    Forbidden,
    ModuleOff,
    NotFromHere,
    ProofNeeded,
    Refused,
    SignInNeeded,
)
from app.core.identity import client_ip, identify
from app.core.permissions import ADVISOR, KNOWN, OWNER, PARTS_COUNTER, PUBLIC, SIGNED_IN, TECHNICIAN
from app.core.security import FORMS, SAFE_METHODS
from app.core.viewer import Viewer, allowed
from app.core.words import _

AnyRequest = Request[Any, Any, Any]


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

LEAVES_SHOP = {"leaves_shop": True}
"""Route option: open also where the business one works for lets nobody in, so that one can go elsewhere."""

FRESH = timedelta(minutes=10)


def has_fresh_proof(me: Viewer) -> bool:
    """Whether the person has shown a few minutes ago at most that it is they."""
    return me.proved_at is not None and clock.now() - me.proved_at <= FRESH


def needs_fresh_proof(me: Viewer) -> None:
    """Raise ProofNeeded unless the person has shown in this session, or to get this access token, a few minutes ago at
    most, that it is they: whoever finds a signed-in browser or a token must not be able to keep the account. An API
    token can show nothing: Forbidden, whatever it was made for."""
    if me.token_id:
        raise Forbidden("fresh_proof")
    if not has_fresh_proof(me):
        raise ProofNeeded


@asynccontextmanager
async def begin(request: AnyRequest) -> AsyncIterator[tuple[AsyncSession, Viewer]]:
    """Open the request's transaction: yields the session and the viewer, already allowed to be here.

    Raises SignInNeeded, FactorNeeded, NotFromHere, Forbidden, Replayed. Return the response inside the block: its status and
    location are stored under the form's one-time key in the same transaction.
    """
    key = await one_time.key_of(request)
    made_at = await _made_at(request)
    await _not_too_often(request, "ip", limits.place(client_ip(request)))
    request.state.cursor = live.last_seq()
    async with transaction() as db:
        me = await _let_in(db, request)
        _same_place(request, me, made_at)
        if me.user_id:
            await _not_too_often(request, "person", str(me.user_id))
        if key:
            await one_time.claim(db, request, me, key)
        try:
            yield db, me
        except ProofNeeded:
            request.state.set_aside = await set_aside.sealed_form(request, me.user_id)
            raise
        finally:
            # A link leads somebody without an account into a shop: what is refused there is that shop's to see.
            request.state.tenant_id = db.info.get("tenant") or me.tenant_id
        if key:
            await one_time.settle(db, request, me, key)
        await audit.keep_rest(db, me, tenant=request.state.tenant_id)


@asynccontextmanager
async def glance(request: AnyRequest) -> AsyncIterator[tuple[AsyncSession, Viewer]]:
    """A short look before costly work (decoding photos, say): who is asking and whether they may.

    Counts against the route's limits, takes no one-time key and answers nothing; `begin` follows when the work is done.
    """
    await _not_too_often(request, "ip", limits.place(client_ip(request)))
    async with transaction() as db:
        me = await _let_in(db, request)
        if me.user_id:
            await _not_too_often(request, "person", str(me.user_id))
        yield db, me


async def _let_in(db: AsyncSession, request: AnyRequest) -> Viewer:
    """Who is asking, if they may be here. Raises SignInNeeded, FactorNeeded, NotFromHere, Forbidden, ModuleOff."""
    me = await identify(db, request)
    request.state.me = me
    words.speak(me.locale)
    if await _is_outside(db, me):
        opt = request.route_handler.opt
        if opt["needs"] != PUBLIC and not opt.get("leaves_shop"):
            raise NotFromHere
        me = await _as_visitor_of_the_shop(db, me)
    me = await _with_modules(db, me)
    request.state.me = me
    _admit(request, me)
    return me


ADMINISTRATIVE = OWNER - ADVISOR - TECHNICIAN - PARTS_COUNTER


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
    if me.token_id and not request.url.path.startswith("/api/"):  # pages are for people
        raise Forbidden(needed)
    # A person's own affairs are no technician's work at a tablet, and stand in no token's list of scopes.
    if needed == SIGNED_IN and (me.token_id or me.kiosk_id):
        raise Forbidden(needed)
    if needed != SIGNED_IN and not me.can(needed):
        raise Forbidden(needed)


async def _made_at(request: AnyRequest) -> str:
    """The center that a form's page was made at; "" for one's own garage, and for what is no form."""
    if request.method in SAFE_METHODS or not request.headers.get("content-type", "").startswith(FORMS):
        return ""
    return str((await request.form()).get("made_at", ""))


def _same_place(request: AnyRequest, me: Viewer, made_at: str) -> None:
    """A page of one shop that stayed open must not change the other: both have an order 1003. Raises Refused."""
    if not made_at or made_at == str(me.center_id or "") or me.kind != "person":
        return
    if request.route_handler.opt["needs"] in (PUBLIC, SIGNED_IN):
        return
    now = me.workplace.center if me.workplace else _("your own garage")
    was = next((one.center for one in me.workplaces if str(one.center_id) == made_at), _("another workplace"))
    raise Refused(
        _(
            "This page was made at %(was)s, and in this browser you are at %(now)s now. Nothing was changed. "
            "Change back in the menu above, or open the page again.",
            was=was, now=now,
        )
    )  # fmt: skip


async def _not_too_often(request: AnyRequest, per: limits.Per, who: str) -> None:
    counted = request.state.counted  # a refused form is shown again by a second transaction
    for limit in request.route_handler.opt.get("limits", ()):
        if limit.per == per and limit not in counted:
            await limits.take(limit, who)
            counted.add(limit)
