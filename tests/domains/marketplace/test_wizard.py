"""A parts order written step by step: kept after each, gone on with anywhere, and only its buyer's."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core.db import transaction
from app.core.errors import NotFound
from app.domains.accounts.models import User, erased_address
from app.domains.marketplace import accepting, drafting, orders, personal, tasks
from app.domains.marketplace.models import PartsOrder, PartsOrderLine, Purchase
from tests.cast import CAR, CAST, HARBOR, Person
from tests.conftest import viewing
from tests.core import pictures
from tests.domains.estimates.desk import order_with_jobs
from tests.market import a_draft, asked, offered

PLACE = {
    "place": "Portland", "place_latitude": "43.6591", "place_longitude": "-70.2568", "place_country": "US",
    "place_found": "Portland",
}  # fmt: skip
TO = {"name": "Dana O'Neil", "address": "9 Elm Street", "phone": "", "note": "", **PLACE}


async def begun(one: Any, **form: str) -> str:
    """A new draft's code."""
    answer = await one.post("/parts/orders", {"vehicle": str(CAR), **form})
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["location"].split("/")[3]


async def filled(one: Any, *names: str) -> str:
    """A draft that lacks only the last look."""
    code = await begun(one)
    here = f"/parts/orders/{code}"
    assert (await one.post(f"{here}/delivery", TO)).headers["location"] == f"{here}/parts"
    answer = await one.post(f"{here}/parts", rows(*(names or ("Brake pads, front",))))
    assert answer.headers["location"] == f"{here}/review", answer.text[:3000]
    return code


def rows(*names: str, **more: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"row": [f"new-{n}" for n in range(len(names))], "go": "next"}
    for n, name in enumerate(names):
        form |= {f"name-new-{n}": name, f"quantity-new-{n}": "1"}
    return form | more


async def stored(code: str, buyer: Person = CAST.customer) -> tuple[PartsOrder, list[PartsOrderLine]]:
    async with transaction(user=buyer.user_id, tenant=buyer.tenant_id) as db:
        order = await orders.find(db, buyer.viewer, code)
        return order, await orders.lines_of(db, order.id)


async def test_each_step_is_kept_and_another_device_goes_on_where_one_stopped(browser, cast):
    phone, desk = browser(cast.customer), browser(cast.customer)
    code = await begun(phone)
    here = f"/parts/orders/{code}"
    order, _lines = await stored(code)
    assert (order.make, order.car["vin"], order.car["year"], order.step) == (
        "honda", "1HGCM82633A004352", 2003, "delivery",
    )  # fmt: skip
    assert f'href="{here}/delivery"' in (await desk.get("/parts")).text
    assert (await desk.get(f"{here}/review")).headers["location"] == f"{here}/delivery", "no further"
    assert (await phone.post(f"{here}/delivery", TO)).headers["location"] == f"{here}/parts"
    assert f'href="{here}/parts"' in (await desk.get("/parts")).text
    await desk.post(f"{here}/parts", rows("Brake pads", "أقراص الفرامل", go="add"))
    page = (await phone.get(f"{here}/parts")).text
    assert 'value="أقراص الفرامل"' in page
    assert (await phone.get(f"{here}/vehicle")).status_code == 200, "back in any order"
    order, lines = await stored(code)
    assert [line.name for line in lines] == ["Brake pads", "أقراص الفرامل"]
    assert (order.place, order.currency, order.latitude) == ("Portland, Maine, United States", "USD", 43.66)
    async with transaction(user=cast.customer.user_id) as db:
        to = await orders.delivery_of(db, order.id)
        assert to is not None
        assert (to.name, to.address) == ("Dana O'Neil", "9 Elm Street")


