"""Packages on the screen: what the owner offers, what the desk sells and lets cover, what the driver has."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.forms import minor_of, read, values_of
from app.core.money import to_major
from app.core.render import Piece, fragment, is_partial, page, see_other
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import customers, garage, services, workshop
from app.domains.customers.models import Customer
from app.domains.network import premises
from app.domains.packages import covering, finding, plans, selling
from app.domains.packages.models import PackagePlan, covers_in
from app.domains.packages.plans import PlanFacts
from app.domains.packages.standing import stand
from app.domains.services import catalogue
from app.domains.workshop.models import RepairOrder

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:services")
READ = needs("read:customers")
SELL = needs("create:invoices")
USES = "uses-"
"""The fields of how often a canned job is covered: its id follows."""


class PlanForm(msgspec.Struct, kw_only=True):
    """A package as its form says it: the price in whole money. How often what is covered stands in fields of its own."""

    name: Annotated[str, Meta(max_length=80)]
    package_type: str
    months: Annotated[int, Meta(ge=1, le=60)]
    price: Decimal
    is_active: bool = False


class SaleForm(msgspec.Struct, kw_only=True):
    plan: UUID
    vehicle: UUID
    starts_on: date


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, Meta(max_length=500)] = ""


class CoverForm(msgspec.Struct):
    package: UUID


@get("/settings/packages", opt=SETS_UP)
async def plans_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        offered = await plans.listed(db, withdrawn=True)
        return page(request, me, "packages/plans.html", plans=offered, covers_in=covers_in)


@get("/settings/packages/new", opt=SETS_UP)
async def new_plan_page(request: AnyRequest) -> Response[Any]:
    return await _plan(request)


@get("/settings/packages/{package_plan_id:uuid}", opt=SETS_UP)
async def plan_page(request: AnyRequest, package_plan_id: FromPath[UUID]) -> Response[Any]:
    return await _plan(request, package_plan_id)


async def _plan(
    request: AnyRequest, plan_id: UUID | None = None, wrong: Invalid | None = None
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else None
    async with begin(request) as (db, me):
        plan = await plans.find(db, plan_id) if plan_id else None
        covered = plan.covers if plan else {}
        every = await services.canned_jobs(db, withdrawn=True)
        return page(
            request, me, "packages/plan.html", status=422 if wrong else 200, plan=plan,
            values=typed if typed is not None else _values(plan), errors=wrong.errors if wrong else {},
            canned=[one for one in every if one.is_active or str(one.id) in covered], currency=await catalogue.currency(db, me),
        )  # fmt: skip


def _values(plan: PackagePlan | None) -> dict[str, Any]:
    if plan is None:
        return {"is_active": "on", "months": 12, "package_type": "basic"}
    values = {name: getattr(plan, name) for name in PlanForm.__struct_fields__ if name != "price"}
    values |= {f"{USES}{one.canned_job_id}": one.uses for one in covers_in(plan.covers)}
    return values | {"price": str(to_major(plan.price_minor, plan.currency))}


@post("/settings/packages", opt=SETS_UP, status_code=303)
async def add_plan(request: AnyRequest) -> Response[Any]:
    return await _write_plan(request, None)


@post("/settings/packages/{package_plan_id:uuid}", opt=SETS_UP, status_code=303)
async def change_plan(request: AnyRequest, package_plan_id: FromPath[UUID]) -> Response[Any]:
    return await _write_plan(request, package_plan_id)


async def _write_plan(request: AnyRequest, plan_id: UUID | None) -> Response[Any]:
    form = await request.form()
    try:
        said, uses = read(PlanForm, form), _uses(values_of(form))
        async with begin(request) as (db, me):
            await _put_plan(db, me, plan_id, said, uses)
            return see_other(request, "/settings/packages", flash=_("Saved."))
    except Invalid as wrong:
        return await _plan(request, plan_id, wrong)


async def _put_plan(
    db: AsyncSession, me: Viewer, plan_id: UUID | None, said: PlanForm, uses: dict[UUID, int]
) -> None:
    plan = await plans.find(db, plan_id) if plan_id else None
    currency = plan.currency if plan else await catalogue.currency(db, me)
    if not 0 <= said.price < 1_000_000:
        raise Invalid({"price": _("This number is out of range.")})
    facts = PlanFacts(
        name=said.name, package_type=said.package_type, months=said.months, is_active=said.is_active, price_minor=minor_of(said.price, currency, "price"), uses=uses,
    )  # fmt: skip
    if plan is None:
        await plans.add(db, facts, by=me)
    else:
        await plans.change(db, plan, facts, by=me)


def _uses(values: dict[str, Any]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for name, typed in values.items():
        job = as_uuid(name.removeprefix(USES)) if name.startswith(USES) else None
        typed = typed.strip()
        if job is None or not typed:
            continue
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
            raise Invalid({name: _("Please enter a whole number.")})
        found[job] = int(typed)
    return found


@get("/customers/{number:int}/packages", opt=READ)
async def packages_of_customer(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """A region of the customer's page; a page by itself where no script fetches it, or a form came back."""
    return await _of_customer(request, number)


