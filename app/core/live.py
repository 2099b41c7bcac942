"""Live pages: one stream a page carries named signals; the region that cares fetches itself again.

Redis is only the doorbell. The truth is read from the event log, so a lost bell is made good by the next look.
"""

import asyncio
import contextlib
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock, whereabouts
from app.core.db import transaction
from app.core.permissions import OWNERS
from app.core.security import as_uuid, sign, unsign
from app.core.tables import EventRow
from app.core.topics import needed_for
from app.settings import settings

log = structlog.get_logger()

HEARTBEAT_SECONDS = 15
LIFETIME_SECONDS = 600
QUEUE_LENGTH = 64
REPLAY_LIMIT = 500
CHECK_SECONDS = 3.0
RECENT = 5000
"""Numbers of the log that a process remembers the rings of."""
LOOK_SECONDS = 5.0
LOOK_SECONDS_WITHOUT_BELL = 1.0


Rung = tuple[int, list[tuple[str, str]]]
"""A number of the log, and the topics and signals that were rung for it."""

RoleHeld = tuple[str, UUID | None, UUID | None]
"""A role, its business and its center."""


class Ring(msgspec.Struct, frozen=True):
    """Tell an audience (`topic`) that something it shows (`signal`) has changed."""

    topic: str
    signal: str


class Signal(msgspec.Struct, frozen=True):
    """What reaches one stream."""

    seq: int
    name: str


RESET = Signal(0, "reset")
BYE = Signal(0, "bye")


class Held(msgspec.Struct, frozen=True):
    """What a stream was opened with: a session, the roles its person had, the center they worked at, and the address
    they came from. Without any of these it ends."""

    session_id: UUID
    roles: frozenset[RoleHeld]
    ip: str = ""
    center_id: UUID | None = None


def doorbell() -> str:
    """The pub/sub channel of this installation: pub/sub ignores database numbers, so the name tells them apart."""
    return "torqueline:bell:" + hashlib.sha256(settings().database_url.encode()).hexdigest()[:12]


