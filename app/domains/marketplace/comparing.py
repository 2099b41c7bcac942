"""Offers side by side: complete baskets first, then whatever matters to the buyer; and what each is best at."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.marketplace import fitting, orders
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, ShopQuote, ShopQuoteLine
from app.domains.network.models import ServiceCenter
from app.domains.parts_shops.models import PartsShop


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What offers are compared by. The log holds all of it, so the order of the offers can be found again."""

    quote_id: UUID
    available: int
    missing: int
    total_minor: int
    delivers_at: datetime | None
    distance_m: int
    score: Decimal = Decimal(50)


Key = tuple[Any, ...]

BY: Final[dict[str, Callable[[Standing], Key]]] = {
    "best": lambda one: (one.total_minor, _time(one), one.distance_m),
    "total": lambda one: (one.total_minor, _time(one)),
    "delivery": lambda one: (_time(one), one.total_minor),
    "distance": lambda one: (one.distance_m, one.total_minor),
    "score": lambda one: (-one.score, one.total_minor),
}
"""What comes first, after completeness. Of two equal ones the one with the smaller id, so that the order is always the same."""


def _time(one: Standing) -> float:
    return one.delivers_at.timestamp() if one.delivers_at else float("inf")


def ranked(offers: Sequence[Standing], by: str = "best") -> list[Standing]:
    """Best first: whoever brings more of what was asked for stands before everybody who brings less."""
    return sorted(offers, key=lambda one: (one.missing, *BY[by](one), one.quote_id))


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An offer as the buyer compares it."""

    quote: ShopQuote
    lines: dict[UUID, ShopQuoteLine]
    """By the line of the order; only what is still asked for."""
    shop: PartsShop
    slug: str
    """Of the shop's public page."""
    is_best_at: frozenset[str]
    """total, delivery, distance, score: where there is somebody to be better than. The first two are only said of complete
    offers; how near a shop is and what is thought of it have nothing to do with what it has."""

    @property
    def fitting(self) -> int:
        """How many parts are proven to fit."""
        return sum(1 for line in self.there if fitting.is_proven(line.fits, line.fit_rule))

    @property
    def there(self) -> list[ShopQuoteLine]:
        """What is offered of it."""
        return [line for line in self.lines.values() if line.is_available]

    @property
    def conditions(self) -> list[str]:
        """new, used, rebuilt: what is in it."""
        return sorted({line.condition for line in self.there})


class Wanted(msgspec.Struct, frozen=True):
    """How the buyer looks at the offers."""

    sort: str = "best"
    complete: bool = False
    fits: bool = False
    new: bool = False


async def offers(
    db: AsyncSession,
    order: PartsOrder,
    wanted: Wanted,
    *,
    among: Sequence[ShopQuote] | None = None,
    lines: Sequence[PartsOrderLine] | None = None,
) -> list[Shown]:
    """The offers on an order, compared; `among` and `lines` are what has been read of its quotes and its lines already."""
    read = await orders.quotes_of(db, order.id) if among is None else among
    quotes = {quote.id: quote for quote in read if quote.status == "offered"}
    wanted_lines = await orders.lines_of(db, order.id) if lines is None else lines
    asked = {line.id for line in wanted_lines if line.is_open}
    offered = await orders.lines_of_quotes(db, list(quotes.values()))
    found = await db.execute(
        select(PartsShop, ServiceCenter.slug)
        .join(ServiceCenter, ServiceCenter.id == PartsShop.center_id)
        .where(PartsShop.id.in_({quote.shop_id for quote in quotes.values()}))
    )
    slugs: dict[UUID, str] = {}
    shops: dict[UUID, PartsShop] = {}
    for shop, slug in found:
        shops[shop.id], slugs[shop.id] = shop, slug
    standings = [_standing(quote, shops[quote.shop_id]) for quote in quotes.values()]
    rated = {one.quote_id for one in standings if shops[quotes[one.quote_id].shop_id].rating_count}
    best = _best(standings)
    best["score"] = best.get("score", set()) & rated
    sort = wanted.sort if wanted.sort in BY else "best"
    shown = [
        Shown(
            quote=quotes[one.quote_id],
            lines={key: line for key, line in offered[one.quote_id].items() if key in asked},
            shop=shops[quotes[one.quote_id].shop_id],
            slug=slugs[quotes[one.quote_id].shop_id],
            is_best_at=frozenset(what for what, ids in best.items() if one.quote_id in ids),
        )
        for one in ranked(standings, sort)
    ]
    return [one for one in shown if _passes(one, wanted)]


def _passes(one: Shown, wanted: Wanted) -> bool:
    return not (
        (wanted.complete and one.quote.missing_count)
        or (wanted.fits and one.fitting < one.quote.available_count)
        or (wanted.new and one.conditions != ["new"])
    )


def _standing(quote: ShopQuote, shop: PartsShop) -> Standing:
    return Standing(
        quote_id=quote.id,
        available=quote.available_count,
        missing=quote.missing_count,
        total_minor=quote.total_minor,
        delivers_at=quote.delivers_at,
        distance_m=quote.distance_m,
        score=shop.score,
    )


def _best(standings: Sequence[Standing]) -> dict[str, set[UUID]]:
    complete = [one for one in standings if not one.missing]
    found = {}
    for what in ("total", "delivery", "distance", "score"):
        keys = {
            one.quote_id: BY[what](one)[0]
            for one in (complete if what in ("total", "delivery") else standings)
        }
        if len(set(keys.values())) > 1:
            top = min(keys.values())
            found[what] = {quote for quote, key in keys.items() if key == top}
    return found
