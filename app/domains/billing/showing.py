"""What the invoice's pages show: one reading, for the desk, for the driver, and for who comes by a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import enter_tenant
from app.core.money import decimals, to_major
from app.core.viewer import Viewer
from app.domains import workshop
from app.domains.billing import crediting, finding, links, paper, paying, refunding, words
from app.domains.billing.credited_lines import left_of
from app.domains.billing.live import invoice_topic
from app.domains.billing.models import REFUNDABLE, TAKEN_EVER, Invoice, Payment, Refund
from app.domains.billing.receipts import receipt_token
from app.domains.network.branding import brand_of


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the forms of a page lead: they differ for who comes by a link."""

    home: str
    pay: str
    payments: str
    """What stands before a payment's own address."""
    pdf: str
    state: str
    credit_notes: str
    visit: str
    """Where the car is followed: its driver's page, for that driver alone; or the order at the desk."""

    @classmethod
    def of(cls, invoice: Invoice, link: str = "", visit: str = "") -> "Paths":
        home = f"/pay/{link}" if link else f"/invoices/{invoice.id}"
        pay = f"{home}/payments"
        return cls(
            home,
            pay,
            pay if link else "/payments",
            f"{home}/pdf",
            f"{home}/state",
            f"{home}/credit-notes",
            visit,
        )


async def shown(
    db: AsyncSession, me: Viewer, invoice: Invoice, *, link: str = "", visitor: Viewer | None = None
) -> dict[str, Any]:
    """Everything a page of this invoice needs. Opens the shop's tables for the rest of the transaction. By a link
    `me` is its holder, and `visitor` whoever is signed in at that browser, if anybody is."""
    await enter_tenant(db, invoice.tenant_id)
    lines = await finding.lines_of(db, invoice)
    payments = await finding.payments_of(db, invoice)
    refunds = await finding.refunds_of(db, invoice)
    at_desk = me.is_staff and me.tenant_id == invoice.tenant_id
    notes = await crediting.notes_of(db, invoice)
    left = left_of(lines, notes)
    taken = [payment for payment in payments if payment.status in TAKEN_EVER]
    may_be_lowered = at_desk and crediting.may_be_lowered(invoice)
    return {
        "invoice": invoice,
        "content": invoice.content,
        "jobs": paper.by_job(lines),
        "notes": {job["id"]: job["note"] for job in invoice.content["jobs"]},
        "quantity": paper.quantity,
        "sums": paper.sums(invoice, lines),
        "state": words.invoice_state(invoice),
        "payments": [
            _told(payment, refunds, {note.id: note.label for note in notes})
            for payment in payments
            if at_desk or _worth_telling(payment)
        ],
        "under_way": next((payment for payment in payments if payment.is_live), None),
        "unclaimed": paying.unclaimed(invoice, [payment for payment in payments if payment.is_live]),
        "takes_cards": await paying.may_pay_by_card(db, invoice),
        "takes_cash": at_desk and me.can("take:payments"),
        "may_cancel": at_desk
        and me.can("create:invoices")
        and invoice.is_open
        and not invoice.credited_minor
        and not taken,
        "mailed_to": await links.mailed_to(db, invoice)
        if at_desk and invoice.is_open and me.can("create:invoices")
        else None,
        "may_refund": at_desk and me.can("manage:center"),
        "credit_notes": notes,
        "may_credit": may_be_lowered and me.can("manage:center"),
        "needs_owner_to_credit": may_be_lowered and not me.can("manage:center"),
        "given_back": sum(payment.refunded_minor for payment in taken),
        "to_give_back": sum(payment.credit_left_minor for payment in taken),
        "whole_too": crediting.may_be_credited(invoice, payments),
        "creditable": [
            (line, left[line.position].gross_minor) for line in lines if left[line.position].gross_minor
        ],
        "at_desk": at_desk,
        "shop_brand": None if at_desk else await brand_of(db, invoice.tenant_id),
        "paths": Paths.of(invoice, link, await _visit(db, visitor or me, invoice, at_desk=at_desk)),
        "topics": [invoice_topic(invoice.id)],
        "zone": invoice.content["zone"],
        "typed": typed,
        "digits": decimals(invoice.currency),
    }


async def _visit(db: AsyncSession, me: Viewer, invoice: Invoice, *, at_desk: bool) -> str:
    if at_desk:
        return f"/orders/{(await workshop.find_by_id(db, me, invoice.order_id)).number}"
    is_theirs = invoice.user_id is not None and invoice.user_id == me.user_id
    return f"/orders/{invoice.order_id}/track" if is_theirs else ""


def typed(minor: int, currency: str) -> str:
    """A sum as a form field takes it: 12.50."""
    return str(to_major(minor, currency))


def _to_give_back(payment: Payment, given: int) -> int:
    """What a refund of this payment would usually be: what nobody wanted, else all of it; 0 is nothing."""
    if payment.status not in REFUNDABLE:
        return 0
    return max(payment.credit_minor - payment.lost_minor - given, 0) or payment.amount_minor - given


def _worth_telling(payment: Payment) -> bool:
    """A driver is not told of pages they closed without paying."""
    return payment.status not in ("cancelled", "expired", "created")


def _told(payment: Payment, refunds: Sequence[Refund], labels: Mapping[UUID | None, str]) -> dict[str, Any]:
    kind, said = words.payment_state(payment)
    given = refunding.given_back(payment, refunds)
    return {
        "payment": payment,
        "kind": kind,
        "said": said,
        "with": words.paid_with(payment),
        "receipt": f"/paid/{receipt_token(payment.id, payment.tenant_id)}"
        if payment.status in TAKEN_EVER
        else "",
        "refunds": [
            (one, words.refund_state(one), labels.get(one.credit_note_id, ""))
            for one in refunds
            if one.payment_id == payment.id
        ],
        "given": given,
        "fees": payment.provider != "cash" and payment.status in TAKEN_EVER,
        "to_give_back": _to_give_back(payment, given),
    }
