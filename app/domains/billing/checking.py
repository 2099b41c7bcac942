"""Do the books add up? What the rules promise, asked again of what is stored: every night, and by tests."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.queue import for_each
from app.domains.billing import content
from app.domains.billing.models import Invoice, InvoiceLine, LedgerEntry, NumberSeries, Payment

TAKEN_EVER = ("completed", "partially_refunded", "refunded", "disputed", "lost")


class BooksWrong(Exception):
    """Some promise does not hold. The message names every place."""


async def faults(db: AsyncSession, tenant_id: UUID) -> list[str]:
    """Every broken promise in a tenant's books, in words for whoever mends them; empty when all is well."""
    invoices = (await db.scalars(select(Invoice).where(Invoice.tenant_id == tenant_id))).all()
    payments = (await db.scalars(select(Payment).where(Payment.tenant_id == tenant_id))).all()
    return [
        *await _unbalanced(db, tenant_id),
        *await _numbers(db, tenant_id, invoices),
        *await _altered(db, tenant_id, invoices),
        *await _receivables(db, tenant_id, invoices),
        *_paid(invoices, payments),
        *await _unbooked(db, tenant_id, payments),
    ]


async def _unbalanced(db: AsyncSession, tenant_id: UUID) -> list[str]:
    rows = await db.execute(
        select(LedgerEntry.transaction_id)
        .where(LedgerEntry.tenant_id == tenant_id)
        .group_by(LedgerEntry.transaction_id, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount_minor) != 0)
    )
    return [f"ledger transaction {row.transaction_id} does not sum to zero" for row in rows]


async def _numbers(db: AsyncSession, tenant_id: UUID, invoices: Iterable[Invoice]) -> list[str]:
    taken: dict[str, set[int]] = defaultdict(set)
    for invoice in invoices:
        taken[invoice.series].add(invoice.number)
    found = []
    for series in await db.scalars(select(NumberSeries).where(NumberSeries.tenant_id == tenant_id)):
        missing = sorted(set(range(1, series.last + 1)) ^ taken.pop(series.series, set()))
        found += [f"number {number} of series {series.series!r} is missing or too many" for number in missing]
    return found + [f"series {series!r} has no counter" for series in taken]


async def _altered(db: AsyncSession, tenant_id: UUID, invoices: Iterable[Invoice]) -> list[str]:
    lines: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    for line in await db.scalars(select(InvoiceLine).where(InvoiceLine.tenant_id == tenant_id)):
        lines[line.invoice_id].append(line)
    return [
        f"invoice {invoice.label} does not say what it said when it was issued"
        for invoice in invoices
        if not content.is_intact(invoice, lines[invoice.id])
    ]


async def _receivables(db: AsyncSession, tenant_id: UUID, invoices: Iterable[Invoice]) -> list[str]:
    rows = await db.execute(
        select(LedgerEntry.invoice_id, func.sum(LedgerEntry.amount_minor))
        .where(LedgerEntry.tenant_id == tenant_id, LedgerEntry.account == "receivable")
        .group_by(LedgerEntry.invoice_id)
    )
    owed = {invoice_id: int(total) for invoice_id, total in rows}
    found = []
    for invoice in invoices:
        due = 0 if invoice.status == "cancelled" else invoice.total_minor - invoice.paid_minor
        if owed.get(invoice.id, 0) != due:
            found.append(f"invoice {invoice.label}: {due} is open, the ledger says {owed.get(invoice.id, 0)}")
    return found


def _paid(invoices: Iterable[Invoice], payments: Iterable[Payment]) -> list[str]:
    kept: dict[UUID, int] = defaultdict(int)
    for payment in payments:
        if payment.status in TAKEN_EVER:
            credit = max(payment.credit_minor - payment.refunded_minor, 0)
            kept[payment.invoice_id] += payment.amount_minor - payment.refunded_minor - credit
    return [
        f"invoice {invoice.label} says {invoice.paid_minor} is paid, its payments say {kept[invoice.id]}"
        for invoice in invoices
        if invoice.paid_minor != kept[invoice.id]
    ]


async def _unbooked(db: AsyncSession, tenant_id: UUID, payments: Iterable[Payment]) -> list[str]:
    booked = set(
        await db.scalars(
            select(LedgerEntry.transaction_id)
            .where(LedgerEntry.tenant_id == tenant_id, LedgerEntry.transaction_id == LedgerEntry.payment_id)
            .distinct()
        )
    )
    return [
        f"payment {payment.id} is {payment.status} and {'' if payment.id in booked else 'not '}booked"
        for payment in payments
        if (payment.status in TAKEN_EVER) != (payment.id in booked)
    ]


async def check_every_shop() -> None:
    """Raise BooksWrong with every fault of every shop; one whose books cannot be read hides no other's."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        tenants = (await db.scalars(select(NumberSeries.tenant_id).distinct())).all()
    wrong: list[str] = []

    async def check(tenant_id: UUID) -> None:
        async with transaction(tenant=tenant_id) as db:
            wrong.extend(f"{tenant_id}: {fault}" for fault in await faults(db, tenant_id))

    try:
        await for_each(tenants, check)
    finally:
        if wrong:
            raise BooksWrong("\n".join(wrong))
