"""What anybody may know of a workshop: where it is, when it is open, what it does and for how much."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.limits import Limit, limited
from app.core.permissions import PUBLIC
from app.core.render import page
from app.core.visit import begin, needs
from app.domains import services
from app.domains.booking.choosing import grouped
from app.domains.network.branding import Brand, brand_of
from app.domains.network.models import ServiceCenter
from app.domains.network.premises import (
    Hours,
    center_to_visit,
    hours_for_anyone,
    is_public,
    search_open_centers,
)
from app.domains.services.models import Service
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
LOOKS = Limit("shops", times=600, within=timedelta(minutes=1))
"""From one address, without an account."""
READ = needs(PUBLIC) | limited(LOOKS)
MOST = 60
"""Shops in one list; whoever looks for another one says more."""
FRESH = 60
"""Seconds an answer may be kept: whether a shop is open must not be long out of date."""


class ShopOut(msgspec.Struct):
    id: UUID
    slug: str
    url: str
    name: str
    business: str
    address: str
    city: str
    country: str
    phone: str


class OfferOut(msgspec.Struct):
    id: UUID
    name: str
    description: str
    category: str
    estimated_duration: int
    base_price: int
    currency: str


class OtherDayOut(msgspec.Struct):
    day: date
    open: list[list[str]]
    """No stretch is closed."""


class ShopPageOut(ShopOut):
    email: str
    website: str
    zone: str
    takes_bookings: bool
    """Whether visits are booked here; else by phone."""
    is_open: bool
    open_changes_at: datetime | None
    """When it closes or opens next; null when that is more than a week away."""
    working_hours: dict[str, Any]
    other_days: list[OtherDayOut]
    tax_name: str
    """What is added to the prices; empty when nothing is."""
    services: list[OfferOut]
    """Prices are minor units of their currency, before tax."""


@get("/shops", opt=READ)
async def shops_page(request: AnyRequest, q: FromQuery[str] = "") -> Response[Any]:
    async with begin(request) as (db, me):
        found = await search_open_centers(db, q[:100], most=MOST + 1)
        return page(
            request, me, "screens/shops.html", q=q.strip(), shops=found[:MOST], are_more=len(found) > MOST,
        )  # fmt: skip


@get("/shops/{slug:str}", opt=READ)
async def shop_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        center, brand, hours, offered = await _shop(db, slug)
        return page(
            request, me, "screens/shop.html", center=center, takes_bookings=await is_public(db, center), shop_brand=brand, hours=hours,
            zone=ZoneInfo(center.zone), groups=grouped(offered),
        )  # fmt: skip


async def _shop(db: AsyncSession, slug: str) -> tuple[ServiceCenter, Brand, Hours, list[Service]]:
    """A shop's own facts and nothing of the people who work or come there."""
    center = await center_to_visit(db, slug)
    return (
        center,
        await brand_of(db, center.tenant_id),
        await hours_for_anyone(db, center),
        await services.offered(db, center.tenant_id),
    )


CACHED = CacheControlHeader(public=True, max_age=FRESH)


@get("/shops", opt=READ, cache_control=CACHED)
async def search_shops(request: AnyRequest, q: FromQuery[str] = "") -> list[ShopOut]:
    """Shops that take bookings, by words of their name, street or town; 60 at most."""
    async with begin(request) as (db, _me):
        found = await search_open_centers(db, q[:100], most=MOST)
        return [ShopOut(**_facts(center, business)) for center, business in found]


@get("/shops/{slug:str}", opt=READ, cache_control=CACHED)
async def show_shop(request: AnyRequest, slug: FromPath[str]) -> ShopPageOut:
    """A shop's public page: where it is, when it is open, what it does and for how much."""
    async with begin(request) as (db, _me):
        center, brand, hours, offered = await _shop(db, slug)
        return ShopPageOut(
            **_facts(center, brand.name), email=center.email or brand.email, website=brand.website,
            zone=center.zone, takes_bookings=await is_public(db, center), is_open=hours.is_open, open_changes_at=hours.changes_at,
            working_hours=center.working_hours, other_days=_other_days(hours),
            tax_name=center.tax_name if center.tax_rate else "",
            services=[_offer(one) for one in offered],
        )  # fmt: skip


def _facts(center: ServiceCenter, business: str) -> dict[str, Any]:
    return {
        "id": center.id, "slug": center.slug, "url": f"{settings().base_url}/shops/{center.slug}",
        "name": center.name, "business": business, "address": center.address, "city": center.city,
        "country": center.country, "phone": center.phone,
    }  # fmt: skip


def _other_days(hours: Hours) -> list[OtherDayOut]:
    return [OtherDayOut(one.day, one.intervals.get("open", [])) for one in hours.others]


def _offer(one: Service) -> OfferOut:
    return OfferOut(
        one.id, one.name, one.description, one.category, one.duration_minutes, one.price_minor, one.currency
    )


router = Router("/", route_handlers=[shops_page, shop_page])
api = Router("/", route_handlers=[search_shops, show_shop], tags=["shops"])
