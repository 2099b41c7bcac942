"""What is asked for and ordered for the jobs of a workshop, for whoever looks at a job; and what is asked for already."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.core.words import _
from app.domains.marketplace import orders
from app.domains.marketplace.models import (
    ASKING,
    PartsOrder,
    PartsOrderLine,
    Purchase,
    PurchaseLine,
    ShopQuote,
)
from app.domains.workshop.models import Job, JobLine

NO_ANSWER_YET = (*ASKING, "expired")
UNDER_WAY = (*ASKING, "accepted", "processing", "shipped", "delivered")
"""What another request for the same job would be a second one to."""


class Asked(msgspec.Struct, frozen=True):
    """A request for a job, and what of it nobody brings yet."""

    order: PartsOrder
    lines: list[PartsOrderLine]


class Ordered(msgspec.Struct, frozen=True):
    """A part of a job as it was ordered."""

    order: PartsOrder
    purchase: Purchase
    line: PurchaseLine
    shop: str
    is_at_cost: bool
    """Put on the job at its cost or at nothing: somebody has to look at the price."""


class JobParts(msgspec.Struct, frozen=True):
    """The parts of one job, the newest first."""

    job: Job
    asked: list[Asked]
    ordered: list[Ordered]


async def parts_of(db: AsyncSession, me: Viewer, jobs: Sequence[Job]) -> list[JobParts]:
    """Of those of the jobs there is something to tell of. The caller has found the jobs for the viewer."""
    asked = await _asked(db, me, [job.id for job in jobs])
    ordered = await _ordered(db, me, [job.id for job in jobs])
    found = [
        JobParts(
            job,
            [one for one in asked if one.order.job_id == job.id],
            [one for one in ordered if one.order.job_id == job.id],
        )
        for job in jobs
    ]
    return [one for one in found if one.asked or one.ordered]


async def _asked(db: AsyncSession, me: Viewer, jobs: Sequence[UUID]) -> list[Asked]:
    brought = (
        select(PurchaseLine.id)
        .where(PurchaseLine.order_line_id == PartsOrderLine.id, PurchaseLine.is_live)
        .exists()
    )
    rows = await db.execute(
        select(PartsOrder, PartsOrderLine)
        .join(PartsOrderLine, PartsOrderLine.order_id == PartsOrder.id)
        .where(
            PartsOrder.job_id.in_(jobs),
            PartsOrder.status.in_(NO_ANSWER_YET),
            orders.bought_by(me),
            PartsOrderLine.given_up.is_(False),
            ~brought,
        )
        .order_by(PartsOrder.created_at.desc(), PartsOrder.id, PartsOrderLine.position)
    )
    found: dict[UUID, Asked] = {}
    for order, line in rows:
        found.setdefault(order.id, Asked(order, [])).lines.append(line)
    return list(found.values())


async def _ordered(db: AsyncSession, me: Viewer, jobs: Sequence[UUID]) -> list[Ordered]:
    rows = await db.execute(
        select(PartsOrder, Purchase, PurchaseLine, ShopQuote.shop_name, JobLine)
        .join(Purchase, Purchase.order_id == PartsOrder.id)
        .join(PurchaseLine, PurchaseLine.purchase_id == Purchase.id)
        .join(ShopQuote, ShopQuote.id == Purchase.quote_id)
        .outerjoin(JobLine, JobLine.id == PurchaseLine.job_line_id)
        .where(PartsOrder.job_id.in_(jobs), orders.bought_by(me))
        .order_by(Purchase.accepted_at.desc(), PurchaseLine.id)
    )
    return [
        Ordered(
            order,
            purchase,
            line,
            shop,
            line.is_live
            and job_line is not None
            and job_line.unit_price_minor in (0, job_line.unit_cost_minor),
        )
        for order, purchase, line, shop, job_line in rows
    ]


class Already(msgspec.Struct, frozen=True):
    """A part of a draft that another request for the same job names too."""

    name: str
    order: PartsOrder

    @property
    def words(self) -> str:
        said = {"part": self.name, "code": self.order.code}
        if self.order.status in ASKING:
            return _("%(part)s is already asked for in %(code)s.", **said)
        return _("%(part)s is already ordered in %(code)s.", **said)


async def asked_already(db: AsyncSession, draft: PartsOrder) -> list[Already]:
    """What a draft for a job asks for a second time: nothing is forbidden about that, but it is seldom meant."""
    if draft.job_id is None:
        return []
    rows = await db.execute(
        select(PartsOrderLine, PurchaseLine.job_line_id, PartsOrder)
        .join(PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
        .outerjoin(PurchaseLine, and_(PurchaseLine.order_line_id == PartsOrderLine.id, PurchaseLine.is_live))
        .where(
            PartsOrder.job_id == draft.job_id,
            PartsOrder.buyer_tenant_id == draft.buyer_tenant_id,
            PartsOrder.id != draft.id,
            PartsOrder.status.in_(UNDER_WAY),
            PartsOrderLine.given_up.is_(False),
        )
        .order_by(PartsOrder.created_at.desc())
    )
    others = [(line, line.job_line_id or came_back_to, order) for line, came_back_to, order in rows]
    found = []
    for line in await orders.lines_of(db, draft.id):
        same = next((order for other, at, order in others if _is_same(line, other, at)), None)
        if same is not None:
            found.append(Already(line.name, same))
    return found


def _is_same(one: PartsOrderLine, other: PartsOrderLine, at: UUID | None) -> bool:
    """The same line of the job, `at` which the other stands; else the same number, or called the same."""
    if one.job_line_id and at:
        return one.job_line_id == at
    if one.part_number and other.part_number:
        return one.part_number.casefold() == other.part_number.casefold()
    return one.name.casefold() == other.name.casefold()
