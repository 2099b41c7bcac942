"""The buyer's decision as JSON."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromPath

from app.core.errors import Invalid
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.marketplace import accepting, choosing
from app.domains.marketplace.models import Purchase
from app.domains.marketplace.order_pages import find

AnyRequest = Request[Any, Any, Any]


class AcceptIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A whole offer, or an offer for each line; what is in neither is done without."""

    quote_id: UUID | None = None
    lines: dict[UUID, UUID] = {}
    """Line of the order -> quote."""
    revisions: dict[UUID, int]
    """Quote -> the revision that was seen: an offer that changed meanwhile is not accepted."""


class PurchaseOut(msgspec.Struct):
    """What was bought of one shop; amounts are minor units, tax is contained."""

    id: UUID
    quote_id: UUID
    shop_id: UUID
    status: str
    payment_method: str
    payment_status: str
    currency: str
    total: int
    tax: int
    delivery_fee: int
    core_charges: int
    refunded: int
    owed_since: datetime | None
    """Since when money that is the buyer's could not be given back."""
    delivers_at: datetime | None
    pay_by: datetime | None
    carrier: str
    tracking_number: str


def purchase_out(purchase: Purchase) -> PurchaseOut:
    return PurchaseOut(
        id=purchase.id,
        quote_id=purchase.quote_id,
        shop_id=purchase.shop_id,
        status=purchase.status,
        payment_method=purchase.payment_method,
        payment_status=purchase.payment_status,
        currency=purchase.currency,
        total=purchase.total_minor,
        tax=purchase.tax_minor,
        delivery_fee=purchase.delivery_fee_minor,
        core_charges=purchase.core_minor,
        refunded=purchase.refunded_minor,
        owed_since=purchase.owed_since,
        delivers_at=purchase.delivers_at,
        pay_by=purchase.pay_by,
        carrier=purchase.carrier,
        tracking_number=purchase.tracking_number,
    )


@post(
    "/auto-parts-orders/{order_id:str}/accept-quote",
    opt=needs("order:parts", "parts_market"),
)
async def accept_quote(request: AnyRequest, order_id: FromPath[str], data: AcceptIn) -> Response[Any]:
    """`order_id` is the order's code. 409 when the offer has changed, was withdrawn, or the order is decided."""
    async with begin(request) as (db, me):
        order = await find(db, me, order_id)
        if data.quote_id and data.lines:
            raise Invalid({"lines": _("Name a whole offer, or a quote for each line, not both.")})
        given = (
            {"offer": str(data.quote_id)}
            if data.quote_id
            else {f"{choosing.LINE}{line}": str(quote) for line, quote in data.lines.items()}
        )
        picked = await choosing.picked(db, order, given)
        choice = {line.id: part.quote.id for part in picked.parts for line, _offered in part.lines}
        bought = await accepting.accept(db, order, choice, data.revisions, by=me)
        return Response([purchase_out(one) for one in bought], status_code=201)


router = Router("/", route_handlers=[accept_quote], tags=["parts"])
