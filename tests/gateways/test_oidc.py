"""A provider's word counts only when every test of it is passed. Against the local issuer, which can lie."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from app.gateways import oidc
from app.gateways.oidc import Handshake, Introduction, Provider, SigningKey, SignOnFailed, openid
from app.gateways.oidc.client_secret import made_secret
from app.gateways.simulators.oidc.issuer import LIES
from tests.gateways.oidc_process import BACK, SECRET, OidcProcess, running
from tests.gateways.stripe_process import free_port

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[OidcProcess]:
    async with running() as process:
        yield process


@pytest.fixture(autouse=True)
async def honest(issuer: OidcProcess) -> None:
    openid._known.clear()
    await issuer.turn()


async def refusal(issuer: OidcProcess, **options) -> SignOnFailed:
    with pytest.raises(SignOnFailed) as caught:
        await issuer.introduces(**options)
    assert not any(secret in str(caught.value) for secret in (SECRET, "a nonce", "a verifier", "robin"))
    return caught.value


async def test_a_person_is_introduced_by_issuer_and_subject(issuer):
    assert await issuer.introduces() == Introduction(
        issuer.issuer, "demo-robin", "robin@demo.test", True, "Robin Vale"
    )
    assert (await issuer.introduces("demo-noor")).is_email_verified is False
    assert (await issuer.introduces("demo-kai")).email == ""


async def test_the_browser_is_sent_off_with_state_nonce_and_a_challenge_but_no_secret(issuer):
    address = await oidc.gateway(issuer.provider).address(Handshake("st", "no", "verifier" * 6), BACK)
    assert "state=st" in address
    assert "nonce=no" in address
    assert "code_challenge_method=S256" in address
    assert "verifierverifier" not in address
    assert "secret" not in address


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_with_one_thing_wrong_introduces_nobody(issuer, lie):
    await issuer.introduces()  # the keys are known
    await issuer.turn(lie=lie)
    assert (await refusal(issuer)).reason == "forged"


async def test_a_nonce_of_another_sign_in_is_refused(issuer):
    failed = await refusal(issuer, nonce="another")
    assert (failed.reason, failed.detail) == ("forged", "id token: InvalidClaimError nonce")


async def test_new_keys_are_fetched_once_when_a_token_names_one_that_is_not_known(issuer):
    await issuer.introduces()
    await issuer.rotate()
    assert (await issuer.introduces()).subject == "demo-robin"


@pytest.mark.parametrize("change", [{"verifier": "another" * 8}, {"code": "another"}, {"back": BACK + "x"}])
async def test_a_code_is_worth_nothing_without_its_verifier_or_elsewhere(issuer, change):
    assert (await refusal(issuer, **change)).reason == "spent"


async def test_a_code_works_once(issuer):
    gateway, begun = oidc.gateway(issuer.provider), Handshake("s", "n", "verifier" * 6)
    code = (await issuer.answers(await gateway.address(begun, BACK), person="demo-robin"))["code"]
    await gateway.introduction(code, begun, BACK)
    with pytest.raises(SignOnFailed, match="spent"):
        await gateway.introduction(code, begun, BACK)


async def test_a_wrong_client_secret_is_our_own_fault(issuer):
    assert (await refusal(issuer, provider=replace(issuer.provider, client_secret="wrong"))).reason == (
        "misconfigured"
    )


async def test_a_provider_that_is_out_of_order_or_not_there_is_said_to_be(issuer):
    await issuer.turn(status=503)
    assert (await refusal(issuer)).reason == "unavailable"
    nobody = replace(issuer.provider, issuer=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SignOnFailed, match="unavailable"):
        await oidc.gateway(nobody).address(Handshake("s", "n", "v"), BACK)


async def test_a_slow_provider_is_given_five_seconds(issuer):
    await issuer.turn(delay=8)
    began = time.monotonic()
    assert (await refusal(issuer)).detail == "no answer within 5 s"
    assert 4.5 < time.monotonic() - began < 6.5


async def test_a_redirect_is_not_followed(issuer):
    await issuer.turn(status=302)
    assert (await refusal(issuer)).detail == "status 302"


async def test_a_configuration_must_speak_of_the_issuer_it_was_asked_from(issuer):
    posing = replace(
        issuer.provider,
        issuer="https://accounts.example.com",
        discovery=f"{issuer.issuer}/.well-known/openid-configuration",
    )
    assert (await refusal(issuer, provider=posing)).detail == "a configuration of another issuer"


async def test_with_tenants_the_issuer_is_the_one_of_the_token_s_tenant(issuer, monkeypatch):
    """As Microsoft does it: one configuration whose issuer holds a blank."""
    blank = f"{issuer.issuer}/{{tenantid}}/v2.0"
    many = replace(issuer.provider, issuer=blank, has_tenants=True)
    at = f"{issuer.issuer}/.well-known/openid-configuration"
    known = (await issuer.http.get(at)).json() | {"issuer": blank}
    openid._known[blank, f"{blank}/.well-known/openid-configuration"] = openid._Known(known, time.monotonic())
    await issuer.turn(claims={"tid": TENANT, "iss": f"{issuer.issuer}/{TENANT}/v2.0", "email_verified": None})
    introduced = await issuer.introduces(provider=many)
    assert introduced.issuer == f"{issuer.issuer}/{TENANT}/v2.0"
    assert introduced.is_email_verified is False, "an address it has not confirmed"
    await issuer.turn(
        claims={
            "tid": TENANT,
            "iss": f"{issuer.issuer}/{TENANT}/v2.0",
            "email_verified": None,
            "xms_edov": "1",
        }
    )
    assert (await issuer.introduces(provider=many)).is_email_verified is True
    for claims in (
        {"tid": TENANT.replace("7", "8"), "iss": f"{issuer.issuer}/{TENANT}/v2.0"},
        {"tid": "../evil", "iss": f"{issuer.issuer}/../evil/v2.0"},
        {"iss": f"{issuer.issuer}/{TENANT}/v2.0"},
    ):
        await issuer.turn(claims=claims)
        assert (await refusal(issuer, provider=many)).reason == "forged"


def test_a_secret_made_from_a_key_is_signed_for_the_issuer_and_renewed_before_it_ends():
    key = ECKey.generate_key("P-256")
    signing = SigningKey(key.as_pem(private=True).decode(), "KEY1", "TEAM1")
    apple = Provider("apple", "Apple", "https://appleid.apple.com", "com.example.site", key=signing)
    now = time.time()
    first = made_secret(apple, now)
    read = jwt.decode(first, key, algorithms=["ES256"])
    assert read.header["kid"] == "KEY1"
    assert read.claims["iss"] == "TEAM1"
    assert read.claims["sub"] == "com.example.site"
    assert read.claims["aud"] == "https://appleid.apple.com"
    assert read.claims["exp"] - read.claims["iat"] == 3600
    assert made_secret(apple, now + 3000) == first
    assert made_secret(apple, now + 3400) != first
    assert "PRIVATE" not in repr(apple)
