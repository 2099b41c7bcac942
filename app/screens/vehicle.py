"""What the workshop knows of a car, for its card in the garage and for its page: regions they ask for."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.render import fragment
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains import garage, workshop
from app.domains.booking import appointments
from app.domains.booking.appointments import Visit
from app.domains.garage import Vehicle

AnyRequest = Request[Any, Any, Any]

DONE = ("closed", "archived", "void")


@get("/garage/{vehicle_id:uuid}/next", opt=needs("read:own_vehicles"))
async def next_of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        orders = await workshop.for_vehicle(db, me, car.id, limit=5)
        underway = [order for order in orders if order.status not in DONE and not order.delivered_at]
        deferred = await workshop.deferred_for_vehicle(db, me, car.id)
        visit = await _next_visit(db, me, car)
        return fragment(
            request, me, "screens/vehicle/_next.html",
            car=car, orders=underway, deferred=deferred, visit=visit, stages=workshop.stage_words(),
        )  # fmt: skip


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
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        orders = await workshop.for_vehicle(db, me, car.id)
        deferred = await workshop.deferred_for_vehicle(db, me, car.id)
        return fragment(
            request, me, "screens/vehicle/_history.html",
            car=car, orders=orders, deferred=deferred, stages=workshop.stage_words(),
        )  # fmt: skip


router = Router("/", route_handlers=[next_of_car, history_of_car])
