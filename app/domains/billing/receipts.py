"""A signed token that shows one payment to whoever comes back from the provider, and nothing else."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.errors import NotFound
from app.core.security import as_uuid, sign, unsign
from app.domains.billing.models import Invoice, Payment

PURPOSE = "payment"
SECONDS = 30 * 24 * 3600


def receipt_token(payment_id: UUID, tenant_id: UUID) -> str:
    return sign(PURPOSE, [str(payment_id), str(tenant_id)], seconds=SECONDS)


async def payment_of_receipt(db: AsyncSession, token: str) -> tuple[Payment, Invoice]:
    """The payment a token shows. Raises NotFound for a forged or old one."""
    try:
        payment_id, tenant_id = (as_uuid(part) for part in unsign(PURPOSE, token))
    except ValueError as error:
        raise NotFound from error
    if payment_id is None or tenant_id is None:
        raise NotFound
    await enter_tenant(db, tenant_id)
    row = (
        await db.execute(
            select(Payment, Invoice)
            .join(Invoice, Invoice.id == Payment.invoice_id)
            .where(Payment.id == payment_id, Payment.tenant_id == tenant_id, Invoice.tenant_id == tenant_id)
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]
