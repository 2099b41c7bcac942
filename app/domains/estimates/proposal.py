"""The order's work as it stands now, priced: what is still to be asked, and what was agreed to before."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.estimates.content import scope_hash
from app.domains.estimates.pricing import Price, price_lines
from app.domains.workshop.models import Job, JobLine, RepairOrder

TO_ASK = frozenset({"proposed", "presented"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A live job with its lines and what they add up to."""

    job: Job
    lines: Sequence[JobLine]
    price: Price

    @property
    def is_to_ask(self) -> bool:
        return self.job.status in TO_ASK

    @property
    def scope(self) -> bytes:
        return scope_hash(self.job.title, self.lines)


async def work_on(db: AsyncSession, order: RepairOrder) -> list[Proposal]:
    """Every job of an order, in its order of position."""
    jobs = (
        await db.scalars(
            select(Job)
            .where(Job.tenant_id == order.tenant_id, Job.order_id == order.id)
            .order_by(Job.position, Job.id)
            .execution_options(populate_existing=True)
        )
    ).all()
    lines: dict[UUID, list[JobLine]] = defaultdict(list)
    found = await db.scalars(
        select(JobLine)
        .where(JobLine.tenant_id == order.tenant_id, JobLine.job_id.in_([job.id for job in jobs]))
        .order_by(JobLine.position, JobLine.id)
        .execution_options(populate_existing=True)
    )
    for line in found:
        lines[line.job_id].append(line)
    return [Proposal(job, lines[job.id], price_lines(lines[job.id])) for job in jobs]


def to_ask(work: Iterable[Proposal]) -> list[Proposal]:
    """What the customer has not answered yet."""
    return [one for one in work if one.is_to_ask]


def authorized_minor(work: Iterable[Proposal]) -> int:
    """What the customer has agreed to on this order so far, tax included."""
    return sum(one.price.total_minor for one in work if one.job.is_authorized)


def price_of(work: Iterable[Proposal]) -> Price:
    """The sum of several jobs."""
    return sum((one.price for one in work), Price())
