"""Paying without an account, by the link in the mail; and where the provider sends such a payer back to."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from app.core import audit
from app.core.errors import Invalid
from app.core.forms import read
from app.core.permissions import PUBLIC
from app.core.render import fragment, page, see_other
from app.core.visit import begin, needs
from app.domains.billing import checkout, crediting, finding, links, paper, paying, words
from app.domains.billing.live import invoice_topic
from app.domains.billing.pages import CardForm, pdf_answer, wanted
from app.domains.billing.receipts import payment_of_receipt, receipt_token
from app.domains.billing.showing import shown
from app.domains.network.branding import brand_of

AnyRequest = Request[Any, Any, Any]
ANYBODY = needs(PUBLIC)


@get("/pay/{token:str}", opt=ANYBODY)
async def pay_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    return await _pay(request, token)


async def _pay(request: AnyRequest, token: str, errors: dict[str, str] | None = None) -> Response[Any]:
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        context = await shown(db, holder, invoice, link=token)
        return page(
            request, me, "billing/pay.html", layout="layouts/plain.html", status=422 if errors else 200,
            errors=errors or {}, just_paid=False, **context,
        )  # fmt: skip


@get("/pay/{token:str}/state", opt=ANYBODY)
async def pay_state(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        context = await shown(db, holder, invoice, link=token)
        return fragment(request, me, "billing/_state.html", errors={}, just_paid=False, **context)


@get("/pay/{token:str}/pdf", opt=ANYBODY)
async def pay_pdf(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        lines = await finding.lines_of(db, invoice)
        await audit.read(db, holder, "invoice_pdf", invoice.id, tenant=invoice.tenant_id, label=invoice.label)
    return pdf_answer(invoice, await paper.typeset(invoice, lines))


@get("/pay/{token:str}/credit-note/pdf", opt=ANYBODY)
async def pay_credit_note(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    async with begin(request) as (db, me):
        invoice, _holder = await links.follow_link(db, token, by=me)
        note = await crediting.find_note(db, invoice)
        lines = await finding.lines_of(db, invoice)
    return pdf_answer(note, await paper.typeset_note(note, invoice, lines))


@post("/pay/{token:str}/payments", opt=ANYBODY)
async def pay(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Begin a card payment. The answer to a replay is kept, so it names the payment and not the link."""
    try:
        form = read(CardForm, await request.form())
        async with begin(request) as (db, me):
            invoice, holder = await links.follow_link(db, token, by=me)
            payment = await paying.begin_card(db, invoice, amount=wanted(form, invoice), by=holder)
            see_other(request, f"/paid/{receipt_token(payment.id, payment.tenant_id)}")
    except Invalid as wrong:
        return await _pay(request, token, wrong.errors)
    return see_other(request, await checkout.open_page(checkout.Whose.of(payment)))


@get("/paid/{receipt:str}", opt=ANYBODY)
async def paid_page(request: AnyRequest, receipt: FromPath[str]) -> Response[Any]:
    """Back from the provider. Shows how the payment stands and decides nothing."""
    async with begin(request) as (db, me):
        payment, invoice = await payment_of_receipt(db, receipt)
        return page(
            request, me, "billing/paid.html", layout="layouts/plain.html", payment=payment, invoice=invoice,
            content=invoice.content, state=words.payment_state(payment), receipt=receipt,
            topics=[invoice_topic(invoice.id)], shop_brand=await brand_of(db, invoice.tenant_id),
        )  # fmt: skip


@get("/paid/{receipt:str}/state", opt=ANYBODY)
async def paid_state(request: AnyRequest, receipt: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        payment, invoice = await payment_of_receipt(db, receipt)
        return fragment(
            request, me, "billing/_paid.html", payment=payment, invoice=invoice, content=invoice.content,
            state=words.payment_state(payment), receipt=receipt,
        )  # fmt: skip


router = Router(
    "/", route_handlers=[pay_page, pay_state, pay_pdf, pay_credit_note, pay, paid_page, paid_state]
)
