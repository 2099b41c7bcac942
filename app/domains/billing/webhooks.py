"""Webhooks in: believed only when signed, kept once, answered at once, and understood later.

A webhook says *that* something happened to a payment. What happened is asked from the provider anew, so it does
not matter how often, how late or in which order they come.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import act_as
from app.core.events import Event, record
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.domains.billing.events import AccountRang, PaymentAccountChanged, WebhookReceived
from app.domains.billing.models import WebhookEvent as Kept
from app.gateways.payments import WebhookEvent


async def take(db: AsyncSession, provider: str, event: WebhookEvent) -> bool:
    """Keep a verified webhook and put it on the way to its reaction. False when it was here before."""
    known = insert(Kept).values(
        provider=provider,
        event_id=event.id,
        kind=event.kind,
        payload={
            "account": event.account,
            "reference": event.reference,
            "ref": event.ref,
            "transaction": event.transaction,
        },
    )
    if not (await db.execute(known.on_conflict_do_nothing().returning(Kept.event_id))).first():
        return False
    if event.kind == "account.updated":
        await _about_account(db, provider, event)
    else:
        await _about_payment(db, provider, event)
    return True


async def _about_payment(db: AsyncSession, provider: str, event: WebhookEvent) -> None:
    row = (
        await db.execute(
            text("SELECT * FROM payment_home(:provider, :account, :ref, :reference, :transaction)"),
            {
                "provider": provider,
                "account": event.account or "",
                "ref": event.ref or "",
                "reference": as_uuid(event.reference),
                "transaction": event.transaction or "",
            },
        )
    ).first()
    if row is None:  # what was bought on the market, or another system's payment on the same account
        await _about_something_else(db, provider, event)
        return
    tenant_id: UUID = row.tenant_id
    await act_as(db, tenant=tenant_id, user=row.user_id)
    heard = WebhookReceived(
        provider=provider,
        event_id=event.id,
        kind=event.kind,
        payment_id=row.payment_id,
        ref=event.ref or "",
    )
    await record(db, heard, by=Viewer.system(tenant_id), person=row.user_id, subject=row.payment_id)


async def _about_something_else(db: AsyncSession, provider: str, event: WebhookEvent) -> None:
    rang = AccountRang(
        provider=provider,
        event_id=event.id,
        kind=event.kind,
        ref=event.ref or "",
        reference=as_uuid(event.reference),
        transaction=event.transaction or "",
    )
    await _tell_owner(db, provider, event, rang)


async def _about_account(db: AsyncSession, provider: str, event: WebhookEvent) -> None:
    changed = PaymentAccountChanged(provider=provider, account_ref=event.account or "")
    await _tell_owner(db, provider, event, changed)


async def _tell_owner(db: AsyncSession, provider: str, event: WebhookEvent, news: Event) -> None:
    row = (
        await db.execute(
            text("SELECT * FROM payment_account_home(:provider, :account)"),
            {"provider": provider, "account": event.account or ""},
        )
    ).first()
    if row is not None:
        await act_as(db, tenant=row.tenant_id)
        await record(db, news, by=Viewer.system(row.tenant_id))
