"""A link for one purpose: see and pay one invoice without an account. Only its hash is stored."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import NotFound, Refused
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing.models import Invoice, PayLink
from app.domains.network.setting_values import rules_of


async def make_pay_link(db: AsyncSession, invoice: Invoice) -> str:
    """A new link's path, such as /pay/k3J…; it is told once, to whoever writes the mail."""
    token = new_token()
    days = (await rules_of(db, invoice.tenant_id)).number("invoices.link_days")
    link = PayLink(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        token_hash=hash_token(token),
        expires_at=clock.now() + timedelta(days=days),
    )
    db.add(link)
    await db.flush()
    return f"/pay/{token}"


async def leads_to(db: AsyncSession, token: str, invoice: Invoice) -> bool:
    """Whether a link opens this very invoice, in a transaction that has entered its shop."""
    found = await db.scalar(
        select(PayLink.id).where(
            PayLink.tenant_id == invoice.tenant_id,
            PayLink.invoice_id == invoice.id,
            PayLink.token_hash == hash_token(token),
            PayLink.revoked_at.is_(None),
            PayLink.expires_at > clock.now(),
        )
    )
    return found is not None


async def follow_link(db: AsyncSession, token: str, *, by: Viewer) -> tuple[Invoice, Viewer]:
    """The invoice behind a link, and its holder as a viewer of the shop's books. Opens the shop's tables for
    the rest of the transaction. Raises NotFound, or Refused (410) when the link is over."""
    row = (
        await db.execute(text("SELECT * FROM pay_link_by_hash(:hash)"), {"hash": hash_token(token)})
    ).first()
    if row is None:
        raise NotFound
    await enter_tenant(db, row.tenant_id)
    link = await db.get_one(PayLink, row.link_id)
    if link.revoked_at or link.expires_at <= clock.now():
        raise Refused(
            _("This link is no longer valid. Please ask the shop for a new one."),
            status=410,
            audit="payment.link_shut",
        )
    invoice = await db.scalar(select(Invoice).where(Invoice.id == row.invoice_id))
    if invoice is None:
        raise NotFound
    holder = Viewer(
        kind="link",
        name=invoice.content["customer"]["name"],
        locale=by.locale,
        zone=invoice.content["zone"],
        tenant_id=invoice.tenant_id,
        ip=by.ip,
        user_agent=by.user_agent,
        request_id=by.request_id,
    )
    return invoice, holder
