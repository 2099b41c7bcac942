"""/network/parts-shops: who waits to be verified, with their papers; and every shop with its state."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, graveyard
from app.core.errors import Invalid
from app.core.forms import values_of
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.accounts import User
from app.domains.network.models import ServiceCenter
from app.domains.parts_shops import founding, onboarding, reviewing, trading

AnyRequest = Request[Any, Any, Any]
NETWORK = needs("manage:network")
HERE = "/network/parts-shops"
ON_SHOP = {"page": HERE + "/{parts_shop_id}"}


@get(HERE, opt=NETWORK)
async def shops_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        return page(
            request, me, "parts_shops/review_queue.html", waiting=await reviewing.queue(db),
            shops=await reviewing.every_shop(db), dead=await graveyard.count_dead(db),
        )  # fmt: skip


@get(f"{HERE}/{{parts_shop_id:uuid}}", opt=NETWORK)
async def shop_page(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    return await _show(request, parts_shop_id)


async def _show(request: AnyRequest, shop_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        shop, way = await reviewing.find(db, shop_id)
        if way:
            await audit.read(db, me, "parts_shop_papers", shop.id)
        return page(
            request, me, "parts_shops/review.html", status=422 if wrong else 200, shop=shop, onboarding=way,
            center=await db.get_one(ServiceCenter, shop.center_id), values=typed, errors=wrong.errors if wrong else {},
            answers=way.answers if way else await _as_answers(db, shop.tenant_id),
            papers=await onboarding.papers_of(db, way) if way else [],
            owner=await db.get(User, way.user_id) if way else None,
            reviewer=await db.get(User, way.decided_by_id) if way and way.decided_by_id else None,
        )  # fmt: skip


async def _as_answers(db: AsyncSession, tenant_id: UUID) -> dict[str, Any]:
    shop, terms = await founding.of_tenant(db, tenant_id)
    return trading.answers_of(shop, terms, await db.get_one(ServiceCenter, shop.center_id))


@post(f"{HERE}/{{parts_shop_id:uuid}}/review", opt=NETWORK | ON_SHOP, status_code=303)
async def take_up(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        shop, _way = await reviewing.find(db, parts_shop_id)
        await reviewing.take_up(db, shop, by=me)
        return see_other(request, f"{HERE}/{parts_shop_id}")


@post(f"{HERE}/{{parts_shop_id:uuid}}/approval", opt=NETWORK | ON_SHOP, status_code=303)
async def approve(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        shop, _way = await reviewing.find(db, parts_shop_id)
        await reviewing.approve(db, shop, by=me)
        return see_other(
            request, HERE, flash=_("%(shop)s is verified and is asked for parts.", shop=shop.name)
        )


@post(f"{HERE}/{{parts_shop_id:uuid}}/return", opt=NETWORK | ON_SHOP, status_code=303)
async def give_back(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    try:
        reasons = values_of(await request.form())
        async with begin(request) as (db, me):
            shop, _way = await reviewing.find(db, parts_shop_id)
            await reviewing.give_back(db, shop, reasons, by=me)
            return see_other(
                request, HERE, flash=_("Sent back. The owner of %(shop)s reads why.", shop=shop.name)
            )
    except Invalid as wrong:
        return await _show(request, parts_shop_id, wrong)


@post(f"{HERE}/{{parts_shop_id:uuid}}/suspension", opt=NETWORK | ON_SHOP, status_code=303)
async def suspend(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    try:
        reason = values_of(await request.form()).get("reason", "")
        async with begin(request) as (db, me):
            shop, _way = await reviewing.find(db, parts_shop_id)
            await trading.suspend(db, shop, reason, by=me)
            return see_other(
                request,
                f"{HERE}/{parts_shop_id}",
                flash=_("%(shop)s is asked for nothing new.", shop=shop.name),
            )
    except Invalid as wrong:
        return await _show(request, parts_shop_id, wrong)


@post(f"{HERE}/{{parts_shop_id:uuid}}/reactivation", opt=NETWORK | ON_SHOP, status_code=303)
async def reactivate(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        shop, _way = await reviewing.find(db, parts_shop_id)
        await trading.reactivate(db, shop, by=me)
        return see_other(
            request, f"{HERE}/{parts_shop_id}", flash=_("%(shop)s is asked for parts again.", shop=shop.name)
        )


router = Router("/", route_handlers=[shops_page, shop_page, take_up, approve, give_back, suspend, reactivate])