async def test_the_shops_are_asked_once_and_what_they_have_is_not_changed(browser, cast):
    one = browser(cast.customer)
    code = await filled(one)
    here = f"/parts/orders/{code}"
    terms = {"priority": "urgent", "bidding": "open", "note": "It's parked", "needed_by": ""}
    sent = [await one.post(f"{here}/submission", terms, key="once") for _ in range(2)]
    assert {(answer.status_code, answer.headers["location"]) for answer in sent} == {(303, here)}
    order, _lines = await stored(code)
    assert (order.status, order.asked_count, order.priority, order.bidding) == (
        "submitted",
        2,
        "urgent",
        "open",
    )
    late = await one.post(f"{here}/submission", terms, key="second tab")
    assert (late.status_code, "The shops have this order already" in late.text) == (409, True)
    for path, form in (
        ("vehicle", {"vehicle": str(CAR)}),
        ("delivery", TO),
        ("parts", rows("More")),
        ("removal", {}),
    ):
        assert (await one.post(f"{here}/{path}", form)).status_code == 409, path
    assert (await one.get(f"{here}/parts")).headers["location"] == here
    assert "2 shops asked" in (await one.get("/parts")).text


@pytest.mark.parametrize("who", ["stranger", "advisor", "outsider", "seller"])
async def test_a_draft_is_nobody_elses(browser, cast, who):
    code = await filled(browser(cast.customer))
    other = browser(getattr(cast, who))
    for path in ("vehicle", "delivery", "parts", "review"):
        assert (await other.get(f"/parts/orders/{code}/{path}")).status_code in (403, 404), path
    for path, form in (("vehicle", {"vehicle": str(CAR)}), ("delivery", TO), ("parts", rows("Mine")),
                       ("submission", {}), ("review", {}), ("removal", {})):  # fmt: skip
        assert (await other.post(f"/parts/orders/{code}/{path}", form)).status_code == 404, path
    assert (await other.post("/parts/orders", {"again": code})).status_code in (403, 404)
    order, lines = await stored(code)
    assert (order.status, lines[0].name) == ("draft", "Brake pads, front")


async def test_a_car_needs_no_vin_and_one_of_somebody_else_is_no_choice(browser, cast):
    one = browser(cast.stranger)
    assert (await one.post("/parts/orders", {"vehicle": str(CAR)})).status_code == 404
    code = (await one.post("/parts/orders", {})).headers["location"].split("/")[3]
    here = f"/parts/orders/{code}/vehicle"
    wrong = await one.post(here, {"make": "skoda", "model": "", "year": "20x", "engine": "1.9 TDI"})
    assert wrong.status_code == 422
    assert 'value="1.9 TDI"' in wrong.text
    assert 'id="f-year-error"' in wrong.text
    assert (await one.post(here, {"make": "skoda", "model": "Octavia", "year": "2004"})).status_code == 303
    order, _lines = await stored(code, cast.stranger)
    assert (order.make, order.car_name, order.car["vin"]) == ("škoda", "2004 Škoda Octavia", "")


async def test_a_vin_is_read_before_it_is_taken(browser, cast):
    one = browser(cast.stranger)
    code = (await one.post("/parts/orders", {})).headers["location"].split("/")[3]
    page = (await one.get(f"/parts/orders/{code}/vehicle?vin=1hgcm82633a004352")).text
    assert 'value="Accord"' in page
    assert 'name="vin" value="1HGCM82633A004352"' in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name-new-1", "", "Write what it is called"),
        ("quantity-new-1", "many", "enter a number"),
        ("quantity-new-1", "0", "Between 1 and 999"),
        ("note-new-1", "x" * 501, "too long"),
    ],
)
async def test_a_row_that_is_wrong_says_so_beside_the_field_and_keeps_the_rest(
    browser, cast, field, value, said
):
    one = browser(cast.customer)
    code = await begun(one)
    await one.post(f"/parts/orders/{code}/delivery", TO)
    form = rows("O'Ring", "Pads") | {"note-new-1": "left"} | {field: value}
    answer = await one.post(f"/parts/orders/{code}/parts", form)
    assert answer.status_code == 422
    wrong = re.search(rf'id="f-{field}-error".*?</span></span>', answer.text, re.S)
    assert wrong, answer.text[:2000]
    assert said in wrong[0]
    assert 'value="O&#39;Ring"' in answer.text
    assert (await stored(code))[1] == [], "nothing is changed"


