"""Do the books add up? What the rules promise, asked again of what is stored: every night, and by tests.

The database compares; only what must be hashed is read, a few invoices at a time. So a shop of any age needs the
same memory.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, func, not_, or_, select, text, union
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.queue import for_each
from app.domains.billing import content
from app.domains.billing.ledger import PLATFORM_FEES
from app.domains.billing.models import (
    TAKEN_EVER,
    CreditNote,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    NumberSeries,
    Payment,
)
from app.domains.billing.numbering import CREDIT_NOTES

AT_ONCE = 200
"""Invoices read at a time."""
MOST = 100
"""Faults told of one kind: enough to see what is wrong."""


class BooksWrong(Exception):
    """Some promise does not hold. The message names every place."""


async def faults(db: AsyncSession, tenant_id: UUID) -> list[str]:
    """Broken promises in a tenant's books, in words for whoever mends them; empty when all is well."""
    return [
        *await _unbalanced(db, tenant_id),
        *await _numbers(db, tenant_id),
        *await _altered(db, tenant_id),
        *await _altered_notes(db, tenant_id),
        *await _receivables(db, tenant_id),
        *await _credited(db, tenant_id),
        *await _paid(db, tenant_id),
        *await _unbooked(db, tenant_id),
        *await _platform_fees(db, tenant_id),
    ]


async def _unbalanced(db: AsyncSession, tenant_id: UUID) -> list[str]:
    rows = await db.execute(
        select(LedgerEntry.transaction_id)
        .where(LedgerEntry.tenant_id == tenant_id)
        .group_by(LedgerEntry.transaction_id, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount_minor) != 0)
        .limit(MOST)
    )
    return [f"ledger transaction {row.transaction_id} does not sum to zero" for row in rows]


async def _numbers(db: AsyncSession, tenant_id: UUID) -> list[str]:
    rows = await db.execute(
        text("""
            SELECT series, number
              FROM (SELECT series, number, true AS is_due
                      FROM number_series, generate_series(1, last) AS number WHERE tenant_id = :tenant) due
              FULL JOIN (SELECT series, number, true AS is_taken FROM invoices WHERE tenant_id = :tenant
                         UNION ALL
                         SELECT :notes, number, true FROM credit_notes WHERE tenant_id = :tenant) taken
             USING (series, number)
             WHERE is_due IS NULL OR is_taken IS NULL
             ORDER BY series, number LIMIT :most
        """),
        {"tenant": tenant_id, "notes": CREDIT_NOTES, "most": MOST},
    )
    return [f"number {row.number} of series {row.series!r} is missing or too many" for row in rows]


async def _in_parts(db: AsyncSession, kind: type[Any], tenant_id: UUID) -> AsyncIterator[Sequence[Any]]:
    """A tenant's rows by id, a part at a time."""
    rows: Select[Any] = select(kind).where(kind.tenant_id == tenant_id).order_by(kind.id).limit(AT_ONCE)
    part = (await db.scalars(rows)).all()
    while part:
        yield part
        part = (await db.scalars(rows.where(kind.id > part[-1].id))).all()


async def _altered(db: AsyncSession, tenant_id: UUID) -> list[str]:
    found: list[str] = []
    async for part in _in_parts(db, Invoice, tenant_id):
        lines: dict[UUID, list[InvoiceLine]] = defaultdict(list)
        for line in await db.scalars(
            select(InvoiceLine).where(
                InvoiceLine.tenant_id == tenant_id,
                InvoiceLine.invoice_id.in_([invoice.id for invoice in part]),
            )
        ):
            lines[line.invoice_id].append(line)
        found += [
            f"invoice {invoice.label} does not say what it said when it was issued"
            for invoice in part
            if not content.is_intact(invoice, lines[invoice.id])
        ]
    return found[:MOST]


async def _altered_notes(db: AsyncSession, tenant_id: UUID) -> list[str]:
    return [
        f"credit note {note.label} does not say what it said when it was issued"
        async for part in _in_parts(db, CreditNote, tenant_id)
        for note in part
        if content.fingerprint_of_note(note) != note.content_hash
    ][:MOST]


async def _receivables(db: AsyncSession, tenant_id: UUID) -> list[str]:
    ledger = (
        select(LedgerEntry.invoice_id, func.sum(LedgerEntry.amount_minor).label("owed"))
        .where(LedgerEntry.tenant_id == tenant_id, LedgerEntry.account == "receivable")
        .group_by(LedgerEntry.invoice_id)
        .subquery()
    )
    owed = func.coalesce(ledger.c.owed, 0)
    is_over = Invoice.status.in_(("cancelled", "credited"))
    due = case((is_over, 0), else_=Invoice.total_minor - Invoice.credited_minor - Invoice.paid_minor)
    rows = await db.execute(
        select(Invoice, due, owed)
        .outerjoin(ledger, ledger.c.invoice_id == Invoice.id)
        .where(Invoice.tenant_id == tenant_id, owed != due)
        .limit(MOST)
    )
    return [f"invoice {invoice.label}: {due} is open, the ledger says {said}" for invoice, due, said in rows]


