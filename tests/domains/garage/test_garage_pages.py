"""The garage in the browser: requests, permissions, forms that come back with words."""

import re

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.domains.garage.models import Ownership, Vehicle
from tests.cast import CAR, OTHER_CAR
from tests.core import pictures

LEAF = {"vin": "1N4AZ0CP6GC304290", "make": "Nissan", "model": "Leaf", "year": "2016", "fuel": "electric"}


async def cars_of(person):
    async with transaction(user=person.user_id) as db:
        rows = await db.scalars(
            select(Vehicle).join(Ownership, Ownership.vehicle_id == Vehicle.id).order_by(Ownership.since)
        )
        return list(rows)


async def test_the_garage_shows_my_cars_and_nobody_elses(browser, cast):
    page = await browser(cast.customer).get("/garage")
    assert page.status_code == 200
    assert "2003 Honda Accord" in page.text
    assert "7ABC123" in page.text
    assert "ID.3" not in page.text


async def test_an_empty_garage_asks_for_a_vin(browser, cast):
    page = await browser(cast.network).get("/garage")
    assert "Add your vehicle" in page.text
    assert 'name="vin"' in page.text


async def test_a_visitor_is_sent_to_sign_in(browser):
    for url in ("/garage", "/garage/new", f"/garage/{CAR}"):
        answer = await browser().get(url)
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next=")


async def test_a_vin_is_shown_as_a_car_to_be_confirmed(browser, cast):
    page = await browser(cast.customer).get("/garage/new", params={"vin": "1n4az0cp6gc304290"})
    assert page.status_code == 200
    assert "Is this your car?" in page.text
    assert "2016 Nissan Leaf" in page.text
    assert re.search(r'name="make"[^>]*value="Nissan"', page.text)
    assert re.search(r'name="vin" value="1N4AZ0CP6GC304290"', page.text)


async def test_a_wrong_check_digit_is_a_warning_beside_the_form(browser, cast):
    page = await browser(cast.customer).get("/garage/new", params={"vin": "1HGCM82643A004352"})
    assert "check digit does not fit" in page.text
    assert "Add to my garage" in page.text


async def test_the_suspected_character_is_marked(browser, cast):
    page = await browser(cast.customer).get("/garage/new", params={"vin": "1HGCM82633AO04353"})
    assert re.search(r"<mark[^>]*>O</mark>", page.text)
    assert "never has the letter O" in page.text


async def test_an_unknown_vin_asks_which_car_it_is(browser, cast):
    page = await browser(cast.customer).get("/garage/new", params={"vin": "VF1AG000264573258"})
    assert "Tell us which car it is" in page.text
    assert re.search(r'name="make"[^>]*value="Renault"', page.text)


@pytest.mark.parametrize(
    "vin", ["<script>alert(1)</script>", "١٢٣", "x" * 300, "'; DROP TABLE vehicles; --", "%00"]
)
async def test_no_text_in_the_address_breaks_the_page(browser, cast, vin):
    page = await browser(cast.customer).get("/garage/new", params={"vin": vin})
    assert page.status_code == 200
    assert "<script>alert" not in page.text


async def test_a_car_is_added_with_plate_and_mileage_in_miles(browser, cast):
    one = browser(cast.customer)
    answer = await one.post("/garage", LEAF | {"plate": "O'HARA 1", "mileage": "1000", "odometer_unit": "mi"})
    assert answer.status_code == 303
    car = (await cars_of(cast.customer))[-1]
    assert answer.headers["location"] == f"/garage/{car.id}"
    assert (car.model, car.plate, car.mileage_km, car.odometer_unit) == ("Leaf", "O'HARA 1", 1609, "mi")
    page = await one.get(f"/garage/{car.id}")
    assert "O&#39;HARA 1" in page.text
    assert "1,000 mi" in page.text


async def test_what_a_driver_keeps_of_a_car_comes_back_as_it_was_typed(browser, cast):
    one = browser(cast.customer)
    kept = {
        "battery_type": "nmc", "purchase_date": "2020-05-17", "last_maintenance_date": "2026-01-09",
        "next_maintenance_due": "2026-02-01", "next_maintenance": "60000", "telematics_id": "TM-<7>",
    }  # fmt: skip
    url = (await one.post("/garage", LEAF | kept | {"odometer_unit": "mi"})).headers["location"]
    page = (await one.get(url)).text
    for said in ("Nickel manganese cobalt", "Service due: Feb 1, 2026 or at 60,000 mi", "TM-&lt;7&gt;"):
        assert said in page
    form = (await one.get(f"{url}/edit")).text
    for name, value in (kept | {"telematics_id": "TM-&lt;7&gt;"}).items():
        assert re.search(rf'name="{name}"[^>]*value="{value}"|value="{value}" selected', form), name
    said = (await one.get(f"/api/v1/customers/vehicles/{url.rpartition('/')[2]}")).json()
    assert (said["next_maintenance_km"], said["purchase_date"]) == (96561, "2020-05-17")


