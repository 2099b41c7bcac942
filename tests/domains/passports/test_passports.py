"""Making a passport, its link, and what of its maker stands in it: nothing."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import transaction
from app.domains import garage, logbook
from app.domains.garage.models import Ownership
from app.domains.logbook import Entry, Written
from app.domains.logbook.discretion import impersonal
from app.domains.passports import keys, making
from app.domains.passports.checking import check
from app.domains.passports.models import Passport
from tests.cast import CAR, CAST, HARBOR, HARBOR_CENTER

HERE = f"/garage/{CAR}/passports"
OWN = [
    Written(kind="service", day=date(2024, 5, 6), km=151_000, title="Oil changed", note="paid Dana's friend", cost_minor=9_876_543_210, currency="USD"),
    Written(kind="repair", day=date(2024, 6, 6), title="Brakes, by Dana O'Neil"),
    Written(kind="repair", day=date(2024, 7, 6), title="Call +1 503 555 0100"),
    Written(kind="note", day=date(2024, 8, 6), title="Note from home"),
]  # fmt: skip


@pytest.fixture
async def written(site):
    async with transaction(user=CAST.customer.user_id) as db:
        me = CAST.customer.viewer
        car = await garage.find_own(db, me, CAR)
        for one in OWN:
            await logbook.log(db, car, one, by=me, confirmed=True)
    async with transaction(tenant=HARBOR) as db:
        db.add(
            Entry(
                vehicle_id=CAR, kind="service", day=date(2025, 1, 2), km=152_000, title="Timing belt", note="for Dana",
                tenant_id=HARBOR, center_id=HARBOR_CENTER, cost_minor=70_000, currency="USD",
            )
        )  # fmt: skip


async def made(browser, days="30"):
    dana = browser(CAST.customer)
    answer = await dana.post(HERE, {"days": days})
    assert answer.status_code == 303
    async with transaction(user=CAST.customer.user_id) as db:
        passport = (await db.scalars(select(Passport).order_by(Passport.id.desc()).limit(1))).one()
        return making.link_of(passport).rpartition("/passport/")[2], passport.id


async def test_a_buyer_reads_what_shops_vouch_for_and_what_the_owner_said(written, browser):
    token, _id = await made(browser)
    buyer = browser()
    shown = await buyer.get(f"/passport/{token}")
    assert shown.status_code == 200
    assert shown.headers["x-robots-tag"].startswith("noindex")
    for words in ("Valid", "Timing belt", "Harbor Lane Garage, Portland", "Oil changed", "said by the owner"):
        assert words in shown.text
    assert "Note from home" not in shown.text
    file = await buyer.get(f"/passport/{token}/file")
    assert file.headers["content-disposition"] == 'attachment; filename="passport.json"'
    assert check(file.content, keys.ours()).is_valid
    said = json.loads(file.content)
    assert [one["what"] for one in said["entries"]] == ["Oil changed", "", "", "Timing belt"]
    assert [one["shop"] and one["shop"]["town"] for one in said["entries"]] == [None, None, None, "Portland"]


async def test_nothing_in_any_form_says_who_made_it(written, browser):
    token, passport_id = await made(browser)
    buyer = browser()
    forms = [await buyer.get(f"/passport/{token}{part}") for part in ("", "/file")]
    async with transaction(user=CAST.customer.user_id) as db:
        passport = await db.get_one(Passport, passport_id)
        document = check(passport.document.encode(), keys.ours()).document
        texts = [one.text for one in forms] + [making.compact(document), passport.document]
    for text in texts:
        for secret in (
            "Dana",
            "Neil",
            CAST.customer.email,
            "555 0100",
            str(CAST.customer.user_id),
            str(CAR),
            "98,765,432",
            "987654321",
        ):
            assert secret.casefold() not in text.casefold()


async def test_only_the_owner_makes_and_takes_back(written, browser):
    _token, passport_id = await made(browser)
    for who in (CAST.stranger, CAST.advisor, CAST.outsider):
        one = browser(who)
        assert (await one.get(HERE)).status_code == 404
        assert (await one.post(HERE, {"days": "30"})).status_code == 404
        assert (await one.get(f"{HERE}/{passport_id}")).status_code == 404
        assert (await one.post(f"{HERE}/{passport_id}/revocation")).status_code == 404
    dana = browser(CAST.customer)
    assert (await dana.post(HERE, {"days": "31"})).status_code == 422
    assert "data:image/svg+xml" in (await dana.get(f"{HERE}/{passport_id}")).text


async def test_a_link_that_is_over_says_so(written, browser):
    buyer, dana = browser(), browser(CAST.customer)
    token, passport_id = await made(browser)
    assert (await buyer.get("/passport/none-such")).status_code == 404
    for _again in range(2):
        assert (await dana.post(f"{HERE}/{passport_id}/revocation")).status_code == 303
    shut = await buyer.get(f"/passport/{token}")
    assert shut.status_code == 410
    assert "not shown any more" in shut.text
    assert (await buyer.get(f"/passport/{token}/file")).status_code == 410
    token, passport_id = await made(browser, "7")
    async with transaction(user=CAST.customer.user_id) as db:
        (await db.get_one(Passport, passport_id)).expires_at = clock.now() - timedelta(seconds=1)
    assert (await buyer.get(f"/passport/{token}")).status_code == 410


async def test_a_link_ends_with_the_part_of_whoever_made_it(written, browser):
    token, _id = await made(browser)
    async with transaction(user=CAST.customer.user_id) as db:
        await db.execute(update(Ownership).where(Ownership.vehicle_id == CAR).values(until=clock.now()))
    assert (await browser().get(f"/passport/{token}")).status_code == 410


async def test_what_was_added_since_is_counted(written, browser):
    token, _id = await made(browser)
    async with transaction(user=CAST.customer.user_id) as db:
        me = CAST.customer.viewer
        car = await garage.find_own(db, me, CAR)
        await logbook.log(
            db, car, Written(kind="repair", day=date(2025, 3, 3), title="Lamp"), by=me, confirmed=True
        )
    shown = (await browser().get(f"/passport/{token}")).text
    assert "1 entry was added" in shown
    assert "Lamp" not in shown


async def test_the_site_checks_where_a_browser_cannot(written, browser):
    token, _id = await made(browser)
    buyer = browser()
    whole = (await buyer.get(f"/passport/{token}/file")).content
    for content, words in (
        (whole, "Nothing was changed"),
        (whole.replace(b"151000", b"51000"), "Entry 1 was changed"),
    ):
        answer = await buyer.post("/passport/check", files={"file": ("p.json", content, "application/json")})
        assert answer.status_code == 200
        assert words in answer.text
    assert "Choose a file" in (await buyer.post("/passport/check")).text
    assert "none of a passport" in (await buyer.post("/passport/check", {"code": "x"})).text


async def test_the_public_keys_are_published(browser):
    answer = await browser().get("/.well-known/torqueline-passport-keys.json")
    assert keys.read_set(answer.json()).keys() == keys.ours().keys()
    assert "d" not in answer.json()["keys"][0]


def test_words_that_name_the_owner_are_left_out():
    me = [CAST.customer.name, CAST.customer.email]
    assert impersonal("Brakes for DANA", me) == ""
    assert impersonal("ask me@home.example", me) == ""
    assert impersonal("Brakes, 4 × 5W-30, 12,000 km", me) == "Brakes, 4 × 5W-30, 12,000 km"
