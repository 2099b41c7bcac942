"""What the workshop knows of a car, for its card in the garage and for its page: regions they ask for."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.render import fragment, is_partial, page
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains import garage, workshop
from app.domains.booking import appointments
from app.domains.booking.appointments import Visit
from app.domains.garage import Vehicle
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from app.domains.workshop.models import RepairOrder

AnyRequest = Request[Any, Any, Any]

GONE = ("archived", "void")


@get("/garage/{vehicle_id:uuid}/next", opt=needs("read:own_vehicles"))
async def next_of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        orders = await workshop.for_vehicle(db, me, car.id, limit=5)
        underway = [order for order in orders if order.status not in GONE and order.stage != "delivered"]
        deferred = await workshop.deferred_for_vehicle(db, me, car.id)
        visit = await _next_visit(db, me, car)
        ready = next((order for order in underway if order.stage == "ready"), None)
        where, hours = await _where(db, ready) if ready else (None, "")
        return fragment(
            request, me, "screens/vehicle/_next.html",
            car=car, order=ready or next(iter(underway), None), where=where, hours=hours,
            deferred=deferred, visit=visit, stages=workshop.stage_words(),
        )  # fmt: skip


async def _where(db: AsyncSession, order: RepairOrder) -> tuple[ServiceCenter, str]:
    """The shop a car is to be collected at, and its hours today."""
    await enter_tenant(db, order.tenant_id)
    center = await db.get_one(ServiceCenter, order.center_id)
    return center, await premises.hours_today(db, center)


async def _next_visit(db: AsyncSession, me: Viewer, car: Vehicle) -> Visit | None:
    """The driver's next planned visit with this car."""
    planned = [
        visit
        for visit in await appointments.of_driver(db, me)
        if visit.appointment.vehicle_id == car.id
        and visit.appointment.status in ("pending", "confirmed")
        and visit.appointment.ends_at > clock.now()
    ]
    return min(planned, key=lambda visit: visit.appointment.starts_at, default=None)


@get("/garage/{vehicle_id:uuid}/history", opt=needs("read:own_vehicles"))
async def history_of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """A region of the car's page; a page by itself where no script fetches it."""
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        orders = await workshop.for_vehicle(db, me, car.id)
        deferred = await workshop.deferred_for_vehicle(db, me, car.id)
        context: dict[str, Any] = {
            "car": car,
            "orders": orders,
            "deferred": deferred,
            "stages": workshop.stage_words(),
        }
        if is_partial(request):
            return fragment(request, me, "screens/vehicle/_history.html", **context)
        return page(request, me, "screens/vehicle/history.html", **context)


router = Router("/", route_handlers=[next_of_car, history_of_car])
