"""What of the books is in a driver's copy: invoices as printed, what was paid and given back."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from app.core.db import transaction
from app.core.personal import AtShop, Declared, Emptied, Paper, Records, printed
from app.core.words import _
from app.domains.billing import finding, paper
from app.domains.billing.models import (
    LIVE_PAYMENT,
    OPEN_INVOICE,
    CreditNote,
    Invoice,
    InvoiceLine,
    Payment,
    Refund,
)


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "invoices", _("Your invoices. Each is in documents/invoices as it was printed."), ("invoices",),
            {
                "id": (Invoice.id, _("its id, as other files name it")),
                "visit_id": (Invoice.order_id, _("for which visit")),
                "series": (Invoice.series, _("first part of its number")),
                "number": (Invoice.number, _("its number")),
                "status": (Invoice.status, _("what became of it")),
                "currency": (Invoice.currency, _("its currency")),
                "subtotal": (Invoice.subtotal_minor, _("without tax")),
                "tax": (Invoice.tax_minor, _("the tax")),
                "total": (Invoice.total_minor, _("the sum")),
                "paid": (Invoice.paid_minor, _("what you paid of it")),
                "credited": (Invoice.credited_minor, _("what of it was taken back")),
                "issued_at": (Invoice.issued_at, _("when it was issued")),
                "due_at": (Invoice.due_at, _("when it was to be paid")),
                "paid_at": (Invoice.paid_at, _("when it was paid")),
                "cancelled_at": (Invoice.cancelled_at, _("when it was cancelled")),
                "printed": (printed(Invoice.content, "advisor"), _("shop, name, address and car as they were printed on it")),
            },
            lambda rows: rows.where(Invoice.user_id == person).order_by(Invoice.issued_at),
        ),
        Records(
            "invoice_lines", _("The lines of your invoices."), ("invoice_lines",),
            {
                "invoice_id": (InvoiceLine.invoice_id, _("of which invoice")),
                "job": (InvoiceLine.job_title, _("for which work")),
                "kind": (InvoiceLine.kind, _("labor, part, fee, sublet")),
                "description": (InvoiceLine.description, _("what it is")),
                "part_number": (InvoiceLine.part_number, _("number of the part")),
                "quantity": (InvoiceLine.quantity, _("hours, pieces or liters")),
                "unit_price": (InvoiceLine.unit_price_minor, _("price of one")),
                "tax_rate": (InvoiceLine.tax_rate, _("tax as a share")),
                "net": (InvoiceLine.net_minor, _("its price without tax")),
                "tax": (InvoiceLine.tax_minor, _("its tax")),
            },
            lambda rows: rows.select_from(InvoiceLine)
            .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
            .where(Invoice.user_id == person)
            .order_by(Invoice.issued_at, InvoiceLine.position),
        ),
        Records(
            "payments", _("What you paid, or tried to pay."), ("payments",),
            {
                "id": (Payment.id, _("its id, as other files name it")),
                "invoice_id": (Payment.invoice_id, _("for which invoice")),
                "method": (Payment.method, _("how")),
                "paid_with": (Payment.paid_with, _("the card, with its last four digits")),
                "status": (Payment.status, _("what became of it")),
                "amount": (Payment.amount_minor, _("how much")),
                "refunded": (Payment.refunded_minor, _("what you got back")),
                "currency": (Payment.currency, _("its currency")),
                "begun_at": (Payment.created_at, _("when it was begun")),
                "decided_at": (Payment.processed_at, _("when it was decided")),
            },
            lambda rows: rows.where(Payment.user_id == person).order_by(Payment.created_at),
        ),
        Records(
            "refunds", _("What was given back to you."), ("refunds",),
            {
                "payment_id": (Refund.payment_id, _("of which payment")),
                "amount": (Refund.amount_minor, _("how much")),
                "status": (Refund.status, _("what became of it")),
                "begun_at": (Refund.created_at, _("when it was begun")),
                "decided_at": (Refund.decided_at, _("when it was decided")),
            },
            lambda rows: rows.select_from(Refund)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.user_id == person)
            .order_by(Refund.created_at),
        ),
        Records(
            "credit_notes", _("Documents that took invoices back."), ("credit_notes",),
            {
                "invoice_id": (CreditNote.invoice_id, _("which invoice")),
                "number": (CreditNote.number, _("its number")),
                "reason": (CreditNote.reason, _("why, as printed on it")),
                "issued_at": (CreditNote.issued_at, _("when it was issued")),
                "printed": (CreditNote.content, _("what was printed on it")),
            },
            lambda rows: rows.where(CreditNote.user_id == person).order_by(CreditNote.issued_at),
        ),
    ]  # fmt: skip


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """Invoices and credit notes as PDF, set again from what was frozen."""
    async with transaction(user=person) as db:
        invoices = await db.scalars(
            select(Invoice)
            .options(load_only(Invoice.series, Invoice.number))
            .where(Invoice.user_id == person)
            .order_by(Invoice.id)
        )
        notes = await db.scalars(
            select(CreditNote)
            .options(load_only(CreditNote.number))
            .where(CreditNote.user_id == person)
            .order_by(CreditNote.id)
        )
        found = [
            *((f"invoices/{one.label} {one.id}.pdf", _invoice, one.id) for one in invoices),
            *((f"credit-notes/{one.label} {one.id}.pdf", _note, one.id) for one in notes),
        ]
    for name, make, row_id in found:
        yield Paper(f"documents/{name}", make=partial(make, person, row_id))


async def _invoice(person: UUID, invoice_id: UUID) -> bytes:
    async with transaction(user=person) as db:
        invoice = await db.get_one(Invoice, invoice_id)
        lines = await finding.lines_of(db, invoice)
        booked = await paper.booked_of(db, invoice)
    return await paper.typeset(invoice, lines, booked)


async def _note(person: UUID, note_id: UUID) -> bytes:
    async with transaction(user=person) as db:
        note = await db.get_one(CreditNote, note_id)
        invoice = await db.get_one(Invoice, note.invoice_id)
        lines = await finding.lines_of(db, invoice)
    return await paper.typeset_note(note, invoice, lines)


def _theirs(who: AtShop) -> Select[Any]:
    return select(Invoice.id).where(
        Invoice.tenant_id == who.tenant_id, Invoice.customer_id == who.customer_id
    )


async def join(db: AsyncSession, who: AtShop) -> None:
    """Invoices, what was paid on them, and what was taken back."""
    await db.execute(update(Invoice).where(Invoice.id.in_(_theirs(who))).values(user_id=who.user_id))
    for kind in (Payment, CreditNote):
        await db.execute(
            update(kind)
            .where(kind.tenant_id == who.tenant_id, kind.invoice_id.in_(_theirs(who)))
            .values(user_id=who.user_id)
        )


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """What was told to and by the payment provider. Invoices and the ledger stay as long as the law wants books."""
    told = await db.scalars(
        update(Payment)
        .where(Payment.tenant_id == who.tenant_id, Payment.invoice_id.in_(_theirs(who)))
        .values(checkout_terms={}, gateway_response=None, checkout_url="")
        .returning(Payment.id)
    )
    return {"payments": told.all()}


async def unsettled(db: AsyncSession, who: AtShop) -> Sequence[str]:
    unpaid = _theirs(who).where(Invoice.status.in_(OPEN_INVOICE))
    moving = select(Payment.id).where(
        Payment.tenant_id == who.tenant_id,
        Payment.invoice_id.in_(_theirs(who)),
        Payment.status.in_((*LIVE_PAYMENT, "disputed")),
    )
    found = []
    if await db.scalar(select(unpaid.exists())):
        found.append(_("an unpaid invoice"))
    if await db.scalar(select(moving.exists())):
        found.append(_("a payment that is undecided or disputed"))
    return found


DECLARED = Declared(
    records,
    left_out={
        "platform_fees": "what the network set, and who of it did; the network answers for it",
        "business_fees": "what the network set, and who of it did; the network answers for it",
    },
    papers=papers,
    join=join,
    leave=leave,
    unsettled=unsettled,
)
