"""What goes wrong in the middle of bidding: no bell, a lost connection, everybody at once. Nothing is lost, one wins."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, live, relay
from app.core.db import transaction
from app.core.errors import Invalid, NotFound, Refused
from app.core.tables import Delivery, EventRow
from app.core.viewer import Viewer
from app.domains.marketplace import accepting, asking, deal_paying, orders, quoting
from app.domains.marketplace.live import bids_topic, market_topic, order_topic
from app.domains.marketplace.models import PartsOrder, PurchaseLine, PurchasePayment, ShopQuote
from app.domains.marketplace.replaying import against_the_books, log_of, replay
from app.settings import settings
from tests import market
from tests.cast import CAST, Cast, Person
from tests.conftest import viewing
from tests.market import a_draft, an_offer, quote_at

SYSTEM = Viewer.system(None)


async def _asked(*parts: str, **changed: str) -> PartsOrder:
    async with transaction() as db:
        await viewing(db, CAST.customer)
        return await asking.submit(db, await a_draft(db, *parts, **changed), by=CAST.customer.viewer)


async def _offer(order: PartsOrder, *prices: int | None, seller: Person = CAST.seller) -> ShopQuote:
    async with transaction() as db:
        quote = await quote_at(db, order, seller)
        wanted = await an_offer(db, order, *prices)
        return await quoting.offer(db, order, quote, wanted, by=seller.viewer)


async def _withdraw(order: PartsOrder, seller: Person = CAST.seller) -> None:
    async with transaction() as db:
        quote = await quote_at(db, order, seller)
        await quoting.withdraw(db, order, quote, by=seller.viewer)


async def _accept(order: PartsOrder, choice: dict[UUID, UUID], seen: dict[UUID, int]) -> None:
    async with transaction() as db:
        await viewing(db, CAST.customer)
        await accepting.accept(db, order, choice, seen, by=CAST.customer.viewer)


async def _expire(order: PartsOrder) -> bool:
    async with transaction() as db:
        await viewing(db, CAST.customer)
        return await asking.expire(db, order, by=SYSTEM)


async def _due(order: PartsOrder, at: datetime) -> None:
    async with transaction() as db:
        await viewing(db, CAST.customer)
        fresh = await orders.hold(db, order.id)
        fresh.expires_at = at


async def _disagreements(order: PartsOrder) -> list[str]:
    """Between the log and the books."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        return await against_the_books(db, order, replay(await log_of(db, order)))


@pytest.fixture
async def listener(site: str) -> AsyncIterator[live.Listener]:
    async with live.listening(None):
        assert live._listener
        yield live._listener


