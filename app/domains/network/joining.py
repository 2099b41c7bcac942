"""How a business comes onto the network, and how people come to work for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant, new_id
from app.core.errors import Forbidden, Invalid
from app.core.events import Event, record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import RoleAt, ServiceCenter, StaffProfile, Tenant

STAFF_ROLES = ("advisor", "technician", "parts_counter", "owner", "parts_owner")
ROLES_OF = {"shop": ("advisor", "technician", "owner"), "parts": ("parts_counter", "parts_owner")}
"""What people may act as, by the kind of business: a workshop's, or one that sells parts."""


class TenantJoined(Event, frozen=True):
    """A business came onto the network."""

    tenant_id: UUID


class StaffHired(Event, frozen=True):
    """A person began to work at a center."""

    user_id: UUID
    center_id: UUID
    role: str


class TenantFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a business when it joins."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    slug: Annotated[str, Meta(pattern=r"^[a-z0-9-]{2,60}$")]
    kind: str = "shop"
    currency: str = "USD"
    locale: str = "en"


async def join(db: AsyncSession, facts: TenantFacts, *, by: Viewer) -> Tenant:
    """Take a business onto the network. Only the network's administrators (or the system) may."""
    if by.kind != "system" and not by.can("manage:network"):
        raise Forbidden("manage:network")
    if await db.scalar(select(Tenant.id).where(Tenant.slug == facts.slug)):
        raise Invalid({"slug": _("Another business has this short name.")})
    tenant = Tenant(id=new_id(), **msgspec.structs.asdict(facts))
    db.add(tenant)
    await db.flush()
    await record(db, TenantJoined(tenant_id=tenant.id), by=by, tenant=tenant.id, subject=tenant.id)
    return tenant


async def found_parts_business(db: AsyncSession, facts: TenantFacts, *, by: Viewer) -> Tenant:
    """A person's own business that sells parts. Nobody lets it in: it is asked for nothing until it is verified.

    The transaction is inside that business from here on. The caller has seen that there is something to found."""
    async with _as_network(db):
        tenant = await join(
            db, facts, by=replace(Viewer.system(), name=by.name, user_id=by.user_id, ip=by.ip)
        )
    await enter_tenant(db, tenant.id)
    return tenant


@asynccontextmanager
async def _as_network(db: AsyncSession) -> AsyncIterator[None]:
    """Only the network may write a new business down."""
    before = await db.scalar(text("SELECT current_setting('app.network', true)"))
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    yield
    await db.execute(text("SELECT set_config('app.network', :before, true)"), {"before": before or ""})


async def roles_of(db: AsyncSession, tenant_id: UUID) -> tuple[str, ...]:
    """What people may act as in this business."""
    kind = await db.scalar(select(Tenant.kind).where(Tenant.id == tenant_id))
    return ROLES_OF.get(kind or "", ROLES_OF["shop"])


async def hire(
    db: AsyncSession,
    center: ServiceCenter,
    *,
    user_id: UUID,
    name: str,
    role: str,
    by: Viewer,
    title: str = "",
    skills: tuple[str, ...] = (),
) -> StaffProfile:
    """Let a person work at a center in a role that its business has. Who comes back is known again."""
    if role not in await roles_of(db, center.tenant_id):
        raise Invalid({"role": _("Please choose one of the options.")})
    profile = await db.scalar(
        select(StaffProfile).where(
            StaffProfile.tenant_id == center.tenant_id, StaffProfile.user_id == user_id
        )
    )
    if profile is None:
        profile = StaffProfile(
            id=new_id(), tenant_id=center.tenant_id, user_id=user_id, center_id=center.id, name=name,
            title=title, skills=list(skills),
        )  # fmt: skip
        db.add(profile)
    elif not profile.is_active:  # the rights of former days do not come back with the person
        await db.execute(
            delete(RoleAt).where(RoleAt.tenant_id == center.tenant_id, RoleAt.user_id == user_id)
        )
        profile.is_active, profile.center_id = True, center.id
    profile.is_technician = profile.is_technician or role == "technician"
    await db.execute(
        insert(RoleAt)
        .values(
            id=new_id(), created_at=clock.now(), user_id=user_id, tenant_id=center.tenant_id,
            service_center_id=center.id, role=role,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    await db.flush()
    event = StaffHired(user_id=user_id, center_id=center.id, role=role)
    await record(db, event, by=by, tenant=center.tenant_id, person=user_id, subject=profile.id)
    return profile


async def appoint_network_admin(db: AsyncSession, *, user_id: UUID, by: Viewer) -> None:
    """Let a person look after the whole network; nothing happens when they do already."""
    if by.kind != "system" and not by.can("manage:network"):
        raise Forbidden("manage:network")
    role = insert(RoleAt).values(id=new_id(), created_at=clock.now(), user_id=user_id, role="network_admin")
    await db.execute(role.on_conflict_do_nothing())
