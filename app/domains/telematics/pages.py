"""What a car says of itself, and how to let it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.render import Piece, is_partial, page
from app.core.visit import begin, needs
from app.domains import garage
from app.domains.telematics import standing
from app.domains.telematics.meanings import is_generic, meaning

AnyRequest = Request[Any, Any, Any]


async def on_car(db: AsyncSession, car: garage.Vehicle) -> Piece:
    """The region of a car's page: what it says now."""
    shown = {
        "car": car,
        "charge": await standing.charge_of(db, car),
        "codes": await standing.codes_of(db, car),
        "meaning": meaning,
        "is_generic": is_generic,
    }
    return Piece("telematics/_of_car.html", shown)


@get("/garage/{vehicle_id:uuid}/telematics", opt=needs("read:own_vehicles"))
async def telematics_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """Whole as a page; as a region of the car's page only what it says now."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        shown = await on_car(db, car)
        if is_partial(request):
            return shown.answer(request, me)
        return page(
            request, me, "telematics/of_car.html", **shown.context,
            cleared=await standing.codes_of(db, car, cleared=True),
            reports=await standing.reports_of(db, car),
        )  # fmt: skip


router = Router("/", route_handlers=[telematics_page])
