"""Whom to tell, where, in which language and on whose clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import act_as
from app.core.permissions import BY_ROLE
from app.domains.accounts.models import User
from app.domains.customers import Customer, mailed_to
from app.domains.garage.models import Vehicle
from app.domains.marketplace.models import PartsOrder
from app.domains.network.branding import Brand, brand_of
from app.domains.network.crew import still_works
from app.domains.network.models import RoleAt, ServiceCenter


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to tell. Without an account there is no list, without an address no mail."""

    user_id: UUID | None
    name: str
    email: str
    locale: str


@dataclass(frozen=True, slots=True)
class Place:
    """The shop that tells."""

    tenant_id: UUID
    center: ServiceCenter
    brand: Brand

    @property
    def zone(self) -> str:
        return self.center.zone


async def customer(db: AsyncSession, customer_id: UUID, *, tenant_id: UUID) -> Recipient | None:
    """A shop's customer. With an account its name, address and language are those of the account: its owner keeps
    them, and what the shop has may be a mailbox that is no longer theirs. An address nobody has proved comes second."""
    found = await db.scalar(
        select(Customer).where(Customer.tenant_id == tenant_id, Customer.id == customer_id)
    )
    if found is None:
        return None
    own = await person(db, found.user_id, tenant_id=tenant_id) if found.user_id else None
    if own is None:
        return Recipient(found.user_id, found.name, found.email, found.locale)
    goes = await mailed_to(db, found)
    return own if goes.is_account else replace(own, name=found.name, email=found.email)


async def person(db: AsyncSession, user_id: UUID, *, tenant_id: UUID | None) -> Recipient | None:
    """Somebody with an account. Their own row is readable to themselves alone, so the transaction acts for
    them from here on."""
    await act_as(db, user=user_id, tenant=tenant_id)
    user = await db.get(User, user_id)
    if user is None or not user.is_active:
        return None
    return Recipient(user.id, user.name, user.email, user.locale)


async def desk(db: AsyncSession, center: ServiceCenter) -> Sequence[UUID]:
    """The accounts of everybody who runs a center's appointments."""
    return await holding(db, "manage:appointments", tenant_id=center.tenant_id, center_id=center.id)


async def holding(
    db: AsyncSession, permission: str, *, tenant_id: UUID, center_id: UUID | None = None
) -> Sequence[UUID]:
    """The accounts of everybody whose role at a center, or anywhere at a business, allows something, without those who
    were let go."""
    roles = [role for role, may in BY_ROLE.items() if permission in may]
    query = select(RoleAt.user_id).where(RoleAt.tenant_id == tenant_id, RoleAt.role.in_(roles), still_works())
    if center_id is not None:
        query = query.where(or_(RoleAt.service_center_id.is_(None), RoleAt.service_center_id == center_id))
    return (await db.scalars(query.distinct())).all()


async def of_buyer(db: AsyncSession, order: PartsOrder) -> list[UUID]:
    """Who is told of what becomes of an order for parts: the driver; at a workshop who raised it, and those who may
    decide and pay."""
    if order.buyer_tenant_id is None:
        return [order.user_id] if order.user_id else []
    await act_as(db, user=None, tenant=order.buyer_tenant_id)
    buyers = await holding(db, "buy:parts", tenant_id=order.buyer_tenant_id, center_id=order.buyer_center_id)
    return list(dict.fromkeys([*([order.raised_by_id] if order.raised_by_id else []), *buyers]))


async def place(db: AsyncSession, center_id: UUID) -> Place:
    """The center an event happened at."""
    center = await db.get_one(ServiceCenter, center_id)
    return Place(center.tenant_id, center, await brand_of(db, center.tenant_id))


async def car(db: AsyncSession, vehicle_id: UUID | None) -> str:
    """The car in words a driver knows it by: "2003 Honda Accord"; "" when there is none to name."""
    vehicle = await db.get(Vehicle, vehicle_id) if vehicle_id else None
    if vehicle is None:
        return ""
    return " ".join(str(part) for part in (vehicle.year, vehicle.make, vehicle.model) if part)
