"""The order wizard: my requests, and a new one step by step: car, place, parts, a last look."""

from contextlib import AsyncExitStack
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.files import Kept, kept_or_gone, receive_images
from app.core.forms import read, values_of
from app.core.locating import Place, place_values, read_place
from app.core.render import fragment, is_partial, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import garage, workshop
from app.domains.marketplace import asking, drafting, for_job, orders, parts_form
from app.domains.marketplace.drafting import PartWanted, Recipient, Terms
from app.domains.marketplace.live import order_topic
from app.domains.marketplace.models import ASKING, PartsOrder
from app.domains.marketplace.parts_form import Row

AnyRequest = Request[Any, Any, Any]

BUYS = needs("order:parts", "parts_market")
"""A driver, or somebody of a workshop that uses it: `drafting.must_ask` looks at the workshop's own permission."""


def _of(step: str) -> dict[str, Any]:
    """What a form of a step does is shown at the step when its address is opened in a browser."""
    return BUYS | {"page": f"/parts/orders/{{code}}/{step}"}


class BeginForm(msgspec.Struct):
    vehicle: UUID | None = None
    part: Annotated[str, msgspec.Meta(max_length=120)] = ""
    number: Annotated[str, msgspec.Meta(max_length=60)] = ""
    """A part that is asked for, written down already."""
    again: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """The code of an order to ask about once more."""


class CarForm(garage.VehicleFacts, kw_only=True):
    make: Annotated[str, msgspec.Meta(max_length=60)] = ""
    model: Annotated[str, msgspec.Meta(max_length=60)] = ""
    vehicle: UUID | None = None
    version: int | None = None


class DeliveryForm(Recipient, kw_only=True):
    version: int | None = None


class TermsForm(Terms, kw_only=True):
    version: int | None = None
    go: str = ""
    anyway: bool = False


# --- my requests -------------------------------------------------------------------------------------


