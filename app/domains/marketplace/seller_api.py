"""A parts shop's quotes as JSON: what it was asked, offering, a better offer, taking it back."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains.marketplace import counter, orders, quoting
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, ShopQuote, ShopQuoteLine
from app.domains.marketplace.quoting import LineOffer, Offer

AnyRequest = Request[Any, Any, Any]
SELL = needs("sell:parts")

Status = Literal[
    "invited", "declined", "offered", "withdrawn", "accepted", "failed", "fulfilled", "lost", "expired"
]


class Revised(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An offer: every line of the order once, available or not. `version` as last read: a quote that a colleague has
    changed since is left alone."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    lines: Annotated[list[LineOffer], Meta(min_length=1, max_length=100)]
    delivery_fee_minor: int = 0
    note: Annotated[str, Meta(max_length=500)] = ""
    version: int | None = None

    def offer(self) -> Offer:
        return Offer(
            currency=self.currency,
            lines=self.lines,
            delivery_fee_minor=self.delivery_fee_minor,
            note=self.note,
        )


class Provided(Revised, forbid_unknown_fields=True, kw_only=True):
    """A first offer on an order that the shop was asked for."""

    order_id: UUID


class QuoteLineOut(msgspec.Struct):
    """A part that was asked for, and what the shop offers for it; nothing of the latter before it has."""

    order_line_id: UUID
    name: str
    asked_number: str
    quantity: Decimal
    note: str
    oem_only: bool
    is_available: bool | None = None
    unit_price_minor: int | None = None
    core_charge_minor: int | None = None
    brand: str = ""
    condition: str = ""
    part_number: str = ""
    number_kind: str = ""
    warranty_months: int | None = None
    delivery_hours: int | None = None
    offer_note: str = ""
    fits: str = "unknown"
    fit_rule: dict[str, Any] = {}
    is_open: bool = True
    """Still asked for: an offer answers each open line once, and no other."""


class ShopQuoteOut(msgspec.Struct):
    """A request and the shop's own quote on it. `best_total_minor` is told in open bidding only, and never whose it is."""

    id: UUID
    order_id: UUID
    order_code: str
    status: Status
    version: int
    revision: int
    currency: str
    total_minor: int
    delivery_fee_minor: int
    available_parts: int
    missing_parts: int
    delivers_at: datetime | None
    distance_m: int
    priority: str
    bidding: str
    needed_by: date | None
    expires_at: datetime | None
    place: str
    car: dict[str, Any]
    order_note: str
    note: str
    decline_reason: str
    best_total_minor: int | None
    lines: list[QuoteLineOut]


def _out(
    order: PartsOrder,
    quote: ShopQuote,
    lines: list[PartsOrderLine],
    offered: dict[UUID, ShopQuoteLine],
) -> ShopQuoteOut:
    best = counter.best_of(order, quote)
    return ShopQuoteOut(
        id=quote.id,
        order_id=order.id,
        order_code=order.code,
        status=quote.status,  # type: ignore[arg-type]
        version=quote.version,
        revision=quote.revision,
        currency=quote.currency,
        total_minor=quote.total_minor,
        delivery_fee_minor=quote.delivery_fee_minor,
        available_parts=quote.available_count,
        missing_parts=quote.missing_count,
        delivers_at=quote.delivers_at,
        distance_m=quote.distance_m,
        priority=order.priority,
        bidding=order.bidding,
        needed_by=order.needed_by,
        expires_at=order.expires_at,
        place=order.place,
        car=order.car,
        order_note=order.note,
        note=quote.note,
        decline_reason=quote.decline_reason,
        best_total_minor=best.total_minor if best else None,
        lines=[_line_out(line, offered.get(line.id)) for line in lines],
    )


def _line_out(line: PartsOrderLine, said: ShopQuoteLine | None) -> QuoteLineOut:
    out = QuoteLineOut(
        line.id, line.name, line.part_number, line.quantity, line.note, line.oem_only, is_open=line.is_open
    )
    if said is None:
        return out
    return msgspec.structs.replace(
        out,
        is_available=said.is_available,
        unit_price_minor=said.unit_price_minor,
        core_charge_minor=said.core_charge_minor,
        brand=said.brand,
        condition=said.condition,
        part_number=said.part_number,
        number_kind=said.number_kind,
        warranty_months=said.warranty_months,
        delivery_hours=said.delivery_hours,
        offer_note=said.note,
        fits=said.fits,
        fit_rule=said.fit_rule,
    )


async def _read(db: AsyncSession, me: Viewer, quote_id: UUID) -> ShopQuoteOut:
    order, quote = await orders.find_quote_by_id(db, me, quote_id=quote_id)
    lines = await orders.lines_of(db, order.id)
    return _out(order, quote, lines, await counter.offered_lines(db, quote))


@post("/shop-quotes/provide-quote", opt=SELL, status_code=201)
async def provide_quote(request: AnyRequest, data: JSONBody[Provided]) -> ShopQuoteOut:
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote_by_id(db, me, order_id=data.order_id)
        await quoting.offer(db, order, quote, data.offer(), version=data.version, by=me)
        return await _read(db, me, quote.id)


@get("/shop-quotes", opt=SELL)
async def list_quotes(
    request: AnyRequest,
    status: FromQuery[Status | None] = None,
    before: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> list[ShopQuoteOut]:
    """What the shop was asked, the newest first; `before` is the id of the last one seen."""
    async with begin(request) as (db, me):
        found = await counter.quotes_of_shop(db, me, status=status or "", before=before, limit=limit)
        lines = await counter.lines_of(db, [order.id for order, _quote in found])
        offered = await orders.lines_of_quotes(db, [quote for _order, quote in found])
        return [_out(order, quote, lines[order.id], offered[quote.id]) for order, quote in found]


@get("/shop-quotes/{quote_id:uuid}", opt=SELL)
async def get_quote(request: AnyRequest, quote_id: FromPath[UUID]) -> ShopQuoteOut:
    async with begin(request) as (db, me):
        return await _read(db, me, quote_id)


@put("/shop-quotes/{quote_id:uuid}", opt=SELL)
async def revise_quote(
    request: AnyRequest, quote_id: FromPath[UUID], data: JSONBody[Revised]
) -> ShopQuoteOut:
    """A new revision; 409 once the buyer has accepted."""
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote_by_id(db, me, quote_id=quote_id)
        await quoting.offer(db, order, quote, data.offer(), version=data.version, by=me)
        return await _read(db, me, quote_id)


@delete("/shop-quotes/{quote_id:uuid}", opt=SELL, status_code=200)
async def withdraw_quote(
    request: AnyRequest, quote_id: FromPath[UUID], version: FromQuery[int | None] = None
) -> ShopQuoteOut:
    """Take the offer back; 409 once the buyer has accepted."""
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote_by_id(db, me, quote_id=quote_id)
        await quoting.withdraw(db, order, quote, version=version, by=me)
        return await _read(db, me, quote_id)


router = Router(
    "/", route_handlers=[provide_quote, list_quotes, get_quote, revise_quote, withdraw_quote], tags=["parts"]
)
