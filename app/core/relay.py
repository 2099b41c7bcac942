"""From the log to those who care: numbers new events, rings live pages, hands reactions to the queue.

One relay works at a time (an advisory lock says which), so an event never gets a lower number than one that
was visible before it. Redis may be lost entirely: what a reaction has not closed is handed out again.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import act_as, transaction
from app.core.events import Event, heard
from app.core.live import Ring, doorbell
from app.core.queue import bury, enqueue, task
from app.core.tables import Delivery, EventRow
from app.settings import as_libpq, settings

log = structlog.get_logger()

LOCK = 0x746F7271
BATCH = 500
PATIENCE = timedelta(seconds=60)
TRIES = 8
REACTION_SECONDS = 45.0
"""Less than the queue's own limit: what the queue cancels cannot be told from a worker that is being stopped."""
SLOW_SECONDS = 900.0
LATER = timedelta(seconds=10)
BEAT = LATER / 2
"""How often a slow reaction shows life: more often than the shortest term there is, so that a second delivery of it which
is put off for later cannot have it handed out a third time."""

Reaction = Callable[..., Awaitable[None]]
Bell = Callable[[Any], Iterable[Ring]]
Subscriptions = Mapping[type[Event], list[Any]]

_reactions: dict[str, tuple[type[Event], Reaction]] = {}
_bells: dict[str, tuple[type[Event], list[Bell]]] = {}
_owed: dict[str, list[str]] = {}


def outside_transaction(reaction: Reaction) -> Reaction:
    """Mark a reaction that talks to the outside world: it gets only the event, opens transactions of its
    own around its calls, and may run twice."""
    reaction.outside = True  # type: ignore[attr-defined]
    return reaction


def slow(reaction: Reaction) -> Reaction:
    """Mark a reaction `outside_transaction` that may take minutes. While it is at work it shows signs of life, so that
    its delivery is handed out again only when its worker has died."""
    reaction.slow = True  # type: ignore[attr-defined]
    return outside_transaction(reaction)


class Later(Exception):
    """Raised by a reaction that cannot be done now, though nothing is wrong: it comes round again after `term`, and this
    was no try."""

    def __init__(self, words: str = "", term: timedelta = LATER) -> None:
        super().__init__(words)
        self.term = term


def subscribe(subscriptions: Subscriptions) -> None:
    """Learn who hears what: plain functions ring live pages, async ones are reactions."""
    _reactions.clear()
    _bells.clear()
    _owed.clear()
    for kind, listeners in subscriptions.items():
        name = kind.__name__
        if name in _bells:
            raise ValueError(f"two events are called {name}")
        _bells[name] = (kind, [one for one in listeners if not asyncio.iscoroutinefunction(one)])
        _owed[name] = []
        for one in listeners:
            if asyncio.iscoroutinefunction(one):
                known_as = f"{one.__module__.removeprefix('app.domains.')}.{one.__name__}"
                _reactions[f"{name}:{known_as}"] = (kind, one)
                _owed[name].append(f"{name}:{known_as}")


def _rings(row: EventRow) -> list[tuple[str, str]]:
    if row.name not in _bells:
        return []
    kind, bells = _bells[row.name]
    try:
        event = heard(row, kind).event
        return sorted({(ring.topic, ring.signal) for bell in bells for ring in bell(event)})
    except Exception as error:
        # An event written by another version of the code, say. It must not hold up those behind it; its
        # reactions stay owed, and fail where an administrator sees them.
        log.error("relay.not_rung", event_id=str(row.id), kind=row.name, error=type(error).__name__)
        return []


