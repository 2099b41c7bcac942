"""The logbook in the browser: the list, what it adds up to, writing and correcting an entry, and the paper."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.files import kept_or_gone, receive_papers
from app.core.forms import Amount, minor_of, read, stale_words, values_of
from app.core.money import plain, to_major
from app.core.places import currency_options
from app.core.render import fragment, from_km, is_partial, lost_files, page, see_other, to_km
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import garage
from app.domains.garage import Vehicle
from app.domains.logbook import attaching, finding, paper, showing, units, writing
from app.domains.logbook.facts import FILLS, KINDS, WORK, Written
from app.domains.logbook.models import Entry
from app.domains.logbook.said import task_options
from app.domains.logbook.usual import usual_currency

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]

READ = needs("read:own_vehicles")
MANAGE = needs("manage:own_vehicles")


class EntryForm(msgspec.Struct):
    kind: str
    day: date
    mileage: int | None = None
    confirmed: str = ""
    title: str = ""
    note: str = ""
    cost: Amount | None = None
    currency: str = ""
    tags: Annotated[str, Meta(max_length=600)] = ""
    tasks: list[str] = []
    amount: Decimal | None = None
    full: bool = False
    missed: bool = False
    files: list[UploadFile] = []
    version: int = 0

    def written(self, car: Vehicle, by: units.Measure) -> Written:
        """As it is kept. Raises Invalid."""
        return Written(
            kind=self.kind,
            day=self.day,
            km=None if self.mileage is None else to_km(self.mileage, car.odometer_unit),
            title=self.title,
            note=self.note,
            cost_minor=None if self.cost is None else minor_of(self.cost, self.currency or "USD", "cost"),
            currency=self.currency,
            tags=self.tags.split(","),
            tasks=self.tasks,
            amount=None if self.amount is None else units.to_stored(self.amount, self.kind, by),
            is_full=self.full,
            is_missed=self.missed,
        )

    @property
    def is_sure(self) -> bool:
        """Whether the tick stands beside the mileage it was given for."""
        return garage.is_confirmed(self.confirmed, self.mileage)


@get("/garage/{vehicle_id:uuid}/logbook", opt=READ)
async def logbook_page(
    request: AnyRequest,
    vehicle_id: FromPath[UUID],
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    year: FromQuery[str] = "",
    before: FromQuery[str] = "",
    removed: FromQuery[str] = "",
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        wanted = finding.wanted(words=q, kind=kind, tag=tag, year=year)
        shown = await showing.of_logbook(db, me, car, wanted, before=before, removed=removed)
        return page(request, me, "logbook/logbook.html", **shown)


@get("/garage/logbook", opt=READ)
async def garage_logbook_page(
    request: AnyRequest,
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    year: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[Any]:
    """All cars of the garage at once, to find where something was written down."""
    async with begin(request) as (db, me):
        wanted = finding.wanted(words=q, kind=kind, tag=tag, year=year)
        shown = await showing.of_garage(db, me, wanted, before=before)
        return page(request, me, "logbook/garage.html", **shown)


@get("/garage/{vehicle_id:uuid}/logbook/totals", opt=READ)
async def totals(request: AnyRequest, vehicle_id: FromPath[UUID], year: FromQuery[str] = "") -> Response[Any]:
    """A region of the logbook's page, and a page by itself without scripts."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        asked = finding.wanted(words="", kind="", tag="", year=year).year
        shown = await showing.reckoned(db, me, car, year=asked)
        if is_partial(request):
            return fragment(request, me, "logbook/_totals.html", **shown)
        return page(request, me, "logbook/totals.html", **shown)


@get("/garage/{vehicle_id:uuid}/logbook/pdf", opt=READ)
async def logbook_pdf(
    request: AnyRequest,
    vehicle_id: FromPath[UUID],
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    year: FromQuery[str] = "",
) -> Response[bytes]:
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        wanted = finding.wanted(words=q, kind=kind, tag=tag, year=year)
        data = await paper.laid_out(db, me, car, wanted)
    headers = {"Content-Disposition": 'inline; filename="logbook.pdf"', "Cache-Control": "no-store"}
    return Response(await paper.typeset(data), media_type="application/pdf", headers=headers)


@get("/garage/{vehicle_id:uuid}/logbook/new", opt=MANAGE)
async def new_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], kind: FromQuery[str] = "", task: FromQuery[str] = ""
) -> Response[Any]:
    """`task`: what a reminder asked for, ticked already."""
    return await _new(request, vehicle_id, {"kind": kind, "tasks": [task]})


