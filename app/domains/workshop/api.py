"""The workshop as JSON: orders and their stage, the technician's jobs, service progress."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.network.premises import open_stretches
from app.domains.workshop import bench, board, foreseen, jobs, orders, readings, steps, work
from app.domains.workshop.folder import Folder, Sheet, open_folder
from app.domains.workshop.foreseen import Window
from app.domains.workshop.models import Job, JobStep, RepairOrder

AnyRequest = Request[Any, Any, Any]
STAFF = needs("update:service_progress")


class OrderOut(msgspec.Struct):
    """A card of the board."""

    id: UUID
    number: int
    version: int
    stage: str
    status: str
    stage_since: datetime
    promise_at: datetime | None
    estimated_end: datetime | None
    """When all agreed work will probably be done, in steps of five minutes; null is unknown."""
    is_late: bool
    is_waiter: bool
    priority: int
    key_tag: str
    concern: str
    plate: str
    vehicle: str
    customer: str
    bay_id: UUID | None
    technician_id: UUID | None
    technician: str
    blocked_reason: str


class LineOut(msgspec.Struct):
    id: UUID
    kind: str
    description: str
    part_number: str
    quantity: Decimal
    unit_price_minor: int
    tax_rate: Decimal


class JobOut(msgspec.Struct):
    """A job. Lines and totals are for those who sell; others get none."""

    id: UUID
    order_id: UUID
    title: str
    status: str
    skill: str
    version: int
    technician_id: UUID | None
    estimated_minutes: int
    scheduled_start: datetime | None
    estimated_end: datetime | None
    """As things stand now; null when nobody can know, or it is finished."""
    actual_start: datetime | None
    actual_end: datetime | None
    blocked_reason: str
    complaint: str
    cause: str
    correction: str
    minutes_spent: int = 0
    total_minor: int | None = None
    lines: list[LineOut] = []


class OrderDetailOut(msgspec.Struct):
    id: UUID
    number: int
    version: int
    status: str
    stage: str
    stage_since: datetime
    promise_at: datetime | None
    estimated_end: datetime | None
    received_at: datetime
    ready_at: datetime | None
    concern: str
    warning_lights: list[str]
    mileage_in_km: int | None
    charge_in_percent: int | None
    signed_name: str
    """Empty when nobody signed at check-in."""
    key_tag: str
    customer_id: UUID
    customer: str
    vehicle_id: UUID
    vehicle: str
    plate: str
    bay_id: UUID | None
    technician_id: UUID | None
    currency: str
    jobs: list[JobOut]


class StepOut(msgspec.Struct):
    id: UUID
    job_id: UUID
    step_name: str
    description: str
    status: str
    is_checkpoint: bool
    started_at: datetime | None
    completed_at: datetime | None
    notes: str


class StageIn(msgspec.Struct, forbid_unknown_fields=True):
    stage: str
    version: int
    bay_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    open: Literal["accept"] | None = None
    """Pass over what is still open; needs a `reason`."""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ReadingsIn(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    mileage_km: Annotated[int, msgspec.Meta(ge=0, le=3_000_000)] | None = None
    charge_percent: int | None = None
    confirmed: bool = False
    """The odometer was looked at again; needs a `reason`."""
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class BlockIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    note: str = ""


class FinishIn(msgspec.Struct, forbid_unknown_fields=True):
    correction: str = ""
    open_steps: Literal["refuse", "accept"] = "refuse"
    reason: str = ""


class CheckIn(msgspec.Struct, forbid_unknown_fields=True):
    passed: bool
    note: str = ""


class ProgressIn(msgspec.Struct, forbid_unknown_fields=True):
    status: Literal["pending", "in_progress", "completed"]
    notes: str | None = None


def _card(card: board.Card) -> OrderOut:
    return OrderOut(
        id=card.id,
        number=card.number,
        version=card.version,
        stage=card.stage,
        status=card.status,
        stage_since=card.since,
        promise_at=card.promise_at,
        estimated_end=card.estimated_end,
        is_late=card.is_late,
        is_waiter=card.is_waiter,
        priority=card.priority,
        key_tag=card.key_tag,
        concern=card.concern,
        plate=card.plate,
        vehicle=card.car,
        customer=card.customer,
        bay_id=card.bay_id,
        technician_id=card.technician_id,
        technician=card.technician,
        blocked_reason=card.blocked_reason,
    )


def _job(job: Job, window: Window, sheet: Sheet | None = None, *, sells: bool = False) -> JobOut:
    said = JobOut(
        id=job.id,
        order_id=job.order_id,
        title=job.title,
        status=job.status,
        skill=job.skill,
        version=job.version,
        technician_id=job.technician_id,
        estimated_minutes=job.estimated_minutes,
        scheduled_start=window.start,
        estimated_end=window.end,
        actual_start=job.started_at,
        actual_end=job.completed_at or job.finished_at,
        blocked_reason=job.blocked_reason,
        complaint=job.complaint,
        cause=job.cause,
        correction=job.correction,
    )
    if sheet is not None:
        said.minutes_spent = round(sheet.minutes)
    if sheet is not None and sells:
        said.total_minor = sheet.price.total_minor
        said.lines = [msgspec.convert(line, LineOut, from_attributes=True) for line in sheet.lines]
    return said


async def _job_now(db: AsyncSession, job: Job, order: RepairOrder) -> JobOut:
    await db.flush()
    ahead = await foreseen.of_order(db, await board.center_of(db, order), order)
    return _job(job, ahead.of(job))


def _detail(folder: Folder, *, sells: bool) -> OrderDetailOut:
    order: RepairOrder = folder.order
    return OrderDetailOut(
        id=order.id,
        number=order.number,
        version=order.version,
        status=order.status,
        stage=order.stage,
        stage_since=order.stage_since,
        promise_at=order.promise_at,
        estimated_end=folder.ahead.done_at,
        received_at=order.received_at,
        ready_at=order.ready_at,
        concern=order.concern,
        warning_lights=order.warning_lights,
        mileage_in_km=order.mileage_in_km,
        charge_in_percent=order.charge_in_percent,
        signed_name=order.signed_name,
        key_tag=order.key_tag,
        customer_id=order.customer_id,
        customer=folder.customer.name,
        vehicle_id=order.vehicle_id,
        vehicle=folder.car,
        plate=folder.vehicle.plate,
        bay_id=order.bay_id,
        technician_id=order.technician_id,
        currency=folder.center.currency,
        jobs=[_job(sheet.job, sheet.window, sheet, sells=sells) for sheet in folder.sheets],
    )


def _step(step: JobStep) -> StepOut:
    return StepOut(
        id=step.id,
        job_id=step.job_id,
        step_name=step.name,
        description=step.description,
        status=step.status,
        is_checkpoint=step.is_checkpoint,
        started_at=step.started_at,
        completed_at=step.completed_at,
        notes=step.notes,
    )


@get("/staff/orders", opt=STAFF)
async def list_orders(
    request: AnyRequest, stage: FromQuery[str | None] = None, technician: FromQuery[UUID | None] = None
) -> list[OrderOut]:
    """The cards of the viewer's center, most urgent first."""
    async with begin(request) as (db, me):
        opening = await open_stretches(db, await board.center(db, me)) if me.center_id else ()
        cards = await board.cards(db, me, technician_id=technician, opening=opening)
        return [_card(card) for card in cards if stage in (None, card.stage)]


