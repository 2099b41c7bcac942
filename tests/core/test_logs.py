"""What people typed stays out of logs and dead jobs, whatever goes wrong with it."""

import io
import json
import logging
import traceback

import pytest
import structlog
from sqlalchemy import text

from app.core import queue
from app.core.db import transaction
from app.core.logs import configure_logs, lines_of_libraries
from app.core.tables import DeadJob, IdempotencyKey

CANARY = "canary@person.example $argon2id$v=19$"


async def take_twice():
    """The database says which key is taken."""
    async with transaction() as db:
        for _ in range(2):
            await db.execute(
                text("INSERT INTO idempotency_keys VALUES (:canary, 'me', '/', 200, null, now())"),
                {"canary": CANARY},
            )


async def leave_out():
    """The database quotes the whole row it refuses."""
    async with transaction() as db:
        db.add(IdempotencyKey(key=CANARY, owner="me\n\n" + CANARY, route=None))


async def mistake():
    """The driver quotes the value it cannot send."""
    async with transaction() as db:
        await db.execute(text("SELECT cast(:number AS bigint)"), {"number": CANARY})


async def several():
    """Of several errors the traceback is written between bars."""
    await queue.for_each([take_twice, mistake], lambda fail: fail())


@pytest.mark.parametrize("fail", [take_twice, leave_out, mistake, several])
async def test_an_error_of_the_database_tells_nobody_what_was_typed(site, fail):
    configure_logs()
    lines = io.StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(lines), processors=structlog.get_config()["processors"]
    ).bind()

    async def work():
        try:
            await fail()
        except Exception:
            log.exception("unexpected")
            raise

    run = queue._guarded(queue.Task("tests.work", work, retries=1, timeout=30, heartbeat=0))
    with pytest.raises(queue.JobFailed) as told:
        await run({"job": queue.Job(function="tests.work", retries=1, attempts=1)})
    to_saq = "".join(traceback.format_exception(told.value))
    async with transaction() as db:
        kept = (await db.get_one(DeadJob, await db.scalar(text("SELECT id FROM dead_jobs")))).error
    for trace in (lines.getvalue(), kept, to_saq):
        assert "Traceback" in trace
        assert "canary" not in trace


def test_what_a_library_logs_is_a_line_like_ours():
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(lines_of_libraries())
    library = logging.Logger("httpx")
    refused = f"no\nDETAIL: Key (email)=({CANARY}) already exists."
    library.addHandler(handler)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        library.warning('HTTP Request: GET %s "404"', "https://x.example/v1?email=canary&key=canary")
        try:
            raise ValueError(refused)
        except ValueError:
            library.exception("for %s", "canary@person.example")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["logger"], first["level"], first["request_id"]) == ("httpx", "warning", "r-1")
    assert first["event"] == 'HTTP Request: GET https://x.example/v1?[hidden] "404"'
    assert "Traceback" in second["exception"]
    assert "canary" not in lines.getvalue()
