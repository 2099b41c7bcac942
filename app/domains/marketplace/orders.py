"""Finding a parts order and what hangs on it, from whoever is looking; and one turn at a time for each order."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import take_turn
from app.core.errors import NotFound
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.domains.marketplace.models import (
    PartsOrder,
    PartsOrderDelivery,
    PartsOrderLine,
    Purchase,
    PurchaseLine,
    ShopQuote,
    ShopQuoteLine,
)

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # pragma: allowlist secret
"""Without 0, 1, I and O, which are mistaken for each other on the telephone."""


def new_code() -> str:
    """ "K7TM-3QXD": 40 bits, so that nobody finds another's order by counting."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def bought_by(me: Viewer) -> ColumnElement[bool]:
    """Orders of the buyer who is looking: of the workshop they work for, else their own."""
    if me.tenant_id is not None:
        at_center = [PartsOrder.buyer_center_id == me.center_id] if me.center_id else []
        return and_(PartsOrder.buyer_tenant_id == me.tenant_id, *at_center)
    return PartsOrder.user_id == me.user_id if me.user_id else false()


async def find(db: AsyncSession, me: Viewer, code: str) -> PartsOrder:
    """A buyer's own order by its code, or by its id. Raises NotFound."""
    order_id = as_uuid(code)
    named = PartsOrder.id == order_id if order_id else PartsOrder.code == code.strip().upper()
    order: PartsOrder | None = await db.scalar(select(PartsOrder).where(named, bought_by(me)))
    if order is None:
        raise NotFound
    return order


async def mine(
    db: AsyncSession, me: Viewer, *, job_id: UUID | None = None, most: int = 100
) -> list[PartsOrder]:
    """The buyer's orders, the newest first."""
    of_job = [PartsOrder.job_id == job_id] if job_id else []
    found = await db.scalars(
        select(PartsOrder).where(bought_by(me), *of_job).order_by(PartsOrder.created_at.desc()).limit(most)
    )
    return list(found)


async def hold(db: AsyncSession, order_id: UUID) -> PartsOrder:
    """Wait for everybody who changes this order or offers for it, and read it afresh. The shops may not write into the
    order, so a row lock is nothing they could take. Raises NotFound."""
    await take_turn(db, f"parts order {order_id}")
    order: PartsOrder | None = await db.scalar(
        select(PartsOrder).where(PartsOrder.id == order_id).execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFound
    return order


async def lines_of(db: AsyncSession, order_id: UUID) -> list[PartsOrderLine]:
    found = await db.scalars(
        select(PartsOrderLine)
        .where(PartsOrderLine.order_id == order_id)
        .order_by(PartsOrderLine.position)
        .execution_options(populate_existing=True)
    )
    return list(found)


async def open_lines_of(db: AsyncSession, order_id: UUID) -> list[PartsOrderLine]:
    """What is still asked for."""
    return [line for line in await lines_of(db, order_id) if line.is_open]


async def delivery_of(db: AsyncSession, order_id: UUID) -> PartsOrderDelivery | None:
    found: PartsOrderDelivery | None = await db.scalar(
        select(PartsOrderDelivery).where(PartsOrderDelivery.order_id == order_id)
    )
    return found


async def quotes_of(db: AsyncSession, order_id: UUID, *statuses: str) -> list[ShopQuote]:
    """The quotes on an order that the reader may see, by rank."""
    wanted = [ShopQuote.status.in_(statuses)] if statuses else []
    found = await db.scalars(
        select(ShopQuote)
        .where(ShopQuote.order_id == order_id, *wanted)
        .order_by(ShopQuote.rank, ShopQuote.id)
        .execution_options(populate_existing=True)
    )
    return list(found)


async def lines_of_quotes(
    db: AsyncSession, quotes: Sequence[ShopQuote]
) -> dict[UUID, dict[UUID, ShopQuoteLine]]:
    """Quote -> line of the order -> what is offered for it."""
    found: dict[UUID, dict[UUID, ShopQuoteLine]] = {quote.id: {} for quote in quotes}
    if not found:
        return {}
    rows = await db.scalars(
        select(ShopQuoteLine)
        .where(ShopQuoteLine.quote_id.in_(list(found)))
        .execution_options(populate_existing=True)
    )
    for row in rows:
        found[row.quote_id][row.order_line_id] = row
    return found


async def purchases_of(db: AsyncSession, order_id: UUID) -> list[Purchase]:
    """What was bought for an order, in the order it was accepted."""
    found = await db.scalars(
        select(Purchase)
        .where(Purchase.order_id == order_id)
        .order_by(Purchase.accepted_at, Purchase.id)
        .execution_options(populate_existing=True)
    )
    return list(found)


async def lines_of_purchases(
    db: AsyncSession, purchases: Sequence[Purchase]
) -> dict[UUID, list[PurchaseLine]]:
    found: dict[UUID, list[PurchaseLine]] = {one.id: [] for one in purchases}
    if not found:
        return {}
    rows = await db.scalars(
        select(PurchaseLine).where(PurchaseLine.purchase_id.in_(list(found))).order_by(PurchaseLine.id)
    )
    for row in rows:
        found[row.purchase_id].append(row)
    return found


async def find_quote(db: AsyncSession, me: Viewer, code: str) -> tuple[PartsOrder, ShopQuote]:
    """The request a shop was asked, and its own quote. Raises NotFound."""
    return await _asked(db, me, PartsOrder.code == code.strip().upper())


async def find_quote_by_id(
    db: AsyncSession, me: Viewer, *, quote_id: UUID | None = None, order_id: UUID | None = None
) -> tuple[PartsOrder, ShopQuote]:
    """As `find_quote`, by the quote or by the order. Raises NotFound."""
    return await _asked(db, me, ShopQuote.id == quote_id if quote_id else PartsOrder.id == order_id)


async def _asked(db: AsyncSession, me: Viewer, which: ColumnElement[bool]) -> tuple[PartsOrder, ShopQuote]:
    row = (
        await db.execute(
            select(PartsOrder, ShopQuote)
            .join(ShopQuote, ShopQuote.order_id == PartsOrder.id)
            .where(which, asked_at(me))
        )
    ).first()
    if row is None:
        raise NotFound
    order, quote = row
    return order, quote


def asked_at(me: Viewer) -> ColumnElement[bool]:
    """Quotes of the parts shop the viewer works for."""
    at_center = [ShopQuote.center_id == me.center_id] if me.center_id else []
    return and_(ShopQuote.tenant_id == me.tenant_id, *at_center)
