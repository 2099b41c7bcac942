"""What customers are told about their invoices and payments, and the desk of what went wrong with one."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import render
from app.core.events import Heard
from app.core.words import _, speaking
from app.domains import billing
from app.domains.billing.events import (
    InvoiceCredited,
    InvoiceIssued,
    PayLinkAsked,
    PaymentCompleted,
    PaymentRefunded,
    RefundReturned,
)
from app.domains.billing.models import Invoice, Payment
from app.domains.notifications import recipients
from app.domains.notifications.mail_table import Bill, Receipt
from app.domains.notifications.models import BLANK
from app.domains.notifications.recipients import Place, Recipient
from app.domains.notifications.telling import Line, list_for, write_mail, write_to_customer
from app.domains.workshop.models import RepairOrder


async def tell_invoice_issued(db: AsyncSession, heard: Heard[InvoiceIssued]) -> None:
    event = heard.event
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None:
        return
    place = await recipients.place(db, event.center_id)
    order = await db.get_one(RepairOrder, event.order_id)
    link = await billing.make_pay_link(db, invoice)
    to = await recipients.customer(db, event.customer_id, tenant_id=invoice.tenant_id)
    if to is None:
        return
    if to.user_id:
        with speaking(to.locale):
            title = _("Invoice %(label)s", label=invoice.label)
            total = render.money(invoice.total_minor, invoice.currency)
            message = _("%(center)s: %(total)s", center=place.center.name, total=total)
        line = Line("payment", title, message, f"/invoices/{invoice.id}", invoice.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    secret = link.rpartition("/")[2]
    await write_to_customer(
        db, heard, to, "invoice_issued", _bill(invoice, order), place=place, secret=secret
    )


async def tell_pay_link(db: AsyncSession, heard: Heard[PayLinkAsked]) -> None:
    """The bill's mail once more, with a fresh link; the links before die with it."""
    event = heard.event
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None or not invoice.is_open:
        return
    place = await recipients.place(db, event.center_id)
    order = await db.get_one(RepairOrder, event.order_id)
    secret = (await billing.renew_pay_link(db, invoice)).rpartition("/")[2]
    to = await recipients.customer(db, event.customer_id, tenant_id=invoice.tenant_id)
    if to is None:
        return
    await write_to_customer(
        db, heard, to, "invoice_issued", _bill(invoice, order), place=place, secret=secret
    )


def _bill(invoice: Invoice, order: RepairOrder) -> Bill:
    return Bill(
        invoice=invoice.label, order=order.label, total_minor=invoice.total_minor, currency=invoice.currency,
        due_at=invoice.due_at, url=f"/pay/{BLANK}",
    )  # fmt: skip


async def tell_invoice_credited(db: AsyncSession, heard: Heard[InvoiceCredited]) -> None:
    event = heard.event
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None:
        return
    place = await recipients.place(db, event.center_id)
    link = await billing.make_pay_link(db, invoice)
    to = await recipients.customer(db, event.customer_id, tenant_id=invoice.tenant_id)
    if to is None:
        return
    if to.user_id:
        with speaking(to.locale):
            title = _("Credit note %(label)s", label=event.label)
            total = render.money(event.total_minor, event.currency)
            message = _("%(total)s of invoice %(label)s is taken back.", label=invoice.label, total=total)
        line = Line("payment", title, message, f"/invoices/{invoice.id}", invoice.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    secret = link.rpartition("/")[2]
    await write_mail(
        db, heard, to, "invoice_credited", place=place, secret=secret, invoice=invoice, label=event.label,
        total_minor=event.total_minor,
    )  # fmt: skip


async def tell_payment_received(db: AsyncSession, heard: Heard[PaymentCompleted]) -> None:
    about = await _about(db, heard.event)
    if about is None:
        return
    invoice = about.invoice
    with speaking(about.to.locale):
        title = _("Payment received, thank you")
        amount = render.money(heard.event.amount_minor, heard.event.currency)
        message = _("%(amount)s for invoice %(label)s.", amount=amount, label=invoice.label)
    line = Line("payment", title, message, f"/invoices/{invoice.id}", heard.event.payment_id)
    await about.list_line(db, heard, line)
    receipt = Receipt(
        invoice=invoice.label, amount_minor=heard.event.amount_minor, open_minor=invoice.open_minor,
        currency=invoice.currency, method=about.method, url=f"/paid/{BLANK}",
    )  # fmt: skip
    await write_to_customer(
        db, heard, about.to, "payment_received", receipt, place=about.place, secret=about.receipt
    )


async def tell_money_back(db: AsyncSession, heard: Heard[PaymentRefunded]) -> None:
    about = await _about(db, heard.event)
    if about is None:
        return
    label, in_cash = about.invoice.label, about.payment.provider == "cash"
    with speaking(about.to.locale):
        amount = render.money(heard.event.amount_minor, heard.event.currency)
        title = _("%(center)s gave back %(amount)s", center=about.place.center.name, amount=amount)
        message = (
            _("In cash, for invoice %(label)s.", label=label)
            if in_cash
            else _("To %(method)s, for invoice %(label)s.", method=about.method, label=label)
        )
    line = Line("payment", title, message, f"/paid/{about.receipt}", heard.event.payment_id)
    await about.list_line(db, heard, line)
    await write_mail(
        db, heard, about.to, "money_back", place=about.place, secret=about.receipt, invoice=about.invoice,
        amount_minor=heard.event.amount_minor, method=about.method, in_cash=in_cash,
    )  # fmt: skip


async def tell_desk_of_returned_refund(db: AsyncSession, heard: Heard[RefundReturned]) -> None:
    """A line for each who runs the center's desk: the customer has not got the money, and may not know."""
    event = heard.event
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None:
        return
    place = await recipients.place(db, event.center_id)
    for user_id in await recipients.desk(db, place.center):
        to = await recipients.person(db, user_id, tenant_id=place.tenant_id)
        if to is None:
            continue
        with speaking(to.locale):
            amount = render.money(event.amount_minor, event.currency)
            title = _("A refund of %(amount)s did not arrive", amount=amount)
            message = _(
                "The bank of %(name)s sent it back. Find another way with them: invoice %(label)s.",
                name=invoice.content["customer"]["name"], label=invoice.label,
            )  # fmt: skip
        line = Line("payment", title, message, f"/invoices/{invoice.id}", event.payment_id)
        await list_for(db, heard, user_id, line, tenant_id=place.tenant_id)


@dataclass(frozen=True, slots=True)
class About:
    """A payment that its customer is told of."""

    invoice: Invoice
    payment: Payment
    place: Place
    to: Recipient
    receipt: str

    @property
    def method(self) -> str:
        """What it was paid with, in the customer's language."""
        with speaking(self.to.locale):
            return billing.paid_with(self.payment)

    async def list_line(self, db: AsyncSession, heard: Heard[Any], line: Line) -> None:
        """Tell it in the customer's list, if they have one."""
        if self.to.user_id:
            await list_for(db, heard, self.to.user_id, line, tenant_id=self.place.tenant_id)


async def _about(db: AsyncSession, event: PaymentCompleted | PaymentRefunded) -> About | None:
    """None when the invoice is gone, or nobody can be told."""
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None:
        return None
    to = await recipients.customer(db, event.customer_id, tenant_id=invoice.tenant_id)
    if to is None:
        return None
    return About(
        invoice=invoice,
        payment=await db.get_one(Payment, event.payment_id),
        place=await recipients.place(db, event.center_id),
        to=to,
        receipt=billing.receipt_token(event.payment_id, invoice.tenant_id),
    )
