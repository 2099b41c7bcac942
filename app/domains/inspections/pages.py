"""The technician's sheet on a tablet, the order's list of inspections, and what the customer sees of them."""

import json
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clips, files, modules
from app.core.errors import Invalid, Refused
from app.core.forms import read
from app.core.one_time import REPEATABLE
from app.core.render import fragment, is_partial, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import workshop
from app.domains.garage.models import Vehicle
from app.domains.inspections import filling, photos, proposing, reading, sheets
from app.domains.inspections.filling import Rating

AnyRequest = Request[Any, Any, Any]

READ = needs("read:service_checklists", "inspections")
FILL = needs("update:service_checklists", "inspections")
LARGEST_BODY = 120 * 1024 * 1024  # a dozen photos straight from a phone, when no script made them smaller


class StartForm(msgspec.Struct):
    template_id: UUID


class RatingForm(msgspec.Struct):
    rating: Rating | None = None
    measure: Decimal | None = None
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class SharingForm(msgspec.Struct):
    shared: bool = False


@get("/orders/{number:int}/inspections", opt=READ)
async def list_inspections(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """The page to start from; for htmx the section of the order's page."""
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, number)
        if is_partial(request):
            found = await reading.of_order(db, order)
            return fragment(request, me, "inspections/_at_order.html", order=order, inspections=found)
        vehicle = await db.get(Vehicle, order.vehicle_id)
        offers = await sheets.offered(db, order.tenant_id)
        context: dict[str, Any] = {
            "order": order,
            "vehicle": vehicle,
            "inspections": await reading.of_order(db, order),
            "offers": sheets.by_fuel(offers, vehicle.fuel if vehicle else ""),
        }
        return page(request, me, "inspections/of_order.html", layout="layouts/tablet.html", **context)


@post("/orders/{number:int}/inspections", opt=FILL)
async def start_inspection(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    wanted = read(StartForm, await request.form())
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, number)
        template = await sheets.find_current(db, order.tenant_id, wanted.template_id)
        inspection = await filling.start(db, order, template, by=me)
        return see_other(request, f"/inspections/{inspection.id}")


