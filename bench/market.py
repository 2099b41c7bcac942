"""The parts market under load: shops bid while many watch, connections break, and everybody accepts at once.

    python -m bench.market [--shops 50 --orders 20 --watchers 500 --disconnects 1000 --accepts 10000]

In the same run a bare handler (Redis pub/sub into server-sent events, a fragment of one line from memory) does the same
fan-out. Prints the tables of docs/performance.md. Bids come from a process of their own, at a stated rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core import clock
from app.core import db as core_db
from app.core.db import new_id, transaction
from app.core.errors import Refused
from app.core.live import doorbell
from app.core.security import csrf_token, hash_token
from app.core.viewer import Viewer
from app.domains.accounts.models import Session, User
from app.domains.garage.models import Ownership, Vehicle
from app.domains.marketplace import accepting, asking, matching, orders
from app.domains.marketplace.live import market_topic, order_topic
from app.domains.marketplace.models import PartsOrder, PartsOrderDelivery, PartsOrderLine
from app.domains.network.models import RoleAt, ServiceCenter, StaffProfile, Tenant
from app.domains.parts_shops.models import PartsShop, PartsShopTerms
from app.engine.testing import Engine, schema_key, start_for_tests
from app.settings import as_asyncpg, settings
from bench.bidding import Bid, Bidder, Plan, offer
from bench.booking_race import call
from bench.load import ROOT, served
from bench.watching import Watcher, in_the_background

LINES = 2
FEW = 3
"""Shops that sell for the make of the orders in the race: what is measured there is the deciding."""
HTTP_SHARE = 0.1
AT_ONCE = 16
TOWN = (43.6591, -70.2568)


@dataclass(frozen=True)
class Shop:
    tenant_id: UUID
    center_id: UUID
    user_id: UUID

    @property
    def cookie(self) -> str:
        return f"bench-{self.user_id}"


@dataclass(frozen=True)
class Asked:
    """An order that shops were asked about, and its buyer."""

    id: UUID
    code: str
    user_id: UUID
    lines: list[UUID]
    bidders: list[Bidder]

    @property
    def cookie(self) -> str:
        return f"bench-{self.user_id}"

    @property
    def viewer(self) -> Viewer:
        return Viewer(kind="person", user_id=self.user_id, name="Buyer")


async def _person(db: AsyncSession, name: str, center: UUID | None = None) -> UUID:
    """Somebody who is signed in."""
    user, now = new_id(), clock.now()
    db.add(User(id=user, email=f"{user}@bench.test", name=name, email_verified_at=now))
    await db.flush()
    db.add(
        Session(
            user_id=user,
            token_hash=hash_token(f"bench-{user}"),
            center_id=center,
            last_seen_at=now,
            expires_at=now + timedelta(days=1),
        )
    )
    return user


async def fill(db: AsyncSession, shops: int, buyers: int) -> tuple[list[Shop], dict[UUID, UUID]]:
    """Shops in and around a town, each with somebody signed in, and buyers with a car: buyer -> car. `db` is the
    owner's."""
    chance = random.Random(1)
    made = []
    for number in range(shops):
        tenant, center = new_id(), new_id()
        name, slug = f"Parts {number}", f"bench-parts-{tenant}"
        db.add(Tenant(id=tenant, name=name, slug=slug, currency="USD", kind="parts"))
        await db.flush()
        db.add(
            ServiceCenter(
                id=center, tenant_id=tenant, name=name, slug=slug, zone="America/New_York", currency="USD",
                tax_rate=Decimal("0.0725"), labor_rate_minor=0, working_hours={}, address="", city="Portland",
            )
        )  # fmt: skip
        await db.flush()
        shop = PartsShop(
            id=new_id(), tenant_id=tenant, center_id=center, status="active", name=name, place="Portland",
            latitude=TOWN[0] + chance.uniform(-0.15, 0.15), longitude=TOWN[1] + chance.uniform(-0.15, 0.15),
            currency="USD", makes=["honda", "volvo"] if number < FEW else ["honda"], takes_cash=True,
        )  # fmt: skip
        db.add(shop)
        await db.flush()
        db.add(PartsShopTerms(tenant_id=tenant, shop_id=shop.id, limit_minor=200_000))
        user = await _person(db, "Bidder", center)
        await db.flush()
        db.add(
            RoleAt(
                user_id=user, tenant_id=tenant, service_center_id=center, role="parts_owner", created_at=clock.now()
            )
        )  # fmt: skip
        db.add(StaffProfile(tenant_id=tenant, user_id=user, center_id=center, name="Bidder"))
        made.append(Shop(tenant, center, user))
    cars = {}
    for number in range(buyers):
        user, car = await _person(db, "Buyer"), new_id()
        db.add(Vehicle(id=car, make="Honda", model="Accord", plate=f"BENCH {number}"))
        await db.flush()
        db.add(Ownership(vehicle_id=car, user_id=user))
        cars[user] = car
    await db.flush()
    return made, cars


