"""An inspection is begun, filled in item by item, and finished when every item has been looked at."""

from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _, ngettext
from app.domains import workshop
from app.domains.inspections.events import (
    InspectionCompleted,
    InspectionReopened,
    InspectionStarted,
    ItemRated,
)
from app.domains.inspections.models import Finding, Inspection, Template, TemplateItem
from app.domains.workshop.models import RepairOrder

Rating = Literal["green", "yellow", "red", "not_applicable"]
RATINGS: tuple[Rating, ...] = ("green", "yellow", "red", "not_applicable")

LEAST, MOST = Decimal(-1000), Decimal(100_000)


async def find(db: AsyncSession, me: Viewer, inspection_id: UUID) -> tuple[Inspection, RepairOrder]:
    """An inspection of the viewer's center, with its order. Raises NotFound."""
    row = (
        await db.execute(
            select(Inspection, RepairOrder)
            .join(RepairOrder, RepairOrder.id == Inspection.order_id)
            .where(
                Inspection.id == inspection_id,
                RepairOrder.tenant_id == me.tenant_id,
                workshop.visible_to(me),
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def find_finding(
    db: AsyncSession, me: Viewer, inspection_id: UUID, finding_id: UUID
) -> tuple[Finding, Inspection, RepairOrder]:
    """One finding of an inspection of the viewer's center. Raises NotFound."""
    inspection, order = await find(db, me, inspection_id)
    finding = await db.scalar(
        select(Finding).where(
            Finding.tenant_id == inspection.tenant_id,
            Finding.inspection_id == inspection.id,
            Finding.id == finding_id,
        )
    )
    if finding is None:
        raise NotFound
    return finding, inspection, order


async def start(db: AsyncSession, order: RepairOrder, template: Template, *, by: Viewer) -> Inspection:
    """Begin a checklist for an order. One that is still open for the same checklist is carried on instead,
    so two taps, or two technicians, end on the same sheet."""
    order = await workshop.hold_open(db, order.id)
    opened = await db.scalar(
        select(Inspection)
        .join(Template, Template.id == Inspection.template_id)
        .where(
            Inspection.tenant_id == order.tenant_id,
            Inspection.order_id == order.id,
            Inspection.status == "in_progress",
            Template.code == template.code,
        )
    )
    if opened is not None:
        return opened
    inspection = Inspection(
        id=new_id(),
        tenant_id=order.tenant_id,
        order_id=order.id,
        template_id=template.id,
        technician_user_id=by.user_id,
        started_at=clock.now(),
    )
    db.add(inspection)
    await db.flush()
    items = await db.scalars(
        select(TemplateItem).where(
            TemplateItem.tenant_id == order.tenant_id, TemplateItem.template_id == template.id
        )
    )
    db.add_all(
        Finding(
            tenant_id=order.tenant_id, inspection_id=inspection.id, item_id=item.id, position=item.position
        )
        for item in items
    )
    await db.flush()
    await record(
        db,
        InspectionStarted(
            inspection_id=inspection.id,
            order_id=order.id,
            center_id=order.center_id,
            template_code=template.code,
            template_version=template.version,
        ),
        by=by,
        tenant=order.tenant_id,
        person=order.user_id,
        subject=order.id,
    )
    return inspection


def suggested(item: TemplateItem, measure: Decimal | None) -> Rating | None:
    """The colour a measure has by the item's thresholds; None when there is nothing to compare."""
    if measure is None:
        return None
    limits = (item.yellow_below, item.red_below, item.yellow_above, item.red_above)
    if all(limit is None for limit in limits):
        return None
    if _beyond(measure, item.red_below, item.red_above):
        return "red"
    return "yellow" if _beyond(measure, item.yellow_below, item.yellow_above) else "green"


def _beyond(measure: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and measure < low) or (high is not None and measure > high)


async def rate(
    db: AsyncSession,
    finding: Finding,
    *,
    rating: Rating | None,
    measure: Decimal | None,
    note: str,
    by: Viewer,
) -> Finding:
    """Save what was seen. Without a rating the measure decides, or else the colour stays as it was.

    Raises Refused when the inspection is finished, Invalid for a measure no instrument shows. A technician
    may judge otherwise than the thresholds.
    """
    if measure is not None and not (measure.is_finite() and LEAST <= measure <= MOST):
        raise Invalid({"measure": _("This number is out of range.")})
    inspection = await still_open(db, finding.inspection_id)
    await db.refresh(finding, with_for_update=True)
    item = await db.get_one(TemplateItem, finding.item_id)
    if rating is None:
        rating = suggested(item, measure if measure != finding.measure else None)
    before = (finding.rating, finding.measure, finding.note)
    finding.rating = rating or finding.rating
    finding.measure = measure
    finding.note = note
    if before == (finding.rating, finding.measure, finding.note):
        return finding
    finding.rated_at = clock.now()
    finding.rated_by_id = by.user_id
    await db.flush()
    await record(
        db,
        ItemRated(
            inspection_id=inspection.id,
            order_id=inspection.order_id,
            finding_id=finding.id,
            rating=finding.rating,
        ),
        by=by,
        tenant=inspection.tenant_id,
        subject=inspection.order_id,
    )
    return finding


async def still_open(db: AsyncSession, inspection_id: UUID) -> Inspection:
    """The inspection, kept from being finished by someone else until this transaction ends. Raises Refused."""
    inspection = await db.scalar(
        select(Inspection)
        .where(Inspection.id == inspection_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if inspection is None:
        raise NotFound
    if inspection.status != "in_progress":
        raise Refused(
            _("This inspection is finished. Open it again to change it."), audit="inspection.illegal_move"
        )
    return inspection


async def finish(db: AsyncSession, inspection: Inspection, order: RepairOrder, *, by: Viewer) -> Inspection:
    """Close the sheet. Raises Refused while items are not rated; finishing twice is finishing once."""
    await db.refresh(inspection, with_for_update=True)
    if inspection.status == "completed":
        return inspection
    counts = await tally(db, inspection)
    if left := counts[""]:
        words = ngettext("%(num)s item is not rated yet.", "%(num)s items are not rated yet.", left)
        raise Refused(words, data={"unrated": left}, audit="inspection.unfinished")
    inspection.status = "completed"
    inspection.completed_at = clock.now()
    inspection.version += 1
    await db.flush()
    await record(
        db,
        InspectionCompleted(
            inspection_id=inspection.id,
            order_id=order.id,
            center_id=order.center_id,
            green=counts["green"],
            yellow=counts["yellow"],
            red=counts["red"],
        ),
        by=by,
        tenant=order.tenant_id,
        person=order.user_id,
        subject=order.id,
    )
    return inspection


async def reopen(db: AsyncSession, inspection: Inspection, order: RepairOrder, *, by: Viewer) -> Inspection:
    """Take a finished inspection up again. Raises Refused once the order is closed."""
    order = await workshop.hold_open(db, order.id)
    await db.refresh(inspection, with_for_update=True)
    if inspection.status == "in_progress":
        return inspection
    inspection.status = "in_progress"
    inspection.completed_at = None
    inspection.version += 1
    await db.flush()
    await record(
        db,
        InspectionReopened(inspection_id=inspection.id, order_id=order.id, center_id=order.center_id),
        by=by,
        tenant=order.tenant_id,
        person=order.user_id,
        subject=order.id,
    )
    return inspection


async def tally(db: AsyncSession, inspection: Inspection) -> dict[str, int]:
    """How many findings have each rating; "" counts those not looked at."""
    rows = await db.execute(
        select(Finding.rating, func.count())
        .where(Finding.tenant_id == inspection.tenant_id, Finding.inspection_id == inspection.id)
        .group_by(Finding.rating)
    )
    counts = dict.fromkeys(("", *RATINGS), 0)
    for rating, number in rows:
        counts[rating] = number
    return counts
