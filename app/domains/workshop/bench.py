"""The technician's bench: whose turn it is, what may be done, and how long it has taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound
from app.core.viewer import Viewer
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import Bay, ServiceCenter, StaffProfile
from app.domains.workshop import board, checking, clocks, foreseen, work
from app.domains.workshop.models import Job, JobStep, RepairOrder

ON_BENCH = ("in_progress", "pending", "blocked", "qc", "proposed", "presented", "authorized")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the bench shows it, with the car it belongs to."""

    job: Job
    order: RepairOrder
    car: str
    plate: str
    customer: str
    bay: str
    steps: list[JobStep]
    minutes: float
    is_running: bool
    is_paused: bool = False
    """Begun, and nobody's clock runs on it."""
    may_check_own: bool = False
    window: foreseen.Window = foreseen.Window()
    meanwhile: list[foreseen.Meanwhile] = []
    """What else its technician is at when it is to be done."""
    pauses: str = ""
    """The job whose clock stops when this one is started."""
    obstacle: str = ""
    """Why whoever looks cannot start it."""
    may_stop: bool = True
    """Whether whoever looks may block or finish it."""
    on_the_clock: list[str] = []
    """Colleagues whose clocks run on it."""

    @property
    def open_checkpoints(self) -> list[JobStep]:
        """What whoever checks the job has still to pass."""
        return [step for step in self.steps if step.is_checkpoint and step.status != "completed"]

    @property
    def open_steps(self) -> list[JobStep]:
        """What is still to be done before the check."""
        return [step for step in self.steps if not step.is_checkpoint and step.status != "completed"]


class Car(msgspec.Struct, frozen=True, kw_only=True):
    """A car that is the technician's, with no job on it yet: it is theirs to look at."""

    order: RepairOrder
    car: str
    plate: str
    bay: str


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one technician has before them now."""

    technician: StaffProfile
    now: datetime
    running: Ticket | None
    running_since: datetime | None
    ready: list[Ticket]
    """Mine, agreed to: started ones first, then by priority and promise."""
    blocked: list[Ticket]
    unsent: list[Ticket]
    """Mine, still with the advisor: the customer has not been asked."""
    waiting: list[Ticket]
    """Mine, sent to the customer and not agreed to yet."""
    free: list[Ticket]
    """Agreed to, nobody's: I may take them."""
    to_check: list[Ticket]
    """Finished by somebody else, to be checked."""
    handed_over: list[Ticket]
    """Finished by me, to be checked by somebody else."""
    cars: list[Car]
    """Mine, and nothing is proposed yet."""

    @property
    def tickets(self) -> list[Ticket]:
        """All of them: what runs first, then what is next."""
        return [
            *([self.running] if self.running else []),
            *self.ready,
            *self.blocked,
            *self.to_check,
            *self.free,
            *self.unsent,
            *self.waiting,
            *self.handed_over,
        ]


async def whose(db: AsyncSession, me: Viewer, technician_id: UUID | None) -> StaffProfile:
    """Whose bench it is: a technician's own; the front desk may look at any of its center.

    Raises NotFound for one of another center and Forbidden for those with no bench to look at.
    """
    if not me.can("read:all_appointments"):
        return await work.technician(db, me)
    every = await board.technicians(db, me)
    mine = [one for one in every if one.user_id == me.user_id]
    asked = [one for one in every if one.id == technician_id]
    found = asked or (mine or every if technician_id is None else [])
    if not found:
        raise NotFound
    return found[0]


async def bench(db: AsyncSession, technician: StaffProfile) -> Bench:
    """The technician's bench at this moment."""
    now = clock.now()
    mine_running = await clocks.running(db, technician.id)
    own = await checking.may_check_own(db, technician.center_id, technician.user_id)
    found = await _tickets(db, technician, now, mine_running.job_id if mine_running else None)
    runs = next((_named(one.job, one.order) for one in found if one.is_running), "")
    tickets = [
        msgspec.structs.replace(
            one, may_check_own=own, pauses="" if one.is_running else runs, obstacle=_obstacle(one, technician)
        )
        for one in found
    ]
    split: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        split.setdefault(_pile(ticket, technician), []).append(ticket)
    return Bench(
        technician=technician,
        now=now,
        running=next((ticket for ticket in tickets if ticket.is_running), None),
        running_since=mine_running.started_at if mine_running else None,
        ready=sorted(split.get("ready", []), key=lambda one: one.job.status != "in_progress"),
        blocked=split.get("blocked", []),
        unsent=split.get("unsent", []),
        waiting=split.get("waiting", []),
        free=split.get("free", []),
        to_check=split.get("to_check", []),
        handed_over=split.get("handed_over", []),
        cars=await _cars(db, technician),
    )


async def _cars(db: AsyncSession, technician: StaffProfile) -> list[Car]:
    rows = await db.execute(
        select(RepairOrder, Vehicle, Bay.name)
        .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
        .outerjoin(Bay, Bay.id == RepairOrder.bay_id)
        .where(
            RepairOrder.tenant_id == technician.tenant_id,
            RepairOrder.center_id == technician.center_id,
            RepairOrder.technician_id == technician.id,
            RepairOrder.status == "repair_order",
            RepairOrder.stage.in_(("received", "diagnosing")),
            ~exists().where(Job.tenant_id == RepairOrder.tenant_id, Job.order_id == RepairOrder.id),
        )
        .order_by(RepairOrder.priority.desc(), RepairOrder.promise_at.asc().nulls_last(), RepairOrder.number)
    )
    return [
        Car(order=order, car=_called(vehicle), plate=vehicle.plate, bay=bay or "")
        for order, vehicle, bay in rows
    ]


