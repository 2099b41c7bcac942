"""A parts shop comes into being: the business, its one place, its terms, and its first owner."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant, new_id
from app.core.events import record
from app.core.permissions import PARTS_OWNER
from app.core.places import MILES
from app.core.viewer import Viewer
from app.domains.network import joining, premises, setting_values, taking_on
from app.domains.network.joining import TenantFacts
from app.domains.network.models import ServiceCenter
from app.domains.network.premises import CenterFacts
from app.domains.parts_shops.events import PartsShopChanged, PartsShopOpened
from app.domains.parts_shops.models import PartsShop, PartsShopTerms

_SETTINGS = ("legal_name", "registration", "website")


async def found(
    db: AsyncSession, answers: Mapping[str, Any], *, owner_id: UUID, owner_name: str, by: Viewer
) -> PartsShop:
    """The shop that the answers of the six steps describe (`steps`); it waits to be verified. The transaction is inside
    its business from here on."""
    business = answers["business"]
    slug = await taking_on.free_slug(db, business["name"])
    facts = TenantFacts(
        name=business["name"], slug=slug, kind="parts", currency=business["currency"], locale=by.locale
    )
    tenant = await joining.found_parts_business(db, facts, by=by)
    there = _inside(by, tenant.id)
    center = await premises.open_center(db, _center(answers), by=there)
    await _set_business(db, answers, there)
    shop = PartsShop(
        id=new_id(), tenant_id=tenant.id, center_id=center.id, name="", latitude=0, longitude=0, currency=""
    )
    terms = PartsShopTerms(tenant_id=tenant.id, shop_id=shop.id, limit_minor=1)
    write(shop, terms, answers)
    db.add(shop)
    await db.flush()
    db.add(terms)
    await db.flush()
    event = PartsShopOpened(parts_shop_id=shop.id, center_id=center.id)
    await record(db, event, by=there, tenant=tenant.id, subject=shop.id)
    await joining.hire(db, center, user_id=owner_id, name=owner_name, role="parts_owner", by=there)
    return shop


async def write_again(db: AsyncSession, tenant_id: UUID, answers: Mapping[str, Any], *, by: Viewer) -> None:
    """What was mended after the reviewer had sent it back. The transaction is inside the business from here on."""
    await enter_tenant(db, tenant_id)
    there = _inside(by, tenant_id)
    shop, terms = await of_tenant(db, tenant_id)
    center = await db.get_one(ServiceCenter, shop.center_id)
    as_it_is = CenterFacts(**{name: getattr(center, name) for name in CenterFacts.__struct_fields__})
    told = {name: getattr(_center(answers), name) for name in _ASKED}
    await premises.change_center(db, center, msgspec.structs.replace(as_it_is, **told), by=there)
    await _set_business(db, answers, there)
    write(shop, terms, answers)
    shop.version += 1
    await db.flush()
    event = PartsShopChanged(parts_shop_id=shop.id, center_id=center.id)
    await record(db, event, by=there, tenant=tenant_id, subject=shop.id)


async def shop_of(db: AsyncSession, tenant_id: UUID) -> PartsShop:
    """A business's shop."""
    return (await db.scalars(select(PartsShop).where(PartsShop.tenant_id == tenant_id))).one()


async def of_tenant(db: AsyncSession, tenant_id: UUID) -> tuple[PartsShop, PartsShopTerms]:
    """A business's shop and its terms, for whoever may read them."""
    shop = await shop_of(db, tenant_id)
    terms = select(PartsShopTerms).where(
        PartsShopTerms.tenant_id == tenant_id, PartsShopTerms.shop_id == shop.id
    )
    return shop, (await db.scalars(terms)).one()


def write(shop: PartsShop, terms: PartsShopTerms, answers: Mapping[str, Any]) -> None:
    """Put the answers into the shop."""
    business, location, brands, pricing = (
        answers[one] for one in ("business", "location", "brands", "pricing")
    )
    shop.name, shop.about, shop.currency = business["name"], business["about"], business["currency"]
    shop.place, shop.latitude, shop.longitude = location["place"], location["latitude"], location["longitude"]
    shop.makes, shop.conditions, shop.reach_km = brands["makes"], brands["conditions"], brands["reach_km"]
    shop.takes_cash = pricing["paying"] == "card_or_cash"
    terms.stock_method = answers["inventory"]["stock_method"]
    terms.markup_percent = Decimal(pricing["markup_percent"])
    for name in ("limit_minor", "warranty_months", "delivery_hours", "delivery_fee_minor"):
        setattr(terms, name, pricing[name])


_ASKED = ("name", "address", "city", "country", "phone", "email", "zone", "currency")


def _center(answers: Mapping[str, Any]) -> CenterFacts:
    business, location = answers["business"], answers["location"]
    named = {name: business[name] for name in ("name", "phone", "email", "zone", "currency", "country")}
    unit = "mi" if business["country"] in MILES else "km"
    return CenterFacts(
        address=location["address"], city=location["place"], distance_unit=unit, tax_name="", **named
    )


async def _set_business(db: AsyncSession, answers: Mapping[str, Any], there: Viewer) -> None:
    business = answers["business"]
    given = {f"business.{name}": business[name] for name in ("name", *_SETTINGS)}
    given["formats.currency"] = business["currency"]
    seen = await setting_values.version_of(db, there.tenant_id or new_id())
    await setting_values.change(db, given, seen=seen, by=there)


def _inside(by: Viewer, tenant_id: UUID) -> Viewer:
    """The one who founds it, as the owner they are from this moment on."""
    return replace(by, tenant_id=tenant_id, held=(), permissions=by.permissions | PARTS_OWNER)
