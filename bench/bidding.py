"""Shops that bid at a rate, in a process of their own: reads a plan from stdin, prints a line for each commit.

With `bare` in the plan the same is only published, for the handler of `bench/bare_bell.py`.
"""

import asyncio
import sys
import time
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from app.core import db as core_db
from app.core.db import transaction
from app.core.viewer import Viewer
from app.domains.marketplace import orders, quoting
from app.domains.marketplace.models import ShopQuote
from app.domains.marketplace.quoting import LineOffer, Offer
from app.settings import settings
from bench.bare_bell import CHANNEL

DEAREST = 150_000
"""Every bid is a cent below all before it, so that a page shows which it has seen."""


class Bidder(msgspec.Struct, frozen=True):
    """A shop that was asked, and who answers there."""

    order_id: UUID
    code: str
    quote_id: UUID
    tenant_id: UUID
    user_id: UUID


class Plan(msgspec.Struct, frozen=True):
    bidders: list[Bidder]
    rate: float
    """Bids a second; they do not wait for each other."""
    count: int
    bare: bool = False


class Bid(msgspec.Struct, frozen=True):
    """What was committed, and when by the machine's clock."""

    code: str
    quote_id: UUID
    total_minor: int
    at: float
    took: float


async def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    core_db.connect(settings().sqlalchemy_url)
    redis = Redis.from_url(settings().redis_url)
    turns = {one.quote_id: asyncio.Lock() for one in plan.bidders}
    begun = time.time()
    at_work = []
    for number in range(plan.count):
        await asyncio.sleep(max(0.0, begun + number / plan.rate - time.time()))
        bidder = plan.bidders[number % len(plan.bidders)]
        at_work.append(asyncio.create_task(_bid(bidder, number, turns[bidder.quote_id], redis, plan.bare)))
    await asyncio.gather(*at_work)
    await redis.aclose()
    await core_db.disconnect()


async def _bid(bidder: Bidder, number: int, turn: asyncio.Lock, redis: Redis, bare: bool) -> None:
    total = DEAREST - number
    async with turn:
        began = time.time()
        if bare:
            at = time.time()
            await redis.publish(CHANNEL + bidder.code, str(total))
        else:
            await offer(bidder, total)
            at = time.time()
    bid = Bid(bidder.code, bidder.quote_id, total, at, time.time() - began)
    sys.stdout.buffer.write(msgspec.json.encode(bid) + b"\n")
    sys.stdout.buffer.flush()


async def offer(bidder: Bidder, total_minor: int) -> None:
    """An offer of everything that is asked for, the first part at the price and the others for a cent."""
    me = Viewer(kind="person", user_id=bidder.user_id, name="Bidder", tenant_id=bidder.tenant_id)
    async with transaction(user=bidder.user_id, tenant=bidder.tenant_id) as db:
        order, quote = await orders.find_quote(db, me, bidder.code)
        await quoting.offer(db, order, quote, await _all_parts(db, quote, order.currency, total_minor), by=me)


async def _all_parts(db: core_db.AsyncSession, quote: ShopQuote, currency: str, total_minor: int) -> Offer:
    lines = await orders.lines_of(db, quote.order_id)
    prices = [total_minor - len(lines) + 1, *[1] * (len(lines) - 1)]
    return Offer(
        currency=currency,
        lines=[
            LineOffer(order_line_id=line.id, unit_price_minor=price, brand="Akebono", delivery_hours=4)
            for line, price in zip(lines, prices, strict=True)
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
