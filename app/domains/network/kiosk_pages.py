"""The workshop's tablet: its tiles and number pad, and where the shop sets tablets up and ends them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound, TooMany
from app.core.forms import read, values_of
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC
from app.core.render import is_partial, page, see_other
from app.core.security import kiosk_cookie
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import entering, kiosk_pins
from app.domains.network import kiosks, premises
from app.domains.network.kiosks import KioskFacts
from app.domains.network.models import Kiosk, ServiceCenter
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
FRONT_DESK, OWNER = needs("manage:appointments"), needs("manage:center")
AT_TABLET = needs(PUBLIC)
HERE = "/kiosk"
A_YEAR = 365 * 24 * 3600


class PinForm(msgspec.Struct):
    pin: Annotated[str, Meta(max_length=kiosk_pins.LONGEST)] = ""
    key: Annotated[str, Meta(max_length=4)] = ""
    """A key of the pad, where no script adds its digit."""


async def _kiosk(request: AnyRequest, db: AsyncSession) -> Kiosk:
    return await kiosks.here(db, request.cookies.get(kiosk_cookie(), ""))


def kiosk_set(token: str, seconds: int = A_YEAR) -> Cookie:
    """The cookie of a workshop's tablet."""
    return Cookie(
        key=kiosk_cookie(),
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure,
        max_age=seconds,
    )


@get(HERE, opt=AT_TABLET)
async def tiles_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        try:
            kiosk = await _kiosk(request, db)
        except NotFound:
            if is_partial(request):  # its list of names asks again and again
                return Response("", headers={"HX-Refresh": "true"}, media_type="text/html")
            answer = page(request, me, "network/kiosk_none.html", layout="layouts/plain.html")
            answer.set_cookie(kiosk_set("", 0))
            return answer
        return page(
            request, me, "network/kiosk.html", layout="layouts/kiosk.html", kiosk=kiosk,
            technicians=await kiosks.technicians(db, kiosk),
            center=await db.get_one(ServiceCenter, kiosk.center_id),
        )  # fmt: skip


@get("/kiosk/people/{staff_id:uuid}", opt=AT_TABLET)
async def pad_page(request: AnyRequest, staff_id: FromPath[UUID]) -> Response[Any]:
    return await _pad(request, staff_id)


async def _pad(
    request: AnyRequest,
    staff_id: UUID,
    *,
    typed: str = "",
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    async with begin(request) as (db, me):
        try:
            kiosk = await _kiosk(request, db)
        except NotFound:  # ended meanwhile; the list's page says so
            return see_other(request, HERE)
        who = await kiosks.technician(db, kiosk, staff_id)
        return page(
            request, me, "network/kiosk_pad.html", layout="layouts/kiosk.html", status=status, who=who,
            typed=typed, errors=errors or {}, longest=kiosk_pins.LONGEST, shortest=kiosk_pins.SHORTEST,
        )  # fmt: skip


@post("/kiosk/people/{staff_id:uuid}", opt=AT_TABLET | REPEATABLE, status_code=303)
async def change_in(request: AnyRequest, staff_id: FromPath[UUID]) -> Response[Any]:
    """A key of the pad adds its digit; without one it is the PIN."""
    form = await request.form()
    try:
        given = read(PinForm, form)
    except Invalid:
        given = PinForm(pin=str(form.get("pin", ""))[: kiosk_pins.LONGEST])
    if given.key:
        return await _pad(request, staff_id, typed=_typed(given))
    try:
        async with begin(request) as (db, me):
            try:
                kiosk = await _kiosk(request, db)
            except NotFound:
                return see_other(request, HERE)
            who = await kiosks.technician(db, kiosk, staff_id)
            token = await kiosks.change_in(db, kiosk, who, given.pin, by=me)
            if token:
                return see_other(request, "/bench", cookies=[entering.session_set(token)])
    except TooMany as wait:
        return await _pad(request, staff_id, status=429, errors={"pin": wait.words})
    return await _pad(request, staff_id, status=422, errors={"pin": _("That is not your PIN.")})


def _typed(given: PinForm) -> str:
    if given.key == "back":
        return given.pin[:-1]
    digit = given.key if given.key.isascii() and given.key.isdigit() else ""
    return (given.pin + digit)[: kiosk_pins.LONGEST]


@post("/kiosk/away", opt=AT_TABLET | REPEATABLE, status_code=303)
async def change_out(request: AnyRequest) -> Response[Any]:
    """By a tap, or by the page itself when nobody has touched it."""
    async with begin(request) as (db, me):
        await kiosks.change_out(db, by=me)
        cookies = [entering.session_gone()] if me.kiosk_id else []
        return see_other(request, HERE, cookies=cookies)


@post("/kiosk/awake", opt=AT_TABLET | REPEATABLE, status_code=204)
async def awake(request: AnyRequest) -> None:
    """Somebody touches the tablet: being looked at who is there is all it takes."""
    async with begin(request):
        return


@get("/settings/centers/{center_id:uuid}/kiosks", opt=FRONT_DESK)
async def kiosks_page(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    return await _kiosks(request, center_id)


async def _kiosks(request: AnyRequest, center_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        return page(
            request, me, "network/kiosks_of_center.html", status=422 if wrong else 200, center=center,
            kiosks=await kiosks.kiosks_of(db, center), idle_minutes=kiosks.IDLE_MINUTES, typed=typed,
            may_end=me.can("manage:center"), errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post("/settings/centers/{center_id:uuid}/kiosks", opt=FRONT_DESK, status_code=303)
async def set_up(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    try:
        facts = read(KioskFacts, await request.form())
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            center = await premises.find_center(db, me, center_id)
            _made, token = await kiosks.set_up(db, center, facts, by=me)
            return see_other(request, HERE, cookies=[kiosk_set(token), entering.session_gone()])
    except Invalid as wrong:
        return await _kiosks(request, center_id, wrong)


@post("/settings/centers/{center_id:uuid}/kiosks/{kiosk_id:uuid}/removal", opt=OWNER, status_code=303)
async def end(request: AnyRequest, center_id: FromPath[UUID], kiosk_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        ended = await kiosks.end(db, center, kiosk_id, by=me)
        flash = _("%(name)s is no longer a tablet of the workshop.", name=ended.name)
        return see_other(request, f"/settings/centers/{center_id}/kiosks", flash=flash)


router = Router(
    "/",
    route_handlers=[tiles_page, pad_page, change_in, change_out, awake, kiosks_page, set_up, end],
)
