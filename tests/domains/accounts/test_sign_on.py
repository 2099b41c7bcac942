"""Another site's word opens the right account and no other. Over real HTTP, against oidc-provider-mock."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.gateways.oidc import openid
from app.settings import settings
from tests.cast import PASSWORD
from tests.signing_on import Provider, begin, local, sign_on


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def provider(site: str, mock: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    configure(monkeypatch, "DEMO", mock, LABEL="Demo ID")
    openid._known.clear()
    made = Provider(mock)
    yield made
    await made.http.aclose()


def configure(monkeypatch: pytest.MonkeyPatch, name: str, issuer: str, **more: str) -> None:
    told = {"ISSUER": issuer, "CLIENT_ID": "torqueline", "CLIENT_SECRET": "a secret", **more}
    for variable, value in told.items():
        monkeypatch.setenv(f"OIDC_{name}_{variable}", value)
    settings.cache_clear()


async def of_user(email: str) -> dict[str, object]:
    """The account as the database's owner sees it, with its identities."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(settings().sqlalchemy_owner_url)
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT u.id, u.name, u.password_hash, u.email_verified_at, u.zone, "
                "(SELECT count(*) FROM identities i WHERE i.user_id = u.id) AS identities, count(*) OVER () AS accounts "
                "FROM users u WHERE lower(u.email) = lower(:email)"
            ),
            {"email": email},
        )
        found = rows.mappings().first()
    await engine.dispose()
    return dict(found) if found else {}


async def change_user(email: str, change: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(settings().sqlalchemy_owner_url)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE users SET {change} WHERE email = :email"), {"email": email})
    await engine.dispose()


async def give_second_factor(email: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(settings().sqlalchemy_owner_url)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO one_time_codes (id, user_id, secret_sealed, last_step, created_at) "
                "SELECT uuidv7(), id, 'x', 0, now() FROM users WHERE email = :email"
            ),
            {"email": email},
        )
    await engine.dispose()


async def test_without_a_provider_there_is_no_button_and_no_door(browser, cast):
    visitor = browser()
    assert "Continue with" not in (await visitor.get("/sign-in")).text
    assert "Continue with" not in (await visitor.get("/sign-up")).text
    assert "/settings/sign-on" not in (await browser(cast.customer).get("/settings")).text
    assert (await visitor.post("/sign-in/with/demo")).status_code == 404
    assert (await visitor.get("/sign-in/with/demo/callback?code=x&state=y")).status_code == 404


async def test_a_newcomer_gets_an_account_without_a_password_and_the_same_one_ever_after(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True, name="Robin Vale")
    visitor = browser()
    assert "Continue with Demo ID" in (await visitor.get("/sign-in")).text
    answer = await sign_on(visitor, provider, "robin", zone="Europe/Berlin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/home")
    assert "Robin Vale" in (await visitor.get("/settings")).text
    first = await of_user("robin@new.example")
    assert first["email_verified_at"] is not None
    assert (first["password_hash"], first["zone"], first["identities"]) == (None, "Europe/Berlin", 1)
    again = browser()
    assert (await sign_on(again, provider, "robin")).status_code == 303
    assert (await of_user("robin@new.example"))["id"] == first["id"]


async def test_two_first_visits_at_once_make_one_account(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    both = [browser(), browser()]
    backs = [local(await provider.answers(await begin(one), "robin")) for one in both]
    answers = await asyncio.gather(*(one.get(back) for one, back in zip(both, backs, strict=True)))
    assert [answer.headers["location"] for answer in answers] == ["/home", "/home"]
    assert (await of_user("robin@new.example"))["accounts"] == 1


async def test_a_second_factor_is_asked_for_after_the_other_site_too(browser, provider, cast):
    """Whoever owes one owes it by every way in, and links nothing before it is given."""
    await provider.knows("dana", email=cast.customer.email, email_verified=True)
    dana = browser()
    link = (await sign_on(dana, provider, "dana")).headers["location"]
    await dana.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD, "next": link})
    await dana.post("/sign-in/link", {"ticket": link.partition("=")[2]})
    await give_second_factor(cast.customer.email)
    answer = await sign_on(browser(), provider, "dana")
    assert answer.headers["location"] == "/sign-in/second-factor"
    assert "session" not in answer.cookies


async def test_the_key_is_the_subject_not_the_address(browser, provider):
    await provider.knows("kim", email="kim@new.example", email_verified=True)
    await sign_on(browser(), provider, "kim")
    await provider.knows("kim", email="kim.moved@new.example", email_verified=False)
    moved = browser()
    assert (await sign_on(moved, provider, "kim")).status_code == 303
    assert "kim.moved@new.example" in (await moved.get("/settings/sign-on")).text
    assert await of_user("kim.moved@new.example") == {}
    await provider.knows("other", email="kim@new.example", email_verified=True)
    answer = await sign_on(browser(), provider, "other")
    assert answer.headers["location"] == "/home", "no password to by-pass, and the address was proved"
    assert (await of_user("kim@new.example"))["identities"] == 2


