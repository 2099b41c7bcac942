"""Which estimates a viewer may see, and finding one of them."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.errors import Forbidden, NotFound
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.estimates.models import Estimate
from app.domains.workshop import hold
from app.domains.workshop.models import RepairOrder

WRITE = "create:quotes"


def is_of_shop(me: Viewer, estimate: Estimate) -> bool:
    """Whether the viewer looks at it as the shop that wrote it."""
    return me.is_staff and me.tenant_id == estimate.tenant_id


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """The shop sees all of its own; a driver sees what was sent to them."""
    return or_(
        Estimate.tenant_id == me.tenant_id if me.is_staff else false(),
        and_(Estimate.user_id == me.user_id, Estimate.status != "draft"),
    )


async def find(db: AsyncSession, me: Viewer, estimate_id: UUID) -> Estimate:
    """An estimate the viewer may see. Raises NotFound; Forbidden for staff without the right."""
    found = await db.scalar(select(Estimate).where(Estimate.id == estimate_id, visible_to(me)))
    if found is None:
        raise NotFound
    if is_of_shop(me, found) and not me.can(WRITE):
        raise Forbidden(WRITE)
    return found


async def find_to_write(db: AsyncSession, me: Viewer, estimate_id: UUID) -> Estimate:
    """An estimate of the viewer's own shop, locked for a change. Raises NotFound, Forbidden."""
    found = await find(db, me, estimate_id)
    if not is_of_shop(me, found):
        raise NotFound
    return found


async def find_to_decide(db: AsyncSession, me: Viewer, estimate_id: UUID) -> Estimate:
    """An estimate sent to the viewer as a driver; lets their answer reach the shop's tables."""
    found = await db.scalar(
        select(Estimate).where(
            Estimate.id == estimate_id, Estimate.user_id == me.user_id, Estimate.status != "draft"
        )
    )
    if found is None:
        raise NotFound
    await enter_tenant(db, found.tenant_id)
    return found


def over_words(order: RepairOrder) -> str:
    """Why an order asks its customer nothing any more; "" while it may."""
    return {
        "void": _("The workshop opened this order by mistake. There is nothing to answer any more."),
        "archived": _("The workshop has put this price away. There is nothing to answer any more."),
        "invoiced": _(
            "The workshop has written the invoice for this visit. There is nothing to answer any more."
        ),
        "closed": _("This visit is invoiced and paid. There is nothing to answer any more."),
    }.get(order.status, "")


async def order_of(db: AsyncSession, estimate: Estimate) -> RepairOrder:
    """The repair order it belongs to."""
    found = await db.scalar(
        select(RepairOrder).where(
            RepairOrder.tenant_id == estimate.tenant_id, RepairOrder.id == estimate.order_id
        )
    )
    if found is None:
        raise NotFound
    return found


async def lock(db: AsyncSession, estimate: Estimate) -> RepairOrder:
    """Lock the order, then the version, and read both afresh. Everybody who changes estimates comes this
    way, so that sending, deciding and expiring never meet halfway."""
    order = await hold(db, estimate.order_id)
    await db.refresh(estimate, with_for_update=True)
    return order


async def estimates_of(db: AsyncSession, order: RepairOrder) -> list[Estimate]:
    """All versions of an order, newest first."""
    found = await db.scalars(
        select(Estimate)
        .where(Estimate.tenant_id == order.tenant_id, Estimate.order_id == order.id)
        .order_by(Estimate.version.desc())
    )
    return list(found)
