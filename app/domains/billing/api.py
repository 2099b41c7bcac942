"""Invoices and payments as JSON: the desk issues and takes cash, the driver reads and pays."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from app.core.visit import begin, glance, needs
from app.domains import workshop
from app.domains.billing import (
    checkout,
    crediting,
    fees,
    finding,
    invoicing,
    kinds,
    paying,
    payouts,
    shop_account,
)
from app.domains.billing.credited_lines import Part, shares_of
from app.domains.billing.models import CreditNote, Invoice, InvoiceLine, Payment
from app.gateways.payments import Payout

AnyRequest = Request[Any, Any, Any]

Minor = Annotated[int, msgspec.Meta(ge=1, le=10**14, description="Whole minor units of the currency")]


class InvoiceIn(msgspec.Struct, forbid_unknown_fields=True):
    order_id: UUID


class CashIn(msgspec.Struct, forbid_unknown_fields=True):
    invoice_id: UUID
    amount_minor: Minor
    tendered_minor: Minor | None = None


class PaymentIn(msgspec.Struct, forbid_unknown_fields=True):
    invoice_id: UUID
    amount_minor: Minor | None = None
    """All that is open, unless told."""
    payment_method: Literal["card"] = "card"


class LineOut(msgspec.Struct):
    position: int
    job: str
    kind: str
    description: str
    part_number: str
    quantity: str
    unit_price_minor: int
    tax_rate: str
    net_minor: int
    tax_minor: int


class InvoiceOut(msgspec.Struct):
    id: UUID
    invoice_number: str
    order_id: UUID
    status: str
    """pending, partially_paid, paid, overdue, cancelled or credited."""
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    credited_minor: int
    open_minor: int
    issued_at: datetime
    due_date: datetime
    lines: list[LineOut] = []


class CreditNoteIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    lines: Annotated[list[Part], msgspec.Meta(max_length=500)] = []
    """Lines by position, each whole or by an amount with its tax; none is all that is left of the invoice."""
    reopen: bool = False
    """Open the order again, to bill its work anew."""


class CreditedLineOut(msgspec.Struct):
    position: int
    net_minor: int
    tax_minor: int


class CreditNoteOut(msgspec.Struct):
    id: UUID
    credit_note_number: str
    invoice_id: UUID
    invoice_number: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    reason: str
    issued_at: datetime
    lines: list[CreditedLineOut]


class FeeOut(msgspec.Struct):
    """What the platform keeps of a card payment in this currency, beside what the provider keeps."""

    currency: str
    basis_points: int
    fixed_minor: int


class PayoutOut(msgspec.Struct):
    id: str
    amount_minor: int
    currency: str
    status: str
    """pending, in_transit, paid, failed or cancelled."""
    created_at: datetime
    arrival_date: date
    failure: str


class BalanceOut(msgspec.Struct):
    """Minor units by currency."""

    available: Mapping[str, int]
    pending: Mapping[str, int]


class PayoutsOut(msgspec.Struct):
    fees: list[FeeOut]
    balance: BalanceOut | None = None
    """As the provider says now; null while no account takes payments."""
    payouts: list[PayoutOut] = []
    """The newest thirty."""


class PayoutLineOut(msgspec.Struct):
    kind: str
    """payment, refund, refund_returned, dispute, payout_returned or other."""
    amount_minor: int
    provider_fee_minor: int
    platform_fee_minor: int
    net_minor: int
    at: datetime
    source: str
    invoice_number: str
    payment_id: UUID | None
    difference: str
    """What our books say otherwise; empty where both say the same."""


class PayoutMadeOut(msgspec.Struct):
    payout: PayoutOut
    is_itemized: bool
    """Whether the provider tells what it is made of."""
    is_whole: bool
    missing_minor: int
    """What the lines leave unexplained of the amount."""
    lines: list[PayoutLineOut]


class ReceivedOut(msgspec.Struct):
    """A card payment as it reaches the shop."""

    id: UUID
    invoice_number: str
    status: str
    amount_minor: int
    refunded_minor: int
    currency: str
    provider_fee_minor: int
    """0 while the provider has not reckoned it."""
    platform_fee_minor: int
    """After what came back with refunds."""
    arrives_minor: int
    payout_id: str
    """Empty until a payout is known to hold it."""
    processed_at: datetime | None


class PaymentOut(msgspec.Struct):
    id: UUID
    invoice_id: UUID
    payment_method: str
    status: str
    amount_minor: int
    refunded_minor: int
    currency: str
    transaction_id: str
    processed_at: datetime | None
    checkout_url: str | None = None
    """Where the payer goes next, while a card payment is open."""


def _invoice(invoice: Invoice, lines: Any = ()) -> InvoiceOut:
    return InvoiceOut(
        id=invoice.id,
        invoice_number=invoice.label,
        order_id=invoice.order_id,
        status="pending" if invoice.status == "issued" else invoice.status,
        currency=invoice.currency,
        subtotal_minor=invoice.subtotal_minor,
        tax_minor=invoice.tax_minor,
        total_minor=invoice.total_minor,
        paid_minor=invoice.paid_minor,
        credited_minor=invoice.credited_minor,
        open_minor=invoice.open_minor,
        issued_at=invoice.issued_at,
        due_date=invoice.due_at,
        lines=[_line(line) for line in lines],
    )


def _line(line: InvoiceLine) -> LineOut:
    return LineOut(
        position=line.position,
        job=line.job_title,
        kind=line.kind,
        description=line.description,
        part_number=line.part_number,
        quantity=str(line.quantity),
        unit_price_minor=line.unit_price_minor,
        tax_rate=str(line.tax_rate),
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
    )


def _credit_note(note: CreditNote, invoice: Invoice, lines: Sequence[InvoiceLine]) -> CreditNoteOut:
    return CreditNoteOut(
        id=note.id,
        credit_note_number=note.label,
        invoice_id=invoice.id,
        invoice_number=invoice.label,
        currency=invoice.currency,
        subtotal_minor=note.content["subtotal_minor"],
        tax_minor=note.content["tax_minor"],
        total_minor=note.total_minor,
        reason=note.reason,
        issued_at=note.issued_at,
        lines=[CreditedLineOut(one.position, one.net_minor, one.tax_minor) for one in shares_of(note, lines)],
    )


def _payment(payment: Payment, url: str | None = None) -> PaymentOut:
    return PaymentOut(
        id=payment.id,
        invoice_id=payment.invoice_id,
        payment_method=payment.method,
        status=payment.status,
        amount_minor=payment.amount_minor,
        refunded_minor=payment.refunded_minor,
        currency=payment.currency,
        transaction_id=payment.transaction_ref,
        processed_at=payment.processed_at,
        checkout_url=url,
    )


@post("/staff/invoices", opt=needs("create:invoices"), status_code=201)
async def issue(request: AnyRequest, data: JSONBody[InvoiceIn]) -> InvoiceOut:
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, data.order_id)
        invoice = await invoicing.issue(db, order, by=me)
        return _invoice(invoice, await finding.lines_of(db, invoice))


@get(["/staff/invoices", "/customers/invoices"], opt=needs("read:own_invoices"))
async def invoices(
    request: AnyRequest, show: FromQuery[str] = "", before: FromQuery[UUID | None] = None
) -> list[InvoiceOut]:
    """The viewer's invoices, newest first; `before` pages by id."""
    async with begin(request) as (db, me):
        return [_invoice(one) for one in await finding.listing(db, me, show=show, before=before)]


