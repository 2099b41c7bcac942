"""What of one's own is linked, linking another, and unlinking unless it is the last way in."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app.core import clock
from app.gateways.oidc import openid
from app.settings import settings
from tests.cast import PASSWORD
from tests.gateways.oidc_process import CLIENT, SECRET, OidcProcess, running
from tests.mailbox import mails_to
from tests.signing_on import begin, local

POST_BACK = "http://testserver/sign-in/with/apple/callback"


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[OidcProcess]:
    async with running("http://testserver/sign-in/with/demo/callback", POST_BACK) as process:
        yield process


@pytest.fixture
async def demo(site: str, issuer: OidcProcess, monkeypatch: pytest.MonkeyPatch) -> OidcProcess:
    for name, more in (("DEMO", {"LABEL": "Demo ID"}), ("APPLE", {})):
        told = {"ISSUER": issuer.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, **more}
        for variable, value in told.items():
            monkeypatch.setenv(f"OIDC_{name}_{variable}", value)
    settings.cache_clear()
    openid._known.clear()
    await issuer.turn()
    return issuer


async def came_back(one, issuer: OidcProcess, person: str = "demo-robin", **form: str):
    answer = await issuer.http.post(await begin(one, **form), data={"person": person})
    return await one.get(local(answer.headers["location"]))


async def linked(one) -> list[dict]:
    return (await one.json("GET", "/api/v1/users/identities")).json()


async def test_whoever_is_signed_in_links_another_site_and_sees_it(browser, demo, cast, run_reactions):
    dana = browser(cast.customer)
    assert "No other site opens your account yet" in (await dana.get("/settings/sign-on")).text
    answer = await came_back(dana, demo, link="yes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/sign-on")
    shown = (await dana.get("/settings/sign-on")).text
    assert "robin@demo.test" in shown
    assert "Unlink" in shown
    await run_reactions()
    (mail,) = await mails_to(cast.customer.email)
    assert (mail.template, mail.subject) == ("identity_changed", "Demo ID opens your account")
    visitor = browser()
    assert (await came_back(visitor, demo)).headers["location"] == "/home"
    assert cast.customer.email in (await visitor.json("GET", "/api/v1/users/profile")).text


async def test_an_address_that_is_not_verified_may_be_linked_by_whoever_is_signed_in(browser, demo, cast):
    dana = browser(cast.customer)
    assert (await came_back(dana, demo, "demo-kai", link="yes")).headers["location"] == "/settings/sign-on"
    (one,) = await linked(dana)
    assert (one["provider"], one["label"], one["email"]) == ("demo", "Demo ID", "")


async def test_an_identity_opens_one_account_only(browser, demo, cast):
    dana, sam = browser(cast.customer), browser(cast.stranger)
    await came_back(dana, demo, link="yes")
    assert (await came_back(dana, demo, link="yes")).status_code == 303, "again is no harm"
    refused = await came_back(sam, demo, link="yes")
    assert refused.status_code == 409
    assert "opens another account" in refused.text
    assert len(await linked(dana)) == 1
    assert await linked(sam) == []


async def test_linking_is_for_whoever_is_signed_in_and_stays_with_them(browser, demo, cast):
    assert (
        (await browser().post("/sign-in/with/demo", {"link": "yes"}))
        .headers["location"]
        .startswith("/sign-in?")
    )
    dana = browser()
    await dana.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    answer = await demo.http.post(await begin(dana, link="yes"), data={"person": "demo-robin"})
    await dana.post("/sign-in", {"email": cast.stranger.email, "password": PASSWORD})
    refused = await dana.get(local(answer.headers["location"]))
    assert refused.status_code == 403
    assert "signed out or in meanwhile" in refused.text
    assert await linked(dana) == []


async def test_nothing_is_linked_to_an_account_whose_address_is_not_proved(browser, demo):
    """Who waits in an account of somebody else's address must not be there still when the owner takes it over."""
    zoe = browser()
    await zoe.post(
        "/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": "three quiet mountains"}
    )
    refused = await came_back(zoe, demo, link="yes")
    assert refused.status_code == 409
    assert "confirm your email address first" in refused.text
    assert await linked(zoe) == []


async def test_an_account_is_proved_by_an_identity_with_its_own_address(browser, demo):
    robin = browser()
    await robin.post(
        "/sign-up", {"name": "R", "email": "Robin@demo.test", "password": "three quiet mountains"}
    )
    assert (await came_back(robin, demo, link="yes")).status_code == 303
    assert "Confirm your address" not in (await robin.get("/settings")).text


async def test_unlinking_ends_the_other_sessions_and_the_way_in(browser, demo, cast, run_reactions):
    dana, elsewhere = browser(cast.customer), browser()
    await came_back(dana, demo, link="yes")
    await came_back(elsewhere, demo)
    (one,) = await linked(dana)
    answer = await dana.post(f"/settings/sign-on/{one['id']}/removal")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/sign-on")
    assert await linked(dana) == []
    assert (await elsewhere.get("/settings")).status_code == 303
    await run_reactions()
    assert (await mails_to(cast.customer.email))[0].subject == "Demo ID no longer opens your account"
    stranger = browser()
    await came_back(stranger, demo)
    assert cast.customer.email not in (await stranger.json("GET", "/api/v1/users/profile")).text


