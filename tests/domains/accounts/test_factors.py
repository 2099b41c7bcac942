"""The second proof: codes of an app, codes on paper, and who must have one."""

import re
from datetime import timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock, limits
from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.domains.accounts import entering, factors, one_time_codes, recovery, stepping_up
from app.domains.accounts.models import HalfWay, OneTimeCode, RecoveryCode, User
from tests.cast import PASSWORD
from tests.conftest import viewing
from tests.mailbox import link_to, mails_to

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGE = "/sign-in/second-factor"


def code(shift=0, secret=SECRET):
    """What the app shows, `shift` half minutes from now."""
    return pyotp.TOTP(secret).at((one_time_codes.step_of(clock.now()) + shift) * one_time_codes.STEP)


async def with_app(person):
    """Give somebody an app; their recovery codes."""
    async with transaction(user=person.user_id) as db:
        user = await db.get_one(User, person.user_id)
        return await factors.add_app(db, user, secret=SECRET, code=code(-1), by=person.viewer)


async def half_way(browser, person):
    """A browser that has given the right password and owes the code."""
    one = browser()
    answer = await one.post("/sign-in", {"email": person.email, "password": PASSWORD, "next": "/garage"})
    assert answer.headers["location"] == PAGE
    assert "session" not in answer.cookies
    return one


# --- the rules of codes ---------------------------------------------------------------------------------


@given(now=st.integers(10, 2**31), shift=st.integers(-5, 5), spent=st.integers(-5, 5))
def test_a_code_opens_in_its_own_half_minute_and_its_neighbours_if_it_is_newer_than_the_last(
    now, shift, spent
):
    app = pyotp.TOTP(SECRET)
    given_code = app.at((now + shift) * 30)
    found = one_time_codes.matching_step(SECRET, given_code, now=now, spent=now + spent)
    if abs(shift) <= 1 and shift > spent:
        assert found is not None
    if found is not None:
        assert abs(found - now) <= 1
        assert found > now + spent
        assert app.at(found * 30) == given_code
        again = one_time_codes.matching_step(SECRET, given_code, now=now, spent=found)
        assert again is None or again > found


@given(st.text(max_size=12))
def test_whatever_is_typed_is_compared_and_never_breaks(text):
    assert one_time_codes.matching_step(SECRET, text, now=50_000_000, spent=0) in (
        None, 49_999_999, 50_000_000, 50_000_001,
    )  # fmt: skip


async def test_a_code_is_spent_once_and_those_before_it_too(db, cast):
    await viewing(db, cast.customer)
    user = await db.get_one(User, cast.customer.user_id)
    await one_time_codes.enrol(db, user, secret=SECRET, code=code(-1))
    assert await one_time_codes.spend(db, user, code(0))
    assert not await one_time_codes.spend(db, user, code(0))
    assert not await one_time_codes.spend(db, user, code(-1))
    assert await one_time_codes.spend(db, user, code(1))


async def test_an_app_is_kept_only_with_a_right_code_and_only_one(db, cast):
    await viewing(db, cast.customer)
    user = await db.get_one(User, cast.customer.user_id)
    with pytest.raises(Invalid):
        await one_time_codes.enrol(db, user, secret=SECRET, code="000000")
    await one_time_codes.enrol(db, user, secret=SECRET, code=code())
    with pytest.raises(Refused):
        await one_time_codes.enrol(db, user, secret=SECRET, code=code(1))


async def test_the_secret_rests_sealed_and_recovery_codes_hashed(site, cast):
    codes = await with_app(cast.customer)
    async with transaction(user=cast.customer.user_id) as db:
        assert SECRET.encode() not in (await db.scalar(select(OneTimeCode.secret_sealed)))
        kept = (await db.scalars(select(RecoveryCode.code_hash))).all()
        assert len(kept) == len(set(codes)) == 10
        assert all(one.encode() not in b"".join(kept) for one in codes)


async def test_a_recovery_code_works_once_however_it_is_typed_and_new_ones_end_the_old(db, cast):
    await viewing(db, cast.customer)
    user = await db.get_one(User, cast.customer.user_id)
    codes = await recovery.deal(db, user)
    assert await recovery.spend(db, user, f" {codes[0].upper().replace('-', ' ')} ")
    assert not await recovery.spend(db, user, codes[0])
    assert await recovery.left(db, user) == 9
    await recovery.deal(db, user)
    assert not await recovery.spend(db, user, codes[1])


def test_an_offer_is_for_one_person_and_ends():
    dana, sam = User(id="dana", email="d@test.example"), User(id="sam", email="s@test.example")
    offer = one_time_codes.offer(dana)
    assert len(one_time_codes.offered(dana, offer)) == 32
    for somebody, token in ((sam, offer), (dana, offer + "x"), (dana, "nonsense")):
        with pytest.raises(Refused):
            one_time_codes.offered(somebody, token)
    assert one_time_codes.drawn(dana, SECRET).startswith("data:image/svg+xml")


