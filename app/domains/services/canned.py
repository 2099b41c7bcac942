"""Canned jobs: work the shop does often, with its labour and parts, ready to be put on a repair order."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.crew import SKILLS
from app.domains.services.catalogue import BURNS, code_from
from app.domains.services.events import CannedJobChanged
from app.domains.services.models import CannedJob, CannedLine

MOST = 100_000
IS_ALWAYS_THE_SAME = (CannedJob.skill != "diagnostics") & exists().where(
    CannedLine.tenant_id == CannedJob.tenant_id, CannedLine.canned_job_id == CannedJob.id
)
"""Done once, it is done for whoever put it off before. Two diagnoses look for two faults, and a job of nothing but its
name is written anew each time."""


class LineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a canned job. For labour `quantity` is hours, and a price of 0 the center's hourly rate."""

    kind: Literal["labor", "part", "fee", "sublet"]
    description: Annotated[str, Meta(min_length=1, max_length=300)]
    part_number: Annotated[str, Meta(max_length=60)] = ""
    quantity: Decimal = Decimal(1)
    unit_price_minor: Annotated[int, Meta(ge=0, le=100_000_000)] = 0
    unit_cost_minor: Annotated[int, Meta(ge=0, le=100_000_000)] = 0
    taxable: bool = True


class CannedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop says about a canned job."""

    title: Annotated[str, Meta(min_length=1, max_length=160)]
    code: Annotated[str, Meta(max_length=40, pattern=r"^[a-z0-9-]*$")] = ""
    description: Annotated[str, Meta(max_length=2000)] = ""
    skill: str = "general"
    is_active: bool = True


class Canned(msgspec.Struct, frozen=True):
    """A canned job with its lines in order."""

    job: CannedJob
    lines: Sequence[CannedLine]

    @property
    def hours(self) -> Decimal:
        return sum((line.quantity for line in self.lines if line.kind == "labor"), Decimal(0))


async def canned_job(db: AsyncSession, code: str) -> Canned | None:
    """A canned job of the transaction's tenant by its code; None when the shop has none of that name."""
    job = await db.scalar(_mine().where(CannedJob.code == code, CannedJob.is_active))
    return None if job is None else Canned(job, await _lines(db, job))


async def canned_jobs(db: AsyncSession, *, withdrawn: bool = False) -> Sequence[CannedJob]:
    """The canned jobs of the transaction's tenant by title."""
    query = _mine().order_by(func.lower(CannedJob.title))
    return (await db.scalars(query if withdrawn else query.where(CannedJob.is_active))).all()


def fitting_first(jobs: Sequence[CannedJob], fuel: str) -> list[CannedJob]:
    """The same jobs, those on high voltage last for a car without it, and first for one that has nothing else."""
    if fuel in BURNS:
        return sorted(jobs, key=lambda one: one.skill == "hv")
    return sorted(jobs, key=lambda one: one.skill != "hv") if fuel == "electric" else list(jobs)


async def find_canned(db: AsyncSession, job_id: UUID) -> Canned:
    job = await db.scalar(_mine().where(CannedJob.id == job_id))
    if job is None:
        raise NotFound
    return Canned(job, await _lines(db, job))


async def add_canned(
    db: AsyncSession, facts: CannedFacts, lines: Sequence[LineFacts], *, by: Viewer
) -> Canned:
    job = CannedJob(tenant_id=by.tenant_id)
    db.add(job)
    return await _write(db, job, facts, lines, by)


async def change_canned(
    db: AsyncSession, canned: Canned, facts: CannedFacts, lines: Sequence[LineFacts], *, by: Viewer
) -> Canned:
    """The lines are replaced whole; repair orders keep the copies they were given."""
    await db.execute(delete(CannedLine).where(CannedLine.canned_job_id == canned.job.id))
    return await _write(db, canned.job, facts, lines, by)


async def _write(
    db: AsyncSession, job: CannedJob, facts: CannedFacts, lines: Sequence[LineFacts], by: Viewer
) -> Canned:
    if facts.skill not in SKILLS:
        raise Invalid({"skill": _("Choose one of the list.")})
    if not all(line.quantity.is_finite() and 0 <= line.quantity < MOST for line in lines):
        raise Invalid({"lines": _("A quantity is a number from 0 on.")})
    job.code = facts.code or code_from(facts.title)
    job.title, job.description = facts.title, facts.description
    job.skill, job.is_active = facts.skill, facts.is_active
    try:
        await db.flush()
    except IntegrityError as error:
        if "uq_canned_jobs_tenant_id_code" not in str(error):
            raise
        raise Invalid({"code": _("Another canned job has this code.")}) from error
    for position, line in enumerate(lines):
        fields = msgspec.structs.asdict(line)
        db.add(CannedLine(tenant_id=job.tenant_id, canned_job_id=job.id, position=position, **fields))
    await db.flush()
    event = CannedJobChanged(canned_job_id=job.id, code=job.code, is_active=job.is_active)
    await record(db, event, by=by, subject=job.id)
    return Canned(job, await _lines(db, job))


async def _lines(db: AsyncSession, job: CannedJob) -> Sequence[CannedLine]:
    query = select(CannedLine).where(CannedLine.canned_job_id == job.id).order_by(CannedLine.position)
    return (await db.scalars(query)).all()


def _mine() -> Select[CannedJob]:
    # The tenant of the transaction, said aloud: a network administrator may read every shop's.
    return select(CannedJob).where(CannedJob.tenant_id == func.app_tenant())
