"""Programs sign in with tokens that do no more than they were made for."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from app.core import clock, identity, limits
from app.core.errors import Forbidden
from app.core.permissions import CUSTOMER, PUBLIC, SIGNED_IN
from app.core.tokens import is_whole, new_api_token
from app.core.viewer import Viewer
from app.core.visit import needs_fresh_proof
from app.domains.accounts.api_tokens import NOT_FOR_PROGRAMS
from tests.conftest import the_app
from tests.tenancy.site_map import routes


def program(token):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=the_app()), base_url="http://testserver",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip


async def made(browser, person, scopes, **changed):
    body = {"name": "My script", "scopes": scopes, "days": 30, **changed}
    answer = await browser(person).json("POST", "/api/v1/tokens", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_token_is_known_by_its_form():
    token = new_api_token()
    assert is_whole(token)
    assert token.startswith("tq_")
    assert not any(is_whole(one) for one in (token[:-1], token + "0", "tq_", "", token.replace("tq_", "xx_")))


async def test_a_persons_token_does_what_it_was_made_for_and_no_more(browser, cast):
    token = (await made(browser, cast.customer, ["read:own_profile"]))["token"]
    async with program(token) as client:
        assert (await client.get("/api/v1/users/profile")).json()["email"] == cast.customer.email
        assert (await client.get("/api/v1/customers/vehicles")).status_code == 403
        made_by_itself = await client.post(
            "/api/v1/tokens", json={"name": "x", "scopes": ["read:own_profile"]}
        )
        assert made_by_itself.status_code == 403
        listed = (await browser(cast.customer).get("/api/v1/tokens")).json()
        assert listed[0]["last_used_at"]
        assert "token" not in listed[0]


async def test_a_shops_token_works_for_the_shop_and_outlives_its_maker(browser, cast):
    owner = browser(cast.owner)
    token = (await made(browser, cast.owner, ["read:customers"], for_shop=True))["token"]
    async with program(token) as client:
        assert (await client.get("/api/v1/customers")).status_code == 200
        assert (await client.get("/api/v1/users/profile")).status_code == 403
        assert (await client.get("/api/v1/notifications")).status_code == 403
    people = f"/settings/centers/{cast.owner.center_id}/people"
    await owner.post(f"{people}/{cast.advisor.staff_id}/roles", {"roles": ["advisor", "owner"]})
    await browser(cast.advisor).post(f"{people}/{cast.owner.staff_id}", {"name": "Olive Owner"})
    async with program(token) as client:
        assert (await client.get("/api/v1/customers")).status_code == 200


async def test_nobody_makes_a_token_that_may_do_more_than_they(browser, cast):
    for person, body in (
        (cast.customer, {"scopes": ["read:customers"]}),
        (cast.advisor, {"scopes": ["manage:center"]}),
        (cast.advisor, {"scopes": ["read:customers"], "for_shop": True}),
        (cast.owner, {"scopes": ["manage:staff"], "for_shop": True}),
        (cast.owner, {"scopes": []}),
        (cast.owner, {"scopes": ["everything"]}),
    ):
        answer = await browser(person).json("POST", "/api/v1/tokens", {"name": "x", "days": 30, **body})
        assert answer.status_code == 422, body


async def test_the_same_key_of_two_programs_is_two_keys(browser, cast):
    """Natural keys ("order-1001") are everybody's; whoever sends one again gets their own answer."""
    answers = []
    for _program in range(2):
        token = await made(browser, cast.owner, ["read:customers", "update:customers"], for_shop=True)
        async with program(token["token"]) as client:
            for _time in range(2):
                answers.append(
                    await client.post(
                        "/api/v1/customers", json={"name": "Ada"}, headers={"Idempotency-Key": "import-3"}
                    )
                )
    assert [one.status_code for one in answers] == [201] * 4
    assert answers[0].json() == answers[1].json() != answers[2].json() == answers[3].json()


async def test_a_token_ends_when_revoked_or_old_or_its_person_loses_the_role(browser, cast):
    first = await made(browser, cast.advisor, ["read:customers"])
    second = await made(browser, cast.advisor, ["read:customers"])
    async with program(first["token"]) as client:
        assert (await client.get("/api/v1/customers")).status_code == 200
        assert (
            await browser(cast.outsider).json("DELETE", f"/api/v1/tokens/{first['id']}")
        ).status_code == 404
        assert (
            await browser(cast.advisor).json("DELETE", f"/api/v1/tokens/{first['id']}")
        ).status_code == 204
        assert (await client.get("/api/v1/customers")).status_code == 401
    async with program(second["token"]) as client:
        with clock.moved_by(timedelta(days=31)):
            assert (await client.get("/api/v1/customers")).status_code == 401
        people = f"/settings/centers/{cast.owner.center_id}/people"
        await browser(cast.owner).post(f"{people}/{cast.advisor.staff_id}", {"name": "Avery Advisor"})
        assert (await client.get("/api/v1/customers")).status_code in (401, 403)


