"""The parts shop's lists: which cars its numbers fit, what has taken what's place, and a try of both."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.render import fragment, is_partial, page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.parts import chains, lists
from app.domains.parts.cars import known_by_vin
from app.domains.parts.chains import SupersessionFacts
from app.domains.parts.judging import judge
from app.domains.parts.lists import FitmentFacts
from app.domains.parts.models import Fitment
from app.domains.parts.verdicts import KINDS, Kind, PartNumber

AnyRequest = Request[Any, Any, Any]

HERE = "/parts/fitment"
CHAINS = "/parts/supersessions"
SELLS = needs("sell:parts")
OF_LIST = SELLS | {"page": HERE}
OF_CHAINS = SELLS | {"page": CHAINS}


class TryForm(msgspec.Struct, kw_only=True):
    """A number and a VIN, to see what a quote would say."""

    number: Annotated[str, Meta(max_length=60)] = ""
    kind: Kind = "oem"
    brand: Annotated[str, Meta(max_length=60)] = ""
    wanted: Annotated[str, Meta(max_length=60)] = ""
    vin: Annotated[str, Meta(max_length=40)] = ""


@get(HERE, opt=SELLS)
async def fitment_page(
    request: AnyRequest, q: FromQuery[str] = "", after: FromQuery[UUID | None] = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        rows = await lists.listed(db, me, q, after=after, most=lists.PAGE + 1)
        shown = rows[: lists.PAGE]
        more = shown[-1].id if len(rows) > lists.PAGE else None
        show, template = (
            (fragment, "parts/_fitments.html") if is_partial(request) else (page, "parts/fitments.html")
        )
        return show(
            request, me, template, rows=shown, q=q, more=more, after=after, count=await lists.count(db, me)
        )


@get(f"{HERE}/new", opt=OF_LIST)
async def new_fitment(request: AnyRequest, number: FromQuery[str] = "") -> Response[Any]:
    return await _line(request, values={"number": number[:60]})


@get(f"{HERE}/{{fitment_id:uuid}}", opt=SELLS)
async def one_fitment(request: AnyRequest, fitment_id: FromPath[UUID]) -> Response[Any]:
    return await _line(request, fitment_id)


async def _line(
    request: AnyRequest,
    fitment_id: UUID | None = None,
    wrong: Invalid | None = None,
    values: dict[str, Any] | None = None,
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else values
    async with begin(request) as (db, me):
        row = await lists.find(db, me, fitment_id) if fitment_id else None
        return page(
            request, me, "parts/fitment.html", status=422 if wrong else 200, row=row, kinds=KINDS,
            values=typed if typed is not None else _values(row), errors=wrong.errors if wrong else {},
        )  # fmt: skip


def _values(row: Fitment | None) -> dict[str, Any]:
    return {} if row is None else {name: getattr(row, name) for name in FitmentFacts.__struct_fields__}


@post(HERE, opt=OF_LIST, status_code=303)
async def add_fitment(request: AnyRequest) -> Response[Any]:
    try:
        facts = read(FitmentFacts, await request.form())
        async with begin(request) as (db, me):
            await lists.add(db, facts, by=me)
            return see_other(request, HERE, flash=_("Added."))
    except Invalid as wrong:
        return await _line(request, None, wrong)


@post(f"{HERE}/{{fitment_id:uuid}}", opt=SELLS, status_code=303)
async def change_fitment(request: AnyRequest, fitment_id: FromPath[UUID]) -> Response[Any]:
    try:
        facts = read(FitmentFacts, await request.form())
        async with begin(request) as (db, me):
            await lists.change(db, await lists.find(db, me, fitment_id), facts, by=me)
            return see_other(request, HERE, flash=_("Saved."))
    except Invalid as wrong:
        return await _line(request, fitment_id, wrong)


@post(f"{HERE}/{{fitment_id:uuid}}/removal", opt=OF_LIST, status_code=303)
async def remove_fitment(request: AnyRequest, fitment_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await lists.remove(db, await lists.find(db, me, fitment_id), by=me)
        return see_other(request, HERE, flash=_("Removed."))


@get(CHAINS, opt=SELLS)
async def chains_page(request: AnyRequest, q: FromQuery[str] = "") -> Response[Any]:
    return await _chains(request, q)


async def _chains(request: AnyRequest, q: str = "", wrong: Invalid | None = None) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        return page(
            request, me, "parts/supersessions.html", status=422 if wrong else 200, q=q, typed=typed,
            rows=await chains.listed(db, me, q), most=lists.PAGE, errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post(CHAINS, opt=OF_CHAINS, status_code=303)
async def add_chain(request: AnyRequest) -> Response[Any]:
    try:
        facts = read(SupersessionFacts, await request.form())
        async with begin(request) as (db, me):
            await chains.add(db, facts, by=me)
            return see_other(request, CHAINS, flash=_("Added."))
    except Invalid as wrong:
        return await _chains(request, wrong=wrong)


@post(f"{CHAINS}/{{supersession_id:uuid}}/removal", opt=OF_CHAINS, status_code=303)
async def remove_chain(request: AnyRequest, supersession_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await chains.remove(db, await chains.find(db, me, supersession_id), by=me)
        return see_other(request, CHAINS, flash=_("Removed."))


@get("/parts/try", opt=SELLS)
async def try_page(request: AnyRequest) -> Response[Any]:
    """What a quote would say of a number and a car, by the lists as they are."""
    typed = values_of(request.query_params)
    errors: dict[str, str] = {}
    form = TryForm()
    try:
        form = read(TryForm, request.query_params)
    except Invalid as wrong:
        errors = wrong.errors
    car = await known_by_vin(form.vin)
    async with begin(request) as (db, me):
        found = []
        if form.number and me.tenant_id:
            part = PartNumber(number=form.number, kind=form.kind, brand=form.brand)
            found = await judge(db, me.tenant_id, car, [(part, form.wanted)])
        return page(
            request, me, "parts/try.html", verdict=found[0] if found else None, car=car, kinds=KINDS, typed=typed,
            errors=errors, status=422 if errors else 200,
        )  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        fitment_page, new_fitment, one_fitment, add_fitment, change_fitment, remove_fitment, chains_page, add_chain,
        remove_chain, try_page,
    ],
)  # fmt: skip
