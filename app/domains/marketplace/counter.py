"""What the counter of a parts shop sees: the requests it was asked, by what became of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import NotFound
from app.core.tables import File
from app.core.viewer import Viewer
from app.domains.marketplace import orders, paying_ways
from app.domains.marketplace.models import (
    ASKING,
    QUOTE_MOVES,
    PartsOrder,
    PartsOrderLine,
    PartsOrderPhoto,
    Purchase,
    QuoteRevision,
    ShopQuote,
    ShopQuoteLine,
)
from app.domains.network.models import ServiceCenter
from app.domains.parts_shops.models import PartsShop, PartsShopTerms

Tab = Literal["new", "offered", "won", "past"]
TABS: tuple[Tab, ...] = ("new", "offered", "won", "past")
MOST_SHOWN = 200


class Place(msgspec.Struct, frozen=True):
    """The shop behind the counter, and whether it can sell."""

    center: ServiceCenter
    shop: PartsShop | None
    terms: PartsShopTerms | None
    way: str
    """How it is paid; empty when it cannot be yet."""

    @property
    def obstacle(self) -> str:
        """Why it gets no requests, or cannot answer them: no_shop, pending_verification, suspended, inactive, no_payment;
        empty when nothing stands in the way."""
        if self.shop is None:
            return "no_shop"
        if self.shop.status != "active":
            return self.shop.status
        return "" if self.way else "no_payment"


class Best(msgspec.Struct, frozen=True):
    """In open bidding the lowest total of a complete offer, and whether it is one's own. Never whose it is otherwise."""

    total_minor: int
    is_ours: bool


class Entry(msgspec.Struct, frozen=True):
    """A request on the board."""

    order: PartsOrder
    quote: ShopQuote
    lines: list[PartsOrderLine]
    photos: list[File]
    best: Best | None


class Board(msgspec.Struct, frozen=True):
    entries: list[Entry]
    counts: dict[Tab, int]
    unseen: int
    makes: list[str]
    """Of all requests in this tab, for the filter."""


async def place_of(db: AsyncSession, me: Viewer) -> Place:
    """Raises NotFound for somebody who works at no counter."""
    row = (
        await db.execute(
            select(ServiceCenter, PartsShop, PartsShopTerms)
            .outerjoin(
                PartsShop,
                and_(PartsShop.tenant_id == ServiceCenter.tenant_id, PartsShop.center_id == ServiceCenter.id),
            )
            .outerjoin(
                PartsShopTerms,
                and_(PartsShopTerms.tenant_id == PartsShop.tenant_id, PartsShopTerms.shop_id == PartsShop.id),
            )
            .where(
                ServiceCenter.tenant_id == me.tenant_id,
                *([ServiceCenter.id == me.center_id] if me.center_id else []),
            )
            .order_by(PartsShop.id.is_(None))
            .limit(1)
        )
    ).first()
    if row is None:
        raise NotFound
    center, shop, terms = row
    way = await paying_ways.way_of(db, shop.tenant_id, shop.id) if shop else ""
    return Place(center, shop, terms, way)


async def board(db: AsyncSession, me: Viewer, tab: Tab, *, make: str = "", by: str = "expiry") -> Board:
    """A tab of the board, and how many stand in each. Four queries, however many requests there are."""
    now = clock.now()
    where = _tab(now)
    counted = (
        await db.execute(
            select(where.label("tab"), PartsOrder.make, func.count(), func.count(ShopQuote.seen_at))
            .join(PartsOrder, PartsOrder.id == ShopQuote.order_id)
            .where(orders.asked_at(me))
            .group_by("tab", PartsOrder.make)
        )
    ).all()
    counts: Counter[str] = Counter()
    for one, _make, count, _seen in counted:
        counts[one] += count
    only = [PartsOrder.make == make] if make else []
    rows = await db.execute(
        select(PartsOrder, ShopQuote)
        .join(PartsOrder, PartsOrder.id == ShopQuote.order_id)
        .where(orders.asked_at(me), where == tab, *only)
        .order_by(*_order(tab, by))
        .limit(MOST_SHOWN)
    )
    found = [(order, quote) for order, quote in rows]
    ids = [order.id for order, _quote in found]
    lines = await lines_of(db, ids)
    photos = await photos_of(db, ids)
    entries = [
        Entry(
            order,
            quote,
            lines[order.id],
            [file for line in lines[order.id] for file in photos.get(line.id, ())],
            best_of(order, quote),
        )
        for order, quote in found
    ]
    return Board(
        entries,
        {one: counts[one] for one in TABS},
        sum(count - seen for one, _make, count, seen in counted if one == "new"),
        sorted({made for one, made, _count, _seen in counted if one == tab}),
    )


