"""Paying without an account, by the link in the mail; and where the provider sends such a payer back to."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit
from app.core.answers import audit_refusal
from app.core.errors import Invalid, NotFound, Refused
from app.core.forms import read
from app.core.limits import Limit, limited
from app.core.permissions import PUBLIC
from app.core.render import fragment, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.billing import checkout, crediting, finding, ledger, links, paper, paying, words
from app.domains.billing.live import invoice_topic
from app.domains.billing.models import Invoice
from app.domains.billing.pages import CardForm, part_of, pdf_answer, wanted
from app.domains.billing.receipts import payment_of_receipt, receipt_token
from app.domains.billing.showing import shown
from app.domains.network.branding import brand_of
from app.settings import settings

AnyRequest = Request[Any, Any, Any]
ANYBODY = needs(PUBLIC)
PAYING = Limit("pay by link", times=120, within=timedelta(minutes=15))
"""From one address: a waiting room's worth of people, each with a few tries."""


@get("/pay/{token:str}", opt=ANYBODY)
async def pay_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    return await _pay(request, token)


async def _pay(
    request: AnyRequest,
    token: str,
    *,
    errors: dict[str, str] | None = None,
    sent: dict[str, Any] | None = None,
    refused: Refused | None = None,
) -> Response[Any]:
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        context = await shown(db, holder, invoice, link=token, visitor=me)
        answer = page(
            request, me, "billing/pay.html", layout="layouts/plain.html",
            status=refused.status if refused else 422 if errors else 200,
            errors=errors or {}, sent=sent or {}, just_paid=False, **context,
        )  # fmt: skip
    answer.background = audit_refusal(request, refused)
    return answer


@get("/pay/{token:str}/state", opt=ANYBODY)
async def pay_state(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        context = await shown(db, holder, invoice, link=token, visitor=me)
        return fragment(request, me, "billing/_state.html", errors={}, sent={}, just_paid=False, **context)


@get("/pay/{token:str}/pdf", opt=ANYBODY)
async def pay_pdf(request: AnyRequest, token: FromPath[str]) -> Response[bytes]:
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        lines = await finding.lines_of(db, invoice)
        booked = await paper.booked_of(db, invoice)
        await audit.read(db, holder, "invoice_pdf", invoice.id, tenant=invoice.tenant_id, label=invoice.label)
    return pdf_answer(invoice, await paper.typeset(invoice, lines, booked))


@get("/pay/{token:str}/credit-notes/{credit_note_id:uuid}/pdf", opt=ANYBODY)
async def pay_credit_note(
    request: AnyRequest, token: FromPath[str], credit_note_id: FromPath[UUID]
) -> Response[bytes]:
    async with begin(request) as (db, me):
        invoice, _holder = await links.follow_link(db, token, by=me)
        note = await crediting.find_note(db, invoice, credit_note_id)
        lines = await finding.lines_of(db, invoice)
    return pdf_answer(note, await paper.typeset_note(note, invoice, lines))


@post("/pay/{token:str}/payments", opt=ANYBODY | limited(PAYING))
async def pay(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Begin a card payment. The answer to a replay is kept, so it names the payment and not the link."""
    sent = part_of(await request.form())
    try:
        form = read(CardForm, await request.form())
        async with begin(request) as (db, me):
            invoice, holder = await links.follow_link(db, token, by=me)
            payment = await paying.begin_card(db, invoice, amount=wanted(form, invoice), by=holder)
            see_other(request, f"/paid/{receipt_token(payment.id, payment.tenant_id)}")
    except Invalid as wrong:
        return await _pay(request, token, errors={"part": " ".join(wrong.errors.values())}, sent=sent)
    except paying.NotPayable as no:
        return await _pay(request, token, errors=no.beside("part"), sent=sent, refused=no)
    url = await checkout.open_page(checkout.Whose.of(payment))
    return see_other(request, url, cookies=[_way_back(token)])


@post("/pay/{token:str}/payments/{payment_id:uuid}/cancellation", opt=ANYBODY | limited(PAYING))
async def stop(request: AnyRequest, token: FromPath[str], payment_id: FromPath[UUID]) -> Response[Any]:
    """Stop a payment of this invoice, whoever began it. As with paying, the kept answer does not name the link."""
    async with begin(request) as (db, me):
        invoice, holder = await links.follow_link(db, token, by=me)
        payment, its_invoice = await finding.find_payment(db, holder, str(payment_id))
        if its_invoice.id != invoice.id:
            raise NotFound
        see_other(request, f"/paid/{receipt_token(payment.id, payment.tenant_id)}")
    now = await checkout.stop(checkout.Whose.of(payment))
    said = _("It was paid a moment ago.") if now.is_taken else _("The payment is stopped.")
    return see_other(request, f"/pay/{token}", flash=said)


WAY_BACK = "pay_link"


def _way_back(token: str) -> Cookie:
    """The payer's own browser remembers the link they came by, so that the page they are sent back to leads on
    to the invoice. The provider, which keeps that page's address, learns nothing by it."""
    return Cookie(
        key=WAY_BACK, value=token, path="/paid", max_age=24 * 3600, httponly=True, samesite="lax",
        secure=settings().secure,
    )  # fmt: skip


@get("/paid/{receipt:str}", opt=ANYBODY)
async def paid_page(request: AnyRequest, receipt: FromPath[str]) -> Response[Any]:
    """The receipt, and where the provider sends a payer back to. Shows how the payment stands, decides nothing."""
    async with begin(request) as (db, me):
        context = await _paid(request, db, me, receipt)
        invoice = context["invoice"]
        return page(
            request, me, "billing/paid.html", layout="layouts/plain.html", topics=[invoice_topic(invoice.id)],
            shop_brand=await brand_of(db, invoice.tenant_id), **context,
        )  # fmt: skip


@get("/paid/{receipt:str}/state", opt=ANYBODY)
async def paid_state(request: AnyRequest, receipt: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        return fragment(request, me, "billing/_paid.html", **await _paid(request, db, me, receipt))


async def _paid(request: AnyRequest, db: AsyncSession, me: Viewer, receipt: str) -> dict[str, Any]:
    payment, invoice = await payment_of_receipt(db, receipt)
    moved = [one for one in await ledger.movements(db, invoice) if one.payment_id == payment.id]
    return {
        "payment": payment,
        "invoice": invoice,
        "content": invoice.content,
        "state": words.payment_state(payment),
        "paid_with": words.paid_with(payment),
        "came": next((one for one in moved if one.amount_minor > 0 and not one.is_return), None),
        "went": [one for one in moved if one.amount_minor < 0 or one.is_return],
        "zone": invoice.content["zone"],
        "receipt": receipt,
        "invoice_url": await _invoice_url(request, db, me, invoice),
        "is_theirs": invoice.user_id is not None and invoice.user_id == me.user_id,
    }


async def _invoice_url(request: AnyRequest, db: AsyncSession, me: Viewer, invoice: Invoice) -> str:
    """The whole invoice for who may see it: its driver, or the browser that came by the link; else ""."""
    if me.user_id is not None and invoice.user_id == me.user_id:
        return f"/invoices/{invoice.id}"
    token = request.cookies.get(WAY_BACK, "")
    return f"/pay/{token}" if token and await links.leads_to(db, token, invoice) else ""


router = Router(
    "/", route_handlers=[pay_page, pay_state, pay_pdf, pay_credit_note, pay, stop, paid_page, paid_state]
)
