"""Some days before a service package ends, its customer is told: once for each end of a package, on the clock of the shop
that sold it, and not when the next one is sold or this one cancelled."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules, render
from app.core.db import transaction
from app.core.events import Heard, record
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains import packages
from app.domains.customers.models import Customer
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.network.premises import is_public
from app.domains.network.setting_values import rules_of
from app.domains.notifications import recipients
from app.domains.notifications.events import PackageRunsOut
from app.domains.notifications.mail_table import EndingPackage
from app.domains.notifications.reminding import hour_before
from app.domains.notifications.telling import Line, list_for, write_to_customer
from app.domains.packages.models import ServicePackage

A_DAY = timedelta(days=1)


@cron("25 * * * *")
async def remind_of_packages() -> None:
    """Find the packages that end soon, shop by shop."""
    async with transaction() as db:
        shops = list(await db.scalars(select(Tenant.id).where(Tenant.is_active)))
    await for_each(shops, _remind_customers_of)


async def _remind_customers_of(tenant: UUID) -> None:
    async with transaction(tenant=tenant) as db:
        days = (await rules_of(db, tenant)).number("reminders.package_days")
        if not days or not await modules.is_on(db, tenant, "reminders"):
            return
        # A day more at both ends, for it is another day elsewhere; each center's own clock is looked at one by one.
        today = clock.now().date()
        found = await db.scalars(
            select(ServicePackage.id)
            .where(
                ServicePackage.tenant_id == tenant,
                ServicePackage.ends_on.between(today - A_DAY, today + (days + 1) * A_DAY),
                ServicePackage.renewal_reminder_sent.is_(False),
                ServicePackage.cancelled_at.is_(None),
            )
            .order_by(ServicePackage.ends_on, ServicePackage.id)
        )
        ending = found.all()
    await for_each(ending, lambda one: remind_of_package(one, tenant=tenant))


async def remind_of_package(package_id: UUID, *, tenant: UUID) -> bool:
    """Record that a package runs out, if it is time and was not said; True when this call did it. The mark and the event
    stand in one transaction: a worker that dies leaves both or neither."""
    async with transaction(tenant=tenant) as db:
        # Two workers at once: the second finds the row locked, or the mark set.
        package = await db.scalar(
            select(ServicePackage)
            .where(
                ServicePackage.tenant_id == tenant,
                ServicePackage.id == package_id,
                ServicePackage.renewal_reminder_sent.is_(False),
                ServicePackage.cancelled_at.is_(None),
            )
            .with_for_update(skip_locked=True)
        )
        if package is None:
            return False
        center = await db.get_one(ServiceCenter, package.center_id)
        rules, now = await rules_of(db, tenant), clock.now()
        days, hour = rules.number("reminders.package_days"), rules.number("reminders.hour")
        # Of a package of a month or less the customer has only just heard: nobody is told on the day it was sold.
        is_early = now.astimezone(ZoneInfo(center.zone)).hour < hour or now - package.created_at < A_DAY
        if is_early or now < hour_before(package.ends_on, center.zone, days=days, hour=hour):
            return False
        if package.ends_on < clock.today(center.zone) or not await _is_to_be_told(db, package):
            return False
        package.renewal_reminder_sent = True
        event = PackageRunsOut(package_id=package.id, name=package.name, ends_on=package.ends_on)
        await record(db, event, by=Viewer.system(tenant), person=package.user_id, subject=package.id)
        return True


async def _is_to_be_told(db: AsyncSession, package: ServicePackage) -> bool:
    customer = await db.get(Customer, package.customer_id)
    is_leaving = customer is None or customer.erase_asked_at is not None
    return not is_leaving and not await packages.is_renewed(db, package)


async def tell_package_runs_out(db: AsyncSession, heard: Heard[PackageRunsOut]) -> None:
    """Reaction: the customer is told, unless it was renewed or cancelled meanwhile."""
    package = await db.get(ServicePackage, heard.event.package_id)
    if package is None or package.cancelled_at is not None or not await _is_to_be_told(db, package):
        return
    place = await recipients.place(db, package.center_id)
    to = await recipients.customer(db, package.customer_id, tenant_id=place.tenant_id)
    if to is None:
        return
    [standing] = await packages.stand(db, [package])
    car = standing.vehicle.name if standing.vehicle else ""
    book = ""
    if await is_public(db, place.center):
        slug = place.center.slug
        book = f"/book/{slug}?vehicle={package.vehicle_id}" if to.user_id else f"/shops/{slug}"
    with speaking(to.locale):
        about = EndingPackage(
            package=package.name,
            car=car,
            ends_on=package.ends_on,
            unused=[f"{row.left} × {row.title}" for row in standing.rows if row.left > 0],
            url=book,
        )
        title = _("%(package)s ends on %(day)s", package=package.name, day=render.day(package.ends_on))
        message = _("%(center)s: your %(car)s.", center=place.center.name, car=car or _("car"))
    if to.user_id:
        line = Line("maintenance", title, message, f"/garage/{package.vehicle_id}#packages", package.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    await write_to_customer(db, heard, to, "package_renewal", about, place=place)