async def test_rows_come_and_go_by_buttons_alone_and_photos_stay_with_theirs(browser, cast):
    one = browser(cast.customer)
    code = await begun(one)
    here = f"/parts/orders/{code}/parts"
    await one.post(f"/parts/orders/{code}/delivery", TO)
    picture = ("part.jpg", pictures.jpeg(), "image/jpeg")
    added = await one.post(here, rows("Pads", "Disc", go="add"), files=[("photos-new-1-0", picture)])
    assert added.headers["location"] == f"{here}?add=true"
    assert "Part 3" in (await one.get(f"{here}?add=true")).text
    pads, disc = (await stored(code))[1]
    async with transaction(user=cast.customer.user_id) as db:
        photos = await drafting.photos_of(db, disc.order_id)
    assert [len(photos.get(line.id, [])) for line in (pads, disc)] == [0, 1]
    both = {"row": [str(pads.id), str(disc.id)], f"name-{pads.id}": "Pads", f"name-{disc.id}": "Disc, 300 mm"}
    kept = await one.post(here, both | {"go": f"remove:{pads.id}"})
    assert kept.headers["location"] == here
    [left] = (await stored(code))[1]
    assert (left.id, left.name) == (disc.id, "Disc, 300 mm")
    full = {"row": [str(disc.id)], f"name-{disc.id}": "Disc", "go": "next"}
    many = await one.post(here, full, files=[(f"photos-{disc.id}-1", picture)] * 4)
    assert many.status_code == 422
    assert "Up to 4 photos" in many.text
    await one.post(here, {"row": [str(disc.id)], "go": f"remove:{disc.id}"})
    assert (await stored(code))[1] == []
    async with transaction(user=cast.customer.user_id) as db:
        assert await drafting.photos_of(db, disc.order_id) == {}


async def test_photos_stay_though_another_field_is_wrong(browser, cast):
    one = browser(cast.customer)
    code = await begun(one)
    here = f"/parts/orders/{code}/parts"
    await one.post(f"/parts/orders/{code}/delivery", TO)
    picture = ("part.jpg", pictures.jpeg(), "image/jpeg")
    wrong = rows("Pads", "") | {"quantity-new-0": "many", "note-new-1": "left"}
    files = [("photos-new-0-0", picture), ("photos-new-1-0", picture)]
    said = await one.post(here, wrong, files=files)
    assert said.status_code == 422
    [pads] = (await stored(code))[1]
    assert (pads.name, pads.quantity) == ("Pads", 1)
    assert f'name="quantity-{pads.id}"' in said.text
    assert 'value="many"' in said.text
    assert said.text.count("enter a number") == 2, "above, and beside the field as it is called now"
    assert "choose the photos again" in said.text, "of the part that has no name yet"
    mended = {"row": [str(pads.id)], f"name-{pads.id}": "Pads", f"quantity-{pads.id}": "2", "go": "next"}
    assert (await one.post(here, mended)).status_code == 303
    async with transaction(user=cast.customer.user_id) as db:
        assert len((await drafting.photos_of(db, pads.order_id))[pads.id]) == 1


async def test_what_was_left_out_can_be_asked_for_while_the_rest_is_on_its_way(browser, cast):
    async with transaction() as db:
        order = await asked(db, "Pads", "Discs")
        quote = await offered(db, order, 5000, None)
        pads, _discs = await orders.lines_of(db, order.id)
        chosen, seen = {pads.id: quote.id}, {quote.id: quote.revision}
        await accepting.accept(db, order, chosen, seen, by=cast.customer.viewer)
        code = order.code
    one = browser(cast.customer)
    assert f'name="again" value="{code}"' in (await one.get(f"/parts/orders/{code}")).text
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(PartsOrder).where(PartsOrder.code == code).values(status="quoted"))
    again = await one.post("/parts/orders", {"again": code})
    assert again.status_code == 303
    [line] = (await stored(again.headers["location"].split("/")[3]))[1]
    assert line.name == "Discs"


