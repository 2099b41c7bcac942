"""Before what could take an account from its owner, they show again that it is they."""

import re
from datetime import timedelta

import pytest

from app.core import clock
from tests.cast import PASSWORD
from tests.domains.accounts.test_factors import PAGE, code, half_way, with_app
from tests.mailbox import link_to, mails_to

WHILE = timedelta(minutes=11)


async def signed_in(browser, person):
    one = browser()
    await one.post("/sign-in", {"email": person.email, "password": PASSWORD})
    return one


def people(cast):
    return f"/settings/centers/{cast.owner.center_id}/people"


@pytest.mark.parametrize("what", [
    ("/settings/email", {"email": "new@test.example"}),
    ("/settings/password", {"old_password": PASSWORD, "new_password": "seven slow rivers"}),
    ("/settings/security/app/removal", {}),
    ("/settings/security/recovery-codes", {}),
    ("/settings/tokens", {"name": "till", "scopes": "read:own_profile", "days": "30"}),
    ("/settings/payments/account", {}),
])  # fmt: skip
async def test_what_matters_asks_again_after_ten_minutes_and_loses_nobody(browser, cast, what):
    url, form = what
    olive = await signed_in(browser, cast.owner)
    with clock.moved_by(WHILE):
        asked = await olive.post(url, form, headers={"referer": "http://testserver/settings?x=1"})
        assert asked.headers["location"] == "/step-up?next=%2Fsettings%3Fx%3D1"
        page = await olive.get(asked.headers["location"])
        assert (page.status_code, "Is it you?" in page.text) == (200, True)


async def test_roles_and_invitations_ask_again_on_pages_and_in_json(browser, cast):
    olive = await signed_in(browser, cast.owner)
    with clock.moved_by(WHILE):
        invite = {"email": "nia@test.example", "name": "Nia", "role": "technician"}
        for url, form in (
            (f"{people(cast)}/{cast.advisor.staff_id}/roles", {"roles": "technician"}),
            (f"/settings/centers/{cast.owner.center_id}/invitations", invite),
            (f"{people(cast)}/{cast.advisor.staff_id}", {"name": "Avery Advisor"}),  # lets her go
        ):
            assert (await olive.post(url, form)).headers["location"].startswith("/step-up")
        told = await olive.json("POST", "/api/v1/admin/users", invite)
        assert (told.status_code, told.json()) == (403, {"error": "fresh_proof_required"})
        told = await olive.json("DELETE", f"/api/v1/admin/users/{cast.advisor.user_id}")
        assert (told.status_code, told.json()) == (403, {"error": "fresh_proof_required"})
        kept = await olive.post(
            f"{people(cast)}/{cast.advisor.staff_id}", {"name": "Avery A.", "is_active": "true"}
        )
        assert kept.headers["location"] == f"{people(cast)}/{cast.advisor.staff_id}"


async def test_a_password_proves_it_and_the_session_gets_a_new_id(browser, cast):
    olive = await signed_in(browser, cast.owner)
    before = olive.http.cookies["session"]
    with clock.moved_by(WHILE):
        wrong = await olive.post("/step-up", {"password": "x" * 14, "next": "/settings"})
        assert wrong.status_code == 422
        assert (await olive.get("/settings/security/app")).status_code == 303
        right = await olive.post("/step-up", {"password": PASSWORD, "next": "/settings/tokens"})
        assert right.headers["location"] == "/settings/tokens"
        assert olive.http.cookies["session"] != before
        done = await olive.post("/settings/email", {"email": "n@test.example"})
        assert done.headers["location"] == "/settings"
        old = browser()
        old.http.cookies.set("session", before)
        assert (await old.get("/settings")).status_code == 303


