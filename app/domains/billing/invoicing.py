"""From done work to an invoice: what may be billed, issuing it, withdrawing it, finding it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.events import Event, record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import workshop
from app.domains.billing import content, ledger
from app.domains.billing.events import InvoiceCancelled, InvoiceIssued, InvoiceOverdue, InvoicePaid
from app.domains.billing.finding import hold, payments_of
from app.domains.billing.models import TAKEN_EVER, Invoice, InvoiceLine
from app.domains.billing.numbering import next_number
from app.domains.customers.models import Customer
from app.domains.network.models import ServiceCenter
from app.domains.network.setting_values import rules_of
from app.domains.workshop.models import Job, JobLine, RepairOrder


@dataclass(frozen=True, slots=True)
class Billable:
    """What an invoice of an order would say now."""

    order: RepairOrder
    center: ServiceCenter
    customer: Customer
    jobs: Sequence[tuple[Job, Sequence[JobLine]]]
    price: workshop.Price
    obstacle: str
    """Why it cannot be issued yet, in words; empty when it can."""
    invoice: Invoice | None
    """The one the order is on already."""


async def billable(db: AsyncSession, order: RepairOrder) -> Billable:
    """Look at an order as an invoice, for the page that asks before it issues."""
    jobs = await workshop.billable_jobs(db, order)
    price = workshop.price_lines(line for _job, lines in jobs for line in lines)
    center = await db.get_one(ServiceCenter, order.center_id)
    customer = await db.get_one(Customer, order.customer_id)
    existing = await live_invoice(db, order)
    obstacle = await _obstacle(db, order, jobs, existing)
    return Billable(order, center, customer, jobs, price, obstacle, existing)


async def _obstacle(
    db: AsyncSession,
    order: RepairOrder,
    jobs: Sequence[tuple[Job, Sequence[JobLine]]],
    existing: Invoice | None,
) -> str:
    if existing:
        return _("%(order)s is already on invoice %(invoice)s.", order=order.label, invoice=existing.label)
    if order.status != "repair_order":
        return _("%(order)s is not open for an invoice.", order=order.label)
    if unfinished := await workshop.unfinished_jobs(db, order):
        return _("“%(job)s” is approved and not completed yet.", job=unfinished[0].title)
    if not jobs:
        return _("Nothing can be billed yet: no approved job is completed.")
    if any(line.unit_price_minor < 0 and line.kind != "fee" for _job, lines in jobs for line in lines):
        return _("A line has a negative price. Only a fee may be a deduction.")
    if workshop.price_lines(line for _job, lines in jobs for line in lines).total_minor < 0:
        return _("An invoice cannot be less than nothing.")
    return ""


async def live_invoice(db: AsyncSession, order: RepairOrder) -> Invoice | None:
    """The order's invoice, if there is one that counts."""
    found: Invoice | None = await db.scalar(
        select(Invoice).where(
            Invoice.tenant_id == order.tenant_id,
            Invoice.order_id == order.id,
            Invoice.status.not_in(("cancelled", "credited")),
        )
    )
    return found


async def issue(db: AsyncSession, order: RepairOrder, *, by: Viewer) -> Invoice:
    """Number and freeze the invoice of an order. Raises Refused (409) with the reason when it cannot be."""
    order = await workshop.hold(db, order.id)
    bill = await billable(db, order)
    if bill.obstacle:
        raise Refused(bill.obstacle, audit="invoice.refused")
    now, rules = clock.now(), await rules_of(db, order.tenant_id)
    invoice = Invoice(
        id=new_id(),
        tenant_id=order.tenant_id,
        center_id=order.center_id,
        order_id=order.id,
        customer_id=order.customer_id,
        user_id=order.user_id,
        created_by_id=by.user_id,
        series=bill.center.invoice_series,
        status="issued",
        currency=bill.center.currency,
        subtotal_minor=bill.price.net_minor,
        tax_minor=bill.price.tax_minor,
        total_minor=bill.price.total_minor,
        paid_minor=0,
        issued_at=now,
        due_at=_due(now, bill.center.zone, rules.number("invoices.days_to_pay")),
        content=await content.snapshot(
            db, order, bill.center, bill.customer, [job for job, _lines in bill.jobs], rules
        ),
    )
    lines = _frozen(invoice, bill.jobs)
    await workshop.mark_invoiced(db, order, by=by)
    invoice.number = await next_number(db, invoice.tenant_id, invoice.series)
    invoice.content_hash = content.fingerprint(invoice, lines)
    db.add(invoice)
    await db.flush()
    db.add_all(lines)
    await ledger.book_invoice(db, invoice)
    await tell(db, invoice, _issued(invoice), by=by)
    if invoice.total_minor == 0:
        await settle_if_paid(db, invoice, order, by=by)
    return invoice


def _due(now: datetime, zone: str, days: int) -> datetime:
    """The end of the last day to pay, in the shop's own clock."""
    day = (now.astimezone(ZoneInfo(zone)) + timedelta(days=days)).date()
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).astimezone(UTC)


