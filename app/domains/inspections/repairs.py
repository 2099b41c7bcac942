"""What became of a finding: agreed to, or repaired, on its own order or at a later visit of the car to the shop."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains import garage, services
from app.domains.inspections.models import Finding, TemplateItem
from app.domains.services.models import CannedJob
from app.domains.workshop.models import DeferredWork, Job, RepairOrder

Found = tuple[Finding, TemplateItem, Job | None]


async def repairs(
    db: AsyncSession, order: RepairOrder, found: Sequence[Found], *, for_customer: bool = False
) -> dict[UUID, str]:
    """By finding: "done", "agreed" or "". Done is its own job, the same work put off and taken up again, or the canned
    job that mends the item, completed on the car since. The customer is told of their own visits only: the car may
    have been sold."""
    said = {finding.id: _of_job(job) for finding, _item, job in found}
    open_still = [one for one in found if one[0].rating in ("yellow", "red") and said[one[0].id] != "done"]
    if open_still:
        later = await _completed(db, order, for_customer=for_customer)
        said |= {finding.id: "done" for finding, item, job in open_still if later.mends(finding, item, job)}
    return said


def _of_job(job: Job | None) -> str:
    if job is None or not job.is_authorized:
        return ""
    return "done" if job.status == "completed" else "agreed"


class _Completed:
    """The jobs of one car: what is completed, and which work each took up again. The code is that of a canned job that
    is the same work each time."""

    def __init__(self, rows: Sequence[tuple[Job, str | None, UUID | None]]) -> None:
        self._done = [(job, code) for job, code, _before in rows if job.status == "completed"]
        before = {job.id: original for job, _code, original in rows}
        self._taken_up = {one for job, _code in self._done for one in _back(before, job.id)}

    def mends(self, finding: Finding, item: TemplateItem, job: Job | None) -> bool:
        if job is not None and job.id in self._taken_up:
            return True
        return any(
            code == item.canned_job_code or (job is not None and done.canned_job_id == job.canned_job_id)
            for done, code in self._done
            if code is not None
            and done.completed_at
            and finding.rated_at
            and done.completed_at >= finding.rated_at
        )


def _back(before: Mapping[UUID, UUID | None], job_id: UUID) -> Iterator[UUID]:
    """The jobs whose work this one took up: it may have been declined more than once."""
    while (original := before.get(job_id)) is not None:
        yield original
        job_id = original


async def _completed(db: AsyncSession, order: RepairOrder, *, for_customer: bool) -> _Completed:
    cars = await garage.rows_of_car(db, order.vehicle_id, order.tenant_id)
    query = (
        select(Job, CannedJob.code, DeferredWork.job_id)
        .join(RepairOrder, RepairOrder.id == Job.order_id)
        .outerjoin(
            CannedJob,
            (CannedJob.tenant_id == Job.tenant_id)
            & (CannedJob.id == Job.canned_job_id)
            & services.IS_ALWAYS_THE_SAME,
        )
        .outerjoin(
            DeferredWork,
            (DeferredWork.tenant_id == Job.tenant_id) & (DeferredWork.id == Job.deferred_work_id),
        )
        .where(
            RepairOrder.tenant_id == order.tenant_id,
            RepairOrder.vehicle_id.in_(cars),
            or_(Job.status == "completed", Job.deferred_work_id.is_not(None)),
        )
    )
    if for_customer:
        theirs = RepairOrder.customer_id == order.customer_id
        if order.user_id is not None:
            theirs = or_(theirs, RepairOrder.user_id == order.user_id)
        query = query.where(theirs)
    return _Completed([(job, code, before) for job, code, before in await db.execute(query)])
