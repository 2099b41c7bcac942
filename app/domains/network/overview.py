"""The network at a glance, for its administrators: tenants, their centers, the people who work there."""

from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.events import Event, record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.accounts import User
from app.domains.network.models import RoleAt, ServiceCenter, StaffProfile, Tenant


class TenantSwitched(Event, frozen=True):
    """A network administrator opened or closed a tenant's doors."""

    tenant_id: UUID
    is_active: bool


class AccountSwitched(Event, frozen=True):
    """A network administrator closed or opened a person's account."""

    user_id: UUID
    is_active: bool


class TenantCard(msgspec.Struct, frozen=True):
    """A tenant with what it has."""

    tenant: Tenant
    centers: list[ServiceCenter]
    staff: int


class PersonRow(msgspec.Struct, frozen=True):
    """A person with the roles they hold."""

    user: User
    roles: list[tuple[str, str]]
    """(role, tenant's name); the name is empty for the network itself."""


async def tenants(db: AsyncSession) -> list[TenantCard]:
    """Every tenant by name."""
    centers: dict[UUID, list[ServiceCenter]] = {}
    for center in await db.scalars(select(ServiceCenter).order_by(ServiceCenter.name)):
        centers.setdefault(center.tenant_id, []).append(center)
    counted = await db.execute(select(StaffProfile.tenant_id, func.count()).group_by(StaffProfile.tenant_id))
    staff = {row[0]: row[1] for row in counted}
    found = await db.scalars(select(Tenant).order_by(Tenant.name))
    return [TenantCard(one, centers.get(one.id, []), staff.get(one.id, 0)) for one in found]


async def people(db: AsyncSession, *, search: str = "", limit: int = 50) -> list[PersonRow]:
    """Accounts by name or address, with their roles."""
    wanted = select(User).order_by(User.name, User.id).limit(limit)
    if search:
        like = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        wanted = wanted.where(User.name.ilike(like) | User.email.ilike(like))
    users = list(await db.scalars(wanted))
    held: dict[UUID, list[tuple[str, str]]] = {}
    rows = await db.execute(
        select(RoleAt.user_id, RoleAt.role, Tenant.name)
        .outerjoin(Tenant, Tenant.id == RoleAt.tenant_id)
        .where(RoleAt.user_id.in_([user.id for user in users]))
        .order_by(RoleAt.created_at)
    )
    for user_id, role, tenant in rows:
        held.setdefault(user_id, []).append((role, tenant or ""))
    return [PersonRow(user, held.get(user.id, [])) for user in users]


async def find_tenant(db: AsyncSession, tenant_id: UUID) -> Tenant:
    """A tenant for the network, open or closed. Raises NotFound."""
    tenant = await db.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


async def switch_tenant(db: AsyncSession, tenant_id: UUID, *, to_active: bool, by: Viewer) -> Tenant:
    """Open or close a tenant: while it is closed, its staff have no roles there. Raises NotFound."""
    tenant = await db.scalar(select(Tenant).where(Tenant.id == tenant_id).with_for_update())
    if tenant is None:
        raise NotFound
    if tenant.is_active != to_active:
        tenant.is_active = to_active
        await record(db, TenantSwitched(tenant_id=tenant.id, is_active=to_active), by=by, subject=tenant.id)
    return tenant


async def switch_account(db: AsyncSession, user_id: UUID, *, to_active: bool, by: Viewer) -> User:
    """Close an account, with every session and token of it at once, or open it again. Raises NotFound, Refused."""
    user = await db.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None:
        raise NotFound
    if user.id == by.user_id:
        raise Refused(_("You cannot close your own account here."), audit="account.closed_own")
    if user.is_active != to_active:
        user.is_active = to_active
        if not to_active:
            await db.flush()
            await db.execute(
                text("SELECT end_sessions_of(:person, :now)"), {"person": user.id, "now": clock.now()}
            )
        event = AccountSwitched(user_id=user.id, is_active=to_active)
        await record(db, event, by=by, person=user.id, subject=user.id)
    return user
