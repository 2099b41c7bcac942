"""Background work: what runs out of time is kept as dead, what is only cut short is not."""

import asyncio

import pytest
from saq import Job
from sqlalchemy import select

import app.worker  # noqa: F401  knows every cron
from app.core import queue
from app.core.db import transaction
from app.core.tables import DeadJob


async def nap(seconds: float) -> None:
    await asyncio.sleep(seconds)


def as_saq_runs_it(*, timeout):
    """The function SAQ calls, in a job that has no tries left."""
    run = queue._guarded(queue.Task("tests.nap", nap, retries=1, timeout=timeout, heartbeat=0))
    return run, {"job": Job(function="tests.nap", retries=1, attempts=1)}


async def _dead():
    async with transaction() as db:
        return list(await db.scalars(select(DeadJob)))


async def test_work_that_runs_out_of_time_is_buried(site):
    run, job = as_saq_runs_it(timeout=0.1)
    with pytest.raises(queue.JobFailed):
        await run(job, seconds=5)
    [dead] = await _dead()
    assert (dead.task, dead.kwargs) == ("tests.nap", {"seconds": 5})
    assert "TimeoutError" in dead.error


async def test_work_that_a_stopping_worker_cuts_short_is_not_buried(site):
    run, job = as_saq_runs_it(timeout=30)
    running = asyncio.create_task(run(job, seconds=5))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await _dead() == []


async def test_one_that_fails_holds_up_no_other_and_the_job_still_fails():
    done = []

    async def halve(number):
        done.append(10 / number)

    with pytest.raises(ExceptionGroup) as wrong:
        await queue.for_each([5, 0, 2], halve)
    assert done == [2, 5]
    assert [type(one) for one in wrong.value.exceptions] == [ZeroDivisionError]


def test_the_queue_gives_every_cron_more_time_than_we_do():
    crons = [known for known in queue.TASKS.values() if known.cron]
    more = [job.timeout - known.timeout for job, known in zip(queue.cron_jobs(), crons, strict=True)]
    assert min(more) > 0
