"""Recalls as JSON."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath

from app.core.visit import begin, needs
from app.domains import garage
from app.domains.recalls import standing

AnyRequest = Request[Any, Any, Any]


class RecallOut(msgspec.Struct, kw_only=True):
    """A campaign that names the car's make, model and year. Whether this very car is affected its maker says by its VIN."""

    campaign: str
    components: list[str]
    defect: str
    consequence: str
    remedy: str
    names_year: bool
    """False when the campaign names no model year."""
    answer: str
    """What the owner said: done, not_mine, or empty."""


@get("/customers/vehicles/{vehicle_id:uuid}/recalls", opt=needs("read:own_vehicles"))
async def list_recalls(request: AnyRequest, vehicle_id: FromPath[UUID]) -> list[RecallOut]:
    """The recalls that may concern one's own car: those nothing was said of first."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        return [
            RecallOut(
                campaign=one.number, components=one.components, defect=one.defect, consequence=one.consequence,
                remedy=one.remedy, names_year=one.names_year, answer=one.answer,
            )
            for one in await standing.of_car(db, car)
        ]  # fmt: skip


router = Router("/", route_handlers=[list_recalls], tags=["recalls"])
