"""Inspections as JSON, over the same operations as the pages."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clips, files, modules
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import workshop
from app.domains.inspections import filling, photos, proposing, reading, sheets
from app.domains.inspections.filling import Rating
from app.domains.inspections.models import Inspection, Template
from app.domains.inspections.pages import FILL, LARGEST_BODY, READ, sent_photos
from app.domains.inspections.reading import Row, Summary

AnyRequest = Request[Any, Any, Any]


class TemplateOut(msgspec.Struct):
    id: UUID
    code: str
    name: str
    version: int
    items: int


class StartIn(msgspec.Struct, forbid_unknown_fields=True):
    order_number: int
    template_id: UUID


class RatingIn(msgspec.Struct, forbid_unknown_fields=True):
    rating: Rating | None = None
    measure: Decimal | None = None
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class SharingIn(msgspec.Struct, forbid_unknown_fields=True):
    is_shared: bool


class ShownOut(msgspec.Struct):
    kind: str
    """image or video"""
    url: str
    """Empty while a video is not ready."""
    thumbnail_url: str
    state: str
    """ready; of a video also preparing or refused"""
    refusal: str
    """Why a video is refused, or was given up while preparing; else empty."""
    percent: int
    """How far the preparing of a video has come."""


class PhotoOut(ShownOut):
    id: UUID
    is_shared: bool


class FindingOut(msgspec.Struct):
    id: UUID
    section: str
    item: str
    unit: str
    rating: str
    measure: Decimal | None
    suggested_rating: str
    note: str
    photos: list[PhotoOut]
    job_id: UUID | None


class InspectionOut(msgspec.Struct):
    id: UUID
    order_id: UUID
    template: str
    template_version: int
    status: str
    started_at: datetime
    completed_at: datetime | None
    counts: dict[str, int]
    findings: list[FindingOut] = []


class SeenOut(msgspec.Struct):
    item: str
    section: str
    rating: str
    measure: str
    note: str
    photos: list[ShownOut]
    job_id: UUID | None
    repair: str
    """agreed, done; empty while nobody has agreed to it."""


class SummaryOut(msgspec.Struct):
    id: UUID
    name: str
    completed_at: datetime | None
    counts: dict[str, int]
    findings: list[SeenOut]


def _shown(file: File) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "url": files.file_url(file),
        "thumbnail_url": files.file_url(file, small=True),
        "state": file.state,
        "refusal": file.refusal,
        "percent": file.percent,
    }


def _finding(row: Row) -> FindingOut:
    return FindingOut(
        id=row.finding.id,
        section=_(row.item.section),
        item=_(row.item.name),
        unit=row.item.unit,
        rating=row.finding.rating,
        measure=None if row.finding.measure is None else Decimal(row.typed),
        suggested_rating=row.measured_as,
        note=row.finding.note,
        photos=[
            PhotoOut(id=shown.photo.id, is_shared=shown.photo.is_shared, **_shown(shown.file))
            for shown in row.photos
        ],
        job_id=row.job.id if row.job else None,
    )


def _inspection(
    inspection: Inspection, template: Template, counts: dict[str, int], rows: list[Row] | None = None
) -> InspectionOut:
    return InspectionOut(
        id=inspection.id,
        order_id=inspection.order_id,
        template=_(template.name),
        template_version=template.version,
        status=inspection.status,
        started_at=inspection.started_at,
        completed_at=inspection.completed_at,
        counts={key or "open": number for key, number in counts.items()},
        findings=[_finding(row) for row in rows or []],
    )


async def _whole(db: AsyncSession, inspection: Inspection) -> InspectionOut:
    sheet = await reading.sheet(db, inspection)
    return _inspection(inspection, sheet.template, sheet.counts, list(sheet.rows))


async def _one(db: AsyncSession, me: Viewer, inspection_id: UUID, finding_id: UUID) -> FindingOut:
    finding, _inspected, _order = await filling.find_finding(db, me, inspection_id, finding_id)
    return _finding(await reading.row(db, finding))


@get("/staff/inspection-templates", opt=READ)
async def list_templates(request: AnyRequest) -> list[TemplateOut]:
    async with begin(request) as (db, me):
        offered = await sheets.offered(db, me.tenant_id) if me.tenant_id else []
        return [
            TemplateOut(id=one.id, code=one.code, name=_(one.name), version=one.version, items=items)
            for one, items in offered
        ]


@get("/staff/inspections", opt=READ)
async def list_inspections(request: AnyRequest, order_number: FromQuery[int]) -> list[InspectionOut]:
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, order_number)
        return [
            _inspection(one.inspection, one.template, one.counts) for one in await reading.of_order(db, order)
        ]


@post("/staff/inspections", opt=FILL)
async def start_inspection(request: AnyRequest, data: JSONBody[StartIn]) -> InspectionOut:
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, data.order_number)
        template = await sheets.find_current(db, order.tenant_id, data.template_id)
        return await _whole(db, await filling.start(db, order, template, by=me))


@get("/staff/inspections/{inspection_id:uuid}", opt=READ)
async def show_inspection(request: AnyRequest, inspection_id: FromPath[UUID]) -> InspectionOut:
    async with begin(request) as (db, me):
        inspection, _order = await filling.find(db, me, inspection_id)
        return await _whole(db, inspection)


@put("/staff/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}", opt=FILL)
async def rate_finding(
    request: AnyRequest,
    inspection_id: FromPath[UUID],
    finding_id: FromPath[UUID],
    data: JSONBody[RatingIn],
) -> FindingOut:
    async with begin(request) as (db, me):
        finding, _inspected, _order = await filling.find_finding(db, me, inspection_id, finding_id)
        await filling.rate(db, finding, rating=data.rating, measure=data.measure, note=data.note, by=me)
        return await _one(db, me, inspection_id, finding_id)


@post(
    "/staff/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/photos",
    opt=FILL,
    request_max_body_size=LARGEST_BODY,
)
async def add_photos(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> FindingOut:
    """Multipart; the field `photos` may come several times."""
    async with glance(request) as (db, me):
        await filling.find_finding(db, me, inspection_id, finding_id)
    received = await files.receive_images(await sent_photos(request), by=me, tenant=me.tenant_id)
    async with files.kept_or_gone(received, by=me, tenant=me.tenant_id), begin(request) as (db, me):
        finding, _inspected, order = await filling.find_finding(db, me, inspection_id, finding_id)
        await photos.add(db, finding, order, received, by=me)
        return await _one(db, me, inspection_id, finding_id)


@post(
    "/staff/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/clips",
    opt=FILL,
    request_max_body_size=clips.LARGEST_BODY,
)
async def add_clip(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> FindingOut:
    """Multipart; the field `clip` is one video. It is prepared by and by: its `state` says how far it is."""
    async with glance(request) as (db, me):
        finding, _inspected, _order = await filling.find_finding(db, me, inspection_id, finding_id)
        await photos.must_take(db, finding, 1)
    sent = (await request.form()).get("clip")
    async with (
        clips.receiving(sent, by=me, tenant=me.tenant_id) as received,
        begin(request) as (db, me),
    ):
        finding, _inspected, order = await filling.find_finding(db, me, inspection_id, finding_id)
        await photos.add(db, finding, order, [received], by=me)
        return await _one(db, me, inspection_id, finding_id)


@put("/staff/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/photos/{photo_id:uuid}", opt=FILL)
async def share_photo(
    request: AnyRequest,
    inspection_id: FromPath[UUID],
    finding_id: FromPath[UUID],
    photo_id: FromPath[UUID],
    data: JSONBody[SharingIn],
) -> FindingOut:
    async with begin(request) as (db, me):
        finding, _inspected, order = await filling.find_finding(db, me, inspection_id, finding_id)
        photo = await photos.find(db, finding, photo_id)
        await photos.share(db, photo, finding, order, shared=data.is_shared, by=me)
        return await _one(db, me, inspection_id, finding_id)


@delete(
    "/staff/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/photos/{photo_id:uuid}",
    opt=FILL,
    status_code=204,
)
async def remove_photo(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID], photo_id: FromPath[UUID]
) -> None:
    async with begin(request) as (db, me):
        finding, _inspected, order = await filling.find_finding(db, me, inspection_id, finding_id)
        await photos.remove(db, await photos.find(db, finding, photo_id), finding, order, by=me)


@post("/staff/inspections/{inspection_id:uuid}/findings/{finding_id:uuid}/job", opt=FILL)
async def propose_job(
    request: AnyRequest, inspection_id: FromPath[UUID], finding_id: FromPath[UUID]
) -> FindingOut:
    async with begin(request) as (db, me):
        finding, _inspected, order = await filling.find_finding(db, me, inspection_id, finding_id)
        await proposing.propose(db, finding, order, by=me)
        return await _one(db, me, inspection_id, finding_id)


@post("/staff/inspections/{inspection_id:uuid}/completion", opt=FILL, status_code=200)
async def finish_inspection(request: AnyRequest, inspection_id: FromPath[UUID]) -> InspectionOut:
    async with begin(request) as (db, me):
        inspection, order = await filling.find(db, me, inspection_id)
        return await _whole(db, await filling.finish(db, inspection, order, by=me))


@post("/staff/inspections/{inspection_id:uuid}/reopening", opt=FILL, status_code=200)
async def reopen_inspection(request: AnyRequest, inspection_id: FromPath[UUID]) -> InspectionOut:
    async with begin(request) as (db, me):
        inspection, order = await filling.find(db, me, inspection_id)
        return await _whole(db, await filling.reopen(db, inspection, order, by=me))


@get("/customers/orders/{order_id:uuid}/inspections", opt=needs("read:own_maintenance_history"))
async def show_summary(request: AnyRequest, order_id: FromPath[UUID]) -> list[SummaryOut]:
    """The finished inspections of one's own car's visit."""
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, order_id)
        await modules.require(db, order.tenant_id, "inspections")
        return [_summary(one) for one in await reading.for_customer(db, order)]


def _summary(one: Summary) -> SummaryOut:
    return SummaryOut(
        id=one.inspection.id,
        name=_(one.template.name),
        completed_at=one.inspection.completed_at,
        counts=one.counts,
        findings=[
            SeenOut(
                item=_(seen.name),
                section=_(seen.section),
                rating=seen.rating,
                measure=seen.measure,
                note=seen.note,
                photos=[ShownOut(**_shown(file)) for file in seen.photos],
                job_id=seen.job_id,
                repair=seen.repair,
            )
            for seen in one.seen
        ],
    )


router = Router(
    "/",
    tags=["Inspections"],
    route_handlers=[
        list_templates,
        list_inspections,
        start_inspection,
        show_inspection,
        rate_finding,
        add_photos,
        add_clip,
        share_photo,
        remove_photo,
        propose_job,
        finish_inspection,
        reopen_inspection,
        show_summary,
    ],
)
