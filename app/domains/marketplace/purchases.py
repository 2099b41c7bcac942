"""Finding what was bought, from either side of the counter, and its money; one turn at a time for each order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Forbidden, NotFound
from app.core.viewer import Viewer
from app.domains.marketplace import orders
from app.domains.marketplace.models import (
    PartsOrder,
    Purchase,
    PurchaseLine,
    PurchasePayment,
    PurchaseRefund,
)
from app.domains.marketplace.telling import as_seller

SHOWN = 200


async def find_bought(db: AsyncSession, me: Viewer, purchase_id: UUID) -> tuple[PartsOrder, Purchase]:
    """What the viewer, or the workshop they work for, has bought. Raises NotFound, Forbidden."""
    if me.tenant_id is not None and not me.can("request:parts"):
        raise Forbidden("request:parts")
    row = (
        await db.execute(
            select(PartsOrder, Purchase)
            .join(Purchase, Purchase.order_id == PartsOrder.id)
            .where(Purchase.id == purchase_id, orders.bought_by(me))
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def must_buy(me: Viewer) -> None:
    """At a workplace only some may spend its money. Raises Forbidden."""
    if me.tenant_id is not None and not me.can("buy:parts"):
        raise Forbidden("buy:parts")


async def find_sold(db: AsyncSession, me: Viewer, purchase_id: UUID) -> tuple[PartsOrder, Purchase]:
    """A sale of the shop the viewer works for. Raises NotFound."""
    row = (
        await db.execute(
            select(PartsOrder, Purchase)
            .join(Purchase, Purchase.order_id == PartsOrder.id)
            .where(
                Purchase.id == purchase_id,
                Purchase.tenant_id == me.tenant_id,
                *([Purchase.center_id == me.center_id] if me.center_id else []),
            )
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def sold(db: AsyncSession, me: Viewer, code: str = "") -> list[tuple[PartsOrder, Purchase]]:
    """The shop's sales, the newest first; `code` finds those of one request."""
    rows = await db.execute(
        select(PartsOrder, Purchase)
        .join(Purchase, Purchase.order_id == PartsOrder.id)
        .where(
            Purchase.tenant_id == me.tenant_id,
            *([Purchase.center_id == me.center_id] if me.center_id else []),
            *([PartsOrder.code.contains(code.strip().upper(), autoescape=True)] if code.strip() else []),
        )
        .order_by(Purchase.accepted_at.desc())
        .limit(SHOWN)
    )
    return [(order, purchase) for order, purchase in rows]


async def hold(db: AsyncSession, purchase_id: UUID) -> tuple[PartsOrder, Purchase]:
    """Wait for everybody who changes the order it belongs to, and read both afresh. Raises NotFound."""
    order_id = await db.scalar(select(Purchase.order_id).where(Purchase.id == purchase_id))
    if order_id is None:
        raise NotFound
    order = await orders.hold(db, order_id)
    purchase = await db.get_one(Purchase, purchase_id, populate_existing=True)
    return order, purchase


async def hold_payment(db: AsyncSession, payment_id: UUID) -> tuple[PartsOrder, Purchase, PurchasePayment]:
    """The same from a payment. The transaction is the seller's."""
    payment = await db.get_one(PurchasePayment, payment_id)
    order, purchase = await hold(db, payment.purchase_id)
    await db.refresh(payment, with_for_update=True)
    return order, purchase, payment


async def payments_of(db: AsyncSession, purchase: Purchase) -> Sequence[PurchasePayment]:
    """Every attempt to pay, oldest first."""
    async with as_seller(db, purchase.tenant_id):
        found = await db.scalars(
            select(PurchasePayment)
            .where(PurchasePayment.purchase_id == purchase.id)
            .order_by(PurchasePayment.id)
            .execution_options(populate_existing=True)
        )
        return found.all()


async def refunds_of(db: AsyncSession, purchase: Purchase) -> Sequence[PurchaseRefund]:
    """Money that went back or is on its way, oldest first."""
    async with as_seller(db, purchase.tenant_id):
        found = await db.scalars(
            select(PurchaseRefund)
            .where(PurchaseRefund.purchase_id == purchase.id)
            .order_by(PurchaseRefund.id)
            .execution_options(populate_existing=True)
        )
        return found.all()


async def lines_of(db: AsyncSession, purchase: Purchase) -> list[PurchaseLine]:
    return (await orders.lines_of_purchases(db, [purchase]))[purchase.id]
