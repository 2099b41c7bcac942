"""A tablet of the workshop: technicians change in by PIN and are nothing but technicians there."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core import clock
from app.core.db import transaction
from app.core.errors import Invalid
from app.core.tables import EventRow
from app.domains.accounts import kiosk_pins
from app.settings import as_asyncpg, settings
from tests.cast import PASSWORD
from tests.mailbox import mails_to

PIN = "3917"


def kiosks(cast):
    return f"/settings/centers/{cast.owner.center_id}/kiosks"


def tile(person):
    return f"/kiosk/people/{person.staff_id}"


async def with_pin(browser, person, pin=PIN):
    assert (await browser(person).post("/settings/security/pin", {"pin": pin})).status_code == 303


async def a_tablet(browser, cast, by=None, **facts):
    tablet = browser()
    await tablet.post("/sign-in", {"email": (by or cast.advisor).email, "password": PASSWORD})
    done = await tablet.post(kiosks(cast), {"name": "Tablet O'Bay 2", "idle_minutes": "5"} | facts)
    assert (done.status_code, done.headers["location"]) == (303, "/kiosk")
    return tablet


async def changed_in(tablet, person, pin=PIN):
    return await tablet.post(tile(person), {"pin": pin})


@asynccontextmanager
async def as_owner():
    """The database's owner, who sees everybody's rows."""
    one = create_async_engine(as_asyncpg(settings().database_owner_url))
    async with AsyncSession(one) as db, db.begin():
        yield db
    await one.dispose()


@pytest.fixture
async def tablet(browser, cast):
    await with_pin(browser, cast.technician)
    return await a_tablet(browser, cast)


async def test_the_device_is_the_shops_and_no_longer_a_persons(tablet, cast):
    assert (await tablet.get("/board")).headers["location"] == "/kiosk"
    tiles = (await tablet.get("/kiosk")).text
    assert cast.technician.name in tiles
    assert cast.second_technician.name in tiles
    assert cast.advisor.name not in tiles
    assert cast.outsider.name not in tiles
    signed = await tablet.post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    assert signed.status_code == 409
    assert "belongs to the workshop" in signed.text
    assert "no PIN yet" in (await tablet.get(tile(cast.second_technician))).text
    assert (await tablet.get(tile(cast.outsider))).status_code == 404


async def test_only_the_front_desk_sets_one_up_after_showing_that_it_is_they(browser, cast):
    form = {"name": "Tablet", "idle_minutes": "5"}
    assert (await browser(cast.technician).post(kiosks(cast), form)).status_code == 403
    assert (await browser(cast.outsider).post(kiosks(cast), form)).status_code == 404
    assert (await browser(cast.advisor).post(kiosks(cast), form | {"idle_minutes": "7"})).status_code == 422
    ben = browser()
    await ben.post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    with clock.moved_by(timedelta(minutes=11)):
        assert (await ben.post(kiosks(cast), form)).headers["location"].startswith("/step-up")


async def test_an_owner_is_a_technician_there_and_nothing_else(browser, cast):
    """Owner here, advisor and network administrator too: at the tablet they work as the technician they also are."""
    async with as_owner() as db:
        for role, tenant in (("owner", True), ("advisor", True), ("network_admin", False)):
            await db.execute(
                text(
                    "INSERT INTO user_roles (id, user_id, role, tenant_id, service_center_id, created_at) "
                    "VALUES (uuidv7(), :user, :role, :tenant, :center, now())"
                ),
                {
                    "user": cast.technician.user_id,
                    "role": role,
                    "tenant": cast.owner.tenant_id if tenant else None,
                    "center": cast.owner.center_id if tenant else None,
                },
            )
    await with_pin(browser, cast.technician)
    tablet = await a_tablet(browser, cast, by=cast.owner)
    assert (await changed_in(tablet, cast.technician)).headers["location"] == "/bench"
    bench = await tablet.get("/bench")
    assert bench.status_code == 200
    assert "/settings" not in bench.text
    assert "kiosk-away" in bench.text
    assert (await tablet.get("/board")).status_code == 200
    for shut in ("/settings", "/settings/security", "/settings/security/pin", "/settings/tokens", "/step-up",
                 "/settings/centers", "/settings/audit", "/network", "/invoices", "/customers", "/garage",
                 "/notifications", "/api/v1/tokens", kiosks(cast)):  # fmt: skip
        assert (await tablet.get(shut)).status_code == 403, shut
    for shut in ("/settings/workplace", "/settings/security/pin", kiosks(cast)):
        assert (await tablet.post(shut, {"pin": "8264", "name": "x"})).status_code == 403, shut


async def test_each_act_is_the_technicians_at_that_tablet(browser, tablet, cast):
    await changed_in(tablet, cast.technician)
    await tablet.post("/kiosk/away")
    async with transaction(tenant=cast.owner.tenant_id) as db:
        told = (
            await db.scalars(
                select(EventRow)
                .where(EventRow.name.in_(["KioskSetUp", "KioskEntered", "KioskLeft"]))
                .order_by(EventRow.id)
            )
        ).all()
    said = [(one.name, one.actor_name) for one in told]
    assert said == [
        ("KioskSetUp", cast.advisor.name),
        ("KioskEntered", cast.technician.name),
        ("KioskLeft", cast.technician.name),
    ]
    assert all(one.user_agent.startswith("Kiosk: Tablet O'Bay 2 · ") for one in told[1:])
    trail = await browser(cast.owner).get("/settings/audit")
    assert "Tablet O&#39;Bay 2" in trail.text
    liar = browser(cast.technician)
    await liar.post("/settings/profile", {"name": "Terry"}, headers={"user-agent": "Kiosk: Kiosk: mine"})
    async with transaction(user=cast.technician.user_id) as db:
        agents = await db.scalars(
            select(EventRow.user_agent).where(EventRow.user_id == cast.technician.user_id)
        )
        assert not [one for one in agents if one.startswith("Kiosk: mine") or one.startswith("Kiosk: Kiosk")]


async def test_the_pad_types_without_a_script_and_enter_is_not_a_digit(tablet, cast):
    typed = ""
    for key in "39":
        page = await tablet.post(tile(cast.technician), {"pin": typed, "key": key})
        typed += key
        assert (page.status_code, f'value="{typed}"' in page.text) == (200, True)
    page = await tablet.post(tile(cast.technician), {"pin": "391", "key": "back"})
    assert 'value="39"' in page.text
    first_button = page.text.split("data-pad>")[1].split("<button")[1]
    assert "Change in" in first_button
    assert 'name="key"' not in first_button
    assert (await changed_in(tablet, cast.technician)).status_code == 303


async def test_five_wrong_pins_hold_up_one_person_at_one_tablet(browser, cast, tablet, run_reactions):
    await with_pin(browser, cast.second_technician, "8264")
    other = await a_tablet(browser, cast, by=cast.owner, name="Other")
    for _ in range(5):
        assert (await changed_in(tablet, cast.technician, "0001")).status_code == 422
    held = await changed_in(tablet, cast.technician)
    assert held.status_code == 429
    assert "15 minutes" in held.text
    assert (await changed_in(tablet, cast.second_technician, "8264")).status_code == 303, "the tablet is open"
    assert (await changed_in(other, cast.technician)).status_code == 303, "at another tablet too"
    await run_reactions()
    mails = [one for one in await mails_to(cast.technician.email) if "five wrong PINs" in one.text]
    assert [one.subject for one in mails] == ["Wrong PINs at the workshop's tablet"]
    assert "/settings/security/pin" in mails[0].text
    assert "password" not in mails[0].text + mails[0].html
    said = (await browser(cast.owner).get("/api/v1/admin/audit-logs?kind=sign_ins")).json()["items"]
    tries = [one["action"] for one in said if one["entity_id"] == str(cast.technician.user_id)]
    assert (tries.count("pin.wrong"), tries.count("pin.paused")) == (4, 1), "the shop sees them at its tablet"


async def test_fifteen_tries_at_once_are_five(cast, tablet):
    said = await asyncio.gather(*(changed_in(tablet, cast.technician, f"{n:04}") for n in range(15)))
    assert sorted(one.status_code for one in said) == [422] * 5 + [429] * 10
    assert (await changed_in(tablet, cast.technician)).status_code == 429


async def test_a_pin_belongs_to_one_person(browser, cast, tablet):
    await with_pin(browser, cast.second_technician, "8264")
    async with as_owner() as db:
        hashes = (await db.scalars(text("SELECT pin_hash FROM kiosk_pins"))).all()
        assert all(one.startswith("$argon2id$") for one in hashes)
        await db.execute(
            text("UPDATE kiosk_pins SET pin_hash = (SELECT pin_hash FROM kiosk_pins WHERE user_id = :mine) "
                 "WHERE user_id = :other"),
            {"mine": cast.technician.user_id, "other": cast.second_technician.user_id},
        )  # fmt: skip
    assert (await changed_in(tablet, cast.second_technician)).status_code == 422, (
        "a copied hash opens nothing"
    )


async def test_an_untouched_tablet_changes_out_although_its_page_lives(tablet, cast):
    await changed_in(tablet, cast.technician)
    follows = {"hx-request": "true"}
    for minutes in (2, 4):
        with clock.moved_by(timedelta(minutes=minutes)):
            assert (await tablet.get("/bench", headers=follows)).status_code == 200
    with clock.moved_by(timedelta(minutes=6)):
        assert (await tablet.get("/bench")).headers["location"] == "/kiosk"
    await changed_in(tablet, cast.technician)
    for minutes in (4, 8):
        with clock.moved_by(timedelta(minutes=minutes)):
            assert (await tablet.post("/kiosk/awake")).status_code == 204
            assert (await tablet.get("/bench")).status_code == 200
    with clock.moved_by(timedelta(hours=12, minutes=1)):
        assert (await tablet.get("/bench")).status_code == 303


async def test_it_ends_with_the_tablet_the_role_the_pin_and_the_person(browser, cast, tablet):
    olive, toni = browser(cast.owner), cast.second_technician
    await with_pin(browser, toni, "8264")
    await changed_in(tablet, cast.technician)
    await with_pin(browser, cast.technician, "7402")
    assert (await tablet.get("/bench")).status_code == 303, "another PIN"
    await changed_in(tablet, toni, "8264")
    people = f"/settings/centers/{cast.owner.center_id}/people/{toni.staff_id}"
    await olive.post(people, {"name": toni.name, "is_technician": "yes"})
    assert (await tablet.get("/bench")).status_code == 303, "they left"
    assert toni.name not in (await tablet.get("/kiosk")).text
    assert (await tablet.get(tile(toni))).status_code == 404
    await changed_in(tablet, cast.technician, "7402")
    assert (await tablet.get("/bench")).status_code == 200
    async with as_owner() as db:
        kiosk_id = await db.scalar(text("SELECT id FROM kiosks"))
    assert (await browser(cast.advisor).post(f"{kiosks(cast)}/{kiosk_id}/removal")).status_code in (303, 403)
    assert (await browser(cast.outsider).post(f"{kiosks(cast)}/{kiosk_id}/removal")).status_code in (403, 404)
    assert (await olive.post(f"{kiosks(cast)}/{kiosk_id}/removal")).status_code == 303
    assert (await tablet.get("/bench")).status_code == 303
    for answer in (await tablet.get(tile(toni)), await changed_in(tablet, toni, "8264")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk"), "where it is said"
    follows = {"hx-request": "true"}
    assert (await tablet.get("/kiosk", headers=follows)).headers["hx-refresh"] == "true"
    assert "not a tablet" in (await tablet.get("/kiosk")).text


@pytest.mark.parametrize("pin", [
    "123", "123456789", "12a4", "١٢٣٤", "1234", "0000", "4321", "7890", "1212", "123123", "2580", "1987", "2004",
    "2412", "1224", "241287", "871224", "24121987", "19871224", "12241987",
])  # fmt: skip
def test_a_pin_that_others_would_try_is_refused(pin):
    with pytest.raises(Invalid):
        kiosk_pins.check(pin)


@pytest.mark.parametrize("pin", ["3917", "8264", "90417", "774120", "39172640"])
def test_other_pins_are_taken(pin):
    kiosk_pins.check(pin)
