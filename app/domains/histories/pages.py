"""A history from elsewhere in the browser: send the file, match its columns, see what would come of each row, take it
in, take it out again; and the whole logbook to take along."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from app.core.errors import Invalid
from app.core.files import receive_table
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.spreadsheet import csv_line
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import garage, logbook
from app.domains.histories import exporting, files, said, taking
from app.domains.histories.conventions import Conventions, DayOrder, DistanceUnit, Mark, VolumeUnit
from app.domains.logbook.usual import usual_currency

AnyRequest = Request[Any, Any, Any]

MANAGE, READ = needs("manage:own_vehicles"), needs("read:own_vehicles")
FILES = "/garage/{vehicle_id:uuid}/histories"
FILE = f"{FILES}/{{history_file_id:uuid}}"
SHOWN = 50
"""Rows on the page; all of them stand in the file to fetch."""


class FileForm(msgspec.Struct, kw_only=True):
    file: UploadFile


class ConventionsForm(msgspec.Struct, kw_only=True):
    day_order: DayOrder
    decimal_mark: Mark
    distance: DistanceUnit
    volume: VolumeUnit
    currency: str

    def conventions(self) -> Conventions:
        return Conventions(
            day_order=self.day_order, decimal_mark=self.decimal_mark, distance=self.distance, volume=self.volume,
            currency=self.currency,
        )  # fmt: skip


@get(FILES, opt=MANAGE)
async def files_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    return await _send(request, vehicle_id)


async def _send(request: AnyRequest, vehicle_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        return page(
            request, me, "histories/files.html", status=422 if wrong else 200, car=car,
            files=await files.of_car(db, me, car), errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post(FILES, opt=MANAGE)
async def send_file(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(FileForm, await request.form())
        async with glance(request) as (db, me):
            car = await garage.find_own(db, me, vehicle_id)
            usual = files.usual(me, car, await usual_currency(db, me, car))
        name, content = await receive_table(form.file, largest=files.LARGEST, by=me)
        known = await files.recognised(name, content, usual)
        async with begin(request) as (db, me):
            car = await garage.find_own(db, me, vehicle_id)
            kept = await files.put(db, car, name, content, known, by=me)
            return see_other(request, f"/garage/{vehicle_id}/histories/{kept}")
    except Invalid as wrong:
        return await _send(request, vehicle_id, wrong)


@get(FILE, opt=MANAGE)
async def file_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], history_file_id: FromPath[UUID]
) -> Response[Any]:
    return await _file(request, vehicle_id, history_file_id)


async def _file(
    request: AnyRequest, vehicle_id: UUID, file_id: UUID, wrong: Invalid | None = None, values: Any = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, file = await files.find(db, me, vehicle_id, file_id)
        looked = await taking.look(db, file)
        return page(
            request, me, "histories/file.html", status=422 if wrong else 200, car=car, looked=looked, file=file,
            kinds=said.kinds(), whys=[_(part.why) if part.why else "" for part in looked.parts], kind_words={code: _(words) for code, words in logbook.KINDS.items()}, fields=said.fields(), choices=said.conventions(), shown=SHOWN,
            values=values or {}, errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post(FILE, opt=MANAGE)
async def match_columns(
    request: AnyRequest, vehicle_id: FromPath[UUID], history_file_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.form()
    try:
        given = read(ConventionsForm, form)
        async with begin(request) as (db, me):
            _car, file = await files.find(db, me, vehicle_id, history_file_id, lock=True)
            files.match(file, values_of(form), given.conventions())
            return see_other(request, f"/garage/{vehicle_id}/histories/{history_file_id}#rows")
    except Invalid as wrong:
        return await _file(request, vehicle_id, history_file_id, wrong, values_of(form))


@get(f"{FILE}/rows", opt=MANAGE)
async def every_row(
    request: AnyRequest, vehicle_id: FromPath[UUID], history_file_id: FromPath[UUID]
) -> Response[Any]:
    """What becomes of every row, as a CSV."""
    async with begin(request) as (db, me):
        _car, file = await files.find(db, me, vehicle_id, history_file_id)
        looked = await taking.look(db, file)
    lines = [csv_line([_("Row"), _("What becomes of it"), _("Why"), _("What it says")])]
    lines += [
        csv_line([row.line, said.outcome(row), row.why, row.title or row.day or ""]) for row in looked.rows
    ]
    return _attached("\ufeff" + "".join(lines), "text/csv; charset=utf-8", "rows.csv")


@post(f"{FILE}/taking", opt=MANAGE)
async def take(
    request: AnyRequest, vehicle_id: FromPath[UUID], history_file_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, file = await files.find(db, me, vehicle_id, history_file_id, lock=True)
        await taking.take(db, car, file, by=me)
        return see_other(request, f"/garage/{vehicle_id}/histories/{history_file_id}")


@post(f"{FILE}/undoing", opt=MANAGE)
async def undo(
    request: AnyRequest, vehicle_id: FromPath[UUID], history_file_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, file = await files.find(db, me, vehicle_id, history_file_id, lock=True)
        await taking.undo(db, car, file, by=me)
        return see_other(request, f"/garage/{vehicle_id}/histories/{history_file_id}")


@post(f"{FILE}/removal", opt=MANAGE)
async def remove(
    request: AnyRequest, vehicle_id: FromPath[UUID], history_file_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        _car, file = await files.find(db, me, vehicle_id, history_file_id, lock=True)
        await files.remove(db, file)
        return see_other(request, f"/garage/{vehicle_id}/histories", flash=_("The file is removed."))


@get("/garage/{vehicle_id:uuid}/logbook.csv", opt=READ)
async def as_table(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """The logbook to take along: what comes back changes nothing."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        entries = await exporting.entries_of(db, car)
    return _attached(exporting.as_csv(entries), "text/csv; charset=utf-8", "logbook.csv")


@get("/garage/{vehicle_id:uuid}/logbook.json", opt=READ)
async def as_json(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """The car, its logbook and its readings."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        facts = {name: getattr(car, name) for name in garage.VehicleFacts.__struct_fields__}
        everything = {
            "car": facts,
            "entries": await exporting.entries_of(db, car),
            "readings": await exporting.readings_of(db, car),
        }
    written = msgspec.json.format(msgspec.json.encode(everything), indent=1).decode()
    return _attached(written, "application/json", "logbook.json")


def _attached(content: str, media_type: str, name: str) -> Response[Any]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


router = Router(
    "/",
    route_handlers=[
        files_page, send_file, file_page, match_columns, every_row, take, undo, remove, as_table, as_json,
    ],
)  # fmt: skip