async def _last() -> int:
    """Where the log ends."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        return await db.scalar(select(func.max(EventRow.seq))) or 0


async def _heard(topics: list[str], after: int, count: int, seconds: float = 8) -> list[str]:
    """The first signals of a stream that is opened at a cursor."""
    got: list[str] = []
    stream = live.signals(topics, after)
    async with asyncio.timeout(seconds):
        async for chunk in stream:
            if chunk.startswith(b"id:"):
                got.append(chunk.decode().split("\n")[1].removeprefix("event: "))
                if len(got) == count:
                    break
    return got


# --- no bell ---


async def test_without_valkey_no_offer_is_lost_and_the_open_page_hears_of_it(
    listener: live.Listener, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await _asked()
    await relay.relay_once()
    before = await _last()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")  # nobody listens there
    settings.cache_clear()
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.2)
    listener._bell.set()
    hearing = asyncio.create_task(_heard([order_topic(order.id)], before, 2))
    for price in (5000, 4800):
        await _offer(order, price)
        await relay.relay_once()
    assert await hearing == ["new-quote", "new-quote"]
    async with transaction() as db:
        await viewing(db, cast.customer)
        (quote,) = await orders.quotes_of(db, order.id, "offered")
        assert (quote.total_minor, quote.revision) == (4800, 2)


async def test_a_stream_that_comes_back_gets_what_it_missed_or_is_told_to_start_over(
    listener: live.Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await _asked()
    await relay.relay_once()
    cursor = await _last()
    for price in (5000, 4900, 4800):
        await _offer(order, price)
    await _withdraw(order)
    await relay.relay_once()
    topics = [order_topic(order.id)]
    assert await _heard(topics, cursor, 4) == ["new-quote"] * 4
    assert await _heard(topics, cursor + 3, 1) == ["new-quote"]
    monkeypatch.setattr(live, "REPLAY_LIMIT", 3)
    assert await _heard(topics, cursor, 1) == ["reset"]


async def test_the_other_shops_hear_of_a_new_best_total_in_open_bidding_only(site: str, cast: Cast) -> None:
    for bidding, rung in (("sealed", 0), ("open", 2)):
        order = await _asked(bidding=bidding)
        quote = await _offer(order, 5000)
        await _withdraw(order)
        await relay.stamp()
        async with transaction() as db:
            await viewing(db, cast.seller)
            rows = await db.scalars(select(EventRow.rings).where(EventRow.subject_id == order.id))
            rings = [tuple(ring) for row in rows for ring in (row or {}).get("rings", [])]
        assert rings.count((bids_topic(order.id), "new-quote")) == rung
        assert rings.count((market_topic(quote.center_id), "quote-response")) == 2


async def test_a_relay_that_runs_twice_delivers_every_reaction_once(site: str, cast: Cast) -> None:
    order = await _asked()
    await _offer(order, 5000)
    both = await asyncio.gather(relay.stamp(), relay.stamp(), return_exceptions=True)
    handed = [one for found in both if not isinstance(found, BaseException) for one in found[1]]
    await relay.stamp()  # whatever a loser of the race has left
    done = [await relay.perform(event_id, reaction) for event_id, reaction in [*handed, *handed]]
    assert done.count(True) == len(set(handed))
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        seqs = list(await db.scalars(select(EventRow.seq).where(EventRow.subject_id == order.id)))
        assert None not in seqs
        assert len(set(seqs)) == len(seqs)
        assert not await db.scalar(select(func.count()).where(Delivery.done_at.is_(None)))


# --- everybody at once ---


async def _try(work: Awaitable[object]) -> str:
    """done, or the refusal; anything else is a fault."""
    try:
        return "done" if await work is not False else "not due"
    except (Refused, Invalid, NotFound) as refusal:
        return type(refusal).__name__


async def test_two_shops_at_once_both_stand(site: str, cast: Cast) -> None:
    order = await _asked(bidding="open")
    came = await asyncio.gather(
        *(
            _try(_offer(order, 5000 - step, seller=seller))
            for step in range(4)
            for seller in (cast.seller, cast.second_seller)
        )
    )
    assert came.count("done") >= 2
    async with transaction() as db:
        await viewing(db, cast.customer)
        fresh = await orders.find(db, cast.customer.viewer, order.code)
        totals = [quote.total_minor for quote in await orders.quotes_of(db, order.id, "offered")]
    assert len(totals) == 2
    assert (fresh.offer_count, fresh.best_total_minor) == (2, min(totals))
    assert await _disagreements(order) == []


async def test_an_offer_and_the_end_of_the_time_leave_no_offer_in_a_closed_order(
    site: str, cast: Cast
) -> None:
    for _round in range(4):
        order = await _asked()
        await _offer(order, 5000)
        await _due(order, clock.now())
        outcome = await asyncio.gather(
            _try(_expire(order)),
            _try(_offer(order, 4000)),
            _try(_offer(order, 4500, seller=cast.second_seller)),
        )
        assert outcome[0] == "done"
        assert outcome[1:] == ["Refused", "Refused"]
        async with transaction() as db:
            await viewing(db, cast.customer)
            assert {quote.status for quote in await orders.quotes_of(db, order.id)} == {"expired"}


async def test_accepting_withdrawing_and_expiring_at_once_end_legally(site: str, cast: Cast) -> None:
    ends = set()
    for number in range(8):
        order = await _asked("Pads", "Discs")
        mine = await _offer(order, 5000, 9000)
        other = await _offer(order, 4900, 9100, seller=cast.second_seller)
        async with transaction() as db:
            await viewing(db, cast.customer)
            lines = await orders.lines_of(db, order.id)
        whole = {line.id: mine.id for line in lines}
        split = {lines[0].id: other.id, lines[1].id: mine.id}
        if number % 2:
            await _due(order, clock.now() + timedelta(milliseconds=40))
        works: list[Callable[[], Awaitable[object]]] = [
            lambda order=order, whole=whole, mine=mine: _accept(order, whole, {mine.id: 1}),  # type: ignore[misc]
            lambda order=order, split=split, mine=mine, other=other: _accept(  # type: ignore[misc]
                order, split, {mine.id: 1, other.id: 1}
            ),
            lambda order=order: _withdraw(order),  # type: ignore[misc]
            lambda order=order: _withdraw(order, CAST.second_seller),  # type: ignore[misc]
            lambda order=order: _offer(order, 4000, 8000),  # type: ignore[misc]
            lambda order=order: _expire_soon(order),  # type: ignore[misc]
        ]
        came = dict(enumerate(works)) if number else {0: works[0], 1: works[1]}
        shuffled = random.Random(number).sample(list(came), len(came))
        outcome = dict(
            zip(shuffled, await asyncio.gather(*(_try(came[one]()) for one in shuffled)), strict=True)
        )
        won = [outcome[0], outcome[1]].count("done")
        await _expire(order)
        assert await _broken(order) == []
        async with transaction() as db:
            await viewing(db, cast.customer)
            fresh = await orders.find(db, cast.customer.viewer, order.code)
        assert won == (fresh.status == "accepted"), outcome
        ends.add(fresh.status)
    assert "accepted" in ends  # at the latest where nothing stood against it
    assert ends <= {"accepted", "expired", "submitted", "quoted"}


async def _expire_soon(order: PartsOrder) -> bool:
    await asyncio.sleep(0.04)
    return await _expire(order)


# --- long walks ---


async def _broken(order: PartsOrder) -> list[str]:
    """Which of the market's promises do not hold for an order; nothing when all do."""
    wrong = []
    async with transaction() as db:
        await viewing(db, CAST.customer)
        fresh = await orders.find(db, CAST.customer.viewer, order.code)
        quotes = await orders.quotes_of(db, order.id)
        standing = [quote for quote in quotes if quote.status == "offered"]
        won = [quote for quote in quotes if quote.status == "accepted"]
        sold = await db.scalars(select(PurchaseLine.order_line_id).where(PurchaseLine.is_live))
        bought = [line.id for line in await orders.lines_of(db, order.id)]
        live_lines = [line for line in sold if line in bought]
    if len(live_lines) != len(set(live_lines)):
        wrong.append("a line was bought twice")
    if fresh.status == "submitted" and standing:
        wrong.append("waits for offers, and has some")
    if fresh.status == "quoted" and not standing:
        wrong.append("is quoted without an offer")
    if fresh.status not in ("submitted", "quoted") and standing:
        wrong.append(f"{fresh.status}, and an offer still stands")
    if (fresh.status == "accepted") != bool(won) or bool(won) != bool(live_lines):
        wrong.append(f"{fresh.status} with {len(won)} winners and {len(live_lines)} lines")
    if fresh.status in ("submitted", "quoted"):
        best = min((quote.total_minor for quote in standing if quote.is_complete), default=None)
        if (fresh.offer_count, fresh.best_total_minor) != (len(standing), best):
            wrong.append(f"counts {fresh.offer_count}, {fresh.best_total_minor}: {len(standing)}, {best}")
    return [*wrong, *await _disagreements(order)]


