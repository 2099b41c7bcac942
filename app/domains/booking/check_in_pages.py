"""Checking a booked car in: what the customer says, what is seen, who signed."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.files import kept_or_gone, receive_images
from app.core.forms import read, values_of
from app.core.render import fragment, is_partial, lost_files, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, glance, needs
from app.domains import customers, garage, workshop
from app.domains.booking import appointments, arriving, telling_ahead
from app.domains.booking.ahead_pages import fields_of
from app.domains.booking.appointments import Entry, Visit
from app.domains.network import premises
from app.domains.workshop.models import RepairOrder

AnyRequest = Request[Any, Any, Any]
COUNTER = needs("manage:appointments")


class ArrivalForm(workshop.IntakeForm, kw_only=True):
    version: int | None = None


@get("/appointments/{appointment_id:uuid}/check-in", opt=COUNTER)
async def check_in_page(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    return await _show(request, appointment_id)


async def _show(
    request: AnyRequest, appointment_id: UUID, wrong: Invalid | None = None, stale: Refused | None = None
) -> Response[Any]:
    """The form; after one that could not be accepted as it was typed. A `stale` one comes back with the
    appointment as it stands now: sending it again is meant for that."""
    form = await request.form()
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        order = await _order_of(db, me, visit)
        if order is not None and wrong is None:
            return see_other(request, f"/orders/{order.number}")
        if order is None:
            arriving.must_be_expected(visit)
        if order is None and visit.appointment.vehicle_id:
            order = await workshop.open_visit(db, visit.appointment.vehicle_id, visit.appointment.tenant_id)
        answer = page(
            request,
            me,
            "booking/check_in.html",
            status=422 if wrong else 200,
            planned=[] if order is not None else await _other_visits(db, visit),
            changed=await appointments.entry(db, visit) if stale and order is None else None,
            visit=visit,
            center=visit.center,
            vehicle=visit.vehicle,
            customer=await customers.find(db, me, visit.appointment.customer_id),
            concern=visit.appointment.concern or visit.appointment.notes or visit.title,
            ahead=fields_of(visit),
            sent_ahead=await telling_ahead.photos_of(db, visit.appointment),
            promise_at=visit.appointment.ends_at,
            typed=values_of(form) if wrong else {},
            lights=form.getall("warning_lights", []) if wrong else visit.appointment.warning_lights,
            errors=(await lost_files(request, "photos") | wrong.errors) if wrong else {},
            inside=order,
        )
    answer.background = audit_refusal(request, stale)
    return answer


async def _other_visits(db: AsyncSession, visit: Visit) -> list[Entry]:
    if visit.vehicle is None:
        return []
    planned = await appointments.expected(db, visit.center, visit.vehicle)
    return [one for one in planned if one.visit.appointment.id != visit.appointment.id]


@get("/appointments/expected", opt=COUNTER)
async def expected(request: AnyRequest, vehicle: FromQuery[UUID]) -> Response[Any]:
    """A region of the check-in without an appointment: the visits that are planned for this car all the same."""
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle)
        center = await premises.working_center(db, me)
        context: dict[str, Any] = {
            "center": center,
            "car": car,
            "planned": await appointments.expected(db, center, car),
        }
        if is_partial(request):
            return fragment(request, me, "booking/_expected.html", **context)
        return page(request, me, "booking/expected.html", **context)


async def _order_of(db: AsyncSession, me: Viewer, visit: Visit) -> RepairOrder | None:
    order_id = visit.appointment.order_id
    return await workshop.find_by_id(db, me, order_id) if order_id else None


@post("/appointments/{appointment_id:uuid}/check-in", opt=COUNTER)
async def check_in(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(ArrivalForm, await request.form())
        async with glance(request) as (db, me):
            arriving.must_be_expected(await appointments.find(db, me, appointment_id))
        kept = await receive_images(form.photos, by=me, tenant=me.tenant_id)
        async with kept_or_gone(kept, by=me, tenant=me.tenant_id), begin(request) as (db, me):
            visit = await appointments.find(db, me, appointment_id, for_update=True)
            order = await arriving.arrive(db, visit, form, photos=kept, version=form.version, by=me)
            return see_other(request, f"/orders/{order.number}")
    except Invalid as wrong:
        return await _show(request, appointment_id, wrong)
    except Refused as no:
        if not no.is_stale:
            raise
        return await _show(request, appointment_id, Invalid({"form": no.words}), no)


router = Router("/", route_handlers=[expected, check_in_page, check_in])
