"""The network administrators' pages: tenants, people, dead jobs, health."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, Router, get, post

from app.core import audit, graveyard
from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import billing
from app.domains.marketplace import figure_pages
from app.domains.network import overview, taking_on
from app.domains.network.taking_on import BusinessFacts
from app.screens.health import state_of_health

AnyRequest = Request[Any, Any, Any]
NETWORK = needs("manage:network")


@get("/network", opt=NETWORK)
async def tenants_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request, me, "screens/network/tenants.html", tenants=await overview.tenants(db),
            dead=await graveyard.count_dead(db), card_success=await billing.card_success(db),
            show="", **await figure_pages.tiles(db),
        )  # fmt: skip


@get("/network/businesses/new", opt=NETWORK)
async def new_business_page(request: AnyRequest) -> Response[Any]:
    return await _new_business(request)


async def _new_business(request: AnyRequest, wrong: Invalid | None = None) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (_db, me):
        return page(
            request, me, "screens/network/new_business.html", status=422 if wrong else 200, values=typed,
            errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post("/network/businesses", opt=NETWORK)
async def take_on(request: AnyRequest) -> Response[Any]:
    try:
        facts = read(BusinessFacts, await request.form())
        async with begin(request) as (db, me):
            center = await taking_on.take_on(db, facts, by=me)
            said = _("%(name)s is on the network. %(owner)s gets a mail with a link.")
            said = said % {"name": center.name, "owner": facts.owner_name}
            return see_other(request, "/network", flash=said)
    except Invalid as wrong:
        return await _new_business(request, wrong)


@post("/network/tenants/{tenant_id:uuid}/status", opt=NETWORK)
async def switch_tenant(request: AnyRequest, tenant_id: UUID) -> Response[Any]:
    to_active = (await request.form()).get("status") == "open"
    async with begin(request) as (db, me):
        tenant = await overview.switch_tenant(db, tenant_id, to_active=to_active, by=me)
        said = _("%(name)s is open.") if to_active else _("%(name)s is closed: its staff cannot work.")
        return see_other(request, "/network", flash=said % {"name": tenant.name})


@get("/network/people", opt=NETWORK)
async def people_page(request: AnyRequest, q: str = "") -> Response[Any]:
    async with begin(request) as (db, me):
        found = await overview.people(db, search=q.strip())
        await audit.read(db, me, "people", searched=q.strip())
        return page(
            request, me, "screens/network/people.html", people=found, q=q, dead=await graveyard.count_dead(db)
        )


@post("/network/people/{user_id:uuid}/status", opt=NETWORK)
async def switch_account(request: AnyRequest, user_id: UUID) -> Response[Any]:
    form = await request.form()
    to_active, q = form.get("status") == "open", str(form.get("q", ""))
    async with begin(request) as (db, me):
        user = await overview.switch_account(db, user_id, to_active=to_active, by=me)
        said = _("The account of %(name)s is open.") if to_active else _("The account of %(name)s is closed.")
        return see_other(request, f"/network/people?{urlencode({'q': q})}", flash=said % {"name": user.name})


@get("/network/jobs", opt=NETWORK)
async def jobs_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        jobs = await graveyard.dead_jobs(db)
        return page(request, me, "screens/network/jobs.html", jobs=jobs, dead=len(jobs))


@post("/network/jobs/{job_id:uuid}/replay", opt=NETWORK)
async def replay(request: AnyRequest, job_id: UUID) -> Response[Any]:
    async with begin(request) as (db, _me):
        await graveyard.replay(db, job_id)
        return see_other(request, "/network/jobs", flash=_("It is back in the queue."))


@get("/network/health", opt=NETWORK)
async def health_page(request: AnyRequest) -> Response[Any]:
    health = await state_of_health()
    async with begin(request) as (db, me):
        return page(
            request, me, "screens/network/health.html", checks=health, owed=await graveyard.count_owed(db),
            dead=await graveyard.count_dead(db),
        )  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        tenants_page,
        new_business_page,
        take_on,
        switch_tenant,
        people_page,
        switch_account,
        jobs_page,
        replay,
        health_page,
    ],
)
