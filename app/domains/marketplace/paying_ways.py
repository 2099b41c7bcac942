"""How a shop is paid: by card on its own account at the provider, or when the parts are handed over."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import modules
from app.core.errors import Refused
from app.core.words import _
from app.domains.billing.models import PaymentAccount
from app.domains.parts_shops.models import PartsShop


async def way_of(db: AsyncSession, tenant_id: UUID, shop_id: UUID) -> str:
    """card, on_delivery, or "" for a shop that cannot be paid yet. The transaction is the shop's."""
    by_card = select(PaymentAccount.id).where(
        PaymentAccount.tenant_id == tenant_id, PaymentAccount.provider == "stripe", PaymentAccount.is_ready
    )
    if await modules.is_on(db, tenant_id, "card_payments") and await db.scalar(by_card):
        return "card"
    takes_cash = await db.scalar(
        select(PartsShop.takes_cash).where(PartsShop.tenant_id == tenant_id, PartsShop.id == shop_id)
    )
    return "on_delivery" if takes_cash else ""


async def must_be_payable(db: AsyncSession, tenant_id: UUID, shop_id: UUID) -> str:
    """The way; raises Refused where there is none."""
    way = await way_of(db, tenant_id, shop_id)
    if not way:
        raise Refused(
            _(
                "Your shop cannot be paid yet. Connect its payment account, or take payment on delivery, "
                "under Shop → Payments."
            )
        )
    return way