class Walk:
    """Two shops and a buyer do whatever comes to their mind, by a seed."""

    order: PartsOrder
    lines: list[UUID]

    is_over = True
    CHANCES: ClassVar = {
        "offer": 8, "withdraw": 2, "decline": 1, "widen": 1, "extend": 1, "expire": 1, "submit": 2, "accept": 1,
    }  # fmt: skip

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    async def begin(self) -> None:
        """Ask anew: what is decided goes no further."""
        self.is_over = False
        self.order = await _asked("Pads", "Discs", bidding=self.chance.choice(("sealed", "open")))
        async with transaction() as db:
            await viewing(db, CAST.customer)
            self.lines = [line.id for line in await orders.lines_of(db, self.order.id)]

    async def step(self) -> tuple[str, str]:
        name = self.chance.choices(list(self.CHANCES), list(self.CHANCES.values()))[0]
        return name, await _try(getattr(self, name)())

    def _seller(self) -> Person:
        return self.chance.choice((CAST.seller, CAST.second_seller))

    async def offer(self) -> None:
        price = self.chance.choice((4000, 5000, 6000))
        prices = [self.chance.choice((price, price, None)) for _line in self.lines]
        await _offer(self.order, *prices, seller=self._seller())

    async def withdraw(self) -> None:
        await _withdraw(self.order, self._seller())

    async def decline(self) -> None:
        seller = self._seller()
        async with transaction() as db:
            quote = await quote_at(db, self.order, seller)
            await quoting.decline(db, self.order, quote, by=seller.viewer)

    async def _as_buyer(self, work: Callable[..., Awaitable[object]]) -> object:
        async with transaction() as db:
            await viewing(db, CAST.customer)
            return await work(db, self.order, by=CAST.customer.viewer)

    async def widen(self) -> None:
        await self._as_buyer(asking.widen)

    async def extend(self) -> None:
        await self._as_buyer(asking.extend)

    async def submit(self) -> None:
        await self._as_buyer(asking.submit)

    async def expire(self) -> bool:
        await _due(self.order, clock.now())
        return await _expire(self.order)

    async def accept(self) -> None:
        async with transaction() as db:
            await viewing(db, CAST.customer)
            choice, seen = await self._picked(db)
        await _accept(self.order, choice, seen)
        self.is_over = True

    async def _picked(self, db: AsyncSession) -> tuple[dict[UUID, UUID], dict[UUID, int]]:
        quotes = await orders.quotes_of(db, self.order.id, "offered")
        offered = await orders.lines_of_quotes(db, quotes)
        choice = {}
        for line in self.lines:
            having = [quote.id for quote in quotes if offered[quote.id][line].is_available]
            if having:
                choice[line] = self.chance.choice(having)
        return choice, {quote.id: quote.revision for quote in quotes}


