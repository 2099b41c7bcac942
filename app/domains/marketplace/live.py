"""Who is rung when something happens on the market. An audience re-reads its own fragment."""

from collections.abc import Iterable
from uuid import UUID

from app.core.live import Ring
from app.domains.marketplace.events import OfPartsOrder, OfShopQuote, QuoteDeclined
from app.domains.workshop import parts_topic


def order_topic(order_id: UUID) -> str:
    """Whoever looks at a buyer's order."""
    return f"parts_order:{order_id}"


def market_topic(center_id: UUID) -> str:
    """A parts shop's people."""
    return f"center:{center_id}:market"


def bids_topic(order_id: UUID) -> str:
    """The shops that were asked about an order in open bidding: that the best total may have changed, never by whom."""
    return f"parts_order:{order_id}:bids"


def ring_status(event: OfPartsOrder) -> Iterable[Ring]:
    """The buyer's page: where the order stands."""
    yield Ring(order_topic(event.parts_order_id), "order-status-update")
    yield from _ring_job(event)


def _ring_job(event: OfPartsOrder) -> Iterable[Ring]:
    """The workshop's pages that show the job it is for."""
    if event.job_id:
        yield Ring(parts_topic(event.job_id), "order-status-update")


def ring_offers(event: OfShopQuote) -> Iterable[Ring]:
    """The buyer's page: the offers. In open bidding the other shops too, unless somebody only declines: there may be
    another best total."""
    yield Ring(order_topic(event.parts_order_id), "new-quote")
    yield from _ring_job(event)
    if event.bidding == "open" and not isinstance(event, QuoteDeclined):
        yield Ring(bids_topic(event.parts_order_id), "new-quote")


def ring_asked(event: OfShopQuote) -> Iterable[Ring]:
    """The shop's board: a new request."""
    yield Ring(market_topic(event.center_id), "new-parts-order")


def ring_shop(event: OfShopQuote) -> Iterable[Ring]:
    """The shop's board and the request's page there."""
    yield Ring(market_topic(event.center_id), "quote-response")


def ring_sale(event: OfShopQuote) -> Iterable[Ring]:
    """Both sides of a purchase."""
    yield from ring_status(event)
    yield Ring(market_topic(event.center_id), "order-status-update")
