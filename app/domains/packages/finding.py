"""Packages found again: by who may see them, by their car, and under a lock."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.viewer import Viewer
from app.domains.packages.models import ServicePackage


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """What a shop's front desk has sold, and a driver's own."""
    mine = ServicePackage.user_id == me.user_id if me.user_id else false()
    if me.tenant_id and me.can("read:customers"):
        return or_(ServicePackage.tenant_id == me.tenant_id, mine)
    return mine


async def visible(
    db: AsyncSession, me: Viewer, *, vehicles: Collection[UUID] | None = None, customer: UUID | None = None
) -> Sequence[ServicePackage]:
    """The packages the viewer may see, of these rows of cars or this customer, the last to end first."""
    query = select(ServicePackage).where(visible_to(me))
    if vehicles is not None:
        query = query.where(ServicePackage.vehicle_id.in_(vehicles))
    if customer is not None:
        query = query.where(ServicePackage.customer_id == customer)
    found = await db.scalars(query.order_by(ServicePackage.ends_on.desc(), ServicePackage.id).limit(200))
    return found.all()


async def find(db: AsyncSession, me: Viewer, package_id: UUID) -> ServicePackage:
    """A package the viewer's shop has sold. Raises NotFound."""
    package = await db.scalar(
        select(ServicePackage).where(
            ServicePackage.id == package_id, ServicePackage.tenant_id == me.tenant_id
        )
    )
    if package is None:
        raise NotFound
    return package


async def of_cars(db: AsyncSession, tenant_id: UUID, vehicles: Collection[UUID]) -> Sequence[ServicePackage]:
    """What was sold for these rows of cars, the last to end first."""
    found = await db.scalars(
        select(ServicePackage)
        .where(ServicePackage.tenant_id == tenant_id, ServicePackage.vehicle_id.in_(vehicles))
        .order_by(ServicePackage.ends_on.desc(), ServicePackage.id)
    )
    return found.all()


async def hold(db: AsyncSession, package_id: UUID) -> ServicePackage:
    """Lock a package and read it afresh; who needs its order or a job's takes that lock first. Raises NotFound."""
    package = await db.scalar(
        select(ServicePackage)
        .where(ServicePackage.id == package_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if package is None:
        raise NotFound
    return package
