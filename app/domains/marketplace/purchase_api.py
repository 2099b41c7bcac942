"""A purchase's way as JSON: the buyer's and the seller's moves."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, put
from litestar.params import FromPath

from app.core.errors import NotFound
from app.core.visit import begin, needs
from app.domains.marketplace import deal_paying, fulfilling, orders, purchases
from app.domains.marketplace.order_api import PurchaseOut, purchase_out
from app.domains.marketplace.order_pages import find
from app.domains.marketplace.purchases import must_buy

AnyRequest = Request[Any, Any, Any]


@get("/auto-parts-orders/{order_id:str}/purchases", opt=needs("order:parts"))
async def purchases_of(request: AnyRequest, order_id: FromPath[str]) -> Response[list[PurchaseOut]]:
    """What was bought for an order; `order_id` is its code."""
    async with begin(request) as (db, me):
        order = await find(db, me, order_id)
        return Response([purchase_out(one) for one in await orders.purchases_of(db, order.id)])


class BuyerMove(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`status`: delivered, cancelled (asked for while it is being prepared), return_requested."""

    status: str
    reason: str = ""


@put("/auto-parts-orders/{order_id:str}/purchases/{purchase_id:uuid}/status", opt=needs("order:parts"))
async def move_bought(
    request: AnyRequest, order_id: FromPath[str], purchase_id: FromPath[UUID], data: BuyerMove
) -> Response[PurchaseOut]:
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        if order.code != order_id.strip().upper():
            raise NotFound
        if data.status == "delivered":
            await fulfilling.deliver(db, purchase, by=me)
        elif data.status == "cancelled":
            must_buy(me)
            await fulfilling.cancel(db, purchase, reason=data.reason[:300], by=me)
        elif data.status == "return_requested":
            must_buy(me)
            await fulfilling.ask_return(db, purchase, reason=data.reason[:300], by=me)
        else:
            raise NotFound
        return Response(purchase_out(purchase))


class SellerMove(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`status`: processing (confirmed: held money is taken), shipped, delivered, failed."""

    status: str
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    handed_to: str = ""
    reason: str = ""


@put("/parts-sales/{purchase_id:uuid}/status", opt=needs("sell:parts"))
async def move_sold(
    request: AnyRequest, purchase_id: FromPath[UUID], data: SellerMove
) -> Response[PurchaseOut]:
    payment = None
    async with begin(request) as (db, me):
        _order, purchase = await purchases.find_sold(db, me, purchase_id)
        if data.status == "processing":
            payment = await fulfilling.confirm(db, purchase, by=me)
        elif data.status == "shipped":
            await fulfilling.ship(
                db, purchase, carrier=data.carrier[:80], tracking_number=data.tracking_number[:80],
                tracking_url=data.tracking_url[:500], by=me,
            )  # fmt: skip
        elif data.status == "delivered":
            await fulfilling.deliver(db, purchase, handed_to=data.handed_to[:200], by=me)
        elif data.status == "failed":
            await fulfilling.fail(db, purchase, reason=data.reason[:300], by=me)
        else:
            raise NotFound
    if payment is not None:
        await deal_paying.capture(payment, by=me)
    async with begin(request) as (db, me):
        _order, purchase = await purchases.find_sold(db, me, purchase_id)
        return Response(purchase_out(purchase))


router = Router("/", route_handlers=[purchases_of, move_bought, move_sold], tags=["parts"])