async def _new(
    request: AnyRequest, vehicle_id: UUID, values: Values, errors: dict[str, str] | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        kind = values.get("kind") if values.get("kind") in KINDS else _usual_kind(car)
        usual: Values = {
            "day": clock.today(me.zone),
            "full": "yes",
            "currency": await usual_currency(db, me, car),
        }
        if errors:
            usual.pop("full")
        return await _form(request, db, me, car, usual | values | {"kind": kind}, errors)


def _usual_kind(car: Vehicle) -> str:
    return "charge" if car.fuel == "electric" else "fuel"


async def _form(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    car: Vehicle,
    values: Values,
    errors: dict[str, str] | None,
    entry: Entry | None = None,
    *,
    status: int = 422,
) -> Response[Any]:
    kind = str(values["kind"])
    return page(
        request, me, "logbook/form.html",
        status=status if errors else 200,
        car=car, entry=entry, values=values, errors=errors or {},
        kind=kind, is_fill=kind in FILLS,
        tasks=task_options(car.fuel, values.get("tasks") or []) if kind in WORK else [],
        amount_unit=units.amount_unit(kind, units.measure_of(me, car)),
        currencies=currency_options(str(values.get("currency") or "")),
        files=(await attaching.files_of(db, [entry.id])).get(entry.id, []) if entry else [],
    )  # fmt: skip


@post("/garage/{vehicle_id:uuid}/logbook", opt=MANAGE)
async def log_entry(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(EntryForm, form)
        async with glance(request) as (db, me):
            await garage.find_driven(db, me, vehicle_id)
        kept = await receive_papers(given.files, most=attaching.MOST_FILES, by=me)
        async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
            car = await garage.find_driven(db, me, vehicle_id)
            entry = await writing.log(
                db, car, given.written(car, units.measure_of(me, car)), by=me, confirmed=given.is_sure
            )
            await attaching.attach(db, entry, kept, by=me)
            return see_other(request, f"/garage/{vehicle_id}/logbook", flash=_("Written down."))
    except Invalid as wrong:
        return await _new(request, vehicle_id, _typed(form), await _wrong(request, wrong))


def _typed(form: Any) -> Values:
    return values_of(form) | {"tasks": form.getall("tasks", [])}


async def _wrong(request: AnyRequest, wrong: Invalid) -> dict[str, str]:
    said = {"mileage" if name == "km" else name: words for name, words in wrong.errors.items()}
    return await lost_files(request, "files") | said


@get("/garage/{vehicle_id:uuid}/logbook/{entry_id:uuid}", opt=READ)
async def entry_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, entry = await finding.find(db, me, vehicle_id, entry_id)
        return page(request, me, "logbook/entry.html", **await showing.of_entry(db, me, car, entry))


@get("/garage/{vehicle_id:uuid}/logbook/{entry_id:uuid}/edit", opt=MANAGE)
async def edit_page(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    return await _edit(request, vehicle_id, entry_id)


async def _edit(
    request: AnyRequest,
    vehicle_id: UUID,
    entry_id: UUID,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
        if entry.is_fixed or entry.removed_at is not None:
            return page(request, me, "logbook/entry.html", **await showing.of_entry(db, me, car, entry))
        stored = _of_entry(car, entry, units.measure_of(me, car))
        if values is None and not stored["currency"]:
            stored["currency"] = await usual_currency(db, me, car)
        if stale and values is not None:
            values |= {"version": entry.version}
        return await _form(
            request, db, me, car, values or stored, errors, entry, status=409 if stale else 422
        )


def _of_entry(car: Vehicle, entry: Entry, by: units.Measure) -> Values:
    """An entry as its owner would type it."""
    amount, cost = entry.amount, entry.cost_minor
    return {
        "kind": entry.kind,
        "day": entry.day,
        "mileage": None if entry.km is None else from_km(entry.km, car.odometer_unit),
        "title": entry.title,
        "note": entry.note,
        "cost": "" if cost is None else plain(to_major(cost, entry.currency)),
        "currency": entry.currency,
        "tags": ", ".join(entry.tags),
        "tasks": entry.tasks,
        "amount": "" if amount is None else plain(units.as_typed(amount, entry.kind, by)),
        "full": "yes" if entry.is_full else "",
        "missed": "yes" if entry.is_missed else "",
        "version": entry.version,
    }


@post("/garage/{vehicle_id:uuid}/logbook/{entry_id:uuid}", opt=MANAGE)
async def change_entry(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.form()
    try:
        given = read(EntryForm, form)
        async with glance(request) as (db, me):
            await finding.find_to_write(db, me, vehicle_id, entry_id)
        kept = await receive_papers(given.files, most=attaching.MOST_FILES, by=me)
        async with kept_or_gone(kept, by=me, tenant=None), begin(request) as (db, me):
            car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
            written = given.written(car, units.measure_of(me, car))
            await writing.change(
                db, car, entry, written, version=given.version, by=me, confirmed=given.is_sure
            )
            await attaching.attach(db, entry, kept, by=me)
            return see_other(request, f"/garage/{vehicle_id}/logbook", flash=_("Saved."))
    except Invalid as wrong:
        return await _edit(request, vehicle_id, entry_id, _typed(form), await _wrong(request, wrong))
    except Refused as refused:
        if not refused.is_stale:
            raise
        lost = await lost_files(request, "files")
        return await _edit(
            request, vehicle_id, entry_id, _typed(form), {"form": stale_words()} | lost, stale=True
        )


@post("/garage/{vehicle_id:uuid}/logbook/{entry_id:uuid}/remove", opt=MANAGE)
async def remove_entry(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
        await writing.remove(db, car, entry, by=me)
        return see_other(request, f"/garage/{vehicle_id}/logbook?removed={entry_id}")


@post("/garage/{vehicle_id:uuid}/logbook/{entry_id:uuid}/return", opt=MANAGE)
async def return_entry(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
        await writing.take_back(db, car, entry, by=me)
        return see_other(request, f"/garage/{vehicle_id}/logbook", flash=_("The entry is back."))


@post("/garage/{vehicle_id:uuid}/logbook/{entry_id:uuid}/files/{file_id:uuid}/remove", opt=MANAGE)
async def remove_file(
    request: AnyRequest, vehicle_id: FromPath[UUID], entry_id: FromPath[UUID], file_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        _car, entry = await finding.find_to_write(db, me, vehicle_id, entry_id)
        await attaching.detach(db, entry, file_id, by=me)
        return see_other(
            request, f"/garage/{vehicle_id}/logbook/{entry_id}/edit", flash=_("The file is gone.")
        )


router = Router(
    "/",
    route_handlers=[
        logbook_page, garage_logbook_page, totals, logbook_pdf, new_page, log_entry, entry_page, edit_page, change_entry, remove_entry,
        return_entry, remove_file,
    ],
)  # fmt: skip
