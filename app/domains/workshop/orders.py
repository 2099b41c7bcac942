"""Repair orders: opened at check-in, found only by those who may see them, planned, photographed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import take_turn
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import customers, garage
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import Bay, ServiceCenter, StaffProfile
from app.domains.workshop.check_in import Intake
from app.domains.workshop.events import JobAssigned, OfOrder, OrderArrived, OrderOpened, OrderPlanned
from app.domains.workshop.history import last_change
from app.domains.workshop.models import Job, OrderNumber, RepairOrder
from app.domains.workshop.moves import document_word, move_document
from app.domains.workshop.suggesting import suggest

FIRST_NUMBER = 1001


class InShopAlready(Refused):
    """The car stands in the shop: its visit goes on with the order that is open."""

    def __init__(self, order: RepairOrder) -> None:
        super().__init__(
            _("This car is in the shop already: %(order)s.", order=order.label),
            data={"number": order.number},
        )
        self.label = order.label


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """The orders a viewer may know of: the shop's for its front desk, the center's for its technicians,
    a driver's own."""
    mine = RepairOrder.user_id == me.user_id if me.user_id else false()
    if me.kind == "system" and me.tenant_id:
        return RepairOrder.tenant_id == me.tenant_id
    if me.tenant_id and me.can("read:all_appointments"):
        return or_(RepairOrder.tenant_id == me.tenant_id, mine)
    if me.tenant_id and me.can("update:service_progress"):
        here = and_(RepairOrder.tenant_id == me.tenant_id, RepairOrder.center_id == me.center_id)
        return or_(here, mine)
    return mine


async def find(db: AsyncSession, me: Viewer, number: int) -> RepairOrder:
    """The shop's repair order of that number. Raises NotFound."""
    order = await db.scalar(
        select(RepairOrder).where(
            visible_to(me), RepairOrder.tenant_id == me.tenant_id, RepairOrder.number == number
        )
    )
    if order is None:
        raise NotFound
    return order


async def find_by_id(db: AsyncSession, me: Viewer, order_id: UUID) -> RepairOrder:
    """A repair order the viewer may see: staff of its shop, or the driver. Raises NotFound."""
    order = await db.scalar(select(RepairOrder).where(visible_to(me), RepairOrder.id == order_id))
    if order is None:
        raise NotFound
    return order


async def for_vehicle(
    db: AsyncSession, me: Viewer, vehicle_id: UUID, *, limit: int = 50
) -> Sequence[RepairOrder]:
    """The visits of a car that the viewer may see, newest first."""
    rows = await garage.rows_of_car(db, vehicle_id, me.tenant_id, me.user_id)
    found = await db.scalars(
        select(RepairOrder)
        .where(visible_to(me), RepairOrder.vehicle_id.in_(rows))
        .order_by(RepairOrder.received_at.desc())
        .limit(limit)
    )
    return found.all()


async def of_customer(
    db: AsyncSession, me: Viewer, customer: Customer, *, limit: int = 30
) -> Sequence[tuple[RepairOrder, Vehicle]]:
    """A customer's visits that the viewer may see, newest first, each with its car."""
    rows = await db.execute(
        select(RepairOrder, Vehicle)
        .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
        .where(
            visible_to(me),
            RepairOrder.tenant_id == customer.tenant_id,
            RepairOrder.customer_id == customer.id,
        )
        .order_by(RepairOrder.received_at.desc())
        .limit(limit)
    )
    return [(order, vehicle) for order, vehicle in rows]


