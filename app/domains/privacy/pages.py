"""/settings/your-data and the same as JSON: what is kept about me, and a copy of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from app.core.errors import Invalid, Refused
from app.core.forms import read
from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.render import fragment, page, see_other
from app.core.visit import begin, glance, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import own_account
from app.domains.accounts.events import NOTICE
from app.domains.privacy import consenting, erasing, exporting, retention
from app.domains.privacy.models import Export
from app.gateways.storage import disposition

AnyRequest = Request[Any, Any, Any]

HERE = "/settings/your-data"
MINE = needs(SIGNED_IN)


@get("/privacy", opt=needs(PUBLIC))
async def privacy_notice(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (_db, me):
        return page(request, me, "privacy/notice.html", periods=retention.periods(), version=NOTICE)


class ErasureForm(msgspec.Struct):
    confirmation: Annotated[str, msgspec.Meta(max_length=254)] = ""


@get(HERE, opt=MINE)
async def your_data(request: AnyRequest) -> Response[Any]:
    return await _your_data(request)


async def _your_data(
    request: AnyRequest, wrong: Invalid | None = None, typed: str = "", *, status: int = 422
) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request, me, "privacy/your_data.html", status=status if wrong else 200,
            copies=await exporting.mine(db, me), user=await own_account(db, me),
            agreements=await consenting.of_person(db, me), periods=retention.periods(), hindrance=erasing.hindrance(me), grace=erasing.GRACE.days,
            values={"confirmation": typed}, errors=wrong.errors if wrong else {},
        )  # fmt: skip


@get(f"{HERE}/exports", opt=MINE)
async def show_copies(request: AnyRequest) -> Response[Any]:
    """The region of the page that follows the copy being made."""
    async with begin(request) as (db, me):
        return fragment(request, me, "privacy/_copies.html", copies=await exporting.mine(db, me))


@post(f"{HERE}/exports", opt=MINE, status_code=303)
async def ask_for_copy(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        await exporting.ask(db, by=me)
        return see_other(request, HERE, flash=_("Your copy is being made. You are told when it is ready."))


@get(f"{HERE}/exports/{{export_id:uuid}}/file", opt=MINE)
async def fetch_copy(request: AnyRequest, export_id: FromPath[UUID]) -> Response[Any]:
    try:
        return await _file(request, export_id)
    except Refused as gone:  # the page has the button for a new one
        return await _your_data(request, Invalid({"": gone.words}), status=gone.status)


async def _file(request: AnyRequest, export_id: UUID) -> Response[Any]:
    async with glance(request) as (db, me):
        export = await exporting.find(db, me, export_id)
        needs_fresh_proof(me)
    pieces = await exporting.opened(export, by=me)
    async with begin(request) as (db, me):
        export = await exporting.find(db, me, export_id)
        await exporting.fetch(db, export, by=me)
        name = f"torqueline-{export.created_at:%Y-%m-%d}.zip"
        headers = {
            "Content-Disposition": disposition(name, inline=False),
            "Content-Length": str(export.size),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        }
        return Stream(pieces, media_type="application/zip", headers=headers)


@post(f"{HERE}/erasure", opt=MINE, status_code=303)
async def ask_for_erasure(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        given = read(ErasureForm, form)
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            user = await own_account(db, me)
            await erasing.ask(db, user, given.confirmation, by=me)
            return see_other(request, HERE)
    except Invalid as wrong:
        return await _your_data(request, wrong, str(form.get("confirmation", "")))


@post(f"{HERE}/erasure/withdrawal", opt=MINE, status_code=303)
async def keep_account(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        await erasing.keep(db, await own_account(db, me), by=me)
        return see_other(request, HERE, flash=_("Your account stays."))


class ErasureIn(msgspec.Struct, forbid_unknown_fields=True):
    confirmation: str
    """The address of the account."""


class ErasureOut(msgspec.Struct):
    erase_at: datetime | None


@post("/me/erasure", opt=MINE, status_code=202)
async def ask_for_erasure_as_json(request: AnyRequest, data: JSONBody[ErasureIn]) -> ErasureOut:
    """Erase the account after fourteen days. 422 unless `confirmation` is its address."""
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        user = await own_account(db, me)
        await erasing.ask(db, user, data.confirmation, by=me)
        return ErasureOut(erase_at=user.erase_at)


@delete("/me/erasure", opt=MINE, status_code=204)
async def keep_account_as_json(request: AnyRequest) -> None:
    """Keep the account after all."""
    async with begin(request) as (db, me):
        await erasing.keep(db, await own_account(db, me), by=me)


class ExportOut(msgspec.Struct, kw_only=True):
    id: UUID
    status: str
    """waiting, running, ready, failed"""
    done: int
    total: int
    size: int | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    file: str | None
    """Where its person fetches it once it is ready."""


def _shown(export: Export) -> ExportOut:
    return ExportOut(
        id=export.id, status=export.status, done=export.done, total=export.total, size=export.size,
        created_at=export.created_at, ready_at=export.ready_at, expires_at=export.expires_at,
        file=f"/api/v1/me/exports/{export.id}/file" if export.status == "ready" else None,
    )  # fmt: skip


@post("/me/export", opt=MINE, status_code=202)
async def ask_for_copy_as_json(request: AnyRequest) -> ExportOut:
    """Have a copy of everything about oneself made; the one that is being made already is given again."""
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        return _shown(await exporting.ask(db, by=me))


@get("/me/exports/{export_id:uuid}", opt=MINE)
async def show_copy_as_json(request: AnyRequest, export_id: FromPath[UUID]) -> ExportOut:
    async with begin(request) as (db, me):
        exporting.own_hands(me)
        return _shown(await exporting.find(db, me, export_id))


@get("/me/exports/{export_id:uuid}/file", opt=MINE, media_type="application/zip")
async def fetch_copy_as_json(request: AnyRequest, export_id: FromPath[UUID]) -> Response[Any]:
    return await _file(request, export_id)


router = Router(
    "/",
    route_handlers=[
        privacy_notice,
        your_data,
        show_copies,
        ask_for_copy,
        fetch_copy,
        ask_for_erasure,
        keep_account,
    ],
)
api = Router(
    "/",
    route_handlers=[
        ask_for_copy_as_json, show_copy_as_json, fetch_copy_as_json, ask_for_erasure_as_json, keep_account_as_json,
    ],
    tags=["privacy"],
)  # fmt: skip