def _tab(now: datetime) -> ColumnElement[str]:
    """Where a request stands. One whose time is over is past before the clock has closed it."""
    return case(
        (
            and_(ShopQuote.status == "invited", PartsOrder.status.in_(ASKING), PartsOrder.expires_at > now),
            "new",
        ),
        (and_(ShopQuote.status == "offered", PartsOrder.status.in_(ASKING)), "offered"),
        (ShopQuote.status.in_(("accepted", "fulfilled")), "won"),
        else_="past",
    )


def _order(tab: Tab, by: str) -> tuple[ColumnElement[Any], ...]:
    if by == "distance":
        return (ShopQuote.distance_m.asc(), ShopQuote.id.asc())
    if tab in ("new", "offered"):
        return (PartsOrder.expires_at.asc(), ShopQuote.id.asc())
    return (PartsOrder.submitted_at.desc(), ShopQuote.id.desc())


async def lines_of(db: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[PartsOrderLine]]:
    """Order -> the parts it asks for, of several orders."""
    found: dict[UUID, list[PartsOrderLine]] = {one: [] for one in ids}
    rows = await db.scalars(
        select(PartsOrderLine).where(PartsOrderLine.order_id.in_(ids)).order_by(PartsOrderLine.position)
    )
    for line in rows:
        found[line.order_id].append(line)
    return found


async def photos_of(db: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, list[File]]:
    """Line -> its photos, of several orders."""
    rows = await db.execute(
        select(PartsOrderPhoto.line_id, File)
        .join(File, File.id == PartsOrderPhoto.file_id)
        .where(PartsOrderPhoto.order_id.in_(list(ids)))
        .order_by(PartsOrderPhoto.id)
    )
    found: dict[UUID, list[File]] = {}
    for line_id, file in rows:
        found.setdefault(line_id, []).append(file)
    return found


def best_of(order: PartsOrder, quote: ShopQuote) -> Best | None:
    """None in sealed bidding, and while nobody offers everything."""
    if order.bidding != "open" or order.best_total_minor is None or order.status not in ASKING:
        return None
    ours = quote.status == "offered" and quote.is_complete and quote.total_minor <= order.best_total_minor
    return Best(order.best_total_minor, ours)


def may_offer(order: PartsOrder, quote: ShopQuote) -> bool:
    """Whether the buyer still waits and this shop may answer."""
    return order.is_asking(clock.now()) and "offered" in QUOTE_MOVES[quote.status]


async def offered_lines(db: AsyncSession, quote: ShopQuote) -> dict[UUID, ShopQuoteLine]:
    """Line of the order -> what the shop offers for it now."""
    return (await orders.lines_of_quotes(db, [quote]))[quote.id]


async def revisions_of(db: AsyncSession, quote: ShopQuote) -> list[QuoteRevision]:
    """As the quote once stood, the newest first."""
    rows = await db.scalars(
        select(QuoteRevision)
        .where(QuoteRevision.tenant_id == quote.tenant_id, QuoteRevision.quote_id == quote.id)
        .order_by(QuoteRevision.revision.desc())
    )
    return list(rows)


async def sale_of(db: AsyncSession, quote: ShopQuote) -> Purchase | None:
    """What was bought of this quote last."""
    found: Purchase | None = await db.scalar(
        select(Purchase)
        .where(Purchase.tenant_id == quote.tenant_id, Purchase.quote_id == quote.id)
        .order_by(Purchase.accepted_at.desc(), Purchase.id.desc())
        .limit(1)
    )
    return found


async def quotes_of_shop(
    db: AsyncSession, me: Viewer, *, status: str = "", before: UUID | None = None, limit: int
) -> list[tuple[PartsOrder, ShopQuote]]:
    """The shop's quotes, the newest first."""
    wanted = [ShopQuote.status == status] if status else []
    older = [ShopQuote.id < before] if before else []
    rows = await db.execute(
        select(PartsOrder, ShopQuote)
        .join(PartsOrder, PartsOrder.id == ShopQuote.order_id)
        .where(orders.asked_at(me), *wanted, *older)
        .order_by(ShopQuote.id.desc())
        .limit(limit)
    )
    return [(order, quote) for order, quote in rows]
