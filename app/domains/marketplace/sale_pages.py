"""What a parts shop has sold: to confirm, to send, on the way, done; and one sale with all that can be done with it."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import fragment, page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.billing.pages import minor
from app.domains.marketplace import deal_paying, fulfilling, giving_back, purchases
from app.domains.marketplace.live import market_topic
from app.domains.marketplace.models import PartsOrder, Purchase

AnyRequest = Request[Any, Any, Any]
SELLS = needs("sell:parts")
SALE = SELLS | {"page": "/market/sales/{purchase_id}"}

STANDS = {
    "confirm": ("accepted",),
    "send": ("processing",),
    "way": ("shipped",),
    "back": ("return_requested",),
    "done": ("delivered", "returned", "cancelled", "failed"),
}
"""The tabs of the list."""


@get("/market/sales", opt=SELLS)
async def sales_page(
    request: AnyRequest, stands: FromQuery[str] = "", code: FromQuery[str] = ""
) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = _listed(await purchases.sold(db, me, code[:20]), stands, code[:20])
        topics = [market_topic(me.center_id)] if me.center_id else []
        return page(request, me, "marketplace/sales.html", topics=topics, **shown)


@get("/market/sales/region", opt=SELLS)
async def sales_region(
    request: AnyRequest, stands: FromQuery[str] = "", code: FromQuery[str] = ""
) -> Response[Any]:
    async with begin(request) as (db, me):
        shown = _listed(await purchases.sold(db, me, code[:20]), stands, code[:20])
        return fragment(request, me, "marketplace/_sales.html", **shown)


def _listed(found: list[tuple[PartsOrder, Purchase]], stands: str, code: str) -> dict[str, Any]:
    counts = {key: sum(one.status in states for _o, one in found) for key, states in STANDS.items()}
    if stands not in STANDS and not code:
        stands = next((key for key in STANDS if counts[key]), "confirm")
    states = STANDS.get(stands)
    return {
        "sales": [(order, one) for order, one in found if states is None or one.status in states],
        "counts": counts,
        "stands": stands,
        "code": code,
    }


@get("/market/sales/{purchase_id:uuid}", opt=SELLS)
async def sale_page(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    return await _sale(request, purchase_id)


@get("/market/sales/{purchase_id:uuid}/region", opt=SALE)
async def sale_region(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    return await _sale(request, purchase_id, whole=False)


@get("/market/sales/{purchase_id:uuid}/packing-list", opt=SELLS)
async def packing_list(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """A sheet for the parcel: to whom, what, and no prices."""
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_sold(db, me, purchase_id)
        lines = await purchases.lines_of(db, purchase)
        return page(request, me, "marketplace/packing_list.html", order=order, purchase=purchase, lines=lines)


async def _sale(
    request: AnyRequest,
    purchase_id: UUID,
    *,
    wrong: dict[str, str] | None = None,
    sent: dict[str, Any] | None = None,
    whole: bool = True,
) -> Response[Any]:
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_sold(db, me, purchase_id)
        refunds = await purchases.refunds_of(db, purchase)
        shown: dict[str, Any] = {
            "order": order,
            "purchase": purchase,
            "lines": await purchases.lines_of(db, purchase),
            "payments": await purchases.payments_of(db, purchase),
            "refunds": refunds,
            "left": await giving_back.left(db, purchase),
            "core_left": fulfilling.core_left(purchase),
            "zone": me.zone,
            "errors": wrong or {},
            "sent": sent or {},
        }
        if not whole:
            return fragment(request, me, "marketplace/_sale.html", **shown)
        topics = [market_topic(purchase.center_id)]
        status = 422 if wrong else 200
        return page(request, me, "marketplace/sale.html", status=status, topics=topics, **shown)


@post("/market/sales/{purchase_id:uuid}/confirmation", opt=SALE)
async def confirm(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """We have it. The held money is taken after the commit, outside of any transaction."""
    url = f"/market/sales/{purchase_id}"
    async with begin(request) as (db, me):
        _order, purchase = await purchases.find_sold(db, me, purchase_id)
        payment = await fulfilling.confirm(db, purchase, by=me)
        see_other(request, url)
    if payment is not None:
        await deal_paying.capture(payment, by=me)
        return see_other(request, url, flash=_("Confirmed, and the money is yours. Pack it."))
    return see_other(request, url, flash=_("Confirmed. Pack it."))


class ShipmentForm(msgspec.Struct):
    carrier: Annotated[str, Meta(max_length=80)] = ""
    tracking_number: Annotated[str, Meta(max_length=80)] = ""
    tracking_url: Annotated[str, Meta(max_length=500)] = ""


@post("/market/sales/{purchase_id:uuid}/shipment", opt=SALE)
async def ship(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    sent = await request.form()
    try:
        form = read(ShipmentForm, sent)
        async with begin(request) as (db, me):
            _order, purchase = await purchases.find_sold(db, me, purchase_id)
            await fulfilling.ship(
                db, purchase, carrier=form.carrier, tracking_number=form.tracking_number,
                tracking_url=form.tracking_url, by=me,
            )  # fmt: skip
            return see_other(
                request, f"/market/sales/{purchase_id}", flash=_("On its way. The buyer is told.")
            )
    except Invalid as wrong:
        return await _sale(request, purchase_id, wrong=dict(wrong.errors), sent=dict(sent))


class DeliveryForm(msgspec.Struct):
    handed_to: Annotated[str, Meta(max_length=200)] = ""


@post("/market/sales/{purchase_id:uuid}/delivery", opt=SALE)
async def deliver(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    sent = await request.form()
    try:
        form = read(DeliveryForm, sent)
        async with begin(request) as (db, me):
            _order, purchase = await purchases.find_sold(db, me, purchase_id)
            await fulfilling.deliver(db, purchase, handed_to=form.handed_to, by=me)
            return see_other(request, f"/market/sales/{purchase_id}", flash=_("Delivered."))
    except Invalid as wrong:
        return await _sale(request, purchase_id, wrong=dict(wrong.errors), sent=dict(sent))


@post("/market/sales/{purchase_id:uuid}/money", opt=SALE)
async def take_money(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """The buyer said that it is there, and has paid."""
    async with begin(request) as (db, me):
        _order, purchase = await purchases.find_sold(db, me, purchase_id)
        await fulfilling.take_money(db, purchase, by=me)
        return see_other(request, f"/market/sales/{purchase_id}", flash=_("Paid. The buyer gets a receipt."))


class FailureForm(msgspec.Struct):
    reason: Annotated[str, Meta(max_length=300)] = ""


@post("/market/sales/{purchase_id:uuid}/failure", opt=SALE)
async def fail(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    sent = await request.form()
    try:
        form = read(FailureForm, sent)
        async with begin(request) as (db, me):
            _order, purchase = await purchases.find_sold(db, me, purchase_id)
            await fulfilling.fail(db, purchase, reason=form.reason, by=me)
            said = (
                _("The buyer is told, and gets the money back.")
                if purchase.paid_minor
                else _("The buyer is told. Nothing was taken.")
            )
            return see_other(request, f"/market/sales/{purchase_id}", flash=said)
    except Invalid as wrong:
        return await _sale(request, purchase_id, wrong=dict(wrong.errors), sent=dict(sent))


class AnswerForm(msgspec.Struct):
    answer: str = ""
    """yes, no."""
    words: Annotated[str, Meta(max_length=300)] = ""
    restocking: Decimal | None = None
    core_too: bool = False


@post("/market/sales/{purchase_id:uuid}/cancellation", opt=SALE)
async def answer_cancel(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """The buyer asks to be let out of it: yes, or no with words."""
    sent = await request.form()
    try:
        form = read(AnswerForm, sent)
        async with begin(request) as (db, me):
            _order, purchase = await purchases.find_sold(db, me, purchase_id)
            await fulfilling.answer_cancel(db, purchase, agrees=form.answer == "yes", words=form.words, by=me)
            return see_other(request, f"/market/sales/{purchase_id}", flash=_("The buyer is told."))
    except Invalid as wrong:
        return await _sale(request, purchase_id, wrong=dict(wrong.errors), sent=dict(sent))


@post("/market/sales/{purchase_id:uuid}/return", opt=SALE)
async def answer_return(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """The buyer wants to send it back: it came back, or it does not go back and why."""
    sent = await request.form()
    try:
        form = read(AnswerForm, sent)
        async with begin(request) as (db, me):
            _order, purchase = await purchases.find_sold(db, me, purchase_id)
            if form.answer == "yes":
                fee = form.restocking
                restocking = minor(fee, purchase.currency, "restocking") if fee else 0
                await fulfilling.take_back(
                    db, purchase, restocking_minor=restocking, core_too=form.core_too, by=me
                )
                said = _("Taken back. The money is on its way to the buyer.")
            else:
                await fulfilling.refuse_return(db, purchase, words=form.words, by=me)
                said = _("The buyer is told.")
            return see_other(request, f"/market/sales/{purchase_id}", flash=said)
    except Invalid as wrong:
        return await _sale(request, purchase_id, wrong=dict(wrong.errors), sent=dict(sent))


@post("/market/sales/{purchase_id:uuid}/core", opt=SALE)
async def take_core(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        _order, purchase = await purchases.find_sold(db, me, purchase_id)
        await fulfilling.take_core(db, purchase, by=me)
        said = _("The deposit is on its way to the buyer.")
        return see_other(request, f"/market/sales/{purchase_id}", flash=said)


router = Router(
    "/",
    route_handlers=[
        sales_page,
        sales_region,
        sale_page,
        sale_region,
        packing_list,
        confirm,
        ship,
        deliver,
        take_money,
        fail,
        answer_cancel,
        answer_return,
        take_core,
    ],
)
