"""Writes the market's events: whose they are, and who may read them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import act_as, enter_tenant
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.marketplace.events import OfPartsOrder, OfPurchase, OfShopQuote
from app.domains.marketplace.models import PartsOrder, Purchase, ShopQuote

BUYER = "The buyer"


async def tell(
    db: AsyncSession, kind: type[OfPartsOrder], order: PartsOrder, *, by: Viewer, **more: Any
) -> None:
    """The buyer's own affair: no shop reads it."""
    event = kind(parts_order_id=order.id, code=order.code, round=order.round, job_id=order.job_id, **more)
    await record(db, event, by=by, tenant=order.buyer_tenant_id, person=order.user_id, subject=order.id)


async def tell_quote(
    db: AsyncSession, kind: type[OfShopQuote], order: PartsOrder, quote: ShopQuote, *, by: Viewer, **more: Any
) -> None:
    """Between the buyer and one shop: it stands in the shop's log, and the driver may read it. What was changed since
    the event before is kept with it, so the buyer's own rows must have been told of by then."""
    event = kind(
        parts_order_id=order.id,
        code=order.code,
        round=order.round,
        job_id=order.job_id,
        quote_id=quote.id,
        shop_id=quote.shop_id,
        center_id=quote.center_id,
        bidding=order.bidding,
        **more,
    )
    async with as_seller(db, quote.tenant_id):
        by = known_to(quote.tenant_id, by)
        await record(db, event, by=by, tenant=quote.tenant_id, person=quote.user_id, subject=order.id)


async def tell_purchase(
    db: AsyncSession,
    kind: type[OfPurchase],
    order: PartsOrder,
    purchase: Purchase,
    *,
    by: Viewer,
    **more: Any,
) -> None:
    """Between the buyer and the shop they bought of, as `tell_quote`."""
    event = kind(
        parts_order_id=order.id,
        code=order.code,
        round=order.round,
        job_id=order.job_id,
        quote_id=purchase.quote_id,
        shop_id=purchase.shop_id,
        center_id=purchase.center_id,
        purchase_id=purchase.id,
        status=purchase.status,
        payment_status=purchase.payment_status,
        **more,
    )
    async with as_seller(db, purchase.tenant_id):
        by = known_to(purchase.tenant_id, by)
        await record(db, event, by=by, tenant=purchase.tenant_id, person=purchase.user_id, subject=order.id)


def known_to(tenant_id: UUID, by: Viewer) -> Viewer:
    """The actor as a seller's log names them. Whoever asks for parts is nobody there: no name, no address of theirs, no
    device; what a seller may know of them goes over with the sale."""
    if by.tenant_id == tenant_id:
        return by
    return replace(Viewer.system(tenant_id), name=BUYER if by.user_id else by.name, request_id=by.request_id)


@asynccontextmanager
async def as_buyer(db: AsyncSession, order: PartsOrder) -> AsyncIterator[Viewer]:
    """Let a seller's request, or the clock, write what follows from it into the buyer's order, and come back to its own.
    What was changed before must have been told of by then. Gives the actor that the buyer's book names."""
    await db.flush()
    before = db.info.get("tenant")
    row = (
        await db.execute(
            text("SELECT current_setting('app.user', true), current_setting('app.tenant', true)")
        )
    ).one()
    await act_as(db, user=order.user_id, tenant=order.buyer_tenant_id)
    yield Viewer.system(order.buyer_tenant_id)
    await db.flush()
    await db.execute(
        text("SELECT set_config('app.user', :user, true), set_config('app.tenant', :tenant, true)"),
        {"user": row[0] or "", "tenant": row[1] or ""},
    )
    db.info["tenant"] = before


@asynccontextmanager
async def as_seller(db: AsyncSession, tenant_id: UUID) -> AsyncIterator[None]:
    """Let the buyer's request write what belongs into a seller's books, and come back to its own."""
    before: UUID | None = db.info.get("tenant")
    now = await db.scalar(text("SELECT current_setting('app.tenant', true)"))
    if now == str(tenant_id):
        yield
        return
    await db.flush()
    await enter_tenant(db, tenant_id)
    yield
    await db.flush()
    await db.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": now or ""})
    db.info["tenant"] = before
