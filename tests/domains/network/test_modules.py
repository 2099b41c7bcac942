"""A part of the product that a business has switched off is gone for it, in every process and at once; what was
made with it stays."""

import re
from datetime import timedelta

import pytest

from app.asgi import create_app
from app.core import clock
from app.core.db import transaction
from app.core.modules import MODULES
from app.core.visit import needs
from app.domains.billing import paying
from app.domains.network import setting_values
from app.domains.notifications import reminding
from tests.browsing import Browser
from tests.cast import CAST, HARBOR, HARBOR_CENTER
from tests.domains.billing.bills import issued, with_account
from tests.domains.notifications import things
from tests.tenancy.site_map import routes

API = "/api/v1/admin/settings"


async def switch(module, on):
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        seen = await setting_values.version_of(db, HARBOR)
        await setting_values.change(db, {f"modules.{module}": on}, seen=seen, by=CAST.owner.viewer)


DOORS = {
    "phone_booking": ("advisor", "/appointments/new"),
    "inspections": ("technician", "/api/v1/staff/inspection-templates"),
    "card_payments": ("owner", "/settings/payments"),
    "api_tokens": ("owner", "/api/v1/tokens"),
    "parts_market": ("technician", "/parts"),
}


@pytest.mark.parametrize("module", DOORS)
async def test_its_doors_are_shut_and_open_again(browser, cast, module):
    who, path = DOORS[module]
    person = browser(getattr(cast, who))
    assert (await person.get(path, follow_redirects=True)).status_code == 200
    await switch(module, False)
    shut = await person.get(path)
    assert shut.status_code == 404
    assert "switch it on" in shut.text
    outsider = browser(cast.outsider)
    assert (await outsider.get(path)).status_code != 404, "another business has its own switches"
    await switch(module, True)
    assert (await person.get(path, follow_redirects=True)).status_code == 200


async def test_a_switch_counts_at_once_in_a_second_process(browser, cast):
    """Two applications that share nothing but the database."""
    other = Browser(create_app(), cast.technician)
    path = "/api/v1/staff/inspection-templates"
    assert (await other.get(path)).status_code == 200
    answer = await browser(cast.owner).json(
        "PUT", API, {"version": 0, "values": {"modules.inspections": False}}
    )
    assert answer.status_code == 200
    gone = await other.get(path)
    assert (gone.status_code, gone.json()["module"]) == (404, "inspections")
    await other.close()


async def test_what_is_off_is_not_offered(browser, cast):
    owner = browser(cast.owner)
    for module in ("card_payments", "messages", "phone_booking", "api_tokens"):
        await switch(module, False)
    assert "/settings/payments" not in (await owner.get("/settings/centers")).text
    assert "/settings/tokens" not in (await owner.get("/settings")).text
    assert "/appointments/new" not in (await owner.get("/appointments")).text
    told = await owner.post("/customers/1001/messages", {"title": "x", "message": "y"})
    assert told.status_code == 404


async def test_tokens_that_are_off_can_still_be_seen_and_revoked(browser, cast):
    owner = browser(cast.owner)
    made = {"name": "sync", "scopes": ["read:customers"], "days": "90"}
    assert (await owner.post("/settings/tokens", made)).status_code == 200
    await switch("api_tokens", False)
    assert "/settings/tokens" in (await owner.get("/settings")).text
    page = (await owner.get("/settings/tokens")).text
    assert "Make the token" not in page
    [revocation] = re.findall(r"/settings/tokens/[0-9a-f-]+/revocation", page)
    assert (await owner.post("/settings/tokens", made)).status_code == 404
    assert (await owner.post(revocation)).status_code == 303
    assert "/settings/tokens" not in (await owner.get("/settings")).text


async def test_a_shop_without_online_booking_is_nowhere_to_be_booked(browser, cast):
    driver = browser(cast.customer)
    assert "Harbor Lane Garage" in (await driver.get("/book")).text
    await switch("online_booking", False)
    page = (await driver.get("/book")).text
    assert "Harbor Lane Garage" not in page
    assert "Voltwerk" in page
    for path in ("/book/harbor-lane-garage", f"/api/v1/centers/{HARBOR_CENTER}/slots?days=1&services="):
        assert (await driver.get(path)).status_code in (400, 404)
    assert (await browser(cast.advisor).get("/appointments/new", follow_redirects=True)).status_code == 200


async def test_no_new_card_payment_begins(site, cast):
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        invoice = await issued(db)
        await with_account(db)
        assert await paying.may_pay_by_card(db, invoice)
    await switch("card_payments", False)
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        assert not await paying.may_pay_by_card(db, invoice)


async def test_the_worker_leaves_reminders_alone_and_catches_up_when_they_are_back(site, run_reactions):
    await things.appointment(None, created_at=things.TUESDAY_TEN - timedelta(days=20))
    await switch("reminders", False)
    with clock.moved_to(things.TUESDAY_TEN - timedelta(hours=19)):
        await reminding.remind()
        await run_reactions()
        assert await things.lines_of(CAST.customer.user_id) == []
        await switch("reminders", True)
        await reminding.remind()
        await run_reactions()
    assert len(await things.lines_of(CAST.customer.user_id)) == 1


async def test_the_shop_says_when_it_reminds(site, run_reactions):
    await things.appointment(None, created_at=things.TUESDAY_TEN - timedelta(days=20))
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        await setting_values.change(
            db, {"reminders.days_before": 3, "reminders.hour": 17}, seen=0, by=CAST.owner.viewer
        )
    for before, count in ((timedelta(days=2, hours=18), 0), (timedelta(days=2, hours=16), 1)):
        with clock.moved_to(things.TUESDAY_TEN - before):
            await reminding.remind()
            await run_reactions()
        assert len(await things.lines_of(CAST.customer.user_id)) == count
    [line] = await things.lines_of(CAST.customer.user_id)
    assert line.title == "Your visit is near"


def test_every_module_has_doors_and_no_route_names_another():
    named = {route.handler.opt["module"] for route in routes() if "module" in route.handler.opt}
    assert named == set(MODULES) - {"online_booking", "reminders"}, "these two are shut in their operations"
    with pytest.raises(ValueError, match="unknown module"):
        needs("manage:center", "inspection")


async def test_programs_stop_with_their_module_and_go_on_with_it(browser, cast):
    made = await browser(cast.owner).json(
        "POST", "/api/v1/tokens", {"name": "sync", "scopes": ["read:customers"], "for_shop": True}
    )
    program = browser()
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    assert (await program.get("/api/v1/customers", headers=bearer)).status_code == 200
    await switch("api_tokens", False)
    assert (await program.get("/api/v1/customers", headers=bearer)).json()["module"] == "api_tokens"
    await switch("api_tokens", True)
    assert (await program.get("/api/v1/customers", headers=bearer)).status_code == 200
