"""The devices one is signed in with."""

import re

import pytest

from app.core.words import speaking
from app.domains.accounts.devices import device_words, place_words
from app.gateways import countries
from tests.cast import PASSWORD

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(("agent", "words"), [
    (IPHONE, "Safari on iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Windows"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
     "Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
    ("Mozilla/5.0 (Linux; Android 15; SM-X210) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
     "Safari/537.36", "Chrome on Android"),
    ("curl/8.5.0", "curl"),
    ("", "An unknown device"),
])  # fmt: skip
def test_a_device_is_called_what_its_owner_calls_it(agent, words):
    assert device_words(agent) == words


@pytest.mark.parametrize(("address", "words"), [
    ("91.12.7.7", "Germany"), ("::ffff:91.12.7.7", "Germany"), ("133.11.0.1", "Japan"),
    ("192.168.1.20", "This network"), ("::1", "This network"), ("203.0.113.9", ""), ("2a02::1", ""), ("", ""),
])  # fmt: skip
def test_a_place_is_a_country_or_this_network_and_else_nothing_is_claimed(address, words):
    assert place_words(address) == words


def test_a_place_is_named_in_the_readers_language_and_without_the_table_not_at_all(monkeypatch, tmp_path):
    with speaking("de"):
        assert place_words("91.12.7.7") == "Deutschland"
    monkeypatch.setattr(countries, "TABLE", tmp_path / "nothing")
    countries._table.cache_clear()
    assert place_words("91.12.7.7") == ""
    countries._table.cache_clear()


async def test_a_lost_phone_is_signed_out_from_the_list(browser, cast):
    dana, phone = browser(cast.customer), browser()
    form = {"email": cast.customer.email, "password": PASSWORD}
    await phone.post("/sign-in", form, headers={"user-agent": IPHONE})
    page = (await dana.get("/settings/security")).text
    assert "Safari on iPhone" in page
    assert "This network · <bdi>127.0.0.1</bdi>" in page
    assert page.count("this device") == 1
    url = re.search(r'action="(/settings/security/sessions/[0-9a-f-]{36}/removal)"', page)[1]
    assert (await browser(cast.stranger).post(url)).status_code == 404
    assert (await phone.get("/settings")).status_code == 200
    assert (await dana.post(url)).status_code == 303
    assert (await phone.get("/settings")).status_code == 303
    assert (await dana.post(url)).status_code == 404


async def test_all_others_go_at_once_and_this_one_stays(browser, cast):
    dana, phone = browser(cast.customer), browser()
    await phone.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    assert (await dana.post("/settings/security/sessions/removal")).status_code == 303
    assert (await phone.get("/settings")).status_code == 303
    assert (await dana.get("/settings")).status_code == 200