async def test_the_last_way_in_stays(browser, demo, run_reactions):
    robin = browser()
    await came_back(robin, demo)
    await run_reactions()
    assert await mails_to("robin@demo.test") == [], "whoever has just made an account knows"
    (one,) = await linked(robin)
    refused = await robin.post(f"/settings/sign-on/{one['id']}/removal")
    assert refused.status_code == 409
    assert "only way into your account" in refused.text
    as_json = await robin.json("DELETE", f"/api/v1/users/identities/{one['id']}")
    assert as_json.status_code == 409
    await came_back(robin, demo, "demo-noor", link="yes")
    assert (await robin.json("DELETE", f"/api/v1/users/identities/{one['id']}")).status_code == 204
    assert len(await linked(robin)) == 1


async def test_nobody_sees_or_unlinks_another_s(browser, demo, cast):
    dana = browser(cast.customer)
    await came_back(dana, demo, link="yes")
    (one,) = await linked(dana)
    for person in (cast.stranger, cast.advisor, cast.owner, cast.network, cast.outsider):
        other = browser(person)
        assert "robin@demo.test" not in (await other.get("/settings/sign-on")).text
        assert await linked(other) == []
        assert (await other.post(f"/settings/sign-on/{one['id']}/removal")).status_code == 404
        assert (await other.json("DELETE", f"/api/v1/users/identities/{one['id']}")).status_code == 404
    visitor = browser()
    assert (await visitor.get("/settings/sign-on")).status_code == 303
    assert (await visitor.json("GET", "/api/v1/users/identities")).status_code == 401
    assert len(await linked(dana)) == 1


async def test_a_session_that_proved_itself_long_ago_must_do_so_again(browser, demo):
    robin = browser()
    await came_back(robin, demo)
    (one,) = await linked(robin)
    with clock.moved_by(timedelta(minutes=11)):
        for path, form in (
            ("/sign-in/with/demo", {"link": "yes"}),
            (f"/settings/sign-on/{one['id']}/removal", {}),
        ):
            assert (await robin.post(path, form)).headers["location"].startswith("/step-up")
        again = await robin.json("DELETE", f"/api/v1/users/identities/{one['id']}")
        assert (again.status_code, again.json()["error"]) == (403, "fresh_proof_required")
        assert "Sign in again" in (await robin.get("/step-up?next=/settings")).text, (
            "there is no password to ask for"
        )
        await came_back(robin, demo)
        assert (
            (await robin.post("/sign-in/with/demo", {"link": "yes"}))
            .headers["location"]
            .startswith(demo.issuer)
        )


async def posted_back(one, issuer: OidcProcess, person: str = "demo-robin") -> tuple[str, dict[str, str]]:
    """Where a provider's page posts the browser to, and what."""
    page = await issuer.http.post(await begin(one, "apple"), data={"person": person})
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', page.text)
    return "/sign-in/with/apple/callback", {name: value.replace("&#34;", '"') for name, value in fields}


async def without_cookies(one, path: str, form: dict[str, str]):
    """As a browser sends a form of another site: no cookie of ours comes along."""
    async with httpx.AsyncClient(transport=one.http._transport, base_url="http://testserver") as bare:
        answer = await bare.post(path, data=form, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code != 303 or not answer.cookies, "what it held must not be replaced"
    return answer


async def test_a_provider_that_posts_back_is_believed_once_the_browser_itself_agrees(browser, demo):
    robin = browser()
    path, form = await posted_back(robin, demo)
    arrived = await without_cookies(robin, path, form)
    assert arrived.status_code == 303
    assert "session" not in arrived.cookies
    go_on = arrived.headers["location"]
    assert "Apple knows you" in (await robin.get(go_on)).text
    ticket = go_on.partition("ticket=")[2]
    stranger = browser()
    assert (await stranger.get(go_on)).status_code == 403
    assert (await stranger.post("/sign-in/with/apple/continuation", {"ticket": ticket})).status_code == 403
    answer = await robin.post("/sign-in/with/apple/continuation", {"ticket": ticket})
    assert answer.headers["location"] == "/home"
    assert "Robin Vale" in (await robin.get("/settings")).text
    assert (await robin.post("/sign-in/with/apple/continuation", {"ticket": ticket})).status_code == 410
    again = await without_cookies(robin, path, form)
    assert (await robin.get(again.headers["location"])).status_code == 410, "the state was spent"


async def test_only_a_provider_that_posts_back_may_and_only_with_a_state_of_its_own(browser, demo):
    robin = browser()
    _path, form = await posted_back(robin, demo)
    assert (await without_cookies(robin, "/sign-in/with/demo/callback", form)).status_code == 404
    made_up = await without_cookies(robin, "/sign-in/with/apple/callback", form | {"state": "made-up"})
    assert (await robin.get(made_up.headers["location"])).status_code == 410
    answer = await robin.get(f"/sign-in/with/demo/callback?code={form['code']}&state={form['state']}")
    assert answer.status_code == 410, "a state is for one provider"
    denied = await without_cookies(
        robin, "/sign-in/with/apple/callback", {"state": form["state"], "error": "user_cancelled_authorize"}
    )
    said = await robin.get(denied.headers["location"])
    assert said.status_code == 403
    assert "You did not let Apple" in said.text


@pytest.mark.parametrize("lie", ["signature", "nonce", "aud", "iss", "exp"])
async def test_a_forged_token_opens_nothing(browser, demo, lie):
    await demo.turn(lie=lie)
    visitor = browser()
    answer = await came_back(visitor, demo)
    assert answer.status_code == 400
    assert "does not prove who you are" in answer.text
    assert "session" not in visitor.http.cookies


async def test_new_keys_of_the_provider_disturb_nobody(browser, demo):
    await came_back(browser(), demo)
    await demo.rotate()
    assert (await came_back(browser(), demo)).headers["location"] == "/home"
