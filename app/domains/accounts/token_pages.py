"""The tokens of programs: list, make, revoke; on pages and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.permissions import SIGNED_IN
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import api_tokens
from app.domains.accounts.api_tokens import TokenFacts
from app.domains.accounts.models import ApiToken

AnyRequest = Request[Any, Any, Any]
MAKES = needs(SIGNED_IN, "api_tokens")
SEES = needs(SIGNED_IN)
"""Where the shop has switched tokens off, they open nothing; whoever has some sees them still, and can revoke them."""


@get("/settings/tokens", opt=SEES)
async def tokens_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return await _show(request, db, me)


async def _show(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    *,
    wrong: Invalid | None = None,
    chosen: Sequence[str] = (),
    made: str = "",
) -> Response[Any]:
    return page(
        request, me, "accounts/tokens.html", status=422 if wrong else 200, made=made, chosen=chosen,
        tokens=await api_tokens.in_force(db, me), own=api_tokens.grantable(me, for_shop=False),
        shop=api_tokens.grantable(me, for_shop=True) if me.can("manage:center") else [],
        values=wrong.values if wrong else {}, errors=wrong.errors if wrong else {},
    )  # fmt: skip


@post("/settings/tokens", opt=MAKES, status_code=200)
async def make_token(request: AnyRequest) -> Response[Any]:
    """Answers the page with the token on it, this once: it is stored nowhere that could show it again."""
    form = await request.form()
    try:
        facts = read(TokenFacts, form)
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            _token, text = await api_tokens.make(db, facts, by=me)
            return await _show(request, db, me, made=text)
    except Invalid as wrong:
        wrong.values = values_of(form)
        async with begin(request) as (db, me):
            return await _show(request, db, me, wrong=wrong, chosen=form.getall("scopes", []))


@post("/settings/tokens/{token_id:uuid}/revocation", opt=SEES, status_code=303)
async def revoke_token(request: AnyRequest, token_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await api_tokens.revoke(db, await api_tokens.find(db, me, token_id), by=me)
        return see_other(request, "/settings/tokens", flash=_("Revoked: it no longer opens anything."))


class TokenIn(TokenFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to make."""


class TokenOut(msgspec.Struct):
    id: UUID
    name: str
    hint: str
    scopes: list[str]
    for_shop: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenMade(TokenOut):
    token: str
    """Shown this once."""


def _said(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id, "name": token.name, "hint": token.hint, "scopes": token.scopes,
        "for_shop": token.tenant_id is not None, "created_at": token.created_at,
        "expires_at": token.expires_at, "last_used_at": token.last_used_at,
    }  # fmt: skip


@get("/tokens", opt=MAKES)
async def list_tokens(request: AnyRequest) -> list[TokenOut]:
    async with begin(request) as (db, me):
        return [TokenOut(**_said(one)) for one in await api_tokens.in_force(db, me)]


@post("/tokens", opt=MAKES, status_code=201)
async def make_token_as_json(request: AnyRequest, data: JSONBody[TokenIn]) -> TokenMade:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        token, text = await api_tokens.make(db, data, by=me)
        return TokenMade(**_said(token), token=text)


@delete("/tokens/{token_id:uuid}", opt=MAKES)
async def revoke_token_as_json(request: AnyRequest, token_id: FromPath[UUID]) -> None:
    async with begin(request) as (db, me):
        await api_tokens.revoke(db, await api_tokens.find(db, me, token_id), by=me)


router = Router("/", route_handlers=[tokens_page, make_token, revoke_token])
api = Router("/", route_handlers=[list_tokens, make_token_as_json, revoke_token_as_json], tags=["accounts"])
