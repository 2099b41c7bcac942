"""Taking a business onto the network: the business, its first workshop, and an invitation to its owner."""

from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.viewer import Viewer
from app.domains.network import inviting, joining, premises
from app.domains.network.inviting import InvitationFacts
from app.domains.network.joining import TenantFacts
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.network.premises import CenterFacts


class BusinessFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a network administrator writes down to take a business on; its owner sets up the rest."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    zone: Annotated[str, Meta(max_length=64)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    owner_name: Annotated[str, Meta(min_length=1, max_length=120)]
    owner_email: Annotated[str, Meta(min_length=3, max_length=254)]


async def take_on(db: AsyncSession, facts: BusinessFacts, *, by: Viewer) -> ServiceCenter:
    """Raises Invalid, Forbidden. The new workshop takes bookings once its hours are set."""
    slug = await free_slug(db, facts.name)
    tenant = await joining.join(db, TenantFacts(name=facts.name, slug=slug, currency=facts.currency), by=by)
    await enter_tenant(db, tenant.id)
    there = replace(by, tenant_id=tenant.id)
    center = await premises.open_center(
        db,
        CenterFacts(name=facts.name, country=facts.country, zone=facts.zone, currency=facts.currency),
        by=there,
    )
    owner = InvitationFacts(email=facts.owner_email, name=facts.owner_name, role="owner")
    await inviting.invite(db, center, owner, by=there)
    return center


async def free_slug(db: AsyncSession, name: str) -> str:
    """A short name that no business has yet."""
    base = premises.slug_of(name)
    taken = set(await db.scalars(select(Tenant.slug).where(Tenant.slug.like(f"{base}%"))))
    return premises.first_free(base, taken)
