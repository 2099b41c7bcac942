from datetime import timedelta

from argon2 import PasswordHasher
from sqlalchemy import select, update

from app.core import clock
from app.core.db import act_as, transaction
from app.domains.accounts.models import User
from tests.cast import HARBOR, PASSWORD, VOLT_CENTER


async def test_a_visitor_signs_up_and_lands_on_adding_a_car(browser):
    visitor = browser()
    answer = await visitor.post(
        "/sign-up", {"name": "Zoë O'Hara", "email": "zoe@test.example", "password": "three quiet mountains"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/garage/new")
    assert "session" in answer.cookies
    settings_page = await visitor.get("/settings")
    assert settings_page.status_code == 200
    assert "Zoë O&#39;Hara" in settings_page.text


async def test_a_common_password_is_refused_with_words(browser):
    answer = await browser().post(
        "/sign-up", {"name": "A", "email": "a@test.example", "password": "Password12345!"}
    )
    assert answer.status_code == 422
    assert "known to many" in answer.text


async def test_sign_in_gives_a_new_session_id_and_ends_the_old(browser, cast):
    known = browser(cast.advisor)
    answer = await known.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    assert answer.status_code == 303
    assert answer.cookies["session"] != cast.advisor.cookie
    assert (await browser(cast.advisor).get("/settings")).status_code == 303


async def test_a_wrong_password_and_an_unknown_address_read_the_same(browser, cast):
    wrong = await browser().post("/sign-in", {"email": cast.customer.email, "password": "x" * 14})
    unknown = await browser().post("/sign-in", {"email": "nobody@test.example", "password": "x" * 14})
    assert wrong.status_code == unknown.status_code == 422
    assert "Email or password is not right." in wrong.text
    assert "Email or password is not right." in unknown.text


async def test_next_never_leads_to_another_site(browser, cast):
    for bad in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = await browser().post(
            "/sign-in", {"email": cast.customer.email, "password": PASSWORD, "next": bad}
        )
        assert answer.headers["location"] == "/home"


async def test_a_form_without_token_or_from_another_site_is_refused(browser, cast):
    person = browser(cast.customer)
    for change in (
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
    ):
        answer = await person.post("/settings/theme", {"theme": "night"}, **change)
        assert answer.status_code == 403
    answer = await person.post("/settings/theme", {"theme": "night", "csrf_token": "nonsense"})
    assert answer.status_code == 403
    assert "expired" in answer.text


async def test_the_same_form_twice_answers_the_same_and_acts_once(browser, cast):
    person = browser(cast.customer)
    form = {"name": "New Name", "locale": "en", "zone": "UTC", "distance_unit": "mi"}
    first = await person.post("/settings/profile", form, key="k1")
    second = await person.post("/settings/profile", form, key="k1")
    assert (first.status_code, first.headers["location"]) == (second.status_code, second.headers["location"])
    assert (await person.post("/settings/profile", {**form, "name": "Other"}, key="k1")).status_code == 409
    assert "New Name" in (await person.get("/settings")).text


async def test_a_birthday_and_the_workshop_one_prefers(browser, cast):
    person = browser(cast.customer)
    form = {"name": "Dana O'Neil", "date_of_birth": "1990-05-01", "preferred_center_id": str(VOLT_CENTER)}
    tomorrow = (clock.today("UTC") + timedelta(days=1)).isoformat()
    for wrong in (
        {"date_of_birth": tomorrow},
        {"date_of_birth": "1890-01-01"},
        {"date_of_birth": "1990-02-30"},
        {"preferred_center_id": str(HARBOR)},
        {"preferred_center_id": "the one by the harbor"},
    ):
        answer = await person.post("/settings/profile", form | {"phone": "+1 555 0199"} | wrong)
        assert answer.status_code == 422
        assert "+1 555 0199" in answer.text, "what was typed is kept"
    first = (await person.get("/book")).text
    assert first.index("Harbor Lane Garage") < first.index("Voltwerk Berlin")
    assert (await person.post("/settings/profile", form)).status_code == 303
    assert 'value="1990-05-01"' in (await person.get("/settings")).text
    then = (await person.get("/book")).text
    assert (
        then.index("The workshop you prefer")
        < then.index("Voltwerk Berlin")
        < then.index("Harbor Lane Garage")
    )
    assert "The workshop you prefer" not in (await browser().get("/book")).text

    known = (await person.get("/api/v1/users/profile")).json()
    assert (known["date_of_birth"], known["preferred_service_center_id"]) == ("1990-05-01", str(VOLT_CENTER))
    nowhere = await person.json(
        "PUT", "/api/v1/users/profile", {"name": "Dana", "preferred_service_center_id": str(HARBOR)}
    )
    assert nowhere.status_code == 422
    assert (await person.json("PUT", "/api/v1/users/profile", {"name": "Dana"})).json()[
        "date_of_birth"
    ] is None


async def test_every_answer_carries_the_security_headers(browser):
    for url in ("/sign-in", "/nothing-here", "/settings"):
        answer = await browser().get(url)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "strict-dynamic" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_password_hashed_weakly_is_hashed_anew_at_the_next_sign_in(browser, cast, dear_passwords):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with transaction() as db:
        await act_as(db, user=cast.customer.user_id)
        await db.execute(update(User).where(User.id == cast.customer.user_id).values(password_hash=weak))
    for _time in range(2):
        answer = await browser().post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
        assert answer.status_code == 303
    async with transaction() as db:
        await act_as(db, user=cast.customer.user_id)
        kept = await db.scalar(select(User.password_hash).where(User.id == cast.customer.user_id))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
