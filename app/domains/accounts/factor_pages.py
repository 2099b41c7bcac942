"""The second proof: at sign-in, by a passkey instead of a password, and again before what matters."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, Router, get, post
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import set_aside
from app.core.errors import Invalid, SignInNeeded
from app.core.forms import read, safe_next
from app.core.limits import Limit, limited
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.render import flash_cookie, page, see_other
from app.core.security import binding_of
from app.core.viewer import Viewer
from app.core.visit import BEFORE_FACTOR, begin, has_fresh_proof, needs
from app.core.words import _, ngettext
from app.domains.accounts import entering, guarding, one_time_codes, passkeys, profile, recovery, stepping_up
from app.domains.accounts.models import User

AnyRequest = Request[Any, Any, Any]

CHALLENGES = Limit("passkey challenge", times=300, within=guarding.HERE.within)
MINE = needs(SIGNED_IN) | BEFORE_FACTOR | REPEATABLE


class CodeForm(msgspec.Struct):
    code: Annotated[str, Meta(max_length=60)]


class PasskeyForm(msgspec.Struct):
    credential: Annotated[str, Meta(max_length=passkeys.LONGEST_ANSWER)]
    next: Annotated[str, Meta(max_length=400)] = ""


class ProofForm(msgspec.Struct):
    """One of the three."""

    password: Annotated[str, Meta(max_length=1024)] = ""
    code: Annotated[str, Meta(max_length=60)] = ""
    credential: Annotated[str, Meta(max_length=passkeys.LONGEST_ANSWER)] = ""
    next: Annotated[str, Meta(max_length=400)] = ""
    back: Annotated[str, Meta(max_length=400)] = ""


def wrong_code() -> str:
    """The same words whether it was wrong, spent, or one too many."""
    return _("This code does not work. Each works once, and after five wrong ones none does for 15 minutes.")


def _recovered(left: int) -> str:
    if not left:
        return _("That was your last recovery code. Make new ones under Settings, Security.")
    return ngettext(
        "You used a recovery code; %(num)d is left. Make new ones under Settings, Security.",
        "You used a recovery code; %(num)d are left. Make new ones under Settings, Security.",
        left,
    )


@get(entering.SECOND_FACTOR, opt=needs(PUBLIC))
async def second_factor_page(request: AnyRequest) -> Response[Any]:
    return await _second_factor(request)


async def _second_factor(request: AnyRequest, errors: dict[str, str] | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        user, waiting = await entering.half_way(db, request.cookies.get(entering.half_way_cookie(), ""))
        return page(
            request, me, "accounts/second_factor.html", status=422 if errors else 200, errors=errors or {},
            has_app=await one_time_codes.of_person(db, user) is not None,
            has_passkey=bool(await passkeys.of_person(db, user)), next=waiting.next,
        )  # fmt: skip


@post(entering.SECOND_FACTOR, opt=needs(PUBLIC) | REPEATABLE | limited(guarding.LINKS))
async def second_factor(request: AnyRequest) -> Response[Any]:
    try:
        given = read(CodeForm, await request.form())
    except Invalid as wrong:
        return await _second_factor(request, wrong.errors)
    async with begin(request) as (db, me):
        user, waiting = await entering.half_way(db, request.cookies.get(entering.half_way_cookie(), ""))
        codes = await recovery.left(db, user)
        if await stepping_up.code_is_right(db, user, given.code, by=me):
            await db.delete(waiting)
            answer = await entering.go_in(request, db, user, by=me, next=waiting.next)
            if (left := await recovery.left(db, user)) < codes:
                answer.set_cookie(flash_cookie(_recovered(left)))
            return answer
    return await _second_factor(request, {"code": wrong_code()})


@post("/sign-in/passkey/challenge", opt=needs(PUBLIC) | REPEATABLE | limited(CHALLENGES), status_code=200)
async def sign_in_challenge(request: AnyRequest) -> dict[str, object]:
    async with begin(request) as (db, _me):
        return passkeys.as_json(await passkeys.ask_to_sign(db, "sign-in", browser=binding_of(request)))


@post("/sign-in/passkey", opt=needs(PUBLIC) | REPEATABLE | limited(guarding.LINKS))
async def sign_in_with_passkey(request: AnyRequest) -> Response[Any]:
    given = read(PasskeyForm, await request.form())
    async with begin(request) as (db, me):
        user = await passkeys.owner(db, given.credential, purpose="sign-in", browser=binding_of(request))
        if user is not None:
            return await entering.enter(request, db, user, by=me, next=given.next, method="passkey")
    async with begin(request) as (_db, me):
        return page(
            request, me, "accounts/sign_in.html", status=422, values={"next": given.next},
            errors={"": _("This passkey does not open an account here.")},
        )  # fmt: skip


@get("/step-up", opt=needs(SIGNED_IN) | BEFORE_FACTOR)
async def step_up_page(request: AnyRequest, next: str = "", back: str = "") -> Response[Any]:
    """Asks; and once that is answered, offers to send the form that had to wait."""
    async with begin(request) as (db, me):
        if not has_fresh_proof(me):
            return await _step_up(request, db, me, next, back)
        if form := set_aside.waiting(request, me.user_id):
            return page(request, me, "accounts/send_now.html", form=form, next=safe_next(next, "/settings"))
        return see_other(request, safe_next(next, "/settings"))


async def _step_up(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    next: str,
    back: str,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    user = await profile.own_account(db, me)
    app, keys = await one_time_codes.of_person(db, user), await passkeys.of_person(db, user)
    return page(
        request, me, "accounts/step_up.html", status=422 if errors else 200, errors=errors or {},
        next=safe_next(next, "/settings"), back=safe_next(back, ""), has_app=app is not None, has_passkey=bool(keys),
        has_password=user.password_hash is not None and not app and not keys,
        kept=set_aside.waiting(request, me.user_id) is not None,
    )  # fmt: skip


@post("/step-up/passkey/challenge", opt=MINE | limited(CHALLENGES), status_code=200)
async def step_up_challenge(request: AnyRequest) -> dict[str, object]:
    async with begin(request) as (db, _me):
        return passkeys.as_json(await passkeys.ask_to_sign(db, "step-up", browser=binding_of(request)))


@post("/step-up", opt=MINE, status_code=303)
async def step_up(request: AnyRequest) -> Response[Any]:
    given = read(ProofForm, await request.form())
    async with begin(request) as (db, me):
        user = await profile.own_account(db, me)
        if await _is_proof(request, db, user, given, by=me):
            token = await stepping_up.proved_again(db, user, by=me)
            to = safe_next(given.next, "/settings")
            if set_aside.waiting(request, me.user_id):
                to = f"/step-up?next={quote(to, safe='')}"
            return see_other(request, to, cookies=[entering.session_set(token)])
    wrong = {"password": _("This is not right.")} if given.password else {"code": wrong_code()}
    if given.credential:
        wrong = {"": _("This passkey is not one of yours.")}
    async with begin(request) as (db, me):
        return await _step_up(request, db, me, given.next, given.back, wrong)


async def _is_proof(
    request: AnyRequest, db: AsyncSession, user: User, given: ProofForm, *, by: Viewer
) -> bool:
    if by.session_id is None:
        raise SignInNeeded
    if given.credential:
        signer = await passkeys.owner(db, given.credential, purpose="step-up", browser=binding_of(request))
        return signer is not None and signer.id == user.id
    if given.code:
        return await stepping_up.code_is_right(db, user, given.code, by=by)
    return await stepping_up.password_is_right(db, user, given.password, by=by)


router = Router(
    "/",
    route_handlers=[
        second_factor_page, second_factor, sign_in_challenge, sign_in_with_passkey,
        step_up_page, step_up_challenge, step_up,
    ],
)  # fmt: skip
