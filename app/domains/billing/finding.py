"""Finding invoices and payments again, each within what the viewer may know of."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.security import as_uuid
from app.core.viewer import Viewer
from app.domains import workshop
from app.domains.billing.models import (
    LIVE_PAYMENT,
    OPEN_INVOICE,
    Invoice,
    InvoiceLine,
    Payment,
    Refund,
)
from app.domains.workshop.models import RepairOrder


def visible_to(me: Viewer) -> ColumnElement[bool]:
    """The invoices a viewer may know of: a shop's for its front desk, a driver's own."""
    mine = Invoice.user_id == me.user_id if me.user_id else false()
    if me.kind in ("system", "link") and me.tenant_id:
        return Invoice.tenant_id == me.tenant_id
    if me.tenant_id and me.can("create:invoices"):
        return or_(Invoice.tenant_id == me.tenant_id, mine)
    return mine


_LABEL = re.compile(r"(?:([A-Za-z0-9]{1,12})-)?0*([1-9][0-9]{0,17})")


async def find(db: AsyncSession, me: Viewer, ref: str) -> Invoice:
    """An invoice by its id, or for staff by its printed number. Raises NotFound."""
    wanted: ColumnElement[bool] | None = None
    if invoice_id := as_uuid(ref):
        wanted = Invoice.id == invoice_id
    elif me.tenant_id and (match := _LABEL.fullmatch(ref)):
        series = "" if (match[1] or "INV").upper() == "INV" else match[1]
        wanted = and_(
            Invoice.tenant_id == me.tenant_id, Invoice.series == series, Invoice.number == int(match[2])
        )
    found = await db.scalar(select(Invoice).where(visible_to(me), wanted)) if wanted is not None else None
    if found is None:
        raise NotFound
    return found


async def hold(db: AsyncSession, invoice_id: UUID) -> Invoice:
    """Lock an invoice for the rest of the transaction and read it afresh.

    Money moves only under this lock. Whoever also changes the order locks the order first.
    """
    found = await db.scalar(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


async def hold_payment(db: AsyncSession, payment_id: UUID) -> tuple[RepairOrder, Invoice, Payment]:
    """Lock a payment with what it moves: order, then invoice, then payment, in the order everybody locks in."""
    owner = (
        await db.execute(
            select(Invoice.id, Invoice.order_id)
            .join(Payment, and_(Payment.tenant_id == Invoice.tenant_id, Payment.invoice_id == Invoice.id))
            .where(Payment.id == payment_id)
        )
    ).one()
    order = await workshop.hold(db, owner.order_id)
    invoice = await hold(db, owner.id)
    payment = await db.get_one(Payment, payment_id, with_for_update=True, populate_existing=True)
    return order, invoice, payment


async def refunds_of(db: AsyncSession, invoice: Invoice) -> Sequence[Refund]:
    """Every refund of an invoice's payments, oldest first."""
    found = await db.scalars(
        select(Refund)
        .join(Payment, and_(Payment.tenant_id == Refund.tenant_id, Payment.id == Refund.payment_id))
        .where(Refund.tenant_id == invoice.tenant_id, Payment.invoice_id == invoice.id)
        .order_by(Refund.id)
    )
    return found.all()


async def lines_of(db: AsyncSession, invoice: Invoice) -> Sequence[InvoiceLine]:
    """The frozen lines in order."""
    found = await db.scalars(
        select(InvoiceLine)
        .where(InvoiceLine.tenant_id == invoice.tenant_id, InvoiceLine.invoice_id == invoice.id)
        .order_by(InvoiceLine.position)
    )
    return found.all()


async def payments_of(db: AsyncSession, invoice: Invoice) -> Sequence[Payment]:
    """Every attempt to pay it, newest first."""
    found = await db.scalars(
        select(Payment)
        .where(Payment.tenant_id == invoice.tenant_id, Payment.invoice_id == invoice.id)
        .order_by(Payment.created_at.desc(), Payment.id.desc())
    )
    return found.all()


async def live_payments(db: AsyncSession, invoice: Invoice) -> list[Payment]:
    """Attempts that are begun and undecided."""
    return [payment for payment in await payments_of(db, invoice) if payment.status in LIVE_PAYMENT]


async def of_order(db: AsyncSession, order: RepairOrder) -> Sequence[Invoice]:
    """Every invoice of an order, newest first: withdrawn ones too."""
    found = await db.scalars(
        select(Invoice)
        .where(Invoice.tenant_id == order.tenant_id, Invoice.order_id == order.id)
        .order_by(Invoice.id.desc())
    )
    return found.all()


FILTERS: Mapping[str, tuple[str, ...]] = {
    "open": OPEN_INVOICE,
    "overdue": ("overdue",),
    "paid": ("paid",),
    "cancelled": ("cancelled", "credited"),
}


async def listing(
    db: AsyncSession, me: Viewer, *, show: str = "", before: UUID | None = None, limit: int = 50
) -> Sequence[Invoice]:
    """The viewer's invoices, newest first: a shop's at its front desk, a driver's own elsewhere. Pages by id:
    ids grow with time."""
    at_desk = me.tenant_id is not None and me.can("create:invoices")
    wanted = select(Invoice).where(
        Invoice.tenant_id == me.tenant_id if at_desk else Invoice.user_id == me.user_id
    )
    if show in FILTERS:
        wanted = wanted.where(Invoice.status.in_(FILTERS[show]))
    if before:
        wanted = wanted.where(Invoice.id < before)
    return (await db.scalars(wanted.order_by(Invoice.id.desc()).limit(limit))).all()


async def find_payment(db: AsyncSession, me: Viewer, ref: str) -> tuple[Payment, Invoice]:
    """A payment and its invoice. Raises NotFound."""
    row = (
        await db.execute(
            select(Payment, Invoice)
            .join(Invoice, and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == Payment.invoice_id))
            .where(visible_to(me), Payment.id == as_uuid(ref))
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def history(db: AsyncSession, me: Viewer, *, limit: int = 100) -> Sequence[tuple[Payment, Invoice]]:
    """What a driver has paid, newest first."""
    rows = await db.execute(
        select(Payment, Invoice)
        .join(Invoice, and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == Payment.invoice_id))
        .where(Invoice.user_id == me.user_id)
        .order_by(Payment.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]
