"""A link for one purpose: see and pay one invoice without an account. Only its hash is stored."""

from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import NotFound, Refused
from app.core.security import hash_token, new_token
from app.core.tables import EventRow
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import customers
from app.domains.billing.events import PayLinkAsked, PayLinkShown
from app.domains.billing.finding import hold
from app.domains.billing.invoicing import of, tell
from app.domains.billing.models import Invoice, PayLink
from app.domains.customers import Customer, MailedTo
from app.domains.network.setting_values import rules_of

ASKED_AGAIN_AFTER = timedelta(minutes=2)


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


async def renew_pay_link(db: AsyncSession, invoice: Invoice) -> str:
    """A new link in place of those before, which open nothing from now on."""
    invoice = await hold(db, invoice.id)
    await db.execute(
        update(PayLink)
        .where(
            PayLink.tenant_id == invoice.tenant_id,
            PayLink.invoice_id == invoice.id,
            PayLink.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
    )
    return await make_pay_link(db, invoice)


async def show_pay_link(db: AsyncSession, invoice: Invoice, *, by: Viewer) -> str:
    """A fresh link for the desk to hand over, to whoever has no address too. Raises Refused when nothing is
    to be paid."""
    _of_the_shop(invoice, by)
    path = await renew_pay_link(db, invoice)
    await tell(db, invoice, PayLinkShown(**of(invoice)), by=by)
    return path


async def mail_pay_link(db: AsyncSession, invoice: Invoice, *, by: Viewer) -> None:
    """Have a fresh link mailed to the customer. Asking twice within two minutes sends one mail.

    Raises Refused when nothing is to be paid, or nobody can be written to.
    """
    _of_the_shop(invoice, by)
    invoice = await hold(db, invoice.id)
    if not (await mailed_to(db, invoice)).can_be_reached:
        raise Refused(_("There is no address to send it to. Show a fresh link, and hand it over yourself."))
    newest = await db.scalar(
        select(func.max(EventRow.created_at)).where(
            EventRow.tenant_id == invoice.tenant_id,
            EventRow.subject_id == invoice.order_id,
            EventRow.name == PayLinkAsked.__name__,
            EventRow.payload["invoice_id"].astext == str(invoice.id),
        )
    )
    if newest is None or clock.now() - newest >= ASKED_AGAIN_AFTER:
        await tell(db, invoice, PayLinkAsked(**of(invoice)), by=by)


def _of_the_shop(invoice: Invoice, by: Viewer) -> None:
    if invoice.tenant_id != by.tenant_id:  # an advisor's own bill at another shop
        raise NotFound
    if not invoice.is_open:
        raise Refused(_("Nothing is to be paid for this invoice any more, so there is no link to pay it."))


async def mailed_to(db: AsyncSession, invoice: Invoice) -> MailedTo:
    """Where the customer's link is mailed."""
    return await customers.mailed_to(db, await db.get_one(Customer, invoice.customer_id))


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
