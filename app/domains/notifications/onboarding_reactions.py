"""What is told on the way to a parts shop: the reviewers that somebody waits, the owner what the reviewers say."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.permissions import OWNERS
from app.core.words import _, speaking
from app.domains.network.crew import still_works
from app.domains.network.models import RoleAt
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for, write_mail
from app.domains.parts_shops.events import (
    OnboardingApproved,
    OnboardingReturned,
    OnboardingSubmitted,
    PartsShopMoved,
)
from app.domains.parts_shops.models import PartsShop, ShopOnboarding
from app.domains.parts_shops.said import step_label

PAGE = "/sell-parts"


async def tell_reviewers(db: AsyncSession, heard: Heard[OnboardingSubmitted]) -> None:
    """A line for each who looks after the network."""
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))
    onboarding = await db.get(ShopOnboarding, heard.event.onboarding_id)
    query = select(RoleAt.user_id).where(RoleAt.role == "network_admin").distinct()
    reviewers = (await db.scalars(query)).all()
    await db.execute(text("SELECT set_config('app.network', '', true)"))
    if onboarding is None:
        return
    name = onboarding.answers.get("business", {}).get("name", "")
    for user_id in reviewers:
        to = await recipients.person(db, user_id, tenant_id=None)
        if to is None:
            continue
        with speaking(to.locale):
            line = Line(
                "system", _("A parts shop waits to be verified"), name, "/network/parts-shops", onboarding.id
            )
        await list_for(db, heard, user_id, line, tenant_id=None)


async def tell_approved(db: AsyncSession, heard: Heard[OnboardingApproved]) -> None:
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    onboarding = await db.get(ShopOnboarding, heard.event.onboarding_id)
    if to is None or to.user_id is None or onboarding is None:
        return
    shop = onboarding.answers["business"]["name"]
    with speaking(to.locale):
        title = _("%(shop)s is verified", shop=shop)
        message = _("From now on you are asked for parts nearby.")
    line = Line("system", title, message, "/market", onboarding.id)
    await list_for(db, heard, to.user_id, line, tenant_id=None)
    await write_mail(db, heard, to, "onboarding_approved", shop=shop, page="/market")


async def tell_returned(db: AsyncSession, heard: Heard[OnboardingReturned]) -> None:
    """With the reviewer's words, step by step."""
    to = await recipients.person(db, heard.event.user_id, tenant_id=None)
    onboarding = await db.get(ShopOnboarding, heard.event.onboarding_id)
    if to is None or to.user_id is None or onboarding is None:
        return
    shop = onboarding.answers["business"]["name"]
    with speaking(to.locale):
        title = _("The reviewer needs something else for %(shop)s", shop=shop)
        reasons = [(step_label(step), onboarding.reasons.get(step, "")) for step in heard.event.steps]
        message = " · ".join(label for label, _words in reasons)
    line = Line("system", title, message, PAGE, onboarding.id)
    await list_for(db, heard, to.user_id, line, tenant_id=None)
    await write_mail(db, heard, to, "onboarding_returned", shop=shop, reasons=reasons, page=PAGE)


async def tell_suspended(db: AsyncSession, heard: Heard[PartsShopMoved]) -> None:
    """A line for each owner when the reviewer has stopped their shop, and when it goes on."""
    event = heard.event
    if "suspended" not in (event.before, event.after):
        return
    shop = await db.get_one(PartsShop, event.parts_shop_id)
    owners = select(RoleAt.user_id).where(
        RoleAt.tenant_id == shop.tenant_id, RoleAt.role.in_(OWNERS), still_works()
    )
    for user_id in (await db.scalars(owners.distinct())).all():
        to = await recipients.person(db, user_id, tenant_id=shop.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            if event.after == "suspended":
                title, message = _("%(shop)s was suspended", shop=shop.name), event.reason
            else:
                title, message = (
                    _("%(shop)s is active again", shop=shop.name),
                    _("You are asked for parts again."),
                )
        line = Line("system", title, message, "/market/profile", shop.id)
        await list_for(db, heard, user_id, line, tenant_id=shop.tenant_id)