@get(["/staff/invoices/{ref:str}", "/customers/invoices/{ref:str}"], opt=needs("read:own_invoices"))
async def invoice(request: AnyRequest, ref: FromPath[str]) -> InvoiceOut:
    async with begin(request) as (db, me):
        found = await finding.find(db, me, ref)
        return _invoice(found, await finding.lines_of(db, found))


@post("/staff/invoices/{ref:str}/credit-notes", opt=needs("manage:center"), status_code=201)
async def credit(request: AnyRequest, ref: FromPath[str], data: JSONBody[CreditNoteIn]) -> CreditNoteOut:
    """Take an invoice back: some of its lines, or all that is left of it."""
    async with begin(request) as (db, me):
        found = await finding.find(db, me, ref)
        note = await crediting.credit(
            db, found, reason=data.reason, parts=data.lines, reopen=data.reopen, by=me
        )
        return _credit_note(note, found, await finding.lines_of(db, found))


NOTES = ["/staff/invoices/{ref:str}/credit-notes", "/customers/invoices/{ref:str}/credit-notes"]


@get(NOTES, opt=needs("read:own_invoices"))
async def credit_notes(request: AnyRequest, ref: FromPath[str]) -> list[CreditNoteOut]:
    """The credit notes over an invoice, oldest first."""
    async with begin(request) as (db, me):
        found = await finding.find(db, me, ref)
        lines = await finding.lines_of(db, found)
        return [_credit_note(note, found, lines) for note in await crediting.notes_of(db, found)]


@get([f"{path}/{{credit_note_id:uuid}}" for path in NOTES], opt=needs("read:own_invoices"))
async def credit_note(
    request: AnyRequest, ref: FromPath[str], credit_note_id: FromPath[UUID]
) -> CreditNoteOut:
    async with begin(request) as (db, me):
        found = await finding.find(db, me, ref)
        note = await crediting.find_note(db, found, credit_note_id)
        return _credit_note(note, found, await finding.lines_of(db, found))


@post("/staff/payments", opt=needs("take:payments"), status_code=201)
async def take_cash(request: AnyRequest, data: JSONBody[CashIn]) -> PaymentOut:
    async with begin(request) as (db, me):
        found = await finding.find(db, me, str(data.invoice_id))
        taken = await paying.take_cash(
            db, found, amount=data.amount_minor, tendered=data.tendered_minor, by=me
        )
        return _payment(taken)