async def _of_customer(
    request: AnyRequest, number: int, wrong: Invalid | None = None, of: UUID | None = None, status: int = 422
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        customer = await customers.find_by_number(db, me, number)
        sold = await finding.visible(db, me, customer=customer.id)
        context = {
            "customer": customer,
            "standings": await stand(db, sold),
            "errors": wrong.errors if wrong else {},
            "wrong_package": of,
            **await _to_sell(db, me, customer, typed),
        }
        if is_partial(request) and not wrong:
            return fragment(request, me, "packages/_of_customer.html", **context)
        return page(request, me, "packages/of_customer.html", status=status if wrong else 200, **context)


async def _to_sell(db: AsyncSession, me: Viewer, customer: Customer, typed: dict[str, Any]) -> dict[str, Any]:
    center = await premises.clock_center(db, me)
    today = clock.today(center.zone if center else me.zone)
    return {
        "plans": await plans.listed(db),
        "cars": await customers.cars_of(db, customer),
        "typed": {"starts_on": today.isoformat()} | typed,
    }


@post("/customers/{number:int}/packages", opt=SELL, status_code=303)
async def sell_package(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    try:
        form = read(SaleForm, await request.form())
        async with begin(request) as (db, me):
            customer = await customers.find_by_number(db, me, number)
            car, plan = await garage.find(db, me, form.vehicle), await plans.find(db, form.plan)
            package, order = await selling.sell(db, customer, car, plan, starts_on=form.starts_on, by=me)
            flash = _("%(package)s stands on %(order)s.", package=package.name, order=order.label)
            return see_other(request, _billed_at(order), flash=flash)
    except Invalid as wrong:
        return await _of_customer(request, number, wrong)


def _billed_at(order: RepairOrder) -> str:
    """A sale without a visit is billed at once; one on a visit with the rest of it."""
    return f"/invoices/new?order={order.id}" if order.stage == "delivered" else f"/orders/{order.number}"


@post("/packages/{package_id:uuid}/cancellation", opt=SELL | {"page": "/customers"}, status_code=303)
async def cancel_package(request: AnyRequest, package_id: FromPath[UUID]) -> Response[Any]:
    number = 0
    try:
        async with begin(request) as (db, me):
            package = await finding.find(db, me, package_id)
            number = (await customers.find(db, me, package.customer_id)).number
            form = read(ReasonForm, await request.form())
            await selling.cancel(db, package, reason=form.reason, by=me)
            return see_other(request, f"/customers/{number}/packages", flash=_("Cancelled."))
    except Invalid as wrong:
        return await _of_customer(request, number, wrong, of=package_id)
    except Refused as no:
        answer = await _of_customer(request, number, Invalid({"reason": no.words}), package_id, no.status)
        answer.background = audit_refusal(request, no)
        return answer


@get("/orders/{number:int}/packages", opt=SELL)
async def packages_of_order(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """A region of the order's page: what the car's packages cover of it."""
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, number)
        context: dict[str, Any] = {
            "order": order,
            "customer": await customers.find(db, me, order.customer_id),
            "standings": await stand(db, await covering.packages_for(db, order)),
            "chances": await covering.chances(db, order),
            "sells": bool(await plans.listed(db)),
        }
        if is_partial(request):
            return fragment(request, me, "packages/_of_order.html", **context)
        return page(request, me, "packages/of_order.html", **context)


@post("/jobs/{job_id:uuid}/cover", opt=SELL, status_code=303)
async def cover_job(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        form = read(CoverForm, await request.form())
        job, order = await workshop.find_job(db, me, job_id)
        was_sent = job.status == "presented"
        await covering.cover(db, job, order, await finding.find(db, me, form.package), by=me)
        said = (
            _("Covered. The estimate that was sent is set aside: send it anew.")
            if was_sent
            else _("Covered.")
        )
        return see_other(request, f"/orders/{order.number}", flash=said)


@post("/jobs/{job_id:uuid}/cover/removal", opt=SELL, status_code=303)
async def uncover_job(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        job, order = await workshop.find_job(db, me, job_id)
        await covering.uncover(db, job, order, by=me)
        return see_other(request, f"/orders/{order.number}", flash=_("It costs what it costs again."))


@get("/garage/{vehicle_id:uuid}/packages", opt=needs("read:own_vehicles"))
async def packages_of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """A region of the car's page: what the driver has of packages for it; for a shop, what it has sold."""
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        shown = await on_car(db, me, car)
        if is_partial(request):
            return shown.answer(request, me)
        return page(request, me, "packages/of_car.html", **shown.context)


async def on_car(db: AsyncSession, me: Viewer, car: garage.Vehicle) -> Piece:
    """The region of a car's page."""
    rows = await garage.rows_of_car(db, car.id, me.tenant_id, me.user_id)
    standings = await stand(db, await finding.visible(db, me, vehicles=rows))
    return Piece("packages/_of_car.html", {"car": car, "standings": standings})


router = Router(
    "/",
    route_handlers=[
        plans_page, new_plan_page, plan_page, add_plan, change_plan, packages_of_customer, sell_package, cancel_package,
        packages_of_order, cover_job, uncover_job, packages_of_car,
    ],
)  # fmt: skip
