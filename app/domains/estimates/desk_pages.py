"""Writing jobs, lines and terms at the desk: one form, saved as a whole, summed up live while typing."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.answers import audit_refusal
from app.core.errors import Invalid, NotFound, Refused
from app.core.forms import read
from app.core.one_time import REPEATABLE
from app.core.render import fragment, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import workshop
from app.domains.estimates import asking_pages, desk, desk_form
from app.domains.estimates.finding import WRITE, find_to_write, order_of
from app.domains.estimates.lines_form import read_rows
from app.domains.estimates.models import Estimate
from app.domains.estimates.pages import again
from app.domains.estimates.writing import check_draft

AnyRequest = Request[Any, Any, Any]
Act = Callable[[AsyncSession, Viewer, Estimate], Awaitable[str]]
"""What a button of the form does beside saving it; answers where to go on, empty is the desk."""


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to put on the order: from the shop's canned jobs, or by name."""

    canned_code: Annotated[str, Meta(max_length=80)] = ""
    title: Annotated[str, Meta(max_length=200)] = ""


async def _keep(
    request: AnyRequest,
    estimate_id: UUID,
    act: Act | None = None,
    *,
    flash: str = "",
    without: UUID | None = None,
) -> Response[Any]:
    """Save what stands on the desk and `act`, both or neither. What cannot be comes back as it was typed.

    A job named but not added yet is added, whatever the button; one without `act` needs it named."""
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            estimate = await find_to_write(db, me, estimate_id)
            check_draft(estimate, None)
            await desk_form.save(db, estimate, form, by=me, without=without)
            here = f"/estimates/{estimate_id}"
            if not act or any(str(form.get(name, "")).strip() for name in ("title", "canned_code")):
                here = await _add(db, me, estimate, form)
            where = (await act(db, me, estimate) if act else "") or here
            return see_other(request, where, flash=flash)
    except Invalid as error:
        return await again(request, estimate_id, error.errors)
    except Refused as error:
        if not error.is_stale:
            raise
        answer = await again(request, estimate_id, {"": error.words}, status=409)
        answer.background = audit_refusal(request, error)
        return answer


async def _add(db: AsyncSession, me: Viewer, estimate: Estimate, form: Any) -> str:
    wanted = read(NewJob, form)
    order = await order_of(db, estimate)
    job = await workshop.propose_job(db, order, by=me, title=wanted.title, canned_code=wanted.canned_code)
    return f"/estimates/{estimate.id}#job-{job.id}"


@post("/estimates/{estimate_id:uuid}/draft", opt=needs(WRITE), status_code=303)
async def save_draft(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    """Save, and look at the preview if that was the button."""
    form = await request.form()
    to_preview = form.get("then") == "preview"

    async def go_on(db: AsyncSession, me: Viewer, estimate: Estimate) -> str:
        return f"/estimates/{estimate_id}/preview" if to_preview else ""

    return await _keep(request, estimate_id, go_on, flash="" if to_preview else _("Saved."))


@post("/estimates/{estimate_id:uuid}/jobs", opt=needs(WRITE), status_code=303)
async def add_job(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    return await _keep(request, estimate_id)


@post("/estimates/{estimate_id:uuid}/sums", opt=needs(WRITE) | REPEATABLE, status_code=200)
async def sums_while_typing(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[str]:
    """What the page would add up to if it were saved as typed. Stores nothing."""
    form = await request.form()
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        typed = {}
        for job_id in desk_form.jobs_in(form):
            try:
                typed[job_id] = read_rows(desk_form.part_of(form, job_id), estimate.currency)
            except Invalid:
                continue
        context = await desk.sums(db, estimate, typed=typed)
        return fragment(request, me, "estimates/_sums.html", margin_tone=desk.margin_tone, **context)


@post("/estimates/{estimate_id:uuid}/jobs/{job_id:uuid}/withdrawal", opt=needs(WRITE), status_code=303)
async def withdraw(request: AnyRequest, estimate_id: FromPath[UUID], job_id: FromPath[UUID]) -> Response[Any]:
    async def take_off(db: AsyncSession, me: Viewer, estimate: Estimate) -> str:
        await workshop.withdraw_job(db, await desk_form.job_of(db, me, estimate, job_id), by=me)
        return ""

    return await _keep(request, estimate_id, take_off, without=job_id)


@post("/estimates/{estimate_id:uuid}/jobs/{job_id:uuid}/usual-time", opt=needs(WRITE), status_code=303)
async def take_usual_time(
    request: AnyRequest, estimate_id: FromPath[UUID], job_id: FromPath[UUID]
) -> Response[Any]:
    """The hours become what the same work has usually taken."""

    async def put(db: AsyncSession, me: Viewer, estimate: Estimate) -> str:
        job = await desk_form.job_of(db, me, estimate, job_id)
        await workshop.put_usual_into_job(db, job, by=me)
        return f"/estimates/{estimate_id}#job-{job.id}"

    return await _keep(request, estimate_id, put)


@post("/estimates/{estimate_id:uuid}/revivals/{work_id:uuid}", opt=needs(WRITE), status_code=303)
async def take_up_again(
    request: AnyRequest, estimate_id: FromPath[UUID], work_id: FromPath[UUID]
) -> Response[Any]:
    async def revive(db: AsyncSession, me: Viewer, estimate: Estimate) -> str:
        order = await order_of(db, estimate)
        left = await workshop.deferred_for_vehicle(db, me, order.vehicle_id)
        work = next((one for one in left if one.id == work_id), None)
        if work is None:
            raise NotFound
        job = await workshop.revive(db, work, order, by=me)
        return f"/estimates/{estimate_id}#job-{job.id}"

    return await _keep(request, estimate_id, revive)


router = Router(
    path="/",
    route_handlers=[
        asking_pages.router,
        save_draft,
        add_job,
        sums_while_typing,
        withdraw,
        take_usual_time,
        take_up_again,
    ],
)
