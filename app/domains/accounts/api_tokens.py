"""Tokens of programs: a person's own, which can do no more than the person, and a shop's, which works for it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.events import Event, record
from app.core.permissions import CUSTOMER
from app.core.security import hash_token
from app.core.tokens import new_api_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts.models import ApiToken
from app.domains.accounts.said import permission_label

MOST = 20
NOT_FOR_PROGRAMS = frozenset({"manage:staff", "manage:network", "update:own_profile"})
"""What must be done by a person who is there: hire, take businesses on, change who one is."""


class ApiTokenMade(Event, frozen=True):
    """A program may sign in from now on."""

    token_id: UUID
    scopes: list[str]
    for_shop: bool


class ApiTokenRevoked(Event, frozen=True):
    """A program may no longer sign in."""

    token_id: UUID


class TokenFacts(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    scopes: list[str] = []
    days: Annotated[int, Meta(ge=1, le=366)] = 90
    for_shop: bool = False


def grantable(me: Viewer, *, for_shop: bool) -> list[str]:
    """The permissions the viewer may hand to a program."""
    own = me.permissions - NOT_FOR_PROGRAMS
    return sorted(own - CUSTOMER if for_shop else own)


async def make(db: AsyncSession, facts: TokenFacts, *, by: Viewer) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown now and never again. Raises Invalid, Refused.

    A shop's token stays when the person who made it leaves; who may set the shop up may make one.
    """
    if by.token_id is not None:  # a program must not prolong its own life
        raise Forbidden
    if facts.for_shop and not by.can("manage:center"):
        raise Invalid({"for_shop": _("Only who sets the shop up makes tokens for it.")})
    personal = set(facts.scopes) & CUSTOMER if facts.for_shop else set()
    if personal:
        words = _(
            "A token of the shop cannot hold what is a person's own: %(rights)s. Leave that out, or do not let the token belong to the shop.",
            rights=", ".join(permission_label(one) for one in sorted(personal)),
        )
        raise Invalid({"scopes": words})
    if not facts.scopes or set(facts.scopes) - set(grantable(by, for_shop=facts.for_shop)):
        raise Invalid({"scopes": _("Choose at least one from the list.")})
    if len(await in_force(db, by)) >= MOST:
        raise Refused(_("There are %(count)s tokens already. Revoke one first.", count=MOST))
    text = new_api_token()
    token = ApiToken(
        id=new_id(),
        user_id=None if facts.for_shop else by.user_id,
        tenant_id=by.tenant_id if facts.for_shop else None,
        center_id=by.center_id,
        name=facts.name,
        hint=text[:9],
        token_hash=hash_token(text),
        scopes=sorted(set(facts.scopes)),
        made_by_id=by.user_id,
        made_by_name=by.name,
        expires_at=clock.now() + timedelta(days=facts.days),
    )
    db.add(token)
    await db.flush()
    event = ApiTokenMade(token_id=token.id, scopes=token.scopes, for_shop=facts.for_shop)
    await record(db, event, by=by, person=token.user_id, subject=token.id)
    return token, text


async def in_force(db: AsyncSession, me: Viewer) -> Sequence[ApiToken]:
    """The viewer's own tokens, and those of the shop for who sets it up."""
    mine = ApiToken.user_id == me.user_id
    shops = ApiToken.tenant_id == me.tenant_id
    query = select(ApiToken).where(ApiToken.revoked_at.is_(None), ApiToken.expires_at > clock.now())
    query = query.where(mine | shops if me.can("manage:center") else mine)
    return (await db.scalars(query.order_by(ApiToken.created_at.desc()))).all()


async def find(db: AsyncSession, me: Viewer, token_id: UUID) -> ApiToken:
    """Raises NotFound."""
    for one in await in_force(db, me):
        if one.id == token_id:
            return one
    raise NotFound


async def revoke(db: AsyncSession, token: ApiToken, *, by: Viewer) -> None:
    """At once: the next request with it is refused."""
    token.revoked_at = clock.now()
    event = ApiTokenRevoked(token_id=token.id)
    await record(db, event, by=by, person=token.user_id, subject=token.id)


async def revoke_own(db: AsyncSession, user_id: UUID, *, by: Viewer) -> None:
    """All that are the person's; a shop's stay, whoever made them."""
    own = select(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    for token in (await db.scalars(own)).all():
        await revoke(db, token, by=by)
