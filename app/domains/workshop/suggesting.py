"""What an earlier visit left undone is offered again when the car is back."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import record
from app.core.viewer import Viewer
from app.domains import garage
from app.domains.workshop.events import DeferredWorkSuggested
from app.domains.workshop.models import DeferredWork, RepairOrder


async def suggest(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> None:
    """open → suggested, for all that is kept on the order's car in this shop, whoever brought it then."""
    rows = await garage.rows_of_car(db, order.vehicle_id, order.tenant_id)
    kept = await db.scalars(
        select(DeferredWork)
        .where(
            DeferredWork.tenant_id == order.tenant_id,
            DeferredWork.vehicle_id.in_(rows),
            DeferredWork.status == "open",
        )
        .order_by(DeferredWork.id)
        .with_for_update()
    )
    for work in kept:
        work.status = "suggested"
        event = DeferredWorkSuggested(
            deferred_work_id=work.id, vehicle_id=work.vehicle_id, order_id=order.id, title=work.title
        )
        # A former owner is not told that the car is here again.
        person = work.user_id if work.user_id == order.user_id else None
        await record(db, event, by=by, tenant=work.tenant_id, person=person, subject=order.id)