def _frozen(invoice: Invoice, jobs: Sequence[tuple[Job, Sequence[JobLine]]]) -> list[InvoiceLine]:
    frozen: list[InvoiceLine] = []
    for job, lines in jobs:
        for line in lines:
            price = workshop.price_line(line)
            frozen.append(
                InvoiceLine(
                    id=new_id(),
                    tenant_id=invoice.tenant_id,
                    invoice_id=invoice.id,
                    job_id=job.id,
                    job_title=job.title,
                    position=len(frozen),
                    kind=line.kind,
                    description=line.description,
                    part_number=line.part_number,
                    quantity=line.quantity,
                    unit_price_minor=line.unit_price_minor,
                    tax_rate=line.tax_rate,
                    net_minor=price.net_minor,
                    tax_minor=price.tax_minor,
                )
            )
    return frozen


def _issued(invoice: Invoice) -> InvoiceIssued:
    return InvoiceIssued(
        **of(invoice),
        label=invoice.label,
        total_minor=invoice.total_minor,
        currency=invoice.currency,
    )


async def settle_if_paid(db: AsyncSession, invoice: Invoice, order: RepairOrder, *, by: Viewer) -> bool:
    """Close a held invoice and its order when nothing is open any more."""
    if invoice.paid_minor < invoice.wanted_minor:
        return False
    invoice.status, invoice.paid_at = "paid", clock.now()
    paid = InvoicePaid(
        **of(invoice),
        total_minor=invoice.total_minor,
        currency=invoice.currency,
    )
    await tell(db, invoice, paid, by=by)
    if order.status == "invoiced":  # money is never refused for the sake of the paper
        await workshop.mark_closed(db, order, by=by)
    return True


async def cancel(db: AsyncSession, invoice: Invoice, *, by: Viewer, reason: str) -> Invoice:
    """Withdraw an invoice nobody has paid anything of; the order opens again. The number stays used."""
    if not reason.strip():
        raise Invalid({"reason": _("Say why the invoice is cancelled.")})
    order = await workshop.hold(db, invoice.order_id)
    invoice = await hold(db, invoice.id)
    if not invoice.is_open or invoice.paid_minor:
        raise Refused(
            _("Only an open invoice that nobody has paid anything of can be cancelled."),
            audit="invoice.illegal_move",
        )
    payments = await payments_of(db, invoice)
    if any(payment.is_live for payment in payments):
        raise Refused(_("A payment is under way. Stop it first."), audit="invoice.illegal_move")
    if any(payment.status in TAKEN_EVER for payment in payments):
        raise Refused(
            _("Money was taken for this invoice and given back. Write a credit note instead."),
            audit="invoice.illegal_move",
        )
    if invoice.credited_minor:
        raise Refused(
            _("A part of this invoice is credited already. Write a credit note over the rest instead."),
            audit="invoice.illegal_move",
        )
    invoice.status, invoice.cancelled_at = "cancelled", clock.now()
    invoice.cancel_reason = reason.strip()
    invoice.version += 1
    await ledger.book_cancellation(db, invoice)
    await workshop.reopen(db, order, by=by)
    cancelled = InvoiceCancelled(**of(invoice), reason=reason.strip())
    await tell(db, invoice, cancelled, by=by)
    return invoice


async def mark_overdue(db: AsyncSession, *, by: Viewer) -> int:
    """Mark the tenant's invoices whose last day has passed. Returns how many."""
    late = await db.scalars(
        select(Invoice)
        .where(
            Invoice.tenant_id == by.tenant_id,
            Invoice.status.in_(("issued", "partially_paid")),
            Invoice.due_at < clock.now(),
        )
        .order_by(Invoice.id)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for invoice in late:
        invoice.version += 1
        await _overdue(db, invoice, by=by)
        count += 1
    return count


async def _overdue(db: AsyncSession, invoice: Invoice, *, by: Viewer) -> None:
    invoice.status = "overdue"
    overdue = InvoiceOverdue(**of(invoice), open_minor=invoice.open_minor, currency=invoice.currency)
    await tell(db, invoice, overdue, by=by)


async def open_again(db: AsyncSession, invoice: Invoice, *, by: Viewer) -> None:
    """Money of a held invoice went back: where it stands now follows from what is paid and when it was due."""
    if invoice.status in ("cancelled", "credited"):
        return
    invoice.paid_at = None
    await workshop.mark_owed_again(db, invoice.order_id, by=by)
    if invoice.due_at >= clock.now():
        invoice.status = "partially_paid" if invoice.paid_minor else "issued"
    elif invoice.status != "overdue":
        await _overdue(db, invoice, by=by)


def of(invoice: Invoice) -> dict[str, UUID]:
    """Whom an event about this invoice concerns."""
    return {
        "invoice_id": invoice.id,
        "order_id": invoice.order_id,
        "center_id": invoice.center_id,
        "customer_id": invoice.customer_id,
    }


async def tell(db: AsyncSession, invoice: Invoice, event: Event, *, by: Viewer) -> None:
    """Record what happened to an invoice, on the order's timeline and for its customer to read."""
    await record(db, event, by=by, tenant=invoice.tenant_id, person=invoice.user_id, subject=invoice.order_id)
