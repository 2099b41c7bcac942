"""The clock, the steps and the check of a job, from the bench or from the job's own page."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.workshop import jobs, steps, work
from app.domains.workshop.models import Job
from app.domains.workshop.pages.jobs import show_job
from app.domains.workshop.pages.mending import mending

AnyRequest = Request[Any, Any, Any]
DO = needs("update:service_progress")

Words = Annotated[str, msgspec.Meta(max_length=2000)]


class BackForm(msgspec.Struct):
    back: Annotated[str, msgspec.Meta(max_length=10)] = ""


class BlockForm(BackForm):
    reason: Annotated[str, msgspec.Meta(max_length=20)] = ""
    note: Words = ""


class FinishForm(BackForm):
    correction: Words = ""
    done: list[UUID] = []
    """Open steps ticked off on the way."""
    left_because: Annotated[str, msgspec.Meta(max_length=500)] = ""


class CheckForm(BackForm):
    passed: Literal["yes", "no"] = "no"
    note: Words = ""


class StepForm(BackForm):
    status: Literal["pending", "in_progress", "completed"] = "completed"
    notes: Words | None = None


class NewStepForm(BackForm):
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    checkpoint: bool = False


def back_to(job: Job, back: str) -> str:
    return f"/bench?job={job.id}" if back == "bench" else f"/jobs/{job.id}"


async def _found(db: AsyncSession, me: Viewer, job_id: UUID) -> Job:
    return (await jobs.find(db, me, job_id))[0]


@post("/jobs/{job_id:uuid}/start", opt=DO, status_code=303)
async def start(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(BackForm, await request.form())
        job = await _found(db, me, job_id)
        paused = (await work.start(db, job, by=me)).paused
        flash = _("Paused: “%(job)s”.", job=paused.title) if paused else ""
        return see_other(request, back_to(job, form.back), flash=flash)


@post("/jobs/{job_id:uuid}/pause", opt=DO, status_code=303)
async def pause(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(BackForm, await request.form())
        job = await _found(db, me, job_id)
        await work.pause(db, job, by=me)
        return see_other(request, back_to(job, form.back))


@post("/jobs/{job_id:uuid}/block", opt=DO, status_code=303)
@mending(show_job)
async def block(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(BlockForm, await request.form())
        job = await _found(db, me, job_id)
        await work.block(db, job, reason=form.reason, note=form.note, by=me)
        return see_other(request, back_to(job, form.back))


@post("/jobs/{job_id:uuid}/finish", opt=DO, status_code=303)
@mending(show_job)
async def finish(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(FinishForm, await request.form())
        job = await _found(db, me, job_id)
        for step in await steps.open_steps(db, job):
            if step.id in form.done:
                await steps.progress(db, step, to="completed", by=me)
        try:
            await work.finish(db, job, correction=form.correction, left_because=form.left_because, by=me)
        except work.StepsOpen as wrong:
            words = _("Tick what is done, or say why it is left open.")
            raise Invalid({"": wrong.words, "left_because": words}) from None
        return see_other(request, back_to(job, form.back))


@post("/jobs/{job_id:uuid}/check", opt=DO, status_code=303)
@mending(show_job)
async def check(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(CheckForm, await request.form())
        job = await _found(db, me, job_id)
        await work.check(db, job, passed=form.passed == "yes", note=form.note, by=me)
        return see_other(request, back_to(job, form.back))


@post("/jobs/{job_id:uuid}/steps", opt=DO, status_code=303)
@mending(show_job)
async def add_step(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(NewStepForm, await request.form())
        job = await _found(db, me, job_id)
        await steps.add_step(db, job, form.name, is_checkpoint=form.checkpoint, by=me)
        return see_other(request, back_to(job, form.back))


@post("/steps/{step_id:uuid}", opt=DO | {"page": "/bench"}, status_code=303)
async def progress(request: AnyRequest, step_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(StepForm, await request.form())
        step, job = await steps.find_step(db, me, step_id)
        await steps.progress(db, step, to=form.status, notes=form.notes, by=me)
        return see_other(request, back_to(job, form.back))


HANDLERS = [start, pause, block, finish, check, add_step, progress]