# --- signing in -----------------------------------------------------------------------------------------


async def test_the_password_leads_half_way_and_the_code_the_rest(browser, cast):
    await with_app(cast.customer)
    one = await half_way(browser, cast.customer)
    assert (await one.get("/garage")).status_code == 303, "nobody is signed in yet"
    page = await one.get(PAGE)
    assert (page.status_code, "Second step" in page.text) == (200, True)
    answer = await one.post(PAGE, {"code": code()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/garage")
    assert (await one.get("/garage")).status_code == 200


async def test_half_a_way_is_gone_once_and_by_its_own_browser_in_ten_minutes(browser, cast):
    await with_app(cast.customer)
    one = await half_way(browser, cast.customer)
    assert (await browser().get(PAGE)).headers["location"].startswith("/sign-in?")
    token = one.http.cookies["half-way"]
    with clock.moved_by(timedelta(minutes=11)):
        assert (await one.post(PAGE, {"code": code()})).headers["location"].startswith("/sign-in?")
    assert (await one.post(PAGE, {"code": code()})).headers["location"] == "/garage"
    one.http.cookies.set("half-way", token)
    assert (await one.post(PAGE, {"code": code(1)})).headers["location"].startswith("/sign-in?")


async def test_a_code_on_paper_opens_too_and_its_owner_is_told(browser, cast, run_reactions):
    codes = await with_app(cast.customer)
    one = await half_way(browser, cast.customer)
    assert (await one.post(PAGE, {"code": codes[3]})).status_code == 303
    other = await half_way(browser, cast.customer)
    assert (await other.post(PAGE, {"code": codes[3]})).status_code == 422
    await run_reactions()
    said = [one.text for one in await mails_to(cast.customer.email)]
    assert any("One of your recovery codes was used" in text for text in said)


async def test_five_wrong_codes_close_the_door_for_the_right_one_too_and_are_told_once(
    browser, cast, run_reactions
):
    await with_app(cast.customer)
    one = await half_way(browser, cast.customer)
    said = set()
    for wrong in ("000000", "111111", "", "abcdefg", "222222", "333333", "444444"):
        answer = await one.post(PAGE, {"code": wrong})
        assert answer.status_code == 422
        said |= set(re.findall(r"This code does not work[^<]*", answer.text))
    refused = await one.post(PAGE, {"code": code()})
    assert refused.status_code == 422
    assert said == set(re.findall(r"This code does not work[^<]*", refused.text)), "the same words for all"
    await run_reactions()
    texts = [mail.text for mail in await mails_to(cast.customer.email)]
    assert sum("five wrong codes" in text for text in texts) == 1
    await limits.forget(stepping_up.PAUSE, str(cast.customer.user_id))
    await limits.forget(stepping_up.TRIES, str(cast.customer.user_id))
    assert (await one.post(PAGE, {"code": code()})).status_code == 303, "the code was not spent meanwhile"


async def test_a_reset_by_mail_does_not_bypass_the_second_proof(browser, cast, run_reactions):
    await with_app(cast.customer)
    waiting = await half_way(browser, cast.customer)
    await browser().post("/forgot-password", {"email": cast.customer.email})
    await run_reactions()
    link = await link_to(cast.customer.email, "/reset-password/")
    await browser().post(link, {"password": "seven slow rivers"})
    answer = await browser().post("/sign-in", {"email": cast.customer.email, "password": "seven slow rivers"})
    assert answer.headers["location"] == PAGE
    stale = await waiting.post(PAGE, {"code": code()})
    assert stale.headers["location"].startswith("/sign-in?"), "the old password leads nowhere any more"


async def test_a_deactivated_account_does_not_get_past_half_way(browser, cast):
    await with_app(cast.customer)
    one = await half_way(browser, cast.customer)
    async with transaction(user=cast.customer.user_id) as db:
        (await db.get_one(User, cast.customer.user_id)).is_active = False
    assert (await one.post(PAGE, {"code": code()})).headers["location"].startswith("/sign-in?")


async def test_a_json_login_gets_a_ticket_and_goes_on_with_a_code(browser, cast):
    await with_app(cast.customer)
    http = browser().http
    first = await http.post("/api/v1/auth/login", json={"email": cast.customer.email, "password": PASSWORD})
    assert first.status_code == 401
    assert first.json()["error"] == "second_factor_required"
    url, ticket = "/api/v1/auth/login/second-factor", first.json()["ticket"]
    assert (await http.post(url, json={"ticket": ticket, "code": "000000"})).status_code == 401
    assert (await http.post(url, json={"ticket": "x", "code": code()})).status_code == 401
    got = await http.post(url, json={"ticket": ticket, "code": code()})
    assert (got.status_code, set(got.json()) >= {"access_token", "refresh_token"}) == (200, True)
    assert (await http.post(url, json={"ticket": ticket, "code": code(1)})).status_code == 401


async def test_a_ticket_of_a_program_is_no_cookie_of_a_browser(site, cast):
    async with transaction(user=cast.customer.user_id) as db:
        user = await db.get_one(User, cast.customer.user_id)
        token = await entering.stop_half_way(db, user, next="/x", for_program=True)
    async with transaction() as db:
        with pytest.raises(entering.SignInNeeded):
            await entering.half_way(db, token)
    async with transaction(user=cast.stranger.user_id) as db:
        assert (await db.scalars(select(HalfWay))).all() == [], "nobody sees another's"


# --- setting up -----------------------------------------------------------------------------------------


async def test_an_app_is_set_up_on_the_page_and_the_codes_are_shown_this_once(browser, cast):
    dana, phone = browser(cast.customer), browser()
    await phone.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    page = await dana.get("/settings/security/app")
    offer = re.search(r'name="offer" value="([^"]+)"', page.text)[1]
    secret = "".join(re.search(r'<code class="code" dir="ltr">([A-Z2-7 ]+)</code>', page.text)[1].split())
    wrong = await dana.post("/settings/security/app", {"offer": offer, "code": "123456"})
    assert (wrong.status_code, offer in wrong.text) == (422, True)
    form = {"offer": offer, "code": code(0, secret)}
    done = await dana.post("/settings/security/app", form, key="once")
    assert len(re.findall(r"<li><code", done.text)) == 10
    again = await dana.post("/settings/security/app", form, key="once")
    assert "<li><code" not in again.text
    assert (await dana.get("/settings/security")).status_code == 200
    assert (await phone.get("/settings")).status_code == 303, "other devices are signed out"
    removed = await dana.post("/settings/security/app/removal")
    assert removed.status_code == 303
    async with transaction(user=cast.customer.user_id) as db:
        assert not await entering.has_second_factor(db, cast.customer.user_id)
        assert (await db.scalars(select(RecoveryCode))).all() == []


# --- who must have one ----------------------------------------------------------------------------------


async def joined(person, ago):
    """Let somebody's role have begun so long ago; the cast's have not."""
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    from app.settings import settings

    owner = create_async_engine(settings().sqlalchemy_owner_url)
    async with owner.begin() as connection:
        await connection.execute(
            text("UPDATE user_roles SET created_at = :at WHERE user_id = :user"),
            {"at": clock.now() - ago, "user": person.user_id},
        )
    await owner.dispose()


async def test_staff_have_two_weeks_and_then_reach_only_the_security_page(browser, cast):
    avery = browser(cast.advisor)
    await joined(cast.advisor, timedelta(days=13))
    board = await avery.get("/board")
    assert (board.status_code, "Please set up a second step by" in board.text) == (200, True)
    await joined(cast.advisor, timedelta(days=14, minutes=1))
    for url in ("/board", "/settings", "/garage"):
        assert (await avery.get(url)).headers["location"] == "/settings/security"
    assert (await avery.get("/api/v1/users/profile")).json() == {"error": "second_factor_setup_required"}
    page = await avery.get("/settings/security")
    assert (page.status_code, "One step before you go on" in page.text) == (200, True)
    assert (await avery.get("/settings/security/app")).status_code == 200
    await with_app(cast.advisor)
    signed = await half_way(browser, cast.advisor)
    await signed.post(PAGE, {"code": code()})
    board = await signed.get("/board")
    assert (board.status_code, "second step" in board.text) == (200, False)


async def test_who_looks_after_the_network_needs_one_at_once(browser, cast):
    await joined(cast.network, timedelta(minutes=1))
    assert (await browser(cast.network).get("/network")).headers["location"] == "/settings/security"


async def test_drivers_need_none(browser, cast):
    with clock.moved_by(timedelta(days=20)):
        await browser().post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    assert (await browser(cast.customer).get("/garage")).status_code == 200


async def test_a_seal_that_no_key_opens_leaves_the_paper_codes(site, cast):
    person = cast.customer
    codes = await with_app(person)
    async with transaction(user=person.user_id) as db:
        user = await db.get_one(User, person.user_id)
        app = await db.scalar(select(OneTimeCode))
        app.secret_sealed = b"x" * 60
        assert not await stepping_up.code_is_right(db, user, code(), by=person.viewer)
        assert await stepping_up.code_is_right(db, user, codes[0], by=person.viewer)
