"""An account erased in a world where both shops have rows in every table: no trace is left but where the law wants it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.core import chain, clock
from app.core.db import transaction
from app.domains.customers import erasing as customers_erasing
from app.domains.customers import unseal_for
from app.domains.privacy import erasing
from tests.cast import HARBOR
from tests.tenancy.belonging import read_catalogue
from tests.tenancy.shops import HARBOR_SHOP, VOLT_SHOP
from tests.tenancy.test_crawl import beside

__all__ = ["beside"]

DANA = HARBOR_SHOP.driver
PHONE = "+1 503 555 0199"
KEPT = {
    "invoices.content": "books are kept for ten years, with the name they were issued to",
    "estimates.header": "what was signed names who it was shown to",
    "authorizations.signed_name": "a signature",
    "authorizations.contact": "how it was given",
    "repair_orders.signed_name": "the signature at check-in",
    "events.actor_name": "the trail says who did what, and its chain would break",
    "audit_logs.actor_name": "the same",
}
"""The only places where the law, or the proof of the past, keeps a name."""


async def traces(db: Any, *words: str) -> set[str]:
    """Every column of every table that holds one of the words."""
    found = set()
    catalogue = await read_catalogue(db)
    for table, columns in catalogue.columns.items():
        for column in columns:
            if column.type in ("text", "text[]", "jsonb"):
                for word in words:
                    sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE position(lower($1) IN lower({column.name}::text)) > 0)"
                    if await db.fetchval(sql, word):
                        found.add(f"{table}.{column.name}")
    return found


async def settle_everything(db: Any) -> None:
    """All between the shop and its customers is done, paid and handed over."""
    await db.execute("SET session_replication_role = replica")
    await db.execute("UPDATE repair_orders SET status = 'closed', stage = 'delivered'")
    await db.execute("UPDATE invoices SET status = 'paid', paid_minor = total_minor - credited_minor")
    await db.execute("UPDATE payments SET status = 'completed'")
    await db.execute("UPDATE appointments SET status = 'completed'")
    await db.execute("SET session_replication_role = DEFAULT")


async def trail_is_good() -> None:
    while await chain.extend():
        pass
    for tenant in (None, HARBOR, VOLT_SHOP.tenant_id):
        verdict = await chain.verify(tenant)
        assert verdict.flaw is None, (tenant, verdict)


@pytest.fixture
async def dana(browser, beside):
    """Dana has been busy. The chain and the key that were made up to fill their tables give way to true ones."""
    await beside.execute("SET session_replication_role = replica")
    await beside.execute("DELETE FROM audit_chain")
    await beside.execute("DELETE FROM exports")
    await beside.execute("DELETE FROM customer_keys")
    await beside.execute("SET session_replication_role = DEFAULT")
    await beside.execute("UPDATE users SET phone = $2 WHERE id = $1", DANA.user_id, PHONE)
    await beside.execute(
        "UPDATE customers SET phone = $2, notes = $3 WHERE user_id = $1", DANA.user_id, PHONE, DANA.name
    )
    one = browser(DANA)
    assert (await one.json("POST", "/api/v1/me/export")).status_code == 202
    facts = {"name": DANA.name, "phone": PHONE, "locale": "en", "zone": "UTC", "distance_unit": "mi"}
    facts |= {"date_of_birth": "1990-05-01", "preferred_center_id": str(VOLT_SHOP.center_id)}
    assert (await one.post("/settings/profile", facts)).status_code == 303
    assert (await one.post("/settings/email", {"email": "dana@elsewhere.example"})).status_code == 303
    wrote = {
        "customer_id": str(DANA.customer_id),
        "title": "Your key",
        "message": f"Dear {DANA.name}, come by.",
    }
    sent = await browser(HARBOR_SHOP.owner).json("POST", "/api/v1/notifications/send", wrote)
    assert sent.status_code == 202
    return one


async def sealed_words(db: Any) -> tuple[Any, str]:
    """What the log keeps of the last message to Dana."""
    row = await db.fetchrow(
        "SELECT tenant_id, payload FROM events WHERE name = 'MessageWritten' ORDER BY id DESC"
    )
    return row["tenant_id"], json.loads(row["payload"])["sealed"]


async def test_nothing_is_left_but_what_the_law_keeps_and_the_trail_holds(
    dana, beside, browser, run_reactions
):
    await run_reactions()
    await trail_is_good()
    tenant, sealed = await sealed_words(beside)
    async with transaction(tenant=tenant) as db:
        assert f"Dear {DANA.name}" in await unseal_for(db, tenant, DANA.customer_id, sealed)
    asked = await dana.json("POST", "/api/v1/me/erasure", {"confirmation": DANA.email})
    assert asked.status_code == 202
    others = await beside.fetch("SELECT id, name, email FROM users WHERE id <> $1 ORDER BY id", DANA.user_id)
    theirs = await beside.fetch(
        "SELECT * FROM customers WHERE tenant_id = $1 ORDER BY id", VOLT_SHOP.tenant_id
    )
    await erasing.erase_due_accounts()
    assert (await beside.fetchval("SELECT email FROM users WHERE id = $1", DANA.user_id)) == DANA.email, (
        "too early"
    )
    with clock.moved_by(erasing.GRACE + timedelta(minutes=1)):
        await erasing.erase_due_accounts()
        await customers_erasing.erase_settled_customers()
        await run_reactions()
    assert (await dana.get("/settings")).status_code == 303, "signed out"
    owner = browser(HARBOR_SHOP.owner)
    number = await beside.fetchval("SELECT number FROM customers WHERE user_id = $1", DANA.user_id)
    waiting = await owner.get(f"/customers/{number}")
    assert "an open repair order" in waiting.text
    assert PHONE in waiting.text, "the shop must reach her while her car is there"
    await settle_everything(beside)
    await customers_erasing.erase_settled_customers()
    await run_reactions()
    await trail_is_good()
    page = await owner.get(f"/customers/{number}")
    assert (page.status_code, "Erased customer" in page.text) == (200, True)
    left = await traces(beside, DANA.name, DANA.email, PHONE, "dana@elsewhere.example")
    assert left <= set(KEPT), sorted(left - set(KEPT))
    assert "invoices.content" in left, "books are kept"
    assert (await sealed_words(beside))[1] == sealed, "the log is as it was"
    async with transaction(tenant=tenant) as db:
        assert await unseal_for(db, tenant, DANA.customer_id, sealed) is None
    assert not await beside.fetchval(
        "SELECT date_of_birth IS NOT NULL OR preferred_center_id IS NOT NULL FROM users WHERE id = $1",
        DANA.user_id,
    )
    assert (
        await beside.fetch("SELECT id, name, email FROM users WHERE id <> $1 ORDER BY id", DANA.user_id)
        == others
    )
    assert (
        await beside.fetch("SELECT * FROM customers WHERE tenant_id = $1 ORDER BY id", VOLT_SHOP.tenant_id)
        == theirs
    )
    for table in (
        "sessions",
        "passkeys",
        "identities",
        "email_proofs",
        "notifications",
        "mails",
        "push_subscriptions",
        "mutes",
        "quiet_hours",
        "exports",
        "api_tokens",
    ):
        assert not await beside.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", DANA.user_id), (
            table
        )


async def test_a_shop_erases_a_customer_who_asks_and_only_its_owner_may(browser, beside, cast, dana):
    await settle_everything(beside)
    number = HARBOR_SHOP.only_number
    url, form = f"/customers/{number}/erasure", {"confirmation": f"c-{number}"}
    assert (await browser(cast.advisor).post(url, form)).status_code == 403
    assert (await browser(VOLT_SHOP.owner).post(url, form)).status_code == 404
    owner = browser(cast.owner)
    assert (await owner.post(url, {"confirmation": "C-1"})).status_code == 422
    assert (await owner.post(url, form)).status_code == 303
    row = await beside.fetchrow(
        "SELECT * FROM customers WHERE number = $1 AND tenant_id = $2", number, HARBOR
    )
    assert (row["name"], row["email"], row["phone"], row["notes"], row["user_id"]) == (
        "Erased customer",
        "",
        "",
        "",
        None,
    )
    assert (await browser(DANA).get("/garage")).status_code == 200, "her own account stays"
    await trail_is_good()
