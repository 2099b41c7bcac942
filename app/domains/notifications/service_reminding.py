"""Some days before a car's next service is due, the shop that worked on it last reminds its driver: once for each day it
is due on, and not while a visit is planned there."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules, render
from app.core.db import act_as, transaction
from app.core.events import Heard, record
from app.core.queue import cron, for_each
from app.core.viewer import Viewer
from app.core.words import _, speaking
from app.domains import garage
from app.domains.booking.models import Appointment
from app.domains.customers import bringers_of
from app.domains.customers.models import Customer
from app.domains.garage.models import Ownership, Vehicle
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.network.premises import is_public
from app.domains.network.setting_values import rules_of
from app.domains.notifications import recipients
from app.domains.notifications.events import ServiceFallsDue
from app.domains.notifications.mail_table import NextService
from app.domains.notifications.reminding import hour_before
from app.domains.notifications.telling import Line, list_for, write_to_customer
from app.domains.workshop.models import COUNTER, Job, RepairOrder

A_DAY = timedelta(days=1)


@cron("5 * * * *")
async def remind_of_services() -> None:
    """Find the cars whose service is near, shop by shop."""
    async with transaction() as db:
        shops = list(await db.scalars(select(Tenant.id).where(Tenant.is_active)))
    await for_each(shops, _remind_customers_of)


async def _remind_customers_of(tenant: UUID) -> None:
    async with transaction(tenant=tenant) as db:
        days = (await rules_of(db, tenant)).number("reminders.service_days")
        if not days or not await modules.is_on(db, tenant, "reminders"):
            return
        # A day more at both ends, for it is another day elsewhere; each center's own clock is looked at one by one.
        today = clock.now().date()
        found = await db.scalars(
            select(Vehicle.id)
            .where(
                Vehicle.next_maintenance_due.between(today - A_DAY, today + (days + 1) * A_DAY),
                _is_untold(),
                garage.visible_to(Viewer.system(tenant)),
                exists().where(RepairOrder.vehicle_id == Vehicle.id, RepairOrder.tenant_id == tenant),
            )
            .order_by(Vehicle.next_maintenance_due, Vehicle.id)
        )
        cars = found.all()
    await for_each(cars, lambda one: remind_of_service(one, tenant=tenant))


def _is_untold() -> ColumnElement[bool]:
    return Vehicle.reminded_of.is_distinct_from(Vehicle.next_maintenance_due)


async def remind_of_service(vehicle_id: UUID, *, tenant: UUID) -> bool:
    """Record that a car's service falls due, if it does, if this shop is the one to say so, and if it was not said; True
    when this call did it. The mark and the event stand in one transaction: a worker that dies leaves both or neither."""
    async with transaction(tenant=tenant) as db:
        # Two workers at once: the second finds the row locked, or the mark set.
        car = await db.scalar(
            select(Vehicle)
            .where(Vehicle.id == vehicle_id, Vehicle.next_maintenance_due.is_not(None), _is_untold())
            .with_for_update(skip_locked=True)
        )
        if car is None or car.next_maintenance_due is None:
            return False
        last = await _last_work_on(db, vehicle_id)
        if last is None or last.tenant_id != tenant:
            return False
        center = await db.get_one(ServiceCenter, last.center_id)
        rules = await rules_of(db, tenant)
        days, hour = rules.number("reminders.service_days"), rules.number("reminders.hour")
        due_on, now = car.next_maintenance_due, clock.now()
        # On a day that was named late, or when a visit was called off at night, the hour counts as well.
        is_early = now.astimezone(ZoneInfo(center.zone)).hour < hour
        if is_early or now < hour_before(due_on, center.zone, days=days, hour=hour):
            return False
        if due_on < clock.today(center.zone) or await _is_expected(db, vehicle_id, center):
            return False
        customer = await _driver_of(db, car, last)
        if customer is None:
            return False
        car.reminded_of = due_on
        await act_as(db, user=customer.user_id, tenant=tenant)
        event = ServiceFallsDue(
            vehicle_id=car.id, center_id=center.id, customer_id=customer.id, due_on=due_on
        )
        await record(db, event, by=Viewer.system(tenant), person=customer.user_id, subject=car.id)
        return True


async def _last_work_on(db: AsyncSession, vehicle_id: UUID) -> RepairOrder | None:
    """The last order with work done on a car, of whichever shop: only that shop speaks of its next service."""
    done = exists().where(
        Job.tenant_id == RepairOrder.tenant_id, Job.order_id == RepairOrder.id, Job.status == "completed",
        Job.department != COUNTER,
    )  # fmt: skip
    network = text("SELECT set_config('app.network', :mode, true)")
    await db.execute(network, {"mode": "on"})
    last = await db.scalar(
        select(RepairOrder)
        .where(
            RepairOrder.vehicle_id == vehicle_id,
            or_(RepairOrder.stage == "delivered", RepairOrder.status == "closed"),
            done,
        )
        .order_by(RepairOrder.received_at.desc())
        .limit(1)
    )
    await db.execute(network, {"mode": ""})
    return last


async def _is_expected(db: AsyncSession, vehicle_id: UUID, center: ServiceCenter) -> bool:
    """Whether a visit of the car is planned at the center's business from today on, or it is there now."""
    cars = await garage.rows_of_car(db, vehicle_id, center.tenant_id)
    today = datetime.combine(clock.today(center.zone), time(), ZoneInfo(center.zone))
    planned = exists().where(
        Appointment.tenant_id == center.tenant_id,
        Appointment.vehicle_id.in_(cars),
        or_(
            and_(Appointment.status.in_(("pending", "confirmed")), Appointment.starts_at >= today),
            Appointment.status.in_(("arrived", "in_progress")),
        ),
    )
    here = exists().where(
        RepairOrder.tenant_id == center.tenant_id,
        RepairOrder.vehicle_id.in_(cars),
        RepairOrder.status.in_(("repair_order", "invoiced")),
        RepairOrder.stage != "delivered",
    )
    return bool(await db.scalar(select(or_(planned, here))))


