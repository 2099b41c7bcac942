"""An inspection on Dana's Honda, made through the operations."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import act_as, transaction
from app.domains.inspections import filling, install_sheets
from app.domains.inspections import sheets as checklists
from app.domains.inspections.models import Finding, Inspection, Template, TemplateItem
from app.domains.services.models import CannedJob, CannedLine
from app.domains.workshop.models import RepairOrder
from tests.cast import CAST, HARBOR, Person
from tests.domains.workshop.shop import checked_in


async def begun(
    db: AsyncSession, code: str = "general", *, by: Person = CAST.technician
) -> tuple[Inspection, RepairOrder]:
    """The shop has its checklists, the car is checked in, the technician has begun."""
    order = await checked_in(db)
    await install_sheets(db, HARBOR)
    template = await checklist(db, code)
    await act_as(db, user=by.user_id, tenant=HARBOR)
    return await filling.start(db, order, template, by=by.viewer), order


async def begun_on_site(code: str = "general") -> tuple[Inspection, RepairOrder]:
    """The same, committed."""
    async with transaction() as db:
        return await begun(db, code)


async def checklist(db: AsyncSession, code: str) -> Template:
    return next(one for one, _items in await checklists.offered(db, HARBOR) if one.code == code)


async def item(db: AsyncSession, inspection: Inspection, name: str) -> Finding:
    """The finding of the item of that name."""
    found = await db.scalar(
        select(Finding)
        .join(TemplateItem, TemplateItem.id == Finding.item_id)
        .where(Finding.inspection_id == inspection.id, TemplateItem.name == name)
    )
    assert found is not None, name
    return found


async def item_on_site(inspection: Inspection, name: str) -> UUID:
    async with transaction(tenant=HARBOR) as db:
        return (await item(db, inspection, name)).id


async def rate_all(db: AsyncSession, inspection: Inspection, rating: filling.Rating = "green") -> None:
    """Rate everything that is not rated yet."""
    for finding in (
        await db.scalars(select(Finding).where(Finding.inspection_id == inspection.id, Finding.rating == ""))
    ).all():
        await filling.rate(db, finding, rating=rating, measure=None, note="", by=CAST.technician.viewer)


async def canned_pads(db: AsyncSession) -> CannedJob:
    """The canned job that mends thin front pads."""
    pads = CannedJob(tenant_id=HARBOR, code="front-brake-pads", title="Replace front pads", skill="brakes")
    db.add(pads)
    await db.flush()
    db.add(
        CannedLine(
            tenant_id=HARBOR,
            canned_job_id=pads.id,
            kind="part",
            description="Pad set, front",
            unit_price_minor=8990,
        )
    )
    await db.flush()
    return pads
