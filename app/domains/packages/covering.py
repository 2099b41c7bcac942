"""A job on a repair order is covered by a package of the car: it costs nothing, and counts as one use.

A use is spoken for from the moment a job is covered, so that no second tab and no second order takes the last one
twice; it is used once the job is done, and free again when the job is declined, put off, withdrawn or void.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage, workshop
from app.domains.network.models import ServiceCenter
from app.domains.packages.events import CoverTakenOff, JobCovered
from app.domains.packages.finding import hold, of_cars
from app.domains.packages.models import PackageUse, ServicePackage, covers_in
from app.domains.workshop.models import Job, RepairOrder

OFF = ("declined", "deferred", "revived")


class Chance(msgspec.Struct, frozen=True):
    """A job that a package covers, or could."""

    job: Job
    package: ServicePackage
    uses: int
    taken: int
    is_covered: bool

    @property
    def left(self) -> int:
        return self.uses - self.taken


async def packages_for(db: AsyncSession, order: RepairOrder) -> list[ServicePackage]:
    """The packages that hold for the visit of an order, by the shop's calendar: when it came, or today. The first to end
    comes first, for it is taken from first."""
    center = await db.get_one(ServiceCenter, order.center_id)
    cars = await garage.rows_of_car(db, order.vehicle_id, order.tenant_id)
    came, today = order.received_at.astimezone(ZoneInfo(center.zone)).date(), clock.today(center.zone)
    return [one for one in reversed(await of_cars(db, order.tenant_id, cars)) if one.covers_on(came, today)]


async def taken_of(db: AsyncSession, packages: Sequence[ServicePackage]) -> Mapping[tuple[UUID, UUID], int]:
    """How often each canned job is used or spoken for: {(package, canned job): times}."""
    rows = await db.execute(
        select(PackageUse.package_id, PackageUse.canned_job_id, func.count())
        .where(PackageUse.package_id.in_([one.id for one in packages]))
        .group_by(PackageUse.package_id, PackageUse.canned_job_id)
    )
    return {(package, canned): times for package, canned, times in rows}


async def chances(db: AsyncSession, order: RepairOrder) -> list[Chance]:
    """The jobs of an order that are covered, or that a package of the car has a use left for: each once."""
    jobs = [job for job in await workshop.jobs_of(db, order) if job.status not in OFF]
    used = {
        use.job_id: use
        for use in await db.scalars(select(PackageUse).where(PackageUse.job_id.in_([one.id for one in jobs])))
    }
    packages = {one.id: one for one in await packages_for(db, order)}
    for use in used.values():
        if use.package_id not in packages:  # it has run out since
            packages[use.package_id] = await db.get_one(ServicePackage, use.package_id)
    taken = await taken_of(db, list(packages.values()))
    found = []
    for job in jobs:
        its = used.get(job.id)
        for package in packages.values():
            cover = _cover_of(package, job)
            if cover is None or (its is not None and its.package_id != package.id):
                continue
            chance = Chance(job, package, cover, taken.get((package.id, _canned(job)), 0), its is not None)
            if chance.is_covered or chance.left > 0:
                found.append(chance)
                break
    return found


def _canned(job: Job) -> UUID:
    assert job.canned_job_id is not None
    return job.canned_job_id


def _cover_of(package: ServicePackage, job: Job) -> int | None:
    """How often a package covers what a job is a copy of; None where it does not."""
    found = [one.uses for one in covers_in(package.covers) if one.canned_job_id == job.canned_job_id]
    return found[0] if found else None


async def cover(
    db: AsyncSession, job: Job, order: RepairOrder, package: ServicePackage, *, by: Viewer
) -> PackageUse:
    """Take a use of a package for a job. Raises Refused when none is left, or the job cannot be covered any more;
    NotFound for a package that does not fit."""
    order = await workshop.hold_open(db, order.id)
    package = await hold(db, package.id)
    uses = _cover_of(package, job)
    if uses is None or package.id not in {one.id for one in await packages_for(db, order)}:
        raise NotFound
    taken = (await taken_of(db, [package])).get((package.id, _canned(job)), 0)
    if taken >= uses:
        raise Refused(_("%(package)s: every use of “%(job)s” is taken.", package=package.name, job=job.title))
    words = _(
        "Covered by %(package)s, %(number)s of %(uses)s used",
        package=package.name,
        number=taken + 1,
        uses=uses,
    )
    worth = await workshop.cover_job(db, job, words, by=by)
    use = PackageUse(
        tenant_id=order.tenant_id,
        package_id=package.id,
        job_id=job.id,
        canned_job_id=_canned(job),
        worth_minor=worth,
        done_at=job.completed_at,
    )
    db.add(use)
    await db.flush()
    event = JobCovered(package_id=package.id, job_id=job.id, title=job.title, name=package.name)
    await record(db, event, by=by, tenant=order.tenant_id, person=order.user_id, subject=order.id)
    return use


async def uncover(db: AsyncSession, job: Job, order: RepairOrder, *, by: Viewer) -> None:
    """The customer keeps the use and pays for the job. Doing it again changes nothing. Raises Refused once the work has
    begun."""
    await workshop.hold_open(db, order.id)
    use = await db.scalar(select(PackageUse).where(PackageUse.job_id == job.id))
    if use is None:
        return
    package = await hold(db, use.package_id)
    await workshop.charge_again(db, job, by=by)
    await db.delete(use)
    await db.flush()
    event = CoverTakenOff(package_id=package.id, job_id=job.id, title=job.title, name=package.name)
    await record(db, event, by=by, tenant=order.tenant_id, person=order.user_id, subject=order.id)


async def cover_what_fits(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> None:
    """Cover the work of an order nobody has asked the customer about: what a package covers is not forgotten. What was
    sent as an estimate stays as it was sent; the desk covers it by hand."""
    if not order.is_open or not await packages_for(db, order):
        return
    while chance := next((one for one in await chances(db, order) if _fits(one)), None):
        await cover(db, chance.job, order, chance.package, by=by)


def _fits(chance: Chance) -> bool:
    return not chance.is_covered and chance.job.status in ("proposed", "authorized", "pending")


async def free(db: AsyncSession, job_ids: Sequence[UUID]) -> None:
    """The work is off: its uses are there again."""
    await db.execute(delete(PackageUse).where(PackageUse.job_id.in_(job_ids)))


async def note_done(db: AsyncSession, job: Job) -> None:
    """The work is done: the use that was spoken for is used."""
    await db.execute(
        update(PackageUse)
        .where(PackageUse.job_id == job.id, PackageUse.done_at.is_(None))
        .values(done_at=job.completed_at)
    )
