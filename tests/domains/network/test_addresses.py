"""From which addresses a business lets its owners in: pages, JSON, programs and streams, but never a lock without a key."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from app.core import whereabouts
from app.core.db import transaction
from app.core.tables import AuditLog, EventRow
from app.domains.network import addresses
from tests.browsing import Browser
from tests.cast import PASSWORD
from tests.conftest import the_app

PAGE = "/settings/addresses"
AT_HOME = "203.0.113.9"


@pytest.fixture
async def at(site):
    """Open a browser at an address."""
    opened = []

    def open_there(person, address):
        one = Browser(the_app(), person)
        one.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=the_app(), client=(address, 4711)),
            base_url="http://testserver",
            cookies=one.http.cookies,
        )
        opened.append(one)
        return one

    yield open_there
    for one in opened:
        await one.close()


async def allow(at, cast, networks, address=AT_HOME):
    return await at(cast.owner, address).post(PAGE, {"networks": networks})


@pytest.mark.parametrize(("networks", "inside", "outside"), [
    ("203.0.113.9", "203.0.113.9", "203.0.113.8"),
    ("203.0.113.8/30", "203.0.113.11", "203.0.113.12"),
    ("203.0.113.11/30", "203.0.113.8", "203.0.113.7"),
    ("203.0.113.0/24", "::ffff:203.0.113.255", "::ffff:203.0.114.0"),
    ("::ffff:203.0.113.0/120", "203.0.113.1", "203.0.112.255"),
    ("2001:db8::/48", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "2001:db8:1::"),
    ("2001:db8::/48", "2001:DB8::1", "203.0.113.9"),
    ("203.0.113.0/24", "203.0.113.1", "testclient"),
])  # fmt: skip
def test_an_address_is_in_a_network_or_not(networks, inside, outside):
    listed = addresses.read_list(networks)
    assert whereabouts.is_within(inside, listed)
    assert not whereabouts.is_within(outside, listed)


async def test_an_owner_outside_is_refused_everywhere_and_told_why(at, cast, monkeypatch):
    assert (await allow(at, cast, "203.0.113.0/24, 2001:db8::/48")).status_code == 303
    assert (await at(cast.owner, "2001:db8::7").get(PAGE)).status_code == 200
    away = at(cast.owner, "198.51.100.1")
    for url in ("/board", PAGE, "/settings", "/garage"):
        page = await away.get(url, headers={"x-forwarded-for": AT_HOME})
        assert page.status_code == 403, url
        assert "198.51.100.1" in page.text
        assert "another owner" in page.text
    told = await away.json("GET", "/api/v1/customers")
    assert (told.status_code, told.json()) == (403, {"error": "address_not_allowed"})
    assert (await away.post(PAGE, {"networks": ""})).status_code == 403
    assert (await away.get("/")).status_code == 200, "what everybody sees"
    for person in (cast.advisor, cast.technician, cast.outsider):
        assert (await at(person, "198.51.100.1").get("/board")).status_code == 200
    async with transaction(tenant=cast.owner.tenant_id) as db:
        refused = (await db.scalars(select(AuditLog).where(AuditLog.action == "address.refused"))).all()
        changed = (await db.scalars(select(EventRow).where(EventRow.name == "AddressesChanged"))).all()
    assert {one.new_values["address"] for one in refused} == {"198.51.100.1"}
    assert [one.payload["after"] for one in changed] == [["2001:db8::/48", "203.0.113.0/24"]]


async def test_nobody_locks_themselves_out(at, cast):
    refused = await allow(at, cast, "198.51.100.0/24\n10.0.0.300")
    assert refused.status_code == 422
    assert "10.0.0.300" in refused.text
    for networks, word in (("198.51.100.0/24", AT_HOME), ("0.0.0.0/0", "everywhere")):
        refused = await allow(at, cast, networks)
        assert (refused.status_code, word in refused.text, networks in refused.text) == (422, True, True)
    assert (await at(cast.owner, "192.0.2.1").get(PAGE)).status_code == 200, "nothing was changed"
    assert (await at(cast.advisor, AT_HOME).post(PAGE, {"networks": AT_HOME})).status_code == 403


async def test_programs_are_held_too(at, cast):
    owner = at(cast.owner, AT_HOME)
    signed = await owner.json("POST", "/api/v1/auth/login", {"email": cast.owner.email, "password": PASSWORD})
    access = signed.json()["access_token"]
    own = await owner.json(
        "POST", "/api/v1/tokens", {"name": "till", "scopes": ["read:customers"], "days": 30}
    )
    assert own.status_code == 201, own.text
    shops = await owner.json(
        "POST",
        "/api/v1/tokens",
        {"name": "books", "scopes": ["read:customers", "manage:services"], "days": 30, "for_shop": True},
    )
    assert shops.status_code == 201, shops.text
    await allow(at, cast, f"{AT_HOME}/32")
    for token in (access, own.json()["token"], shops.json()["token"]):
        for address, status in ((AT_HOME, 200), ("198.51.100.1", 403)):
            program = at(None, address)
            said = await program.http.get(
                "/api/v1/customers", headers={"authorization": f"Bearer {token}", "x-forwarded-for": AT_HOME}
            )
            assert said.status_code == status, (address, said.text)


def command(slug):
    """The command as it is typed, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "allow-everywhere", slug, "--home", "/nowhere"],
        cwd=Path(__file__).parents[3], env=os.environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


async def test_whoever_runs_the_site_can_clear_the_list(at, cast, site):
    await allow(at, cast, f"{AT_HOME}/32")
    away = at(cast.owner, "198.51.100.1")
    assert (await away.get("/board")).status_code == 403
    assert command("no-such-shop").returncode != 0
    assert (await away.get("/board")).status_code == 403
    said = command("harbor-lane-garage")
    assert (said.returncode, f"{AT_HOME}/32" in said.stdout) == (0, True), said.stderr
    assert (await away.get("/board")).status_code == 200
