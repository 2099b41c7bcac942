"""Do purchases, their payments and the seller's books say the same? Asked every night, and by tests. That each booking
sums to zero the check of all books says."""

from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.queue import for_each
from app.domains.billing.checking import MOST, BooksWrong
from app.domains.billing.models import LedgerEntry
from app.domains.marketplace.models import Purchase, PurchasePayment

MONEY = ("stripe", "cash", "fees", "platform_fees")
"""Where money that was taken can be: with the shop, or kept by somebody of what it was."""


async def faults(db: AsyncSession, tenant_id: UUID) -> list[str]:
    """Broken promises in a seller's sales, in words for whoever mends them; empty when all is well."""
    payments = (
        select(
            PurchasePayment.purchase_id,
            func.sum(PurchasePayment.captured_minor).label("captured"),
            func.sum(PurchasePayment.refunded_minor).label("refunded"),
            func.sum(
                PurchasePayment.captured_minor - PurchasePayment.refunded_minor - PurchasePayment.lost_minor
            ).label("kept"),
            func.sum(PurchasePayment.lost_minor).label("lost"),
            func.sum(PurchasePayment.core_back_minor).label("core_back"),
            # What a dispute cost besides is a fee, and no part of what was paid.
            func.sum(
                case(
                    (
                        PurchasePayment.captured_minor > 0,
                        PurchasePayment.platform_fee_minor - PurchasePayment.platform_fee_back_minor,
                    ),
                    else_=0,
                )
            ).label("platform"),
        )
        .where(PurchasePayment.tenant_id == tenant_id)
        .group_by(PurchasePayment.purchase_id)
        .subquery()
    )

    def booked(*accounts: str) -> Any:
        return func.coalesce(func.sum(LedgerEntry.amount_minor).filter(LedgerEntry.account.in_(accounts)), 0)

    ledger = (
        select(
            LedgerEntry.purchase_id,
            booked(*MONEY).label("kept"),
            booked("receivable").label("lost"),
            booked("core_deposits").label("core"),
            booked("platform_fees").label("platform"),
        )
        .where(LedgerEntry.tenant_id == tenant_id, LedgerEntry.purchase_id.is_not(None))
        .group_by(LedgerEntry.purchase_id)
        .subquery()
    )
    zero = func.coalesce
    core_held = case((zero(payments.c.captured, 0) > 0, payments.c.core_back - Purchase.core_minor), else_=0)
    rows = await db.execute(
        select(
            Purchase.id,
            Purchase.paid_minor,
            Purchase.refunded_minor,
            payments.c.captured,
            payments.c.refunded,
            payments.c.kept,
            ledger.c.kept.label("booked"),
        )
        .outerjoin(payments, payments.c.purchase_id == Purchase.id)
        .outerjoin(ledger, ledger.c.purchase_id == Purchase.id)
        .where(
            Purchase.tenant_id == tenant_id,
            or_(
                Purchase.paid_minor != zero(payments.c.captured, 0),
                Purchase.refunded_minor != zero(payments.c.refunded, 0),
                zero(payments.c.kept, 0) != zero(ledger.c.kept, 0),
                zero(payments.c.lost, 0) != zero(ledger.c.lost, 0),
                zero(payments.c.platform, 0) != zero(ledger.c.platform, 0),
                core_held != zero(ledger.c.core, 0),
            ),
        )
        .limit(MOST)
    )
    return [
        f"purchase {row.id}: {row.paid_minor} paid, {row.refunded_minor} given back; its payments say"
        f" {row.captured} and {row.refunded}; {row.kept} is kept, the ledger says {row.booked}"
        for row in rows
    ]


async def check_every_seller() -> None:
    """Raise BooksWrong with every fault of every seller."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        sellers = (await db.scalars(select(Purchase.tenant_id).distinct())).all()
    wrong: list[str] = []

    async def check(tenant_id: UUID) -> None:
        async with transaction(tenant=tenant_id) as db:
            wrong.extend(f"{tenant_id}: {fault}" for fault in await faults(db, tenant_id))

    try:
        await for_each(sellers, check)
    finally:
        if wrong:
            raise BooksWrong("\n".join(wrong))
