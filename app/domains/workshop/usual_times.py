"""How long work usually takes here: the clocks of finished jobs, read together.

The middle of many jobs (the median) and between what the middle half of them lies: one long day does not move
it. Left out is what the clock got wrong and not the work: a clock nobody stopped, one tapped on and off, and
what lies beyond Tukey's fences (one and a half times the middle half's width away from it).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import quantiles
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage.models import Vehicle
from app.domains.services import CannedFacts, LineFacts, ServiceFacts, change, change_canned, find_canned
from app.domains.services.models import CannedJob, Service
from app.domains.workshop.jobs import lines_of
from app.domains.workshop.lines import NewLine, add_line, change_line
from app.domains.workshop.models import Job, JobClock, JobLine, RepairOrder

ENOUGH = 5
BACK = timedelta(days=3 * 365)
A_TOUCH = 3
"""Minutes under which a clock was only tapped."""
FORGOTTEN = timedelta(hours=12)
MOST = 5000


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """The middle of some jobs' times in minutes, the middle half from `low` to `high`, how many jobs; `of` names
    the cars it is about, empty is every car."""

    minutes: int
    low: int
    high: int
    jobs: int
    of: str = ""

    @property
    def to_book(self) -> int:
        """The minutes a visit is planned in: steps of five, up, for a visit planned too short keeps the next waiting."""
        return max(5, -(-self.minutes // 5) * 5)

    @property
    def hours(self) -> Decimal:
        """The hours a labor line is written in: tenths."""
        tenths = (Decimal(self.minutes) / 60).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return max(tenths, Decimal("0.1"))


class History(msgspec.Struct, frozen=True):
    """What finished jobs tell of some work: of every car, and of each model that came often enough."""

    jobs: int = 0
    every: Usual | None = None
    models: Sequence[Usual] = ()

    def for_car(self, make: str, model: str) -> Usual | None:
        """The history closest to a car."""
        name = _car(make, model)
        return next((one for one in self.models if one.of == name), self.every)


def usual_of(clocked: Iterable[float], *, of: str = "") -> Usual | None:
    """What the clocked minutes of finished jobs have in common; None when they are too few."""
    known = sorted(minutes for minutes in clocked if minutes >= A_TOUCH)
    if len(known) < ENOUGH:
        return None
    first, _middle, third = quantiles(known, n=4, method="inclusive")
    reach = 1.5 * (third - first)
    kept = [minutes for minutes in known if first - reach <= minutes <= third + reach]
    if len(kept) < ENOUGH:
        return None
    low, middle, high = quantiles(kept, n=4, method="inclusive")
    return Usual(minutes=round(middle), low=round(low), high=round(high), jobs=len(kept), of=of)


def _car(make: str, model: str) -> str:
    return " ".join(filter(None, (make.strip(), model.strip())))


async def of_services(db: AsyncSession, services: Collection[Service]) -> dict[UUID, History]:
    """The history of each service: jobs booked as it, and others made of its canned job."""
    if not services:
        return {}
    tenant_id = next(iter(services)).tenant_id
    codes = {one.canned_job_code for one in services if one.canned_job_code}
    rows = await db.execute(
        select(CannedJob.code, CannedJob.id).where(
            CannedJob.tenant_id == tenant_id, CannedJob.code.in_(codes)
        )
    )
    canned = {row.code: row.id for row in rows}
    seen = await _clocked(db, tenant_id, {one.id for one in services}, set(canned.values()))
    return {
        one.id: _history(
            row
            for row in seen
            if row.service_id == one.id
            or (
                row.service_id is None
                and row.canned_job_id
                and row.canned_job_id == canned.get(one.canned_job_code)
            )
        )
        for one in services
    }


async def of_canned(db: AsyncSession, canned: CannedJob) -> History:
    return _history(await _clocked(db, canned.tenant_id, (), {canned.id}))


async def of_jobs(db: AsyncSession, jobs: Sequence[Job], car: Vehicle) -> dict[UUID, Usual]:
    """For jobs on one car what the same work has usually taken, where that is known."""
    canned = {job.canned_job_id for job in jobs if job.canned_job_id}
    services = {job.service_id for job in jobs if job.service_id and not job.canned_job_id}
    if not canned and not services:
        return {}
    seen = await _clocked(db, jobs[0].tenant_id, services, canned)
    found = {}
    for job in jobs:
        history = _history(
            row
            for row in seen
            if (
                row.canned_job_id == job.canned_job_id
                if job.canned_job_id
                else row.service_id == job.service_id
            )
        )
        if usual := history.for_car(car.make, car.model):
            found[job.id] = usual
    return found


class _Clocked(msgspec.Struct, frozen=True):
    service_id: UUID | None
    canned_job_id: UUID | None
    car: str
    minutes: float


def _history(rows: Iterable[_Clocked]) -> History:
    every = list(rows)
    by_car: dict[str, list[float]] = defaultdict(list)
    for row in every:
        by_car[row.car].append(row.minutes)
    models = [usual_of(minutes, of=car) for car, minutes in sorted(by_car.items()) if car]
    return History(
        jobs=sum(row.minutes >= A_TOUCH for row in every),
        every=usual_of(row.minutes for row in every),
        models=[one for one in models if one],
    )


async def _clocked(
    db: AsyncSession, tenant_id: UUID, services: Collection[UUID], canned: Collection[UUID]
) -> list[_Clocked]:
    ran = JobClock.stopped_at - JobClock.started_at
    rows = await db.execute(
        select(
            Job.service_id,
            Job.canned_job_id,
            Vehicle.make,
            Vehicle.model,
            func.sum(func.extract("epoch", ran) / 60),
        )
        .join(RepairOrder, and_(RepairOrder.tenant_id == Job.tenant_id, RepairOrder.id == Job.order_id))
        .join(JobClock, and_(JobClock.tenant_id == Job.tenant_id, JobClock.job_id == Job.id))
        .outerjoin(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
        .where(
            Job.tenant_id == tenant_id,
            Job.status == "completed",
            Job.completed_at > clock.now() - BACK,
            or_(Job.service_id.in_(list(services)), Job.canned_job_id.in_(list(canned))),
        )
        .group_by(Job.id, Vehicle.id)
        .having(func.max(ran) < FORGOTTEN)
        .order_by(Job.completed_at.desc())
        .limit(MOST)
    )
    return [
        _Clocked(service_id, canned_id, _car(make or "", model or ""), float(minutes))
        for service_id, canned_id, make, model, minutes in rows
    ]


def _must_be_known(usual: Usual | None) -> Usual:
    if usual is None:
        raise Refused(_("There are too few finished jobs to go by."))
    return usual


async def put_into_service(db: AsyncSession, service: Service, *, by: Viewer) -> Usual:
    """The shop takes its own history over as the length that is offered from now on."""
    usual = _must_be_known((await of_services(db, [service]))[service.id].every)
    facts = {name: getattr(service, name) for name in ServiceFacts.__struct_fields__}
    await change(db, service, ServiceFacts(**facts | {"duration_minutes": usual.to_book}), by=by)
    return usual


async def put_into_canned(db: AsyncSession, canned_id: UUID, *, by: Viewer) -> Usual:
    """The same for the hours of a canned job. Raises Refused unless they stand in one line."""
    canned = await find_canned(db, canned_id)
    usual = _must_be_known((await of_canned(db, canned.job)).every)
    _must_be_one(sum(line.kind == "labor" for line in canned.lines))
    lines = [
        LineFacts(
            **{name: getattr(line, name) for name in LineFacts.__struct_fields__}
            | ({"quantity": usual.hours} if line.kind == "labor" else {})
        )
        for line in canned.lines
    ]
    facts = CannedFacts(**{name: getattr(canned.job, name) for name in CannedFacts.__struct_fields__})
    await change_canned(db, canned, facts, lines, by=by)
    return usual


async def put_into_job(db: AsyncSession, job: Job, *, by: Viewer) -> Usual:
    """The same for a job's labor line; one that has none gets one. What the customer agreed to is asked again."""
    order = await db.get_one(RepairOrder, job.order_id)
    car = await db.get_one(Vehicle, order.vehicle_id)
    usual = _must_be_known((await of_jobs(db, [job], car)).get(job.id))
    labor = [line for line in (await lines_of(db, [job]))[job.id] if line.kind == "labor"]
    if not labor:
        await add_line(db, job, NewLine(kind="labor", description=job.title, quantity=usual.hours), by=by)
        return usual
    _must_be_one(len(labor))
    if labor[0].quantity != usual.hours:
        await change_line(db, job, labor[0].id, _with_hours(labor[0], usual.hours), by=by)
    return usual


def _must_be_one(labor_lines: int) -> None:
    if labor_lines != 1:
        raise Refused(_("Its labor stands in several lines: change them by hand."))


def _with_hours(line: JobLine, hours: Decimal) -> NewLine:
    return NewLine(
        kind=line.kind,
        description=line.description,
        part_number=line.part_number,
        quantity=hours,
        unit_price_minor=line.unit_price_minor,
        unit_cost_minor=line.unit_cost_minor,
        taxable=bool(line.tax_rate),
        tax_rate=line.tax_rate if line.tax_rate else None,
    )
