"""A price without a visit: the car is not here, the customer asks what something would cost."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromQuery
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.domains import customers, garage, workshop
from app.domains.estimates.finding import WRITE
from app.domains.estimates.writing import draft
from app.domains.network import premises

AnyRequest = Request[Any, Any, Any]


class AskingForm(msgspec.Struct, frozen=True, kw_only=True):
    customer: UUID
    vehicle: UUID
    concern: Annotated[str, Meta(max_length=2000)]


@get("/estimates/new", opt=needs(WRITE))
async def asking_page(
    request: AnyRequest, customer: FromQuery[UUID | None] = None, vehicle: FromQuery[UUID | None] = None
) -> Response[Any]:
    if customer is None or vehicle is None:
        known = f"&customer={customer}" if customer else ""
        async with begin(request):
            return see_other(request, f"/orders/new?then=price{known}")
    return await _show(request, customer, vehicle)


async def _show(
    request: AnyRequest, customer: UUID, vehicle: UUID, wrong: Invalid | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request,
            me,
            "estimates/ask.html",
            status=422 if wrong else 200,
            customer=await customers.find(db, me, customer),
            vehicle=await garage.find(db, me, vehicle),
            center=await premises.working_center(db, me),
            typed=wrong.values if wrong else {},
            errors=wrong.errors if wrong else {},
        )


@post("/estimates/new", opt=needs(WRITE), status_code=303)
async def ask(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        asked = read(AskingForm, form)
    except Invalid as wrong:
        known = read(Whose, form)
        return await _show(request, known.customer, known.vehicle, wrong)
    async with begin(request) as (db, me):
        vehicle = await garage.find_served(db, me, asked.vehicle)
        order = await workshop.open_order(
            db,
            center=await premises.working_center(db, me),
            customer=await customers.find(db, me, asked.customer),
            vehicle_id=vehicle.id,
            intake=workshop.Intake(concern=asked.concern),
            status="estimate",
            by=me,
        )
        estimate = await draft(db, order, by=me)
        return see_other(request, f"/estimates/{estimate.id}")


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    customer: UUID
    vehicle: UUID


router = Router("/", route_handlers=[asking_page, ask])
