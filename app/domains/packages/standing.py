"""How a package stands: what is left of it, until when, whether it is paid, and whether it goes on."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.domains import garage
from app.domains.billing.models import Invoice
from app.domains.garage.models import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.packages.models import PackageUse, ServicePackage, covers_in

NEAR = timedelta(days=30)
"""So long before its last day a package is to be renewed."""


class Left(msgspec.Struct, frozen=True):
    """A kind of work a package covers."""

    title: str
    uses: int
    used: int
    planned: int
    """Spoken for by work that is not done yet."""

    @property
    def left(self) -> int:
        return self.uses - self.used - self.planned


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A package with all there is to say of it."""

    package: ServicePackage
    center: ServiceCenter
    vehicle: Vehicle | None
    """Its car, if the viewer may see that still."""
    state: str
    """upcoming, active, renewal_due, renewed, lapsed, cancelled."""
    is_active: bool
    is_renewed: bool
    """The next one of its kind is sold."""
    rows: Sequence[Left]
    invoice: Invoice | None
    """What asks for its price, if it is billed."""

    @property
    def is_paid(self) -> bool:
        return self.invoice is not None and self.invoice.status == "paid"

    @property
    def next_day(self) -> date:
        """When the next one may begin."""
        return self.package.ends_on + timedelta(days=1)

    @property
    def may_be_renewed(self) -> bool:
        return self.state in ("active", "renewal_due") and not self.is_renewed


async def stand(db: AsyncSession, packages: Sequence[ServicePackage]) -> list[Standing]:
    """How each of these packages stands, in the order given."""
    if not packages:
        return []
    counted = await _counted(db, packages)
    invoices = await _invoices(db, packages)
    found = []
    for package in packages:
        center = await db.get_one(ServiceCenter, package.center_id)
        today, renewed = clock.today(center.zone), await is_renewed(db, package)
        found.append(
            Standing(
                package=package,
                center=center,
                vehicle=await db.get(Vehicle, package.vehicle_id),
                state=_state(package, today, renewed),
                is_renewed=renewed,
                is_active=package.covers_on(today),
                rows=[
                    Left(cover.title, cover.uses, *counted.get((package.id, cover.canned_job_id), (0, 0)))
                    for cover in covers_in(package.covers)
                ],
                invoice=invoices.get(package.order_id) if package.job_id else None,
            )
        )
    return found


async def _counted(
    db: AsyncSession, packages: Sequence[ServicePackage]
) -> dict[tuple[UUID, UUID], tuple[int, int]]:
    done = func.count(PackageUse.done_at)
    rows = await db.execute(
        select(PackageUse.package_id, PackageUse.canned_job_id, done, func.count() - done)
        .where(PackageUse.package_id.in_([one.id for one in packages]))
        .group_by(PackageUse.package_id, PackageUse.canned_job_id)
    )
    return {(package, canned): (used, planned) for package, canned, used, planned in rows}


async def _invoices(db: AsyncSession, packages: Sequence[ServicePackage]) -> dict[UUID, Invoice]:
    """The invoice of each package's order, if there is one that counts; else the last that did."""
    rows = await db.scalars(
        select(Invoice)
        .where(Invoice.order_id.in_({one.order_id for one in packages}), Invoice.status != "cancelled")
        .order_by(Invoice.id)
    )
    return {invoice.order_id: invoice for invoice in rows}


async def is_renewed(db: AsyncSession, package: ServicePackage) -> bool:
    """Whether the next one of its kind is sold for the car."""
    cars = await garage.rows_of_car(db, package.vehicle_id, package.tenant_id)
    later = select(ServicePackage.id).where(
        ServicePackage.tenant_id == package.tenant_id,
        ServicePackage.vehicle_id.in_(cars),
        ServicePackage.package_type == package.package_type,
        ServicePackage.starts_on > package.starts_on,
        ServicePackage.cancelled_at.is_(None),
    )
    return bool(await db.scalar(select(later.exists())))


def _state(package: ServicePackage, today: date, renewed: bool) -> str:
    if package.cancelled_at is not None:
        return "cancelled"
    if package.starts_on > today:
        return "upcoming"
    if renewed:
        return "active" if package.ends_on >= today else "renewed"
    if package.ends_on < today:
        return "lapsed"
    return "renewal_due" if package.ends_on - NEAR <= today else "active"