async def test_what_was_typed_waits_for_the_proof_and_is_then_sent_by_its_sender_alone(browser, cast):
    olive = await signed_in(browser, cast.owner)
    form = {"name": 'Till "<1>"', "scopes": ["read:customers", "read:inventory"], "days": "30"}
    here = {"headers": {"referer": "http://testserver/settings/tokens"}}
    with clock.moved_by(WHILE):
        asked = (await olive.post("/settings/tokens", form, **here)).headers["location"]
        waits = (await olive.get(asked)).text
        assert ("Send it now" in waits, "is kept" in waits) == (False, True)
        assert '<a href="/settings/tokens">Not now' in waits, "back to where it was typed"
        dana = await signed_in(browser, cast.customer)
        dana.http.cookies.set("set-aside", olive.http.cookies["set-aside"])
        assert (await dana.get(asked)).headers["location"] == "/settings/tokens", (
            "another's form is not theirs"
        )
        right = await olive.post("/step-up", {"password": PASSWORD, "next": "/settings/tokens"})
        offer = (await olive.get(right.headers["location"])).text
        sent = re.findall(r'name="(\w+)" value="([^"]*)"', offer.split('action="/settings/tokens"')[1])
        typed = [pair for pair in sent if pair[0] not in ("csrf_token", "made_at", "idempotency_key")]
        assert sorted(typed) == [
            ("days", "30"), ("name", "Till &#34;&lt;1&gt;&#34;"), ("scopes", "read:customers"), ("scopes", "read:inventory"),
        ]  # fmt: skip
        assert "No program has a token yet" in (await olive.get("/settings/tokens")).text, (
            "nothing is sent unasked"
        )
    with clock.moved_by(2 * WHILE):
        word = {"old_password": PASSWORD, "new_password": "seven slow rivers"}
        asked = (await olive.post("/settings/password", word, **here)).headers["location"]
        assert "is kept" not in (await olive.get(asked)).text, "a password is kept nowhere"


async def test_with_a_second_factor_the_password_is_not_enough(browser, cast):
    await with_app(cast.customer)
    dana = await half_way(browser, cast.customer)
    await dana.post(PAGE, {"code": code()})
    assert (await dana.post("/step-up", {"password": PASSWORD})).status_code == 422
    assert (await dana.post("/step-up", {"code": code()})).status_code == 422, "it was spent"
    assert (await dana.post("/step-up", {"code": code(1)})).status_code == 303


async def test_the_way_back_never_leaves_the_site(browser, cast):
    dana = await signed_in(browser, cast.customer)
    for bad in ("https://evil.example", "//evil.example", "javascript:alert(1)"):
        answer = await dana.post("/step-up", {"password": PASSWORD, "next": bad})
        assert answer.headers["location"] == "/settings"
    asked = await dana.post("/settings/email", headers={"referer": "https://evil.example/x"})
    assert "evil" not in asked.headers.get("location", "")


async def test_a_new_address_counts_when_its_link_is_opened_and_the_old_one_is_told(
    browser, cast, run_reactions
):
    dana = browser(cast.customer)
    assert (await dana.post("/settings/email", {"email": cast.stranger.email})).status_code == 422
    assert (await dana.post("/settings/email", {"email": "dana@new.example"})).status_code == 303
    await run_reactions()
    link = await link_to("dana@new.example", "/confirm-email/")
    again = {"email": cast.customer.email, "password": PASSWORD}
    assert (await browser().post("/sign-in", again)).status_code == 303, "nothing has changed yet"
    assert (await dana.post(link)).status_code == 303
    assert (await dana.post(link)).status_code == 410
    assert (await browser().post("/sign-in", again)).status_code == 422
    signed = await browser().post("/sign-in", {**again, "email": "dana@new.example"})
    assert signed.status_code == 303
    await run_reactions()
    assert any("dana@new.example" in mail.text for mail in await mails_to(cast.customer.email))


async def test_an_address_that_somebody_took_meanwhile_is_not_given_twice(browser, cast, run_reactions):
    dana = browser(cast.customer)
    await dana.post("/settings/email", {"email": "wanted@test.example"})
    await run_reactions()
    link = await link_to("wanted@test.example", "/confirm-email/")
    form = {"name": "Zoe", "email": "wanted@test.example", "password": "three quiet mountains"}
    assert (await browser().post("/sign-up", form)).status_code == 303
    assert (await dana.post(link)).status_code == 422
    assert "customer@test.example" in (await dana.get("/settings")).text


