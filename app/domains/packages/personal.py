"""What of packages is in their driver's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import AtShop, Declared, Emptied, Records
from app.core.words import _
from app.domains.network.models import ServiceCenter
from app.domains.packages.models import PackageUse, ServicePackage


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "packages", _("The service packages of your cars."), ("service_packages",),
            {
                "id": (ServicePackage.id, _("its id, as other files name it")),
                "shop": (ServiceCenter.name, _("which workshop")),
                "car_id": (ServicePackage.vehicle_id, _("which car")),
                "visit_id": (ServicePackage.order_id, _("the order its price stands on")),
                "name": (ServicePackage.name, _("what it is called")),
                "type": (ServicePackage.package_type, _("what kind it is")),
                "first_day": (ServicePackage.starts_on, _("its first day")),
                "last_day": (ServicePackage.ends_on, _("its last day")),
                "price": (ServicePackage.price_minor, _("its price before tax")),
                "currency": (ServicePackage.currency, _("its currency")),
                "covers": (ServicePackage.covers, _("which work it covers, and how often")),
                "reminded": (ServicePackage.renewal_reminder_sent, _("whether you were told that it runs out")),
                "cancelled_at": (ServicePackage.cancelled_at, _("when it was cancelled")),
                "sold_at": (ServicePackage.created_at, _("when it was sold")),
            },
            lambda rows: rows.select_from(ServicePackage)
            .join(ServiceCenter, ServiceCenter.id == ServicePackage.center_id)
            .where(ServicePackage.user_id == person)
            .order_by(ServicePackage.created_at),
        ),
        Records(
            "package_uses", _("The work your service packages covered."), ("package_uses",),
            {
                "package_id": (PackageUse.package_id, _("which package")),
                "job_id": (PackageUse.job_id, _("which work")),
                "worth": (PackageUse.worth_minor, _("what it would have cost before tax")),
                "done_at": (PackageUse.done_at, _("when it was done")),
            },
            lambda rows: rows.select_from(PackageUse)
            .join(ServicePackage, ServicePackage.id == PackageUse.package_id)
            .where(ServicePackage.user_id == person)
            .order_by(PackageUse.created_at),
        ),
    ]  # fmt: skip


async def join(db: AsyncSession, who: AtShop) -> None:
    await db.execute(
        update(ServicePackage)
        .where(ServicePackage.tenant_id == who.tenant_id, ServicePackage.customer_id == who.customer_id)
        .values(user_id=who.user_id)
    )


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """Why one was cancelled. What was sold and used stays with the invoices."""
    emptied = await db.scalars(
        update(ServicePackage)
        .where(ServicePackage.tenant_id == who.tenant_id, ServicePackage.customer_id == who.customer_id)
        .values(cancel_reason="")
        .returning(ServicePackage.id)
    )
    return {"service_packages": emptied.all()}


DECLARED = Declared(records, join=join, leave=leave)
