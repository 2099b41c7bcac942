"""The advisor's repair order: what the customer said, what is proposed, what happened."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from app.core import clips
from app.core.errors import Invalid
from app.core.files import keep, kept_or_gone, receive_images
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.security import as_uuid
from app.core.visit import begin, glance, needs
from app.core.words import _, ngettext
from app.domains import garage
from app.domains.workshop import (
    board,
    closing,
    deferred,
    jobs,
    looking_up,
    next_service,
    orders,
    photographs,
    readings,
)
from app.domains.workshop.folder import open_folder
from app.domains.workshop.live import parts_topics, staff_topic
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.moves import stage_words
from app.domains.workshop.pages.bench import show_bench
from app.domains.workshop.pages.mending import mending
from app.domains.workshop.pages.regions import show

AnyRequest = Request[Any, Any, Any]
READ = needs("update:service_progress")
PLAN = needs("manage:appointments")
SELL = needs("create:quotes")


class PlanForm(msgspec.Struct):
    version: int
    concern: Annotated[str, msgspec.Meta(max_length=2000)]
    promise_at: datetime | None = None
    bay: UUID | None = None
    technician: UUID | None = None
    priority: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    key_tag: Annotated[str, msgspec.Meta(max_length=20)] = ""


class PhotoForm(msgspec.Struct):
    photos: list[UploadFile]
    purpose: Annotated[str, msgspec.Meta(pattern="^(walk_around|progress)$")] = "progress"
    caption: Annotated[str, msgspec.Meta(max_length=200)] = ""
    shared: bool = False
    job: UUID | None = None
    """Taken at the bench, of this job; there one goes back to."""


class ClipForm(msgspec.Struct):
    clip: UploadFile | None = None
    purpose: Annotated[str, msgspec.Meta(pattern="^(walk_around|progress)$")] = "progress"
    caption: Annotated[str, msgspec.Meta(max_length=200)] = ""
    shared: bool = False
    job: UUID | None = None
    """Taken at the bench, of this job; there one goes back to."""


class ReadingsForm(msgspec.Struct):
    """Mileage is in the unit the odometer shows; what is left empty stays as it is."""

    version: int
    mileage: Annotated[int, msgspec.Meta(ge=0, le=3_000_000)] | None = None
    charge_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    confirmed: str = ""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class NextServiceForm(msgspec.Struct):
    """Mileage is in the unit the odometer shows; both empty is no day."""

    car_version: int
    next_maintenance_due: date | None = None
    next_maintenance: Annotated[int, msgspec.Meta(ge=1, le=3_000_000)] | None = None


class SharingForm(msgspec.Struct):
    shared: bool = False


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    gone: bool = False
    order: int = 0


class ProposalForm(msgspec.Struct):
    canned: Annotated[str, msgspec.Meta(max_length=60)] = ""
    title: Annotated[str, msgspec.Meta(max_length=160)] = ""
    complaint: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    skill: Annotated[str, msgspec.Meta(max_length=40)] = "general"


def home(order: RepairOrder) -> str:
    return f"/orders/{order.number}"


def in_zone(moment: datetime | None, zone: str) -> datetime | None:
    """What was typed into a date-and-time field is the center's time of day."""
    if moment is None:
        return None
    return moment.replace(tzinfo=ZoneInfo(zone)) if moment.tzinfo is None else moment


