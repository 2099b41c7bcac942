"""What customers are told about their invoices and payments."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import render
from app.core.events import Heard
from app.core.words import _, speaking
from app.domains import billing
from app.domains.billing.events import InvoiceCredited, InvoiceIssued, PaymentCompleted, PaymentRefunded
from app.domains.billing.models import Invoice, Payment
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for, write_mail
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
    await write_mail(
        db, heard, to, "invoice_issued", place=place, secret=secret, invoice=invoice, order=order
    )


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
            message = _("Invoice %(label)s is taken back: %(total)s", label=invoice.label, total=total)
        line = Line("payment", title, message, f"/invoices/{invoice.id}", invoice.id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    secret = link.rpartition("/")[2]
    await write_mail(
        db, heard, to, "invoice_credited", place=place, secret=secret, invoice=invoice, label=event.label
    )


async def tell_payment_received(db: AsyncSession, heard: Heard[PaymentCompleted]) -> None:
    event = heard.event
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None:
        return
    payment = await db.get_one(Payment, event.payment_id)
    place = await recipients.place(db, event.center_id)
    receipt = billing.receipt_token(event.payment_id, invoice.tenant_id)
    to = await recipients.customer(db, event.customer_id, tenant_id=invoice.tenant_id)
    if to is None:
        return
    with speaking(to.locale):
        title = _("Payment received, thank you")
        amount = render.money(event.amount_minor, event.currency)
        message = _("%(amount)s for invoice %(label)s.", amount=amount, label=invoice.label)
        method = billing.paid_with(payment)
    if to.user_id:
        line = Line("payment", title, message, f"/invoices/{invoice.id}", event.payment_id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    await write_mail(
        db,
        heard,
        to,
        "payment_received",
        place=place,
        secret=receipt,
        invoice=invoice,
        amount_minor=event.amount_minor,
        method=method,
    )


async def tell_money_back(db: AsyncSession, heard: Heard[PaymentRefunded]) -> None:
    event = heard.event
    invoice = await db.scalar(select(Invoice).where(Invoice.id == event.invoice_id))
    if invoice is None:
        return
    payment = await db.get_one(Payment, event.payment_id)
    place = await recipients.place(db, event.center_id)
    receipt = billing.receipt_token(event.payment_id, invoice.tenant_id)
    to = await recipients.customer(db, event.customer_id, tenant_id=invoice.tenant_id)
    if to is None:
        return
    with speaking(to.locale):
        amount = render.money(event.amount_minor, event.currency)
        title = _("%(center)s gave back %(amount)s", center=place.center.name, amount=amount)
        method = billing.paid_with(payment)
        in_cash = payment.provider == "cash"
        message = (
            _("In cash, for invoice %(label)s.", label=invoice.label)
            if in_cash
            else _("To %(method)s, for invoice %(label)s.", method=method, label=invoice.label)
        )
    if to.user_id:
        line = Line("payment", title, message, f"/paid/{receipt}", event.payment_id)
        await list_for(db, heard, to.user_id, line, tenant_id=place.tenant_id)
    await write_mail(
        db,
        heard,
        to,
        "money_back",
        place=place,
        secret=receipt,
        invoice=invoice,
        amount_minor=event.amount_minor,
        method=method,
        in_cash=in_cash,
    )
