"""Guessing passwords is slow and ends soon, and locks nobody out for good."""

import pytest

from app.core import limits
from app.core.errors import TooMany
from app.domains.accounts import guarding
from tests.cast import PASSWORD
from tests.mailbox import link_to, mails_to


async def guessed(email, ip, times):
    """So many tries before this one, without the waiting."""
    for _try in range(times):
        await limits.count(guarding.HERE, f"{email} {ip}")


async def test_the_eleventh_wrong_password_has_to_wait_and_the_owner_is_told_once(
    browser, cast, run_reactions
):
    email = cast.customer.email
    await guessed(email, "127.0.0.1", 9)
    guesser = browser()
    tenth = await guesser.post("/sign-in", {"email": email.upper(), "password": "x" * 14})
    assert tenth.status_code == 422
    for _try in range(2):
        refused = await guesser.post("/sign-in", {"email": email, "password": PASSWORD})
        assert refused.status_code == 429
        assert 800 < int(refused.headers["retry-after"]) <= 900
        assert "15 minutes" in refused.text
    await run_reactions()
    assert [one.template for one in await mails_to(email)].count("sign_in_locked") == 1


async def test_a_colleague_at_the_same_place_is_not_kept_out(browser, cast):
    await guessed(cast.customer.email, "127.0.0.1", 30)
    answer = await browser().post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    assert answer.status_code == 303


async def test_an_address_without_account_is_answered_alike(browser, run_reactions):
    await guessed("nobody@test.example", "127.0.0.1", 10)
    answer = await browser().post("/sign-in", {"email": "nobody@test.example", "password": "x" * 14})
    assert answer.status_code == 429
    await run_reactions()
    assert not await mails_to("nobody@test.example")


async def test_signing_in_begins_the_count_anew(browser, cast):
    email = cast.customer.email
    await guessed(email, "127.0.0.1", 4)
    assert (await browser().post("/sign-in", {"email": email, "password": PASSWORD})).status_code == 303
    assert (await limits.tries(guarding.HERE, f"{email} 127.0.0.1"))[0] == 0


async def test_programs_are_held_to_the_same(browser, cast):
    await guessed(cast.customer.email, "127.0.0.1", 10)
    body = {"email": cast.customer.email, "password": PASSWORD}
    answer = await browser().json("POST", "/api/v1/auth/login", body)
    assert answer.status_code == 429
    assert answer.json()["retry_after"] == int(answer.headers["retry-after"])


async def test_many_places_together_are_held_too(site, cast):
    for _try in range(guarding.ANYWHERE.times):
        await limits.count(guarding.ANYWHERE, cast.customer.email)
    with pytest.raises(TooMany) as refused:
        await guarding.before_password(cast.customer.email, "203.0.113.9")
    assert refused.value.seconds > 3000


async def test_one_password_tried_on_many_addresses_ends_at_the_place(browser):
    for _try in range(guarding.AT_ALL_HERE.times):
        await limits.count(guarding.AT_ALL_HERE, "127.0.0.1")
    answer = await browser().post("/sign-in", {"email": "somebody@test.example", "password": "x" * 14})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_household_has_one_place_of_its_many_addresses():
    assert limits.place("2001:db8:1:2:3::4") == limits.place("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert limits.place("203.0.113.9") == "203.0.113.9"
    assert limits.place("::ffff:203.0.113.9") == "203.0.113.9"
    assert limits.place("") == ""


async def test_a_new_password_by_mail_opens_a_closed_door(browser, cast, run_reactions):
    email = cast.customer.email
    for _try in range(guarding.ANYWHERE.times):
        await limits.count(guarding.ANYWHERE, email)
    await guessed(email, "127.0.0.1", guarding.HERE.times)
    driver = browser()
    assert (await driver.post("/sign-in", {"email": email, "password": PASSWORD})).status_code == 429
    await driver.post("/forgot-password", {"email": email})
    await run_reactions()
    path = await link_to(email, "/reset-password/")
    new = "quite another password 7"
    assert (await driver.post(path, {"password": new})).status_code == 303
    assert (await driver.post("/sign-in", {"email": email, "password": new})).status_code == 303


async def test_one_address_gets_three_reset_mails_and_no_word_of_the_rest(browser, cast, run_reactions):
    for _ask in range(5):
        answer = await browser().post("/forgot-password", {"email": cast.customer.email})
        assert answer.headers["location"] == "/forgot-password?sent=true"
    await run_reactions()
    assert len([one for one in await mails_to(cast.customer.email) if one.template == "password_reset"]) == 3


async def test_a_crowd_of_sign_ups_from_one_place_has_to_wait(browser):
    for _one in range(guarding.SIGN_UPS.times):
        await limits.count(guarding.SIGN_UPS, "127.0.0.1")
    form = {"name": "A", "email": "a@test.example", "password": "three quiet mountains"}
    assert (await browser().post("/sign-up", form)).status_code == 429
