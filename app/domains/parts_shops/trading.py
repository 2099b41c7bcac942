"""A parts shop at work: whether it is asked for parts, and what it sells on which terms."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.events import Heard, record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import ServiceCenter
from app.domains.network.setup_events import CenterChanged
from app.domains.parts_shops import founding
from app.domains.parts_shops.events import PartsShopChanged, PartsShopMoved
from app.domains.parts_shops.models import PartsShop, PartsShopTerms
from app.domains.parts_shops.moves import move_shop
from app.domains.parts_shops.said import changed_meanwhile
from app.domains.parts_shops.steps import Answers


async def own_shop(db: AsyncSession, me: Viewer) -> tuple[PartsShop, PartsShopTerms]:
    """The shop the viewer works for. Raises NotFound."""
    if me.tenant_id is None or not await db.scalar(
        select(PartsShop.id).where(PartsShop.tenant_id == me.tenant_id)
    ):
        raise NotFound
    return await founding.of_tenant(db, me.tenant_id)


async def let_in(db: AsyncSession, shop: PartsShop, *, by: Viewer) -> None:
    """A verified shop is asked for parts from now on. The transaction is inside its business."""
    await _move(db, shop, "active", by, first=("pending_verification",))
    shop.verified_at = clock.now()
    await db.flush()


async def suspend(db: AsyncSession, shop: PartsShop, reason: str, *, by: Viewer) -> None:
    """Nothing new is asked of it; what it has offered stands, and what it has sold it delivers. Raises Invalid, Refused."""
    _only_the_network(by)
    if not reason.strip():
        raise Invalid({"reason": _("Please write down why: the shop reads it.")})
    if len(reason) > 1000:
        raise Invalid({"reason": _("This is too long.")})
    await enter_tenant(db, shop.tenant_id)
    await _move(db, shop, "suspended", by, first=("active",), reason=reason.strip())


async def reactivate(db: AsyncSession, shop: PartsShop, *, by: Viewer) -> None:
    """The reviewer's word that it is asked again."""
    _only_the_network(by)
    await enter_tenant(db, shop.tenant_id)
    await _move(db, shop, "active", by, first=("suspended",))


async def rest(db: AsyncSession, shop: PartsShop, *, by: Viewer) -> None:
    """Its owner wants to be asked for nothing for a while."""
    await _move(db, shop, "inactive", by, first=("active",))


async def resume(db: AsyncSession, shop: PartsShop, *, by: Viewer) -> None:
    await _move(db, shop, "active", by, first=("inactive",))


def _only_the_network(by: Viewer) -> None:
    if not by.can("manage:network"):
        raise Forbidden("manage:network")


async def _move(
    db: AsyncSession, shop: PartsShop, to: str, by: Viewer, *, first: tuple[str, ...], reason: str = ""
) -> None:
    """`first`: from where whoever asks may move it; an owner does not end what the reviewer has said."""
    await db.refresh(shop, with_for_update=True)
    before = shop.status
    if before == to:
        return
    if before not in first:
        raise Refused(
            _("This cannot be done now: the shop is waiting for the reviewer, or was suspended."),
            audit="parts_shop.illegal_move",
        )
    move_shop(shop, to)
    shop.status_reason = reason
    await db.flush()
    event = PartsShopMoved(
        parts_shop_id=shop.id, center_id=shop.center_id, before=before, after=to, reason=reason
    )
    await record(db, event, by=by, tenant=shop.tenant_id, subject=shop.id)


def answers_of(shop: PartsShop, terms: PartsShopTerms, center: ServiceCenter) -> dict[str, Answers]:
    """What the shop stands at, as the steps ask for it; the business itself is set up elsewhere."""
    return {
        "business": {"name": shop.name, "about": shop.about, "currency": shop.currency},
        "location": {"place": shop.place, "latitude": shop.latitude, "longitude": shop.longitude,
                     "address": center.address, "country": center.country},
        "brands": {"scope": "some" if shop.makes else "all", "makes": list(shop.makes),
                   "conditions": list(shop.conditions), "reach_km": shop.reach_km},
        "inventory": {"stock_method": terms.stock_method},
        "pricing": {"markup_percent": f"{terms.markup_percent.normalize():f}", "limit_minor": terms.limit_minor,
                    "warranty_months": terms.warranty_months, "delivery_hours": terms.delivery_hours,
                    "delivery_fee_minor": terms.delivery_fee_minor,
                    "paying": "card_or_cash" if shop.takes_cash else "card"},
    }  # fmt: skip


async def change(
    db: AsyncSession,
    shop: PartsShop,
    terms: PartsShopTerms,
    answers: Mapping[str, Answers],
    *,
    seen: int,
    by: Viewer,
) -> None:
    """Sell other things, from elsewhere, on other terms. Raises Refused with what changed when somebody was quicker."""
    await db.refresh(shop, with_for_update=True)
    await db.refresh(terms)
    center = await db.get_one(ServiceCenter, shop.center_id)
    now = answers_of(shop, terms, center)
    if shop.version != seen and (differs := [one for one in answers if now[one] != answers[one]]):
        stands = {name: value for one in differs for name, value in now[one].items()}
        typed = {name: value for one in differs for name, value in answers[one].items()}
        raise Refused(
            changed_meanwhile(stands, typed, shop.currency, by.distance_unit), audit="parts_shop.stale"
        )
    founding.write(shop, terms, {**now, **answers})
    center.address, center.city = answers["location"]["address"], answers["location"]["place"]
    shop.version += 1
    await db.flush()
    event = PartsShopChanged(parts_shop_id=shop.id, center_id=shop.center_id)
    await record(db, event, by=by, tenant=shop.tenant_id, subject=shop.id)


async def follow_center(db: AsyncSession, heard: Heard[CenterChanged]) -> None:
    """Reaction: a parts shop is called what its place is called, and counts in its currency."""
    center = await db.get(ServiceCenter, heard.event.center_id)
    shop = await db.scalar(
        select(PartsShop).where(PartsShop.center_id == heard.event.center_id).with_for_update()
    )
    if center is None or shop is None:
        return
    shop.name, shop.currency = center.name, center.currency
    await db.flush()
