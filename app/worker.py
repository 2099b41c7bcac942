"""The worker process: SAQ with every domain's tasks and crons, and the relay beside it."""

import asyncio
import contextlib
import signal
from typing import Any, cast

import structlog
from redis.exceptions import RedisError
from saq import Worker

from app.core import db, queue, relay
from app.core.logs import configure_logs
from app.domains.billing import tasks as billing_tasks
from app.domains.booking import tasks as booking_tasks
from app.domains.estimates import tasks as estimates_tasks
from app.domains.notifications import reminding, sending
from app.settings import settings
from app.subscriptions import SUBSCRIPTIONS

log = structlog.get_logger()

TASKS_OF = (billing_tasks, booking_tasks, estimates_tasks, reminding, sending)
"""The domains' tasks and crons; importing a module makes its tasks known."""


async def work() -> None:
    """Run until SIGTERM or SIGINT; jobs that are cut short go back into the queue."""
    configure_logs(settings().log_level)
    db.connect(settings().sqlalchemy_url, pool_size=10)
    relay.subscribe(SUBSCRIPTIONS)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    relaying = asyncio.create_task(relay.run(stopping))
    queueing = asyncio.create_task(_keep_queueing(stopping))
    log.info("worker.ready")
    await stopping.wait()
    for one in (relaying, queueing):
        one.cancel()
    await asyncio.gather(relaying, queueing, return_exceptions=True)
    await db.disconnect()


async def _keep_queueing(stopping: asyncio.Event) -> None:
    """Run SAQ; when Redis goes away, wait for it and begin again."""
    while not stopping.is_set():
        jobs = queue.connect_queue(settings().redis_url)
        worker = Worker(
            jobs,
            functions=queue.functions(),
            cron_jobs=queue.cron_jobs(),
            concurrency=8,
            timers=cast(Any, {"sweep": 20}),
        )
        worker.SIGNALS = []
        try:
            await worker.start()
        except (RedisError, OSError) as error:
            log.warning("worker.queue_unreachable", error=type(error).__name__)
            await asyncio.sleep(1)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await worker.stop()
                await queue.disconnect_queue()


def main() -> None:
    """Entry of `torqueline worker`."""
    asyncio.run(work())