async def test_whatever_buyer_and_shops_do_the_promises_hold(site: str, cast: Cast) -> None:
    done: set[str] = set()
    walk = Walk(seed=1)
    for _step in range(180):
        if walk.is_over:
            await walk.begin()
        step = await walk.step()
        assert await _broken(walk.order) == [], step
        if step[1] == "done":
            done.add(step[0])
    assert done == set(walk.CHANCES)


async def test_a_line_that_is_bought_cannot_be_bought_again_even_past_the_operations(
    site: str, cast: Cast
) -> None:
    order = await _asked()
    quote = await _offer(order, 5000)
    async with transaction() as db:
        await viewing(db, cast.customer)
        (line,) = await orders.lines_of(db, order.id)
    await _accept(order, {line.id: quote.id}, {quote.id: 1})
    async with transaction(tenant=cast.seller.tenant_id) as db:
        (bought,) = await db.scalars(select(PurchaseLine))
        same = {"tenant_id": bought.tenant_id, "purchase_id": bought.purchase_id, "order_line_id": line.id}
        db.add(PurchaseLine(**same, name="Twice", quantity=1, unit_price_minor=1))
        with pytest.raises(IntegrityError, match="ix_purchase_lines_once"):
            await db.flush()
        await db.rollback()


async def test_what_the_clock_has_never_looked_at_stands_before_what_it_has(site: str) -> None:
    """Otherwise a few hundred that nothing comes of would stand before it for ever."""
    long_ago = clock.now() - timedelta(days=2)
    for asked_at in (long_ago, None):
        async with transaction() as db:
            order = await market.asked(db, "Pads")
            (purchase,) = await market.bought(db, order, await market.offered(db, order, 5000))
            await viewing(db, CAST.seller)
            db.add(
                PurchasePayment(
                    tenant_id=purchase.tenant_id, purchase_id=purchase.id, provider="stripe", status="pending",
                    provider_ref=f"pi_{purchase.id}", amount_minor=5000, currency="USD", asked_at=asked_at,
                    created_at=long_ago,
                )
            )  # fmt: skip
    assert [one.asked_at for one in await deal_paying.undecided()] == [None, long_ago]
