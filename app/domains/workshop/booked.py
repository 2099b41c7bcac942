"""Work that was booked before the car came: on the order at the price of the booking, and agreed to already."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import rounded
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import ServiceCenter
from app.domains.services.models import CannedJob
from app.domains.workshop import steps
from app.domains.workshop.events import JobAuthorized, JobPresented
from app.domains.workshop.jobs import jobs_of, lines_of, propose_job
from app.domains.workshop.lines import NewLine, canned_lines, known_canned, unit_price
from app.domains.workshop.models import Authorization, Job, RepairOrder
from app.domains.workshop.moves import move_job
from app.domains.workshop.orders import hold_open, of_job, tell
from app.domains.workshop.pricing import price_lines


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """One service as it was booked. The price is for one of it, before tax."""

    service_id: UUID
    title: str
    canned_code: str
    skill: str
    minutes: int
    quantity: Decimal
    price_minor: int
    starts_at: datetime
    """When the diary has it begin."""


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """Who agreed to the work by booking it, and when; `taken_by` is who took it on the phone."""

    name: str
    contact: str
    at: datetime
    taken_by_id: UUID | None = None
    taken_by: str = ""


async def put_booked(
    db: AsyncSession, order: RepairOrder, booked: Booked, agreed: Agreed, *, by: Viewer
) -> Job:
    """Put a booked service on the order as a job that may be started: its price was stated and agreed to."""
    canned = await known_canned(db, order, booked.canned_code)
    job = await propose_job(
        db,
        order,
        by=by,
        title=booked.title,
        skill=canned.skill if canned else booked.skill,
        lines=await _lines(db, order, booked, canned),
    )
    job.canned_job_id = canned.id if canned else None
    job.service_id, job.scheduled_start = booked.service_id, booked.starts_at
    job.estimated_minutes = job.estimated_minutes or booked.minutes
    await _authorize(db, await hold_open(db, order.id), job, agreed, by=by)
    return job


async def _lines(
    db: AsyncSession, order: RepairOrder, booked: Booked, canned: CannedJob | None
) -> Sequence[NewLine]:
    """The canned job's lines, and a line that brings their sum to the price booked: what things cost in the
    catalogue today is the shop's affair."""
    known = await canned_lines(db, canned) if canned else []
    if not known:
        words = _("%(service)s, at the price booked", service=booked.title)
        whole = NewLine(
            kind="fee", description=words, quantity=booked.quantity, unit_price_minor=booked.price_minor
        )
        return [whole]
    center = await db.get_one(ServiceCenter, order.center_id)
    lines = [
        msgspec.structs.replace(
            line, quantity=line.quantity * booked.quantity, unit_price_minor=unit_price(line, center)
        )
        for line in known
    ]
    left = rounded(booked.quantity * booked.price_minor) - sum(
        rounded(line.quantity * (line.unit_price_minor or 0)) for line in lines
    )
    if left:
        words = _("Difference to the price booked")
        lines.append(NewLine(kind="fee", description=words, unit_price_minor=left))
    return lines


async def _authorize(db: AsyncSession, order: RepairOrder, job: Job, agreed: Agreed, *, by: Viewer) -> None:
    # The stage is not asked to follow: the car has only just come, and nobody works on it yet.
    move_job(job, "presented")
    await tell(db, order, JobPresented(**of_job(order, job)), by=by)
    move_job(job, "authorized")
    job.technician_id = job.technician_id or order.technician_id
    if job.technician_id:
        move_job(job, "pending")
    await db.flush()
    lines = await lines_of(db, [one for one in await jobs_of(db, order) if one.is_authorized])
    db.add(
        Authorization(
            tenant_id=order.tenant_id,
            job_id=job.id,
            decision="approved",
            amount_minor=price_lines(lines[job.id]).total_minor,
            revised_total_minor=sum(price_lines(some).total_minor for some in lines.values()),
            method="booking",
            contact=agreed.contact,
            signed_name=agreed.name,
            decided_at=agreed.at,
            recorded_by_id=agreed.taken_by_id,
            recorded_by=agreed.taken_by,
        )
    )
    await steps.prepare(db, job)
    await tell(db, order, JobAuthorized(**of_job(order, job), when_booked=True), by=by)


async def booking_of(db: AsyncSession, job: Job) -> Authorization | None:
    """What the customer agreed to by booking this job; None when it was not booked."""
    found: Authorization | None = await db.scalar(
        select(Authorization).where(
            Authorization.tenant_id == job.tenant_id,
            Authorization.job_id == job.id,
            Authorization.method == "booking",
        )
    )
    return found
