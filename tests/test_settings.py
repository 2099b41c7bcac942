from pathlib import Path

import pytest

from app.settings import Settings, SettingsMissing, SettingsWrong, as_asyncpg, as_libpq

DEMO = {
    "TORQUELINE_MODE": "demo",
    "TORQUELINE_HOME": "/srv/torqueline",
    "BASE_URL": "http://localhost:8000/",
    "DATABASE_URL": "postgresql://app:secret@127.0.0.1:5432/torqueline",
    "REDIS_URL": "redis://:secret@127.0.0.1:6379/0",
    "SECRET_KEY": "k" * 40,
}
PRODUCTION = DEMO | {
    "TORQUELINE_MODE": "production",
    "BASE_URL": "https://shop.example.com",
    "STRIPE_API_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "SMTP_URL": "smtp://mail.example.com:25",
    "MAIL_FROM": "Shop <shop@example.com>",
    "STORAGE_URL": "s3://photos?region=eu-central-1",
    "VAPID_PRIVATE_KEY": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",  # pragma: allowlist secret
    "VAPID_SUBJECT": "mailto:desk@example.com",
}


def test_a_demo_needs_only_its_engines_and_a_secret():
    settings = Settings.from_env(DEMO)
    assert settings.is_demo
    assert settings.base_url == "http://localhost:8000"
    assert settings.smtp_url is None
    assert settings.storage_url == "file:///srv/torqueline/files"
    assert settings.home == Path("/srv/torqueline")
    assert not settings.secure


def test_production_is_what_an_unset_mode_means_and_names_every_missing_setting():
    with pytest.raises(SettingsMissing) as missing:
        Settings.from_env({})
    assert missing.value.names == [
        "BASE_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY",
        "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "SMTP_URL", "MAIL_FROM", "STORAGE_URL",
    ]  # fmt: skip


def test_an_empty_variable_is_a_missing_one():
    with pytest.raises(SettingsMissing) as missing:
        Settings.from_env(PRODUCTION | {"SMTP_URL": ""})
    assert missing.value.names == ["SMTP_URL"]


def test_push_may_be_left_out_but_not_by_half():
    without = {name: value for name, value in PRODUCTION.items() if not name.startswith("VAPID")}
    assert Settings.from_env(without).vapid_private_key is None
    for half in ("VAPID_PRIVATE_KEY", "VAPID_SUBJECT"):
        with pytest.raises(SettingsMissing) as missing:
            Settings.from_env(PRODUCTION | {half: ""})
        assert missing.value.names == [half]


def test_production_has_none_of_the_demos_doors():
    settings = Settings.from_env(PRODUCTION)
    assert not settings.is_demo
    assert not settings.has_dev_pages
    assert settings.secure
    assert settings.stripe_api_base is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TORQUELINE_MODE", "debug"),
        ("BASE_URL", "shop.example.com"),
        ("BASE_URL", "https://shop.example.com/path"),
        ("BASE_URL", "http://shop.example.com"),
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "localhost:6379"),
        ("STORAGE_URL", "/var/files"),
        ("CLAMD_URL", "clamd:3310"),
        ("CLAMD_URL", "tcp://clamd"),
        ("CLAMD_URL", "tcp://clamd:port"),
        ("CLAMD_URL", "unix://run/clamd.ctl"),
        ("VAPID_PRIVATE_KEY", "yfWPiYE"),
        ("VAPID_PRIVATE_KEY", "not base64url, not at all, nor 32 bytes of it"),
        ("VAPID_SUBJECT", "desk@example.com"),
        ("PUSH_SERVICES", "push.example.com/path"),
        ("PUSH_SERVICES", "http://127.0.0.1:8090"),
    ],
)
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(SettingsWrong, match=name):
        Settings.from_env(PRODUCTION | {name: value})


def test_the_owner_address_is_asked_for_when_it_is_needed():
    with pytest.raises(SettingsMissing, match="DATABASE_OWNER_URL"):
        _ = Settings.from_env(PRODUCTION).sqlalchemy_owner_url


def test_database_addresses_change_driver_only():
    for url in ("postgresql://u:p@h/d", "postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"):
        assert as_asyncpg(url) == "postgresql+asyncpg://u:p@h/d"
        assert as_libpq(url) == "postgresql://u:p@h/d"


def test_a_map_has_an_address_with_its_three_numbers_and_names_whose_it_is():
    tiles = {
        "MAP_TILES_URL": "https://tiles.example.com:8443/{z}/{x}/{y}.png",
        "MAP_ATTRIBUTION": "© Somebody",
    }
    assert Settings.from_env(DEMO | tiles).map_tiles_origin == "https://tiles.example.com:8443"
    assert Settings.from_env(DEMO).map_tiles_origin == ""
    for wrong in (
        {"MAP_TILES_URL": "https://tiles.example.com/"}, {"MAP_ATTRIBUTION": ""},
        {"MAP_TILES_URL": "https://a b; script-src x/{z}/{x}/{y}"}, {"GEOCODER_URL": "nominatim"},
    ):  # fmt: skip
        with pytest.raises(SettingsWrong):
            Settings.from_env(DEMO | tiles | wrong)
