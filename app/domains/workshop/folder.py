"""The folder of a repair order: everything the advisor has on the desk when the customer calls."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.tables import File
from app.core.viewer import Viewer
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.models import Bay, ServiceCenter, StaffProfile
from app.domains.services import canned_jobs, fitting_first
from app.domains.services.models import CannedJob
from app.domains.workshop import clocks, deferred, foreseen, history, jobs, orders, photographs, steps
from app.domains.workshop.models import (
    DeferredWork,
    Job,
    JobLine,
    JobStep,
    OrderPhoto,
    RepairOrder,
)
from app.domains.workshop.pricing import Price, labor_hours, price_lines


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A job with its lines, price and time."""

    job: Job
    lines: Sequence[JobLine]
    price: Price
    hours: Decimal
    minutes: float
    technician: str
    is_paused: bool = False
    window: foreseen.Window = foreseen.Window()
    steps: Sequence[JobStep] = ()


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A repair order and all that belongs to it."""

    order: RepairOrder
    center: ServiceCenter
    customer: Customer
    vehicle: Vehicle
    bay: Bay | None
    technician: StaffProfile | None
    sheets: list[Sheet]
    ahead: foreseen.Foreseen
    agreed: Price
    asked: Price
    deferred: Sequence[DeferredWork]
    photos: list[tuple[OrderPhoto, File]]
    timeline: list[history.Told]
    visits: Sequence[RepairOrder]
    canned: Sequence[CannedJob]

    @property
    def has_begun(self) -> bool:
        """Whether anybody has ever started one of the jobs."""
        return any(sheet.job.started_at for sheet in self.sheets)

    @property
    def car(self) -> str:
        return car_of(self.vehicle)


def car_of(vehicle: Vehicle) -> str:
    """Year, make, model: how people in a shop call a car."""
    return " ".join(str(part) for part in (vehicle.year, vehicle.make, vehicle.model) if part)


async def open_folder(db: AsyncSession, me: Viewer, order: RepairOrder) -> Folder:
    """Gather the folder of an order the viewer may see."""
    center = await db.get_one(ServiceCenter, order.center_id)
    ahead = await foreseen.of_order(db, center, order)
    sheets = [
        msgspec.structs.replace(sheet, window=ahead.of(sheet.job)) for sheet in await _sheets(db, order)
    ]
    every = [sheet for sheet in sheets if sheet.job.status not in ("declined", "deferred", "revived")]
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    return Folder(
        order=order,
        center=center,
        customer=await db.get_one(Customer, order.customer_id),
        vehicle=vehicle,
        bay=await db.get(Bay, order.bay_id) if order.bay_id else None,
        technician=await db.get(StaffProfile, order.technician_id) if order.technician_id else None,
        sheets=sheets,
        ahead=ahead,
        agreed=sum((sheet.price for sheet in every if sheet.job.is_authorized), Price()),
        asked=sum((sheet.price for sheet in every if not sheet.job.is_authorized), Price()),
        deferred=await _deferred_elsewhere(db, me, order),
        photos=await photographs.photos(db, order),
        timeline=await history.timeline(db, order, limit=60),
        visits=[
            one for one in await orders.for_vehicle(db, me, order.vehicle_id, limit=6) if one.id != order.id
        ],
        canned=fitting_first(await canned_jobs(db), vehicle.fuel),
    )


async def _sheets(db: AsyncSession, order: RepairOrder) -> list[Sheet]:
    found = await jobs.jobs_of(db, order)
    lines = await jobs.lines_of(db, found)
    minutes = await clocks.minutes_spent(db, lines, at=clock.now())
    names = await _names(db, {job.technician_id for job in found if job.technician_id})
    under_way = await clocks.running_on(db, lines)
    return [
        msgspec.structs.replace(
            _sheet(job, lines[job.id], minutes, names),
            is_paused=job.status == "in_progress" and job.id not in under_way,
        )
        for job in found
    ]


def _sheet(job: Job, lines: Sequence[JobLine], minutes: dict[UUID, float], names: dict[UUID, str]) -> Sheet:
    return Sheet(
        job=job,
        lines=lines,
        price=price_lines(lines),
        hours=labor_hours(lines),
        minutes=minutes.get(job.id, 0.0),
        technician=names.get(job.technician_id, "") if job.technician_id else "",
    )


async def _names(db: AsyncSession, staff: set[UUID]) -> dict[UUID, str]:
    if not staff:
        return {}
    rows = await db.execute(select(StaffProfile.id, StaffProfile.name).where(StaffProfile.id.in_(staff)))
    return {row.id: row.name for row in rows}


async def sheet_of(db: AsyncSession, job: Job) -> Sheet:
    """One job's sheet, with its steps."""
    lines = (await jobs.lines_of(db, [job]))[job.id]
    minutes = await clocks.minutes_spent(db, [job.id], at=clock.now())
    names = await _names(db, {job.technician_id} if job.technician_id else set())
    return msgspec.structs.replace(_sheet(job, lines, minutes, names), steps=await steps.steps_of(db, job))


async def _deferred_elsewhere(db: AsyncSession, me: Viewer, order: RepairOrder) -> list[DeferredWork]:
    """What earlier visits left undone; what was declined today stands among today's jobs."""
    today = set(await db.scalars(select(Job.id).where(Job.order_id == order.id)))
    kept = await deferred.open_for_vehicle(db, me, order.vehicle_id)
    return [work for work in kept if work.job_id not in today]