@pytest.mark.parametrize(
    ("typed", "words", "meant"),
    [
        ("1N4AZOCP6GC3O4290", "never has the letter O", "1N4AZ0CP6GC304290"),
        ("1HGCM82633AOO4353", "never has the letter O", "1HGCM82633A004353"),
        ("1N4AX0CP6GC304290", "position 5 is probably wrong", "1N4AZ0CP6GC304290"),
    ],
)
async def test_a_vin_that_cannot_be_right_is_kept_only_when_the_person_says_so(
    browser, cast, typed, words, meant
):
    one = browser(cast.customer)
    car = {"make": "Honda", "model": "Accord", "vin": typed}
    asked = await one.post("/garage", car)
    assert asked.status_code == 422
    assert words in asked.text
    offered = re.findall(r'name="vin_said" value="(\w+)"', asked.text)
    assert offered == [meant, typed]
    assert asked.text.count('<bdi class="vin">') == len(offered)
    assert re.search(rf'id="f-vin" name="vin" type="text" value="{typed}"', asked.text)
    assert (await one.post("/garage", car | {"vin_said": "1HGCM82633A004352X"})).status_code == 422
    corrected = await one.post("/garage", car | {"vin_said": meant})
    edit = f"{corrected.headers['location']}/edit"
    page = (await one.get(edit)).text
    assert f'value="{meant}"' in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    change = car | {"version": version}
    refused = await one.post(corrected.headers["location"], change)
    assert (refused.status_code, words in refused.text) == (422, True)
    assert 'name="vin_said"' in refused.text
    kept = await one.post(corrected.headers["location"], change | {"vin_said": typed})
    assert kept.status_code == 303
    again = change | {"version": int(version) + 1, "color": "red"}
    assert (await one.post(corrected.headers["location"], again)).status_code == 303, "asked once"


async def test_a_vin_looked_up_with_a_wrong_digit_goes_on_only_with_a_word_for_it(browser, cast):
    one = browser(cast.customer)
    typed = "1HGCM82643A004352"
    assert f'name="vin_said" value="{typed}"' in (await one.get("/garage/new", params={"vin": typed})).text
    car = {"make": "Honda", "model": "Accord", "vin": typed}
    assert (await one.post("/garage", car)).status_code == 422
    assert (await one.post("/garage", car | {"vin_said": typed})).status_code == 303


async def test_a_car_is_added_without_a_vin(browser, cast):
    one = browser(cast.customer)
    assert 'name="vin"' in (await one.get("/garage/new?by=hand")).text
    answer = await one.post("/garage", {"make": "Trabant", "model": "601"})
    assert answer.status_code == 303
    assert [car.make for car in await cars_of(cast.customer)] == ["Honda", "Trabant"]


async def test_a_form_with_mistakes_comes_back_with_what_was_typed(browser, cast):
    one = browser(cast.customer)
    answer = await one.post("/garage", LEAF | {"make": "", "year": "16", "plate": "KEEP ME"})
    assert answer.status_code == 422
    assert "KEEP ME" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert len(await cars_of(cast.customer)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"year": "next"},
        {"mileage": "-5"},
        {"mileage": "9" * 30},
        {"fuel": "plutonium"},
        {"odometer_unit": "leagues"},
        {"plate": "X" * 41},
        {"battery_kwh": "NaN"},
        {"battery_kwh": "0"},
        {"max_charge_kw": "1e9"},
        {"vin": "Ü" * 17},
        {"battery_type": "potato"},
        {"purchase_date": "2090-01-01"},
        {"next_maintenance": "9" * 12},
    ],
)
async def test_nonsense_in_any_field_changes_nothing(browser, cast, bad):
    answer = await browser(cast.customer).post("/garage", LEAF | bad)
    assert answer.status_code == 422
    assert len(await cars_of(cast.customer)) == 1


async def test_sending_the_form_twice_adds_one_car(browser, cast):
    one = browser(cast.customer)
    first = await one.post("/garage", LEAF, key="once")
    again = await one.post("/garage", LEAF, key="once")
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert len(await cars_of(cast.customer)) == 2


async def test_the_same_car_again_is_refused_and_pointed_at(browser, cast):
    one = browser(cast.customer)
    page = await one.get("/garage/new", params={"vin": "1HGCM82633A004352"})
    assert "already in your garage" in page.text
    assert f"/garage/{CAR}" in page.text
    answer = await one.post("/garage", LEAF | {"vin": "1HGCM82633A004352"})
    assert answer.status_code == 409


