"""Providers by configuration, and what half a one is answered with."""

import pytest

from app.gateways.oidc import configured
from app.gateways.oidc.configured import Unset, providers
from app.settings import Settings, SettingsMissing, SettingsWrong

PEM = "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----"  # pragma: allowlist secret
BASE = {
    "TORQUELINE_MODE": "test",
    "BASE_URL": "http://testserver",
    "DATABASE_URL": "postgresql://x/y",
    "REDIS_URL": "redis://x",
    "SECRET_KEY": "x" * 32,
}


def one(**values: str):
    (found,) = providers(values)
    return found


def test_nobody_is_named_and_nobody_is_asked():
    assert providers({"PATH": "/bin"}) == ()


def test_any_issuer_needs_three_variables_and_has_a_label():
    plain = one(
        OIDC_HOUSE_ISSUER="https://id.house.example", OIDC_HOUSE_CLIENT_ID="a", OIDC_HOUSE_CLIENT_SECRET="b"
    )
    assert (plain.name, plain.label, plain.origins) == ("house", "House", ("https://id.house.example",))
    named = one(
        OIDC_MY_HOUSE_ISSUER="https://id.house.example/realms/main",
        OIDC_MY_HOUSE_CLIENT_ID="a",
        OIDC_MY_HOUSE_CLIENT_SECRET="b",
        OIDC_MY_HOUSE_LABEL="Our House",
        OIDC_MY_HOUSE_ORIGINS="https://login.house.example",
    )
    assert (named.name, named.label) == ("my-house", "Our House")
    assert named.origins == ("https://id.house.example", "https://login.house.example")


@pytest.mark.parametrize("name", ["GOOGLE", "MICROSOFT", "GITHUB"])
def test_the_well_known_need_only_what_they_gave_us(name):
    found = one(**{f"OIDC_{name}_CLIENT_ID": "a", f"OIDC_{name}_CLIENT_SECRET": "hush"})
    assert found.issuer == configured.PRESETS[name.lower()]["issuer"]
    assert "hush" not in repr(found)


def test_microsoft_is_many_tenants_unless_one_is_named():
    given = {"OIDC_MICROSOFT_CLIENT_ID": "a", "OIDC_MICROSOFT_CLIENT_SECRET": "b"}
    assert one(**given).has_tenants
    tenant = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"
    single = one(**given, OIDC_MICROSOFT_ISSUER=tenant)
    assert (single.has_tenants, single.discovery) == (False, "")


def test_apple_has_a_key_and_posts_back(tmp_path):
    given = {"OIDC_APPLE_CLIENT_ID": "a", "OIDC_APPLE_KEY_ID": "k", "OIDC_APPLE_TEAM_ID": "t"}
    apple = one(**given, OIDC_APPLE_KEY=PEM)
    assert apple.has_form_post
    assert apple.key is not None
    assert apple.key.pem.count("\n") == 2
    (tmp_path / "key.p8").write_text(PEM.replace("\\n", "\n"))
    assert one(**given, OIDC_APPLE_KEY_FILE=str(tmp_path / "key.p8")).key == apple.key


def test_half_a_provider_is_named_with_all_that_is_missing():
    with pytest.raises(Unset) as missing:
        providers({"OIDC_HOUSE_ISSUER": "https://id.house.example"})
    assert missing.value.names == ["OIDC_HOUSE_CLIENT_ID", "OIDC_HOUSE_CLIENT_SECRET"]
    with pytest.raises(SettingsMissing, match="OIDC_GOOGLE_CLIENT_SECRET"):
        Settings.from_env(BASE | {"OIDC_GOOGLE_CLIENT_ID": "a"})


@pytest.mark.parametrize(
    "values",
    [
        {"OIDC_HOUSE_ISSUER": "http://id.house.example", "OIDC_HOUSE_CLIENT_ID": "a", "OIDC_HOUSE_CLIENT_SECRET": "b"},
        {"OIDC_APPLE_CLIENT_ID": "a", "OIDC_APPLE_KEY_ID": "k", "OIDC_APPLE_TEAM_ID": "t", "OIDC_APPLE_KEY": "no"},
        {"OIDC_APPLE_CLIENT_ID": "a", "OIDC_APPLE_KEY_ID": "k", "OIDC_APPLE_TEAM_ID": "t", "OIDC_APPLE_KEY_FILE": "/nowhere"},
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_said_before_anything_starts(values):
    with pytest.raises(SettingsWrong, match="OIDC_"):
        Settings.from_env(BASE | values)
