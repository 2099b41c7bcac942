"""What ends by itself: versions whose validity is over, and versions whose work has changed underneath."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.estimates.events import EstimateExpired
from app.domains.estimates.finding import lock
from app.domains.estimates.models import OPEN, Estimate, EstimateJob
from app.domains.estimates.proposal import work_on
from app.domains.estimates.sending import supersede


async def overdue(db: AsyncSession, *, limit: int = 500) -> list[tuple[UUID, UUID]]:
    """Open versions that are no longer valid, as (tenant, estimate), of every tenant the session may read."""
    rows = await db.execute(
        select(Estimate.tenant_id, Estimate.id)
        .where(Estimate.status.in_(OPEN), Estimate.valid_until <= clock.now())
        .order_by(Estimate.valid_until)
        .limit(limit)
    )
    return [(row.tenant_id, row.id) for row in rows]


async def expire(db: AsyncSession, estimate: Estimate, *, by: Viewer) -> bool:
    """Let a version expire. False when it was decided, or given another fate, first."""
    order = await lock(db, estimate)
    if estimate.status not in OPEN or estimate.valid_until > clock.now():
        return False
    estimate.status = "expired"
    estimate.revision += 1
    gone = EstimateExpired(
        estimate_id=estimate.id,
        order_id=order.id,
        center_id=order.center_id,
        number=estimate.number,
        customer_id=order.customer_id,
    )
    await record(db, gone, by=by, tenant=order.tenant_id, person=estimate.user_id, subject=order.id)
    return True


async def drop_outdated(db: AsyncSession, tenant_id: UUID, job_id: UUID, *, by: Viewer) -> bool:
    """A job's price or scope changed after it was sent: supersede the open version that names it, so that
    nobody signs what the workshop no longer means. The shop's own cost may change freely."""
    row = (
        await db.execute(
            select(Estimate, EstimateJob)
            .join(EstimateJob, EstimateJob.estimate_id == Estimate.id)
            .where(
                Estimate.tenant_id == tenant_id,
                Estimate.status.in_(OPEN),
                EstimateJob.tenant_id == tenant_id,
                EstimateJob.job_id == job_id,
            )
        )
    ).first()
    if row is None:
        return False
    estimate, frozen = row
    order = await lock(db, estimate)
    if estimate.status not in OPEN:
        return False
    live = next((one for one in await work_on(db, order) if one.job.id == job_id), None)
    if live is not None and live.scope == frozen.scope_hash:
        return False
    await supersede(db, estimate, order, by=by)
    return True
