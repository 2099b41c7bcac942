"""What is sold over the counter beside the work: on the order, so that one invoice asks for it, and done when it is sold."""

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.workshop.events import JobSold, JobWithdrawn
from app.domains.workshop.lines import NewLine, put_lines
from app.domains.workshop.models import COUNTER, Job, JobLine, RepairOrder
from app.domains.workshop.orders import hold_open, of_job, tell


async def sell_over_counter(
    db: AsyncSession, order: RepairOrder, *, title: str, line: NewLine, by: Viewer
) -> Job:
    """Put something on the order that is ready to be billed: nobody works on it, and no stage follows from it."""
    order = await hold_open(db, order.id)
    last = await db.scalar(select(func.max(Job.position)).where(Job.order_id == order.id))
    job = Job(
        tenant_id=order.tenant_id,
        order_id=order.id,
        position=0 if last is None else last + 1,
        title=title,
        status="completed",
        department=COUNTER,
        completed_at=clock.now(),
    )
    db.add(job)
    await db.flush()
    await put_lines(db, order, job, [line])
    await tell(db, order, JobSold(**of_job(order, job)), by=by)
    return job


async def take_off_counter(db: AsyncSession, job: Job, *, by: Viewer) -> None:
    """Take it off the order again, before an invoice asks for it. Raises Refused."""
    order = await hold_open(db, job.order_id)
    if job.department != COUNTER:
        raise Refused(_("“%(job)s” is work.", job=job.title), audit="job.illegal_move")
    event = JobWithdrawn(**of_job(order, job))
    await db.execute(delete(JobLine).where(JobLine.job_id == job.id))
    await db.delete(job)
    await db.flush()
    await tell(db, order, event, by=by)
