"""Service centers as JSON: public reading, and their set-up by the owner."""

from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath, JSONBody

from app.core.permissions import PUBLIC
from app.core.visit import begin, needs
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from app.domains.network.premises import CenterFacts

AnyRequest = Request[Any, Any, Any]
SETS_UP = needs("manage:center")

T = TypeVar("T", bound="CenterOut")


class CenterIn(CenterFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service center to open or to change."""


class CenterOut(msgspec.Struct):
    id: UUID
    slug: str
    name: str
    address: str
    city: str
    country: str
    phone: str
    email: str
    zone: str
    currency: str
    working_hours: dict[str, Any]
    is_active: bool


class CenterSetUpOut(CenterOut):
    distance_unit: str
    tax_name: str
    tax_rate: Decimal
    labor_rate_minor: int
    slot_minutes: int
    notice_minutes: int
    horizon_days: int
    cancel_hours: int
    confirm_by_hand: bool


@get("/centers", opt=needs(PUBLIC))
async def open_centers(request: AnyRequest) -> list[CenterOut]:
    """Every center that takes bookings."""
    async with begin(request) as (db, _me):
        return [_read(CenterOut, one) for one in await premises.open_centers(db)]


@get("/admin/service-centers", opt=SETS_UP)
async def centers(request: AnyRequest) -> list[CenterSetUpOut]:
    """The centers of one's business, closed ones included."""
    async with begin(request) as (db, me):
        return [_read(CenterSetUpOut, one) for one in await premises.centers_of(db, me)]


@get("/admin/service-centers/{center_id:uuid}", opt=SETS_UP)
async def center(request: AnyRequest, center_id: FromPath[UUID]) -> CenterSetUpOut:
    async with begin(request) as (db, me):
        return _read(CenterSetUpOut, await premises.find_center(db, me, center_id))


@post("/admin/service-centers", opt=SETS_UP, status_code=201)
async def open_center(request: AnyRequest, data: JSONBody[CenterIn]) -> CenterSetUpOut:
    async with begin(request) as (db, me):
        return _read(CenterSetUpOut, await premises.open_center(db, data, by=me))


@put("/admin/service-centers/{center_id:uuid}", opt=SETS_UP)
async def change_center(
    request: AnyRequest, center_id: FromPath[UUID], data: JSONBody[CenterIn]
) -> CenterSetUpOut:
    """An inactive center takes no bookings; appointments that stand are kept."""
    async with begin(request) as (db, me):
        found = await premises.find_center(db, me, center_id)
        return _read(CenterSetUpOut, await premises.change_center(db, found, data, by=me))


def _read(kind: type[T], one: ServiceCenter) -> T:
    return kind(**{name: getattr(one, name) for name in kind.__struct_fields__})


router = Router(
    "/", route_handlers=[open_centers, centers, center, open_center, change_center], tags=["centers"]
)
