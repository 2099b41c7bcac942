"""Orders for parts and offers on them, for the tests of the market."""

from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from app.domains.marketplace import accepting, asking, orders, quoting
from app.domains.marketplace.models import (
    PartsOrder,
    PartsOrderDelivery,
    PartsOrderLine,
    Purchase,
    ShopQuote,
)
from app.domains.marketplace.quoting import LineOffer, Offer
from tests.cast import CAR, CAST, Person
from tests.conftest import viewing

PORTLAND = {
    "place": "Portland",
    "latitude": 43.6591,
    "longitude": -70.2568,
    "country": "US",
    "currency": "USD",
}


async def a_draft(db: AsyncSession, *parts: str, buyer: Person = CAST.customer, **changed: Any) -> PartsOrder:
    """A driver's order for their Honda, or the workshop's where the buyer works for one. The transaction is theirs."""
    me = buyer.viewer
    order = PartsOrder(
        id=new_id(),
        code=orders.new_code(),
        user_id=None if me.tenant_id else me.user_id,
        buyer_tenant_id=me.tenant_id,
        buyer_center_id=me.center_id,
        raised_by_id=me.user_id,
        raised_by_name=me.name,
        vehicle_id=CAR,
        car={
            "name": "2003 Honda Accord",
            "vin": "1HGCM82633A004352",
            "make": "Honda",
            "model": "Accord",
            "year": 2003,
        },
        **{"make": "honda"} | PORTLAND | changed,
    )
    db.add(order)
    await db.flush()
    for position, name in enumerate(parts or ("Brake pads, front",)):
        db.add(
            PartsOrderLine(id=new_id(), order_id=order.id, position=position, name=name, quantity=Decimal(1))
        )
    db.add(
        PartsOrderDelivery(
            order_id=order.id, user_id=order.user_id, buyer_tenant_id=order.buyer_tenant_id, name=me.name,
            phone="+1 207 555 0100", address="9 Elm Street",
        )
    )  # fmt: skip
    await db.flush()
    return order


async def asked(db: AsyncSession, *parts: str, buyer: Person = CAST.customer, **changed: Any) -> PartsOrder:
    """An order that both shops of the cast are asked about."""
    await viewing(db, buyer)
    order = await a_draft(db, *parts, buyer=buyer, **changed)
    return await asking.submit(db, order, by=buyer.viewer)


async def quote_at(db: AsyncSession, order: PartsOrder, seller: Person = CAST.seller) -> ShopQuote:
    """The seller's own quote; the transaction is theirs from here on."""
    await viewing(db, seller)
    _order, quote = await orders.find_quote(db, seller.viewer, order.code)
    return quote


async def an_offer(
    db: AsyncSession, order: PartsOrder, *prices: int | None, currency: str = "USD", **each: Any
) -> Offer:
    """A price in cents for each line that is asked for; None is missing, and what no price is given for is too."""
    lines = await orders.open_lines_of(db, order.id) or await orders.lines_of(db, order.id)
    priced = [*prices, *[None] * (len(lines) - len(prices))]
    return Offer(
        currency=currency,
        lines=[
            LineOffer(
                order_line_id=line.id,
                is_available=price is not None,
                unit_price_minor=price or 0,
                **({"brand": "Akebono", "part_number": f"AKB-{line.position}", "delivery_hours": 4} | each),
            )
            for line, price in zip(lines, priced, strict=True)
        ],
    )


async def offered(
    db: AsyncSession, order: PartsOrder, *prices: int | None, seller: Person = CAST.seller, **each: Any
) -> ShopQuote:
    """A seller offers; afterwards the transaction is the driver's again."""
    quote = await quote_at(db, order, seller)
    wanted = await an_offer(db, order, *prices, **each)
    made = await quoting.offer(db, order, quote, wanted, by=seller.viewer)
    await viewing(db, CAST.customer)
    return made


async def bought(
    db: AsyncSession, order: PartsOrder, *quotes: ShopQuote, buyer: Person = CAST.customer
) -> list[Purchase]:
    """The buyer accepts a quote for each line that is asked for."""
    await viewing(db, buyer)
    lines = await orders.open_lines_of(db, order.id)
    choice = {line.id: quote.id for line, quote in zip(lines, quotes, strict=True)}
    seen = {quote.id: quote.revision for quote in quotes}
    return await accepting.accept(db, order, choice, seen, by=buyer.viewer)
