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
    PartsGivenUp,
    PartsOrderSubmitted,
    PurchaseMoved,
    QuoteDeclined,
    QuoteLost,
    QuoteOffered,
    QuoteStandsAgain,
    QuoteWithdrawn,
    ShopAsked,
)
from app.domains.marketplace.models import PartsOrder, Purchase
from app.domains.marketplace.quoting import Counted, Offer, counted, line_total


class Bid(msgspec.Struct, kw_only=True):
    """A quote as the log tells it."""

    quote_id: UUID
    shop_id: UUID
    distance_m: int = 0
    revision: int = 0
    offer: Offer | None = None
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
    open_lines: set[UUID] = set()
    """What is still asked for."""
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
    found = Outcome(quantities={}, open_lines=set(), bids={}, decisions=[], wrong=[])
    for told in log:
        step = _STEPS.get(told.name)
        if step is not None:
            step(found, told)
    return found


def _submitted(found: Outcome, told: Told) -> None:
    event = msgspec.convert(told.payload, PartsOrderSubmitted)
    asked = {UUID(line): Decimal(many) for line, many in event.quantities.items()}
    found.quantities |= asked
    found.open_lines = {*asked}


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
    _check_total(found, bid, event.total_minor)


def _counted(found: Outcome, bid: Bid) -> Counted:
    assert bid.offer is not None
    asked = {line: many for line, many in found.quantities.items() if line in found.open_lines}
    return counted(bid.offer.lines, bid.offer.delivery_fee_minor, asked)


def _check_total(found: Outcome, bid: Bid, said: int) -> None:
    if (total := _counted(found, bid).total_minor) != said:
        found.wrong.append(f"quote {bid.quote_id}: its lines make {total}, it says {said}")


def _ended(found: Outcome, told: Told) -> None:
    bid = found.bids.get(UUID(told.payload["quote_id"]))
    if bid is not None:
        bid.stands = False


def _again(found: Outcome, told: Told) -> None:
    event = msgspec.convert(told.payload, QuoteStandsAgain)
    bid = found.bids.get(event.quote_id)
    if bid is not None and bid.offer is not None:
        bid.stands, bid.delivers_at, bid.revision = True, event.delivers_at, event.revision
        _check_total(found, bid, event.total_minor)


def _given_up(found: Outcome, told: Told) -> None:
    found.open_lines -= {UUID(line) for line in told.payload["lines"]}


def _moved(found: Outcome, told: Told) -> None:
    found.open_lines |= {UUID(line) for line in msgspec.convert(told.payload, PurchaseMoved).lines}


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
            ranking=ranked([_standing(found, bid) for bid in standing]),
            chosen=chosen,
            totals={quote: _paid(found, quote, chosen) for quote in dict.fromkeys(chosen.values())},
        )
    )
    found.open_lines.clear()  # bought, or given up
    for quote in set(chosen.values()):
        if quote in found.bids:
            found.bids[quote].stands = False


def _standing(found: Outcome, bid: Bid) -> Standing:
    comes_to = _counted(found, bid)
    return Standing(
        quote_id=bid.quote_id,
        available=comes_to.available,
        missing=comes_to.missing,
        total_minor=comes_to.total_minor,
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
    PartsGivenUp.__name__: _given_up,
    PurchaseMoved.__name__: _moved,
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
