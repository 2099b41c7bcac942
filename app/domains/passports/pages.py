"""Passports in the browser: the owner makes one, whoever holds its link reads it, anybody checks a file."""

from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.core.errors import Invalid
from app.core.forms import read
from app.core.limits import Limit, limited
from app.core.permissions import PUBLIC
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage
from app.domains.passports import keys, making
from app.domains.passports.checking import check, check_compact
from app.domains.passports.document import LONGEST, Document, falls_in
from app.domains.passports.making import Days

AnyRequest = Request[Any, Any, Any]
MANAGE, ANYBODY = needs("manage:own_vehicles"), needs(PUBLIC)
OF_CAR = "/garage/{vehicle_id:uuid}/passports"
PRIVATE = {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow"}
PLAIN = "layouts/plain.html"
CHECKS = Limit("passport check", times=60, within=timedelta(minutes=15))


class MakeForm(msgspec.Struct):
    days: int = 30


class CheckForm(msgspec.Struct):
    file: UploadFile | None = None
    code: str = ""


@get(OF_CAR, opt=MANAGE)
async def passports_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        draft = await making.sign(db, car, by=me)
        made = [(one, making.link_of(one)) for one in await making.of_car(db, car, by=me)]
        return page(
            request, me, "passports/of_car.html", car=car, made=made, is_open=making.is_open,
            draft=draft, draft_falls=falls_in(draft), choices=get_args(Days),
        )  # fmt: skip


@post(OF_CAR, opt=MANAGE)
async def make_passport(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = read(MakeForm, await request.form())
    days = _days(form.days)
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        passport = await making.make(db, car, days=days, by=me)
        return see_other(request, f"/garage/{car.id}/passports/{passport.id}")


def _days(said: int) -> Days:
    for one in get_args(Days):
        if one == said:
            return one  # type: ignore[no-any-return]
    raise Invalid({"days": _("Please choose how long the link is to open.")})


@get(f"{OF_CAR}/{{passport_id:uuid}}", opt=MANAGE)
async def passport_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], passport_id: FromPath[UUID]
) -> Response[Any]:
    """The link and its QR code."""
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        passport = await making.find(db, car, passport_id, by=me)
        checked, link = check(passport.document.encode(), keys.ours()), making.link_of(passport)
        code = making.drawn(link, checked.document) if link and checked.document else ""
        return page(
            request, me, "passports/made.html", car=car, passport=passport, link=link, code=code,
            is_open=making.is_open(passport),
        )  # fmt: skip


@post(f"{OF_CAR}/{{passport_id:uuid}}/revocation", opt=MANAGE)
async def revoke_passport(
    request: AnyRequest, vehicle_id: FromPath[UUID], passport_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        await making.revoke(db, await making.find(db, car, passport_id, by=me), by=me)
        return see_other(
            request, f"/garage/{car.id}/passports", flash=_("Taken back: the link opens nothing.")
        )


@get("/passport/{token:str}", opt=ANYBODY)
async def shown_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = await making.follow(db, token, by=me)
        said = shown.checked.document
        return page(
            request, me, "passports/passport.html", layout=PLAIN, headers=PRIVATE, token=token,
            document=said, falls=falls_in(said) if said else [], faults=shown.checked.faults, later=shown.later,
        )  # fmt: skip


@get("/passport/{token:str}/file", opt=ANYBODY)
async def file(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    async with begin(request) as (db, me):
        shown = await making.follow(db, token, by=me)
    headers = PRIVATE | {
        "Content-Disposition": 'attachment; filename="passport.json"', "Cache-Control": "no-store"
    }  # fmt: skip
    return Response(shown.document.encode(), media_type="application/json", headers=headers)


@get("/passport/check", opt=ANYBODY)
async def check_page(request: AnyRequest) -> Response[Any]:
    return await _check_page(request)


@post("/passport/check", opt=ANYBODY | limited(CHECKS), status_code=200)
async def check_here(request: AnyRequest) -> Response[Any]:
    """The same check by the site, for a browser that cannot. Nothing of it is kept."""
    document, faults = await _checked(read(CheckForm, await request.form()))
    return await _check_page(request, document=document, faults=faults)


async def _check_page(
    request: AnyRequest, *, document: Document | None = None, faults: list[str] | None = None
) -> Response[Any]:
    """What a changed file says is not shown."""
    said = None if faults else document
    async with begin(request) as (_db, me):
        return page(
            request, me, "passports/check.html", layout=PLAIN, keys=keys.published(), faults=faults, document=said,
            falls=falls_in(said) if said else [],
        )  # fmt: skip


async def _checked(form: CheckForm) -> tuple[Document | None, list[str]]:
    ours = keys.ours()
    document, faults = None, []
    if form.file is not None:
        checked = check(await form.file.read(LONGEST + 1), ours)
        document, faults = checked.document, checked.faults
    if form.code:
        summary, wrong = check_compact(form.code, ours)
        faults = [*faults, *(f"code_{one}" for one in wrong)]
        if summary and document and summary.root != document.root:
            faults.append("other")
    elif form.file is None:
        faults = ["nothing"]
    return document, faults


@get("/.well-known/torqueline-passport-keys.json", opt=ANYBODY)
async def keys_file(request: AnyRequest) -> Response[Any]:
    return Response(keys.published(), headers={"Cache-Control": "no-store"})


router = Router(
    "/",
    route_handlers=[
        passports_page, make_passport, passport_page, revoke_passport, check_page, check_here, shown_page, file, keys_file,
    ],
)  # fmt: skip