async def _credited(db: AsyncSession, tenant_id: UUID) -> list[str]:
    notes = (
        select(
            CreditNote.invoice_id,
            func.sum(CreditNote.content["total_minor"].as_integer()).label("taken_back"),
        )
        .where(CreditNote.tenant_id == tenant_id)
        .group_by(CreditNote.invoice_id)
        .subquery()
    )
    taken_back = func.coalesce(notes.c.taken_back, 0)
    is_all = (Invoice.status == "credited") == (taken_back == Invoice.total_minor)
    rows = await db.execute(
        select(Invoice, taken_back)
        .outerjoin(notes, notes.c.invoice_id == Invoice.id)
        .where(
            Invoice.tenant_id == tenant_id,
            or_(Invoice.credited_minor != taken_back, and_(taken_back > 0, not_(is_all))),
        )
        .limit(MOST)
    )
    return [
        f"invoice {invoice.label} is {invoice.status} and says {invoice.credited_minor} is credited, its credit notes"
        f" say {said}"
        for invoice, said in rows
    ]


async def _paid(db: AsyncSession, tenant_id: UUID) -> list[str]:
    gone = Payment.refunded_minor + Payment.lost_minor
    payments = (
        select(
            Payment.invoice_id,
            func.sum(Payment.amount_minor - gone - func.greatest(Payment.credit_minor - gone, 0)).label(
                "kept"
            ),
        )
        .where(Payment.tenant_id == tenant_id, Payment.status.in_(TAKEN_EVER))
        .group_by(Payment.invoice_id)
        .subquery()
    )
    kept = func.coalesce(payments.c.kept, 0)
    rows = await db.execute(
        select(Invoice, kept)
        .outerjoin(payments, payments.c.invoice_id == Invoice.id)
        .where(Invoice.tenant_id == tenant_id, Invoice.paid_minor != kept)
        .limit(MOST)
    )
    return [
        f"invoice {invoice.label} says {invoice.paid_minor} is paid, its payments say {said}"
        for invoice, said in rows
    ]


async def _unbooked(db: AsyncSession, tenant_id: UUID) -> list[str]:
    is_booked = exists().where(
        and_(LedgerEntry.tenant_id == tenant_id, LedgerEntry.transaction_id == Payment.id)
    )
    rows = await db.execute(
        select(Payment.id, Payment.status, is_booked)
        .where(Payment.tenant_id == tenant_id, Payment.status.in_(TAKEN_EVER) != is_booked)
        .limit(MOST)
    )
    return [
        f"payment {payment} is {status} and {'' if booked else 'not '}booked"
        for payment, status, booked in rows
    ]


async def _platform_fees(db: AsyncSession, tenant_id: UUID) -> list[str]:
    ledger = (
        select(LedgerEntry.payment_id, func.sum(LedgerEntry.amount_minor).label("booked"))
        .where(LedgerEntry.tenant_id == tenant_id, LedgerEntry.account == PLATFORM_FEES)
        .group_by(LedgerEntry.payment_id)
        .subquery()
    )
    booked = func.coalesce(ledger.c.booked, 0)
    due = Payment.platform_fee_minor - Payment.platform_fee_back_minor
    rows = await db.execute(
        select(Payment.id, due, booked)
        .outerjoin(ledger, ledger.c.payment_id == Payment.id)
        .where(Payment.tenant_id == tenant_id, Payment.status.in_(TAKEN_EVER), booked != due)
        .limit(MOST)
    )
    return [f"payment {payment} bears a fee of {due}, the ledger says {said}" for payment, due, said in rows]


async def check_every_shop() -> None:
    """Raise BooksWrong with every fault of every shop; one whose books cannot be read hides no other's."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        keep_books = union(select(NumberSeries.tenant_id), select(LedgerEntry.tenant_id))
        tenants = (await db.scalars(keep_books)).all()
    wrong: list[str] = []

    async def check(tenant_id: UUID) -> None:
        async with transaction(tenant=tenant_id) as db:
            wrong.extend(f"{tenant_id}: {fault}" for fault in await faults(db, tenant_id))

    try:
        await for_each(tenants, check)
    finally:
        if wrong:
            raise BooksWrong("\n".join(wrong))
