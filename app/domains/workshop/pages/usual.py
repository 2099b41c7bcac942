"""What finished jobs say about a length: beside the catalogue, where lengths are decided."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from app.core.render import see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import services
from app.domains.workshop import usual_times
from app.domains.workshop.pages.regions import show

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:services")


@get("/settings/services/{service_id:uuid}/times", opt=SETS_UP)
async def service_times(request: AnyRequest, service_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        service = await services.find(db, me, service_id)
        return show(
            request,
            me,
            "workshop/usual.html",
            "workshop/_usual.html",
            title=service.name,
            home=f"/settings/services/{service.id}",
            history=(await usual_times.of_services(db, [service]))[service.id],
            now_minutes=service.duration_minutes,
            takes_over="duration",
        )


@post("/settings/services/{service_id:uuid}/duration", opt=SETS_UP, status_code=303)
async def take_duration_over(request: AnyRequest, service_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        service = await services.find(db, me, service_id)
        await usual_times.put_into_service(db, service, by=me)
        return see_other(request, f"/settings/services/{service.id}", flash=_("Taken over."))


@get("/settings/canned-jobs/{job_id:uuid}/times", opt=SETS_UP)
async def canned_times(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        canned = await services.find_canned(db, job_id)
        return show(
            request,
            me,
            "workshop/usual.html",
            "workshop/_usual.html",
            title=canned.job.title,
            home=f"/settings/canned-jobs/{canned.job.id}",
            history=await usual_times.of_canned(db, canned.job),
            now_minutes=int(canned.hours * 60),
            takes_over="hours" if sum(line.kind == "labor" for line in canned.lines) == 1 else "",
        )


@post("/settings/canned-jobs/{job_id:uuid}/hours", opt=SETS_UP, status_code=303)
async def take_hours_over(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await usual_times.put_into_canned(db, job_id, by=me)
        return see_other(request, f"/settings/canned-jobs/{job_id}", flash=_("Taken over."))


HANDLERS = [service_times, take_duration_over, canned_times, take_hours_over]
