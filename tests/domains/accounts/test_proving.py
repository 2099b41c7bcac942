"""An address proves nothing about a person until a mail to it was opened."""

from datetime import timedelta

from app.core import clock
from tests.mailbox import link_to, mails_to

PHRASE = "three quiet mountains"


async def test_a_new_account_is_mailed_a_link_that_proves_its_address_once(browser, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    assert "Confirm your address" in (await zoe.get("/settings")).text
    await run_reactions()
    link = await link_to("zoe@test.example", "/confirm-email/")
    assert (await zoe.get(link)).status_code == 200
    assert "Confirm your address" in (await zoe.get("/settings")).text, "looking at the link proves nothing"
    visitor = browser()
    assert (await visitor.post(link)).status_code == 303
    assert "Confirm your address" not in (await zoe.get("/settings")).text
    assert (await visitor.post(link)).status_code == 410


async def test_a_link_is_over_after_three_days(browser, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    await run_reactions()
    link = await link_to("zoe@test.example", "/confirm-email/")
    with clock.moved_by(timedelta(days=3, minutes=1)):
        assert (await browser().post(link)).status_code == 410


async def test_a_link_can_be_asked_for_again(browser, cast, run_reactions):
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": "zoe@test.example", "password": PHRASE})
    await run_reactions()
    assert (await zoe.post("/settings/email-proof")).status_code == 303
    await run_reactions()
    assert len(await mails_to("zoe@test.example")) == 2
    assert (await browser(cast.customer).post("/settings/email-proof")).status_code == 409


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