@get("/staff/orders/{number:int}", opt=STAFF)
async def show_order(request: AnyRequest, number: FromPath[int]) -> OrderDetailOut:
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        return _detail(await open_folder(db, me, order), sells=me.can("create:quotes"))


@post("/staff/orders/{number:int}/stage", opt=STAFF, status_code=200)
async def move_order(request: AnyRequest, number: FromPath[int], data: JSONBody[StageIn]) -> OrderOut:
    """Move a card; 409 with what changed when `version` is no longer the order's, and with what is `open` when
    the stage would pass over unfinished work or unpaid money: `"open": "accept"` and a `reason` move it anyway."""
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        in_bay = data.bay_id is not msgspec.UNSET
        await board.move(
            db,
            order,
            to=data.stage,
            by=me,
            version=data.version,
            bay_id=data.bay_id if isinstance(data.bay_id, UUID) else None,
            in_bay=in_bay,
            anyway=data.reason if data.open == "accept" else None,
        )
        await db.flush()
        return _card(await board.card(db, me, order))


@put("/staff/orders/{number:int}/readings", opt=STAFF)
async def set_readings(
    request: AnyRequest, number: FromPath[int], data: JSONBody[ReadingsIn]
) -> OrderDetailOut:
    """Add or correct odometer and state of charge; 422 for a doubtful odometer, unless `confirmed` with a
    `reason`."""
    async with begin(request) as (db, me):
        order = await orders.find(db, me, number)
        await readings.take_readings(
            db,
            order,
            by=me,
            version=data.version,
            mileage_km=data.mileage_km,
            charge_percent=data.charge_percent,
            confirmed=data.confirmed,
            reason=data.reason,
        )
        return _detail(await open_folder(db, me, order), sells=me.can("create:quotes"))


