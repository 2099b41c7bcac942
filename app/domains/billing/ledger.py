"""Double entry: every movement of money is a set of legs that sum to zero, written once and never changed.

Accounts: `receivable` what customers owe · `revenue` and `tax` what was earned and is owed to the state ·
`cash` the drawer · `stripe` money on the shop's account there · `fees` what the provider kept ·
`platform_fees` what the platform kept (the provider moves it from the shop's account to the platform's at once, so
it is never owed) · `customer_credit` money held that no invoice wanted · `core_deposits` what buyers of parts get back for their old
ones. Debit is positive.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.billing.credited_lines import Share
from app.domains.billing.models import CreditNote, Invoice, LedgerEntry, Payment

PLATFORM_FEES = "platform_fees"
PROVIDER_ACCOUNTS = {"cash": "cash", "stripe": "stripe"}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whose books, in which money, and what it is about: an invoice, or what was bought on the market."""

    tenant_id: UUID
    currency: str
    invoice_id: UUID | None = None
    purchase_id: UUID | None = None
    payment_id: UUID | None = None


async def book(
    db: AsyncSession, transaction_id: UUID, legs: Mapping[str, int], *, about: Subject, memo: str = ""
) -> None:
    """Write one booking: account -> minor units, which sum to zero. The same `transaction_id` cannot be booked twice."""
    for account, amount in legs.items():
        if amount:
            entry = LedgerEntry(
                transaction_id=transaction_id, account=account, amount_minor=amount, memo=memo
            )
            for key, value in msgspec.structs.asdict(about).items():
                setattr(entry, key, value)
            db.add(entry)
    await db.flush()


async def _book(
    db: AsyncSession,
    transaction_id: UUID,
    legs: Mapping[str, int],
    *,
    invoice: Invoice,
    payment: Payment | None = None,
    memo: str,
) -> None:
    about = Subject(
        tenant_id=invoice.tenant_id,
        currency=invoice.currency,
        invoice_id=invoice.id,
        payment_id=payment.id if payment else None,
    )
    await book(db, transaction_id, legs, about=about, memo=memo)


async def book_invoice(db: AsyncSession, invoice: Invoice) -> None:
    """The customer owes the total; the shop earned the net and owes the tax."""
    legs = {
        "receivable": invoice.total_minor,
        "revenue": -invoice.subtotal_minor,
        "tax": -invoice.tax_minor,
    }
    await _book(db, invoice.id, legs, invoice=invoice, memo=invoice.label)


async def book_cancellation(db: AsyncSession, invoice: Invoice) -> None:
    """The opposite of `book_invoice`."""
    legs = {
        "receivable": -invoice.total_minor,
        "revenue": invoice.subtotal_minor,
        "tax": invoice.tax_minor,
    }
    await _book(db, uuid5(invoice.id, "cancelled"), legs, invoice=invoice, memo=invoice.label)


async def book_credit_note(
    db: AsyncSession, invoice: Invoice, note: CreditNote, shares: Sequence[Share], from_paid: int
) -> None:
    """So much was not earned after all. What of it is paid becomes the customer's credit, the rest is owed no more."""
    legs = {
        "revenue": sum(share.net_minor for share in shares),
        "tax": sum(share.tax_minor for share in shares),
        "receivable": from_paid - note.total_minor,
        "customer_credit": -from_paid,
    }
    await _book(db, note.id, legs, invoice=invoice, memo=note.label)


async def book_payment(db: AsyncSession, invoice: Invoice, payment: Payment) -> None:
    """Money in: less both fees into the provider's account, against what was owed and what is credit."""
    fees = payment.fee_minor + payment.platform_fee_minor
    legs = {
        PROVIDER_ACCOUNTS[payment.provider]: payment.amount_minor - fees,
        "fees": payment.fee_minor,
        PLATFORM_FEES: payment.platform_fee_minor,
        "receivable": -(payment.amount_minor - payment.credit_minor),
        "customer_credit": -payment.credit_minor,
    }
    await _book(db, payment.id, legs, invoice=invoice, payment=payment, memo=payment.paid_with)