async def hold(db: AsyncSession, order_id: UUID, *, version: int | None = None) -> RepairOrder:
    """Lock a repair order for the rest of the transaction and read it afresh.

    Whoever changes an order or anything on it takes this lock first, so that nobody waits in a circle.
    With `version`, raises Refused (409) when the order has changed since that version was shown.
    """
    order = await db.scalar(
        select(RepairOrder)
        .where(RepairOrder.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFound
    if version is not None and order.version != version:
        raise Refused(
            await last_change(db, order),
            data={"version": order.version, "stage": order.stage},
            audit="order.stale",
        )
    return order


async def hold_open(db: AsyncSession, order_id: UUID, *, version: int | None = None) -> RepairOrder:
    """`hold`, for a change to the work: refused once the order is invoiced, closed, archived or void."""
    order = await hold(db, order_id, version=version)
    if not order.is_open:
        raise Refused(
            _(
                "%(order)s is in the state “%(status)s”; its work can no longer be changed.",
                order=order.label,
                status=document_word(order.status),
            ),
            audit="order.not_open",
        )
    return order


async def tell(db: AsyncSession, order: RepairOrder, event: OfOrder, *, by: Viewer) -> None:
    """Record an event on the order's timeline."""
    await record(db, event, by=by, tenant=order.tenant_id, person=order.user_id, subject=order.id)


def of(order: RepairOrder) -> dict[str, Any]:
    """What every event of an order says."""
    return {"order_id": order.id, "center_id": order.center_id, "number": order.number}


def of_job(order: RepairOrder, job: Job) -> dict[str, Any]:
    """What every event of a job says: a job nobody has yet concerns the order's technician."""
    technician_id = job.technician_id or order.technician_id
    return {**of(order), "job_id": job.id, "title": job.title, "technician_id": technician_id}


async def open_order(
    db: AsyncSession,
    *,
    center: ServiceCenter,
    customer: Customer,
    vehicle_id: UUID,
    intake: Intake,
    by: Viewer,
    technician_id: UUID | None = None,
    bay_id: UUID | None = None,
    promise_at: datetime | None = None,
    status: str = "repair_order",
) -> RepairOrder:
    """Open a repair order for a car that has arrived (or, as `status="estimate"`, for a price asked)."""
    await _belongs_here(db, center.id, {"technician_id": technician_id, "bay_id": bay_id})
    order = RepairOrder(
        tenant_id=center.tenant_id,
        center_id=center.id,
        number=await _next_number(db, center.tenant_id),
        customer_id=customer.id,
        user_id=await customers.account_of(db, customer),
        vehicle_id=vehicle_id,
        status=status,
        advisor_id=by.user_id,
        technician_id=technician_id,
        bay_id=bay_id,
        promise_at=promise_at,
        priority=1 if intake.is_waiter else 0,
        is_waiter=intake.is_waiter,
        concern=intake.concern,
        warning_lights=list(intake.warning_lights),
        mileage_in_km=intake.mileage_km,
        charge_in_percent=intake.charge_percent,
        key_tag=intake.key_tag,
        signed_name=intake.signed_name,
        signature=intake.signature,
    )
    db.add(order)
    await db.flush()
    await tell(
        db,
        order,
        OrderOpened(
            **of(order),
            customer_id=customer.id,
            vehicle_id=vehicle_id,
            technician_id=technician_id,
            price_only=status == "estimate",
        ),
        by=by,
    )
    await suggest(db, order, by=by)
    return order


async def take_in(
    db: AsyncSession,
    order: RepairOrder,
    *,
    intake: Intake,
    by: Viewer,
    technician_id: UUID | None = None,
    bay_id: UUID | None = None,
    promise_at: datetime | None = None,
) -> RepairOrder:
    """estimate → repair_order: the car whose price was asked is here. What was approved may be started now."""
    await _belongs_here(db, order.center_id, {"technician_id": technician_id, "bay_id": bay_id})
    order = await hold(db, order.id)
    move_document(order, "repair_order")
    order.received_at = order.stage_since = clock.now()
    order.technician_id, order.bay_id, order.promise_at = technician_id, bay_id, promise_at
    order.priority, order.is_waiter = int(intake.is_waiter), intake.is_waiter
    order.concern, order.warning_lights = intake.concern, list(intake.warning_lights)
    order.mileage_in_km, order.charge_in_percent = intake.mileage_km, intake.charge_percent
    order.key_tag, order.signed_name, order.signature = intake.key_tag, intake.signed_name, intake.signature
    await tell(db, order, OrderArrived(**of(order), technician_id=technician_id), by=by)
    await suggest(db, order, by=by)
    return order


async def prices_asked(db: AsyncSession, me: Viewer, vehicle_id: UUID) -> Sequence[RepairOrder]:
    """The open estimates of a car that is not here, newest first."""
    found = await db.scalars(
        select(RepairOrder)
        .where(
            visible_to(me),
            RepairOrder.tenant_id == me.tenant_id,
            RepairOrder.center_id == me.center_id,
            RepairOrder.vehicle_id == vehicle_id,
            RepairOrder.status == "estimate",
        )
        .order_by(RepairOrder.number.desc())
    )
    return found.all()


async def open_visits(
    db: AsyncSession, tenant_id: UUID | None, vehicle_ids: Collection[UUID]
) -> dict[UUID, RepairOrder]:
    """The orders of those cars that stand in the shop now, by car, whoever brought it."""
    rows = await garage.rows_of(db, vehicle_ids, tenant_id)
    found = await db.scalars(
        select(RepairOrder)
        .where(
            RepairOrder.tenant_id == tenant_id,
            RepairOrder.vehicle_id.in_(set().union(*rows.values())),
            RepairOrder.status == "repair_order",
            RepairOrder.stage != "delivered",
        )
        .order_by(RepairOrder.number)
    )
    return {car: order for order in found for car, same in rows.items() if order.vehicle_id in same}


async def open_visit(db: AsyncSession, vehicle_id: UUID, tenant_id: UUID | None) -> RepairOrder | None:
    """The order of a car that stands in the shop now."""
    return (await open_visits(db, tenant_id, [vehicle_id])).get(vehicle_id)


async def be_the_only_visit(db: AsyncSession, tenant_id: UUID, vehicle_id: UUID) -> None:
    """Refuse a second repair order for a car that stands in the shop; two check-ins at once take turns."""
    car = min(await garage.rows_of_car(db, vehicle_id, tenant_id))
    await take_turn(db, f"visit:{tenant_id}:{car}")
    known = await open_visit(db, vehicle_id, tenant_id)
    if known is not None:
        raise InShopAlready(known)


async def _next_number(db: AsyncSession, tenant_id: UUID) -> int:
    # The counter's row is locked until the commit: no two orders get one number.
    counter = insert(OrderNumber).values(tenant_id=tenant_id, last=FIRST_NUMBER)
    number: int | None = await db.scalar(
        counter.on_conflict_do_update(
            index_elements=[OrderNumber.tenant_id], set_={"last": OrderNumber.last + 1}
        ).returning(OrderNumber.last)
    )
    assert number is not None
    return number


async def plan(
    db: AsyncSession,
    order: RepairOrder,
    *,
    by: Viewer,
    version: int | None = None,
    **wanted: Any,
) -> RepairOrder:
    """Change what is planned: promise_at, bay_id, technician_id, priority, key_tag, concern."""
    order = await hold(db, order.id, version=version)
    await _belongs_here(db, order.center_id, wanted)
    changed = [name for name, value in wanted.items() if getattr(order, name) != value]
    if not changed:
        return order
    previous = order.technician_id
    for name in changed:
        setattr(order, name, wanted[name])
    if "priority" in changed:
        order.is_waiter = order.is_waiter and order.priority > 0
    order.version += 1
    await tell(
        db,
        order,
        OrderPlanned(
            **of(order),
            changed=changed,
            technician_id=order.technician_id,
            previous_technician_id=previous if previous != order.technician_id else None,
        ),
        by=by,
    )
    if "technician_id" in changed and order.technician_id is not None and previous is not None:
        await _hand_over(db, order, previous, by=by)
    return order


async def _hand_over(db: AsyncSession, order: RepairOrder, previous: UUID, *, by: Viewer) -> None:
    """What the technician before has not begun goes along with the order."""
    for job in await db.scalars(
        select(Job)
        .where(
            Job.tenant_id == order.tenant_id,
            Job.order_id == order.id,
            Job.technician_id == previous,
            Job.status.in_(("proposed", "presented", "authorized", "pending")),
        )
        .order_by(Job.position, Job.id)
        .execution_options(populate_existing=True)
    ):
        job.technician_id = order.technician_id
        job.version += 1
        await tell(db, order, JobAssigned(**of_job(order, job), previous_technician_id=previous), by=by)


async def _belongs_here(db: AsyncSession, center_id: UUID, wanted: dict[str, Any]) -> None:
    bay = await db.get(Bay, wanted["bay_id"]) if wanted.get("bay_id") else None
    if wanted.get("bay_id") and (bay is None or bay.center_id != center_id):
        raise NotFound
    person = await db.get(StaffProfile, wanted["technician_id"]) if wanted.get("technician_id") else None
    if wanted.get("technician_id") and (
        person is None or person.center_id != center_id or not person.is_technician
    ):
        raise NotFound