async def test_a_form_without_its_token_is_refused(browser, cast):
    one = browser(cast.customer)
    answer = await one.http.post("/garage", data=LEAF)
    assert answer.status_code == 403
    assert len(await cars_of(cast.customer)) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("get", "/edit"),
        ("get", "/next"),
        ("get", "/history"),
        ("post", ""),
        ("post", "/readings"),
        ("post", "/photo"),
        ("post", "/archive"),
        ("post", "/return"),
    ],
)
async def test_a_stranger_and_another_shops_advisor_find_nothing(browser, cast, method, path):
    form = LEAF | {"version": "1", "mileage": "160000"}
    for person in (cast.stranger, cast.outsider):
        one = browser(person)
        if method == "get":
            answer = await one.get(f"/garage/{CAR}{path}")
        elif path == "/photo":
            answer = await one.post(
                f"/garage/{CAR}{path}", files={"photo": ("car.jpg", pictures.jpeg(), "image/jpeg")}
            )
        else:
            answer = await one.post(f"/garage/{CAR}{path}", form)
        assert answer.status_code == 404, (person.key, path)
        assert "Accord" not in answer.text


async def test_the_shop_reads_and_corrects_the_car_it_services(browser, cast):
    one = browser(cast.advisor)
    page = await one.get(f"/garage/{CAR}")
    assert page.status_code == 200
    assert "Put the car away" not in page.text
    answer = await one.post(f"/garage/{CAR}/readings", {"mileage": "151000"})
    assert answer.status_code == 303
    assert (await one.post(f"/garage/{CAR}/archive")).status_code == 404


async def test_a_technician_looks_but_does_not_correct(browser, cast):
    one = browser(cast.technician)
    page = await one.get(f"/garage/{CAR}")
    assert page.status_code == 200
    assert "Save mileage" not in page.text
    assert (await one.get(f"/garage/{CAR}/edit")).status_code == 403


async def test_a_lower_reading_asks_for_a_tick(browser, cast):
    one = browser(cast.customer)
    doubtful = await one.post(f"/garage/{CAR}/readings", {"mileage": "15000"})
    assert doubtful.status_code == 422
    assert "less than the last reading" in doubtful.text
    assert 'name="confirmed"' in doubtful.text
    sure = await one.post(f"/garage/{CAR}/readings", {"mileage": "15000", "confirmed": "15000"})
    assert sure.status_code == 303
    [car] = await cars_of(cast.customer)
    assert car.mileage_km == 15000


async def test_a_stale_edit_is_refused(browser, cast):
    one = browser(cast.customer)
    form = {"make": "Honda", "model": "Accord", "year": "2003", "fuel": "gasoline", "version": "1"}
    assert (await one.post(f"/garage/{CAR}", form | {"plate": "FIRST"})).status_code == 303
    assert (await one.post(f"/garage/{CAR}", form | {"plate": "SECOND"})).status_code == 409
    [car] = await cars_of(cast.customer)
    assert car.plate == "FIRST"


async def test_a_car_is_put_away_and_brought_back(browser, cast):
    one = browser(cast.customer)
    assert (await one.post(f"/garage/{CAR}/archive")).status_code == 303
    assert "Put away" in (await one.get("/garage")).text
    assert (await one.get(f"/garage/{CAR}")).status_code == 200
    assert (await one.post(f"/garage/{CAR}/return")).status_code == 303
    assert "Put away" not in (await one.get("/garage")).text


async def test_a_photo_is_shown_in_the_garage_and_to_the_shop(browser, cast):
    one = browser(cast.customer)
    answer = await one.post(
        f"/garage/{CAR}/photo", files={"photo": ("car.jpg", pictures.jpeg(), "image/jpeg")}
    )
    assert answer.status_code == 303, answer.text
    for person in (cast.customer, cast.advisor):
        page = await browser(person).get(f"/garage/{CAR}")
        address = re.search(r'<img src="([^"]+)"', page.text)[1].replace("&amp;", "&")
        picture = await browser().get(address)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


async def test_a_file_that_lies_about_being_a_photo_is_refused(browser, cast):
    answer = await browser(cast.customer).post(
        f"/garage/{CAR}/photo", files={"photo": ("car.jpg", b"<html>not a photo</html>", "image/jpeg")}
    )
    assert answer.status_code == 422
    assert "not a JPEG" in answer.text


async def test_ids_that_are_none_are_not_found(browser, cast):
    one = browser(cast.customer)
    for url in ("/garage/0", "/garage/new-car", f"/garage/{OTHER_CAR}", "/garage/%00"):
        assert (await one.get(url)).status_code == 404


async def test_a_booking_goes_on_with_the_new_car_in_hand(browser, cast):
    one = browser(cast.customer)
    page = await one.get("/garage/new", params={"vin": LEAF["vin"], "next": "/book/harbor-lane-garage"})
    assert 'name="next" value="/book/harbor-lane-garage"' in page.text
    answer = await one.post("/garage", LEAF | {"next": "/book/harbor-lane-garage"})
    car = (await cars_of(cast.customer))[-1]
    assert answer.headers["location"] == f"/book/harbor-lane-garage?vehicle={car.id}"


@pytest.mark.parametrize(
    "url", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_no_address_of_another_site_is_gone_on_to(browser, cast, url):
    page = await browser(cast.customer).get("/garage/new", params={"vin": LEAF["vin"], "next": url})
    assert 'name="next"' not in page.text
    answer = await browser(cast.customer).post("/garage", LEAF | {"next": url})
    assert answer.headers["location"].startswith("/garage/")
