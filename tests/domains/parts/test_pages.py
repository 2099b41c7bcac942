"""The shop's lists on the screen and as JSON, and who may see them."""

from sqlalchemy import select

from app.core.db import new_id, transaction
from app.domains.garage.models import Ownership, Vehicle
from app.domains.parts import load_rows
from app.domains.parts.models import Fitment, Supersession
from tests.cast import CAR
from tests.domains.parts.lists import NUMBER, line

LIST = "/parts/fitment"
LINE = {
    "number": NUMBER,
    "kind": "oem",
    "make": "BMW",
    "model": "3 Series",
    "year_from": "2012",
    "year_to": "2018",
}
VIN = "WBA8E9C50GK644512"


async def test_a_line_is_written_found_changed_and_removed(browser, cast):
    owner = browser(cast.seller)
    wrong = await owner.post(LIST, LINE | {"year_to": "2010", "engine": "2.0 <TDI>"})
    assert wrong.status_code == 422
    assert "before the first one" in wrong.text
    assert "2.0 &lt;TDI&gt;" in wrong.text
    assert (await owner.post(LIST, LINE | {"number": "1.1428E+10"})).status_code == 422
    assert (await owner.post(LIST, LINE)).status_code == 303
    again = await owner.post(LIST, LINE | {"number": "11427953129"})
    assert "says the same already" in again.text
    for q in ("1142795", "bmw 3", NUMBER):
        assert NUMBER in (await owner.get(LIST, params={"q": q})).text
    assert NUMBER not in (await owner.get(LIST, params={"q": "%"})).text
    async with transaction(tenant=cast.seller.tenant_id) as db:
        row = await db.scalar(select(Fitment))
    tried = await owner.get("/parts/try", params={"number": "1142 7953129", "vin": VIN})
    assert "names this car: BMW 3 Series 2012–2018" in tried.text
    assert (await owner.post(f"{LIST}/{row.id}", LINE | {"excludes": "yes"})).status_code == 303
    assert "Does not fit" in (await owner.get("/parts/try", params={"number": NUMBER, "vin": VIN})).text
    assert (await owner.post(f"{LIST}/{row.id}/removal")).status_code == 303
    assert (await owner.post(f"{LIST}/{row.id}/removal")).status_code == 404


async def test_chains_are_written_and_a_circle_is_refused_beside_the_field(browser, cast):
    owner = browser(cast.seller)
    first = {"make": "BMW", "old_number": "A 1", "new_number": "B2", "source": "ETK"}
    assert (await owner.post("/parts/supersessions", first)).status_code == 303
    wrong = await owner.post("/parts/supersessions", {"make": "bmw", "old_number": "B-2", "new_number": "A1"})
    assert wrong.status_code == 422
    assert "round in a circle" in wrong.text
    assert "B2" in (await owner.get("/parts/supersessions", params={"q": "a1"})).text
    async with transaction(tenant=cast.seller.tenant_id) as db:
        row = await db.scalar(select(Supersession))
    assert (await owner.post(f"/parts/supersessions/{row.id}/removal")).status_code == 303


async def test_a_shops_lists_are_its_own_and_its_counters(browser, cast):
    async with transaction(tenant=cast.second_seller.tenant_id) as db:
        await load_rows(db, cast.second_seller.tenant_id, [line()])
        row = await db.scalar(select(Fitment))
    async with transaction(tenant=cast.outsider.tenant_id) as db:
        assert await db.scalar(select(Fitment)) is None
    asked = {"number": NUMBER, "vin": VIN}
    for who in (cast.advisor, cast.technician, cast.customer, cast.outsider):
        person = browser(who)
        assert (await person.get(f"{LIST}/{row.id}")).status_code == 403
        assert (await person.get("/api/v1/parts/fitment", params=asked)).status_code == 403
    assert (await browser(cast.seller).get(f"{LIST}/{row.id}")).status_code == 404, "another parts shop"
    counter = browser(cast.second_seller)
    listed = await counter.get(LIST)
    assert NUMBER in listed.text
    assert 'href="/parts/fitment"' in listed.text
    assert (await counter.get("/customers")).status_code == 403


async def test_programs_get_the_verdict_with_its_rule(browser, cast):
    async with transaction(tenant=cast.seller.tenant_id) as db:
        await load_rows(db, cast.seller.tenant_id, [line(), line(number="F9", make="Audi", model="A4")])
    async with transaction(user=cast.seller.user_id) as db:
        own = Vehicle(id=new_id(), make="Honda", model="Accord", year=2003)
        db.add(own)
        await db.flush()
        db.add(Ownership(vehicle_id=own.id, user_id=cast.seller.user_id))
    owner = browser(cast.seller)

    async def ask(**asked: str):
        return (await owner.get("/api/v1/parts/fitment", params=asked)).json()

    found = await ask(number="1142 7953129", vin=VIN)
    assert (found["verdict"]["state"], found["verdict"]["rule"]) == ("fits", "fitment")
    assert found["verdict"]["by_vin"] is True
    assert found["verdict"]["row"]["number"] == NUMBER
    assert (await ask(number="F9", vin=VIN))["verdict"]["state"] == "does_not_fit"
    assert (await ask(number="F9", make="BMW", model="X5"))["verdict"]["asks"] == ["year"]
    assert (await ask(number="F9", vehicle_id=str(own.id)))["verdict"]["state"] == "does_not_fit"
    for other in (CAR, row_of_nobody()):
        gone = await owner.get("/api/v1/parts/fitment", params={"number": "F9", "vehicle_id": str(other)})
        assert gone.status_code == 404


def row_of_nobody() -> object:
    return CAR.__class__(int=CAR.int ^ 1)
