"""Finding and listing appointments. Queries start from the viewer: a driver's own, or a center's."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import NotFound
from app.core.viewer import Viewer
from app.domains import garage, workshop
from app.domains.booking.models import Appointment, BookedService
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import Bay, ServiceCenter, StaffProfile
from app.domains.workshop.models import RepairOrder

EARLIEST = timedelta(days=3)
"""How long before its time a car can be checked in."""
PLANNED = ("pending", "confirmed", "arrived", "in_progress", "completed", "no_show")


class Visit(msgspec.Struct, frozen=True):
    """An appointment with what a page about it shows."""

    appointment: Appointment
    center: ServiceCenter
    vehicle: Vehicle | None
    services: Sequence[BookedService]

    @property
    def began(self) -> datetime:
        return self.appointment.starts_at

    @property
    def minutes(self) -> int:
        return sum(int(one.duration_minutes * one.quantity) for one in self.services)

    @property
    def total_minor(self) -> int:
        return sum(int(one.price_minor * one.quantity) for one in self.services)

    @property
    def title(self) -> str:
        return ", ".join(one.name for one in self.services)


class WalkIn(msgspec.Struct, frozen=True):
    """A visit nobody booked: the shop wrote it down when the car came."""

    order: RepairOrder
    center: ServiceCenter
    vehicle: Vehicle

    @property
    def began(self) -> datetime:
        return self.order.received_at


class OwnVisits(msgspec.Struct, frozen=True):
    """A driver's visits by how they stand."""

    coming: Sequence[Visit]
    """Booked and still to come, or with the car in the shop, the next one first."""
    inside: Sequence[WalkIn]
    """Cars in the shop that nobody booked."""
    past: Sequence[Visit | WalkIn]
    """The last one first."""


class Entry(msgspec.Struct, frozen=True):
    """A line of the desk's day."""

    visit: Visit
    customer: Customer
    bay: Bay | None
    technician: StaffProfile | None
    order: RepairOrder | None
    """The order it became, or the one that is open on the car: no second one is opened beside that."""

    def may_arrive(self, now: datetime) -> bool:
        """Whether the car can be checked in for it now."""
        mine = self.visit.appointment
        return self.order is None and mine.status == "confirmed" and mine.starts_at - now <= EARLIEST


async def find(db: AsyncSession, me: Viewer, appointment_id: UUID, *, for_update: bool = False) -> Visit:
    """An appointment the viewer may see; the rest of the transaction may read its shop's tables."""
    query = select(Appointment).where(Appointment.id == appointment_id, _visible_to(me))
    appointment = await db.scalar(query.with_for_update() if for_update else query)
    if appointment is None:
        raise NotFound
    await enter_tenant(db, appointment.tenant_id)
    return (await _with_facts(db, [appointment]))[0]


async def just_booked(db: AsyncSession, appointment: Appointment, center: ServiceCenter) -> Visit:
    """What this transaction has booked at a center, as it is shown; nearly all of it is at hand."""
    services = await db.scalars(
        select(BookedService).where(BookedService.appointment_id == appointment.id).order_by(BookedService.id)
    )
    return Visit(appointment, center, await db.get(Vehicle, appointment.vehicle_id), services.all())


async def of_driver(db: AsyncSession, me: Viewer) -> list[Visit]:
    """The signed-in person's own appointments, newest first; holds that ran out are not shown."""
    found = await db.scalars(
        select(Appointment)
        .where(Appointment.user_id == me.user_id, Appointment.status != "expired")
        .order_by(Appointment.starts_at.desc())
        .limit(100)
    )
    now = clock.now()
    live = [one for one in found if one.status != "held" or (one.held_until and one.held_until > now)]
    return await _with_facts(db, live)


async def walk_ins(db: AsyncSession, me: Viewer) -> list[WalkIn]:
    """The signed-in person's own visits that came of no appointment, newest first."""
    booked = exists().where(Appointment.order_id == RepairOrder.id)
    found = await db.execute(
        select(RepairOrder, ServiceCenter, Vehicle)
        .join(ServiceCenter, ServiceCenter.id == RepairOrder.center_id)
        .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
        .where(
            RepairOrder.user_id == me.user_id,
            RepairOrder.status.in_(("repair_order", "invoiced", "closed")),
            ~booked,
        )
        .order_by(RepairOrder.received_at.desc())
        .limit(100)
    )
    return [WalkIn(order, center, vehicle) for order, center, vehicle in found]


async def own_visits(db: AsyncSession, me: Viewer) -> OwnVisits:
    """The signed-in person's own visits, booked or not, by how they stand now."""
    visits, walked_in, now = await of_driver(db, me), await walk_ins(db, me), clock.now()
    coming = [
        one
        for one in visits
        if one.appointment.is_open and (one.appointment.ends_at > now or one.appointment.order_id)
    ]
    past: list[Visit | WalkIn] = [
        *(one for one in visits if one not in coming),
        *(one for one in walked_in if one.order.stage == "delivered"),
    ]
    return OwnVisits(
        coming=coming[::-1],
        inside=[one for one in walked_in if one.order.stage != "delivered"],
        past=sorted(past, key=lambda one: one.began, reverse=True),
    )


