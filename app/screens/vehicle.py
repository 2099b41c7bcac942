"""The garage and a car's page, with what the workshop knows of each car."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.render import Piece, fragment, is_partial, page
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains import accounts, garage, reminders, workshop
from app.domains.booking import appointments
from app.domains.booking.appointments import Visit
from app.domains.documents import pages as documents
from app.domains.garage import Vehicle
from app.domains.garage.pages import of_car
from app.domains.logbook import showing as logbook
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from app.domains.packages import pages as packages
from app.domains.recalls import pages as recalls
from app.domains.recommendations import pages as recommendations
from app.domains.reminders import pages as reminder_pages
from app.domains.telematics import pages as telematics

AnyRequest = Request[Any, Any, Any]

GONE = ("archived", "void")
READ = needs("read:own_vehicles")


@get("/garage", opt=READ)
async def garage_page(request: AnyRequest) -> Response[Any]:
    """The viewer's cars, each with what the workshop knows of it."""
    async with begin(request) as (db, me):
        cars, away = await garage.mine(db, me), await garage.mine(db, me, archived=True)
        visits = await appointments.of_driver(db, me)
        return page(
            request, me, "garage/garage.html", cars=cars, away=away,
            photos=await garage.photos_of(db, [*cars, *away]), owners=await garage.owners_of(db, me, [*cars, *away]),
            driven={car.id for car in await garage.mine(db, me, driven=True)},
            urgent=await reminders.most_urgent(db, cars, clock.today(me.zone)),
            unproved=await accounts.awaits_proof(db, me),
            known={car.id: await _known(db, me, car, visits) for car in cars},
        )  # fmt: skip


@get("/garage/{vehicle_id:uuid}/next", opt=READ)
async def next_of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        known = await _known(db, me, car, await appointments.of_driver(db, me))
        return fragment(request, me, "screens/vehicle/_next.html", car=car, **known)


async def _known(db: AsyncSession, me: Viewer, car: Vehicle, visits: Sequence[Visit]) -> dict[str, Any]:
    """What the workshop has of a car now; of one that is ready, where it is to be collected and until when today."""
    orders = await workshop.for_vehicle(db, me, car.id, limit=5)
    underway = [order for order in orders if order.status not in GONE and order.stage != "delivered"]
    ready = next((order for order in underway if order.stage == "ready"), None)
    where = await db.get_one(ServiceCenter, ready.center_id) if ready else None
    return {
        "order": ready or next(iter(underway), None),
        "where": where,
        "hours": await premises.hours_today(db, where) if where else "",
        "deferred": await workshop.deferred_for_vehicle(db, me, car.id),
        "visit": _next_visit(car, visits),
        "stages": workshop.stage_words(),
        "is_due": car.is_due(clock.today(me.zone)),
    }


def _next_visit(car: Vehicle, visits: Sequence[Visit]) -> Visit | None:
    """The next planned one of the driver's visits with this car."""
    planned = [
        visit
        for visit in visits
        if visit.appointment.vehicle_id == car.id
        and visit.appointment.status in ("pending", "confirmed")
        and visit.appointment.ends_at > clock.now()
    ]
    return min(planned, key=lambda visit: visit.appointment.starts_at, default=None)


@get("/garage/{vehicle_id:uuid}", opt=READ)
async def car_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """A car with its history: whole without scripts, too."""
    async with begin(request) as (db, me):
        car = await garage.find(db, me, vehicle_id)
        shown = await of_car(db, me, car) | await _history(db, me, car)
        if shown["is_mine"]:
            shown |= await logbook.latest(db, me, car)
        regions = {
            name: piece.drawn(request, me) for name, piece in (await _regions(db, me, car, shown)).items()
        }
        return page(request, me, "garage/car.html", **shown, regions=regions)


async def _regions(db: AsyncSession, me: Viewer, car: Vehicle, shown: dict[str, Any]) -> dict[str, Piece]:
    """What the domains above the garage know of a car, by the part of its page."""
    regions = {"packages": await packages.on_car(db, me, car)}
    if shown["is_mine"]:
        regions |= {
            "telematics": await telematics.on_car(db, car),
            "documents": await documents.on_car(db, me, car),
            "recalls": await recalls.on_car(db, car),
        }
    if shown["is_mine"] and not shown["is_away"]:
        regions |= {
            "recommendations": await recommendations.on_car(db, me, car),
            "reminders": await reminder_pages.on_car(db, me, car),
        }
    return regions


@get("/garage/{vehicle_id:uuid}/history", opt=READ)
async def history_of_car(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """A region of the car's page, drawn anew when something has happened; a page by itself where a form came back."""
    async with begin(request) as (db, me):
        context = await _history(db, me, await garage.find(db, me, vehicle_id))
        if is_partial(request):
            return fragment(request, me, "screens/vehicle/_history.html", **context)
        return page(request, me, "screens/vehicle/history.html", **context)


async def _history(db: AsyncSession, me: Viewer, car: Vehicle) -> dict[str, Any]:
    return {
        "car": car,
        "orders": await workshop.for_vehicle(db, me, car.id),
        "deferred": await workshop.deferred_for_vehicle(db, me, car.id),
        "stages": workshop.stage_words(),
    }


router = Router("/", route_handlers=[garage_page, car_page, next_of_car, history_of_car])