@get("/parts", opt=BUYS)
async def requests(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(request, me, "marketplace/requests.html", **await _requests(db, me))


@get("/parts/requests", opt=BUYS | {"page": "/parts"})
async def requests_region(request: AnyRequest) -> Response[Any]:
    """The list, drawn anew when something has happened to one of them."""
    async with begin(request) as (db, me):
        shown = await _requests(db, me)
        if not is_partial(request):
            return page(request, me, "marketplace/requests.html", **shown)
        return fragment(request, me, "marketplace/_requests.html", **shown)


async def _requests(db: AsyncSession, me: Viewer) -> dict[str, Any]:
    drafting.must_ask(me)
    mine = await orders.mine(db, me)
    drafts = [one for one in mine if one.status == "draft"]
    past = [one for one in mine if one.status in ("expired", "cancelled", "delivered", "returned")]
    open_ones = [one for one in mine if one not in drafts and one not in past]
    return {
        "drafts": drafts,
        "open_ones": open_ones,
        "past": past,
        "asking": ASKING,
        "done_without": await drafting.done_without(db, open_ones),
        "topics": [order_topic(one.id) for one in open_ones],
    }


@post("/parts/orders", opt=BUYS | {"page": "/parts"})
async def begin_draft(request: AnyRequest) -> Response[Any]:
    form = read(BeginForm, await request.form())
    async with begin(request) as (db, me):
        drafting.must_ask(me)
        if form.again:
            order = await drafting.ask_again(db, await orders.find(db, me, form.again), by=me)
        else:
            order = await drafting.begin(db, by=me)
            if form.vehicle:
                await drafting.set_vehicle(db, order, await garage.find(db, me, form.vehicle))
            if form.part:
                await drafting.add_part(db, order, PartWanted(name=form.part, part_number=form.number), by=me)
        return _go_on(request, order)


@post(
    "/jobs/{job_id:uuid}/parts-requests",
    opt=needs("request:parts", "parts_market") | {"page": "/jobs/{job_id}"},
)
async def begin_for_job(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    """Ask shops for what a job needs."""
    async with begin(request) as (db, me):
        job, visit = await workshop.find_job(db, me, job_id)
        return _go_on(request, await drafting.begin_for_job(db, job, visit, by=me))


def _go_on(request: AnyRequest, order: PartsOrder) -> Response[Any]:
    return see_other(request, f"/parts/orders/{order.code}/{order.step}")


@post("/parts/orders/{code:str}/removal", opt=BUYS | {"page": "/parts"})
async def remove_draft(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        await drafting.remove(db, await orders.find(db, me, code), by=me)
        return see_other(request, "/parts", flash=_("The draft is gone."))


# --- the steps ---------------------------------------------------------------------------------------


async def _step(
    request: AnyRequest,
    code: str,
    step: str,
    *,
    wrong: Invalid | None = None,
    stale: Refused | None = None,
    **shown: Any,
) -> Response[Any]:
    """A step of a draft, or where it leads: forward no further than what is filled in, and to the order once it is out."""
    async with begin(request) as (db, me):
        drafting.must_ask(me)
        order = await orders.find(db, me, code)
        if order.status != "draft":
            if not stale:
                return see_other(request, f"/parts/orders/{order.code}")
            raise stale
        undone = await drafting.undone_step(db, order)
        if drafting.STEPS.index(step) > drafting.STEPS.index(undone):
            return see_other(request, f"/parts/orders/{order.code}/{undone}")
        shown = await _shown(db, me, order, step, shown)
        answer = page(
            request,
            me,
            f"marketplace/wizard_{step}.html",
            status=stale.status if stale else 422 if wrong else 200,
            order=order,
            step=step,
            undone=undone,
            steps=drafting.STEPS,
            errors={"form": stale.words} if stale else wrong.errors if wrong else {},
            **shown,
        )
    answer.background = audit_refusal(request, stale)
    return answer


async def _shown(
    db: AsyncSession, me: Viewer, order: PartsOrder, step: str, given: dict[str, Any]
) -> dict[str, Any]:
    to = await orders.delivery_of(db, order.id)
    if step == "vehicle":
        cars = [] if me.is_staff else await garage.mine(db, me)
        return {
            "cars": cars,
            "makes": garage.MAKES,
            "found": None,
            "values": order.car if not order.vehicle_id else {},
        } | given
    if step == "delivery":
        kept = {name: getattr(to, name, "") for name in Recipient.__struct_fields__}
        return {"values": kept | _place_values(order)} | given
    photos = await drafting.photos_of(db, order.id)
    lines = await orders.lines_of(db, order.id)
    if step == "parts":
        rows = parts_form.rows_of(lines, photos)
        if given.pop("merge", False):
            given["rows"] = parts_form.with_others(given["rows"], rows)
        return {"rows": rows, "most": asking.MOST_LINES, "add": False} | given
    return {
        "lines": lines,
        "photos": photos,
        "to": to,
        "today": clock.today(order.zone),
        "already": await for_job.asked_already(db, order),
        "values": {name: getattr(order, name) for name in Terms.__struct_fields__},
    } | given


def _place_values(order: PartsOrder) -> dict[str, str]:
    if order.latitude is None or order.longitude is None:
        return {"place": order.place}
    return place_values(Place(order.place, order.latitude, order.longitude, order.country))


async def _saved(request: AnyRequest, order: PartsOrder, step: str = "") -> Response[Any]:
    return see_other(request, f"/parts/orders/{order.code}/{step or order.step}")


@get("/parts/orders/{code:str}/vehicle", opt=BUYS)
async def vehicle_step(request: AnyRequest, code: FromPath[str], vin: FromQuery[str] = "") -> Response[Any]:
    """`vin`: one that is looked up before it is taken."""
    if not vin.strip():
        return await _step(request, code, "vehicle")
    found = await garage.look_up(vin.strip()[:40])
    values = {**garage.as_form(found), "vin": found.vin}
    warning = garage.warning(found.decoded)
    return await _step(request, code, "vehicle", found=found, values=values, warning=warning)


@post("/parts/orders/{code:str}/vehicle", opt=BUYS)
async def choose_vehicle(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(CarForm, form)
        async with begin(request) as (db, me):
            order = await drafting.hold_draft(db, await orders.find(db, me, code), given.version)
            if given.vehicle:
                await drafting.set_vehicle(db, order, await garage.find(db, me, given.vehicle))
            else:
                await drafting.set_car(db, order, given)
            return await _saved(request, order)
    except Invalid as wrong:
        return await _step(request, code, "vehicle", wrong=wrong, values=values_of(form))
    except Refused as no:
        return await _again(request, code, "vehicle", no)


async def _again(request: AnyRequest, code: str, step: str, no: Refused, **shown: Any) -> Response[Any]:
    """The step as it is now, for a page that was stale."""
    if not no.is_stale:
        raise no
    return await _step(request, code, step, stale=no, **shown)


@get("/parts/orders/{code:str}/delivery", opt=BUYS)
async def delivery_step(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    return await _step(request, code, "delivery")


@post("/parts/orders/{code:str}/delivery", opt=BUYS)
async def set_delivery(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    form = await request.form()
    try:
        async with glance(request) as (db, me):
            await orders.find(db, me, code)
        place = await read_place(form)
        given = read(DeliveryForm, form)
        async with begin(request) as (db, me):
            order = await drafting.hold_draft(db, await orders.find(db, me, code), given.version)
            await drafting.set_delivery(db, order, place, given)
            return await _saved(request, order)
    except Invalid as wrong:
        return await _step(request, code, "delivery", wrong=wrong, values=values_of(form) | wrong.values)
    except Refused as no:
        return await _again(request, code, "delivery", no, values=values_of(form))


@get("/parts/orders/{code:str}/parts", opt=BUYS)
async def parts_step(request: AnyRequest, code: FromPath[str], add: FromQuery[bool] = False) -> Response[Any]:
    """`add`: with an empty row behind those that are there."""
    return await _step(request, code, "parts", add=add)


@post("/parts/orders/{code:str}/parts", opt=BUYS)
async def set_parts(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Every button keeps the rows: `go` says what comes then, "add", "remove:<key>", "next"."""
    form = await request.form()
    go, _colon, gone = str(form.get("go", "next")).partition(":")
    rows: list[Row] = []
    try:
        async with glance(request) as (db, me):
            order = await orders.find(db, me, code)
            if order.status != "draft":
                raise drafting.out_already()
            photos = await drafting.photos_of(db, order.id)
        rows = [row for row in parts_form.typed_rows(form, photos) if row.key != gone]
        filled = [row for row in rows if not row.is_blank]
        wanted = parts_form.wanted_of(filled)
        tenant = me.tenant_id
        async with AsyncExitStack() as stack:
            received: list[Kept] = []
            await stack.enter_async_context(kept_or_gone(received, by=me, tenant=tenant))
            for row, one in zip(filled, wanted, strict=True):
                one.photos = await receive_images(row.files, by=me, tenant=tenant, field=row.files_field)
                received += one.photos
            db, me = await stack.enter_async_context(begin(request))
            order = await drafting.hold_draft(db, await orders.find(db, me, code), _version(form))
            if wanted or go == "next":
                await drafting.set_parts(db, order, wanted, by=me)
            elif go == "remove":
                await drafting.clear_parts(db, order, by=me)
            if go == "next":
                return await _saved(request, order)
            order.step = "parts"
            return await _saved(request, order, "parts?add=true" if go == "add" else "parts")
    except Invalid as wrong:
        filled = [row for row in rows if not row.is_blank]
        said = parts_form.by_row(wrong.errors, filled)
        if not is_partial(request):  # htmx leaves the files in place
            said = await _keep_photos(request, code, filled, said, _version(form))
        return await _step(request, code, "parts", wrong=Invalid(said), rows=rows, add=go == "add")
    except Refused as no:
        return await _again(request, code, "parts", no, rows=rows, merge=True)


async def _keep_photos(
    request: AnyRequest, code: str, rows: list[Row], errors: dict[str, str], version: int | None
) -> dict[str, str]:
    """A browser forgets the files of a form that comes back, so they go onto the draft, each with its part; what is wrong
    with the rows, as they are called then. Where they cannot be kept it is said beside them."""
    async with glance(request) as (db, me):
        await orders.find(db, me, code)
    for row in rows:
        if not row.files or row.files_field in errors:
            continue
        field, key = row.files_field, row.key
        try:
            for file in row.files:
                await file.seek(0)
            photos = await receive_images(row.files, by=me, tenant=me.tenant_id, field=field)
            one = parts_form.keepable(row)
            one.photos = photos
            async with kept_or_gone(photos, by=me, tenant=me.tenant_id), begin(request) as (db, me):
                order = await drafting.hold_draft(db, await orders.find(db, me, code), version)
                line_id = await drafting.keep_photos(db, order, one, by=me)
                if line_id is None:
                    raise Invalid({field: _("Please choose the photos again.")})
                version = order.version
                row.stored = (await drafting.photos_of(db, order.id))[line_id]
        except Invalid as wrong:
            errors |= wrong.errors
            continue
        except Refused:
            errors[field] = _("Please choose the photos again.")
            continue
        row.key, row.files = str(line_id), []
        for name in ("name", "quantity", "part_number", "note"):
            if f"{name}-{key}" in errors:
                errors[f"{name}-{row.key}"] = errors.pop(f"{name}-{key}")
    return errors


def _version(form: Any) -> int | None:
    typed = str(form.get("version", ""))
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


@get("/parts/orders/{code:str}/review", opt=BUYS)
async def review_step(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    return await _step(request, code, "review")


@post("/parts/orders/{code:str}/review", opt=BUYS)
async def save_terms(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Keep how the shops are to be asked, and ask them later."""
    return await _terms(request, code, submits=False)


@post("/parts/orders/{code:str}/submission", opt=_of("review"))
async def submit(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    return await _terms(request, code, submits=True)


async def _terms(request: AnyRequest, code: str, *, submits: bool) -> Response[Any]:
    form = await request.form()
    try:
        given = read(TermsForm, form)
        async with begin(request) as (db, me):
            order = await drafting.hold_draft(db, await orders.find(db, me, code), given.version)
            await drafting.set_terms(db, order, given)
            if not submits:
                return see_other(request, "/parts", flash=_("The draft is kept."))
            order = await drafting.submit(db, order, by=me, anyway=given.anyway)
            return see_other(request, f"/parts/orders/{order.code}")
    except Invalid as wrong:
        return await _step(request, code, "review", wrong=wrong, values=values_of(form))
    except Refused as no:
        return await _again(request, code, "review", no, values=values_of(form))


router = Router(
    "/",
    route_handlers=[
        requests, requests_region, begin_draft, begin_for_job, remove_draft, vehicle_step, choose_vehicle, delivery_step,
        set_delivery, parts_step, set_parts, review_step, save_terms, submit,
    ],
)  # fmt: skip