class Listener:
    """One a process: hears the bell, reads the new part of the log once, hands signals to the streams."""

    def __init__(self) -> None:
        self.seq = 0
        self._since = 0
        self._recent: deque[Rung] = deque(maxlen=RECENT)
        self._streams: dict[str, set[asyncio.Queue[Signal]]] = {}
        self._held: dict[asyncio.Queue[Signal], Held] = {}
        self._bell = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._has_bell = False
        self.closing = asyncio.Event()

    async def start(self) -> None:
        """Begin where the log ends now."""
        with contextlib.suppress(SQLAlchemyError, OSError):
            async with transaction() as db:
                await db.execute(text("SELECT set_config('app.network', 'on', true)"))
                self.seq = await db.scalar(select(func.coalesce(func.max(EventRow.seq), 0))) or 0
        self._since = self.seq
        self._tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._look())]
        self._tasks.append(asyncio.create_task(self._check()))

    async def stop(self) -> None:
        """Close every stream."""
        self.closing.set()
        for queues in self._streams.values():
            for queue in queues:
                _put(queue, RESET)
        going = set(self._tasks)
        while going:  # a library may take a cancellation for its own, and go on
            for task in going:
                task.cancel()
            _ended, going = await asyncio.wait(going, timeout=1)

    async def _hear(self) -> None:
        delay = 0.1
        while True:
            redis = Redis.from_url(settings().redis_url, socket_connect_timeout=2, health_check_interval=10)
            try:
                async with redis.pubsub() as pubsub:
                    await pubsub.subscribe(doorbell())
                    self._has_bell, delay = True, 0.1
                    async for _message in pubsub.listen():
                        self._bell.set()
            except (RedisError, OSError):
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5)
            finally:
                self._has_bell = False
                with contextlib.suppress(RedisError, OSError):
                    await redis.aclose()

    async def _look(self) -> None:
        while True:
            patience = LOOK_SECONDS if self._has_bell else LOOK_SECONDS_WITHOUT_BELL
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), patience)
            self._bell.clear()
            try:
                while await self._read_on() == REPLAY_LIMIT:
                    pass
            except (SQLAlchemyError, OSError) as error:
                log.warning("live.log_unreadable", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _check(self) -> None:
        """End the streams of sessions that have ended, and of people whose roles have changed or who work elsewhere
        now: their pages ask again, and get what is theirs now."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not self._held:
                continue
            try:
                standing = await _standing({one.session_id for one in self._held.values()})
                networks = await _networks(
                    {tenant for one in self._held.values() for tenant in _administers(one)}
                )
            except (SQLAlchemyError, OSError) as error:
                log.warning("live.sessions_unreadable", error=type(error).__name__)
                continue
            for queue, held in list(self._held.items()):
                if standing.get(held.session_id) != (held.roles, held.center_id) or any(
                    tenant in networks and not whereabouts.is_within(held.ip, networks[tenant])
                    for tenant in _administers(held)
                ):
                    _put(queue, BYE)

    async def _read_on(self) -> int:
        """Hand on what is new in the log, up to a limit; how much it was."""
        new = await _rung_after(self.seq)
        for seq, rings in new:
            self.seq = seq
            if len(self._recent) == RECENT:
                self._since = self._recent[0][0]
            self._recent.append((seq, rings))
            for name in dict.fromkeys(name for _topic, name in rings):
                topics = (topic for topic, signal in rings if signal == name)
                for queue in set().union(*(self._streams.get(topic, ()) for topic in topics)):
                    _put(queue, Signal(seq, name))
        return len(new)

    async def rung_after(self, seq: int) -> list[Rung]:
        """What was rung after a place of the log, at most REPLAY_LIMIT of it: from memory where it goes back that far, so
        that hundreds of streams that come back at once are no questions to the database."""
        if seq >= self._since:
            return [one for one in self._recent if one[0] > seq][:REPLAY_LIMIT]
        return await _rung_after(seq)

    @contextlib.contextmanager
    def subscribed(self, topics: Sequence[str], held: Held | None = None) -> Any:
        """A queue that gets the signals of the topics inside the block, and BYE when `held` is no longer so."""
        queue: asyncio.Queue[Signal] = asyncio.Queue(QUEUE_LENGTH)
        if held:
            self._held[queue] = held
        for topic in topics:
            self._streams.setdefault(topic, set()).add(queue)
        try:
            yield queue
        finally:
            self._held.pop(queue, None)
            for topic in topics:
                self._streams[topic].discard(queue)
                if not self._streams[topic]:
                    del self._streams[topic]


def _put(queue: "asyncio.Queue[Signal]", signal: Signal) -> None:
    """A reader too slow for its queue is told to start over instead of holding memory."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        signal = RESET
    queue.put_nowait(signal)


async def _standing(sessions: set[UUID]) -> dict[UUID, tuple[frozenset[RoleHeld], UUID | None]]:
    """The roles and the present center behind those of the sessions that are still open: one question for all streams
    of the process."""
    async with transaction() as db:
        rows = await db.execute(
            text("SELECT id, roles, center_id FROM open_sessions(:ids, :now)"),
            {"ids": list(sessions), "now": clock.now()},
        )
        return {
            row.id: (
                frozenset(
                    (one["role"], as_uuid(one["tenant_id"]), as_uuid(one["center_id"])) for one in row.roles
                ),
                row.center_id,
            )
            for row in rows
        }


def _administers(held: Held) -> set[UUID]:
    """The businesses whose list of addresses holds for the stream's person."""
    return {tenant for role, tenant, _center in held.roles if tenant and role in OWNERS}


async def _networks(tenants: set[UUID]) -> dict[UUID, list[str]]:
    """From where those of the businesses that have a list let their owners in."""
    found: dict[UUID, list[str]] = {}
    if tenants:
        async with transaction() as db:
            await db.execute(text("SELECT set_config('app.network', 'on', true)"))
            asked = text("SELECT tenant_id, network FROM allowed_networks WHERE tenant_id = ANY (:ids)")
            for row in await db.execute(asked, {"ids": list(tenants)}):
                found.setdefault(row.tenant_id, []).append(row.network)
    return found


async def _rung_after(seq: int) -> list[Rung]:
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        rows = await db.execute(
            select(EventRow.seq, EventRow.rings)
            .where(EventRow.seq > seq)
            .order_by(EventRow.seq)
            .limit(REPLAY_LIMIT)
        )
        return [(row.seq, [(one[0], one[1]) for one in (row.rings or {}).get("rings", [])]) for row in rows]


_listener: Listener | None = None


def last_seq() -> int:
    """How far this process has heard; never ahead of what a transaction begun now can see."""
    return _listener.seq if _listener else 0


@contextlib.asynccontextmanager
async def listening(_app: object) -> AsyncIterator[None]:
    """Lifespan of the web process's listener."""
    global _listener
    _listener = Listener()
    await _listener.start()
    try:
        yield
    finally:
        await _listener.stop()
        _listener = None


def stream_url(
    topics: Sequence[str], *, viewer: UUID | None, after: int, place: tuple[UUID, UUID | None] | None = None
) -> str:
    """The page's stream: its topics signed for this viewer at their workplace (business and center), from the
    moment the page was read. Raises ValueError for a topic of a kind that nobody declared."""
    for topic in topics:
        needed_for(topic)
    said = {"topics": sorted(set(topics)), "viewer": viewer, "place": place}
    token = sign("live", said, seconds=12 * 3600)
    return f"/live?topics={token}&after={after}"


class Opening(msgspec.Struct, frozen=True):
    """What a stream URL was signed for."""

    topics: list[str]
    viewer: UUID | None = None
    place: tuple[UUID, UUID | None] | None = None


def read_stream_token(token: str) -> Opening:
    """What a stream URL was signed for. Raises ValueError."""
    return msgspec.convert(unsign("live", token), Opening)


async def signals(topics: list[str], after: int, held: Held | None = None) -> AsyncIterator[bytes]:
    """The body of one stream, in server-sent event format with LF only. It ends with "bye" when what it was
    opened with is no longer so."""
    if _listener is None:
        raise RuntimeError("the listener is not running")
    loop = asyncio.get_running_loop()
    end = loop.time() + LIFETIME_SECONDS
    wanted = set(topics)
    with _listener.subscribed(topics, held) as queue:
        yield b": open\n\n"
        sent = after
        missed = await _listener.rung_after(after)
        if len(missed) >= REPLAY_LIMIT:
            yield _encode(Signal(_listener.seq, "reset"))
            sent = _listener.seq
        else:
            for seq, rings in missed:
                for name in dict.fromkeys(name for topic, name in rings if topic in wanted):
                    yield _encode(Signal(seq, name))
                sent = seq
        while loop.time() < end and not _listener.closing.is_set():
            try:
                signal = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": beat\n\n"
                continue
            if signal is BYE:
                yield _encode(Signal(_listener.seq, "bye"))
                return
            if signal is RESET:
                yield _encode(Signal(_listener.seq, "reset"))
            elif signal.seq > sent:
                yield _encode(signal)


def _encode(signal: Signal) -> bytes:
    return f"id: {signal.seq}\nevent: {signal.name}\ndata: {signal.seq}\n\n".encode()