async def _driver_of(db: AsyncSession, car: Vehicle, last: RepairOrder) -> Customer | None:
    """Whose car it is: of the customers who bring it the one in whose garage it stands, first of all who brought it last.
    Without an account that one is believed to have it still; somebody who has put it away, or sold it, is not told."""
    brought = await bringers_of(db, car, tenant_id=last.tenant_id)
    brought = [one for one in brought if one.erase_asked_at is None]
    for one in sorted(brought, key=lambda customer: customer.id != last.customer_id):
        if one.user_id is not None:
            await act_as(db, user=one.user_id, tenant=last.tenant_id)
            if await _stands_in_garage(db, car.id, one.user_id):
                return one
    return next((one for one in brought if one.id == last.customer_id and one.user_id is None), None)


async def _stands_in_garage(db: AsyncSession, vehicle_id: UUID, user_id: UUID) -> bool:
    owned = select(func.count()).where(
        Ownership.vehicle_id == vehicle_id,
        Ownership.user_id == user_id,
        Ownership.until.is_(None),
        Ownership.archived_at.is_(None),
    )
    return bool(await db.scalar(owned))


async def tell_service_due(db: AsyncSession, heard: Heard[ServiceFallsDue]) -> None:
    """Reaction: the driver is told, unless the day was changed or a visit booked meanwhile."""
    event = heard.event
    place = await recipients.place(db, event.center_id)
    car = await db.scalar(select(Vehicle).where(Vehicle.id == event.vehicle_id))
    if (
        car is None
        or car.next_maintenance_due != event.due_on
        or await _is_expected(db, car.id, place.center)
    ):
        return
    to = await recipients.customer(db, event.customer_id, tenant_id=place.tenant_id)
    if to is None:
        return
    book = ""
    if await is_public(db, place.center):
        slug = place.center.slug
        book = f"/book/{slug}?vehicle={car.id}" if to.user_id else f"/shops/{slug}"
    with speaking(to.locale):
        far = car.next_maintenance_km
        service = NextService(
            due_on=event.due_on,
            car=car.name,
            mileage="" if far is None else render.distance(far, car.odometer_unit),
            last_on=car.last_maintenance_date,
            url=book,
        )
        title = _("Service due on %(day)s", day=render.day(event.due_on))
        message = _("%(center)s: your %(car)s.", center=place.center.name, car=car.name)
    if to.user_id:
        line = Line("maintenance", title, message, book or f"/garage/{car.id}", car.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    await write_to_customer(db, heard, to, "maintenance_reminder", service, place=place)
