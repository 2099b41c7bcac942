"""A copy of everything about oneself, asked for in a world where both shops have rows in every table."""

import json
import re
import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.core.files import storage
from app.core.personal import declared
from app.core.tables import File
from app.domains.privacy import making
from app.tenancy import TABLES
from tests.cast import CAST
from tests.tenancy.shops import HARBOR_SHOP, VOLT_SHOP
from tests.tenancy.test_crawl import beside

__all__ = ["beside"]

MAY_BE_EMPTY = {"roles", "programs_signed_in", "looks_and_refusals"}
"""What a driver need not have any of."""
SECOND_STEPS = {
    "estimates",
    "estimate_jobs",
    "estimate_lines",
    "work",
    "visit_photos",
    "findings",
    "cars",
    "logbook",
    "mileage",
    "looks_at_you",  # its rows name who looked, and are the shop's
}
"""Where the copy holds less than every row that names the person: drafts and what is not shown stay the shop's."""


async def copy_of(browser: Any, person: Any) -> zipfile.ZipFile:
    """Asked for, made and fetched as the person does."""
    one = browser(person)
    asked = await one.json("POST", "/api/v1/me/export")
    assert asked.status_code == 202
    await making.make(export_id=asked.json()["id"], person=str(person.user_id))
    shown = (await one.get(f"/api/v1/me/exports/{asked.json()['id']}")).json()
    assert shown["status"] == "ready"
    fetched = await one.get(shown["file"])
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/zip")
    assert len(fetched.content) == shown["size"]
    return zipfile.ZipFile(BytesIO(fetched.content))


async def test_the_copy_holds_all_of_mine_and_nothing_of_anybody_else(browser, beside):
    driver = HARBOR_SHOP.driver
    await beside.execute("UPDATE customers SET notes = 'only among us'")
    await beside.execute("UPDATE job_lines SET unit_cost_minor = 4242424")
    async with transaction(user=driver.user_id) as db:
        for file in await db.scalars(select(File)):
            await storage().put(file.key, b"bytes of " + file.key.encode(), media_type=file.content_type)
    await beside.execute("UPDATE inspections SET status = 'completed', completed_at = now()")
    await beside.execute(
        "UPDATE mails SET user_id = $1 WHERE tenant_id = $2", driver.user_id, HARBOR_SHOP.tenant_id
    )
    chosen = {"name": "Dana O'Neil", "date_of_birth": "1990-05-01"}
    chosen["preferred_service_center_id"] = str(HARBOR_SHOP.center_id)
    assert (await browser(driver).json("PUT", "/api/v1/users/profile", chosen)).status_code == 200
    token = {"name": "till", "scopes": ["read:own_profile"], "days": 30}
    assert (await browser(driver).json("POST", "/api/v1/tokens", token)).status_code == 201
    desk = next(one for one in HARBOR_SHOP.staff if one.role == "advisor")
    number = await beside.fetchval("SELECT number FROM customers WHERE user_id = $1", driver.user_id)
    assert (await browser(desk).get(f"/customers/{number}")).status_code == 200
    copy = await copy_of(browser, driver)
    assert copy.testzip() is None
    assert len(copy.namelist()) == len(set(copy.namelist()))

    files = {name: copy.read(name).decode() for name in copy.namelist() if name.endswith(".json")}
    explained = json.loads(files.pop("fields.json"))["files"]
    assert explained.keys() == files.keys()
    rows = {name.removesuffix(".json"): json.loads(content) for name, content in files.items()}
    assert {name for name in rows if not rows[name]} <= MAY_BE_EMPTY
    for name, found in rows.items():
        documented = explained[f"{name}.json"]["fields"].keys()
        assert all(row.keys() == documented for row in found), name

    everything = "\n".join(files.values())
    assert HARBOR_SHOP.mark in everything
    assert not (told := VOLT_SHOP.secrets.search(everything)), told
    others = [one for one in (*HARBOR_SHOP.staff, *VOLT_SHOP.people) if one is not driver]
    pages = {name: copy.read(name).decode() for name in copy.namelist() if name.endswith(".html")}
    for words in ("only among us", "4242424", *(one.name for one in others)):
        assert words not in everything + "".join(pages.values()), words
    assert rows["looks_at_you"][0]["what"] == "read.customer"
    led_to = {unquote(one) for one in re.findall(r'href="([^"]+)"', pages["index.html"])}
    assert led_to == set(copy.namelist()) - {"index.html", "fields.json"}
    assert "<script" not in "".join(pages.values())
    assert "Dana O&#39;Neil" in pages["read/account.html"]
    assert [name for name in pages if name.startswith("documents/estimates/")]

    photos = [name for name in copy.namelist() if name.startswith("photos/")]
    assert photos
    assert all(copy.read(name).startswith(b"bytes of ") for name in photos)
    papers = [copy.read(name) for name in copy.namelist() if name.endswith(".pdf")]
    assert papers
    assert all(paper.startswith(b"%PDF") for paper in papers)

    for records in [one for domain in declared() for one in domain.records(driver.user_id)]:
        table = records.tables[0]
        if records.name in SECOND_STEPS or "user_id" not in await _columns(beside, table):
            continue
        there = await beside.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", driver.user_id)
        late = 3 if table in ("events", "audit_logs", "exports") else 0  # its own making goes on
        assert there - late <= len(rows[records.name]) <= there, table


async def _columns(beside: Any, table: str) -> set[str]:
    assert table in TABLES
    rows = await beside.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0", table
    )
    return {row["attname"] for row in rows}


@pytest.mark.parametrize("other", [CAST.stranger, CAST.advisor, CAST.owner, CAST.network, VOLT_SHOP.driver])
async def test_nobody_else_is_given_a_copy(browser, other):
    dana = browser(CAST.customer)
    asked = (await dana.json("POST", "/api/v1/me/export")).json()
    await making.make(export_id=asked["id"], person=str(CAST.customer.user_id))
    one = browser(other)
    for url in (f"/api/v1/me/exports/{asked['id']}", f"/settings/your-data/exports/{asked['id']}/file"):
        assert (await one.get(url)).status_code == 404, url
        assert (await browser().get(url)).status_code in (401, 303)
    page = await one.get("/settings/your-data")
    assert not re.search(asked["id"], page.text)
