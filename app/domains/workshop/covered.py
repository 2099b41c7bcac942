"""Work that is paid for already: its lines cost the customer nothing, and keep what they would have cost."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.workshop.lines import NewLine, changed, open_for_change, put_lines
from app.domains.workshop.models import COUNTER, Job, JobLine
from app.domains.workshop.orders import hold_open
from app.domains.workshop.pricing import price_lines

GONE = ("declined", "deferred", "revived")


async def cover_job(db: AsyncSession, job: Job, words: str, *, by: Viewer) -> int:
    """Let the lines that stand on a job now cost nothing, and say why on a line of its own. Returns what they would have
    cost before tax, in minor units. The customer is not asked again: nobody has to agree to pay less. What is put on the
    job later is priced as always. Raises Refused when the work is off, covered already, or its order no longer open."""
    order = await hold_open(db, job.order_id)
    await db.refresh(job)
    lines = await _lines(db, job)
    if job.status in GONE or job.department == COUNTER or any(map(_is_covered, lines)):
        raise Refused(_("“%(job)s” cannot be covered any more.", job=job.title), audit="job.illegal_move")
    worth = price_lines(lines).net_minor
    for line in lines:
        if line.unit_price_minor:
            line.list_price_minor, line.unit_price_minor = line.unit_price_minor, 0
    note = NewLine(kind="fee", description=words[:300], unit_price_minor=0, taxable=False)
    [put] = await put_lines(db, order, job, [note])
    put.list_price_minor = 0
    await changed(db, order, job, by=by, shown=False)
    return worth


async def charge_again(db: AsyncSession, job: Job, *, by: Viewer) -> None:
    """The lines cost what they cost by themselves. Who had agreed to the job is asked again; work that has begun stays
    covered, for nobody was asked about its price. Raises Refused."""
    order = await open_for_change(db, job)
    await put_prices_back(db, job)
    await changed(db, order, job, by=by)


async def put_prices_back(db: AsyncSession, job: Job) -> None:
    """Give the covered lines of a job of a held order their prices again; the line that said why goes."""
    for line in filter(_is_covered, await _lines(db, job)):
        if line.list_price_minor:
            line.unit_price_minor, line.list_price_minor = line.list_price_minor, None
        else:
            await db.delete(line)
    await db.flush()


async def _lines(db: AsyncSession, job: Job) -> list[JobLine]:
    query = select(JobLine).where(JobLine.job_id == job.id).execution_options(populate_existing=True)
    return list(await db.scalars(query))


def _is_covered(line: JobLine) -> bool:
    return line.list_price_minor is not None
