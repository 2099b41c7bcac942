"""The worker process: SAQ with every domain's tasks and crons, and the relay beside it."""

import asyncio
import contextlib
import signal
from typing import Any, cast

import structlog
from redis.exceptions import RedisError
from saq import Worker

from app.core import chain, db, personal, pruning, queue, relay
from app.core.logs import configure_logs
from app.domains.billing import tasks as billing_tasks
from app.domains.booking import tasks as booking_tasks
from app.domains.customers import erasing as customers_erasing
from app.domains.estimates import tasks as estimates_tasks
from app.domains.marketplace import tasks as marketplace_tasks
from app.domains.messaging import waiting
from app.domains.notifications import (
    alarms,
    car_reminding,
    package_reminding,
    paper_reminding,
    reminding,
    sending,
    service_reminding,
)
from app.domains.parts_shops import tasks as parts_shops_tasks
from app.domains.privacy import erasing, making
from app.domains.recommendations import looking_up, wear
from app.personal import PERSONAL
from app.settings import settings
from app.subscriptions import SUBSCRIPTIONS

log = structlog.get_logger()

TASKS_OF = (
    chain,
    pruning,
    billing_tasks,
    booking_tasks,
    estimates_tasks,
    marketplace_tasks,
    waiting,
    parts_shops_tasks,
    alarms,
    reminding,
    sending,
    car_reminding,
    package_reminding,
    paper_reminding,
    service_reminding,
    looking_up,
    wear,
    making,
    erasing,
    customers_erasing,
)
"""The domains' tasks and crons: importing a module makes its tasks known to the queue. The tuple is read nowhere;
it stands here so that no import is taken for an unused one."""


async def work() -> None:
    """Run until SIGTERM or SIGINT; jobs that are cut short go back into the queue.

    Raises RuntimeError when the relay or the queue ends by itself: half a worker looks alive and does nothing, and
    whoever supervises this process can only mend what has ended.
    """
    configure_logs(settings().log_level)
    db.connect(settings().sqlalchemy_url)
    relay.subscribe(SUBSCRIPTIONS)
    personal.declare(PERSONAL)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    halves = (
        asyncio.create_task(relay.run(stopping), name="relay"),
        asyncio.create_task(_keep_queueing(stopping), name="queue"),
    )
    told = asyncio.create_task(stopping.wait())
    log.info("worker.ready")
    ended, _others = await asyncio.wait((told, *halves), return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    for one in halves:
        one.cancel()
    await asyncio.gather(told, *halves, return_exceptions=True)
    await db.disconnect()
    if told not in ended:
        broken = ended.pop()
        raise RuntimeError(f"the {broken.get_name()} has ended by itself") from broken.exception()


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
