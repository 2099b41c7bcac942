"""A job's own page: lines with their margin for the advisor, clock and steps for the technician."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import minor_of, quantity_of, read, values_of
from app.core.render import see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.garage.models import Vehicle
from app.domains.network.models import StaffProfile
from app.domains.workshop import bench, board, jobs, lines, usual_times
from app.domains.workshop.booked import booking_of
from app.domains.workshop.folder import sheet_of
from app.domains.workshop.live import parts_topics, staff_topic
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.pages.bench import show_bench
from app.domains.workshop.pages.mending import mending
from app.domains.workshop.pages.orders import in_zone
from app.domains.workshop.pages.regions import show

AnyRequest = Request[Any, Any, Any]
READ = needs("update:service_progress")
SELL = needs("create:quotes")
DO = needs("update:service_progress")

Words = Annotated[str, msgspec.Meta(max_length=2000)]
Line = Annotated[str, msgspec.Meta(max_length=300)]


class LineForm(msgspec.Struct):
    """Prices come as people write them, in the center's currency."""

    version: int
    kind: Literal["labor", "part", "fee", "sublet"]
    description: Line
    part_number: Annotated[str, msgspec.Meta(max_length=60)] = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    """Empty is the hourly rate for labour; 0 is free."""
    unit_cost: Decimal = Decimal(0)
    untaxed: bool = False

    def line(self, currency: str) -> lines.NewLine:
        price = self.unit_price
        return lines.NewLine(
            kind=self.kind,
            description=self.description,
            part_number=self.part_number,
            quantity=quantity_of(self.quantity),
            unit_price_minor=None if price is None else minor_of(price, currency, "unit_price"),
            unit_cost_minor=minor_of(self.unit_cost, currency, "unit_cost"),
            taxable=not self.untaxed,
        )


class RemovalForm(msgspec.Struct):
    version: int


class DescriptionForm(msgspec.Struct):
    version: int
    title: Annotated[str, msgspec.Meta(max_length=160)]
    complaint: Words = ""
    cause: Words = ""
    skill: Annotated[str, msgspec.Meta(max_length=40)] = "general"


class TechnicianForm(msgspec.Struct):
    technician: UUID | None = None


class StartForm(msgspec.Struct):
    version: int
    scheduled_start: datetime | None = None
    after_hours: bool = False


async def _currency(db: AsyncSession, order: RepairOrder) -> str:
    return (await board.center_of(db, order)).currency


@get("/jobs/{job_id:uuid}", opt=READ)
async def job_page(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    return await show_job(request, job_id)


async def show_job(
    request: AnyRequest, job_id: UUID, wrong: Invalid | None = None, **_path: Any
) -> Response[Any]:
    form = await request.form()
    typed = values_of(form) | {"done": form.getall("done", [])} if wrong else {}
    if wrong and typed.get("back") == "bench":
        return await show_bench(request, job_id, wrong=wrong, typed=typed)
    async with begin(request) as (db, me):
        job, order = await jobs.find(db, me, job_id)
        return show(
            request,
            me,
            "workshop/job.html",
            "workshop/_job.html",
            status=422 if wrong else 200,
            errors=wrong.errors if wrong else {},
            typed=typed,
            ticket=await bench.ticket(db, me, job, order),
            sheet=await sheet_of(db, job),
            usual=(await usual_times.of_jobs(db, [job], await db.get_one(Vehicle, order.vehicle_id))).get(
                job.id
            ),
            booking=await booking_of(db, job),
            center=await board.center_of(db, order),
            technicians=await board.technicians(db, me),
            topics=[staff_topic(order.id), *parts_topics(me, [job])],
        )


@post("/jobs/{job_id:uuid}/lines", opt=SELL, status_code=303)
@mending(show_job)
async def add_line(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(LineForm, await request.form())
        job, order = await jobs.find(db, me, job_id)
        line = form.line(await _currency(db, order))
        await lines.add_line(db, job, line, by=me, version=form.version)
        return see_other(request, f"/jobs/{job.id}#lines")


@post("/jobs/{job_id:uuid}/lines/{line_id:uuid}", opt=SELL, status_code=303)
@mending(show_job)
async def change_line(request: AnyRequest, job_id: FromPath[UUID], line_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(LineForm, await request.form())
        job, order = await jobs.find(db, me, job_id)
        line = form.line(await _currency(db, order))
        await lines.change_line(db, job, line_id, line, by=me, version=form.version)
        return see_other(request, f"/jobs/{job.id}#lines")


@post("/jobs/{job_id:uuid}/lines/{line_id:uuid}/removal", opt=SELL, status_code=303)
async def remove_line(request: AnyRequest, job_id: FromPath[UUID], line_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(RemovalForm, await request.form())
        job, _order = await jobs.find(db, me, job_id)
        await lines.remove_line(db, job, line_id, by=me, version=form.version)
        return see_other(request, f"/jobs/{job.id}#lines")


@post("/jobs/{job_id:uuid}/description", opt=DO, status_code=303)
@mending(show_job)
async def describe(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(DescriptionForm, await request.form())
        job, _order = await jobs.find(db, me, job_id)
        said = msgspec.structs.asdict(form)
        await lines.rename(db, job, by=me, **said)
        return see_other(request, f"/jobs/{job.id}", flash=_("Saved."))


@post("/jobs/{job_id:uuid}/technician", opt=SELL, status_code=303)
async def assign(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(TechnicianForm, await request.form())
        job, _order = await jobs.find(db, me, job_id)
        person = await db.get(StaffProfile, form.technician) if form.technician else None
        await jobs.assign(db, job, person, by=me)
        return see_other(request, f"/jobs/{job.id}")


@post("/jobs/{job_id:uuid}/planned-start", opt=SELL, status_code=303)
@mending(show_job)
async def plan_start(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(StartForm, await request.form())
        job, order = await jobs.find(db, me, job_id)
        start = in_zone(form.scheduled_start, (await board.center_of(db, order)).zone)
        await jobs.plan_start(db, job, start, by=me, version=form.version, after_hours=form.after_hours)
        return see_other(request, f"/jobs/{job.id}", flash=_("Saved."))


@post("/jobs/{job_id:uuid}/withdrawal", opt=SELL, status_code=303)
async def withdraw(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        job, order = await jobs.find(db, me, job_id)
        await jobs.withdraw_job(db, job, by=me)
        return see_other(request, f"/orders/{order.number}", flash=_("Proposal withdrawn."))


HANDLERS = [job_page, add_line, change_line, remove_line, describe, assign, plan_start, withdraw]
