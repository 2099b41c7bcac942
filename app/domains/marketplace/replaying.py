"""Who won an order, found again from the event log alone: what was offered, in which revision, what stood when the buyer
decided, how it compared, and whether the books say the same."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.tables import EventRow
from app.domains.marketplace import orders
from app.domains.marketplace.comparing import Standing, ranked
from app.domains.marketplace.events import (
    OffersAccepted,
    PartsOrderSubmitted,
    QuoteDeclined,
    QuoteLost,
    QuoteOffered,
    QuoteStandsAgain,
    QuoteWithdrawn,
    ShopAsked,
)
from app.domains.marketplace.models import PartsOrder, Purchase
from app.domains.marketplace.quoting import Offer, line_total, offer_total


class Bid(msgspec.Struct, kw_only=True):
    """A quote as the log tells it."""

    quote_id: UUID
    shop_id: UUID
    distance_m: int = 0
    revision: int = 0
    offer: Offer | None = None
    total_minor: int = 0
    delivers_at: datetime | None = None
    stands: bool = False


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer chose among, and what."""

    round: int
    at: datetime
    ranking: list[Standing]
    """All offers that stood then, best first."""
    chosen: dict[UUID, UUID]
    """Line -> quote."""
    totals: dict[UUID, int]
    """Quote -> what is to be paid for the lines chosen of it, with delivery."""


class Outcome(msgspec.Struct, kw_only=True):
    """Everything the log says of one order."""

    quantities: dict[UUID, Decimal] = {}
    bids: dict[UUID, Bid] = {}
    decisions: list[Decision] = []
    wrong: list[str] = []
    """Where the log contradicts itself."""


class Told(msgspec.Struct, frozen=True):
    """An event of the log."""

    name: str
    at: datetime
    payload: dict[str, Any]


def replay(log: Sequence[Told]) -> Outcome:
    """Go through the log of one order in its order."""
    found = Outcome(quantities={}, bids={}, decisions=[], wrong=[])
    for told in log:
        step = _STEPS.get(told.name)
        if step is not None:
            step(found, told)
    return found


def _submitted(found: Outcome, told: Told) -> None:
    event = msgspec.convert(told.payload, PartsOrderSubmitted)
    found.quantities = {UUID(line): Decimal(many) for line, many in event.quantities.items()}


def _asked(found: Outcome, told: Told) -> None:
    event = msgspec.convert(told.payload, ShopAsked)
    bid = found.bids.setdefault(event.quote_id, Bid(quote_id=event.quote_id, shop_id=event.shop_id))
    bid.distance_m, bid.stands = event.distance_m, False


def _offered(found: Outcome, told: Told) -> None:
    event = msgspec.convert(told.payload, QuoteOffered)
    bid = found.bids.setdefault(event.quote_id, Bid(quote_id=event.quote_id, shop_id=event.shop_id))
    if event.revision != bid.revision + 1:
        found.wrong.append(f"quote {event.quote_id}: revision {event.revision} follows {bid.revision}")
    bid.offer = msgspec.convert(event.offer, Offer)
    bid.revision, bid.delivers_at, bid.stands = event.revision, event.delivers_at, True
    bid.total_minor = offer_total(bid.offer, found.quantities)
    if bid.total_minor != event.total_minor:
        found.wrong.append(
            f"quote {event.quote_id}: its lines make {bid.total_minor}, it says {event.total_minor}"
        )


def _ended(found: Outcome, told: Told) -> None:
    bid = found.bids.get(UUID(told.payload["quote_id"]))
    if bid is not None:
        bid.stands = False


def _again(found: Outcome, told: Told) -> None:
    bid = found.bids.get(UUID(told.payload["quote_id"]))
    if bid is not None and bid.offer is not None:
        bid.stands = True


def _accepted(found: Outcome, told: Told) -> None:
    event = msgspec.convert(told.payload, OffersAccepted)
    standing = [bid for bid in found.bids.values() if bid.stands and bid.offer is not None]
    chosen = {UUID(line): UUID(quote) for line, quote in event.chosen.items()}
    for quote_id, revision in event.revisions.items():
        bid = found.bids.get(UUID(quote_id))
        if bid is None or not bid.stands or bid.revision != revision:
            found.wrong.append(f"quote {quote_id}: revision {revision} was accepted and did not stand")
    found.decisions.append(
        Decision(
            round=event.round,
            at=told.at,
            ranking=ranked([_standing(bid) for bid in standing]),
            chosen=chosen,
            totals={quote: _paid(found, quote, chosen) for quote in dict.fromkeys(chosen.values())},
        )
    )
    for quote in set(chosen.values()):
        if quote in found.bids:
            found.bids[quote].stands = False


def _standing(bid: Bid) -> Standing:
    lines = bid.offer.lines if bid.offer else []
    available = sum(1 for line in lines if line.is_available)
    return Standing(
        quote_id=bid.quote_id,
        available=available,
        missing=len(lines) - available,
        total_minor=bid.total_minor,
        delivers_at=bid.delivers_at,
        distance_m=bid.distance_m,
    )


def _paid(found: Outcome, quote: UUID, chosen: dict[UUID, UUID]) -> int:
    bid = found.bids.get(quote)
    if bid is None or bid.offer is None:
        return 0
    lines = [line for line in bid.offer.lines if chosen.get(line.order_line_id) == quote]
    parts = sum(line_total(line, found.quantities[line.order_line_id]) for line in lines)
    return parts + bid.offer.delivery_fee_minor


_STEPS = {
    PartsOrderSubmitted.__name__: _submitted,
    ShopAsked.__name__: _asked,
    QuoteOffered.__name__: _offered,
    QuoteDeclined.__name__: _ended,
    QuoteWithdrawn.__name__: _ended,
    QuoteLost.__name__: _ended,
    QuoteStandsAgain.__name__: _again,
    OffersAccepted.__name__: _accepted,
}


async def log_of(db: AsyncSession, order: PartsOrder) -> list[Told]:
    """The order's events as they were numbered; what is not numbered yet comes last."""
    rows = await db.scalars(
        select(EventRow)
        .where(EventRow.subject_id == order.id)
        .order_by(EventRow.seq.asc().nulls_last(), EventRow.id)
    )
    return [Told(row.name, row.created_at, row.payload) for row in rows]


async def against_the_books(db: AsyncSession, order: PartsOrder, found: Outcome) -> list[str]:
    """Where purchases and log say different things; nothing when they agree."""
    wrong = list(found.wrong)
    purchases: list[Purchase] = await orders.purchases_of(db, order.id)
    booked = sorted((one.quote_id, one.total_minor) for one in purchases)
    told = sorted((quote, total) for one in found.decisions for quote, total in one.totals.items())
    if booked != told:
        wrong.append(f"the books hold {booked}, the log makes {told}")
    bought = await orders.lines_of_purchases(db, purchases)
    for purchase in purchases:
        lines = {line.order_line_id for line in bought[purchase.id]}
        chosen = {
            line
            for one in found.decisions
            for line, quote in one.chosen.items()
            if quote == purchase.quote_id
        }
        if not lines <= chosen:
            wrong.append(f"purchase {purchase.id} holds lines that nobody chose of its shop")
    return wrong
