"""What shops take cards for: invoices, and whatever domains above have registered. Payouts and the list of what cards
brought hold all of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.billing.models import TAKEN_EVER, Invoice, Payment, ProviderPayment, Refund


@dataclass(frozen=True, slots=True)
class Subject:
    """What a payment is for, as it is called and where it is looked at."""

    label: str
    url: str
    name: str
    """Who paid."""


@dataclass(frozen=True, slots=True)
class PaymentKind:
    payment: type[ProviderPayment]
    refund: type[Any]
    """With `tenant_id`, `payment_id`, `provider_ref` and `amount_minor`."""
    subjects: Callable[[AsyncSession, Sequence[Any]], Awaitable[Mapping[UUID, Subject]]]
    """Of some of its payments, by the payment's id."""


async def _invoices(db: AsyncSession, payments: Sequence[Payment]) -> Mapping[UUID, Subject]:
    found = {
        one.id: one
        for one in await db.scalars(select(Invoice).where(Invoice.id.in_({p.invoice_id for p in payments})))
    }
    return {
        payment.id: Subject(
            found[payment.invoice_id].label,
            f"/invoices/{payment.invoice_id}",
            found[payment.invoice_id].content["customer"]["name"],
        )
        for payment in payments
    }


KINDS: list[PaymentKind] = [PaymentKind(Payment, Refund, _invoices)]
"""A domain above adds its own when it is imported."""


async def card_payments(
    db: AsyncSession, tenant_id: UUID, *, before: UUID | None = None, limit: int
) -> Sequence[tuple[ProviderPayment, Subject]]:
    """What cards brought to a business, newest first. Pages by id: ids grow with time, whatever was paid for."""
    rows: list[tuple[ProviderPayment, PaymentKind]] = []
    for kind in KINDS:
        model = kind.payment
        wanted = select(model).where(
            model.tenant_id == tenant_id, model.provider != "cash", model.status.in_(TAKEN_EVER)
        )
        if before:
            wanted = wanted.where(model.id < before)
        rows += [(one, kind) for one in await db.scalars(wanted.order_by(model.id.desc()).limit(limit))]
    rows = sorted(rows, key=lambda row: row[0].id, reverse=True)[:limit]
    subjects: dict[UUID, Subject] = {}
    for kind in KINDS:
        subjects |= await kind.subjects(db, [one for one, its in rows if its is kind])
    return [(one, subjects[one.id]) for one, _kind in rows]
