"""The buyer decides: one whole offer, or lines of several shops. Once for each order, however many taps and tabs."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.money import rounded
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.marketplace import arrival, asking, orders, paying_ways
from app.domains.marketplace.events import OffersAccepted, QuoteWon
from app.domains.marketplace.models import (
    ASKING,
    PartsOrder,
    PartsOrderLine,
    Purchase,
    PurchaseLine,
    ShopQuote,
    ShopQuoteLine,
)
from app.domains.marketplace.moves import move_order, move_quote
from app.domains.marketplace.purchases import must_buy
from app.domains.marketplace.quoting import line_total
from app.domains.marketplace.telling import as_seller, tell, tell_quote
from app.domains.network.models import ServiceCenter

PAY_WITHIN = timedelta(hours=1)
"""A seller does not wait longer for money that was promised."""

CONFIRM_WITHIN = timedelta(hours=24)
"""Nor does a buyer wait longer to hear that the shop has it."""

Choice = Mapping[UUID, UUID]
"""Line of the order -> the quote it is accepted from. What is not in it the buyer does without."""


class OfferChanged(Refused):
    """The offer is not what the buyer saw when they pressed the button."""


async def accept(
    db: AsyncSession, order: PartsOrder, choice: Choice, seen: Mapping[UUID, int], *, by: Viewer
) -> list[Purchase]:
    """Accept lines from the offers they were chosen of; `seen` holds the revision of each chosen offer that the buyer
    was shown. The other shops are told; what nobody was chosen for is given up. Raises Invalid, Refused, Forbidden."""
    must_buy(by)  # also what is paid on delivery is bought from here on
    order = await orders.hold(db, order.id)
    lines = {line.id: line for line in await orders.lines_of(db, order.id)}
    open_lines = {key: line for key, line in lines.items() if line.is_open}
    _check_choice(order, choice, set(open_lines))
    quotes = {quote.id: quote for quote in await orders.quotes_of(db, order.id, "offered")}
    _check_quotes(choice, seen, quotes)
    offered = await orders.lines_of_quotes(db, [quotes[one] for one in dict.fromkeys(choice.values())])
    for line_id, quote_id in choice.items():
        found = offered[quote_id].get(line_id)
        if found is None or not found.is_available:
            raise Refused(_("“%(part)s” is not in that offer.", part=lines[line_id].name))
    given_up = [line for key, line in open_lines.items() if key not in choice]
    for line in open_lines.values():
        line.given_up = line in given_up
        line.is_bought = not line.given_up
    move_order(order, "accepted")
    order.decided_at = clock.now()
    winners = [quotes[one] for one in dict.fromkeys(choice.values())]
    ship_to = await _ship_to(db, order, by)
    decided = {
        "chosen": {str(line): str(quote) for line, quote in choice.items()},
        "revisions": {str(quote.id): quote.revision for quote in winners},
        "given_up": [str(line.id) for line in given_up],
    }
    await tell(db, OffersAccepted, order, by=by, **decided)
    await asking.close_quotes(db, order, "lost", "chosen_elsewhere", but=winners, by=by)
    purchases = []
    for quote in winners:
        parts = {key: offered[quote.id][key] for key, one in choice.items() if one == quote.id}
        async with as_seller(db, quote.tenant_id):
            purchases.append(await _buy(db, order, quote, lines, parts, ship_to, by=by))
    order.round += 1
    return purchases


def check_open(order: PartsOrder) -> None:
    """Raises Refused when there is nothing to decide any more."""
    if order.status not in (*ASKING, "draft", "expired", "cancelled"):
        raise Refused(_("This order is decided already."), audit="parts_order.illegal_move")
    if not order.is_asking(clock.now()):
        raise Refused(_("The time for offers is over."), audit="parts_order.illegal_move")


def _check_choice(order: PartsOrder, choice: Choice, open_lines: set[UUID]) -> None:
    check_open(order)
    if not choice:
        raise Invalid({"choice": _("Choose an offer for at least one part.")})
    if not set(choice) <= open_lines:
        raise Refused(_("One of these parts is bought already."), audit="parts_order.illegal_move")


def _check_quotes(choice: Choice, seen: Mapping[UUID, int], quotes: Mapping[UUID, ShopQuote]) -> None:
    for quote_id in dict.fromkeys(choice.values()):
        quote = quotes.get(quote_id)
        if quote is None:
            raise Refused(
                _("That offer no longer stands. Please look again."), audit="shop_quote.illegal_move"
            )
        if quote.valid_until is not None and quote.valid_until <= clock.now():
            raise Refused(
                _("The offer of %(shop)s no longer holds. Choose another one.", shop=quote.shop_name),
                audit="shop_quote.illegal_move",
            )
        if seen.get(quote_id) != quote.revision:
            raise OfferChanged(
                _("%(shop)s has changed the offer meanwhile. Please look again.", shop=quote.shop_name),
                audit="shop_quote.stale",
            )


async def _buy(
    db: AsyncSession,
    order: PartsOrder,
    quote: ShopQuote,
    lines: Mapping[UUID, PartsOrderLine],
    offered: Mapping[UUID, ShopQuoteLine],
    ship_to: dict[str, str],
    *,
    by: Viewer,
) -> Purchase:
    """One seller's part, written into their books: the transaction has entered their tenant."""
    now = clock.now()
    method = await paying_ways.way_of(db, quote.tenant_id, quote.shop_id)
    if not method:
        raise Refused(
            _("%(shop)s cannot be paid just now. Please choose another offer.", shop=quote.shop_name)
        )
    center = await db.get_one(ServiceCenter, quote.center_id)
    hours = max(line.delivery_hours for line in offered.values())
    parts = sum(line_total(line, line.quantity) for line in offered.values())
    cores = sum(rounded(line.core_charge_minor * line.quantity) for line in offered.values())
    purchase = Purchase(
        id=new_id(),
        tenant_id=quote.tenant_id,
        order_id=order.id,
        quote_id=quote.id,
        shop_id=quote.shop_id,
        center_id=quote.center_id,
        user_id=order.user_id,
        buyer_tenant_id=order.buyer_tenant_id,
        status="accepted",
        payment_method=method,
        payment_status="pending",
        currency=quote.currency,
        total_minor=parts + quote.delivery_fee_minor,
        tax_minor=contained_tax(parts - cores + quote.delivery_fee_minor, center.tax_rate),
        core_minor=cores,
        delivery_fee_minor=quote.delivery_fee_minor,
        paid_minor=0,
        refunded_minor=0,
        ship_to=ship_to,
        delivers_at=await arrival.there_by(db, quote.center_id, hours, start=now),
        accepted_at=now,
        pay_by=now + PAY_WITHIN if method == "card" else None,
        confirm_by=None if method == "card" else now + CONFIRM_WITHIN,
        version=1,
    )
    db.add(purchase)
    await db.flush()
    for line_id, one in offered.items():
        db.add(
            PurchaseLine(
                tenant_id=quote.tenant_id,
                purchase_id=purchase.id,
                order_line_id=line_id,
                is_live=True,
                name=lines[line_id].name,
                part_number=one.part_number,
                brand=one.brand,
                condition=one.condition,
                quantity=one.quantity,
                unit_price_minor=one.unit_price_minor,
                core_charge_minor=one.core_charge_minor,
                warranty_months=one.warranty_months,
                fits=one.fits,
                fit_rule=one.fit_rule,
            )
        )
    move_quote(quote, "accepted")
    try:
        await db.flush()
    except IntegrityError as taken:  # the index that holds every line to one buyer's decision
        raise Refused(_("One of these parts is bought already."), audit="parts_order.illegal_move") from taken
    won = {"purchase_id": purchase.id, "total_minor": purchase.total_minor, "currency": purchase.currency}
    await tell_quote(db, QuoteWon, order, quote, by=by, **won)
    return purchase


def contained_tax(gross_minor: int, rate: Decimal) -> int:
    """The tax inside a price that contains it, at a share such as 0.19; minor units, half up."""
    return gross_minor - int((gross_minor / (1 + rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


async def _ship_to(db: AsyncSession, order: PartsOrder, by: Viewer) -> dict[str, str]:
    """The exact address goes to whoever has sold, and to nobody else who was asked."""
    delivery = await orders.delivery_of(db, order.id)
    return {
        "name": delivery.name if delivery else by.name,
        "phone": delivery.phone if delivery else "",
        "address": delivery.address if delivery else "",
        "note": delivery.note if delivery else "",
        "place": order.place,
    }
