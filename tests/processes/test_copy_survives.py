"""The worker is killed in the middle of a person's copy: after it the copy is made whole, once, and told of once."""

import asyncio
import io
import zipfile

import asyncpg
import pytest

from tests.processes.guest import Guest
from tests.processes.running_site import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400), pytest.mark.xdist_group("processes")]

HERE = "/settings/your-data"
HOLD = "LOCK TABLE odometer_readings IN ACCESS EXCLUSIVE MODE"
"""The copy reads it after its first tables and before its last: there it has to wait."""
HELD = """SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'odometer_readings'::regclass"""
LAST = "SELECT * FROM exports ORDER BY created_at DESC LIMIT 1"
OWED = """SELECT count(*) FROM deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.done_at IS NULL AND e.subject_id = $1"""
TOLD = """SELECT (SELECT count(*) FROM mails t WHERE t.event_id = e.id),
    (SELECT count(*) FROM notifications t WHERE t.event_id = e.id)
    FROM events e WHERE e.name = 'ExportReady' AND e.subject_id = $1"""
"""Mails, and lines on the list."""


def test_a_copy_whose_worker_is_killed_is_made_once_and_whole(site):
    dana = Guest(site.url).sign_in("customer@demo.test")
    page, owner = dana.open(HERE), site.state["env"]["DATABASE_OWNER_URL"]
    with asyncio.Runner() as loop:
        db, holding = (loop.run(asyncpg.connect(owner)) for _ in range(2))

        def one(question, *values):
            return loop.run(db.fetchrow(question, *values))

        loop.run(holding.execute("BEGIN"))
        loop.run(holding.execute(HOLD))
        dana.send(page, f"{HERE}/exports")
        until(lambda: one(HELD)[0], within=60)
        site.kill("Worker")
        loop.run(holding.execute("ROLLBACK"))
        left = one(LAST)
        assert (left["status"], left["tries"]) == ("running", 1)
        # Two minutes without a sign of life, in no time.
        one("UPDATE exports SET worked_at = worked_at - interval '3 minutes' RETURNING 1")
        until(lambda: one(LAST)["status"] == "ready", within=180)
        made = one(LAST)
        assert (made["id"], made["status"], made["tries"]) == (left["id"], "ready", 2)
        answer = dana.http.get(f"{HERE}/exports/{made['id']}/file")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as whole:
            assert whole.testzip() is None
            names = whole.namelist()
            assert len(set(names)) == len(names)
            of_mine = [
                one
                for one in names
                if one not in ("fields.json", "index.html") and not one.startswith("read/")
            ]
            assert len(of_mine) == made["total"]
        until(lambda: one(OWED, made["id"])[0] == 0, within=120)
        assert tuple(one(TOLD, made["id"])) == (1, 1)
        loop.run(db.close())
        loop.run(holding.close())
