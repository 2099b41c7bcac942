"""The one way in: a session for whoever has proved enough, and half of one for whoever owes a second proof."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie, FormMultiDict
from msgspec import Meta
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, new_id
from app.core.errors import SignInNeeded
from app.core.forms import read, safe_next
from app.core.render import see_other
from app.core.security import hash_token, new_token, session_cookie
from app.core.viewer import Viewer
from app.domains.accounts import signing_in
from app.domains.accounts.models import HalfWay, OneTimeCode, Passkey, User
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
Method = Literal["password", "sign-on", "passkey"]

HALF_WAY_LIFE = timedelta(minutes=10)
SECOND_FACTOR = "/sign-in/second-factor"


async def enter(
    request: AnyRequest, db: AsyncSession, user: User, *, by: Viewer, next: str, method: Method
) -> Response[Any]:
    """After the first proof: on to `next` with a new session, or to the page that asks for the second proof.
    A passkey counts as both: the device has asked for a finger, a face or its PIN."""
    await act_as(db, user=user.id)
    if method != "passkey" and await has_second_factor(db, user.id):
        token = await stop_half_way(db, user, next=next)
        return see_other(request, SECOND_FACTOR, cookies=[_half_way_set(token)])
    return await go_in(request, db, user, by=by, next=next)


async def go_in(request: AnyRequest, db: AsyncSession, user: User, *, by: Viewer, next: str) -> Response[Any]:
    """Start the session and go on, everything being proved."""
    center = await signing_in.first_center(db, user.id)
    token, _ends = await signing_in.start_session(db, user, by=by, center_id=center)
    cookies = [session_set(token)]
    if user.erase_at is not None:  # the page that offers to keep the account
        next = "/settings/your-data"
    if request.cookies.get(half_way_cookie()):
        cookies.append(_half_way_set("", seconds=0))
    return see_other(request, safe_next(next, "/home"), cookies=cookies)


class NewAccount(msgspec.Struct):
    """What somebody invited gives for an account."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    password: Annotated[str, Meta(max_length=1024)]
    zone: Annotated[str, Meta(max_length=64)] = "UTC"


async def invited_account(
    db: AsyncSession, form: FormMultiDict, *, email: str, by: Viewer, center_id: UUID | None = None
) -> tuple[UUID, list[Cookie]]:
    """The account that takes an invitation: the one somebody is signed in to, or a new one for the address that was
    invited, with the cookie of its first session; the transaction acts for it. Raises Invalid."""
    if by.user_id is not None:
        return by.user_id, []
    new = read(NewAccount, form)
    user = await signing_in.sign_up(
        db, email=email, password=new.password, name=new.name, zone=new.zone, by=by, proved=True
    )
    token, _ends = await signing_in.start_session(db, user, by=by, center_id=center_id)
    return user.id, [session_set(token)]


async def has_second_factor(db: AsyncSession, user_id: UUID) -> bool:
    """Whether a password alone does not open the account."""
    app = select(OneTimeCode.id).where(OneTimeCode.user_id == user_id)
    key = select(Passkey.id).where(Passkey.user_id == user_id)
    return bool(await db.scalar(select(app.exists() | key.exists())))


async def stop_half_way(db: AsyncSession, user: User, *, next: str, for_program: bool = False) -> str:
    """Remember that the first proof was given; the token that goes on from there."""
    token, now = new_token(), clock.now()
    await db.execute(delete(HalfWay).where(HalfWay.user_id == user.id, HalfWay.expires_at <= now))
    db.add(
        HalfWay(
            id=new_id(),
            user_id=user.id,
            token_hash=hash_token(token),
            next=safe_next(next, "/home"),
            for_program=for_program,
            expires_at=now + HALF_WAY_LIFE,
        )
    )
    return token


async def half_way(db: AsyncSession, token: str, *, for_program: bool = False) -> tuple[User, HalfWay]:
    """Who stands half way, acting as them. Raises SignInNeeded when that was too long ago or is done."""
    user_id: UUID | None = await db.scalar(
        text("SELECT user_by_half_way(:hash)"), {"hash": hash_token(token)}
    )
    if user_id is None:
        raise SignInNeeded
    await act_as(db, user=user_id)
    waiting = await db.scalar(
        select(HalfWay)
        .where(
            HalfWay.token_hash == hash_token(token),
            HalfWay.for_program.is_(for_program),
            HalfWay.expires_at > clock.now(),
        )
        .with_for_update()
    )
    user = await db.scalar(select(User).where(User.id == user_id, User.is_active))
    if waiting is None or user is None:
        raise SignInNeeded
    return user, waiting


def half_way_cookie() -> str:
    """The cookie of a browser that owes the second proof."""
    return "__Host-half-way" if settings().secure else "half-way"


def _half_way_set(token: str, seconds: int = int(HALF_WAY_LIFE.total_seconds())) -> Cookie:
    return _cookie(half_way_cookie(), token, seconds)


def session_set(token: str, seconds: int = int(signing_in.ABSOLUTE_LIFE.total_seconds())) -> Cookie:
    """The cookie of a new session; the server may end the session earlier."""
    return _cookie(session_cookie(), token, seconds)


def session_gone() -> Cookie:
    return _cookie(session_cookie(), "", 0)


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure,
        max_age=seconds,
    )
