"""Somebody who works for two businesses changes from one to the other, and no page of the one acts at the other."""

from dataclasses import replace

import pytest

from app.core.db import transaction
from app.domains.network.models import AllowedNetwork
from tests.cast import HARBOR, HARBOR_CENTER, VOLT_CENTER
from tests.core.test_live_ends import hearing, served  # noqa: F401
from tests.mailbox import link_to

PEOPLE = f"/settings/centers/{HARBOR_CENTER}/invitations"


@pytest.fixture
async def otto(browser, cast, run_reactions):
    """An advisor at Voltwerk, whom Harbor Lane has made an owner; he has just said yes."""
    asked = {"name": "Otto Outsider", "email": cast.outsider.email, "role": "owner"}
    assert (await browser(cast.owner).post(PEOPLE, asked)).status_code == 303
    await run_reactions()
    otto = browser(cast.outsider)
    assert (await otto.post(await link_to(cast.outsider.email, "/join/"))).status_code == 303
    return otto


async def go(person, center):
    return await person.post("/settings/workplace", {"center_id": str(center)})


async def test_the_masthead_leads_from_one_business_to_the_other_and_back(otto, browser, cast):
    page = (await otto.get("/board")).text
    switch = page.split("where-switch")[1].split("</details>")[0]
    assert "Harbor Lane" in switch.split("</summary>")[0]
    assert switch.count('name="center_id"') == 3, "two businesses and one's own garage"
    assert "Voltwerk" in switch
    assert (await go(otto, VOLT_CENTER)).headers["location"] == "/home"
    page = (await otto.get("/board")).text
    assert "Voltwerk" in page.split("where-switch")[1].split("</summary>")[0]
    assert (await otto.get("/settings/centers")).status_code == 403, "an advisor here, whatever he is there"
    assert (await go(otto, "")).status_code == 303
    assert (await otto.get("/board")).status_code == 403
    assert "where-switch" in (await otto.get("/garage")).text, "and the way back is there too"
    await go(otto, HARBOR_CENTER)
    assert (await otto.get("/settings/centers")).status_code == 200
    assert "where-switch" not in (await browser(cast.advisor).get("/board")).text


async def test_only_a_place_where_one_holds_a_role_opens(otto, browser, cast):
    assert (await go(browser(cast.advisor), VOLT_CENTER)).status_code == 404
    assert (await go(browser(cast.customer), HARBOR_CENTER)).status_code == 404
    assert (await go(otto, "nowhere")).status_code == 404
    assert (await otto.get("/board")).status_code == 200, "a refusal leaves one where one was"


async def test_a_form_that_stayed_open_changes_nothing_at_the_other_business(otto):
    await go(otto, VOLT_CENTER)
    stale = {"stage": "in_progress", "version": "1", "made_at": str(HARBOR_CENTER)}
    refused = await otto.post("/orders/1/stage", stale)
    assert refused.status_code == 409
    assert "Nothing was changed" in refused.text
    assert "Harbor Lane" in refused.text
    assert (await otto.get("/board")).text.count(f'name="made_at" value="{VOLT_CENTER}"') >= 1


async def test_the_streams_of_the_place_one_has_left_end(served, otto, cast):  # noqa: F811
    here = replace(cast.outsider, tenant_id=HARBOR, center_id=HARBOR_CENTER)
    topics = [f"center:{HARBOR_CENTER}:board"]
    async with hearing(served, here, topics=topics) as ended:
        await go(otto, VOLT_CENTER)
        seconds, lines, again = await ended()
    assert seconds < 5
    assert "event: bye" in lines
    assert again == 409


async def test_who_is_not_let_in_at_one_business_may_still_go_to_the_other(otto):
    async with transaction(tenant=HARBOR) as db:
        db.add(AllowedNetwork(tenant_id=HARBOR, network="203.0.113.0/24"))
    shut = await otto.get("/board")
    assert shut.status_code == 403
    assert "from certain addresses only" in shut.text
    assert f'value="{VOLT_CENTER}"' in shut.text, "the page that says so leads away"
    assert (await go(otto, VOLT_CENTER)).status_code == 303
    assert (await otto.get("/board")).status_code == 200
