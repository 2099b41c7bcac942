"""What the database cannot keep is refused with plain words, whichever way it comes."""

import msgspec
import pytest

from app.core.forms import read
from app.core.security import csrf_token
from tests.cast import CAR

PROFILE = {"phone": "", "locale": "en", "zone": "UTC", "distance_unit": "km"}
LEAF = {"make": "Nissan", "model": "Leaf", "year": 2021}


async def test_a_nul_in_an_address_is_refused_on_pages_and_in_json(browser, cast):
    advisor = browser(cast.advisor)
    page = await advisor.get("/customers?q=%00")
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
    said = await advisor.get("/api/v1/customers?q=%00")
    assert said.status_code == 400
    assert said.json()["error"] == "The address holds a character that cannot be kept."
    assert (await advisor.get("/customers?q=%2500")).status_code == 200


async def test_a_nul_in_a_form_is_refused_in_its_field_and_not_silently_dropped(browser, cast):
    person = browser(cast.customer)
    answer = await person.post("/settings/profile", {**PROFILE, "name": "Da\x00na"})
    assert answer.status_code == 422
    assert "cannot be kept" in answer.text
    assert "\x00" not in answer.text


async def test_a_nul_in_a_forms_own_key_breaks_nothing(browser, cast):
    assert (
        await browser(cast.customer).post("/settings/theme", {"theme": "paper"}, key="a\x00b")
    ).status_code == 303


async def test_a_nul_in_json_is_refused(browser, cast):
    person = browser(cast.customer)
    answer = await person.json("POST", "/api/v1/customers/vehicles", {**LEAF, "model": "Le\x00af"})
    assert answer.status_code == 400
    assert "cannot be kept" in answer.json()["error"]
    spelled_out = await person.json("POST", "/api/v1/customers/vehicles", {**LEAF, "model": "Le\\u0000af"})
    assert spelled_out.status_code == 201


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70)])
async def test_no_thing_has_a_number_too_large_for_the_database(browser, cast, number):
    advisor = browser(cast.advisor)
    assert (await advisor.get(f"/orders/{number}")).status_code == 404
    assert (await advisor.get(f"/api/v1/staff/orders/{number}")).status_code == 404
    assert (await advisor.get(f"/orders?before={number}")).status_code == 400
    assert (
        await advisor.json("POST", f"/api/v1/staff/orders/{number}/stage", {"stage": "qc"})
    ).status_code == 404


@pytest.mark.parametrize("number", [2**62, 2**70])
async def test_a_number_too_large_in_json_is_refused(browser, cast, number):
    answer = await browser(cast.customer).json(
        "POST", "/api/v1/customers/vehicles", {**LEAF, "mileage": number}
    )
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
async def test_a_day_no_workshop_means_is_refused(browser, cast, day):
    advisor = browser(cast.advisor)
    assert (await advisor.get(f"/appointments?day={day}")).status_code == 422
    refused = await advisor.get(f"/api/v1/staff/appointments?first={day}")
    assert (refused.status_code, refused.json()["errors"]) == (422, {"": "This date is too far away."})
    booking = {"customer_id": str(cast.customer.customer_id), "vehicle_id": str(CAR), "services": []}
    for moment in (f"{day}T23:59:59Z", f"{day}T00:00:00Z"):
        answer = await advisor.json("POST", "/api/v1/staff/appointments", {**booking, "starts_at": moment})
        assert answer.status_code < 500


async def test_json_is_taken_at_its_word_and_a_form_is_not(browser, cast):
    """A box in a form sends a word; a program that sends one has made a mistake, and may mean the opposite."""
    advisor, owner = browser(cast.advisor), browser(cast.owner)
    wash = {"name": "Wash", "duration_minutes": 30, "price_minor": 1500}
    noor = {"name": "Noor", "email": "noor@example.com"}
    services, customers = "/api/v1/staff/services", "/api/v1/customers"
    for asked, url, sent, key in (
        (owner, services, {**wash, "is_active": "false"}, "is_active"),
        (owner, services, {**wash, "is_active": 0}, "is_active"),
        (owner, services, {**wash, "price_minor": "1500"}, "price_minor"),
        (advisor, customers, {**noor, "confirmed": "true"}, "confirmed"),
    ):
        answer = await asked.json("POST", url, sent)
        assert answer.status_code == 400, answer.text
        assert list(answer.json()["errors"]) == [key]
    assert (await owner.json("GET", services)).json() == []
    made = await owner.json("POST", services, {**wash, "is_active": False})
    assert (made.status_code, made.json()["is_active"]) == (201, False)
    assert (await advisor.json("POST", customers, {**noor, "confirmed": True})).status_code == 201
    assert read(Ticked, {"confirmed": "true"}).confirmed is True
    broken = await owner.http.post(
        "/api/v1/customers", content=b"{", headers={"x-csrf-token": csrf_token(owner.binding)}
    )
    assert broken.status_code == 400


class Ticked(msgspec.Struct):
    confirmed: bool
