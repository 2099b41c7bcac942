"""Background work on SAQ, with defaults that suit us: SAQ alone gives a job one try and ten seconds."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import structlog
from redis.asyncio import Redis
from saq import CronJob, Job, Queue
from saq.queue.redis import RedisQueue

from app.core.db import new_id, transaction
from app.core.logs import without_values
from app.core.tables import DeadJob

log = structlog.get_logger()

Work = Callable[..., Awaitable[None]]

MAX_BACKOFF_SECONDS = 300.0
SPARE_SECONDS = 10
"""What SAQ gives a job beyond our own limit, to write down that it ran out of time."""


@dataclass(frozen=True, slots=True)
class Task:
    """A function the worker can run by name."""

    name: str
    work: Work
    retries: int
    timeout: int
    heartbeat: int
    cron: str = ""


class JobFailed(Exception):
    """What SAQ is told of a failure. It writes the whole traceback into its log and into Redis, so the rest is
    said in ours."""


TASKS: dict[str, Task] = {}


def task(*, retries: int = 8, timeout: int = 30, heartbeat: int = 0) -> Callable[[Work], Work]:
    """Make an async function a task: `retries` tries with growing pauses, `timeout` seconds each; what
    still fails is kept as a dead job. Keyword arguments must be plain JSON values."""

    def register(work: Work) -> Work:
        _register(Task(_name(work), work, retries, timeout, heartbeat))
        return work

    return register


def cron(schedule: str, *, retries: int = 3, timeout: int = 120) -> Callable[[Work], Work]:
    """Run an async function by a cron schedule (UTC), once however many workers there are."""

    def register(work: Work) -> Work:
        _register(Task(_name(work), work, retries, timeout, 0, schedule))
        return work

    return register


def _name(work: Work) -> str:
    return f"{work.__module__.removeprefix('app.').removeprefix('domains.')}.{work.__qualname__}"


def _register(new: Task) -> None:
    known = TASKS.get(new.name)
    if known is not None and known.work is not new.work:
        raise ValueError(f"two tasks are called {new.name}")
    TASKS[new.name] = new


_queue: Queue | None = None


def connect_queue(redis_url: str, name: str = "torqueline") -> Queue:
    """Open the process's queue. Nothing is sent to Redis before it is used."""
    global _queue
    redis = Redis.from_url(redis_url, socket_connect_timeout=2, health_check_interval=15)
    _queue = RedisQueue(cast(Any, redis), name=name)
    return _queue


async def disconnect_queue() -> None:
    """Close the connections to Redis."""
    global _queue
    if _queue is not None:
        await _queue.disconnect()
    _queue = None


async def enqueue(name: str, *, key: str, **kwargs: Any) -> None:
    """Ask the worker to run a task; a job of the same key that still waits is not doubled.

    Call this after the commit only (the relay does): a job may start before the transaction's rows exist.
    """
    if _queue is None:
        raise RuntimeError("connect_queue() has not been called")
    known = TASKS[name]
    await _queue.enqueue(
        Job(
            function=name,
            key=key,
            kwargs=kwargs,
            retries=known.retries,
            timeout=known.timeout + SPARE_SECONDS,
            heartbeat=known.heartbeat,
            retry_delay=1.0,
            retry_backoff=MAX_BACKOFF_SECONDS,
            ttl=60,
        )
    )


def _guarded(known: Task) -> Work:
    """The function SAQ calls: runs the work within its time, and buries it when its last try has failed.

    The time is ours, so that a cancellation means only one thing: this worker is being stopped, and SAQ puts the
    job back.
    """

    async def run(ctx: dict[str, Any], **kwargs: Any) -> None:
        job: Job = ctx["job"]
        try:
            async with asyncio.timeout(known.timeout):
                await known.work(**kwargs)
        except Exception as error:
            log.exception("job.failed", task=known.name, attempts=job.attempts)
            if not job.retryable:
                await bury(known.name, kwargs, traceback.format_exc(limit=20), job.attempts)
            raise JobFailed(type(error).__name__) from None

    run.__qualname__ = run.__name__ = known.name
    return run


async def bury(name: str, kwargs: dict[str, Any], error: str, attempts: int) -> None:
    """Keep a job that failed for the last time, to be looked at and replayed."""
    log.error("job.dead", task=name, attempts=attempts)
    async with transaction() as db:
        db.add(
            DeadJob(
                id=new_id(), task=name, kwargs=kwargs, error=without_values(error)[-8000:], attempts=attempts
            )
        )


T = TypeVar("T")


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[object]], *, at_once: int = 1) -> None:
    """Do `work` for each of some items (ids: they are logged), so that one that fails holds up no other. Raises an
    ExceptionGroup at the end if any did, for then the job has failed and must be seen."""
    places = asyncio.Semaphore(at_once)
    wrong: list[Exception] = []

    async def do(item: T) -> None:
        async with places:
            try:
                await work(item)
            except Exception as error:
                log.warning("item.failed", item=str(item), error=type(error).__name__)
                wrong.append(error)

    await asyncio.gather(*(do(item) for item in items))
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} could not be done", wrong)


def functions() -> list[tuple[str, Any]]:
    """What a SAQ worker needs: every task by name."""
    return [(known.name, _guarded(known)) for known in TASKS.values()]


def cron_jobs() -> list[CronJob[Any]]:
    """Every cron for a SAQ worker."""
    return [
        CronJob(
            _guarded(known),
            cron=known.cron,
            timeout=known.timeout + SPARE_SECONDS,
            retries=known.retries,
            ttl=60,
        )
        for known in TASKS.values()
        if known.cron
    ]
