"""The owner's catalogue: services that can be booked, and canned jobs with their lines."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import minor_of, read, values_of
from app.core.money import to_major
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.network.crew import SKILLS
from app.domains.network.premises import CAPABILITIES
from app.domains.services import canned, catalogue
from app.domains.services.canned import CannedFacts
from app.domains.services.canned_form import line_facts, line_rows
from app.domains.services.catalogue import CATEGORIES, FUELS, ServiceFacts
from app.domains.services.models import Service

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:services")

Minutes = Annotated[int, Meta(ge=0, le=480)]


class ServiceForm(msgspec.Struct, kw_only=True):
    """A service as its form says it: the price in whole money."""

    name: Annotated[str, Meta(max_length=120)]
    duration_minutes: Annotated[int, Meta(ge=5, le=1440)]
    price: Decimal
    code: Annotated[str, Meta(max_length=40, pattern=r"^[a-z0-9-]*$")] = ""
    description: Annotated[str, Meta(max_length=2000)] = ""
    category: str = "general"
    buffer_before_minutes: Minutes = 0
    buffer_after_minutes: Minutes = 0
    skill: str = "general"
    bay_capability: str = ""
    canned_job_code: str = ""
    fuels: list[str] = []
    position: Annotated[int, Meta(ge=0, le=9999)] = 0
    is_active: bool = False

    def facts(self, currency: str) -> ServiceFacts:
        if not 0 <= self.price < 1_000_000:
            raise Invalid({"price": _("This number is out of range.")})
        said = {name: getattr(self, name) for name in ServiceFacts.__struct_fields__ if name != "price_minor"}
        return ServiceFacts(**said, price_minor=minor_of(self.price, currency, "price"))


class CannedForm(msgspec.Struct, kw_only=True):
    title: Annotated[str, Meta(max_length=160)]
    code: Annotated[str, Meta(max_length=40, pattern=r"^[a-z0-9-]*$")] = ""
    description: Annotated[str, Meta(max_length=2000)] = ""
    skill: str = "general"
    is_active: bool = False


@get("/settings/services", opt=SETS_UP)
async def services_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(request, me, "services/services.html", services=await catalogue.listed(db, me))


@get("/settings/services/new", opt=SETS_UP)
async def new_service_page(request: AnyRequest) -> Response[Any]:
    return await _service(request)


@get("/settings/services/{service_id:uuid}", opt=SETS_UP)
async def service_page(request: AnyRequest, service_id: FromPath[UUID]) -> Response[Any]:
    return await _service(request, service_id)


async def _service(
    request: AnyRequest, service_id: UUID | None = None, wrong: Invalid | None = None
) -> Response[Any]:
    typed = None
    if wrong:
        form = await request.form()
        typed = values_of(form) | {"fuels": form.getall("fuels", [])}
    async with begin(request) as (db, me):
        service = await catalogue.find(db, me, service_id) if service_id else None
        return page(
            request, me, "services/service.html", status=422 if wrong else 200, service=service,
            values=typed if typed is not None else _values(service), categories=CATEGORIES, fuels=FUELS, skills=SKILLS,
            capabilities=CAPABILITIES, canned=await canned.canned_jobs(db),
            currency=await catalogue.currency(db, me), errors=wrong.errors if wrong else {},
        )  # fmt: skip


def _values(service: Service | None) -> dict[str, Any]:
    if service is None:
        return {"duration_minutes": 60, "is_active": "on", "category": "general", "skill": "general"}
    values = {name: getattr(service, name) for name in ServiceForm.__struct_fields__ if name != "price"}
    return values | {"price": str(to_major(service.price_minor, service.currency))}


@post("/settings/services", opt=SETS_UP, status_code=303)
async def add_service(request: AnyRequest) -> Response[Any]:
    try:
        form = read(ServiceForm, await request.form())
        async with begin(request) as (db, me):
            await catalogue.add(db, form.facts(await catalogue.currency(db, me)), by=me)
            return see_other(request, "/settings/services", flash=_("Added."))
    except Invalid as wrong:
        return await _service(request, None, wrong)


@post("/settings/services/{service_id:uuid}", opt=SETS_UP, status_code=303)
async def change_service(request: AnyRequest, service_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(ServiceForm, await request.form())
        async with begin(request) as (db, me):
            service = await catalogue.find(db, me, service_id)
            await catalogue.change(db, service, form.facts(service.currency), by=me)
            return see_other(request, "/settings/services", flash=_("Saved."))
    except Invalid as wrong:
        return await _service(request, service_id, wrong)


@get("/settings/canned-jobs", opt=SETS_UP)
async def canned_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        jobs = await canned.canned_jobs(db, withdrawn=True)
        return page(request, me, "services/canned_jobs.html", jobs=jobs)


@get("/settings/canned-jobs/new", opt=SETS_UP)
async def new_canned_page(request: AnyRequest) -> Response[Any]:
    return await _canned(request)


@get("/settings/canned-jobs/{job_id:uuid}", opt=SETS_UP)
async def canned_job_page(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    return await _canned(request, job_id)


async def _canned(
    request: AnyRequest, job_id: UUID | None = None, wrong: Invalid | None = None
) -> Response[Any]:
    form = await request.form() if wrong else None
    async with begin(request) as (db, me):
        found = await canned.find_canned(db, job_id) if job_id else None
        currency = await catalogue.currency(db, me)
        return page(
            request, me, "services/canned_job.html", status=422 if wrong else 200, job=found.job if found else None,
            typed=values_of(form) if form is not None else {}, skills=SKILLS, currency=currency,
            rows=line_rows(found.lines if found else (), currency, form), errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post("/settings/canned-jobs", opt=SETS_UP, status_code=303)
async def add_canned(request: AnyRequest) -> Response[Any]:
    return await _write_canned(request, None)


@post("/settings/canned-jobs/{job_id:uuid}", opt=SETS_UP, status_code=303)
async def change_canned(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    return await _write_canned(request, job_id)


async def _write_canned(request: AnyRequest, job_id: UUID | None) -> Response[Any]:
    try:
        form = await request.form()
        facts = CannedFacts(**msgspec.structs.asdict(read(CannedForm, form)))
        async with begin(request) as (db, me):
            await _put_canned(db, me, job_id, facts, form)
            return see_other(request, "/settings/canned-jobs", flash=_("Saved."))
    except Invalid as wrong:
        return await _canned(request, job_id, wrong)


async def _put_canned(
    db: AsyncSession, me: Viewer, job_id: UUID | None, facts: CannedFacts, form: Any
) -> None:
    lines = line_facts(form, await catalogue.currency(db, me))
    if job_id is None:
        await canned.add_canned(db, facts, lines, by=me)
    else:
        await canned.change_canned(db, await canned.find_canned(db, job_id), facts, lines, by=me)


router = Router(
    "/",
    route_handlers=[
        services_page, new_service_page, service_page, add_service, change_service, canned_page,
        new_canned_page, canned_job_page, add_canned, change_canned,
    ],
)  # fmt: skip