async def book_refund(
    db: AsyncSession, invoice: Invoice, payment: Payment, *, upto: int, from_credit: int, owed_again: int
) -> None:
    """Money out. `upto` is the sum refunded so far, this refund included: it names the refund, so that the
    same news booked twice is refused by the database."""
    legs = {
        PROVIDER_ACCOUNTS[payment.provider]: -(from_credit + owed_again),
        "customer_credit": from_credit,
        "receivable": owed_again,
    }
    await _book(
        db,
        uuid5(payment.id, f"refunded {upto}"),
        legs,
        invoice=invoice,
        payment=payment,
        memo=payment.paid_with,
    )


async def book_return(
    db: AsyncSession, invoice: Invoice, payment: Payment, *, upto: int, to_credit: int, to_invoice: int
) -> None:
    """A refund that the payer's bank sent back: money in again. `upto` is all that ever came back so."""
    legs = {
        PROVIDER_ACCOUNTS[payment.provider]: to_credit + to_invoice,
        "customer_credit": -to_credit,
        "receivable": -to_invoice,
    }
    await _book(
        db,
        uuid5(payment.id, f"returned {upto}"),
        legs,
        invoice=invoice,
        payment=payment,
        memo=payment.paid_with,
    )


async def book_fee(db: AsyncSession, invoice: Invoice, payment: Payment, amount: int) -> None:
    """The provider kept so much more of a payment that is booked already."""
    legs = {PROVIDER_ACCOUNTS[payment.provider]: -amount, "fees": amount}
    await _book(
        db,
        uuid5(payment.id, f"fee {payment.fee_minor}"),
        legs,
        invoice=invoice,
        payment=payment,
        memo=payment.paid_with,
    )


async def book_fee_back(
    db: AsyncSession, invoice: Invoice, payment: Payment, *, upto: int, amount: int
) -> None:
    """The platform's fee comes back with a refund. `upto` is all of it that ever did."""
    legs = {PROVIDER_ACCOUNTS[payment.provider]: amount, PLATFORM_FEES: -amount}
    await _book(
        db,
        uuid5(payment.id, f"platform fee back {upto}"),
        legs,
        invoice=invoice,
        payment=payment,
        memo=payment.paid_with,
    )


async def book_dispute(
    db: AsyncSession, invoice: Invoice, payment: Payment, *, fee: int, from_credit: int, owed_again: int
) -> None:
    """What a dispute has cost by now: what the bank took back, and what the provider kept for it whoever won."""
    legs = {
        PROVIDER_ACCOUNTS[payment.provider]: -(from_credit + owed_again + fee),
        "fees": fee,
        "customer_credit": from_credit,
        "receivable": owed_again,
    }
    await _book(
        db,
        uuid5(payment.id, f"dispute {payment.dispute_stage}"),
        legs,
        invoice=invoice,
        payment=payment,
        memo=payment.paid_with,
    )


class Movement(msgspec.Struct, frozen=True):
    """Money that came for an invoice (positive minor units) or went back, as it was booked."""

    payment_id: UUID
    at: datetime
    amount_minor: int
    is_return: bool = False
    """It had been given back, and the payer's bank sent it again."""


async def movements(db: AsyncSession, invoice: Invoice) -> list[Movement]:
    """What was paid on an invoice and what left again, oldest first. The provider's fees are not the payer's
    business: of each booking only the legs that stand for the customer count."""
    told = func.sum(-LedgerEntry.amount_minor)
    rows = await db.execute(
        select(
            LedgerEntry.payment_id,
            LedgerEntry.transaction_id,
            func.min(LedgerEntry.created_at).label("at"),
            told.label("amount"),
        )
        .where(
            LedgerEntry.tenant_id == invoice.tenant_id,
            LedgerEntry.invoice_id == invoice.id,
            LedgerEntry.payment_id.is_not(None),
            LedgerEntry.account.in_(("receivable", "customer_credit")),
        )
        .group_by(LedgerEntry.payment_id, LedgerEntry.transaction_id)
        .having(told != 0)
        .order_by("at", LedgerEntry.transaction_id)
    )
    return [
        Movement(
            row.payment_id,
            row.at,
            int(row.amount),
            is_return=row.amount > 0 and row.transaction_id != row.payment_id,
        )
        for row in rows
    ]


async def balance(db: AsyncSession, invoice: Invoice, account: str) -> int:
    """What an account holds on behalf of one invoice."""
    total = await db.scalar(
        select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)).where(
            LedgerEntry.tenant_id == invoice.tenant_id,
            LedgerEntry.invoice_id == invoice.id,
            LedgerEntry.account == account,
        )
    )
    return int(total or 0)
