"""The audit trail on the screen, as a file and as JSON."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import audit, chain, clock, relay
from app.core.db import transaction
from app.core.spreadsheet import cell
from app.core.tables import AuditLog
from app.domains.customers import records
from app.domains.customers.models import Customer
from app.domains.network import premises
from app.domains.network.models import ServiceCenter
from tests.cast import CAST, HARBOR, PASSWORD, VOLT

TRAIL = "/settings/audit"


async def change_hours(person=CAST.owner, **by):
    async with transaction(user=person.user_id, tenant=person.tenant_id) as db:
        center = await db.get_one(ServiceCenter, person.center_id)
        week = (
            {"mon": [["07:00", "12:00"]]} if "tue" in center.working_hours else {"tue": [["07:00", "12:00"]]}
        )
        await premises.set_hours(db, center, week, by=replace(person.viewer, **by))


async def new_phone(phone="+1 503 555 0199", name=""):
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        customer = await db.get_one(Customer, CAST.customer.customer_id)
        facts = records.CustomerFacts(name=name or customer.name, email=customer.email, phone=phone)
        await records.change(db, customer, facts, by=CAST.advisor.viewer)


async def looks(action, tenant=HARBOR):
    async with transaction(tenant=tenant) as db:
        query = select(AuditLog).where(AuditLog.action == action, AuditLog.tenant_id == tenant)
        return (await db.scalars(query)).all()


# --- who may ---------------------------------------------------------------------------------------------


async def test_only_owners_and_the_network_get_in(browser, cast):
    for person in (cast.customer, cast.advisor, cast.technician, cast.outsider):
        assert (await browser(person).get(TRAIL)).status_code == 403, person.key
        assert (await browser(person).get("/network/audit")).status_code == 403, person.key
        assert (await browser(person).get("/api/v1/admin/audit-logs")).status_code == 403, person.key
    assert (await browser().get(TRAIL)).status_code == 303
    assert (await browser(cast.owner).get("/network/audit")).status_code == 403
    assert (await browser(cast.owner).get(TRAIL)).status_code == 200
    assert (await browser(cast.network).get("/network/audit")).status_code == 200


async def test_the_outsiders_row_is_not_found(browser, cast):
    await change_hours(cast.outsider)
    async with transaction(tenant=VOLT) as db:
        from app.core.tables import EventRow

        row = await db.scalar(select(EventRow.id).where(EventRow.name == "CenterChanged"))
    assert (await browser(cast.owner).get(f"{TRAIL}/{row}")).status_code == 404
    assert (
        await browser(cast.network).get(f"/network/audit/{row}?business=voltwerk-berlin")
    ).status_code == 200
    assert (await browser(cast.network).get(f"/network/audit/{row}")).status_code == 404
    assert (await browser(cast.network).get("/network/audit?business=nobody")).status_code == 404
    assert "Otto Outsider" not in (await browser(cast.owner).get(TRAIL)).text
    assert "Otto Outsider" not in (await browser(cast.owner).get(f"{TRAIL}/export")).text


# --- what it shows ---------------------------------------------------------------------------------------


async def test_a_row_opens_to_before_and_after_address_and_device(browser, cast):
    await new_phone()
    await change_hours(ip="198.51.100.7", user_agent="Firefox on the office PC")
    page = (await browser(cast.owner).get(TRAIL)).text
    for words in (
        "Customer changed", "+1 503 555 0100", "+1 503 555 0199", "Avery Advisor", "/customers/1",
        "198.51.100.7", "Firefox on the office PC", "not chained yet",
    ):  # fmt: skip
        assert words in page, words
    await relay.stamp()
    await chain.chain_new_rows()
    assert "Row 1" in (await browser(cast.owner).get(f"{TRAIL}?who=avery")).text


async def test_refusals_and_looks_stand_in_the_same_list(browser, cast):
    await browser(cast.technician).get("/settings/centers")
    await browser(cast.advisor).get("/customers/1")
    page = (await browser(cast.owner).get(TRAIL)).text
    assert "Not allowed" in page
    assert "Looked at a customer" in page
    assert (await browser(cast.owner).get(TRAIL)).text.count("Looked at the audit trail") >= 1
    refusals = (await browser(cast.owner).get(f"{TRAIL}?kind=refusals")).text
    assert "Terry Technician" in refusals
    assert "Looked at a customer" not in refusals.split("</form>")[-1]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=555+0199", True),
        ("q=555+0198", False),
        ("who=avery", True),
        ("who=olive", False),
        ("action=Customer+changed", True),
        ("action=CustomerChanged", True),
        ("action=OrderMoved", False),
        ("entity=customer", True),
        (f"entity={CAST.customer.customer_id}", True),
        ("entity=order", False),
        ("kind=writes", True),
        ("kind=looks", False),
        ("kind=sign_ins", False),
        ("since={today}", True),
        ("since={tomorrow}", False),
        ("until={yesterday}", False),
        ("until={today}", True),
        ("who=avery&q=0199&entity=customer", True),
        ("q=%25", False),
    ],
)
async def test_the_search_finds_by(browser, cast, asked, found):
    await new_phone()
    today = clock.today("America/New_York")
    days = {"today": today, "tomorrow": today + timedelta(days=1), "yesterday": today - timedelta(days=1)}
    page = await browser(cast.owner).get(f"{TRAIL}?{asked.format(**days)}")
    assert page.status_code == 200
    assert ("Customer changed" in page.text.split("</form>")[-1]) is found


async def test_nothing_found_and_a_wrong_day_are_said(browser, cast):
    olive = browser(cast.owner)
    assert "Nothing of that kind is in the trail." in (await olive.get(f"{TRAIL}?q=nowhere")).text
    wrong = await olive.get(f"{TRAIL}?since=yesterday&kind=looks")
    assert wrong.status_code == 422
    assert "Please enter a date." in wrong.text


async def test_pages_follow_one_another_without_a_gap_or_a_double(browser, cast):
    for _ in range(4):
        await change_hours()
    async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
        for number in range(4):
            await audit.read(db, cast.owner.viewer, "customer", number)
    olive, seen, before = browser(cast.owner), [], ""
    while True:
        url = f"/api/v1/admin/audit-logs?entity=customer&limit=3&before={before}"
        answer = (await olive.get(url)).json()
        seen += [one["entity_id"] for one in answer["items"]]
        if answer["next"] is None:
            break
        before = answer["next"].replace("+", "%2B")
    assert seen == ["3", "2", "1", "0"]
    page = (await olive.get(f"{TRAIL}?limit=2")).text
    assert "Older" in page


async def test_what_people_wrote_is_shown_as_text(browser, cast):
    await new_phone(name="<script>alert(1)</script>")
    page = (await browser(cast.owner).get(TRAIL)).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


# --- looks are kept --------------------------------------------------------------------------------------


async def test_looking_at_a_customer_is_kept_and_a_list_is_not(browser, cast):
    avery = browser(cast.advisor)
    await avery.get("/customers")
    assert await looks("read.customer") == []
    await avery.get("/customers/1")
    await avery.get(f"/api/v1/customers/{cast.customer.customer_id}")
    kept = await looks("read.customer")
    assert {(one.user_id, one.entity_id) for one in kept} == {
        (cast.advisor.user_id, str(cast.customer.customer_id))
    }
    assert len(kept) == 2


async def test_the_networks_look_at_people_and_at_a_trail_is_kept_where_it_was_looked(browser, cast):
    nova = browser(cast.network)
    await nova.get("/network/people?q=dana")
    await nova.get("/network/audit?business=harbor-lane-garage&q=brakes")
    [kept] = await looks("read.audit")
    assert (kept.user_id, kept.new_values) == (
        cast.network.user_id,
        {"asked": "q=brakes&business=harbor-lane-garage"},
    )
    assert "Looked at the list of people" in (await nova.get("/network/audit")).text


# --- as a file -------------------------------------------------------------------------------------------


async def test_the_file_holds_the_search_and_no_formula(browser, cast):
    await new_phone(name='=HYPERLINK("https://evil.example")')
    await change_hours(user_agent="=cmd|'/c calc'!A0")
    answer = await browser(cast.owner).get(f"{TRAIL}/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["Time (UTC)", "Who", "What"]
    assert {"CustomerChanged", "CenterChanged", "read.audit_export"} <= {row[2] for row in rows}
    for row in rows:
        for one in row:
            assert not one.startswith(("=", "+", "-", "@", "\t", "\r"))
    only = list(csv.reader(io.StringIO((await browser(cast.owner).get(f"{TRAIL}/export?who=avery")).text)))
    assert [row[2] for row in only[1:]] == ["CustomerChanged"]


async def test_a_long_file_is_sent_in_pieces(browser, cast, monkeypatch):
    from app.screens import audit as screen

    monkeypatch.setattr(screen, "IN_ONE_GO", 3)
    for _ in range(7):
        await change_hours()
    answer = await browser(cast.network).get("/network/audit/export?business=harbor-lane-garage")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row[2] for row in rows].count("CenterChanged") == 7


@given(st.text())
def test_no_cell_is_a_formula_and_nothing_is_lost(said):
    written = cell(said)
    assert written.endswith(said)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


async def test_signed_heads_are_given_out_for_ones_own_trail(browser, cast):
    await change_hours()
    await change_hours(cast.outsider)
    none_yet = await browser(cast.owner).get(f"{TRAIL}/heads", follow_redirects=True)
    assert "There are no signed heads yet" in none_yet.text
    await relay.stamp()
    await chain.sign_heads()
    answer = await browser(cast.owner).get(f"{TRAIL}/heads")
    [head] = chain.read_heads(answer.text.splitlines())
    assert head.tenant == str(HARBOR)
    assert head.is_ours


# --- who came in, and words as they are shown ------------------------------------------------------------


async def test_an_owner_sees_who_of_the_shop_came_in_and_who_tried_and_nothing_of_others(browser, cast):
    for person, password in (
        (cast.advisor, PASSWORD),
        (cast.advisor, "wrong words"),
        (cast.customer, PASSWORD),
    ):
        await browser().post("/sign-in", {"email": person.email, "password": password})
    await browser().json("POST", "/api/v1/auth/login", {"email": cast.technician.email, "password": PASSWORD})
    page = (await browser(cast.owner).get(f"{TRAIL}?kind=sign_ins")).text
    rows = [row.split("</summary>")[0] for row in page.split("<summary>")]
    came = [row for row in rows if "Signed in" in row]
    assert sorted(name for row in came for name in ("Avery Advisor", "Terry Technician", "Dana") if name in row) == [
        "Avery Advisor", "Terry Technician",
    ]  # fmt: skip
    [tried] = [row for row in rows if "Sign in failed" in row]
    assert "Avery Advisor" in tried
    assert "Somebody not signed in" in tried
    assert "Somebody not signed in" not in "".join(came)
    assert "Avery" not in (await browser(cast.outsider).get("/api/v1/admin/audit-logs")).text
    nova = browser(cast.network)
    everybody = (await nova.get("/api/v1/admin/audit-logs?kind=sign_ins&action=SignedIn")).json()["items"]
    assert sorted(one["user"] for one in everybody) == [
        "Avery Advisor",
        cast.customer.name,
        "Terry Technician",
    ]
    await relay.stamp()
    await chain.chain_new_rows()
    again = (await browser(cast.owner).get("/api/v1/admin/audit-logs?kind=sign_ins")).json()["items"]
    assert all(one["number"] for one in again)


@pytest.mark.parametrize(
    "asked", ["q=Roles+changed", "action=Roles+changed", "q=Avery", "entity=Avery", "entity=Staff"]
)
async def test_the_search_finds_what_the_page_shows(browser, cast, asked):
    owner = browser(cast.owner)
    roles = f"/settings/centers/{cast.owner.center_id}/people/{cast.advisor.staff_id}/roles"
    assert (await owner.post(roles, {"roles": "technician"})).status_code == 303
    found = (await owner.get(f"/api/v1/admin/audit-logs?kind=writes&{asked}")).json()["items"]
    assert "RolesChanged" in [one["action"] for one in found]


# --- JSON ------------------------------------------------------------------------------------------------


async def test_json_has_the_same_rows_and_the_same_search(browser, cast):
    await new_phone()
    answer = (await browser(cast.owner).get("/api/v1/admin/audit-logs?q=0199&who=avery")).json()
    [one] = answer["items"]
    row = str(cast.customer.customer_id)
    assert one["action"] == "CustomerChanged"
    assert one["old_values"] == {"customers": {row: {"phone": "+1 503 555 0100"}}}
    assert one["new_values"] == {"customers": {row: {"phone": "+1 503 555 0199"}}}
    assert (one["user"], one["entity_type"], one["entity_id"]) == ("Avery Advisor", "customer", row)
    assert (answer["next"], one["number"]) == (None, None)


async def test_json_without_the_version_in_its_address_and_for_the_network(browser, cast):
    await new_phone()
    nova = browser(cast.network)
    url = "/api/admin/audit-logs?entity=customer"
    assert (await nova.get(url)).json()["items"] == []
    assert len((await nova.get(f"{url}&business=harbor-lane-garage")).json()["items"]) == 1
    assert (await nova.get(f"{url}&kind=nonsense")).status_code == 422
    assert (await nova.get(f"{url}&before=nonsense")).status_code == 200