async def test_a_new_session_begins_and_the_old_one_of_the_browser_ends(browser, provider, cast):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    known = browser(cast.advisor)
    answer = await sign_on(known, provider, "robin")
    assert answer.cookies["session"] != cast.advisor.cookie
    assert (await browser(cast.advisor).get("/settings")).headers["location"].startswith("/sign-in")


async def test_an_account_with_a_password_is_linked_only_by_whoever_can_open_it(browser, provider, cast):
    await provider.knows("dana", email=cast.customer.email.upper(), email_verified=True)
    visitor = browser()
    answer = await sign_on(visitor, provider, "dana", next="/garage")
    link = answer.headers["location"]
    assert link.startswith("/sign-in/link?ticket=")
    assert "session" not in visitor.http.cookies
    shown = await visitor.get(link)
    assert "There is an account with this address" in shown.text
    assert (await of_user(cast.customer.email))["identities"] == 0

    wrong = await visitor.post("/sign-in", {"email": cast.customer.email, "password": "x" * 14, "next": link})
    assert wrong.status_code == 422
    signed_in = await visitor.post(
        "/sign-in", {"email": cast.customer.email, "password": PASSWORD, "next": link}
    )
    assert signed_in.headers["location"] == link
    assert "Link Demo ID to your account?" in (await visitor.get(link)).text
    assert (await of_user(cast.customer.email))["identities"] == 0, "looking links nothing"
    linked = await visitor.post("/sign-in/link", {"ticket": link.partition("=")[2]})
    assert (linked.status_code, linked.headers["location"]) == (303, "/garage")
    assert (await visitor.get(link)).status_code == 410
    assert (await sign_on(browser(), provider, "dana")).headers["location"] == "/home"


async def test_somebody_else_s_account_cannot_take_the_identity(browser, provider, cast):
    await provider.knows("dana", email=cast.customer.email, email_verified=True)
    visitor = browser()
    link = (await sign_on(visitor, provider, "dana")).headers["location"]
    await visitor.post("/sign-in", {"email": cast.stranger.email, "password": PASSWORD, "next": link})
    assert "There is an account with this address" in (await visitor.get(link)).text
    assert (await visitor.post("/sign-in/link", {"ticket": link.partition("=")[2]})).status_code == 403
    assert (await of_user(cast.stranger.email))["identities"] == 0


async def test_an_account_whose_address_is_not_proved_is_never_linked_silently(browser, provider, cast):
    """It may have been made by somebody who waits for the owner of the address to walk in."""
    await provider.knows("sam", email=cast.stranger.email, email_verified=True)
    await change_user(cast.stranger.email, "email_verified_at = NULL, password_hash = NULL")
    answer = await sign_on(browser(), provider, "sam")
    assert answer.headers["location"].startswith("/sign-in/link?ticket=")
    assert (await of_user(cast.stranger.email))["identities"] == 0


async def test_a_passwordless_proved_account_is_linked_at_once(browser, provider, cast):
    await provider.knows("sam", email=cast.stranger.email, email_verified=True)
    await change_user(cast.stranger.email, "password_hash = NULL")
    assert (await sign_on(browser(), provider, "sam")).headers["location"] == "/home"
    assert (await of_user(cast.stranger.email))["identities"] == 1


@pytest.mark.parametrize("address", ["nobody@new.example", "customer@test.example"])
async def test_an_address_the_provider_has_not_verified_opens_and_makes_nothing(browser, provider, address):
    await provider.knows("noor", email=address, email_verified=False)
    visitor = browser()
    answer = await sign_on(visitor, provider, "noor")
    assert answer.status_code == 422
    assert "has not confirmed" in answer.text
    assert "session" not in visitor.http.cookies
    assert (await of_user(address)).get("identities", 0) == 0


async def test_without_an_address_one_is_told_what_to_do(browser, provider):
    for claims in (
        {},
        {"email": "no address", "email_verified": True},
        {"email": "", "email_verified": True},
    ):
        await provider.knows("kai", **claims)
        answer = await sign_on(browser(), provider, "kai")
        assert answer.status_code == 422
        assert "did not tell us your email address" in answer.text