async def ask(user: UUID, car: UUID, shops: Mapping[UUID, Shop], make: str = "honda") -> Asked:
    """Have a buyer ask the shops around, as the application does."""
    me = Viewer(kind="person", user_id=user, name="Buyer")
    async with transaction(user=user) as db:
        order = PartsOrder(
            id=new_id(), code=orders.new_code(), user_id=user, raised_by_id=user, raised_by_name="Buyer",
            vehicle_id=car, car={"name": "2003 Honda Accord", "make": "Honda"}, make=make, place="Portland",
            latitude=TOWN[0], longitude=TOWN[1], country="US", currency="USD",
        )  # fmt: skip
        db.add(order)
        await db.flush()
        for position in range(LINES):
            db.add(
                PartsOrderLine(
                    id=new_id(), order_id=order.id, position=position, name=f"Part {position}", quantity=Decimal(1)
                )
            )  # fmt: skip
        db.add(
            PartsOrderDelivery(order_id=order.id, user_id=user, name="Buyer", phone="", address="9 Elm St")
        )
        await db.flush()
        order = await asking.submit(db, order, by=me)
        bidders = [
            Bidder(order.id, order.code, quote.id, quote.tenant_id, shops[quote.tenant_id].user_id)
            for quote in await orders.quotes_of(db, order.id)
        ]
        return Asked(
            order.id, order.code, user, [line.id for line in await orders.lines_of(db, order.id)], bidders
        )


# --- live pages ---

_TICKET = re.compile(
    r'id="offer-shopquote-([0-9a-f-]{36})".*?market-total"><strong class="num">([^<]+)<', re.S
)


def offers_in(page: str) -> Iterator[tuple[UUID, int]]:
    """What a buyer's page shows: quote and total in cents."""
    for quote, total in _TICKET.findall(page):
        yield UUID(quote), int(re.sub(r"\D", "", total))


