"""Whether a number fits a car, as JSON for the shop's own programs."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get
from litestar.params import FromQuery

from app.core.visit import begin, needs
from app.domains import garage
from app.domains.parts.cars import CarFacts, facts_of, known_by_vin
from app.domains.parts.judging import judge
from app.domains.parts.lists import one_line
from app.domains.parts.said import say
from app.domains.parts.verdicts import Kind, PartNumber, Verdict

AnyRequest = Request[Any, Any, Any]


class VerdictOut(msgspec.Struct):
    verdict: Verdict
    words: str
    """The rule in a sentence, in the caller's language."""


@get("/parts/fitment", opt=needs("sell:parts"))
async def fitment(
    request: AnyRequest,
    number: FromQuery[str],
    kind: FromQuery[Kind] = "oem",
    brand: FromQuery[str] = "",
    wanted_oem: FromQuery[str] = "",
    vehicle_id: FromQuery[UUID | None] = None,
    vin: FromQuery[str] = "",
    make: FromQuery[str] = "",
    model: FromQuery[str] = "",
    year: FromQuery[int | None] = None,
    engine: FromQuery[str] = "",
) -> VerdictOut:
    """Fits, does not fit or unknown, and by which rule of the shop's own lists. The car is `vehicle_id`, one the caller
    may see, or what its `vin`, `make`, `model`, `year` and `engine` say. `wanted_oem` is the maker's number that was
    asked for."""
    async with begin(request) as (db, me):
        vehicle = await garage.find(db, me, vehicle_id) if vehicle_id else None
        said = CarFacts(make=make[:60], model=model[:60], year=year, engine=engine[:200])
        car = await facts_of(vehicle) if vehicle else await known_by_vin(vin[:40], said)
        part = PartNumber(number=one_line(number)[:60], kind=kind, brand=brand[:60])
        assert me.tenant_id is not None
        [found] = await judge(db, me.tenant_id, car, [(part, wanted_oem[:60])])
        return VerdictOut(found, say(found))


router = Router("/", route_handlers=[fitment], tags=["parts"])
