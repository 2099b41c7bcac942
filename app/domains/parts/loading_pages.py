"""A list from a file: send it, read what would be taken and what not, take it in."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import page, see_other
from app.core.spreadsheet import csv_line
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.parts import loading
from app.domains.parts.files import COLUMNS, NEEDED
from app.domains.parts.loading import ListName

AnyRequest = Request[Any, Any, Any]

FILES = "/parts/files"
SELLS = needs("sell:parts")
SHOWN = 100
"""Refused rows on the page; all of them stand in the file to fetch."""


class FileForm(msgspec.Struct, kw_only=True):
    list: ListName
    file: UploadFile


@get(FILES, opt=SELLS)
async def file_page(request: AnyRequest) -> Response[Any]:
    return await _send(request)


async def _send(request: AnyRequest, wrong: Invalid | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request, me, "parts/file.html", status=422 if wrong else 200, latest=await loading.latest(db, me),
            columns={name: list(known) for name, known in COLUMNS.items()}, needed=NEEDED,
            errors=wrong.errors if wrong else {}, chosen=wrong.values.get("list") if wrong else None,
        )  # fmt: skip


@post(FILES, opt=SELLS, status_code=303)
async def send_file(request: AnyRequest) -> Response[Any]:
    try:
        form = read(FileForm, await request.form())
        async with glance(request) as (_db, me):
            pass
        sent = await loading.receive(form.file, by=me)
        async with begin(request) as (db, me):
            upload = await loading.put(db, form.list, sent, by=me)
            return see_other(request, f"{FILES}/{upload}")
    except Invalid as wrong:
        return await _send(request, wrong)


@get(f"{FILES}/{{list_upload_id:uuid}}", opt=SELLS)
async def looked_page(request: AnyRequest, list_upload_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        looked = await loading.look(db, await loading.find(db, me, list_upload_id))
        refused = looked.found.refused
        return page(
            request, me, "parts/looked.html", looked=looked, upload=looked.upload, refused=refused[:SHOWN],
            count=len(refused),
        )  # fmt: skip


@get(f"{FILES}/{{list_upload_id:uuid}}/refused", opt=SELLS)
async def refused_rows(request: AnyRequest, list_upload_id: FromPath[UUID]) -> Response[Any]:
    """The rows that cannot be taken, each with its reason, as a CSV to mend."""
    async with begin(request) as (db, me):
        found = (await loading.look(db, await loading.find(db, me, list_upload_id))).found
    lines = [csv_line([_("Row"), _("Reason"), *found.head])]
    lines += [csv_line([one.at, one.why, *one.cells]) for one in found.refused]
    headers = {"Content-Disposition": 'attachment; filename="refused.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + "".join(lines), media_type="text/csv; charset=utf-8", headers=headers)


@post(f"{FILES}/{{list_upload_id:uuid}}/loading", opt=SELLS, status_code=303)
async def load(request: AnyRequest, list_upload_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        upload = await loading.find(db, me, list_upload_id, lock=True)
        await loading.load(db, upload, by=me)
        return see_other(request, f"{FILES}/{list_upload_id}")


router = Router("/", route_handlers=[file_page, send_file, looked_page, refused_rows, load])