async def of_day(db: AsyncSession, me: Viewer, center: ServiceCenter, day: date) -> list[Entry]:
    """A center's day as the desk sees it, by start."""
    zone = ZoneInfo(center.zone)
    since = datetime.combine(day, time(), zone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    return await _entries(db, center, Appointment.starts_at >= since, Appointment.starts_at < until)


async def requests(db: AsyncSession, center: ServiceCenter) -> list[Entry]:
    """The visits of every day that wait for the shop's word, by start."""
    return await _entries(db, center, Appointment.status == "pending")


async def between(db: AsyncSession, center: ServiceCenter, since: datetime, until: datetime) -> list[Entry]:
    return await _entries(db, center, Appointment.starts_at >= since, Appointment.starts_at < until)


async def expected(db: AsyncSession, center: ServiceCenter, vehicle: Vehicle) -> list[Entry]:
    """What is still to come of a car at this center, the next visit first, whoever brings it."""
    rows = await garage.rows_of_car(db, vehicle.id, center.tenant_id)
    return await _entries(
        db,
        center,
        Appointment.vehicle_id.in_(rows),
        Appointment.status.in_(("pending", "confirmed")),
        Appointment.ends_at > clock.now(),
    )


async def entry(db: AsyncSession, visit: Visit) -> Entry:
    """One line of the desk's day."""
    [found] = await _entries(db, visit.center, Appointment.id == visit.appointment.id, every_status=True)
    return found


async def _entries(
    db: AsyncSession, center: ServiceCenter, *only: ColumnElement[bool], every_status: bool = False
) -> list[Entry]:
    query = (
        select(Appointment, Customer, Bay, StaffProfile)
        .join(Customer, (Customer.tenant_id == center.tenant_id) & (Customer.id == Appointment.customer_id))
        .outerjoin(Bay, (Bay.tenant_id == center.tenant_id) & (Bay.id == Appointment.bay_id))
        .outerjoin(
            StaffProfile,
            (StaffProfile.tenant_id == center.tenant_id) & (StaffProfile.id == Appointment.technician_id),
        )
        .where(Appointment.tenant_id == center.tenant_id, Appointment.center_id == center.id, *only)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    if not every_status:
        query = query.where(Appointment.status.in_(PLANNED))
    rows = (await db.execute(query)).all()
    visits = await _with_facts(db, [row[0] for row in rows])
    orders = await _orders_of(db, center, [row[0] for row in rows])
    return [
        Entry(visit, row[1], row[2], row[3], orders.get(row[0].id))
        for visit, row in zip(visits, rows, strict=True)
    ]


async def _orders_of(
    db: AsyncSession, center: ServiceCenter, visits: Sequence[Appointment]
) -> dict[UUID, RepairOrder]:
    """By appointment: the order it became; for one that is still to come, the open one of its car."""
    ids = [one.order_id for one in visits if one.order_id]
    found = await db.scalars(select(RepairOrder).where(RepairOrder.id.in_(ids)))
    became = {order.id: order for order in found}
    waiting = [one for one in visits if one.status in ("pending", "confirmed")]
    inside = await workshop.open_visits(
        db, center.tenant_id, {one.vehicle_id for one in waiting if one.vehicle_id}
    )
    known = {one.id: inside.get(one.vehicle_id) for one in waiting if one.vehicle_id}
    known |= {one.id: became.get(one.order_id) for one in visits if one.order_id}
    return {key: order for key, order in known.items() if order is not None}


async def _with_facts(db: AsyncSession, appointments: Sequence[Appointment]) -> list[Visit]:
    ids = [one.id for one in appointments]
    if not ids:
        return []
    centers = await db.scalars(
        select(ServiceCenter).where(ServiceCenter.id.in_({one.center_id for one in appointments}))
    )
    vehicles = await db.scalars(
        select(Vehicle).where(Vehicle.id.in_({one.vehicle_id for one in appointments if one.vehicle_id}))
    )
    booked = await db.scalars(
        select(BookedService)
        .where(BookedService.appointment_id.in_(ids))
        .order_by(BookedService.appointment_id, BookedService.id)
    )
    center_of = {one.id: one for one in centers}
    vehicle_of = {one.id: one for one in vehicles}
    services: dict[UUID, list[BookedService]] = {}
    for one in booked:
        services.setdefault(one.appointment_id, []).append(one)
    return [
        Visit(
            one,
            center_of[one.center_id],
            vehicle_of.get(one.vehicle_id) if one.vehicle_id else None,
            services.get(one.id, []),
        )
        for one in appointments
    ]


def _visible_to(me: Viewer) -> ColumnElement[bool]:
    mine = Appointment.user_id == me.user_id
    if me.can("read:all_appointments") and me.center_id is not None:
        return mine | ((Appointment.tenant_id == me.tenant_id) & (Appointment.center_id == me.center_id))
    return mine
