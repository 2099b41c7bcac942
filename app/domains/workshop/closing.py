"""The end of a repair order's paper: invoiced, closed, opened again, archived, void."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.workshop import jobs
from app.domains.workshop.events import (
    OrderArchived,
    OrderClosed,
    OrderInvoiced,
    OrderOwedAgain,
    OrderReopened,
    OrderVoided,
)
from app.domains.workshop.models import RepairOrder
from app.domains.workshop.moves import move_document, move_job
from app.domains.workshop.orders import hold, of, tell


async def mark_invoiced(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> RepairOrder:
    """The invoice is issued: lines are frozen, and what nobody answered is kept on the car."""
    order = await hold(db, order.id)
    if left := await jobs.unfinished_jobs(db, order):
        raise Refused(
            _("“%(job)s” is approved and not completed yet.", job=left[0].title), audit="order.unfinished"
        )
    move_document(order, "invoiced")
    await _put_open_aside(db, order, by=by)
    await tell(db, order, OrderInvoiced(**of(order)), by=by)
    return order


async def mark_closed(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> RepairOrder:
    """The invoice is paid, or credited: nothing is owed any more."""
    order = await hold(db, order.id)
    move_document(order, "closed")
    await tell(db, order, OrderClosed(**of(order), vehicle_id=order.vehicle_id), by=by)
    return order


async def mark_owed_again(db: AsyncSession, order_id: UUID, *, by: Viewer) -> None:
    """Money of the invoice went back: an order that was closed is invoiced again, its lines stay frozen."""
    order = await hold(db, order_id)
    if order.status != "closed":
        return
    move_document(order, "invoiced")
    await tell(db, order, OrderOwedAgain(**of(order)), by=by)


async def reopen(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> RepairOrder:
    """The invoice was cancelled or credited: work may be changed again."""
    order = await hold(db, order.id)
    move_document(order, "repair_order")
    await tell(db, order, OrderReopened(**of(order)), by=by)
    return order


async def archive(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> RepairOrder:
    """A price asked and not taken up: its jobs stay with the car as deferred, approved or not."""
    order = await hold(db, order.id)
    move_document(order, "archived")
    for job in await jobs.jobs_of(db, order):
        if job.status in ("authorized", "pending"):
            move_job(job, "presented")
    await _put_open_aside(db, order, by=by)
    await tell(db, order, OrderArchived(**of(order)), by=by)
    return order


async def void(db: AsyncSession, order: RepairOrder, *, by: Viewer, reason: str) -> RepairOrder:
    """Opened by mistake. Only before an invoice, and before work was done. Proposals nobody saw go with it; what
    the customer was asked about stays with the car."""
    if not reason.strip():
        raise Invalid({"reason": _("Say why the order is void.")})
    order = await hold(db, order.id)
    every = await jobs.jobs_of(db, order)
    started = [job for job in every if job.status in ("in_progress", "blocked", "qc", "completed")]
    if started:
        raise Refused(_("Work on “%(job)s” has begun.", job=started[0].title), audit="order.illegal_move")
    if order.is_open:
        for job in every:
            if job.status == "proposed":
                await jobs.withdraw_job(db, job, by=by)
    move_document(order, "void")
    await _put_open_aside(db, order, by=by)
    await tell(db, order, OrderVoided(**of(order), reason=reason.strip()), by=by)
    return order


async def _put_open_aside(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> None:
    for job in await jobs.jobs_of(db, order):
        if job.status in ("proposed", "presented"):
            await jobs.put_aside(db, order, job, by=by, reason=_("Never answered"))
