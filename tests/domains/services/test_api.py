from tests.cast import HARBOR_CENTER

STAFF = "/api/v1/staff/services"
BRAKES = {"name": "Brake check", "duration_minutes": 45, "price_minor": 4900, "category": "brakes"}


async def test_an_owner_adds_and_withdraws_and_the_public_list_follows(browser, cast):
    owner = browser(cast.owner)
    made = await owner.json("POST", STAFF, BRAKES)
    assert (made.status_code, made.json()["code"], made.json()["currency"]) == (201, "brake-check", "USD")
    public = f"/api/v1/centers/{HARBOR_CENTER}/services"
    [seen] = (await browser().get(public)).json()
    assert (seen["name"], seen["estimated_duration"], seen["base_price"]) == ("Brake check", 45, 4900)
    gone = await owner.json("PUT", f"{STAFF}/{made.json()['id']}", BRAKES | {"is_active": False})
    assert gone.json()["is_active"] is False
    assert (await browser().get(public)).json() == []
    assert len((await browser(cast.advisor).get(STAFF)).json()) == 1


async def test_who_may_not(browser, cast):
    assert (await browser(cast.advisor).json("POST", STAFF, BRAKES)).status_code == 403
    assert (await browser(cast.customer).get(STAFF)).status_code == 403
    assert (await browser().get(STAFF)).status_code == 401
    made = (await browser(cast.owner).json("POST", STAFF, BRAKES)).json()
    assert (await browser(cast.outsider).json("PUT", f"{STAFF}/{made['id']}", BRAKES)).status_code == 403


async def test_nonsense_is_refused_with_words(browser, cast):
    owner = browser(cast.owner)
    for wrong in ({"price_minor": -1}, {"duration_minutes": 0}, {"color": "red"}, {"name": ""}):
        assert (await owner.json("POST", STAFF, BRAKES | wrong)).status_code == 400
    odd = await owner.json("POST", STAFF, BRAKES | {"skill": "magic"})
    assert (odd.status_code, list(odd.json()["errors"])) == (422, ["skill"])
