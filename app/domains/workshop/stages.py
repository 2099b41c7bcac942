"""The stage of an order on the board: it follows the work by itself, and a person may always move it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.viewer import Viewer
from app.domains import garage
from app.domains.network.models import ServiceCenter
from app.domains.workshop.events import OrderMoved, WorkCompleted
from app.domains.workshop.models import COUNTER, OPEN_WORK, Job, RepairOrder
from app.domains.workshop.next_service import is_planned
from app.domains.workshop.orders import of, tell

BLOCKED_STAGE = {"parts": "awaiting_parts", "approval": "awaiting_approval", "sublet": "sublet"}


async def enter(
    db: AsyncSession, order: RepairOrder, stage: str, *, by: Viewer, by_facts: bool = True, **passed_over: Any
) -> bool:
    """Bring an order (held by this transaction) into a stage; False when it is there already.

    `passed_over` is what OrderMoved tells of a person who moved the card with things still open.
    """
    if order.stage == stage:
        return False
    now = clock.now()
    was, order.stage, order.stage_since = order.stage, stage, now
    if stage in ("ready", "delivered"):
        order.ready_at = order.ready_at or now
    else:
        order.ready_at = None
    order.delivered_at = now if stage == "delivered" else None
    order.version += 1
    if stage == "delivered":
        await _note_service(db, order, by)
    await tell(
        db, order, OrderMoved(**of(order), was=was, stage=stage, by_facts=by_facts, **passed_over), by=by
    )
    return True


async def _note_service(db: AsyncSession, order: RepairOrder, by: Viewer) -> None:
    """A car that leaves with work done has been serviced, on that day of the center's clock."""
    done = select(Job.id).where(
        Job.tenant_id == order.tenant_id,
        Job.order_id == order.id,
        Job.status == "completed",
        Job.department != COUNTER,
    )
    if await db.scalar(select(done.exists())):
        center = await db.get_one(ServiceCenter, order.center_id)
        day, planned = clock.today(center.zone), await is_planned(db, order)
        await garage.note_service(db, order.vehicle_id, day, next_is_planned=planned, by=by)


async def follow(db: AsyncSession, order: RepairOrder, *, by: Viewer, completed: bool = False) -> None:
    """Let the stage of a held order follow from the state of its jobs.

    An estimate has no card yet. A card that has been handed over stays where it is, and so does one about whose jobs there is nothing
    to tell: proposals nobody has seen move nothing. When all agreed work is done, by the last job being
    `completed` or the last question being answered, that is said once.
    """
    if order.stage == "delivered" or order.status == "estimate":
        return
    await db.flush()
    rows = await db.execute(
        select(Job.status, Job.blocked_reason).where(
            Job.tenant_id == order.tenant_id, Job.order_id == order.id, Job.department != COUNTER
        )
    )
    jobs = [(status, reason) for status, reason in rows]
    stage = stage_of(jobs, order.stage)
    if stage is None:
        return
    moved = await enter(db, order, stage, by=by)
    done = stage == "ready" and any(status == "completed" for status, _reason in jobs)
    if done and (moved or completed):
        await tell(db, order, WorkCompleted(**of(order), customer_id=order.customer_id), by=by)


def stage_of(jobs: Sequence[tuple[str, str]], now: str) -> str | None:
    """The stage that (status, blocked reason) of an order's jobs speak for; None when they are silent.

    `now` is the present stage. Work under way wins over everything, then what stops it, then an open
    question to the customer, then work that could begin.
    """
    statuses = {status for status, _reason in jobs}
    if "in_progress" in statuses:
        return "in_progress"
    stopped = [BLOCKED_STAGE.get(reason, "in_progress") for status, reason in jobs if status == "blocked"]
    if stopped:
        return stopped[0]
    if "presented" in statuses:
        return "awaiting_approval"
    if statuses & set(OPEN_WORK):
        return "in_progress"
    if "qc" in statuses:
        return "qc"
    if "completed" in statuses:
        return "ready"
    if statuses & {"declined", "deferred"} and "proposed" not in statuses:
        return "ready" if now == "awaiting_approval" else None
    return None
