"""Invoices at the front desk and in the driver's pocket."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from app.core import audit, clock
from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.forms import minor_of, read, values_of
from app.core.render import fragment, money, page, see_other
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains import estimates, workshop
from app.domains.billing import (
    checkout,
    crediting,
    finding,
    invoicing,
    links,
    paper,
    paying,
    refunding,
    success,
    words,
)
from app.domains.billing.credited_lines import Part
from app.domains.billing.live import desk_topic
from app.domains.billing.models import CreditNote, Invoice, InvoiceLine
from app.domains.billing.showing import shown
from app.gateways.payments import GatewayUnavailable
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
OWN = needs("read:own_invoices")
DESK = needs("create:invoices")

LARGEST = Decimal(100_000_000)


class IssueForm(msgspec.Struct):
    order_id: UUID


class CardForm(msgspec.Struct):
    amount: Decimal | None = None


class CashForm(msgspec.Struct):
    amount: Decimal
    tendered: Decimal | None = None


class RefundForm(msgspec.Struct):
    amount: Decimal
    given: int
    """What the page showed as given back, in minor units."""


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, msgspec.Meta(max_length=500)]


class CreditForm(ReasonForm):
    what: Literal["whole", "lines"]
    reopen: bool = False
    credited: int | None = None
    """What the page showed as credited, in minor units."""


class SumField(msgspec.Struct):
    amount: Decimal | None = None


def minor(amount: Decimal, currency: str, field: str = "amount") -> int:
    """A typed sum in minor units, of more than nothing."""
    if amount <= 0:
        raise Invalid({field: _("Please enter an amount of more than nothing.")})
    if amount > LARGEST:
        raise Invalid({field: _("This is too much.")})
    return minor_of(amount, currency, field)


def parts_of(form: Any, lines: Sequence[InvoiceLine], currency: str) -> list[Part]:
    """The lines of a credit note's form: `line-3` takes the line whole, `amount-3` so much of it."""
    found, errors = [], {}
    for line in lines:
        field = f"amount-{line.position}"
        try:
            typed = read(SumField, {"amount": form.get(field, "")}).amount
            below = line.net_minor < 0
            amount = None if typed is None else minor(typed.copy_abs(), currency) * (-1 if below else 1)
        except Invalid as wrong:
            errors[field] = wrong.errors["amount"]
            continue
        if amount is not None or form.get(f"line-{line.position}"):
            found.append(Part(line.position, amount))
    if errors:
        raise Invalid(errors)
    return found


def part_of(form: Any) -> dict[str, Any]:
    """What was typed as the part to pay by card, under the name its field goes by beside the cash form."""
    return {"part": values_of(form).get("amount", "")}


def wanted(form: CardForm, invoice: Invoice) -> int | None:
    """How much is to be paid by card; None is all that is open."""
    return None if form.amount is None else minor(form.amount, invoice.currency)


