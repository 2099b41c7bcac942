"""An address proves nothing about a person until a mail to it was opened."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import func, select, text

from app.core import clock
from app.core.db import new_id, transaction
from app.core.tables import EventRow
from app.domains.accounts import guarding
from app.domains.accounts.models import Identity, KioskPin, OneTimeCode, Passkey, RecoveryCode
from tests.mailbox import link_to, mails_to

PHRASE = "three quiet mountains"
AGAIN = "/settings/email-proof"


async def test_a_new_account_is_mailed_a_link_that_proves_its_address_once(browser, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    assert "Confirm your address" in (await zoe.get("/settings")).text
    await run_reactions()
    link = await link_to("zoe@test.example", "/confirm-email/")
    assert "signed in as Zoe (zoe@test.example)" in (await zoe.get(link)).text
    assert "Confirm your address" in (await zoe.get("/settings")).text, "looking at the link proves nothing"
    assert "Send the link again" in (await zoe.get("/garage")).text
    assert (await zoe.post(link)).headers["location"] == "/home"
    for url in ("/settings", "/garage"):
        assert "Send the link again" not in (await zoe.get(url)).text
    assert (await zoe.get(link)).status_code == 410
    assert (await zoe.post(link)).status_code == 410


@pytest.mark.parametrize("wish", ["first proof", "change of address"])
async def test_who_only_reads_the_mail_proves_nothing_for_somebody_elses_account(
    browser, cast, run_reactions, wish
):
    """Mallory claims Zoe's address; Zoe presses the button in the mail she gets."""
    mallory = browser(cast.customer) if wish == "change of address" else browser()
    if wish == "first proof":
        await mallory.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    else:
        await mallory.post("/settings/email", {"email": "zoe@test.example"})
    await run_reactions()
    link = await link_to("zoe@test.example", "/confirm-email/")
    for zoe in (browser(), browser(cast.stranger)):
        for answer in (await zoe.get(link), await zoe.post(link)):
            assert answer.status_code == 303
            assert answer.headers["location"] == "/sign-in?next=" + quote(link, safe="")
        assert "Sign in to the account that this link is for" in (await zoe.get("/sign-in")).text
    settings = (await mallory.get("/settings")).text
    assert "Confirm your address" in settings if wish == "first proof" else cast.customer.email in settings
    done = await mallory.post(link)
    good = "/home" if wish == "first proof" else "/settings"
    assert done.headers["location"] == good, "the link itself was good"


async def test_a_link_is_over_after_three_days(browser, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    await run_reactions()
    link = await link_to("zoe@test.example", "/confirm-email/")
    with clock.moved_by(timedelta(days=3, minutes=1)):
        assert (await zoe.post(link)).status_code == 410


async def test_a_link_can_be_asked_for_again(browser, cast, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    await run_reactions()
    asked = await zoe.post(AGAIN, {"next": "/garage"})
    assert asked.headers["location"] == "/garage"
    await run_reactions()
    assert len(await mails_to("zoe@test.example")) == 2
    assert (await browser(cast.customer).post(AGAIN)).status_code == 409


async def test_nobody_has_more_than_ten_links_an_hour_mailed_to_an_address_they_typed(browser, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    for n in range(guarding.PROOFS.times):
        url, form = ("/settings/email", {"email": f"someone-{n}@test.example"}) if n % 2 else (AGAIN, {})
        assert (await zoe.post(url, form)).status_code == 303
    assert (await zoe.post(AGAIN)).status_code == 429
    assert (await zoe.post("/settings/email", {"email": "one-more@test.example"})).status_code == 429
    await run_reactions()
    assert not await mails_to("one-more@test.example")
    other = browser()
    await other.post("/sign-up", {"name": "Ann", "email": "ann@test.example", "password": PHRASE})
    assert (await other.post(AGAIN)).status_code == 303


async def test_a_reset_by_mail_proves_the_address_too(browser, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    await browser().post("/forgot-password", {"email": "zoe@test.example"})
    await run_reactions()
    link = await link_to("zoe@test.example", "/reset-password/")
    await browser().post(link, {"password": "another quiet mountain"})
    assert (await browser().post(link, {"password": "a third quiet mountain"})).status_code == 410, (
        "it works once"
    )
    answer = await zoe.post("/sign-in", {"email": "zoe@test.example", "password": "another quiet mountain"})
    assert answer.status_code == 303


async def test_a_first_proof_by_reset_leaves_no_way_in_that_was_made_before_it(site, browser, run_reactions):
    """Mallory has made the account with Zoe's address and set up whatever would let her back in."""
    mallory, account = browser(), {"email": "zoe@test.example", "password": PHRASE}
    await mallory.post("/sign-up", {"name": "Zoe", **account})
    async with transaction() as db:
        zoe = await db.scalar(text("SELECT user_by_email(:email)"), {"email": account["email"]})
    mine = {"user_id": zoe}
    async with transaction(user=zoe) as db:
        db.add_all([
            Passkey(id=new_id(), credential_id=b"k", public_key=b"k", sign_count=0, transports=[], name="M", **mine),
            OneTimeCode(id=new_id(), secret_sealed=b"s", last_step=0, **mine),
            RecoveryCode(id=new_id(), code_hash=b"c", **mine),
            KioskPin(id=new_id(), pin_hash="p", **mine),
            Identity(id=new_id(), provider="p", issuer="i", subject="m", email="m@test.example", **mine),
        ])  # fmt: skip
    assert (await browser().post("/sign-in", account)).headers["location"] == "/sign-in/second-factor"
    await browser().post("/forgot-password", {"email": account["email"]})
    await run_reactions()
    await browser().post(await link_to(account["email"], "/reset-password/"), {"password": "a quiet lake"})
    async with transaction(user=zoe) as db:
        for way in (Passkey, OneTimeCode, RecoveryCode, KioskPin, Identity):
            assert await db.scalar(select(func.count()).select_from(way)) == 0, way
        told = await db.scalar(select(EventRow.payload).where(EventRow.name == "OtherWaysForgotten"))
    assert told["ways"] == ["passkey", "app", "codes", "pin", "site"]
    await run_reactions()
    told = [one.text for one in await mails_to(account["email"]) if one.template == "account_changed"]
    assert len(told) == 2, "of the password too"
    assert "passkeys, the authenticator app" in " ".join("".join(told).split())
    entered = await browser().post("/sign-in", account | {"password": "a quiet lake"})
    assert entered.headers["location"] == "/home"
    assert (await mallory.get("/settings")).status_code == 303
