"""A burst of what should not happen is told once, to those who can do something about it."""

from datetime import timedelta

from sqlalchemy import select, text, update

from app.core import audit, clock
from app.core.db import transaction
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.accounts.events import SignInFailed
from app.domains.network.models import RoleAt, StaffProfile
from app.domains.notifications import alarms
from app.domains.notifications.models import Notification
from tests.cast import CAST, HARBOR, PASSWORD
from tests.domains.notifications import things


async def guesses(person, times, ip="203.0.113.200"):
    by = Viewer(ip=ip)
    for _ in range(times):
        async with transaction(user=person.user_id) as db:
            event = SignInFailed(user_id=person.user_id)
            await record(db, event, by=by, person=person.user_id, subject=person.user_id)


async def told(person):
    return [one for one in await things.lines_of(person.user_id) if one.type == "security"]


async def test_guessing_one_password_is_told_to_the_owners_of_the_business_once(site, run_reactions):
    await guesses(CAST.technician, alarms.FAILED_SIGN_INS)
    for _ in range(2):
        await alarms.look_out()
        await run_reactions()
    [line] = await told(CAST.owner)
    assert line.title == "Somebody is guessing a password"
    assert line.message == "5 failed sign-ins within 15 minutes to the account of Terry Technician."
    for person in (CAST.technician, CAST.advisor, CAST.outsider, CAST.customer, CAST.network):
        assert await told(person) == [], person.key


async def test_an_owner_who_was_let_go_is_told_nothing_and_told_of_by_nobody(site, run_reactions):
    async with transaction(tenant=HARBOR) as db:
        db.add(RoleAt(user_id=CAST.advisor.user_id, tenant_id=HARBOR, role="owner"))
        left = update(StaffProfile).where(StaffProfile.user_id == CAST.advisor.user_id)
        await db.execute(left.values(is_active=False))
    await guesses(CAST.technician, alarms.FAILED_SIGN_INS)
    await guesses(CAST.advisor, alarms.FAILED_SIGN_INS, ip="203.0.113.201")
    await alarms.look_out()
    await run_reactions()
    assert await told(CAST.advisor) == []
    for person, whose in ((CAST.owner, "Terry Technician"), (CAST.network, "Avery Advisor")):
        [line] = await told(person)
        assert whose in line.message


async def test_a_few_slips_alarm_nobody(site, run_reactions):
    await guesses(CAST.technician, alarms.FAILED_SIGN_INS - 1)
    await alarms.look_out()
    await run_reactions()
    assert await told(CAST.owner) == []


async def test_a_burst_a_while_later_is_told_again(site, run_reactions):
    for minutes in (0, 20):
        with clock.moved_by(timedelta(minutes=minutes)):
            await guesses(CAST.technician, alarms.FAILED_SIGN_INS)
            await alarms.look_out()
            await run_reactions()
    assert len(await told(CAST.owner)) == 2


async def test_a_drivers_account_and_an_address_that_tries_many_are_the_networks_affair(site, run_reactions):
    await guesses(CAST.customer, 5)
    await guesses(CAST.stranger, 5)
    await alarms.look_out()
    await run_reactions()
    lines = await told(CAST.network)
    assert sorted(line.message for line in lines) == [
        "10 failed sign-ins within 15 minutes from the address 203.0.113.200.",
        "5 failed sign-ins within 15 minutes to the account of Dana O'Neil.",
        "5 failed sign-ins within 15 minutes to the account of Sam Stranger.",
    ]
    assert await told(CAST.owner) == []


async def test_one_password_tried_on_addresses_nobody_has_is_the_networks_affair(browser, run_reactions):
    sprayer = browser()
    for number in range(alarms.FAILED_FROM_ADDRESS):
        wrong = {"email": f"nobody{number}@test.example", "password": "x" * 14}
        assert (await sprayer.post("/sign-in", wrong)).status_code == 422
    await alarms.look_out()
    await run_reactions()
    [line] = await told(CAST.network)
    assert line.message == "10 failed sign-ins within 15 minutes from the address 127.0.0.1."


async def test_many_refusals_of_one_person_are_told_with_a_way_to_look(site, browser, run_reactions):
    async with transaction(tenant=HARBOR) as db:
        for _ in range(alarms.DENIALS):
            await audit.log(
                db, CAST.technician.viewer, "permission.denied", "route", "/settings", tenant=HARBOR
            )
    await alarms.look_out()
    await run_reactions()
    [line] = await told(CAST.owner)
    assert "Terry Technician was refused 10 times" in line.message
    page = await browser(CAST.owner).get(line.url)
    assert page.status_code == 200
    assert "Burst noticed" in page.text


async def test_a_spent_refresh_token_used_again_is_told(site, browser, run_reactions):
    program = browser()
    granted = await program.json(
        "POST", "/api/v1/auth/login", {"email": CAST.advisor.email, "password": PASSWORD}
    )
    token = {"refresh_token": granted.json()["refresh_token"]}
    assert (await program.json("POST", "/api/v1/auth/refresh", token)).status_code == 200
    assert (await program.json("POST", "/api/v1/auth/refresh", token)).status_code == 401
    await alarms.look_out()
    await run_reactions()
    [line] = await told(CAST.owner)
    assert line.title == "A spent token was used again"
    assert "Avery Advisor" in line.message


async def test_the_alarm_itself_stands_in_the_trail_of_the_business(site):
    await guesses(CAST.technician, alarms.FAILED_SIGN_INS)
    await alarms.look_out()
    async with transaction(tenant=HARBOR) as db:
        said = await db.scalar(text("SELECT payload FROM events WHERE name = 'BurstNoticed'"))
        assert await db.scalar(select(Notification.id).limit(1)) is None
    assert said["count"] == 5
