"""The same garage as JSON."""

from tests.cast import CAR, OTHER_CAR

LEAF = {"vin": "1N4AZ0CP6GC304290", "make": "Nissan", "model": "Leaf", "year": 2016, "fuel": "electric"}
URL = "/api/v1/customers/vehicles"


async def test_a_car_is_added_changed_and_put_away(browser, cast):
    one = browser(cast.customer)
    added = await one.json("POST", URL, LEAF | {"mileage_km": 1200})
    assert added.status_code == 201, added.text
    car = added.json()
    assert (car["model"], car["mileage_km"], car["version"]) == ("Leaf", 1200, 1)
    body = LEAF | {"plate": "EV 1", "version": 1, "mileage_km": 1300}
    changed = await one.json("PUT", f"{URL}/{car['id']}", body)
    assert (changed.status_code, changed.json()["plate"], changed.json()["mileage_km"]) == (200, "EV 1", 1300)
    stale = await one.json("PUT", f"{URL}/{car['id']}", body | {"plate": "EV 2"})
    assert (stale.status_code, stale.json()["current"]) == (409, {"plate": "EV 1"})
    assert (await one.json("DELETE", f"{URL}/{car['id']}")).status_code == 204
    assert [each["id"] for each in (await one.json("GET", URL)).json()] == [str(CAR)]


async def test_mistakes_are_named_by_field(browser, cast):
    one = browser(cast.customer)
    wrong = await one.json("POST", URL, LEAF | {"make": " ", "year": 16})
    assert (wrong.status_code, set(wrong.json()["errors"])) == (422, {"make", "year"})
    assert (await one.json("POST", URL, LEAF | {"year": "next"})).status_code == 400
    assert (await one.json("POST", URL, LEAF | {"owner": "me"})).status_code == 400
    lower = await one.json(
        "PUT", f"{URL}/{CAR}", {"make": "Honda", "model": "Accord", "version": 1, "mileage_km": 5}
    )
    assert lower.status_code == 422


async def test_the_same_vin_again_is_a_conflict(browser, cast):
    again = await browser(cast.customer).json(
        "POST", URL, {"vin": "1HGCM82633A004352", "make": "Honda", "model": "Accord"}
    )
    assert (again.status_code, again.json()["vehicle_id"]) == (409, str(CAR))


async def test_other_peoples_cars_are_not_found(browser, cast):
    body = LEAF | {"version": 1}
    for person, car in ((cast.stranger, CAR), (cast.outsider, CAR), (cast.customer, OTHER_CAR)):
        one = browser(person)
        assert (await one.json("GET", f"{URL}/{car}")).status_code == 404
        assert (await one.json("PUT", f"{URL}/{car}", body)).status_code == 404
        assert (await one.json("DELETE", f"{URL}/{car}")).status_code == 404
    assert (await browser().json("GET", URL)).status_code == 401


async def test_a_shop_sees_but_does_not_put_away_the_car_it_services(browser, cast):
    one = browser(cast.advisor)
    assert (await one.json("GET", f"{URL}/{CAR}")).status_code == 200
    assert (await one.json("DELETE", f"{URL}/{CAR}")).status_code == 404


async def test_a_vin_is_decoded_for_whoever_is_signed_in(browser, cast):
    answer = await browser(cast.customer).json("GET", "/api/v1/vin/1hgcm82633a004352")
    said = answer.json()
    assert (answer.status_code, said["make"], said["model"], said["year"], said["valid"]) == (
        200,
        "Honda",
        "Accord",
        2003,
        True,
    )
    wrong = (await browser(cast.customer).json("GET", "/api/v1/vin/1HGCM82633AO04352")).json()
    assert (wrong["valid"], wrong["problem"], wrong["suspect_position"]) == (False, "letter", 12)
    assert (await browser().json("GET", "/api/v1/vin/1HGCM82633A004352")).status_code == 401
