"""Sending makes a draft a version: its content is frozen and hashed, older open versions die."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files
from app.core.errors import Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.estimates.events import EstimateSent, EstimateSuperseded, EstimateViewed
from app.domains.estimates.finding import lock, order_of
from app.domains.estimates.freezing import freeze
from app.domains.estimates.links import kill_links
from app.domains.estimates.models import OPEN, Estimate
from app.domains.estimates.proposal import Proposal, to_ask, work_on
from app.domains.estimates.sheet import Sheet
from app.domains.estimates.writing import check_draft
from app.domains.workshop import hold_open, present_jobs
from app.domains.workshop.models import RepairOrder


async def preview(db: AsyncSession, estimate: Estimate) -> Sheet:
    """What the customer would see if the draft were sent now. Stores nothing."""
    order = await order_of(db, estimate)
    with db.no_autoflush:
        sheet = await freeze(db, estimate, order, await work_on(db, order))
    db.expunge(estimate)
    return sheet


def what_is_missing(work: list[Proposal]) -> list[str]:
    """Why the work cannot be sent yet, in words; empty when it can."""
    asked = to_ask(work)
    if not asked:
        return [_("There is no open job to ask the customer about.")]
    return [_("“%(job)s” has no lines yet.", job=one.job.title) for one in asked if not one.lines]


async def send(db: AsyncSession, estimate: Estimate, *, revision: int | None, by: Viewer) -> Sheet:
    """Send a draft to the customer. Raises Refused when it was changed or sent meanwhile, is empty,
    no longer valid, or the order is over."""
    order = await hold_open(db, estimate.order_id)
    await db.refresh(estimate, with_for_update=True)
    check_draft(estimate, revision)
    work = await work_on(db, order)
    if missing := what_is_missing(work):
        raise Refused(" ".join(missing), status=422)
    if estimate.valid_until <= clock.now():
        raise Refused(_("Its validity is over. Choose a later day first."), status=422)
    sheet = await freeze(db, estimate, order, work)
    if not await files.keep_as_evidence(db, sheet.file_ids):
        raise Refused(_("A photo has just been taken off the inspection. Look at the preview again."))
    estimate.user_id = order.user_id
    estimate.shown_hash = sheet.hash()
    estimate.sent_at = clock.now()
    await supersede_open(db, order, by=by)
    estimate.status = "sent"
    estimate.revision += 1
    await db.flush()
    db.add_all(one.job for one in sheet.jobs)
    await db.flush()
    db.add_all(line for one in sheet.jobs for line in one.lines)
    await db.flush()
    await present_jobs(db, order, [one.job for one in to_ask(work)], by=by)
    sent = EstimateSent(
        estimate_id=estimate.id,
        order_id=order.id,
        center_id=order.center_id,
        number=estimate.number,
        customer_id=order.customer_id,
        total_minor=estimate.total_minor,
        currency=estimate.currency,
        jobs=len(sheet.jobs),
    )
    await record(db, sent, by=by, tenant=order.tenant_id, person=estimate.user_id, subject=order.id)
    return sheet


async def supersede_open(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> None:
    """Close every version of an order (locked) that still waits for an answer, and kill its links."""
    waiting = await db.scalars(
        select(Estimate)
        .where(
            Estimate.tenant_id == order.tenant_id,
            Estimate.order_id == order.id,
            Estimate.status.in_([*OPEN, "expired"]),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for estimate in waiting:
        await supersede(db, estimate, order, by=by)


async def supersede(db: AsyncSession, estimate: Estimate, order: RepairOrder, *, by: Viewer) -> None:
    """Put a version (its order locked) out of force, and its links with it."""
    estimate.status = "superseded"
    estimate.revision += 1
    await kill_links(db, estimate)
    gone = EstimateSuperseded(
        estimate_id=estimate.id, order_id=order.id, center_id=order.center_id, number=estimate.number
    )
    await record(db, gone, by=by, tenant=order.tenant_id, person=estimate.user_id, subject=order.id)


async def mark_viewed(db: AsyncSession, estimate: Estimate, *, by: Viewer) -> bool:
    """Note that the customer has it on their screen; True the first time."""
    order = await lock(db, estimate)
    if estimate.status != "sent" or not estimate.is_open(clock.now()):
        return False
    estimate.status = "viewed"
    estimate.viewed_at = clock.now()
    seen = EstimateViewed(
        estimate_id=estimate.id, order_id=order.id, center_id=order.center_id, number=estimate.number
    )
    await record(db, seen, by=by, tenant=order.tenant_id, person=estimate.user_id, subject=order.id)
    return True
