"""Packages as JSON."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get
from litestar.params import FromQuery

from app.core.visit import begin, needs
from app.domains.packages import finding
from app.domains.packages.standing import Standing, stand


class CoveredOut(msgspec.Struct):
    title: str
    uses: int
    used: int
    planned: int
    """Spoken for by work that is not done yet."""
    left: int


class PackageOut(msgspec.Struct):
    """A package of a car. The price is before tax, in minor units; both days belong to the term."""

    id: UUID
    vehicle_id: UUID
    vehicle: str
    shop: str
    name: str
    package_type: str
    start_date: date
    end_date: date
    price: int
    currency: str
    status: str
    """upcoming, active, renewal_due, renewed, lapsed, cancelled."""
    is_active: bool
    is_paid: bool
    renewal_reminder_sent: bool
    cancelled_at: datetime | None
    covered: list[CoveredOut]


@get("/customers/service-packages", opt=needs("read:own_vehicles"))
async def service_packages(
    request: Request[Any, Any, Any], vehicle_id: FromQuery[UUID | None] = None
) -> list[PackageOut]:
    """The packages of one's own cars; for a shop's front desk also what the shop has sold. At most 200, the last to end
    first."""
    async with begin(request) as (db, me):
        vehicles = None if vehicle_id is None else [vehicle_id]
        return [_out(one) for one in await stand(db, await finding.visible(db, me, vehicles=vehicles))]


def _out(one: Standing) -> PackageOut:
    package = one.package
    return PackageOut(
        id=package.id,
        vehicle_id=package.vehicle_id,
        vehicle=one.vehicle.name if one.vehicle else "",
        shop=one.center.name,
        name=package.name,
        package_type=package.package_type,
        start_date=package.starts_on,
        end_date=package.ends_on,
        price=package.price_minor,
        currency=package.currency,
        status=one.state,
        is_active=one.is_active,
        is_paid=one.is_paid,
        renewal_reminder_sent=package.renewal_reminder_sent,
        cancelled_at=package.cancelled_at,
        covered=[CoveredOut(row.title, row.uses, row.used, row.planned, row.left) for row in one.rows],
    )


router = Router("/", route_handlers=[service_packages], tags=["packages"])