@get("/orders", opt=READ)
async def orders_page(
    request: AnyRequest, q: FromQuery[str] = "", before: FromQuery[int | None] = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        found = await looking_up.look_up(db, me, q[:80], before=before, most=looking_up.PAGE + 1)
        return page(
            request,
            me,
            "workshop/orders.html",
            q=q,
            found=found[: looking_up.PAGE],
            older=found[looking_up.PAGE - 1].number if len(found) > looking_up.PAGE else None,
            center=await board.center(db, me),
            stages=stage_words(),
        )


@get("/orders/{number:int}", opt=READ)
async def order_page(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    return await _show(request, number)


async def _show(
    request: AnyRequest, number: int, wrong: Invalid | None = None, **_path: Any
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    if wrong and (job_id := as_uuid(typed.get("job"))):  # a photo taken at the bench
        async with glance(request) as (db, me):
            await orders.find(db, me, number)
        return await show_bench(request, job_id, wrong=wrong)
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        folder = await open_folder(db, me, order)
        return show(
            request,
            me,
            "workshop/order.html",
            "workshop/_order.html",
            status=422 if wrong else 200,
            errors=wrong.errors if wrong else {},
            typed=typed,
            folder=folder,
            topics=[staff_topic(order.id), *parts_topics(me, [sheet.job for sheet in folder.sheets])],
            stages=stage_words(),
            bays=await board.bays(db, me),
            technicians=await board.technicians(db, me),
        )


@post("/orders/{number:int}/plan", opt=PLAN, status_code=303)
@mending(_show)
async def plan_order(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(PlanForm, await request.form())
        order = await orders.find(db, me, number)
        center = await board.center_of(db, order)
        await orders.plan(
            db,
            order,
            by=me,
            version=form.version,
            concern=form.concern,
            promise_at=in_zone(form.promise_at, center.zone),
            bay_id=form.bay,
            technician_id=form.technician,
            priority=form.priority,
            key_tag=form.key_tag,
        )
        return see_other(request, home(order), flash=_("Plan saved."))


@post("/orders/{number:int}/readings", opt=READ, status_code=303)
@mending(_show)
async def take_readings(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(ReadingsForm, await request.form())
        order = await orders.find(db, me, number)
        await readings.take_readings(
            db,
            order,
            by=me,
            version=form.version,
            mileage_km=await readings.in_km(db, order, form.mileage),
            charge_percent=form.charge_percent,
            confirmed=garage.is_confirmed(form.confirmed, form.mileage),
            reason=form.reason,
        )
        return see_other(request, home(order), flash=_("Readings saved."))


@post("/orders/{number:int}/next-service", opt=needs("update:customers"), status_code=303)
@mending(_show)
async def plan_next_service(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(NextServiceForm, await request.form())
        order = await orders.find(db, me, number)
        await next_service.plan_next_service(
            db,
            order,
            due_on=form.next_maintenance_due,
            mileage=form.next_maintenance,
            version=form.car_version,
            by=me,
        )
        return see_other(request, home(order), flash=_("Saved."))


@post("/orders/{number:int}/photos", opt=READ, status_code=303)
@mending(_show)
async def add_photos(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    form = read(PhotoForm, await request.form())
    async with glance(request) as (db, me):
        await orders.find(db, me, number)
    kept = await receive_images(form.photos, by=me, tenant=me.tenant_id)
    async with kept_or_gone(kept, by=me, tenant=me.tenant_id), begin(request) as (db, me):
        order = await orders.find(db, me, number)
        for one in kept:
            file = await keep(db, one, by=me, tenant=order.tenant_id, owner=order.user_id)
            await photographs.add_photo(
                db,
                order,
                file.id,
                purpose=form.purpose,
                caption=form.caption,
                job_id=form.job,
                is_shared=form.shared,
                by=me,
            )
        flash = ngettext("Photo added.", "%(num)d photos added.", len(kept))
        return see_other(request, f"/bench?job={form.job}" if form.job else home(order), flash=flash)


@post("/orders/{number:int}/clips", opt=READ, status_code=303, request_max_body_size=clips.LARGEST_BODY)
@mending(_show)
async def add_clip(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    form = read(ClipForm, await request.form())
    async with glance(request) as (db, me):
        await photographs.must_take(db, await orders.find(db, me, number), form.job, by=me)
    async with (
        clips.receiving(form.clip, by=me, tenant=me.tenant_id) as received,
        begin(request) as (db, me),
    ):
        order = await orders.find(db, me, number)
        await photographs.add_clip(
            db,
            order,
            received,
            purpose=form.purpose,
            caption=form.caption,
            job_id=form.job,
            is_shared=form.shared,
            by=me,
        )
        flash = _("Video received. It is being prepared.")
        return see_other(request, f"/bench?job={form.job}" if form.job else home(order), flash=flash)


@post("/orders/{number:int}/photos/{photo_id:uuid}/sharing", opt=READ, status_code=303)
async def share_photo(request: AnyRequest, number: FromPath[int], photo_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(SharingForm, await request.form())
        order = await orders.find(db, me, number)
        await photographs.share_photo(db, order, photo_id, shared=form.shared, by=me)
        return see_other(request, home(order))


@post("/orders/{number:int}/photos/{photo_id:uuid}/removal", opt=READ, status_code=303)
async def remove_video(request: AnyRequest, number: FromPath[int], photo_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        await photographs.remove_video(db, order, photo_id, by=me)
        return see_other(request, home(order))


@post("/orders/{number:int}/jobs", opt=READ, status_code=303)
@mending(_show)
async def propose(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(ProposalForm, await request.form())
        order = await orders.find(db, me, number)
        job = await jobs.propose_job(
            db,
            order,
            title=form.title,
            canned_code=form.canned,
            complaint=form.complaint,
            skill=form.skill,
            by=me,
        )
        return see_other(request, f"/jobs/{job.id}")


@post("/orders/{number:int}/deferred/{work_id:uuid}/revival", opt=SELL, status_code=303)
async def revive(request: AnyRequest, number: FromPath[int], work_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        work = await deferred.find(db, me, work_id)
        await deferred.revive(db, work, order, by=me)
        return see_other(request, home(order), flash=_("“%(work)s” is on this order.", work=work.title))


@post("/deferred/{work_id:uuid}/refusal", opt=SELL | {"page": "/board"}, status_code=303)
async def refuse(request: AnyRequest, work_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(ReasonForm, await request.form())
        work = await deferred.find(db, me, work_id)
        await deferred.refuse(db, work, by=me, reason=form.reason, gone=form.gone)
        return see_other(request, f"/orders/{form.order}" if form.order else "/board")


@post("/orders/{number:int}/void", opt=PLAN, status_code=303)
@mending(_show)
async def void_order(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(ReasonForm, await request.form())
        order = await orders.find(db, me, number)
        await closing.void(db, order, by=me, reason=form.reason)
        return see_other(request, "/board", flash=_("%(order)s is void.", order=order.label))


@post("/orders/{number:int}/archive", opt=PLAN, status_code=303)
async def archive_order(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        await closing.archive(db, order, by=me)
        return see_other(request, "/board", flash=_("%(order)s is archived.", order=order.label))


HANDLERS = [
    orders_page,
    order_page,
    plan_order,
    take_readings,
    plan_next_service,
    add_photos,
    add_clip,
    share_photo,
    remove_video,
    propose,
    revive,
    refuse,
    void_order,
    archive_order,
]
