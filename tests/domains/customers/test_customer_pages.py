"""Customers in the browser and as JSON."""

import re

import pytest

from tests.cast import CAR

LEAF = {"vin": "1N4AZ0CP6GC304290", "make": "Nissan", "model": "Leaf", "year": "2016"}


async def test_the_list_shows_customers_with_their_cars(browser, cast):
    page = await browser(cast.advisor).get("/customers")
    assert page.status_code == 200
    assert "Dana O&#39;Neil" in page.text
    assert "7ABC123" in page.text


async def test_the_search_answers_htmx_with_the_list_alone(browser, cast):
    part = await browser(cast.advisor).get(
        "/customers", params={"q": "7abc"}, headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    )
    assert "Dana O&#39;Neil" in part.text
    assert "<html" not in part.text
    none = await browser(cast.advisor).get("/customers", params={"q": "<b>nobody"})
    assert "&lt;b&gt;nobody" in none.text


@pytest.mark.parametrize("url", ["/customers", "/customers/new", "/customers/1", "/customers/1/edit"])
async def test_only_the_shop_sees_its_customers(browser, cast, url):
    assert (await browser(cast.customer).get(url)).status_code == 403
    assert (await browser(cast.technician).get(url)).status_code == 403
    assert (await browser().get(url)).status_code == 303
    if "1" in url:
        assert (await browser(cast.outsider).get(url)).status_code == 404
    else:
        assert "Dana" not in (await browser(cast.outsider).get(url)).text


async def test_a_walk_in_is_written_down_with_a_car(browser, cast):
    one = browser(cast.advisor)
    answer = await one.post("/customers", {"name": "Noor al-Amin", "phone": "503 555 0199"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/customers/1001")
    looked_up = await one.get("/customers/1001/cars/new", params={"vin": LEAF["vin"]})
    assert 'value="Leaf"' in looked_up.text
    added = await one.post(
        "/customers/1001/cars", LEAF | {"plate": "EV 1", "mileage": "40000", "odometer_unit": "mi"}
    )
    assert added.status_code == 303
    page = (await one.get("/customers/1001")).text
    assert "2016 Nissan Leaf" in page
    assert "40,000 mi" in page


async def test_what_was_said_of_a_vin_is_kept_while_something_else_is_mended(browser, cast):
    one, typed = browser(cast.advisor), "1HGCM82633AOO4353"
    url, edit, driver = "/customers/1/cars", f"/garage/{CAR}", browser(cast.customer)
    said = {"make": "Honda", "model": "Accord", "vin": typed, "vin_said": typed}
    unread = said | {"mileage": "many"}
    for page in (await one.post(url, unread), await driver.post("/garage", unread)):
        assert page.status_code == 422
        assert f'type="hidden" name="vin_said" value="{typed}"' in page.text
        assert re.search(rf'name="vin"[^>]* value="{typed}"', page.text)
        assert 'type="radio" name="vin_said"' not in page.text
    assert (await one.post(url, said)).status_code == 303
    version = re.search(r'name="version" value="(\d+)"', (await driver.get(f"{edit}/edit")).text)[1]
    again = await driver.post(edit, said | {"version": version, "year": "3"})
    assert f'type="hidden" name="vin_said" value="{typed}"' in again.text


async def test_json_asks_whose_car_it_is_as_well(browser, cast):
    one = browser(cast.advisor)
    made = (await one.json("POST", "/api/v1/customers", {"name": "Nora Newowner"})).json()
    url, car = f"/api/v1/customers/{made['id']}/vehicles", {"make": "Honda", "model": "Accord"}
    danas = car | {"vin": "1HGCM82633A004352"}
    asked = await one.json("POST", url, danas)
    assert (asked.status_code, asked.json()["known"]) == (409, {"vehicle_id": str(CAR)})
    sold = await one.json("POST", url, danas | {"sold": str(CAR)})
    assert sold.status_code == 201, sold.text
    assert (await one.json("POST", url, danas)).json()["id"] == sold.json()["id"] != str(CAR)


async def test_a_lookalike_is_shown_before_it_is_written_down(browser, cast):
    one = browser(cast.advisor)
    form = {"name": "Dana", "email": "customer@test.example"}
    asked = await one.post("/customers", form)
    assert asked.status_code == 422
    assert "/customers/1" in asked.text
    assert 'name="confirmed"' in asked.text
    assert (await one.post("/customers", form | {"confirmed": "yes"})).status_code == 303


async def test_a_customer_is_corrected(browser, cast):
    one = browser(cast.advisor)
    assert (await one.post("/customers/1", {"name": ""})).status_code == 422
    saved = await one.post(
        "/customers/1", {"name": "Dana Oneil", "notes": "rings twice", "tax_exempt": "yes"}
    )
    assert saved.status_code == 303
    page = (await one.get("/customers/1")).text
    assert "Dana Oneil" in page
    assert "rings twice" in page


async def test_another_shop_changes_nothing(browser, cast):
    one = browser(cast.outsider)
    assert (await one.post("/customers/1", {"name": "Mine now"})).status_code == 404
    assert (await one.post("/customers/1/cars", LEAF)).status_code == 404
    assert (await one.get("/customers/1/orders")).status_code == 404


async def test_customers_as_json(browser, cast):
    one = browser(cast.advisor)
    made = await one.json("POST", "/api/v1/customers", {"name": "Noor", "email": "noor@test.example"})
    assert (made.status_code, made.json()["number"]) == (201, "C-1001")
    url = f"/api/v1/customers/{made.json()['id']}"
    car = await one.json("POST", url + "/vehicles", {**LEAF, "year": 2016})
    assert (car.status_code, car.json()["name"]) == (201, "2016 Nissan Leaf")
    changed = await one.json("PUT", url, {"name": "Noor A.", "phone": "503 555 0123"})
    assert (changed.status_code, changed.json()["email"]) == (200, "")
    listed = (await one.json("GET", "/api/v1/customers?limit=1")).json()
    assert [each["name"] for each in listed["customers"]] == ["Noor A."]
    assert listed["next_before"] == 1001
    found = (await one.json("GET", "/api/v1/customers?q=1N4AZ0CP6GC304290")).json()
    assert [each["number"] for each in found["customers"]] == ["C-1001"]
    alike = await one.json("POST", "/api/v1/customers", {"name": "X", "phone": "5035550123"})
    assert alike.status_code == 422
    for other in (cast.outsider, cast.customer):
        answer = await browser(other).json("GET", url)
        assert answer.status_code in (403, 404), other.key
