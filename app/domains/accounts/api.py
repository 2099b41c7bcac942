"""Accounts as JSON: register, sign in, refresh, sign out, password reset, profile."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.answers import Refusal
from app.core.errors import Refused
from app.core.forms import check_email
from app.core.identity import client_ip
from app.core.limits import limited
from app.core.permissions import PUBLIC
from app.core.places import usual_distance
from app.core.security import csrf_exempt
from app.core.tokens import LIFETIME
from app.core.viewer import Viewer
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import bearer, entering, guarding, profile, signing_in, stepping_up
from app.domains.accounts.factor_pages import wrong_code
from app.domains.accounts.models import User

AnyRequest = Request[Any, Any, Any]

NO_COOKIE = csrf_exempt("takes a password or a token in its body and looks at no cookie")


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    password: str
    name: str
    phone: str = ""


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    password: str


class SecondFactor(msgspec.Struct, forbid_unknown_fields=True):
    ticket: str
    code: str


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    refresh_token: str


class Forgotten(msgspec.Struct, forbid_unknown_fields=True):
    email: str


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    password: str


class RoleOut(msgspec.Struct):
    role: str
    service_center_id: str | None


class UserOut(msgspec.Struct):
    id: UUID
    email: str
    roles: list[RoleOut]


class Granted(msgspec.Struct):
    access_token: str
    refresh_token: str
    user: UserOut
    expires_in: int = int(LIFETIME.total_seconds())
    """Seconds until the access token ends."""


class ProfileOut(msgspec.Struct):
    id: UUID
    email: str
    name: str
    phone: str
    locale: str
    zone: str
    distance_unit: str
    currency: str
    fuel_unit: str
    date_of_birth: date | None
    preferred_service_center_id: UUID | None


class ProfileIn(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    phone: str = ""
    locale: str = "en"
    zone: str = "UTC"
    distance_unit: str = "km"
    currency: str = ""
    fuel_unit: str = ""
    date_of_birth: date | None = None
    preferred_service_center_id: UUID | None = None


class PasswordIn(msgspec.Struct, forbid_unknown_fields=True):
    old_password: str
    new_password: str


async def _granted(db: AsyncSession, user: User, family: UUID | None = None, *, by: Viewer) -> Granted:
    if family is None:
        await signing_in.signed_in(db, user, by=by)
    roles = await bearer.roles_of(db, user.id)
    center = await signing_in.first_center(db, user.id)
    access, refresh = await bearer.grant(db, user, roles=roles, center_id=center, family=family)
    shown = UserOut(id=user.id, email=user.email, roles=[msgspec.convert(one, RoleOut) for one in roles])
    return Granted(access_token=access, refresh_token=refresh, user=shown)


@post("/auth/register", opt=needs(PUBLIC) | NO_COOKIE | limited(guarding.SIGN_UPS), status_code=201)
async def register(request: AnyRequest, data: JSONBody[Registration]) -> Granted:
    """Make an account. Whoever does agrees to the notice at /privacy, and its version is noted."""
    check_email(data.email)
    async with begin(request) as (db, me):
        user = await signing_in.sign_up(
            db, email=data.email, password=data.password, name=data.name, phone=data.phone, by=me,
            distance_unit=usual_distance("", request.headers.get("accept-language", "")),
        )  # fmt: skip
        return await _granted(db, user, by=me)


class NotYet(Refusal):
    """Wrong; or right and not enough: `error` is `second_factor_required` then, and a code goes on with the ticket."""

    ticket: str = ""


@post(
    "/auth/login", opt=needs(PUBLIC) | NO_COOKIE, status_code=200,
    responses={
        200: ResponseSpec(Granted, generate_examples=False, description="Signed in"),
        401: ResponseSpec(NotYet, generate_examples=False, description="Wrong, or a second factor is needed"),
    },
)  # fmt: skip
async def login(request: AnyRequest, data: JSONBody[Credentials]) -> Response[Any]:
    """With an email address and a password. A second factor is asked for with 401 and a ticket."""
    number = await guarding.before_password(data.email, client_ip(request))
    async with begin(request) as (db, me):
        user = await signing_in.check_password(db, email=data.email, password=data.password, by=me)
        if user is None:
            await guarding.after_wrong(db, data.email, number, by=me)
        else:
            await guarding.after_right(data.email, me.ip)
            if await entering.has_second_factor(db, user.id):
                ticket = await entering.stop_half_way(db, user, next="", for_program=True)
                return Response({"error": "second_factor_required", "ticket": ticket}, status_code=401)
            return Response(await _granted(db, user, by=me))
    raise Refused(_("Email or password is not right."), status=401)


@post("/auth/login/second-factor", opt=needs(PUBLIC) | NO_COOKIE | limited(guarding.LINKS), status_code=200)
async def login_second_factor(request: AnyRequest, data: JSONBody[SecondFactor]) -> Granted:
    """With the ticket of the first answer, and a code of the app or a recovery code."""
    async with begin(request) as (db, me):
        user, waiting = await entering.half_way(db, data.ticket, for_program=True)
        if await stepping_up.code_is_right(db, user, data.code, by=me):
            await db.delete(waiting)
            return await _granted(db, user, by=me)
    raise Refused(wrong_code(), status=401)


@post("/auth/refresh", opt=needs(PUBLIC) | NO_COOKIE | limited(guarding.REFRESHES), status_code=200)
async def refresh(request: AnyRequest, data: JSONBody[Refresh]) -> Granted:
    """A new pair of tokens. A refresh token works once; a second use ends all that came of the same sign-in."""
    async with begin(request) as (db, me):
        spent = await bearer.use_refresh(db, data.refresh_token, by=me)
        if spent is not None:
            return await _granted(db, spent[0], family=spent[1], by=me)
    raise Refused(_("This refresh token is spent or has ended. Sign in again."), status=401)


@post("/auth/logout", opt=needs(PUBLIC) | NO_COOKIE, status_code=204)
async def logout(request: AnyRequest, data: JSONBody[Refresh]) -> None:
    async with begin(request) as (db, _me):
        await bearer.revoke(db, data.refresh_token)


@post("/auth/forgot", opt=needs(PUBLIC) | NO_COOKIE | limited(guarding.RESETS), status_code=202)
async def forgot(request: AnyRequest, data: JSONBody[Forgotten]) -> dict[str, bool]:
    async with begin(request) as (db, me):
        await profile.ask_for_reset(db, email=data.email, by=me)
    return {"accepted": True}


@post("/auth/reset", opt=needs(PUBLIC) | NO_COOKIE | limited(guarding.LINKS), status_code=204)
async def reset(request: AnyRequest, data: JSONBody[Reset]) -> None:
    async with begin(request) as (db, me):
        await profile.reset_password(db, token=data.token, new=data.password, by=me)


@get("/users/profile", opt=needs("read:own_profile"))
async def show_profile(request: AnyRequest) -> ProfileOut:
    async with begin(request) as (db, me):
        return _shown(await profile.own_account(db, me))


@put("/users/profile", opt=needs("update:own_profile"))
async def change_profile(request: AnyRequest, data: JSONBody[ProfileIn]) -> ProfileOut:
    async with begin(request) as (db, me):
        user = await profile.own_account(db, me)
        facts = msgspec.structs.asdict(data)
        preferred = facts.pop("preferred_service_center_id")
        await profile.change_profile(db, user, **facts, preferred_center_id=preferred, by=me)
        return _shown(user)


def _shown(user: User) -> ProfileOut:
    return ProfileOut(
        id=user.id, email=user.email, name=user.name, phone=user.phone,
        locale=user.locale, zone=user.zone, distance_unit=user.distance_unit, currency=user.currency, fuel_unit=user.fuel_unit,
        date_of_birth=user.date_of_birth, preferred_service_center_id=user.preferred_center_id,
    )  # fmt: skip


@post("/users/change-password", opt=needs("update:own_profile"), status_code=204)
async def change_password(request: AnyRequest, data: JSONBody[PasswordIn]) -> Response[None]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        user = await profile.own_account(db, me)
        await profile.change_password(db, user, old=data.old_password, new=data.new_password, by=me)
        return Response(None, status_code=204)


router = Router(
    "/",
    route_handlers=[
        register, login, login_second_factor, refresh, logout, forgot, reset, show_profile, change_profile, change_password,
    ],
    tags=["accounts"],
)  # fmt: skip