async def test_a_doubtful_vin_leaves_the_cars_of_the_garage_to_choose(browser, cast):
    one = browser(cast.customer)
    code = await begun(one)
    page = (await one.get(f"/parts/orders/{code}/vehicle?vin=1HGCM82633A00435")).text
    assert "17 characters" in page
    assert f'name="vehicle" value="{CAR}"' in page


async def test_forty_rows_are_taken_and_one_more_is_not(browser, cast):
    one = browser(cast.customer)
    code = await filled(one, *(f"Bolt {n}" for n in range(40)))
    here = f"/parts/orders/{code}/parts"
    assert len((await stored(code))[1]) == 40
    page = (await one.get(f"{here}?add=true")).text
    assert 'value="add"' not in page
    assert (await one.post(here, rows(*(f"Nut {n}" for n in range(41))))).status_code == 422
    assert len((await stored(code))[1]) == 40


async def test_a_page_that_is_stale_loses_neither_what_is_typed_nor_what_came_meanwhile(browser, cast):
    one = browser(cast.customer)
    code = await filled(one, "Pads")
    here = f"/parts/orders/{code}/parts"
    version = re.search(r'name="version" value="(\d+)"', (await one.get(here)).text)[1]
    pads = (await stored(code))[1][0]
    await one.post(here, {"row": [str(pads.id), "new-1"], f"name-{pads.id}": "Pads", "name-new-1": "Disc"})
    late = await one.post(here, rows("Caliper", version=version))
    assert late.status_code == 409
    assert all(f'value="{name}"' in late.text for name in ("Caliper", "Pads", "Disc"))
    assert [line.name for line in (await stored(code))[1]] == ["Pads", "Disc"]


async def test_a_place_that_may_be_several_is_asked_about_and_the_rest_is_kept(browser, cast):
    one = browser(cast.customer)
    code = await begun(one)
    answer = await one.post(
        f"/parts/orders/{code}/delivery", {"place": "Portland", "name": "Dana", "address": "9 Elm"}
    )
    assert answer.status_code == 422
    assert "Portland, Oregon" in answer.text
    assert ">9 Elm</textarea>" in answer.text
    nobody = await one.post(f"/parts/orders/{code}/delivery", TO | {"address": "", "name": " "})
    assert nobody.status_code == 422
    assert 'id="f-address-error"' in nobody.text


async def test_asking_again_is_a_new_draft_like_the_old_order(browser, cast):
    one = browser(cast.customer)
    code = await filled(one, "Pads", "Disc")
    here = f"/parts/orders/{code}"
    await one.post(f"{here}/submission", {"bidding": "open", "note": "As before"})
    still = await one.post("/parts/orders", {"again": code})
    assert (still.status_code, "still open" in still.text) == (409, True)
    called_off = await one.json("POST", f"/api/v1/auto-parts-orders/{code}/cancel", {})
    assert called_off.status_code == 200
    assert "Ask again" in (await one.get("/parts")).text
    again = (await one.post("/parts/orders", {"again": code})).headers["location"]
    assert again.endswith("/review")
    order, lines = await stored(again.split("/")[3])
    assert (order.status, order.bidding, order.place) == ("draft", "open", "Portland, Maine, United States")
    assert [line.name for line in lines] == ["Pads", "Disc"]
    await one.post(f"/parts/orders/{order.code}/removal")
    assert (await one.get(f"/parts/orders/{order.code}/review")).status_code == 404


