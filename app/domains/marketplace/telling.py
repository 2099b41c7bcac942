"""Writes the market's events: whose they are, and who may read them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.marketplace.events import OfPartsOrder, OfShopQuote
from app.domains.marketplace.models import PartsOrder, ShopQuote


async def tell(
    db: AsyncSession, kind: type[OfPartsOrder], order: PartsOrder, *, by: Viewer, **more: Any
) -> None:
    """The buyer's own affair: no shop reads it."""
    event = kind(parts_order_id=order.id, code=order.code, round=order.round, **more)
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
        quote_id=quote.id,
        shop_id=quote.shop_id,
        center_id=quote.center_id,
        bidding=order.bidding,
        **more,
    )
    async with as_seller(db, quote.tenant_id):
        await record(db, event, by=by, tenant=quote.tenant_id, person=quote.user_id, subject=order.id)


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