@post("/customers/payments", opt=needs("make:payments"), status_code=201)
async def pay(request: AnyRequest, data: JSONBody[PaymentIn]) -> PaymentOut:
    """Begin a card payment; the payer goes on at `checkout_url`. The webhook decides the outcome."""
    async with begin(request) as (db, me):
        found = await finding.find(db, me, str(data.invoice_id))
        claimed = await paying.begin_card(db, found, amount=data.amount_minor, by=me)
    url = await checkout.open_page(checkout.Whose.of(claimed))
    async with glance(request) as (db, me):
        begun, _of = await finding.find_payment(db, me, str(claimed.id))
        return _payment(begun, url)


@get("/customers/payments/{payment_id:uuid}", opt=needs("read:own_invoices"))
async def payment(request: AnyRequest, payment_id: FromPath[UUID]) -> PaymentOut:
    async with begin(request) as (db, me):
        found, _of = await finding.find_payment(db, me, str(payment_id))
        return _payment(found, found.checkout_url if found.is_live else None)


@get("/customers/payment-history", opt=needs("read:own_invoices"))
async def payment_history(request: AnyRequest) -> list[PaymentOut]:
    async with begin(request) as (db, me):
        return [_payment(one) for one, _of in await finding.history(db, me)]


@get("/admin/payouts", opt=needs("manage:center", "card_payments"))
async def shop_payouts(request: AnyRequest) -> PayoutsOut:
    """The fee that applies to one's business, its balance at the payment provider and its payouts. Answers 503 while
    the provider is silent."""
    async with begin(request) as (db, me):
        assert me.tenant_id is not None
        account = await shop_account.account_of(db, me.tenant_id)
        applying = [
            FeeOut(one.now.currency, one.now.basis_points, one.now.fixed_minor)
            for one in await fees.of_shop(db, me.tenant_id)
        ]
    if account is None or not account.is_ready:
        return PayoutsOut(applying)
    there = await payouts.at_provider(account)
    return PayoutsOut(
        applying,
        BalanceOut(there.balance.available, there.balance.pending),
        [_payout(one) for one in there.payouts],
    )


def _payout(payout: Payout) -> PayoutOut:
    return PayoutOut(
        id=payout.ref,
        amount_minor=payout.amount,
        currency=payout.currency,
        status=payout.state,
        created_at=payout.created_at,
        arrival_date=payout.arrives_on,
        failure=payout.failure,
    )


@get("/admin/payouts/{ref:str}", opt=needs("manage:center", "card_payments"))
async def shop_payout(request: AnyRequest, ref: FromPath[str]) -> PayoutMadeOut:
    """What a payout is made of, each line beside our books. Answers 503 while the provider is silent."""
    async with begin(request) as (_db, me):
        assert me.tenant_id is not None
    made = await payouts.made_of(me.tenant_id, ref)
    return PayoutMadeOut(
        payout=_payout(made.payout),
        is_itemized=made.payout.is_itemized,
        is_whole=made.is_whole,
        missing_minor=made.missing if made.is_whole else 0,
        lines=[
            PayoutLineOut(
                kind=one.line.kind,
                amount_minor=one.line.amount,
                provider_fee_minor=one.line.fee,
                platform_fee_minor=one.line.platform_fee,
                net_minor=one.line.net,
                at=one.line.at,
                source=one.line.source,
                invoice_number=one.subject.label if one.subject else "",
                payment_id=one.payment.id if one.payment else None,
                difference=one.difference,
            )
            for one in made.lines
        ],
    )


@get("/admin/card-payments", opt=needs("manage:center", "card_payments"))
async def received(request: AnyRequest, before: FromQuery[UUID | None] = None) -> list[ReceivedOut]:
    """What cards brought to one's business, newest first, fifty at a time; `before` pages by id."""
    async with begin(request) as (db, me):
        assert me.tenant_id is not None
        return [
            ReceivedOut(
                id=payment.id,
                invoice_number=subject.label,
                status=payment.status,
                amount_minor=payment.amount_minor,
                refunded_minor=payment.refunded_minor,
                currency=payment.currency,
                provider_fee_minor=payment.fee_minor,
                platform_fee_minor=payment.platform_kept_minor,
                arrives_minor=payment.arrives_minor,
                payout_id=payment.payout_ref,
                processed_at=payment.processed_at,
            )
            for payment, subject in await kinds.card_payments(db, me.tenant_id, before=before, limit=50)
        ]


router = Router(
    "/",
    route_handlers=[
        issue,
        invoices,
        invoice,
        credit,
        credit_notes,
        credit_note,
        take_cash,
        pay,
        payment,
        payment_history,
        shop_payouts,
        shop_payout,
        received,
    ],
    tags=["billing"],
)
