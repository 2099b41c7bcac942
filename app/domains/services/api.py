"""The catalogue as JSON."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from app.core.permissions import PUBLIC
from app.core.visit import begin, needs
from app.domains.network import premises
from app.domains.services import catalogue
from app.domains.services.catalogue import ServiceFacts
from app.domains.services.models import Service

AnyRequest = Request[Any, Any, Any]


class ServiceIn(ServiceFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service to add or to change. Prices are minor units of the shop's currency."""


class ServiceOut(msgspec.Struct):
    id: UUID
    code: str
    name: str
    description: str
    category: str
    estimated_duration: int
    base_price: int
    currency: str
    fuels: list[str]
    """Which cars it is for, by what they run on; none named is every car."""


class StaffServiceOut(ServiceOut):
    buffer_before_minutes: int
    buffer_after_minutes: int
    skill: str
    bay_capability: str
    canned_job_code: str
    position: int
    is_active: bool


@get("/centers/{center_id:uuid}/services", opt=needs(PUBLIC))
async def offered(
    request: AnyRequest, center_id: FromPath[UUID], fuel: FromQuery[str] = ""
) -> list[ServiceOut]:
    """What can be booked at a center; with `fuel` only what is for a car that runs on it."""
    async with begin(request) as (db, _me):
        center = await premises.open_center_by_id(db, center_id)
        return [ServiceOut(**_facts(one)) for one in await catalogue.offered(db, center.tenant_id, fuel)]


@get("/staff/services", opt=needs("read:all_appointments"))
async def listed(request: AnyRequest) -> list[StaffServiceOut]:
    """The shop's whole catalogue, withdrawn services included."""
    async with begin(request) as (db, me):
        return [_out(one) for one in await catalogue.listed(db, me)]


@post("/staff/services", opt=needs("manage:services"), status_code=201)
async def add(request: AnyRequest, data: JSONBody[ServiceIn]) -> StaffServiceOut:
    async with begin(request) as (db, me):
        return _out(await catalogue.add(db, data, by=me))


@put("/staff/services/{service_id:uuid}", opt=needs("manage:services"))
async def change(
    request: AnyRequest, service_id: FromPath[UUID], data: JSONBody[ServiceIn]
) -> StaffServiceOut:
    """Appointments keep the price and length they were booked with."""
    async with begin(request) as (db, me):
        return _out(await catalogue.change(db, await catalogue.find(db, me, service_id), data, by=me))


def _facts(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "code": service.code,
        "name": service.name,
        "description": service.description,
        "category": service.category,
        "estimated_duration": service.duration_minutes,
        "base_price": service.price_minor,
        "currency": service.currency,
        "fuels": service.fuels,
    }


def _out(service: Service) -> StaffServiceOut:
    return StaffServiceOut(
        **_facts(service),
        buffer_before_minutes=service.buffer_before_minutes,
        buffer_after_minutes=service.buffer_after_minutes,
        skill=service.skill,
        bay_capability=service.bay_capability,
        canned_job_code=service.canned_job_code,
        position=service.position,
        is_active=service.is_active,
    )


router = Router("/", route_handlers=[offered, listed, add, change], tags=["services"])