async def test_a_program_that_signed_in_shows_it_by_signing_in_again(browser, cast):
    """Its first token counts for ten minutes; what a refresh token buys proves nobody, and an API token never."""
    program = browser()
    tokens = (await login(program, cast.owner)).json()
    invite = {"email": "nia@test.example", "name": "Nia", "role": "technician"}
    word = {"old_password": PASSWORD, "new_password": "another quiet phrase"}
    token = {"name": "till", "scopes": ["read:customers", "manage:center"], "days": 30}
    matters = (
        ("/api/v1/admin/users", invite), ("/api/v1/tokens", token), ("/api/v1/users/change-password", word),
    )  # fmt: skip

    async def asked(bearer, url, body):
        return await program.http.post(url, json=body, headers={"authorization": f"Bearer {bearer}"})

    api_token = (await asked(tokens["access_token"], "/api/v1/tokens", token)).json()["token"]
    for url, body in matters:
        told = await asked(api_token, url, body)
        assert (told.status_code, told.json()) == (403, {"error": "Insufficient permissions"}), url
    with clock.moved_by(WHILE):
        refreshed = await program.http.post(
            "/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}
        )
        for bearer in (tokens["access_token"], refreshed.json()["access_token"]):
            for url, body in matters:
                told = await asked(bearer, url, body)
                assert (told.status_code, told.json()) == (403, {"error": "fresh_proof_required"}), url
            reads = await program.http.get("/api/v1/customers", headers={"authorization": f"Bearer {bearer}"})
            assert reads.status_code == 200, "it goes on with its work"
        again = (await login(program, cast.owner)).json()["access_token"]
        assert (await asked(again, "/api/v1/admin/users", invite)).status_code == 202
        assert (await asked(again, "/api/v1/users/change-password", word)).status_code == 204


async def login(one, person):
    return await one.http.post("/api/v1/auth/login", json={"email": person.email, "password": PASSWORD})


@pytest.mark.parametrize("act", ["reset", "password", "factor", "all others"])
async def test_a_wish_for_another_address_ends_with_what_puts_a_thief_out(browser, cast, run_reactions, act):
    thief, dana = browser(cast.customer), await signed_in(browser, cast.customer)
    await thief.post("/settings/email", {"email": "thief@test.example"})
    await run_reactions()
    assert any("thief@test.example" in mail.text for mail in await mails_to(cast.customer.email))
    link = await link_to("thief@test.example", "/confirm-email/")
    new = "seven slow rivers"
    if act == "reset":
        await dana.post("/forgot-password", {"email": f" {cast.customer.email} "})
        await run_reactions()
        await dana.post(await link_to(cast.customer.email, "/reset-password/"), {"password": new})
    elif act == "password":
        await dana.post("/settings/password", {"old_password": PASSWORD, "new_password": new})
    elif act == "factor":
        await with_app(cast.customer)
    else:
        await dana.post("/settings/security/sessions/removal")
    assert (await browser().post(link)).status_code == 410


async def test_a_new_password_by_mail_ends_other_links_and_the_persons_tokens(browser, cast, run_reactions):
    olive = await signed_in(browser, cast.owner)
    made = [
        (
            await olive.json("POST", "/api/v1/tokens", {"name": "x", "scopes": ["read:customers"], **more})
        ).json()
        for more in ({}, {"for_shop": True})
    ]
    links = []
    for _mail in range(2):
        await browser().post("/forgot-password", {"email": cast.owner.email})
        await run_reactions()
        links.append(await link_to(cast.owner.email, "/reset-password/"))
    assert "revokes the API tokens" in (await browser().get(links[1])).text
    answers = [await browser().post(link, {"password": "seven slow rivers"}) for link in links[::-1]]
    assert [one.status_code for one in answers] == [303, 410]
    spent = await browser().get(links[0])
    assert (spent.status_code, 'href="/forgot-password"' in spent.text) == (410, True), "before it is typed"
    answers = [
        await browser().get("/api/v1/customers", headers={"authorization": f"Bearer {one['token']}"})
        for one in made
    ]
    assert [one.status_code for one in answers] == [401, 200]