@pytest.mark.parametrize("token", ["tq_", "tq_nonsense", "tq_" + "a" * 51, "tq_\x00"])
async def test_a_made_up_token_opens_nothing(site, token):
    async with program(token.replace("\x00", "%00")) as client:
        assert (await client.get("/api/v1/users/profile")).status_code == 401


async def test_the_page_shows_a_token_once_and_a_double_click_makes_one(browser, cast):
    owner = browser(cast.owner)
    form = {"name": "Till <script>", "scopes": ["read:customers"], "days": "90"}
    shown = await owner.post("/settings/tokens", form, key="k1")
    assert "tq_" in shown.text
    assert "shown this once" in shown.text
    again = await owner.post("/settings/tokens", form, key="k1")
    assert "Already done" in again.text
    page = (await owner.get("/settings/tokens")).text
    assert page.count("Till &lt;script&gt;") >= 1
    assert "shown this once" not in page
    mixed = {"name": "Till", "scopes": ["read:customers", "read:own_vehicles"], "for_shop": "yes"}
    wrong = await owner.post("/settings/tokens", mixed)
    assert (wrong.status_code, "person&#39;s own: See own cars." in wrong.text) == (422, True)
    for kept in (*mixed["scopes"], "yes"):
        assert f'value="{kept}" checked' in wrong.text, "what was ticked stays ticked"
    assert 'value="Till"' in wrong.text
    none = await owner.post("/settings/tokens", {"name": "Till", "days": "90"})
    assert (none.status_code, "Choose at least one from the list." in none.text) == (422, True)


async def test_more_than_six_hundred_calls_a_minute_are_too_many(browser, cast):
    token = await made(browser, cast.customer, ["read:own_profile"])
    for _call in range(identity.API.times - 1):
        await limits.count(identity.API, token["id"])
    async with program(token["token"]) as client:
        assert (await client.get("/api/v1/users/profile")).status_code == 200
        refused = await client.get("/api/v1/users/profile")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60


TOKEN = {"name": "x", "scopes": ["read:own_vehicles"]}
SAMPLES = {"uuid": "00000000-0000-7000-8000-000000000001", "int": "1", "date": "2026-11-26"}


def _sampled(path):
    return re.sub(r"\{\w+:(\w+)\}", lambda one: SAMPLES.get(one[1], "x"), path)


async def test_a_token_opens_no_page_and_nothing_that_asks_for_the_person_themself(browser, cast):
    """Whatever its scopes: recovery codes, devices, a PIN, other tokens, an estimate's answer from a page."""
    one_scope = (await made(browser, cast.customer, ["read:own_vehicles"]))["token"]
    every = sorted(CUSTOMER - NOT_FOR_PROGRAMS)
    every_scope = (await made(browser, cast.customer, every))["token"]
    closed = [one for one in routes() if one.needs == SIGNED_IN or not (one.needs == PUBLIC or one.is_json)]
    assert len(closed) > 150
    let_in, unread = [], []
    for token in (one_scope, every_scope):
        async with program(token) as client:
            for route in closed:
                sent = {"json": TOKEN} if route.is_json else {"data": {"pin": "3917"}}
                sent = sent if route.method not in ("GET", "DELETE") else {}
                status = (await client.request(route.method, _sampled(route.path), **sent)).status_code
                if status in (400, 422):  # the form says nothing, so nobody asked yet who sent it
                    unread.append(route.label)
                elif status != 403:
                    let_in.append((route.label, status))
    assert len(unread) < len(closed) / 5
    assert not let_in


async def test_a_token_reads_and_answers_what_its_scopes_say(browser, cast):
    reads = (await made(browser, cast.customer, ["read:own_profile"]))["token"]
    async with program(reads) as client:
        assert (await client.get("/api/v1/notifications")).status_code == 200
        assert (await client.put("/api/v1/notifications/read")).status_code == 403
    other = (await made(browser, cast.customer, ["read:own_vehicles"]))["token"]
    async with program(other) as client:
        for path in ("/notifications", "/users/profile", f"/customers/orders/{SAMPLES['uuid']}/inspections"):
            assert (await client.get(f"/api/v1{path}")).status_code == 403
        decision = f"/api/v1/customers/quotes/{SAMPLES['uuid']}/decision"
        said = {"signed_name": "Dana", "jobs": [{"job_id": SAMPLES["uuid"], "decision": "approved"}]}
        assert (await client.post(decision, json=said)).status_code == 403
        assert (await client.get("/api/v1/vin/1HGCM82633A004352")).status_code == 200


def test_a_token_can_show_nothing_afresh():
    with pytest.raises(Forbidden):
        needs_fresh_proof(Viewer(kind="person", token_id=uuid4()))
