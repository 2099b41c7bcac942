"""Between the driver's yes and the technician's tablet anything may be killed; the story goes on by itself."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys

import asyncpg
import pytest

from tests.processes.guest import Guest, Listener
from tests.processes.running_site import BARE, ROOT, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400), pytest.mark.xdist_group("processes")]

UNLOCKED_WITHIN = 20.0
"""Seconds on a busy machine, restart of the killed process included."""


@pytest.fixture(scope="session")
def technician(site):
    return Guest(site.url).sign_in("technician@demo.test")


def another_car(site, plate):
    made = subprocess.run(
        [sys.executable, "-m", "tests.processes.another_car", plate],
        env=BARE | site.state["env"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def approval_address(site, visit):
    """The link in the driver's mail."""
    reader = Guest(site.url)
    for address in [link for link in reader.open("/dev/mail").links if link.startswith("/dev/mail/")]:
        text = reader.open(address).text
        if f"Estimate: {visit['estimate_number']}\n" in text:
            return re.search(r'href="[^"]*(/approve/[^"]+)"', text)[1]
    return None


def yes_to_all(visit):
    return {f"decision-{job}": "approved" for job in visit["jobs"]} | {"signed_name": "A Driver"}


def can_start(technician, job):
    return f'action="/jobs/{job}/start"' in technician.open(f"/bench?job={job}").text


def ask(site, question, *values):
    """One number from the database, as its owner."""

    async def fetch():
        db = await asyncpg.connect(site.state["env"]["DATABASE_OWNER_URL"], timeout=5)
        try:
            return await db.fetchval(question, *values)
        finally:
            await db.close()

    return asyncio.run(fetch())


def facts(site, visit):
    """What is written down about the visit: each of these must be so exactly once."""
    estimate, order = visit["estimate"], visit["order"]
    return {
        "decisions": ask(
            site,
            "SELECT count(*) FROM events WHERE name = 'EstimateDecided' AND payload->>'estimate_id' = $1",
            estimate,
        ),
        "authorized jobs": ask(
            site,
            "SELECT count(*) FROM events WHERE name = 'JobAuthorized' AND payload->>'order_id' = $1",
            order,
        ),
        "signed answers": ask(
            site, "SELECT count(*) FROM authorizations WHERE estimate_id = $1::uuid", estimate
        ),
        "told the desk": ask(
            site,
            "SELECT count(*) FROM notifications n JOIN events e ON e.id = n.event_id"
            " WHERE e.name = 'EstimateDecided' AND e.payload->>'estimate_id' = $1",
            estimate,
        ),
        "mails with the link": ask(
            site,
            "SELECT count(*) FROM mails m JOIN events e ON e.id = m.event_id"
            " WHERE e.name = 'EstimateSent' AND e.payload->>'estimate_id' = $1",
            estimate,
        ),
    }


def owed(site, visit):
    """Reactions to the visit that are not done."""
    return ask(
        site,
        "SELECT count(*) FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.done_at IS NULL AND (e.payload->>'order_id' = $1 OR e.payload->>'estimate_id' = $2)",
        visit["order"],
        visit["estimate"],
    )


@pytest.mark.parametrize(
    ("victim", "plate"),
    [("Web", "ISLAND 1"), ("Worker", "9917 BD"), ("Valkey", "2231 AF"), ("PostgreSQL", "WALT'S")],
)
def test_a_yes_reaches_the_tablet_whatever_is_killed_on_the_way(site, advisor, technician, victim, plate):
    visit = another_car(site, plate)
    address = until(lambda: approval_address(site, visit), within=60)
    job = visit["jobs"][0]
    bench = technician.open(f"/bench?job={job}")
    assert not can_start(technician, job)
    driver = Guest(site.url)
    with Listener(technician, bench) as tablet:
        worker = site.pid("Worker")
        os.kill(worker, signal.SIGSTOP)  # the yes is written down, and nobody has heard of it yet
        asked = driver.open(address)
        answered = driver.send(asked, address, **yes_to_all(visit))
        assert answered.status == 200
        assert "Your answer is recorded" in answered.text
        heard_before = len(tablet.heard)
        site.kill(victim, before_it_returns=site.forget_valkey if victim == "Valkey" else None)
        if victim != "Worker":
            os.kill(worker, signal.SIGCONT)
        until(lambda: {"bench", "reset"} & set(tablet.heard[heard_before:]), within=UNLOCKED_WITHIN)
        until(lambda: can_start(technician, job), within=UNLOCKED_WITHIN)
    driver.send(asked, address, **yes_to_all(visit))  # a thumb that pressed twice
    until(lambda: owed(site, visit) == 0, within=120)
    assert facts(site, visit) == {
        "decisions": 1,
        "authorized jobs": 2,
        "signed answers": 2,
        "told the desk": 1,
        "mails with the link": 1,
    }
    assert technician.is_signed_in()
    assert advisor.is_signed_in()
