"""Writing jobs and lines at the desk: saved by the form, summed up live while typing."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromPath
from msgspec import Meta

from app.core.errors import Invalid, NotFound
from app.core.forms import read
from app.core.render import fragment, see_other
from app.core.visit import REPEATABLE, begin, needs
from app.domains import workshop
from app.domains.estimates import asking_pages, desk
from app.domains.estimates.finding import WRITE, find_to_write, order_of
from app.domains.estimates.lines_form import read_rows, save_rows
from app.domains.estimates.pages import _again
from app.domains.estimates.writing import check_draft

AnyRequest = Request[Any, Any, Any]


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to put on the order: from the shop's canned jobs, or by name."""

    canned_code: Annotated[str, Meta(max_length=80)] = ""
    title: Annotated[str, Meta(max_length=200)] = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the job somebody looked at."""

    version: int


@post("/estimates/{estimate_id:uuid}/jobs", opt=needs(WRITE), status_code=303)
async def add_job(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            wanted = read(NewJob, form)
            estimate = await find_to_write(db, me, estimate_id)
            check_draft(estimate, None)
            order = await order_of(db, estimate)
            job = await workshop.propose_job(
                db, order, by=me, title=wanted.title, canned_code=wanted.canned_code
            )
            return see_other(request, f"/estimates/{estimate_id}#job-{job.id}")
    except Invalid as error:
        return await _again(request, estimate_id, error)


@post("/estimates/{estimate_id:uuid}/jobs/{job_id:uuid}/lines", opt=needs(WRITE), status_code=303)
async def save_lines(
    request: AnyRequest, estimate_id: FromPath[UUID], job_id: FromPath[UUID]
) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            estimate = await find_to_write(db, me, estimate_id)
            check_draft(estimate, None)
            job = await _job_of(db, me, estimate, job_id)
            rows = read_rows(form, estimate.currency)
            lines = (await workshop.lines_of(db, [job]))[job.id]
            await save_rows(db, job, lines, rows, version=read(Version, form).version, by=me)
            return see_other(request, f"/estimates/{estimate_id}#job-{job_id}")
    except Invalid as error:
        return await _again(request, estimate_id, error, wrong_job=job_id)


@post("/estimates/{estimate_id:uuid}/jobs/{job_id:uuid}/sums", opt=needs(WRITE) | REPEATABLE, status_code=200)
async def sums_while_typing(
    request: AnyRequest, estimate_id: FromPath[UUID], job_id: FromPath[UUID]
) -> Response[str]:
    """What the page would add up to if this job were saved as typed. Stores nothing."""
    form = await request.form()
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        await _job_of(db, me, estimate, job_id)
        try:
            typed = {job_id: read_rows(form, estimate.currency)}
        except Invalid:
            typed = {}
        context = await desk.sums(db, estimate, typed=typed)
        return fragment(request, me, "estimates/_sums.html", margin_tone=desk.margin_tone, **context)


@post("/estimates/{estimate_id:uuid}/jobs/{job_id:uuid}/withdrawal", opt=needs(WRITE), status_code=303)
async def withdraw(request: AnyRequest, estimate_id: FromPath[UUID], job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        check_draft(estimate, None)
        await workshop.withdraw_job(db, await _job_of(db, me, estimate, job_id), by=me)
        return see_other(request, f"/estimates/{estimate_id}")


@post("/estimates/{estimate_id:uuid}/revivals/{work_id:uuid}", opt=needs(WRITE), status_code=303)
async def take_up_again(
    request: AnyRequest, estimate_id: FromPath[UUID], work_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        check_draft(estimate, None)
        order = await order_of(db, estimate)
        work = next(
            (
                one
                for one in await workshop.deferred_for_vehicle(db, me, order.vehicle_id)
                if one.id == work_id
            ),
            None,
        )
        if work is None:
            raise NotFound
        job = await workshop.revive(db, work, order, by=me)
        return see_other(request, f"/estimates/{estimate_id}#job-{job.id}")


async def _job_of(db: Any, me: Any, estimate: Any, job_id: FromPath[UUID]) -> Any:
    job, order = await workshop.find_job(db, me, job_id)
    if order.id != estimate.order_id:
        raise NotFound
    return job


router = Router(
    path="/",
    route_handlers=[asking_pages.router, add_job, save_lines, sums_while_typing, withdraw, take_up_again],
)