@dataclass
class Seen:
    """When each watcher was first shown a bid, or a later one of its shop."""

    shown: dict[Watcher, dict[UUID, list[tuple[float, int]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def fragment(self, watcher: Watcher, page: str, at: float) -> None:
        for quote, total in offers_in(page):
            kept = self.shown[watcher][quote]
            if not kept or kept[-1][1] != total:
                kept.append((at, total))

    def delays(
        self, watchers: Mapping[str, Sequence[Watcher]], bids: Sequence[Bid]
    ) -> tuple[list[float], int]:
        """Milliseconds from each commit to each watcher of its order, and how many never saw it."""
        found, missed = [], 0
        for bid in bids:
            for watcher in watchers.get(bid.code, ()):
                times = [at for at, total in self.shown[watcher][bid.quote_id] if total <= bid.total_minor]
                if times:
                    found.append(max(0.0, (min(times) - bid.at) * 1000))
                else:
                    missed += 1
        return found, missed


async def bids_of(plan: Plan) -> list[Bid]:
    """Let the other process bid; what it has committed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bidding",
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    out, _err = await process.communicate(msgspec.json.encode(plan))
    if process.returncode:
        raise RuntimeError("the bidders have failed")
    return [msgspec.json.decode(line, type=Bid) for line in out.splitlines()]


async def hear_bells(bells: list[float]) -> None:
    """When the relay rings."""
    async with Redis.from_url(settings().redis_url) as redis, redis.pubsub() as pubsub:
        await pubsub.subscribe(doorbell())
        async for message in pubsub.listen():
            if message["type"] == "message":
                bells.append(time.time())


async def break_now_and_then(watchers: Sequence[Watcher], times: int, within: float) -> None:
    """Connections that break at random, spread over the time."""
    chance = random.Random(2)
    for _time in range(times):
        await asyncio.sleep(within / times)
        chance.choice(watchers).cut()


async def settled(watchers: Sequence[Watcher], most: float = 60) -> None:
    """Wait until nobody draws any more."""
    quiet, end = 0, time.time() + most
    while quiet < 8 and time.time() < end:
        await asyncio.sleep(0.5)
        quiet = 0 if any(one.is_drawing for one in watchers) else quiet + 1


@dataclass
class Live:
    """What the live part came to."""

    bids: list[Bid]
    bells: list[float]
    """Milliseconds from each commit to the next ring."""
    delays: list[float]
    unseen: int
    breaks: int
    resets: int
    gaps: int
    """Signals that a page was neither sent nor had behind it, when it was read or by a reset."""
    wrong_ends: int
    """Pages that do not show how the bidding ended."""
    bad: Counter[str]
    painted: list[float]
    shops_watching: int


async def relayed() -> None:
    """Wait until the relay has handed on all that has happened so far."""
    while True:
        async with transaction() as db:
            await db.execute(text("SELECT set_config('app.network', 'on', true)"))
            if not await db.scalar(text("SELECT count(*) FROM events WHERE seq IS NULL")):
                break
        await asyncio.sleep(0.5)
    await asyncio.sleep(6)  # the slowest look at the log


async def come(one: Watcher, room: asyncio.Semaphore) -> None:
    """Open a page, a few at a time, and stay."""
    async with room:
        await one.load()
    await one.watch()


async def live(port: int, made: Sequence[Asked], shops: Sequence[Shop], asked: argparse.Namespace) -> Live:
    """Hold the pages, bid, break connections; and see what everybody has at the end."""
    seen = Seen()
    of_shops = [
        Watcher(port, "/market", shop.cookie, lambda *_: None)
        for shop in (shops * 99)[: round(asked.watchers * asked.boards)]
    ]
    if of_shops and (await call(port, "GET /market", {"cookie": f"session={shops[0].cookie}"}))[0] == 404:
        of_shops = []  # this tree has no board yet
    buyers = [
        Watcher(port, f"/parts/orders/{made[n % len(made)].code}", made[n % len(made)].cookie, seen.fragment)
        for n in range(asked.watchers - len(of_shops))
    ]
    everybody = [*buyers, *of_shops]
    await relayed()
    count = round(asked.rate * asked.seconds)
    bidders = [bidder for turn in zip(*(one.bidders for one in made), strict=False) for bidder in turn]
    rung: list[float] = []
    coming = asyncio.Semaphore(AT_ONCE)
    async with in_the_background(hear_bells(rung), *(come(one, coming) for one in everybody)):
        while not all(one.is_there for one in everybody):  # noqa: ASYNC110 - of five hundred pages
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        with_eyes = painting(port, made[0]) if asked.chromium else None
        eyes = await anext(with_eyes) if with_eyes else None
        breaking = break_now_and_then(everybody, asked.disconnects, asked.seconds)
        bids, _none = await asyncio.gather(bids_of(Plan(bidders, asked.rate, count)), breaking)
        await asyncio.sleep(3)  # who was cut last comes back
        await settled(everybody)
        painted = await eyes([bid for bid in bids if bid.code == made[0].code]) if eyes else []
        if with_eyes:
            await with_eyes.aclose()
    by_code: dict[str, list[Watcher]] = defaultdict(list)
    for watcher in buyers:
        by_code[watcher.path.rsplit("/", 1)[-1]].append(watcher)
    delays, unseen = seen.delays(by_code, bids)
    ends = {bid.quote_id: bid for bid in sorted(bids, key=lambda bid: bid.at)}
    wrong = sum(
        1
        for bid in ends.values()
        for watcher in by_code[bid.code]
        if not (kept := seen.shown[watcher][bid.quote_id]) or kept[-1][1] != bid.total_minor
    )
    hearing = {order_topic(one.id): by_code[one.code] for one in made} | {
        market_topic(shop.center_id): of_shops[number :: len(shops)] for number, shop in enumerate(shops)
    }
    gaps = 0
    for topic, some in hearing.items():
        numbers = await rung_for(topic)
        gaps += sum(
            1 for watcher in some for seq in numbers if seq > watcher.covered and seq not in watcher.heard
        )
    return Live(
        bids=bids,
        bells=_bells(bids, rung),
        delays=delays,
        unseen=unseen,
        breaks=sum(one.breaks for one in everybody),
        resets=sum(one.resets for one in everybody),
        gaps=gaps,
        wrong_ends=wrong,
        bad=Counter(words for one in everybody for words in one.bad),
        painted=painted,
        shops_watching=len(of_shops),
    )


def _bells(bids: Sequence[Bid], rung: Sequence[float]) -> list[float]:
    """The commit is a little older than the bidder's clock says: it hears of it by an answer."""
    found = []
    for bid in bids:
        if later := [one for one in rung if one > bid.at - 0.005]:
            found.append(max(0.0, (min(later) - bid.at) * 1000))
    return found


async def rung_for(topic: str) -> list[int]:
    """The numbers of the events that were rung for a topic."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.scalars(
            text("SELECT seq FROM events WHERE seq IS NOT NULL AND rings::text LIKE :topic"),
            {"topic": f'%"{topic}"%'},
        )
        return list(rows)


_EYES = """() => {
  window.drawn = [];
  const look = () => {
    const totals = {};
    for (const one of document.querySelectorAll(".market-offers > li")) {
      const total = one.querySelector(".market-total strong");
      if (total) totals[one.id.replace("offer-shopquote-", "")] = parseInt(total.textContent.replace(/\\D/g, ""), 10);
    }
    requestAnimationFrame(() => window.drawn.push([Date.now() / 1000, totals]));
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


async def painting(port: int, order: Asked) -> Any:
    """A real browser before an order's page: yields what tells, for bids, the milliseconds until each was on the
    screen."""
    from playwright.async_api import async_playwright

    from tests.browser.in_process import chromium

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium())
        context = await browser.new_context(reduced_motion="reduce")
        await context.add_cookies(
            [{"name": "session", "value": order.cookie, "url": f"http://127.0.0.1:{port}"}]
        )
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{port}/parts/orders/{order.code}")
        await page.evaluate(_EYES)

        async def told(bids: Sequence[Bid]) -> list[float]:
            drawn = await page.evaluate("() => window.drawn")
            found = []
            for bid in bids:
                times = [
                    at for at, totals in drawn if totals.get(str(bid.quote_id), 10**9) <= bid.total_minor
                ]
                if times:
                    found.append((min(times) - bid.at) * 1000)
            return found

        yield told
        await browser.close()


async def bare(made: Sequence[Asked], asked: argparse.Namespace) -> list[float]:
    """The same fan-out by the bare handler: from publishing to the fragment, in milliseconds."""
    shown: dict[Watcher, list[tuple[float, int]]] = defaultdict(list)

    def fragment(watcher: Watcher, page: str, at: float) -> None:
        if digits := re.sub(r"\D", "", page):
            shown[watcher].append((at, int(digits)))

    async with served("bench.bare_bell:app", {"REDIS_URL": settings().redis_url}) as port:
        watchers: dict[str, list[Watcher]] = defaultdict(list)
        for number in range(asked.watchers):
            code = made[number % len(made)].code
            one = Watcher(port, "", "", fragment, stream=f"/stream/{code}", region=f"/fragment/{code}")
            watchers[code].append(one)
        everybody = [one for some in watchers.values() for one in some]
        async with in_the_background(*(one.watch() for one in everybody)):
            await asyncio.sleep(2)
            bidders = [one.bidders[0] for one in made]
            bids = await bids_of(Plan(bidders, asked.rate, round(asked.rate * asked.seconds), bare=True))
            await settled(everybody)
    found = []
    for bid in bids:
        for one in watchers[bid.code]:
            if times := [at for at, total in shown[one] if total <= bid.total_minor]:
                found.append(max(0.0, (min(times) - bid.at) * 1000))
    return found


# --- everybody accepts ---


@dataclass
class Race:
    """What the race came to."""

    outcome: Counter[str]
    took: float
    times: list[float]
    lines: int
    sold_once: int
    deadlocks: int


async def race(port: int, made: Sequence[Asked], accepts: int) -> Race:
    """Many taps on each of many orders, in no order: by the operation, and a share of them over HTTP."""
    chance = random.Random(3)
    for one in made:
        for number, bidder in enumerate(one.bidders):
            await offer(bidder, 9000 - number)
    taps = [made[n % len(made)] for n in range(accepts)]
    chance.shuffle(taps)
    room, outcome, times = asyncio.Semaphore(AT_ONCE), Counter[str](), list[float]()
    before = await _deadlocks()

    async def tap(one: Asked) -> None:
        bidder = chance.choice(one.bidders)
        over_http = chance.random() < HTTP_SHARE
        async with room:
            began = time.perf_counter()
            said = await (_tap_http(port, one, bidder) if over_http else _tap(one, bidder))
            times.append((time.perf_counter() - began) * 1000)
        outcome[f"{'http' if over_http else 'operation'} {said}"] += 1

    began = time.perf_counter()
    await asyncio.gather(*(tap(one) for one in taps))
    took = time.perf_counter() - began
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        sold = await db.execute(
            text("SELECT order_line_id, count(*) FROM purchase_lines WHERE is_live GROUP BY 1")
        )
        counts: dict[UUID, int] = {row[0]: row[1] for row in sold}
    lines = [line for one in made for line in one.lines]
    once = sum(1 for line in lines if counts.get(line) == 1)
    return Race(outcome, took, times, len(lines), once, await _deadlocks() - before)


async def _tap(one: Asked, bidder: Bidder) -> str:
    try:
        async with transaction(user=one.user_id) as db:
            order = await orders.find(db, one.viewer, one.code)
            choice = dict.fromkeys(one.lines, bidder.quote_id)
            await accepting.accept(db, order, choice, {bidder.quote_id: 1}, by=one.viewer)
        return "won"
    except Refused:
        return "409"


async def _tap_http(port: int, one: Asked, bidder: Bidder) -> str:
    headers = {
        "cookie": f"session={one.cookie}",
        "content-type": "application/json",
        "sec-fetch-site": "same-origin",
        "x-csrf-token": csrf_token(one.cookie),
    }
    body = {"quote_id": str(bidder.quote_id), "revisions": {str(bidder.quote_id): 1}}
    line = f"POST /api/v1/auto-parts-orders/{one.code}/accept-quote"
    status, _answer = await call(port, line, headers, json.dumps(body).encode())
    return "won" if status == 201 else str(status)


async def _deadlocks() -> int:
    async with transaction() as db:
        asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(await db.scalar(text(asked)) or 0)


# --- finding shops ---


async def matching_among(owner_url: str, shops: int, car: tuple[UUID, UUID]) -> tuple[float, str]:
    """The middle of 30 searches in milliseconds among that many shops all over the country, and by what they were found."""
    owner = create_async_engine(as_asyncpg(owner_url))
    async with owner.begin() as connection:
        await connection.execute(text(_TENANTS), {"n": shops})
        await connection.execute(text(_CENTERS))
        await connection.execute(text(_SHOPS))
    async with owner.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
            text("ANALYZE parts_shops")
        )
    await owner.dispose()
    user, vehicle = car
    order = PartsOrder(
        user_id=user, vehicle_id=vehicle, make="honda", currency="USD", latitude=TOWN[0], longitude=TOWN[1]
    )
    times = []
    async with transaction(user=user) as db:
        for _time in range(30):
            began = time.perf_counter()
            await matching.near(db, order, 25)
            times.append((time.perf_counter() - began) * 1000)
        plan = await db.scalars(text("EXPLAIN " + matching.NEAR.text), matching.asked_for(order, 25))
        words = "\n".join(plan)
    found = re.findall(r"(Index Scan using \w+|Bitmap Index Scan on \w+|Seq Scan on parts_shops)", words)
    return sorted(times)[15], ", ".join(one for one in found if "parts_shops" in one)


_TENANTS = """INSERT INTO tenants (id, name, slug, kind, locale, currency, is_active, created_at)
  SELECT uuidv7(), 'Far ' || n, 'bench-far-' || n, 'parts', 'en', 'USD', true, now() FROM generate_series(1, :n) n"""
_CENTERS = """INSERT INTO service_centers SELECT (jsonb_populate_record(NULL::service_centers, to_jsonb(c) || jsonb_build_object(
    'id', uuidv7(), 'tenant_id', t.id, 'slug', t.slug))).*
  FROM tenants t, (SELECT * FROM service_centers LIMIT 1) c WHERE t.slug LIKE 'bench-far-%'"""
_SHOPS = """INSERT INTO parts_shops SELECT (jsonb_populate_record(NULL::parts_shops, to_jsonb(s) || jsonb_build_object(
    'id', uuidv7(), 'tenant_id', c.tenant_id, 'center_id', c.id,
    'latitude', 25 + random() * 23, 'longitude', -122 + random() * 50))).*
  FROM service_centers c, (SELECT * FROM parts_shops LIMIT 1) s WHERE c.slug LIKE 'bench-far-%'"""


# --- all of it ---


@contextmanager
def a_worker() -> Iterator[None]:
    """The real relay and queue beside the web process."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.worker import main; main()"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def environment(engine: Engine, name: str) -> None:
    """What all processes of the run read."""
    os.environ.update(
        TORQUELINE_MODE="test",
        TORQUELINE_HOME=tempfile.mkdtemp(prefix="market-"),
        BASE_URL="http://127.0.0.1",
        DATABASE_URL=engine.app_url(name),
        DATABASE_OWNER_URL=engine.owner_url(name),
        REDIS_URL=engine.valkey_url(13),
        SECRET_KEY="a secret for benchmarks that is long enough",
        PARTS_ORDER_MINUTES="600",
    )
    settings.cache_clear()


async def run(engine: Engine, name: str, asked: argparse.Namespace) -> None:
    environment(engine, name)
    racing = min(100, max(1, asked.accepts // 20))
    owner = create_async_engine(as_asyncpg(engine.owner_url(name)))
    async with AsyncSession(owner) as db, db.begin():
        shops, cars = await fill(db, asked.shops, asked.orders + racing)
    async with owner.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))
    await owner.dispose()
    core_db.connect(settings().sqlalchemy_url, pool_size=AT_ONCE + 4)
    of = {shop.tenant_id: shop for shop in shops}
    buyers = list(cars.items())
    made = [await ask(user, car, of) for user, car in buyers[: asked.orders]]
    async with served("app.asgi:create_app", {}, factory=True) as port:
        with a_worker():
            await asyncio.sleep(3)
            found = await live(port, made, shops, asked)
            ceiling = await bare(made, asked)
            report_live(asked, found, ceiling)
            contested = [await ask(user, car, of, make="volvo") for user, car in buyers[asked.orders :]]
            report_race(await race(port, contested, asked.accepts))
    took, how = await matching_among(engine.owner_url(name), asked.far_shops, buyers[0])
    print(f"\nMatching among {asked.far_shops} more shops: p50 {took:.1f} ms ({how}).")
    await core_db.disconnect()


def at(times: Sequence[float], share: float) -> float:
    """A percentile; not a number where there is nothing."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def report_live(asked: argparse.Namespace, found: Live, ceiling: Sequence[float]) -> None:
    took = [bid.took * 1000 for bid in found.bids]
    buyers = asked.watchers - found.shops_watching
    print(
        f"\n{len(found.bids)} bids at {asked.rate:g} a second (p50 {at(took, 0.5):.0f} ms each) on {asked.orders} orders by "
        f"{asked.shops} shops; {buyers} buyers' pages and {found.shops_watching} boards open.\n"
    )
    print("| commit to | p50 | p95 | max |\n|---|---|---|---|")
    for words, times in (
        ("the relay's bell", found.bells),
        ("fragment at each buyer's page", found.delays),
        ("painted in Chromium", found.painted),
        ("bare: Redis to SSE, one line", ceiling),
    ):
        print(f"| {words} | {at(times, 0.5):.0f} ms | {at(times, 0.95):.0f} ms | {at(times, 1):.0f} ms |")
    print(
        f"\nRatio to bare: p50 {at(found.delays, 0.5) / at(ceiling, 0.5):.1f}×, p95 {at(found.delays, 0.95) / at(ceiling, 0.95):.1f}×."
        f"\n{found.breaks} connections broken, {found.resets} resets: {found.gaps} signals missed, {found.unseen} bids never shown, "
        f"{found.wrong_ends} pages that end wrong. Refused or broken requests: {dict(found.bad) or 'none'}."
    )


def report_race(found: Race) -> None:
    total = sum(found.outcome.values())
    print(
        "\n| accepts | outcome | lines | sold exactly once | in | p50 | p95 | deadlocks |\n|---|---|---|---|---|---|---|---|"
    )
    outcome = ", ".join(f"{words}: {count}" for words, count in sorted(found.outcome.items()))
    print(
        f"| {total} | {outcome} | {found.lines} | {found.sold_once} | {found.took:.1f} s | {at(found.times, 0.5):.0f} ms "
        f"| {at(found.times, 0.95):.0f} ms | {found.deadlocks} |"
    )


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name, usual in (
        ("shops", 50), ("orders", 20), ("watchers", 500), ("disconnects", 1000), ("accepts", 10_000), ("far-shops", 5000),
    ):  # fmt: skip
        arguments.add_argument(f"--{name}", type=int, default=usual)
    arguments.add_argument("--rate", type=float, default=1, help="bids a second")
    arguments.add_argument("--seconds", type=float, default=120)
    arguments.add_argument(
        "--boards", type=float, default=0.2, help="share of the watchers that are shops' people"
    )
    arguments.add_argument("--no-chromium", dest="chromium", action="store_false")
    asked = arguments.parse_args()
    engine = start_for_tests()

    async def build(owner_url: str, app_url: str) -> None:
        from app.migrate import migrate

        await migrate(as_asyncpg(owner_url), as_asyncpg(app_url))

    name = await engine.clone(await engine.template(schema_key(), build), "bench_market")
    try:
        await run(engine, name, asked)
    finally:
        await engine.drop(name)


if __name__ == "__main__":
    asyncio.run(main())
