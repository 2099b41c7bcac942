"""Which checklists a shop works with, version by version."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from app.core.errors import NotFound, Refused
from app.core.words import _
from app.domains.inspections.models import Template, TemplateItem
from app.domains.inspections.standard_sheets import EV_HV, STANDARD, Sheet
from app.domains.services import BURNS


async def install(db: AsyncSession, tenant_id: UUID) -> list[Template]:
    """Give a shop the standard checklists; those it already has are left alone."""
    known = set(await db.scalars(select(Template.code).where(Template.tenant_id == tenant_id)))
    return [await publish(db, tenant_id, sheet) for sheet in STANDARD if sheet.code not in known]


async def publish(db: AsyncSession, tenant_id: UUID, sheet: Sheet) -> Template:
    """Make `sheet` the current version of its code. Inspections keep the version they were begun with.
    Raises Refused when it holds nothing to look at."""
    if not any(looks for _section, looks in sheet.sections):
        raise Refused(_("A checklist needs at least one item."), status=422)
    mine = (Template.tenant_id == tenant_id, Template.code == sheet.code)
    # Two publishers at once: the second waits here, then finds the number taken by the unique key.
    await db.execute(select(Template.id).where(*mine).with_for_update())
    last = await db.scalar(select(func.coalesce(func.max(Template.version), 0)).where(*mine)) or 0
    await db.execute(update(Template).where(*mine, Template.is_current).values(is_current=False))
    template = Template(
        id=new_id(),
        tenant_id=tenant_id,
        code=sheet.code,
        name=sheet.name,
        description=sheet.description,
        version=last + 1,
    )
    db.add(template)
    await db.flush()
    looks = [(section, look) for section, looks in sheet.sections for look in looks]
    db.add_all(
        TemplateItem(
            tenant_id=tenant_id,
            template_id=template.id,
            position=position,
            section=section,
            name=look.name,
            hint=look.hint,
            unit=look.unit,
            canned_job_code=look.mends,
            **look.limits(),
        )
        for position, (section, look) in enumerate(looks)
    )
    await db.flush()
    return template


async def offered(db: AsyncSession, tenant_id: UUID) -> Sequence[tuple[Template, int]]:
    """The current checklists of a shop, each with its number of items."""
    count = (
        select(func.count())
        .where(TemplateItem.tenant_id == Template.tenant_id, TemplateItem.template_id == Template.id)
        .scalar_subquery()
    )
    rows = await db.execute(
        select(Template, count)
        .where(Template.tenant_id == tenant_id, Template.is_current)
        .order_by(Template.created_at, Template.id)
    )
    return [(template, number) for template, number in rows]


def by_fuel(
    offers: Sequence[tuple[Template, int]], fuel: str
) -> tuple[list[tuple[Template, int]], list[tuple[Template, int]]]:
    """The checklists for a car of that fuel, and those that look at what it does not have."""
    if fuel in BURNS:
        fitting = [one for one in offers if one[0].code != EV_HV.code]
        return fitting, [one for one in offers if one not in fitting]
    if fuel == "electric":
        return sorted(offers, key=lambda one: one[0].code != EV_HV.code), []
    return list(offers), []


async def find_current(db: AsyncSession, tenant_id: UUID, template_id: UUID) -> Template:
    """One current checklist of a shop. Raises NotFound."""
    template = await db.scalar(
        select(Template).where(
            Template.tenant_id == tenant_id, Template.id == template_id, Template.is_current
        )
    )
    if template is None:
        raise NotFound
    return template
