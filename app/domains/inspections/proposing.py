"""A yellow or red finding becomes a proposed job on the order, in one tap."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Refused
from app.core.events import record
from app.core.money import plain
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.inspections.events import FindingProposed
from app.domains.inspections.models import Finding, TemplateItem
from app.domains.services.models import CannedJob
from app.domains.workshop.models import Job, RepairOrder


async def propose(db: AsyncSession, finding: Finding, order: RepairOrder, *, by: Viewer) -> Job:
    """Put the work that mends a finding on its order: the item's canned job with its lines, or an empty job
    named after the item when the shop has none. A second tap gives the same job back.

    Raises Refused for a finding that is neither yellow nor red, or an order that is closed.
    """
    if finding.rating not in ("yellow", "red"):
        raise Refused(_("Only a yellow or red item can become a job."))
    item = await db.get_one(TemplateItem, finding.item_id)
    canned = await _has_canned(db, order, item.canned_job_code)
    job = await workshop.propose_job(
        db,
        order,
        by=by,
        title="" if canned else _("Repair: %(item)s", item=_(item.name)),
        canned_code=item.canned_job_code if canned else "",
        finding_id=finding.id,
        cause=_cause(item, finding),
    )
    if finding.job_id == job.id:
        return job
    finding.job_id = job.id
    await db.flush()
    await record(
        db,
        FindingProposed(
            inspection_id=finding.inspection_id, order_id=order.id, finding_id=finding.id, job_id=job.id
        ),
        by=by,
        tenant=finding.tenant_id,
        subject=order.id,
    )
    return job


async def _has_canned(db: AsyncSession, order: RepairOrder, code: str) -> bool:
    found = select(CannedJob.id).where(
        CannedJob.tenant_id == order.tenant_id, CannedJob.code == code, CannedJob.is_active
    )
    return bool(code) and await db.scalar(found) is not None


def _cause(item: TemplateItem, finding: Finding) -> str:
    """What the customer reads as the reason: "Front brake pads: 2.5 mm. Scored disc."."""
    seen = _(item.name)
    if finding.measure is not None:
        seen += f": {plain(finding.measure)} {item.unit}".rstrip()
    return f"{seen}. {finding.note}".strip() if finding.note else seen
