"""Writing an estimate: one draft at a time for an order, priced live from its open jobs."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.estimates.events import EstimateDrafted
from app.domains.estimates.finding import lock
from app.domains.estimates.models import Estimate
from app.domains.network.models import ServiceCenter
from app.domains.network.setting_values import rules_of
from app.domains.workshop import hold_open
from app.domains.workshop.models import RepairOrder

LONGEST_VALIDITY = timedelta(days=180)
MESSAGE_LIMIT = 4000


async def draft(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> Estimate:
    """The order's draft: the one being written, or a new version. Raises Refused when the order is over."""
    order = await hold_open(db, order.id)
    known = await db.scalar(
        select(Estimate).where(
            Estimate.tenant_id == order.tenant_id, Estimate.order_id == order.id, Estimate.status == "draft"
        )
    )
    if known is not None:
        return known
    center = await db.get_one(ServiceCenter, order.center_id)
    newest = await db.scalar(
        select(func.max(Estimate.version)).where(
            Estimate.tenant_id == order.tenant_id, Estimate.order_id == order.id
        )
    )
    version = (newest or 0) + 1
    valid = timedelta(days=(await rules_of(db, order.tenant_id)).number("estimates.valid_days"))
    estimate = Estimate(
        tenant_id=order.tenant_id,
        order_id=order.id,
        user_id=order.user_id,
        number=f"{order.label}-E{version}",
        version=version,
        currency=center.currency,
        valid_until=end_of_day(clock.today(center.zone) + valid, center.zone),
        created_by_id=by.user_id,
    )
    db.add(estimate)
    await db.flush()
    drafted = EstimateDrafted(
        estimate_id=estimate.id, order_id=order.id, center_id=order.center_id, number=estimate.number
    )
    await record(db, drafted, by=by, tenant=order.tenant_id, subject=order.id)
    return estimate


def end_of_day(day: date, zone: str) -> datetime:
    """The last second of a day in a time zone, in UTC."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


async def revise(
    db: AsyncSession, estimate: Estimate, *, message: str, valid_until: date, revision: int, by: Viewer
) -> Estimate:
    """Change a draft's message and validity. `revision` is the one the writer saw.

    Raises Refused when somebody else changed or sent it meanwhile, Invalid for a validity out of range.
    """
    order = await lock(db, estimate)
    check_draft(estimate, revision)
    center = await db.get_one(ServiceCenter, order.center_id)
    today = clock.today(center.zone)
    if valid_until < today:
        raise Invalid({"valid_until": _("Choose a day that is not over yet.")})
    if valid_until >= today + LONGEST_VALIDITY:
        raise Invalid({"valid_until": _("An estimate is valid for half a year at most.")})
    if len(message) > MESSAGE_LIMIT:
        raise Invalid(
            {"message": _("Please keep the message under %(count)s characters.", count=MESSAGE_LIMIT)}
        )
    ends = end_of_day(valid_until, center.zone)
    if (estimate.message, estimate.valid_until) != (message, ends):
        estimate.message, estimate.valid_until = message, ends
        estimate.revision += 1
    return estimate


def check_draft(estimate: Estimate, revision: int | None) -> None:
    """Refuse to write a version that was sent, or one that somebody else has changed meanwhile."""
    if not estimate.is_draft:
        raise Refused(
            _(
                "%(number)s was sent and stays as it is. A change makes the next version.",
                number=estimate.number,
            ),
            audit="estimate.not_a_draft",
        )
    if revision is not None and revision != estimate.revision:
        raise Refused(
            _(
                "Somebody else has changed %(number)s meanwhile. Please look at it again.",
                number=estimate.number,
            ),
            data={"revision": estimate.revision},
            audit="estimate.stale",
        )


async def discard(db: AsyncSession, estimate: Estimate, *, revision: int | None, by: Viewer) -> None:
    """Throw a draft away. Its jobs stay on the order."""
    await lock(db, estimate)
    check_draft(estimate, revision)
    await db.delete(estimate)
    await db.flush()
