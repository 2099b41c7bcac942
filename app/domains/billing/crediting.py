"""Taking a paid invoice back: a credit note, numbered in a series of its own, that names the invoice.

The invoice itself stays as it was printed. What was paid for it and is still here becomes the customer's credit,
to be given back; when it was all given back before, only the claim on it ends.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.billing import content, ledger
from app.domains.billing.events import InvoiceCredited
from app.domains.billing.finding import hold, payments_of
from app.domains.billing.invoicing import of, tell
from app.domains.billing.models import TAKEN_EVER, CreditNote, Invoice, Payment
from app.domains.billing.numbering import CREDIT_NOTES, next_number


def may_be_credited(invoice: Invoice, payments: list[Payment]) -> bool:
    """Paid, or paid and given back, be it a part. What nobody ever paid is cancelled instead."""
    went_back = any(payment.refunded_minor or payment.lost_minor for payment in payments)
    return invoice.status == "paid" or (invoice.is_open and went_back)


async def credit(
    db: AsyncSession, invoice: Invoice, *, reason: str, reopen: bool = False, by: Viewer
) -> CreditNote:
    """Write the credit note of an invoice; with `reopen` the order's work can be changed and billed anew. Raises
    Refused (409)."""
    if not reason.strip():
        raise Invalid({"reason": _("Say why the invoice is credited.")})
    order = await workshop.hold(db, invoice.order_id)
    invoice = await hold(db, invoice.id)
    payments = list(await payments_of(db, invoice))
    if not may_be_credited(invoice, payments):
        raise Refused(
            _("Only a paid invoice, or one whose money was given back, can be credited."),
            audit="invoice.illegal_move",
        )
    if any(payment.is_live for payment in payments):
        raise Refused(_("A payment is under way. Stop it first."), audit="invoice.illegal_move")
    if any(payment.status == "disputed" for payment in payments):
        raise Refused(_("A payment is disputed. Wait for the bank to decide."), audit="invoice.illegal_move")
    note = CreditNote(
        id=new_id(),
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        user_id=invoice.user_id,
        created_by_id=by.user_id,
        reason=reason.strip(),
        content=content.snapshot_for_note(invoice),
        issued_at=clock.now(),
    )
    if reopen:
        await workshop.reopen(db, order, by=by)
    elif order.status == "invoiced":  # nothing of it is owed any more
        await workshop.mark_closed(db, order, by=by)
    note.number = await next_number(db, invoice.tenant_id, CREDIT_NOTES)
    note.content_hash = content.fingerprint_of_note(note)
    db.add(note)
    await ledger.book_credit_note(db, invoice, note)
    for payment in payments:
        if payment.status in TAKEN_EVER and payment.kept_minor:
            payment.credit_minor = payment.amount_minor
    invoice.status, invoice.paid_minor = "credited", 0
    invoice.version += 1
    credited = InvoiceCredited(
        **of(invoice),
        credit_note_id=note.id,
        label=note.label,
        total_minor=invoice.total_minor,
        currency=invoice.currency,
    )
    await tell(db, invoice, credited, by=by)
    return note


async def note_of(db: AsyncSession, invoice: Invoice) -> CreditNote | None:
    """The credit note of an invoice the viewer has found, if it has one."""
    found: CreditNote | None = await db.scalar(
        select(CreditNote).where(
            CreditNote.tenant_id == invoice.tenant_id, CreditNote.invoice_id == invoice.id
        )
    )
    return found


async def find_note(db: AsyncSession, invoice: Invoice) -> CreditNote:
    """The same. Raises NotFound."""
    if note := await note_of(db, invoice):
        return note
    raise NotFound
