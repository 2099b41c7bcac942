"""A version as it is read: its frozen jobs with their lines, and what is said about them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.tables import File
from app.domains.estimates.content import content_hash, photos_of
from app.domains.estimates.models import Estimate, EstimateJob, EstimateLine
from app.domains.workshop.models import Authorization


@dataclass(frozen=True, slots=True)
class SheetJob:
    """A job as proposed, its lines in order."""

    job: EstimateJob
    lines: Sequence[EstimateLine]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version, whole: stored, or put together for a preview."""

    estimate: Estimate
    jobs: Sequence[SheetJob]
    decisions: Sequence[Authorization] = ()

    def hash(self) -> bytes:
        """SHA-256 over everything it shows."""
        return content_hash(
            self.estimate, [one.job for one in self.jobs], {one.job.id: one.lines for one in self.jobs}
        )

    @property
    def file_ids(self) -> set[UUID]:
        return {UUID(photo["file_id"]) for one in self.jobs for photo in photos_of(one.job)}

    @property
    def approved_minor(self) -> int:
        return sum(one.job.total_minor for one in self.jobs if one.job.decision == "approved")


async def read_sheet(db: AsyncSession, estimate: Estimate) -> Sheet:
    """A stored version with its jobs, lines and the decisions made about them."""
    jobs = (
        await db.scalars(
            select(EstimateJob)
            .where(EstimateJob.tenant_id == estimate.tenant_id, EstimateJob.estimate_id == estimate.id)
            .order_by(EstimateJob.position, EstimateJob.id)
        )
    ).all()
    lines: dict[UUID, list[EstimateLine]] = defaultdict(list)
    found = await db.scalars(
        select(EstimateLine)
        .where(
            EstimateLine.tenant_id == estimate.tenant_id,
            EstimateLine.estimate_job_id.in_([job.id for job in jobs]),
        )
        .order_by(EstimateLine.position, EstimateLine.id)
    )
    for line in found:
        lines[line.estimate_job_id].append(line)
    decisions = (
        await db.scalars(
            select(Authorization)
            .where(Authorization.tenant_id == estimate.tenant_id, Authorization.estimate_id == estimate.id)
            .order_by(Authorization.decided_at, Authorization.id)
        )
    ).all()
    return Sheet(estimate, [SheetJob(job, lines[job.id]) for job in jobs], decisions)


async def photos(db: AsyncSession, sheet: Sheet) -> dict[str, File]:
    """The files behind a sheet's photos, by their id as text."""
    if not sheet.file_ids:
        return {}
    files = await db.scalars(select(File).where(File.id.in_(sheet.file_ids)))
    return {str(file.id): file for file in files}


async def is_genuine(db: AsyncSession, sheet: Sheet) -> bool:
    """Whether what is stored is still exactly what was shown, photos included."""
    if sheet.estimate.shown_hash is None or sheet.hash() != sheet.estimate.shown_hash:
        return False
    files = await photos(db, sheet)
    return all(
        photo["file_id"] in files and files[photo["file_id"]].sha256.hex() == photo["sha256"]
        for one in sheet.jobs
        for photo in photos_of(one.job)
    )