@get("/inspections/{inspection_id:uuid}", opt=READ)
async def show_inspection(request: AnyRequest, inspection_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        return await _sheet(request, db, me, inspection_id)


async def _sheet(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    inspection_id: UUID,
    *,
    status: int = 200,
    faulty: UUID | None = None,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    inspection, order = await filling.find(db, me, inspection_id)
    context: dict[str, Any] = {
        "order": order,
        "vehicle": await db.get(Vehicle, order.vehicle_id),
        "inspection": inspection,
        "sheet": await reading.sheet(db, inspection),
        "hidden": await photos.hidden_proof(db, order, inspection),
        "faulty": faulty,
        "errors": errors or {},
    }
    name = "inspections/inspection.html"
    return page(request, me, name, status=status, layout="layouts/tablet.html", **context)


@get("/inspections/{inspection_id:uuid}/progress", opt=READ)
async def show_progress(request: AnyRequest, inspection_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        inspection, order = await filling.find(db, me, inspection_id)
        return fragment(
            request, me, "inspections/_progress.html", order=order,
            sheet=await reading.sheet(db, inspection),
            hidden=await photos.hidden_proof(db, order, inspection),
        )  # fmt: skip


@get("/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}", opt=READ)
async def show_finding(
    request: AnyRequest,
    inspection_id: FromPath[UUID],
    finding_id: FromPath[UUID],
    kept: FromQuery[bool] = False,
) -> Response[Any]:
    """`kept`: a photo has just left the item and its file stays, which a toast says."""
    async with begin(request) as (db, me):
        shown = await _finding(request, db, me, inspection_id, finding_id)
        if kept:
            said = {"toast": {"text": photos.why_kept(), "kind": "info"}}
            shown.headers["HX-Trigger"] = json.dumps(said)
        return shown


async def _finding(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    inspection_id: UUID,
    finding_id: UUID,
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    finding, inspection, order = await filling.find_finding(db, me, inspection_id, finding_id)
    return fragment(
        request,
        me,
        "inspections/_finding.html",
        status=422 if errors else 200,
        row=await reading.row(db, finding),
        inspection=inspection,
        order=order,
        errors=errors or {},
    )


@post("/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/rating", opt=FILL | REPEATABLE)
async def rate_finding(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> Response[Any]:
    try:
        seen = read(RatingForm, await request.form())
        async with begin(request) as (db, me):
            finding, _inspection, _order = await filling.find_finding(db, me, inspection_id, finding_id)
            await filling.rate(db, finding, rating=seen.rating, measure=seen.measure, note=seen.note, by=me)
            return _back(request, inspection_id, finding_id)
    except Invalid as error:
        return await _faulty(request, inspection_id, finding_id, error)


async def _faulty(
    request: AnyRequest, inspection_id: UUID, finding_id: UUID, error: Invalid
) -> Response[Any]:
    """The same item again, with what was wrong beside it."""
    async with begin(request) as (db, me):
        if is_partial(request):
            return await _finding(request, db, me, inspection_id, finding_id, error.errors)
        return await _sheet(
            request, db, me, inspection_id, status=422, faulty=finding_id, errors=error.errors
        )


def _back(
    request: AnyRequest, inspection_id: UUID, finding_id: UUID, *, kept: bool = False
) -> Response[None]:
    """To the item: its fragment for htmx, its place on the page for a plain form."""
    sheet = f"/inspections/{inspection_id}"
    if is_partial(request):
        return see_other(request, f"{sheet}/findings/{finding_id}" + ("?kept=true" if kept else ""))
    flash = photos.why_kept() if kept else ""
    return see_other(request, f"{sheet}#item-finding-{finding_id}", flash=flash)


@post(
    "/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/photos",
    opt=FILL,
    request_max_body_size=LARGEST_BODY,
)
async def add_photos(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> Response[Any]:
    async with glance(request) as (db, me):
        await filling.find_finding(db, me, inspection_id, finding_id)
    try:
        sent = await sent_photos(request)
        received = await files.receive_images(sent, by=me, tenant=me.tenant_id)
    except Invalid as error:
        return await _faulty(request, inspection_id, finding_id, error)
    async with files.kept_or_gone(received, by=me, tenant=me.tenant_id), begin(request) as (db, me):
        finding, _inspection, order = await filling.find_finding(db, me, inspection_id, finding_id)
        await photos.add(db, finding, order, received, by=me)
        return _back(request, inspection_id, finding_id)


async def sent_photos(request: AnyRequest) -> list[UploadFile]:
    """The photos of a multipart form. Raises Invalid when there are none, Refused when there are too many."""
    sent = [one for one in (await request.form()).getall("photos", []) if isinstance(one, UploadFile)]
    chosen = [one for one in sent if one.filename]
    if not chosen:
        raise Invalid({"photos": _("Choose or take a photo first.")})
    if len(chosen) > photos.MOST_PHOTOS:
        raise Refused(_("Send at most %(most)s photos at a time.", most=photos.MOST_PHOTOS), status=413)
    return chosen


@post(
    "/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/clips",
    opt=FILL,
    request_max_body_size=clips.LARGEST_BODY,
)
async def add_clip(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> Response[Any]:
    async with glance(request) as (db, me):
        finding, _inspection, _order = await filling.find_finding(db, me, inspection_id, finding_id)
        await photos.must_take(db, finding, 1)
    sent = (await request.form()).get("clip")
    try:
        async with (
            clips.receiving(sent, by=me, tenant=me.tenant_id) as received,
            begin(request) as (db, me),
        ):
            finding, _inspection, order = await filling.find_finding(db, me, inspection_id, finding_id)
            await photos.add(db, finding, order, [received], by=me)
            return _back(request, inspection_id, finding_id)
    except Invalid as error:
        return await _faulty(request, inspection_id, finding_id, error)


@post("/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/photos/{photo_id:uuid}/sharing", opt=FILL)
async def share_photo(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID], photo_id: FromPath[UUID]
) -> Response[Any]:
    wanted = read(SharingForm, await request.form())
    async with begin(request) as (db, me):
        finding, _inspection, order = await filling.find_finding(db, me, inspection_id, finding_id)
        photo = await photos.find(db, finding, photo_id)
        await photos.share(db, photo, finding, order, shared=wanted.shared, by=me)
        return _back(request, inspection_id, finding_id)


@post("/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/photos/{photo_id:uuid}/removal", opt=FILL)
async def remove_photo(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID], photo_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        finding, _inspection, order = await filling.find_finding(db, me, inspection_id, finding_id)
        kept = await photos.remove(db, await photos.find(db, finding, photo_id), finding, order, by=me)
        return _back(request, inspection_id, finding_id, kept=kept)


@post("/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/job", opt=FILL)
async def propose_job(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        finding, _inspection, order = await filling.find_finding(db, me, inspection_id, finding_id)
        await proposing.propose(db, finding, order, by=me)
        return _back(request, inspection_id, finding_id)


@post("/inspections/{inspection_id:uuid}/hidden-proof/sharing", opt=FILL)
async def share_hidden_proof(request: AnyRequest, inspection_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        inspection, order = await filling.find(db, me, inspection_id)
        await photos.show_hidden_proof(db, order, inspection, by=me)
        return see_other(request, f"/inspections/{inspection.id}")


@post("/inspections/{inspection_id:uuid}/completion", opt=FILL)
async def finish_inspection(request: AnyRequest, inspection_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        inspection, order = await filling.find(db, me, inspection_id)
        await filling.finish(db, inspection, order, by=me)
        return see_other(request, f"/inspections/{inspection.id}")


@post("/inspections/{inspection_id:uuid}/reopening", opt=FILL)
async def reopen_inspection(request: AnyRequest, inspection_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        inspection, order = await filling.find(db, me, inspection_id)
        await filling.reopen(db, inspection, order, by=me)
        return see_other(request, f"/inspections/{inspection.id}")


@get("/inspections/summary/{order_id:uuid}", opt=needs("read:own_maintenance_history"))
async def show_summary(request: AnyRequest, order_id: FromPath[UUID]) -> Response[Any]:
    """What was found, for the driver of the order (and for staff who want to see what the driver sees)."""
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, order_id)
        await modules.require(db, order.tenant_id, "inspections")
        summaries = await reading.for_customer(db, order)
        return fragment(request, me, "inspections/_summary.html", summaries=summaries, order=order)


router = Router(
    "/",
    route_handlers=[
        list_inspections,
        start_inspection,
        show_inspection,
        show_progress,
        show_finding,
        rate_finding,
        add_photos,
        add_clip,
        share_photo,
        remove_photo,
        propose_job,
        share_hidden_proof,
        finish_inspection,
        reopen_inspection,
        show_summary,
    ],
)
