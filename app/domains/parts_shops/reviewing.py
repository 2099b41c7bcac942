"""The reviewer: who waits, what their papers say, and the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.parts_shops import trading
from app.domains.parts_shops.events import OnboardingApproved, OnboardingReturned, OnboardingTakenUp
from app.domains.parts_shops.models import PartsShop, ShopOnboarding
from app.domains.parts_shops.moves import move_onboarding
from app.domains.parts_shops.steps import STEPS

WAITING = ("submitted", "verifying")
LONGEST_REASON = 1000


async def queue(db: AsyncSession) -> Sequence[tuple[ShopOnboarding, PartsShop]]:
    """Who waits for the reviewer, the longest first."""
    query = (
        select(ShopOnboarding, PartsShop)
        .join(PartsShop, PartsShop.tenant_id == ShopOnboarding.tenant_id)
        .where(ShopOnboarding.status.in_(WAITING))
        .order_by(ShopOnboarding.submitted_at, ShopOnboarding.id)
    )
    return [(onboarding, shop) for onboarding, shop in await db.execute(query)]


async def every_shop(db: AsyncSession) -> Sequence[PartsShop]:
    return (await db.scalars(select(PartsShop).order_by(PartsShop.name, PartsShop.id).limit(500))).all()


async def find(db: AsyncSession, shop_id: UUID) -> tuple[PartsShop, ShopOnboarding | None]:
    """A shop, and its owner's way here; a shop that was set up by the network itself has none. Raises NotFound."""
    shop = await db.get(PartsShop, shop_id)
    if shop is None:
        raise NotFound
    return shop, await _onboarding_of(db, shop)


async def _onboarding_of(db: AsyncSession, shop: PartsShop) -> ShopOnboarding | None:
    query = select(ShopOnboarding).where(ShopOnboarding.tenant_id == shop.tenant_id)
    found: ShopOnboarding | None = await db.scalar(query.order_by(ShopOnboarding.created_at.desc()).limit(1))
    return found


async def _held(db: AsyncSession, shop: PartsShop, by: Viewer) -> ShopOnboarding:
    """One reviewer at a time. Raises Forbidden, Refused."""
    if not by.can("manage:network"):
        raise Forbidden("manage:network")
    onboarding = await _onboarding_of(db, shop)
    if onboarding is None:
        raise Refused(_("This shop was set up by the network: there is nothing to review."))
    await db.refresh(onboarding, with_for_update=True)
    return onboarding


async def take_up(db: AsyncSession, shop: PartsShop, *, by: Viewer) -> None:
    """Say that one is looking at it now, so that no two do."""
    onboarding = await _held(db, shop, by)
    await _take_up(db, onboarding, by)


async def _take_up(db: AsyncSession, onboarding: ShopOnboarding, by: Viewer) -> None:
    move_onboarding(onboarding, "verifying")
    onboarding.decided_by_id = by.user_id
    await db.flush()
    event = OnboardingTakenUp(onboarding_id=onboarding.id)
    await record(db, event, by=_network(by), person=onboarding.user_id, subject=onboarding.id)


async def approve(db: AsyncSession, shop: PartsShop, *, by: Viewer) -> None:
    """The shop is asked for parts from now on. Raises Refused when it is decided already."""
    onboarding = await _decide(db, shop, "completed", by)
    event = OnboardingApproved(onboarding_id=onboarding.id, user_id=onboarding.user_id)
    await record(db, event, by=_network(by), person=onboarding.user_id, subject=onboarding.id)
    await enter_tenant(db, shop.tenant_id)
    await trading.let_in(db, shop, by=by)


async def give_back(db: AsyncSession, shop: PartsShop, reasons: Mapping[str, str], *, by: Viewer) -> None:
    """Say step by step what else is needed. Raises Invalid, and Refused when it is decided already."""
    said = {step: reasons.get(step, "").strip() for step in STEPS}
    why = {step: words for step, words in said.items() if words}
    if not why:
        raise Invalid({"form": _("Write down for at least one step what is missing.")})
    if long := {step: _("This is too long.") for step, words in why.items() if len(words) > LONGEST_REASON}:
        raise Invalid(long)
    onboarding = await _decide(db, shop, "failed", by)
    onboarding.reasons = why
    onboarding.completed_steps = [n for n in onboarding.completed_steps if STEPS[n - 1] not in why]
    onboarding.current_step = min(STEPS.index(step) + 1 for step in why)
    await db.flush()
    event = OnboardingReturned(onboarding_id=onboarding.id, user_id=onboarding.user_id, steps=list(why))
    await record(db, event, by=_network(by), person=onboarding.user_id, subject=onboarding.id)


async def _decide(db: AsyncSession, shop: PartsShop, to: str, by: Viewer) -> ShopOnboarding:
    onboarding = await _held(db, shop, by)
    if onboarding.user_id == by.user_id:
        raise Refused(
            _("This is your own shop: somebody else must look at it."), audit="onboarding.own_review"
        )
    if onboarding.status == "submitted":
        await _take_up(db, onboarding, by)
    move_onboarding(onboarding, to)
    onboarding.decided_at, onboarding.decided_by_id = clock.now(), by.user_id
    await db.flush()
    return onboarding


def _network(by: Viewer) -> Viewer:
    return replace(by, tenant_id=None, center_id=None)