async def test_a_closed_account_stays_closed(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    await sign_on(browser(), provider, "robin")
    await change_user("robin@new.example", "is_active = false")
    answer = await sign_on(browser(), provider, "robin")
    assert answer.status_code == 403
    assert "closed" in answer.text


async def test_saying_no_at_the_provider_changes_nothing(browser, provider):
    visitor = browser()
    back = await provider.answers(await begin(visitor), action="deny")
    # The mock forgets the state; a real provider sends it along.
    state = parse_qs(urlsplit(await begin(visitor)).query)["state"][0]
    answer = await visitor.get(f"{local(back)}&state={state}")
    assert answer.status_code == 403
    assert "You did not let Demo ID tell us who you are" in answer.text


async def test_a_state_works_once_for_ten_minutes_and_in_its_own_browser(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    visitor = browser()
    back = local(await provider.answers(await begin(visitor), "robin"))
    elsewhere = browser()
    refused = await elsewhere.get(back)
    assert refused.status_code == 403
    assert "another browser" in refused.text
    assert (await visitor.get(back)).status_code == 303, "a stranger's try spends nothing"
    assert (await visitor.get(back)).status_code == 410
    assert (await visitor.get("/sign-in/with/demo/callback?code=x&state=made-up")).status_code == 410
    assert (await visitor.get("/sign-in/with/demo/callback")).status_code == 410

    late = local(await provider.answers(await begin(visitor), "robin"))
    with clock.moved_by(timedelta(minutes=10, seconds=1)):
        assert "longer than ten minutes" in (await visitor.get(late)).text


async def test_a_code_of_another_sign_in_is_refused(browser, provider):
    """The code is bound to the verifier, and its token to the nonce, of the sign-in it was made for."""
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    visitor = browser()
    one = parse_qs(urlsplit(await provider.answers(await begin(visitor), "robin")).query)
    other = parse_qs(urlsplit(await begin(visitor)).query)
    mixed = f"/sign-in/with/demo/callback?code={one['code'][0]}&state={other['state'][0]}"
    answer = await visitor.get(mixed)
    assert answer.status_code == 400
    assert "does not prove who you are" in answer.text


async def test_an_answer_that_names_another_issuer_is_refused(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    visitor = browser()
    back = local(await provider.answers(await begin(visitor), "robin"))
    assert (await visitor.get(f"{back}&iss=https%3A%2F%2Fother.example")).status_code == 400


async def test_a_replayed_code_is_refused_by_the_provider_in_plain_words(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    visitor = browser()
    spent = parse_qs(urlsplit(await provider.answers(await begin(visitor), "robin")).query)
    await visitor.get(f"/sign-in/with/demo/callback?code={spent['code'][0]}&state={spent['state'][0]}")
    state = parse_qs(urlsplit(await begin(visitor)).query)["state"][0]
    answer = await visitor.get(f"/sign-in/with/demo/callback?code={spent['code'][0]}&state={state}")
    assert answer.status_code == 410
    assert "used already" in answer.text


async def test_a_provider_that_is_down_is_said_to_be(browser, site, monkeypatch):
    configure(monkeypatch, "DEMO", "http://localhost:9")
    answer = await browser().post("/sign-in/with/demo")
    assert answer.status_code == 503
    assert "does not answer" in answer.text


async def test_a_form_of_another_site_begins_nothing(browser, provider):
    answer = await browser().post("/sign-in/with/demo", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_next_leads_nowhere_else(browser, provider):
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    answer = await sign_on(browser(), provider, "robin", next="https://evil.example/")
    assert answer.headers["location"] == "/home"


async def test_nothing_secret_reaches_the_logs_of_libraries_or_the_open_database(browser, provider, caplog):
    caplog.set_level(logging.INFO)
    await provider.knows("robin", email="robin@new.example", email_verified=True)
    visitor = browser()
    address = parse_qs(urlsplit(await begin(visitor)).query)
    async with transaction() as db:
        (row,) = (await db.execute(text("SELECT token_hash, sealed FROM sign_ons"))).all()
    for secret in ("state", "nonce"):
        assert address[secret][0].encode() not in row.token_hash + row.sealed
    back = await provider.answers(await begin(visitor), "robin")
    code = parse_qs(urlsplit(back).query)["code"][0]
    await visitor.get(local(back))
    await visitor.get(local(back))
    await visitor.get(f"/sign-in/with/demo/callback?code=WRONG-CODE&state={address['state'][0]}")
    theirs = ("httpx", "oidc_provider_mock", "werkzeug")  # the browser and the provider of this test
    written = [one.getMessage() for one in caplog.records if one.name.split(".")[0] not in theirs]
    assert any("/oauth2/token" in line for line in written), "what libraries write is seen here"
    for secret in (code, "WRONG-CODE", "a secret", address["state"][0], "robin@new.example"):
        assert not any(secret in line for line in written)


async def test_who_walked_away_is_forgotten(browser, provider):
    await begin(browser())
    with clock.moved_by(timedelta(minutes=11)):
        await begin(browser())
    async with transaction() as db:
        assert await db.scalar(text("SELECT count(*) FROM sign_ons")) == 1


async def test_the_policy_lets_a_form_end_at_the_provider(site, mock, monkeypatch):
    from app.core.middleware import Envelope

    configure(monkeypatch, "DEMO", mock)
    assert (
        mock in Envelope(lambda *_: None)._policy("n", with_map=False).split("form-action")[1].split(";")[0]
    )
