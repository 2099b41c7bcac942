"""The shop's own account at the payment provider: opened once, finished by its owner on the provider's page."""

from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.errors import Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing.events import PaymentAccountChanged
from app.domains.billing.models import PaymentAccount
from app.domains.billing.providers import stripe
from app.domains.network.models import ServiceCenter, Tenant
from app.gateways.payments import GatewayRefused, GatewayUnavailable
from app.settings import settings


async def account_of(db: AsyncSession, tenant_id: UUID) -> PaymentAccount | None:
    """The tenant's account, finished or not."""
    found: PaymentAccount | None = await db.scalar(
        select(PaymentAccount).where(
            PaymentAccount.tenant_id == tenant_id, PaymentAccount.provider == "stripe"
        )
    )
    return found


async def open_setup(tenant_id: UUID, *, email: str) -> str:
    """The provider's page on which the owner connects the shop's account. Raises Refused with words.

    Outside of any transaction. The key is the tenant's, so that asking twice opens one account.
    """
    try:
        ref = await _ensure(tenant_id, email)
        return await stripe().setup_url(ref, return_url=f"{settings().base_url}/settings/payments")
    except GatewayUnavailable as silent:
        raise Refused(
            _("The payment provider does not answer. Please try again in a moment."), status=503
        ) from silent
    except GatewayRefused as refused:
        raise Refused(_("The payment provider said no: %(reason)s", reason=refused.words)) from refused


async def _ensure(tenant_id: UUID, email: str) -> str:
    async with transaction(tenant=tenant_id) as db:
        if account := await account_of(db, tenant_id):
            return account.account_ref
        tenant = await db.get_one(Tenant, tenant_id)
        center = await db.scalar(
            select(ServiceCenter)
            .where(ServiceCenter.tenant_id == tenant_id)
            .order_by(ServiceCenter.id)
            .limit(1)
        )
    ref = await stripe().open_account(
        name=tenant.name,
        email=email,
        country=center.country if center else "US",
        currency=tenant.currency,
        key=uuid5(tenant_id, "payment account"),
    )
    async with transaction(tenant=tenant_id) as db:
        if await account_of(db, tenant_id) is None:
            db.add(PaymentAccount(tenant_id=tenant_id, provider="stripe", account_ref=ref, is_ready=False))
    return ref


async def refresh(tenant_id: UUID) -> bool:
    """Ask the provider whether the shop can charge, and remember it. Raises GatewayUnavailable."""
    async with transaction(tenant=tenant_id) as db:
        account = await account_of(db, tenant_id)
    if account is None:
        return False
    ready = await stripe().can_charge(account.account_ref)
    async with transaction(tenant=tenant_id) as db:
        account = await account_of(db, tenant_id)
        if account is not None and account.is_ready != ready:
            account.is_ready = ready
            changed = PaymentAccountChanged(provider="stripe", account_ref=account.account_ref)
            await record(db, changed, by=Viewer.system(tenant_id))
    return ready