@get("/staff/jobs", opt=STAFF)
async def my_jobs(request: AnyRequest) -> list[JobOut]:
    """The technician's queue: what may be worked on, by priority and promise time."""
    async with begin(request) as (db, me):
        seen = await bench.bench(db, await work.technician(db, me))
        running = [seen.running] if seen.running else []
        return [_job(ticket.job, ticket.window) for ticket in (*running, *seen.ready, *seen.blocked)]


@post("/staff/jobs/{job_id:uuid}/start", opt=STAFF, status_code=200)
async def start_job(request: AnyRequest, job_id: FromPath[UUID]) -> JobOut:
    """Start, resume or unblock; the viewer's clock runs on it, and no longer on another job."""
    async with begin(request) as (db, me):
        job, order = await jobs.find(db, me, job_id)
        await work.start(db, job, by=me)
        return await _job_now(db, job, order)


@post("/staff/jobs/{job_id:uuid}/pause", opt=STAFF, status_code=200)
async def pause_job(request: AnyRequest, job_id: FromPath[UUID]) -> JobOut:
    async with begin(request) as (db, me):
        job, order = await jobs.find(db, me, job_id)
        await work.pause(db, job, by=me)
        return await _job_now(db, job, order)


@post("/staff/jobs/{job_id:uuid}/block", opt=STAFF, status_code=200)
async def block_job(request: AnyRequest, job_id: FromPath[UUID], data: JSONBody[BlockIn]) -> JobOut:
    """`reason`: parts, approval, sublet, bay or other (which needs a note)."""
    async with begin(request) as (db, me):
        job, order = await jobs.find(db, me, job_id)
        await work.block(db, job, reason=data.reason, note=data.note, by=me)
        return await _job_now(db, job, order)


@post("/staff/jobs/{job_id:uuid}/finish", opt=STAFF, status_code=200)
async def finish_job(
    request: AnyRequest, job_id: FromPath[UUID], data: JSONBody[FinishIn | None] = None
) -> JobOut:
    """While steps are open (checkpoints aside) the answer is 409 and names them in `open_steps`, unless the request
    says `"open_steps": "accept"` and gives a `reason`."""
    said = data or FinishIn()
    because = said.reason if said.open_steps == "accept" else ""
    async with begin(request) as (db, me):
        if said.open_steps == "accept" and not because.strip():
            raise Invalid({"reason": _("Say why these steps are left open.")})
        job, order = await jobs.find(db, me, job_id)
        await work.finish(db, job, correction=said.correction, left_because=because, by=me)
        return await _job_now(db, job, order)


@post("/staff/jobs/{job_id:uuid}/check", opt=STAFF, status_code=200)
async def check_job(request: AnyRequest, job_id: FromPath[UUID], data: JSONBody[CheckIn]) -> JobOut:
    """The quality check, by somebody who has not worked on the job."""
    async with begin(request) as (db, me):
        job, order = await jobs.find(db, me, job_id)
        await work.check(db, job, passed=data.passed, note=data.note, by=me)
        return await _job_now(db, job, order)


@get("/staff/jobs/{job_id:uuid}/service-progress", opt=STAFF)
async def list_progress(request: AnyRequest, job_id: FromPath[UUID]) -> list[StepOut]:
    async with begin(request) as (db, me):
        job, _order = await jobs.find(db, me, job_id)
        return [_step(step) for step in await steps.steps_of(db, job)]


@put("/staff/service-progress/{step_id:uuid}", opt=STAFF)
async def set_progress(request: AnyRequest, step_id: FromPath[UUID], data: JSONBody[ProgressIn]) -> StepOut:
    """Start, complete or (with `notes`) reset a step."""
    async with begin(request) as (db, me):
        step, _job_of = await steps.find_step(db, me, step_id)
        return _step(await steps.progress(db, step, to=data.status, notes=data.notes, by=me))


router = Router(
    "/",
    route_handlers=[
        list_orders,
        show_order,
        move_order,
        set_readings,
        my_jobs,
        start_job,
        pause_job,
        block_job,
        finish_job,
        check_job,
        list_progress,
        set_progress,
    ],
    tags=["Workshop"],
)
