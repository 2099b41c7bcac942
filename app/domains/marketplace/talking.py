"""What a buyer and each shop that was asked write to each other about one request. Before its first offer a shop may ask
something, and the buyer answers; from then on either begins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules
from app.core.errors import NotFound
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import messaging
from app.domains.marketplace import orders
from app.domains.marketplace.models import PartsOrder, Purchase, ShopQuote

KIND: Final = "shop_quote"


@dataclass(frozen=True, slots=True)
class Link:
    """A conversation that is to be had from a page: where it is, and how much of it is new."""

    url: str
    thread_id: UUID
    new: int
    is_begun: bool


async def subject_of(db: AsyncSession, order: PartsOrder, quote: ShopQuote) -> messaging.Subject:
    """The shop reads who buys once it has sold them something."""
    return _subject(order, quote, await _buyers_name(db, quote))


def _subject(order: PartsOrder, quote: ShopQuote, buyer: str = "") -> messaging.Subject:
    return messaging.Subject(
        kind=KIND,
        id=quote.id,
        tenant_id=quote.tenant_id,
        center_id=quote.center_id,
        user_id=quote.user_id,
        buyer_tenant_id=quote.buyer_tenant_id,
        buyer_center_id=order.buyer_center_id,
        title=_("Parts for %(car)s", car=order.car_name),
        business_url=f"/market/requests/{order.code}",
        other_url=f"/parts/orders/{order.code}/offers/{quote.id}",
        business_name=quote.shop_name,
        other_name=buyer or _("The buyer"),
        zone=order.zone,
    )


async def _buyers_name(db: AsyncSession, quote: ShopQuote) -> str:
    bought = select(Purchase.ship_to).where(
        Purchase.tenant_id == quote.tenant_id, Purchase.quote_id == quote.id
    )
    ship_to = await db.scalar(bought.order_by(Purchase.accepted_at).limit(1))
    return str((ship_to or {}).get("name", ""))


async def with_shop(db: AsyncSession, order: PartsOrder, quote_id: UUID) -> messaging.Subject:
    """The buyer's conversation with one shop. Raises NotFound where it is for the shop to begin."""
    quote: ShopQuote | None = await db.scalar(
        select(ShopQuote).where(ShopQuote.id == quote_id, ShopQuote.order_id == order.id)
    )
    if quote is None:
        raise NotFound
    subject = await subject_of(db, order, quote)
    if not quote.revision and not await _begun(db, [messaging.id_of(subject)]):
        raise NotFound
    return subject


async def with_buyer(db: AsyncSession, me: Viewer, code: str) -> messaging.Subject:
    """A shop's conversation about a request it was asked. Raises NotFound once it is too late to begin one."""
    order, quote = await orders.find_quote(db, me, code)
    subject = await subject_of(db, order, quote)
    may_begin = quote.revision or order.is_asking(clock.now())
    if not may_begin and not await _begun(db, [messaging.id_of(subject)]):
        raise NotFound
    return subject


async def of_quote(db: AsyncSession, me: Viewer, quote_id: UUID) -> messaging.Subject:
    """The conversation of whichever side the viewer is on. Raises NotFound."""
    both = select(PartsOrder, ShopQuote).join(ShopQuote, ShopQuote.order_id == PartsOrder.id)
    sides = or_(ShopQuote.tenant_id == me.tenant_id, orders.bought_by(me))
    row = (await db.execute(both.where(ShopQuote.id == quote_id, sides))).first()
    if row is None:
        raise NotFound
    order, quote = row
    if quote.tenant_id == me.tenant_id:
        return await with_buyer(db, me, order.code)
    return await with_shop(db, order, quote.id)


async def _begun(db: AsyncSession, threads: list[UUID]) -> set[UUID]:
    found = await db.scalars(
        select(messaging.Thread.id).where(
            messaging.Thread.id.in_(threads), messaging.Thread.last_message_at.is_not(None)
        )
    )
    return set(found)


async def links_of(
    db: AsyncSession, me: Viewer, order: PartsOrder, quotes: Sequence[ShopQuote]
) -> dict[UUID, Link]:
    """Quote -> the buyer's conversation with its shop, where there is one to be had."""
    subjects = {quote: _subject(order, quote) for quote in quotes}
    begun = await _begun(db, [messaging.id_of(one) for one in subjects.values()])
    unread = await messaging.unread_for(db, me)
    off = await modules.off_at(db, {quote.tenant_id for quote in quotes}, "messages")
    found = {}
    for quote, subject in subjects.items():
        thread = messaging.id_of(subject)
        if (quote.revision or thread in begun) and quote.tenant_id not in off:
            url = f"{subject.other_url}/messages"
            found[quote.id] = Link(url, thread, unread.get(thread, 0), thread in begun)
    return found


def topics_of(order: PartsOrder, quotes: Iterable[ShopQuote]) -> list[str]:
    """What the buyer's page listens to, so that it says when somebody writes."""
    return [messaging.thread_topic(messaging.id_of(_subject(order, quote))) for quote in quotes]


async def link_to_buyer(db: AsyncSession, me: Viewer, order: PartsOrder, quote: ShopQuote) -> Link | None:
    """The shop's conversation about a request, for its page there; None where there is none to be had."""
    subject = _subject(order, quote)
    thread = messaging.id_of(subject)
    is_begun = bool(await _begun(db, [thread]))
    may_begin = quote.revision or order.is_asking(clock.now())
    if not (is_begun or may_begin) or not await modules.is_on(db, quote.tenant_id, "messages"):
        return None
    new = (await messaging.unread_for(db, me)).get(thread, 0)
    return Link(f"{subject.business_url}/messages", thread, new, is_begun)
