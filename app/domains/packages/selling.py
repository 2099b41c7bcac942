"""A package is sold for a car, goes on with the next one, or is cancelled."""

import calendar
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import take_turn
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.render import day
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import customers, garage, workshop
from app.domains.customers.models import Customer
from app.domains.garage import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.packages.covering import cover_what_fits
from app.domains.packages.events import PackageCancelled, PackageSold
from app.domains.packages.finding import hold, of_cars
from app.domains.packages.models import PackagePlan, PackageUse, ServicePackage
from app.domains.workshop.models import Job, RepairOrder

A_DAY = timedelta(days=1)
FARTHEST = timedelta(days=366)


def last_day(first: date, months: int) -> date:
    """The last of so many months: from March 5 a year ends on March 4. Where the month is too short for the day, it ends
    with that month: from January 31 a month ends on the last of February."""
    year, month = divmod(first.month - 1 + months, 12)
    year, month = first.year + year, month + 1
    longest = calendar.monthrange(year, month)[1]
    return date(year, month, longest) if first.day > longest else date(year, month, first.day) - A_DAY


async def sell(
    db: AsyncSession,
    customer: Customer,
    vehicle: Vehicle,
    plan: PackagePlan,
    *,
    starts_on: date,
    by: Viewer,
) -> tuple[ServicePackage, RepairOrder]:
    """Sell a package for a customer's car. Its price stands on the order of the present visit, or, without one, on an
    order of its own. Raises Invalid for a day that does not do; Refused for a package that is no longer sold."""
    center = await db.get(ServiceCenter, by.center_id) if by.center_id else None
    if center is None or vehicle.id not in {car.id for car in await customers.cars_of(db, customer)}:
        raise NotFound
    if not plan.is_active:
        raise Refused(_("%(package)s is no longer sold.", package=plan.name))
    if plan.currency != center.currency:
        raise Refused(_("%(package)s has its price in another currency.", package=plan.name))
    cars = await garage.rows_of_car(db, vehicle.id, center.tenant_id)
    # Two sales at once take turns: the second one finds the first.
    await take_turn(db, f"packages:{center.tenant_id}:{min(cars)}")
    ends_on = last_day(starts_on, plan.months)
    _check_days(starts_on, ends_on, plan, await of_cars(db, center.tenant_id, cars), clock.today(center.zone))
    order = await _order_for(db, center, customer, vehicle, plan, by)
    job = await workshop.sell_over_counter(
        db,
        order,
        title=plan.name,
        line=workshop.NewLine(
            kind="fee",
            description=_(
                "%(package)s, %(first)s to %(last)s",
                package=plan.name,
                first=day(starts_on),
                last=day(ends_on),
            ),
            unit_price_minor=plan.price_minor,
        ),
        by=by,
    )
    package = ServicePackage(
        tenant_id=center.tenant_id,
        center_id=center.id,
        customer_id=customer.id,
        user_id=order.user_id,
        vehicle_id=vehicle.id,
        plan_id=plan.id,
        order_id=order.id,
        job_id=job.id,
        name=plan.name,
        package_type=plan.package_type,
        starts_on=starts_on,
        ends_on=ends_on,
        price_minor=plan.price_minor,
        currency=plan.currency,
        covers=plan.covers,
    )
    db.add(package)
    await db.flush()
    sold = PackageSold(
        package_id=package.id, name=package.name, vehicle_id=vehicle.id, order_id=order.id, starts_on=starts_on,
        ends_on=ends_on, price_minor=package.price_minor, currency=package.currency,
    )  # fmt: skip
    await record(db, sold, by=by, tenant=package.tenant_id, person=package.user_id, subject=package.id)
    await cover_what_fits(db, order, by=by)
    return package, order


def _check_days(
    starts_on: date, ends_on: date, plan: PackagePlan, known: Sequence[ServicePackage], today: date
) -> None:
    if not today <= starts_on <= today + FARTHEST:
        raise Invalid({"starts_on": _("The first day is today at the earliest, and within a year.")})
    for one in known:
        overlaps = starts_on <= one.ends_on and one.starts_on <= ends_on
        if overlaps and one.cancelled_at is None and one.package_type == plan.package_type:
            raise Invalid(
                {
                    "starts_on": _(
                        "This car has %(package)s from %(first)s to %(last)s. The next one of its kind may begin on "
                        "%(next)s.",
                        package=one.name,
                        first=day(one.starts_on),
                        last=day(one.ends_on),
                        next=day(one.ends_on + A_DAY),
                    )
                }
            )


async def _order_for(
    db: AsyncSession,
    center: ServiceCenter,
    customer: Customer,
    vehicle: Vehicle,
    plan: PackagePlan,
    by: Viewer,
) -> RepairOrder:
    visit = await workshop.open_visit(db, vehicle.id, center.tenant_id)
    if visit is not None and visit.customer_id == customer.id and visit.center_id == center.id:
        return await workshop.hold_open(db, visit.id)
    concern = _("%(package)s, sold without a visit", package=plan.name)
    order = await workshop.open_order(
        db,
        center=center,
        customer=customer,
        vehicle_id=vehicle.id,
        intake=workshop.Intake(concern=concern),
        by=by,
    )
    # The car is not here: nobody looks for it in the yard, and its next visit finds the place free.
    await workshop.enter_stage(db, order, "delivered", by=by)
    return order


async def cancel(db: AsyncSession, package: ServicePackage, *, reason: str, by: Viewer) -> ServicePackage:
    """It covers nothing from now on. Its price goes off an order that is not billed yet; what was billed is credited or
    given back on the invoice, like any other money. Raises Invalid, Refused."""
    if not reason.strip():
        raise Invalid({"reason": _("Say why the package is cancelled.")})
    order = await workshop.hold(db, package.order_id)
    package = await hold(db, package.id)
    if package.cancelled_at is not None:
        raise Refused(_("%(package)s is cancelled already.", package=package.name))
    under_way = await db.scalar(
        select(Job.title)
        .join(PackageUse, (PackageUse.tenant_id == Job.tenant_id) & (PackageUse.job_id == Job.id))
        .where(PackageUse.package_id == package.id, PackageUse.done_at.is_(None))
        .limit(1)
    )
    if under_way is not None:
        raise Refused(
            _(
                "“%(job)s” is covered by it and not done yet. Finish it, or let the customer pay for it.",
                job=under_way,
            )
        )
    package.cancelled_at, package.cancel_reason = clock.now(), reason.strip()
    if order.is_open and package.job_id is not None:
        job = await db.get_one(Job, package.job_id)
        package.job_id = None
        await db.flush()
        await workshop.take_off_counter(db, job, by=by)
        if order.stage == "delivered" and not await workshop.jobs_of(db, order):
            # It was opened for the sale alone: an order nobody can bill would stay open for ever.
            await workshop.void(db, order, by=by, reason=_("%(package)s was cancelled", package=package.name))
    event = PackageCancelled(package_id=package.id, name=package.name, reason=package.cancel_reason)
    await record(db, event, by=by, tenant=package.tenant_id, person=package.user_id, subject=package.id)
    return package
