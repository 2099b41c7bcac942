"""Checking a booked car in: what the customer says, what is seen, who signed."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from app.core.errors import Invalid, NotFound
from app.core.files import receive_images
from app.core.forms import read, values_of
from app.core.render import lost_files, page, see_other
from app.core.visit import begin, glance, needs
from app.domains import customers, workshop
from app.domains.booking import appointments, arriving
from app.domains.booking.appointments import Visit

AnyRequest = Request[Any, Any, Any]
COUNTER = needs("manage:appointments")


class ArrivalForm(workshop.IntakeForm, kw_only=True):
    version: int | None = None


@get("/appointments/{appointment_id:uuid}/check-in", opt=COUNTER)
async def check_in_page(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    return await _show(request, appointment_id)


async def _show(request: AnyRequest, appointment_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    form = await request.form()
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        if visit.appointment.order_id is not None:
            return see_other(request, await _order_url(db, me, visit))
        arriving.must_be_expected(visit)
        return page(
            request,
            me,
            "booking/check_in.html",
            status=422 if wrong else 200,
            visit=visit,
            center=visit.center,
            vehicle=visit.vehicle,
            customer=await customers.find(db, me, visit.appointment.customer_id),
            concern=visit.appointment.notes or visit.title,
            promise_at=visit.appointment.ends_at,
            typed=values_of(form) if wrong else {},
            lights=form.getall("warning_lights", []) if wrong else [],
            errors=(await lost_files(request, "photos") | wrong.errors) if wrong else {},
            inside=await workshop.open_visit(db, visit.appointment.vehicle_id, visit.appointment.tenant_id)
            if visit.appointment.vehicle_id
            else None,
        )


async def _order_url(db: Any, me: Any, visit: Visit) -> str:
    if visit.appointment.order_id is None:
        raise NotFound
    order = await workshop.find_by_id(db, me, visit.appointment.order_id)
    return f"/orders/{order.number}"


@post("/appointments/{appointment_id:uuid}/check-in", opt=COUNTER)
async def check_in(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(ArrivalForm, await request.form())
        async with glance(request) as (db, me):
            arriving.must_be_expected(await appointments.find(db, me, appointment_id))
        kept = await receive_images(form.photos, tenant=me.tenant_id)
        async with begin(request) as (db, me):
            visit = await appointments.find(db, me, appointment_id, for_update=True)
            order = await arriving.arrive(db, visit, form, photos=kept, version=form.version, by=me)
            return see_other(request, f"/orders/{order.number}")
    except Invalid as wrong:
        return await _show(request, appointment_id, wrong)


router = Router("/", route_handlers=[check_in_page, check_in])