async def test_a_technician_asks_for_what_a_job_needs_and_the_workshop_is_the_buyer(browser, cast):
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        _visit, jobs = await order_with_jobs(db)
    one = browser(cast.technician)
    job = next(one for one in jobs)
    begun_at = await one.post(f"/jobs/{job.id}/parts-requests")
    assert begun_at.status_code == 303, begun_at.text[:500]
    order, lines = await stored(begun_at.headers["location"].split("/")[3], cast.technician)
    assert (order.user_id, order.buyer_tenant_id, order.job_id) == (None, HARBOR, job.id)
    async with transaction(user=cast.technician.user_id, tenant=HARBOR) as db:
        to = await orders.delivery_of(db, order.id)
        parts = [
            line for line in (await drafting.workshop.lines_of(db, [job]))[job.id] if line.kind == "part"
        ]
    assert [(line.name, line.job_line_id) for line in lines] == [(one.description, one.id) for one in parts]
    assert to is not None
    assert (to.name, to.address) == ("Harbor Lane Garage", "1 Harbor Lane, Portland")
    advisor = browser(cast.advisor)
    assert order.code in (await advisor.get("/parts")).text, "the workshop's, not the technician's own"
    assert order.code not in (await browser(cast.customer).get("/parts")).text
    assert (await browser(cast.outsider).post(f"/jobs/{job.id}/parts-requests")).status_code == 404
    assert (await browser(cast.customer).post(f"/jobs/{job.id}/parts-requests")).status_code == 403
    assert (await browser(cast.seller).get("/parts")).status_code == 403, (
        "a parts shop's counter buys nothing"
    )
    assert "Ask shops for parts" in (await advisor.get(f"/jobs/{job.id}")).text


async def test_what_is_asked_for_already_is_asked_for_again_only_on_purpose(browser, cast):
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        visit, (job, *_rest) = await order_with_jobs(db)
    one = browser(cast.technician)

    async def asks(**more):
        here = (await one.post(f"/jobs/{job.id}/parts-requests")).headers["location"].rpartition("/")[0]
        await one.post(f"{here}/delivery", TO)
        await one.post(f"{here}/parts", rows("Brake pads"))
        return here, await one.post(f"{here}/submission", {"bidding": "sealed", **more})

    first, asked = await asks()
    assert asked.status_code == 303, asked.text[:2000]
    code = first.rpartition("/")[2]
    for page in (f"/parts/jobs/{job.id}", f"/orders/{visit.number}/parts"):
        text = (await one.get(page)).text
        assert "Brake pads" in text
        assert "asked, 0 offers" in text
        assert (await browser(cast.outsider).get(page)).status_code == 404
    second, refused = await asks()
    assert refused.status_code == 422
    assert f"Brake pads is already asked for in {code}." in refused.text
    assert f"already asked for in {code}." in (await one.get(f"{second}/review")).text
    as_json = f"/api/v1/auto-parts-orders/{second.rpartition('/')[2]}"
    assert (await one.json("PUT", as_json, {"status": "submitted"})).status_code == 422
    assert (await one.post(f"{second}/submission", {"bidding": "sealed", "anyway": "yes"})).status_code == 303


