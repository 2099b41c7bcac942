from tests.cast import HARBOR_CENTER, VOLT_CENTER

CENTERS = "/api/v1/admin/service-centers"
EAST = {
    "name": "Harbor Lane East",
    "zone": "America/New_York",
    "working_hours": {"mon": [["08:00", "17:00"]]},
    "tax_rate": "0.055",
}


async def test_an_owner_opens_a_center_and_closes_it_to_bookings(browser, cast):
    owner = browser(cast.owner)
    made = await owner.json("POST", CENTERS, EAST)
    assert made.status_code == 201, made.text
    assert made.json()["working_hours"] == {"mon": [["08:00", "17:00"]]}
    names = {one["name"] for one in (await browser().get("/api/v1/centers")).json()}
    assert names == {"Harbor Lane East", "Harbor Lane Garage", "Voltwerk Berlin"}
    await owner.json("PUT", f"{CENTERS}/{made.json()['id']}", EAST | {"is_active": False})
    names = {one["name"] for one in (await browser().get("/api/v1/centers")).json()}
    assert "Harbor Lane East" not in names
    assert len((await owner.get(CENTERS)).json()) == 2


async def test_who_may_not_and_who_finds_nothing(browser, cast):
    assert (await browser(cast.advisor).get(CENTERS)).status_code == 403
    assert (await browser(cast.customer).json("POST", CENTERS, EAST)).status_code == 403
    assert (await browser().get(CENTERS)).status_code == 401
    owner = browser(cast.owner)
    assert (await owner.get(f"{CENTERS}/{HARBOR_CENTER}")).status_code == 200
    assert (await owner.get(f"{CENTERS}/{VOLT_CENTER}")).status_code == 404
    assert (await owner.json("PUT", f"{CENTERS}/{VOLT_CENTER}", EAST)).status_code == 404


async def test_nonsense_is_refused(browser, cast):
    owner = browser(cast.owner)
    for wrong in ({"tax_rate": "much"}, {"horizon_days": 0}, {"slug": "mine"}, {"working_hours": []}):
        assert (await owner.json("POST", CENTERS, EAST | wrong)).status_code == 400
    for wrong in ({"tax_rate": "7"}, {"zone": "Mars/Base"}, {"working_hours": {"mon": [["9", "late"]]}}):
        assert (await owner.json("POST", CENTERS, EAST | wrong)).status_code == 422