@get("/invoices", opt=OWN)
async def invoices_page(
    request: AnyRequest, show: FromQuery[str] = "", before: FromQuery[UUID | None] = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        found = await finding.listing(db, me, show=show, before=before, limit=PAGE + 1)
        at_desk = me.tenant_id is not None and me.can("create:invoices")
        return page(
            request,
            me,
            "billing/invoices.html",
            invoices=found[:PAGE],
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            show=show if show in finding.FILTERS else "",
            at_desk=at_desk,
            card_success=await success.card_success(db) if me.can("manage:center") else None,
            state_of=words.invoice_state,
            topics=[desk_topic(me.center_id)] if at_desk and me.center_id else [],
        )


PAGE = 50


@get("/invoices/new", opt=DESK)
async def new_invoice_page(request: AnyRequest, order: FromQuery[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        found = await workshop.find_by_id(db, me, order)
        bill = await invoicing.billable(db, found)
        asked = [one for one in await estimates.estimates_of(db, found) if one.is_open(clock.now())]
        return page(request, me, "billing/new.html", bill=bill, price_line=workshop.price_line, asked=asked)


@get("/orders/{number:int}/invoices", opt=DESK)
async def invoices_of_order(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Section of the order's page: its invoices, and the way to the next."""
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, number)
        return fragment(
            request, me, "billing/_of_order.html", order=order, state_of=words.invoice_state,
            invoices=await finding.of_order(db, order), obstacle=(await invoicing.billable(db, order)).obstacle,
        )  # fmt: skip


@post("/invoices", opt=DESK)
async def issue(request: AnyRequest) -> Response[Any]:
    form = read(IssueForm, await request.form())
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, form.order_id)
        invoice = await invoicing.issue(db, order, by=me)
        return see_other(
            request, f"/invoices/{invoice.id}", flash=_("%(number)s is issued.", number=invoice.label)
        )


@get("/invoices/{ref:str}", opt=OWN)
async def invoice_page(
    request: AnyRequest, ref: FromPath[str], payment: FromQuery[str] = "", credit: FromQuery[str] = ""
) -> Response[Any]:
    """`payment` comes back from the provider with it; with `credit` the form of the credit note stands open."""
    return await _invoice(request, ref, just_paid=bool(payment), opened=bool(credit))


async def _invoice(
    request: AnyRequest,
    ref: str,
    *,
    just_paid: bool = False,
    opened: bool = False,
    errors: dict[str, str] | None = None,
    sent: dict[str, Any] | None = None,
    refused: Refused | None = None,
) -> Response[Any]:
    """The invoice as it stands now; after a form that could not be carried out, with what was `sent` in it."""
    async with begin(request) as (db, me):
        invoice = await finding.find(db, me, ref)
        answer = page(
            request,
            me,
            "billing/invoice.html",
            status=refused.status if refused else 422 if errors else 200,
            errors=errors or {},
            sent=sent or {},
            just_paid=just_paid,
            opened=opened,
            **await shown(db, me, invoice),
        )
    answer.background = audit_refusal(request, refused)
    return answer


@get("/invoices/{ref:str}/state", opt=OWN)
async def invoice_state(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        invoice = await finding.find(db, me, ref)
        context = await shown(db, me, invoice)
        return fragment(request, me, "billing/_state.html", errors={}, sent={}, just_paid=False, **context)


@get("/invoices/{ref:str}/pdf", opt=OWN)
async def invoice_pdf(request: AnyRequest, ref: FromPath[str]) -> Response[bytes]:
    async with begin(request) as (db, me):
        invoice = await finding.find(db, me, ref)
        lines = await finding.lines_of(db, invoice)
        booked = await paper.booked_of(db, invoice)
        await audit.read(db, me, "invoice_pdf", invoice.id, tenant=invoice.tenant_id, label=invoice.label)
    return pdf_answer(invoice, await paper.typeset(invoice, lines, booked))


@get("/invoices/{ref:str}/credit-notes/{credit_note_id:uuid}/pdf", opt=OWN)
async def credit_note_pdf(
    request: AnyRequest, ref: FromPath[str], credit_note_id: FromPath[UUID]
) -> Response[bytes]:
    async with begin(request) as (db, me):
        invoice = await finding.find(db, me, ref)
        note = await crediting.find_note(db, invoice, credit_note_id)
        lines = await finding.lines_of(db, invoice)
    return pdf_answer(note, await paper.typeset_note(note, invoice, lines))


def pdf_answer(document: Invoice | CreditNote, paper: bytes) -> Response[bytes]:
    """A PDF under the document's own name, to look at in the browser."""
    headers = {
        "Content-Disposition": f'inline; filename="{document.label}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(paper, media_type="application/pdf", headers=headers)


@post("/invoices/{ref:str}/payments", opt=needs("make:payments"))
async def pay_by_card(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    """Begin a card payment and lead to the provider's page. The answer to a replay is the invoice."""
    sent = part_of(await request.form())
    try:
        form = read(CardForm, await request.form())
        async with begin(request) as (db, me):
            invoice = await finding.find(db, me, ref)
            payment = await paying.begin_card(db, invoice, amount=wanted(form, invoice), by=me)
            see_other(request, f"/invoices/{invoice.id}")
    except Invalid as wrong:
        return await _invoice(request, ref, errors={"part": " ".join(wrong.errors.values())}, sent=sent)
    except paying.NotPayable as no:
        return await _invoice(request, ref, errors=no.beside("part"), sent=sent, refused=no)
    return see_other(request, await checkout.open_page(checkout.Whose.of(payment)))


@post("/invoices/{ref:str}/cash", opt=needs("take:payments"))
async def take_cash(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    sent = values_of(await request.form())
    try:
        form = read(CashForm, await request.form())
        async with begin(request) as (db, me):
            invoice = await finding.find(db, me, ref)
            tendered = (
                minor(form.tendered, invoice.currency, "tendered") if form.tendered is not None else None
            )
            payment = await paying.take_cash(
                db, invoice, amount=minor(form.amount, invoice.currency), tendered=tendered, by=me
            )
            change = money(payment.change_minor, invoice.currency)
            said = _("Booked. Change: %(change)s", change=change) if payment.change_minor else _("Booked.")
            return see_other(request, f"/invoices/{invoice.id}", flash=said)
    except Invalid as wrong:
        return await _invoice(request, ref, errors=wrong.errors, sent=sent)
    except paying.NotPayable as no:
        return await _invoice(request, ref, errors=no.beside("amount"), sent=sent, refused=no)


@post("/invoices/{ref:str}/cancellation", opt=DESK)
async def cancel(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    sent = values_of(await request.form())
    try:
        form = read(ReasonForm, await request.form())
        async with begin(request) as (db, me):
            invoice = await finding.find(db, me, ref)
            await invoicing.cancel(db, invoice, by=me, reason=form.reason)
            return see_other(request, f"/invoices/{invoice.id}", flash=_("The invoice is cancelled."))
    except Invalid as wrong:
        return await _invoice(request, ref, errors=wrong.errors, sent=sent)


@post("/invoices/{ref:str}/credit-notes", opt=needs("manage:center"))
async def credit(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    fields = await request.form()
    sent = values_of(fields)
    try:
        form = read(CreditForm, fields)
        async with begin(request) as (db, me):
            invoice = await finding.find(db, me, ref)
            parts = parts_of(fields, await finding.lines_of(db, invoice), invoice.currency)
            if form.what == "whole" and parts:
                raise Invalid(
                    {"what": _("Lines are chosen below. Take back these lines, or leave them empty.")}
                )
            if form.what == "lines" and not parts:
                raise Invalid({"lines": _("Choose at least one line.")})
            note = await crediting.credit(
                db,
                invoice,
                reason=form.reason,
                parts=parts,
                credited=form.credited,
                reopen=form.reopen,
                by=me,
            )
            said = _("Credit note %(number)s is written.", number=note.label)
            return see_other(request, f"/invoices/{invoice.id}", flash=said)
    except Invalid as wrong:
        return await _invoice(request, ref, errors=wrong.errors, sent=sent)
    except Refused as no:
        if not no.is_stale:
            raise
        return await _invoice(request, ref, errors={"what": no.words}, sent=sent, refused=no)


@post("/invoices/{ref:str}/links", opt=DESK, status_code=200)
async def show_link(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    """Shows a new link once: only its hash is kept, so there is no page to come back to."""
    async with begin(request) as (db, me):
        invoice = await finding.find(db, me, ref)
        path = await links.show_pay_link(db, invoice, by=me)
        return page(request, me, "billing/link.html", invoice=invoice, link=f"{settings().base_url}{path}")


@post("/invoices/{ref:str}/links/sending", opt=DESK)
async def send_link(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        invoice = await finding.find(db, me, ref)
        await links.mail_pay_link(db, invoice, by=me)
        said = _("A fresh link is on its way; the one before no longer works.")
        return see_other(request, f"/invoices/{invoice.id}", flash=said)


@post("/payments/{payment_id:uuid}/cancellation", opt=needs("make:payments") | {"page": "/invoices"})
async def stop_payment(request: AnyRequest, payment_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        payment, invoice = await finding.find_payment(db, me, str(payment_id))
        see_other(request, f"/invoices/{invoice.id}")
    now = await checkout.stop(checkout.Whose.of(payment))
    said = _("It was paid a moment ago.") if now.is_taken else _("The payment is stopped.")
    return see_other(request, f"/invoices/{invoice.id}", flash=said)


@post("/payments/{payment_id:uuid}/refunds", opt=needs("manage:center") | {"page": "/invoices"})
async def refund(request: AnyRequest, payment_id: FromPath[UUID]) -> Response[Any]:
    """Give money back. A replay is answered with the invoice, which shows how the refund stands."""
    try:
        form = read(RefundForm, await request.form())
        async with begin(request) as (db, me):
            payment, invoice = await finding.find_payment(db, me, str(payment_id))
            amount = minor(form.amount, payment.currency)
            refund = await refunding.begin(db, payment, amount=amount, given=form.given, by=me)
            see_other(request, f"/invoices/{invoice.id}")
    except Invalid as wrong:
        return await _refund_again(request, payment_id, " ".join(wrong.errors.values()))
    except refunding.TooMuch as no:
        return await _refund_again(request, payment_id, no.words, no)
    try:
        refund = await refunding.carry_out(checkout.Whose.of(payment), refund.id)
    except GatewayUnavailable:
        said = _("The payment provider does not answer. The refund is kept and asked for again by itself.")
    else:
        said = {
            "done": _("The money is on its way back."),
            "failed": _("The payment provider said no: %(reason)s", reason=refund.failure),
        }[refund.status]
    return see_other(request, f"/invoices/{invoice.id}", flash=said)


async def _refund_again(
    request: AnyRequest, payment_id: UUID, said: str, refused: Refused | None = None
) -> Response[Any]:
    """The invoice's page with the form of this one payment as it was sent."""
    async with glance(request) as (db, me):
        _payment, invoice = await finding.find_payment(db, me, str(payment_id))
    field = f"refund-{payment_id}"
    sent = {field: values_of(await request.form()).get("amount", "")}
    return await _invoice(request, str(invoice.id), errors={field: said}, sent=sent, refused=refused)


router = Router(
    "/",
    route_handlers=[
        invoices_page, new_invoice_page, issue, invoices_of_order, invoice_page, invoice_state, invoice_pdf, pay_by_card, take_cash,
        cancel, credit, credit_note_pdf, show_link, send_link, stop_payment, refund,
    ],
)  # fmt: skip