async def test_as_json_a_whole_order_in_one_call(browser, cast):
    one = browser(cast.customer)
    api = "/api/v1/auto-parts-orders"
    whole = {
        "status": "submitted",
        "vehicle": {"vin": "1HGCM82633A004352"},
        "delivery": {"latitude": 43.6591, "longitude": -70.2568, "name": "Dana", "address": "9 Elm Street"},
        "parts": [{"name": "Brake pads", "quantity": 2, "oem_only": True}, {"part_number": "04465-33471"}],
        "bidding": "open",
    }
    made = [await one.json("POST", api, whole, headers={"idempotency-key": "one"}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201], made[0].text
    assert made[0].json()["id"] == made[1].json()["id"]
    order = made[0].json()
    assert (order["status"], order["asked_count"], order["vehicle"]["model"]) == ("submitted", 2, "Accord")
    assert [(part["name"], part["oem_only"]) for part in order["parts"]] == [
        ("Brake pads", True), ("04465-33471", False),
    ]  # fmt: skip
    assert order["delivery"]["address"] == "9 Elm Street"
    for ref in (order["id"], order["code"]):
        assert (await one.json("GET", f"{api}/{ref}")).json()["code"] == order["code"]
    assert [row["code"] for row in (await one.json("GET", f"{api}/user/{CAST.customer.user_id}")).json()] == [
        order["code"]
    ]
    assert (await one.json("PUT", f"{api}/{order['id']}", {"parts": []})).status_code == 409
    assert (await one.json("POST", f"{api}/{order['id']}/extend")).json()["expires_at"] > order["expires_at"]
    assert (await one.json("POST", f"{api}/{order['id']}/widen")).json()["radius_km"] == 50
    for other in (cast.stranger, cast.outsider, cast.advisor, cast.second_seller):
        away = browser(other)
        assert (await away.json("GET", f"{api}/{order['id']}")).status_code in (403, 404), other.key
        assert (await away.json("POST", f"{api}/{order['id']}/cancel", {})).status_code in (403, 404)
        assert (await away.json("GET", f"{api}/user/{CAST.customer.user_id}")).status_code in (403, 404)
    draft = (await one.json("POST", api, {"vehicle": {"id": str(CAR)}})).json()
    assert (draft["status"], draft["step"]) == ("draft", "parts"), "it goes where the last one went"
    bad = {"parts": [{"name": "Pads"}, {"quantity": 1}], "status": "submitted"}
    refused = await one.json("PUT", f"{api}/{draft['id']}", bad)
    assert (refused.status_code, "parts.1.name" in refused.text) == (422, True)
    async with transaction(user=cast.customer.user_id) as db:
        assert not (
            await db.scalars(select(PartsOrderLine).where(PartsOrderLine.order_id == draft["id"]))
        ).all()


async def test_who_leaves_calls_off_what_is_open_and_leaves_no_address(db, cast):
    order = await asked(db)
    draft = (await a_draft(db)).code
    code, order_id = order.code, order.id
    await personal.erase(db, CAST.customer.user_id)
    db.expire_all()
    left = await orders.find(db, CAST.customer.viewer, code)
    assert (left.status, left.raised_by_name, left.vehicle_id) == ("cancelled", "", None)
    to = await orders.delivery_of(db, order_id)
    assert to is not None
    assert (to.name, to.phone, to.address) == ("", "", "")
    with pytest.raises(NotFound):
        await orders.find(db, CAST.customer.viewer, draft)
    await viewing(db, CAST.seller)
    _order, quote = await orders.find_quote(db, CAST.seller.viewer, code)
    assert quote.status == "lost"


async def test_what_is_on_its_way_keeps_its_address_until_it_has_arrived(site, cast):
    buyer = CAST.customer.user_id
    async with transaction(user=buyer) as db:
        order = await asked(db, "Pads")
        quote = await offered(db, order, 5000)
        [line] = await orders.lines_of(db, order.id)
        chosen, seen = {line.id: quote.id}, {quote.id: quote.revision}
        [bought] = await accepting.accept(db, order, chosen, seen, by=CAST.customer.viewer)
        await db.execute(update(User).where(User.id == buyer).values(email=erased_address(buyer)))
    left = []
    for status in ("shipped", "delivered"):
        async with transaction(user=buyer) as db:
            if status == "shipped":
                await personal.erase(db, buyer)
            await db.execute(update(Purchase).where(Purchase.id == bought.id).values(status=status))
        await tasks.empty_addresses()
        async with transaction(user=buyer) as db:
            left.append((await db.get_one(Purchase, bought.id)).ship_to.get("address"))
    assert left == ["9 Elm Street", None]
