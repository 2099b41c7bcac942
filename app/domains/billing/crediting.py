"""Taking an invoice back, in full or in part: credit notes, numbered in a series of their own, that name the invoice.

The invoice itself stays as it was printed. A note over a part lowers what the invoice asks for. What was paid beyond
that, and is still here, becomes the customer's credit, to be given back; what was not paid is owed no more.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, NotFound, Refused
from app.core.render import money
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.billing import content, ledger
from app.domains.billing.credited_lines import Part, divided, left_of
from app.domains.billing.events import InvoiceCredited
from app.domains.billing.finding import hold, lines_of, payments_of
from app.domains.billing.invoicing import of, settle_if_paid, tell
from app.domains.billing.models import TAKEN_EVER, CreditNote, Invoice, Payment
from app.domains.billing.numbering import CREDIT_NOTES, next_number
from app.domains.workshop.models import RepairOrder


def may_be_lowered(invoice: Invoice) -> bool:
    """Whether lines of it can be credited: it stands, paid or not."""
    return invoice.is_open or invoice.status == "paid"


def may_be_credited(invoice: Invoice, payments: Sequence[Payment]) -> bool:
    """All that is left of it: paid, or paid and given back or lowered, be it a part. What nobody ever paid is
    cancelled instead."""
    went_back = any(payment.refunded_minor or payment.lost_minor for payment in payments)
    return invoice.status == "paid" or (invoice.is_open and (went_back or invoice.credited_minor > 0))


async def credit(
    db: AsyncSession,
    invoice: Invoice,
    *,
    reason: str,
    parts: Sequence[Part] = (),
    credited: int | None = None,
    reopen: bool = False,
    by: Viewer,
) -> CreditNote:
    """Write a credit note over some lines of an invoice, or over all that is left of it; then with `reopen` the order's
    work can be changed and billed anew. `credited` is what the caller saw as credited: of two who saw the same only
    one succeeds. Raises Refused (409) and Invalid."""
    if not reason.strip():
        raise Invalid({"reason": _("Say why the invoice is credited.")})
    order = await workshop.hold(db, invoice.order_id)
    invoice = await hold(db, invoice.id)
    payments = await payments_of(db, invoice)
    _check(invoice, payments, credited)
    lines = await lines_of(db, invoice)
    shares = divided(lines, left_of(lines, await notes_of(db, invoice)), parts, invoice.currency)
    total = sum(share.gross_minor for share in shares)
    is_over = total == invoice.wanted_minor
    if total <= 0 or total > invoice.wanted_minor:
        left = money(invoice.wanted_minor, invoice.currency)
        raise Invalid({"lines": _("Together it must be more than nothing and at most %(left)s.", left=left)})
    if is_over and not may_be_credited(invoice, payments):
        raise Refused(
            _(
                "Only a paid invoice, or one whose money was given back, can be credited in full. Cancel this one."
            ),
            audit="invoice.illegal_move",
        )
    if reopen and not is_over:
        raise Invalid({"reopen": _("The order opens again only when the whole invoice is taken back.")})
    note = CreditNote(
        id=new_id(),
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        user_id=invoice.user_id,
        created_by_id=by.user_id,
        reason=reason.strip(),
        content=content.snapshot_for_note(invoice, shares),
        issued_at=clock.now(),
    )
    paid_too_much = max(invoice.paid_minor - (invoice.wanted_minor - total), 0)
    invoice.credited_minor += total
    invoice.paid_minor -= paid_too_much
    invoice.version += 1
    _leave_to_customer(payments, paid_too_much)
    if is_over:
        await _end(db, invoice, order, reopen=reopen, by=by)
    elif invoice.is_open:
        await settle_if_paid(db, invoice, order, by=by)
    note.number = await next_number(db, invoice.tenant_id, CREDIT_NOTES)
    note.content_hash = content.fingerprint_of_note(note)
    db.add(note)
    await ledger.book_credit_note(db, invoice, note, shares, paid_too_much)
    await tell(db, invoice, _credited(invoice, note), by=by)
    return note


def _check(invoice: Invoice, payments: Sequence[Payment], credited: int | None) -> None:
    if not may_be_lowered(invoice):
        raise Refused(
            _("Only a paid invoice, or one that is open, can be credited."), audit="invoice.illegal_move"
        )
    if credited is not None and credited != invoice.credited_minor:
        now = money(invoice.credited_minor, invoice.currency)
        raise Refused(_("Meanwhile %(sum)s of this invoice is credited.", sum=now), audit="invoice.stale")
    if any(payment.is_live for payment in payments):
        raise Refused(_("A payment is under way. Stop it first."), audit="invoice.illegal_move")
    if any(payment.status == "disputed" for payment in payments):
        raise Refused(_("A payment is disputed. Wait for the bank to decide."), audit="invoice.illegal_move")


def _leave_to_customer(payments: Sequence[Payment], amount: int) -> None:
    """Of what was paid, so much is no invoice's any more. The newest payment gives first."""
    for payment in payments:
        if payment.status in TAKEN_EVER:
            share = min(amount, payment.kept_minor - payment.credit_left_minor)
            # Credit goes back first, so what went back before is part of the sum that is left to the customer.
            gone = payment.refunded_minor + payment.lost_minor
            payment.credit_minor = max(payment.credit_minor, gone if share else 0) + share
            amount -= share


async def _end(db: AsyncSession, invoice: Invoice, order: RepairOrder, *, reopen: bool, by: Viewer) -> None:
    """Nothing of the invoice is left, and nothing of it is owed any more."""
    invoice.status = "credited"
    if reopen:
        await workshop.reopen(db, order, by=by)
    elif order.status == "invoiced":
        await workshop.mark_closed(db, order, by=by)


def _credited(invoice: Invoice, note: CreditNote) -> InvoiceCredited:
    return InvoiceCredited(
        **of(invoice),
        credit_note_id=note.id,
        label=note.label,
        total_minor=note.total_minor,
        currency=invoice.currency,
    )


async def notes_of(db: AsyncSession, invoice: Invoice) -> Sequence[CreditNote]:
    """The credit notes over an invoice the viewer has found, oldest first."""
    found = await db.scalars(
        select(CreditNote)
        .where(CreditNote.tenant_id == invoice.tenant_id, CreditNote.invoice_id == invoice.id)
        .order_by(CreditNote.number)
    )
    return found.all()


async def find_note(db: AsyncSession, invoice: Invoice, note_id: UUID) -> CreditNote:
    """One of them. Raises NotFound."""
    for note in await notes_of(db, invoice):
        if note.id == note_id:
            return note
    raise NotFound