async def stamp() -> tuple[int, list[tuple[UUID, str]]]:
    """Number the events that wait, in one transaction: how many, and the deliveries to hand out."""
    async with transaction() as db:
        await _as_system(db)
        rows = (
            await db.scalars(
                select(EventRow).where(EventRow.seq.is_(None)).order_by(EventRow.id).limit(BATCH)
            )
        ).all()
        handed: list[tuple[UUID, str]] = []
        for row in rows:
            await db.execute(
                text("SELECT stamp_event(:id, cast(:rings AS jsonb))"),
                {"id": row.id, "rings": _json({"rings": _rings(row)})},
            )
            for reaction in _owed.get(row.name, []):
                await db.execute(
                    insert(Delivery)
                    .values(
                        event_id=row.id,
                        reaction=reaction,
                        tenant_id=row.tenant_id,
                        due_at=clock.now() + PATIENCE,
                        attempts=0,
                    )
                    .on_conflict_do_nothing()
                )
                handed.append((row.id, reaction))
        await db.execute(text("SELECT stamp_logs()"))  # refusals and reads stand in the same order
    return len(rows), handed


async def overdue() -> list[tuple[UUID, str]]:
    """Deliveries that nobody has closed in time; gives each a new term."""
    async with transaction() as db:
        late = (
            select(Delivery.event_id, Delivery.reaction)
            .where(Delivery.done_at.is_(None), Delivery.dead_at.is_(None), Delivery.due_at < clock.now())
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        found = [(row.event_id, row.reaction) for row in await db.execute(late)]
        for event_id, reaction in found:
            await db.execute(
                update(Delivery)
                .where(Delivery.event_id == event_id, Delivery.reaction == reaction)
                .values(due_at=clock.now() + PATIENCE)
            )
    return found


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


async def _as_system(db: AsyncSession) -> None:
    await db.execute(text("SELECT set_config('app.network', 'on', true)"))


async def hand_out(deliveries: Iterable[tuple[UUID, str]]) -> None:
    """Put deliveries into the queue. With Redis gone they stay owed and come round again."""
    for event_id, reaction in deliveries:
        task_, key = "core.relay.react", f"{event_id}:{reaction}"
        if reaction in _reactions and getattr(_reactions[reaction][1], "slow", False):
            # A killed job keeps its key in the queue until its time is over: what follows it needs one of its own.
            task_, key = "core.relay.react_slowly", f"{key}:{clock.now():%Y%m%d%H%M}"
        await enqueue(task_, key=key, event_id=str(event_id), reaction=reaction)


@task(retries=1, timeout=55)
async def react(event_id: str, reaction: str) -> None:
    """Run one reaction to one event. A failure, also by running too long, is tried again later by the relay,
    not by the queue, so that the count of tries survives the loss of Redis."""
    await _react(UUID(event_id), reaction, within=REACTION_SECONDS)


@task(retries=1, timeout=int(SLOW_SECONDS) + 10)
async def react_slowly(event_id: str, reaction: str) -> None:
    """The same for a slow reaction."""
    await _beat(UUID(event_id), reaction)  # it may have waited in the queue until it was nearly due again
    alive = asyncio.create_task(_show_life(UUID(event_id), reaction))
    try:
        await _react(UUID(event_id), reaction, within=SLOW_SECONDS)
    finally:
        alive.cancel()


async def _show_life(event_id: UUID, reaction: str) -> None:
    while True:
        await asyncio.sleep(BEAT.total_seconds())
        await _beat(event_id, reaction)


async def _beat(event_id: UUID, reaction: str) -> None:
    with contextlib.suppress(SQLAlchemyError, OSError):
        await _put_off(event_id, reaction, PATIENCE)


async def _put_off(event_id: UUID, reaction: str, term: timedelta) -> None:
    async with transaction() as db:
        await db.execute(
            update(Delivery)
            .where(Delivery.event_id == event_id, Delivery.reaction == reaction)
            .values(due_at=clock.now() + term)
        )


async def _react(event_id: UUID, reaction: str, *, within: float) -> None:
    try:
        async with asyncio.timeout(within):
            await perform(event_id, reaction)
    except Later as later:
        await _put_off(event_id, reaction, later.term)
    except Exception as error:
        log.warning("reaction.failed", reaction=reaction, event_id=str(event_id), error=type(error).__name__)
        await _try_again(event_id, reaction, traceback.format_exc(limit=20))


async def perform(event_id: UUID, reaction: str) -> bool:
    """Run a reaction in its own transaction and close its delivery there; False when that was done."""
    kind, work = _reactions[reaction]
    outside = getattr(work, "outside", False)
    async with transaction() as db:
        await _as_system(db)
        mine = (Delivery.event_id == event_id, Delivery.reaction == reaction)
        open_one = await db.scalar(
            select(Delivery).where(*mine, Delivery.done_at.is_(None)).with_for_update()
        )
        if open_one is None:
            return False
        row = await db.scalar(select(EventRow).where(EventRow.id == event_id))
        if row is None:
            raise LookupError(f"event {event_id} is not in the log")
        message = heard(row, kind)
        await db.execute(text("SELECT set_config('app.network', '', true)"))
        await act_as(db, user=row.user_id, tenant=row.tenant_id)
        if not outside:
            await work(db, message)
            await db.execute(update(Delivery).where(*mine).values(done_at=clock.now()))
    if outside:
        await work(message)
        async with transaction() as db:
            await db.execute(update(Delivery).where(*mine).values(done_at=clock.now()))
    return True


async def _try_again(event_id: UUID, reaction: str, error: str) -> None:
    async with transaction() as db:
        mine = (Delivery.event_id == event_id, Delivery.reaction == reaction)
        delivery = await db.scalar(select(Delivery).where(*mine).with_for_update())
        if delivery is None or delivery.done_at or delivery.dead_at:
            return
        delivery.attempts += 1
        delivery.due_at = clock.now() + timedelta(seconds=min(2**delivery.attempts, 300))
        dead = delivery.attempts >= TRIES
        if dead:
            delivery.dead_at = clock.now()
    if dead:
        await bury("core.relay.react", {"event_id": str(event_id), "reaction": reaction}, error, TRIES)
        await _give_up(event_id, reaction)


async def _give_up(event_id: UUID, reaction: str) -> None:
    """Let a reaction that failed for the last time say so where it is waited for, if it has something to say: its
    `given_up`, which opens transactions of its own."""
    kind, work = _reactions[reaction]
    if say := getattr(work, "given_up", None):
        async with transaction() as db:
            await _as_system(db)
            row = await db.scalar(select(EventRow).where(EventRow.id == event_id))
        if row is not None:
            await say(heard(row, kind))


async def revive(db: AsyncSession, event_id: UUID, reaction: str) -> None:
    """Give a dead delivery its tries back."""
    await db.execute(
        update(Delivery)
        .where(Delivery.event_id == event_id, Delivery.reaction == reaction, Delivery.done_at.is_(None))
        .values(dead_at=None, attempts=0, due_at=clock.now())
    )


async def relay_once() -> int:
    """One round: number, ring, hand out. Returns how many events were new."""
    count, handed = await stamp()
    if count:
        await _ring()
    await hand_out([*handed, *await overdue()])
    return count


async def _ring() -> None:
    redis = Redis.from_url(settings().redis_url, socket_connect_timeout=2)
    try:
        await redis.publish(doorbell(), "")
    except (RedisError, OSError):
        log.warning("relay.no_bell")
    finally:
        with contextlib.suppress(RedisError, OSError):
            await redis.aclose()


async def run(stopping: asyncio.Event) -> None:
    """Relay until told to stop. A lost database connection or Redis is waited for."""
    while not stopping.is_set():
        try:
            await _hold_and_relay(stopping)
        except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("relay.interrupted", error=type(error).__name__)
            await asyncio.sleep(1)


async def _hold_and_relay(stopping: asyncio.Event) -> None:
    connection = await asyncpg.connect(as_libpq(settings().database_url), timeout=5)
    bell = asyncio.Event()
    try:
        await connection.add_listener("events", lambda *_: bell.set())
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            if stopping.is_set():
                return
            await asyncio.sleep(1)
        while not stopping.is_set():
            bell.clear()
            try:
                while await relay_once() == BATCH:
                    pass
            except RedisError as error:
                log.warning("relay.queue_unreachable", error=type(error).__name__)
                await asyncio.sleep(0.5)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), 1.0)
            await connection.fetchval("SELECT 1", timeout=5)  # the lock lives as long as this connection
    finally:
        with contextlib.suppress(Exception):
            await connection.close(timeout=2)
