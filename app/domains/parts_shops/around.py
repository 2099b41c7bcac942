"""Parts shops as anybody finds them: by the make they sell for and by how near they are."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.locating import Place
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.parts_shops.models import PartsShop
from app.gateways.places import distance_km

MOST = 60


class Found(msgspec.Struct, frozen=True):
    shop: PartsShop
    slug: str
    distance_km: int | None
    """From where the reader is, as the crow flies; None when that is not known."""


async def search(db: AsyncSession, *, make: str = "", near: Place | None = None) -> Sequence[Found]:
    """Active shops, the nearest first, else by name. Anyone may read it."""
    query = (
        select(PartsShop, ServiceCenter.slug)
        .join(ServiceCenter, ServiceCenter.id == PartsShop.center_id)
        .join(Tenant, Tenant.id == PartsShop.tenant_id)
        .where(PartsShop.status == "active", Tenant.is_active)
        .order_by(PartsShop.name, PartsShop.id)
    )
    if make:
        query = query.where(or_(PartsShop.makes == [], PartsShop.makes.contains([make.casefold()])))
    found = [Found(shop, slug, distance(shop, near)) for shop, slug in await db.execute(query.limit(2000))]
    if near:
        found.sort(key=lambda one: one.distance_km or 0)
    return found[:MOST]


async def shop_called(db: AsyncSession, slug: str) -> tuple[PartsShop, ServiceCenter]:
    """A shop with a page of its own: verified once, and not suspended. Anyone may read it. Raises NotFound."""
    query = (
        select(PartsShop, ServiceCenter)
        .join(ServiceCenter, ServiceCenter.id == PartsShop.center_id)
        .join(Tenant, Tenant.id == PartsShop.tenant_id)
        .where(ServiceCenter.slug == slug, PartsShop.status.in_(("active", "inactive")), Tenant.is_active)
    )
    row = (await db.execute(query)).first()
    if row is None:
        raise NotFound
    return row.PartsShop, row.ServiceCenter


def distance(shop: PartsShop, near: Place | None) -> int | None:
    if near is None:
        return None
    return round(distance_km((shop.latitude, shop.longitude), (near.latitude, near.longitude)))
