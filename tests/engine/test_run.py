"""What `torqueline run` refuses before it starts anything, in words that say what to do."""

import os
import socket
import sys

import pytest

from app.engine import parts
from app.engine.home import Home
from app.engine.parts import Address
from app.engine.run import run
from app.gateways.simulators.oidc import __main__ as oidc
from app.gateways.simulators.stripe import __main__ as stripe


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "STRIPE_API_KEY",
        "STRIPE_WEBHOOK_SECRET",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TORQUELINE_SUPERVISED", "")


def start(tmp_path, **changed):
    asked = {"port": 0, "home_folder": tmp_path / "home", "https": None, "host": None, "fresh": False}
    return run(**asked | changed)


def test_a_port_in_use_is_named(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert start(tmp_path, port=port) == 1
    assert f"Port {port} is in use" in capsys.readouterr().err


@pytest.mark.parametrize(("where", "words"), [
    ({"port": 99_999}, "no port 99999"),
    ({"host": "192.0.2.1"}, "192.0.2.1 cannot be had"),
])  # fmt: skip
def test_a_place_that_cannot_be_listened_at_is_named(tmp_path, capsys, where, words):
    assert start(tmp_path, **where) == 1
    assert words in capsys.readouterr().err


def test_a_second_run_in_one_folder_is_refused(tmp_path, capsys):
    with Home(tmp_path / "home").lock():
        assert start(tmp_path) == 1
    assert "already runs" in capsys.readouterr().err


def test_a_home_that_takes_no_data_is_named(tmp_path, capsys):
    (tmp_path / "home").write_text("not a folder")
    assert start(tmp_path) == 1
    assert "--home" in capsys.readouterr().err


def test_other_commands_are_told_of_the_parts_that_were_replaced(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://cache")
    monkeypatch.setenv("OIDC_GOOGLE_CLIENT_ID", "us")
    monkeypatch.setenv("SMTP_URL", "")
    named = parts.named()
    assert named["REDIS_URL"] == "redis://cache"
    assert named["OIDC_GOOGLE_CLIENT_ID"] == "us"
    assert "SMTP_URL" not in named
    assert "PATH" not in named


@pytest.mark.parametrize(("set_one", "missing"), [
    ("DATABASE_URL", "DATABASE_OWNER_URL"),
    ("DATABASE_OWNER_URL", "DATABASE_URL"),
    ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"),
])  # fmt: skip
def test_half_a_part_is_not_enough(tmp_path, monkeypatch, capsys, set_one, missing):
    monkeypatch.setenv(set_one, "postgresql://somewhere/else")
    assert start(tmp_path) == 1
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize("host", ["a b", "-x", "../etc", "shop;rm"])
def test_a_host_must_look_like_one(tmp_path, capsys, host):
    assert start(tmp_path, https=host) == 1
    assert "host name" in capsys.readouterr().err


def test_starting_over_keeps_the_authority_that_phones_trust(tmp_path):
    from app.engine.run import forget

    home = Home(tmp_path)
    (home.folder("tls") / "ca.key").write_text("key")
    (home.folder("files") / "photo").write_text("photo")
    home.secret("secret_key")
    forget(home)
    assert sorted(os.listdir(tmp_path)) == ["logs", "tls"]


def test_what_is_printed_are_the_demos_own_logins():
    from app.demo import parts_shops, people
    from app.engine import banner

    staff = [person.email for person in (people.CUSTOMER, people.ADVISOR, people.TECHNICIAN, people.OWNER)]
    parts, _name = parts_shops.OWNERS["casco"]
    elsewhere = [people.NETWORK.email, people.OUTSIDER.email]
    assert [email for email, _ in banner.LOGINS] == [*staff, parts, *elsewhere]
    assert banner.PASSWORD == people.PASSWORD


def test_the_mails_are_offered_to_read_only_while_they_are_not_sent(tmp_path):
    from app.engine.banner import banner

    home, address = Home(tmp_path), Address("localhost", "127.0.0.1", 8000)
    assert "/dev/mail" in banner(home, address, seconds=1, keeps_mail=True)
    assert "/dev/mail" not in banner(home, address, seconds=1, keeps_mail=False)


def test_a_secret_that_begins_with_a_dash_starts_the_simulators(tmp_path, monkeypatch):
    """One in sixty-four does: what is random is no option of the command line."""
    told = dict.fromkeys(
        ("OIDC_DEMO_ISSUER", "OIDC_DEMO_LABEL", "OIDC_DEMO_CLIENT_ID", "STRIPE_CHECKOUT_ORIGIN"), "x"
    ) | dict.fromkeys(("OIDC_DEMO_CLIENT_SECRET", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_KEY"), "-secret")
    home, address = Home(tmp_path), Address("localhost", "127.0.0.1", 8000)
    monkeypatch.setattr(sys, "argv", parts.issuer(home, address, told).argv[2:])
    assert oidc.read_arguments().client_secret == "-secret"
    monkeypatch.setattr(sys, "argv", parts.simulator(home, address, told).argv[2:])
    read = stripe.read_arguments()
    assert (read.webhook_secret, read.secret_key) == ("-secret", "-secret")
