"""The packages a shop offers: what each covers, for how long, at what price."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import services
from app.domains.packages.events import PackagePlanChanged
from app.domains.packages.models import TYPES, PackagePlan
from app.domains.services import catalogue

MOST_USES = 99


class PlanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop says about a package. `uses` is how often each canned job is covered within the term."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    package_type: str
    months: Annotated[int, Meta(ge=1, le=60)]
    price_minor: Annotated[int, Meta(ge=0, le=100_000_000)]
    uses: Mapping[UUID, int]
    is_active: bool = True


async def listed(db: AsyncSession, *, withdrawn: bool = False) -> Sequence[PackagePlan]:
    """The packages of the transaction's tenant, the smallest type first."""
    found = await db.scalars(
        select(PackagePlan)
        .where(PackagePlan.tenant_id == func.app_tenant(), PackagePlan.is_active | withdrawn)
        .order_by(func.lower(PackagePlan.name))
    )
    return sorted(found, key=lambda plan: TYPES.index(plan.package_type))


async def find(db: AsyncSession, plan_id: UUID) -> PackagePlan:
    """A package on offer of the transaction's tenant. Raises NotFound."""
    plan = await db.scalar(
        select(PackagePlan).where(PackagePlan.tenant_id == func.app_tenant(), PackagePlan.id == plan_id)
    )
    if plan is None:
        raise NotFound
    return plan


async def add(db: AsyncSession, facts: PlanFacts, *, by: Viewer) -> PackagePlan:
    plan = PackagePlan(tenant_id=by.tenant_id, currency=await catalogue.currency(db, by))
    db.add(plan)
    return await _write(db, plan, facts, by)


async def change(db: AsyncSession, plan: PackagePlan, facts: PlanFacts, *, by: Viewer) -> PackagePlan:
    """What was sold stays as it was sold."""
    return await _write(db, plan, facts, by)


async def _write(db: AsyncSession, plan: PackagePlan, facts: PlanFacts, by: Viewer) -> PackagePlan:
    if facts.package_type not in TYPES:
        raise Invalid({"package_type": _("Choose one of the list.")})
    with db.no_autoflush:
        known = {job.id: job for job in await services.canned_jobs(db, withdrawn=True)}
    if not facts.uses.keys() <= known.keys():
        raise Invalid({"uses": _("One of these canned jobs is not known any more. Look at the list again.")})
    if not all(0 <= uses <= MOST_USES for uses in facts.uses.values()):
        raise Invalid({"uses": _("A canned job is covered 0 to %(most)s times.", most=MOST_USES)})
    covers = {str(job): {"title": known[job].title, "uses": uses} for job, uses in facts.uses.items() if uses}
    if not covers:
        raise Invalid({"uses": _("Say how often at least one canned job is covered.")})
    plan.name, plan.package_type = facts.name, facts.package_type
    plan.months, plan.price_minor, plan.is_active = facts.months, facts.price_minor, facts.is_active
    plan.covers = covers
    try:
        await db.flush()
    except IntegrityError as error:
        if "uq_package_plans_tenant_id_name" not in str(error):
            raise
        raise Invalid({"name": _("Another package has this name.")}) from error
    event = PackagePlanChanged(
        package_plan_id=plan.id, name=plan.name, price_minor=plan.price_minor, is_active=plan.is_active
    )
    await record(db, event, by=by, subject=plan.id)
    return plan
