"""Inspections as JSON."""

from collections.abc import Callable

from tests.browsing import Browser
from tests.cast import Cast
from tests.core import pictures
from tests.domains.inspections.sheets import begun_on_site

Open = Callable[..., Browser]
BASE = "/api/v1/staff/inspections"


async def test_an_inspection_from_start_to_finish(browser: Open, cast: Cast) -> None:
    _inspection, order = await begun_on_site()
    tablet = browser(cast.technician)
    templates = (await tablet.json("GET", "/api/v1/staff/inspection-templates")).json()
    assert [(one["code"], one["version"]) for one in templates] == [
        ("general", 1),
        ("brakes_tires", 1),
        ("ev_hv", 1),
    ]
    wanted = {"order_number": order.number, "template_id": templates[1]["id"]}
    begun = await tablet.json("POST", BASE, wanted)
    assert begun.status_code == 201
    sheet = begun.json()
    assert sheet["counts"]["open"] == len(sheet["findings"]) == templates[1]["items"]
    pads = next(one for one in sheet["findings"] if one["item"] == "Pads, front left")
    here = f"{BASE}/{sheet['id']}/findings/{pads['id']}"
    rated = (await tablet.json("PUT", here, {"measure": 2.5, "note": "Worn"})).json()
    assert (rated["rating"], rated["suggested_rating"], rated["measure"]) == ("red", "red", "2.5")
    photo = await tablet.post(
        f"{here}/photos", files=[("photos", ("a.jpg", pictures.jpeg(300, 200), "image/jpeg"))]
    )
    assert photo.status_code == 201
    [shown] = photo.json()["photos"]
    assert (await tablet.get(shown["thumbnail_url"])).status_code == 200
    hidden = await tablet.json("PUT", f"{here}/photos/{shown['id']}", {"is_shared": False})
    assert hidden.json()["photos"][0]["is_shared"] is False
    assert (await tablet.json("DELETE", f"{here}/photos/{shown['id']}")).status_code == 204
    proposed = (await tablet.json("POST", f"{here}/job")).json()
    assert proposed["job_id"]
    early = await tablet.json("POST", f"{BASE}/{sheet['id']}/completion")
    assert early.status_code == 409
    assert early.json()["unrated"] == templates[1]["items"] - 1
    for one in sheet["findings"]:
        if one["id"] != pads["id"]:
            await tablet.json("PUT", f"{BASE}/{sheet['id']}/findings/{one['id']}", {"rating": "green"})
    done = await tablet.json("POST", f"{BASE}/{sheet['id']}/completion")
    assert done.json()["status"] == "completed"
    listed = (await tablet.json("GET", f"{BASE}?order_number={order.number}")).json()
    assert {one["status"] for one in listed} == {"completed", "in_progress"}
    mine = (
        await browser(cast.customer).json("GET", f"/api/v1/customers/orders/{order.id}/inspections")
    ).json()
    assert [one["counts"]["red"] for one in mine] == [1]


async def test_wrong_bodies_and_strangers_are_refused(browser: Open, cast: Cast) -> None:
    inspection, order = await begun_on_site()
    tablet = browser(cast.technician)
    sheet = (await tablet.json("GET", f"{BASE}/{inspection.id}")).json()
    here = f"{BASE}/{inspection.id}/findings/{sheet['findings'][0]['id']}"
    for body in ({"rating": "purple"}, {"rating": "red", "job_id": "x"}, {"measure": "x"}, [], {"note": 5}):
        assert (await tablet.json("PUT", here, body)).status_code == 400, body
    outsider = browser(cast.outsider)
    assert (await outsider.json("GET", f"{BASE}/{inspection.id}")).status_code == 404
    assert (await outsider.json("PUT", here, {"rating": "red"})).status_code == 404
    assert (await outsider.json("GET", f"{BASE}?order_number={order.number}")).status_code == 404
    summary = f"/api/v1/customers/orders/{order.id}/inspections"
    assert (await browser(cast.stranger).json("GET", summary)).status_code == 404
    assert (await browser().json("GET", f"{BASE}/{inspection.id}")).status_code == 401
    assert (await browser(cast.customer).json("GET", f"{BASE}/{inspection.id}")).status_code == 403
