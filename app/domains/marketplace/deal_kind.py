"""Purchases among what shops take cards for, so that payouts are held against them too."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.billing.kinds import KINDS, PaymentKind, Subject
from app.domains.marketplace.models import PartsOrder, Purchase, PurchasePayment, PurchaseRefund


async def _purchases(db: AsyncSession, payments: Sequence[PurchasePayment]) -> Mapping[UUID, Subject]:
    rows = await db.execute(
        select(PurchasePayment.id, Purchase.id, Purchase.ship_to, PartsOrder.code)
        .join(Purchase, Purchase.id == PurchasePayment.purchase_id)
        .join(PartsOrder, PartsOrder.id == Purchase.order_id)
        .where(PurchasePayment.id.in_([one.id for one in payments]))
    )
    return {
        payment: Subject(code, f"/market/sales/{purchase}", str(ship_to.get("name", "")))
        for payment, purchase, ship_to, code in rows
    }


KINDS.append(PaymentKind(PurchasePayment, PurchaseRefund, _purchases))