def _called(vehicle: Vehicle) -> str:
    return " ".join(str(part) for part in (vehicle.year, vehicle.make, vehicle.model) if part)


def _obstacle(ticket: Ticket, technician: StaffProfile) -> str:
    found = work.obstacle_to_start(ticket.job, ticket.order, technician)
    return found.words if found else ""


def _named(job: Job, order: RepairOrder) -> str:
    return f"“{job.title}” ({order.label})"


def _pile(ticket: Ticket, technician: StaffProfile) -> str:
    job = ticket.job
    if ticket.is_running:
        return "running"
    if job.status == "qc":
        mine = technician.user_id == job.finished_by_id or job.technician_id == technician.id
        return "handed_over" if mine and not ticket.may_check_own else "to_check"
    if job.is_locked:
        return "unsent" if job.status == "proposed" else "waiting"
    if job.technician_id is None:
        return "free"
    return "blocked" if job.status == "blocked" else "ready"


def chosen(seen: Bench, job_id: UUID | None) -> Ticket | None:
    """The ticket on the bench: the one asked for, else what runs, else what is next."""
    asked = next((ticket for ticket in seen.tickets if ticket.job.id == job_id), None)
    return asked or next(iter(seen.tickets), None)


async def _tickets(
    db: AsyncSession, technician: StaffProfile, now: datetime, running: UUID | None
) -> list[Ticket]:
    mine = or_(
        Job.technician_id == technician.id,
        and_(Job.technician_id.is_(None), RepairOrder.technician_id == technician.id),
    )
    open_to_me = or_(
        and_(mine, Job.status.in_(ON_BENCH)),
        and_(Job.technician_id.is_(None), Job.status == "authorized"),
        Job.status == "qc",
        Job.id == running,
    )
    rows = (
        await db.execute(
            select(Job, RepairOrder, Vehicle, Customer.name, Bay.name)
            .join(RepairOrder, RepairOrder.id == Job.order_id)
            .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
            .join(Customer, Customer.id == RepairOrder.customer_id)
            .outerjoin(Bay, Bay.id == RepairOrder.bay_id)
            .where(
                RepairOrder.tenant_id == technician.tenant_id,
                RepairOrder.center_id == technician.center_id,
                RepairOrder.status == "repair_order",
                open_to_me,
            )
            .order_by(
                RepairOrder.priority.desc(),
                RepairOrder.promise_at.asc().nulls_last(),
                RepairOrder.number,
                Job.position,
            )
        )
    ).all()
    ids = [row[0].id for row in rows]
    minutes = await clocks.minutes_spent(db, ids, at=now)
    steps = await _steps(db, ids)
    under_way = await clocks.running_on(db, ids)
    center = await db.get_one(ServiceCenter, technician.center_id)
    ahead = await foreseen.of_orders(db, center, {row[1].id for row in rows})
    return [
        msgspec.structs.replace(
            _ticket(row, minutes, steps, running, under_way),
            window=ahead.get(row[1].id, foreseen.Foreseen()).of(row[0]),
        )
        for row in rows
    ]


def _ticket(
    row: Any,
    minutes: dict[UUID, float],
    steps: dict[UUID, list[JobStep]],
    running: UUID | None,
    under_way: set[UUID],
) -> Ticket:
    job, order, vehicle, customer, bay = row
    return Ticket(
        job=job,
        order=order,
        car=_called(vehicle),
        plate=vehicle.plate,
        customer=customer,
        bay=bay or "",
        steps=steps.get(job.id, []),
        minutes=minutes.get(job.id, 0.0),
        is_running=job.id == running,
        is_paused=job.status == "in_progress" and job.id not in under_way,
    )


async def _steps(db: AsyncSession, job_ids: Sequence[UUID]) -> dict[UUID, list[JobStep]]:
    split: dict[UUID, list[JobStep]] = {}
    for step in await db.scalars(
        select(JobStep).where(JobStep.job_id.in_(job_ids)).order_by(JobStep.position, JobStep.id)
    ):
        split.setdefault(step.job_id, []).append(step)
    return split


async def ticket(db: AsyncSession, me: Viewer, job: Job, order: RepairOrder) -> Ticket:
    """One job with its car, steps and time, for its own page."""
    now = clock.now()
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    customer = await db.get_one(Customer, order.customer_id)
    bay = await db.get(Bay, order.bay_id) if order.bay_id else None
    minutes = await clocks.minutes_spent(db, [job.id], at=now)
    steps = await _steps(db, [job.id])
    technician = await db.scalar(
        select(StaffProfile).where(StaffProfile.tenant_id == me.tenant_id, StaffProfile.user_id == me.user_id)
    )
    mine = await clocks.running(db, technician.id) if technician else None
    row = (job, order, vehicle, customer.name, bay.name if bay else "")
    shown = _ticket(row, minutes, steps, mine.job_id if mine else None, await clocks.running_on(db, [job.id]))
    own = await checking.may_check_own(db, order.center_id, me.user_id)
    pauses = ""
    if mine and mine.job_id != job.id:
        other = await db.get_one(Job, mine.job_id)
        pauses = _named(other, await db.get_one(RepairOrder, other.order_id))
    center = await board.center_of(db, order)
    window = (await foreseen.of_order(db, center, order)).of(job)
    begun = job.status not in ("proposed", "presented", "authorized", "pending")
    return msgspec.structs.replace(
        shown,
        window=window,
        meanwhile=[] if begun else await foreseen.meanwhile(db, center, job, window),
        may_check_own=own,
        pauses=pauses,
        obstacle=_obstacle(shown, technician) if technician else "",
        may_stop=work.may_stop(job, me, technician, mine),
        on_the_clock=[] if shown.is_running else await clocks.names_on(db, job),
    )
