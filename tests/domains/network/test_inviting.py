"""Who works for a shop: by a mailed link in, and out again with everything they had open."""

from datetime import timedelta

from app.core import clock
from app.first_admin import appoint
from app.settings import settings
from tests.cast import HARBOR_CENTER, PASSWORD
from tests.mailbox import link_to

PEOPLE = f"/settings/centers/{HARBOR_CENTER}/people"
INVITATIONS = f"/settings/centers/{HARBOR_CENTER}/invitations"
NEW = {"name": "Nia O'Dwyer", "email": "nia@test.example", "role": "technician", "title": "Apprentice"}
PHRASE = "three quiet mountains"
SECOND = {"name": "Harbor Lane East", "zone": "America/New_York"}


async def invited(browser, cast, run_reactions, **changed):
    answer = await browser(cast.owner).post(INVITATIONS, NEW | changed)
    assert answer.status_code == 303, answer.text
    await run_reactions()
    return await link_to((NEW | changed)["email"], "/join/")


async def test_somebody_new_makes_an_account_by_the_link_and_works_there(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions)
    nia = browser()
    page = await nia.get(link)
    assert "Work at Harbor Lane Garage" in page.text
    assert "nia@test.example" in page.text
    weak = await nia.post(link, {"name": "Nia", "password": "short"})
    assert weak.status_code == 422
    done = await nia.post(link, {"name": "Nia O'Dwyer", "password": PHRASE})
    assert (done.status_code, done.headers["location"]) == (303, "/home")
    assert (await nia.get("/home")).headers["location"] == "/bench"
    assert "Confirm your address" not in (await nia.get("/settings")).text
    assert "Nia O&#39;Dwyer" in (await browser(cast.owner).get(PEOPLE)).text
    assert (await browser().get(link)).status_code == 410


async def test_somebody_with_an_account_joins_with_it(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions, email=cast.stranger.email, role="advisor")
    assert "Sign in" in (await browser().get(link)).text
    sam = browser(cast.stranger)
    assert (await sam.get("/board")).status_code == 403
    assert (await sam.post(link)).status_code == 303
    assert (await sam.get("/board")).status_code == 200
    assert (await browser(cast.customer).post(link)).status_code == 410


async def test_a_link_ends_when_it_is_withdrawn_mailed_again_or_old(browser, cast, run_reactions):
    owner = browser(cast.owner)
    link = await invited(browser, cast, run_reactions)
    page = (await owner.get(PEOPLE)).text
    one = page.split(f"{INVITATIONS}/")[1].split("/")[0]
    assert (await owner.post(f"{INVITATIONS}/{one}/mail")).status_code == 303
    await run_reactions()
    newer = await link_to("nia@test.example", "/join/")
    assert newer != link
    assert (await browser().get(link)).status_code == 410
    with clock.moved_by(timedelta(days=8)):
        assert (await browser().get(newer)).status_code == 410
    assert (await owner.post(f"{INVITATIONS}/{one}/withdrawal")).status_code == 303
    assert (await browser().get(newer)).status_code == 410
    assert (await owner.post(f"{INVITATIONS}/{one}/mail")).status_code == 404


async def test_only_the_centers_owner_invites_and_never_a_colleague_twice(browser, cast):
    for person, status in ((cast.advisor, 403), (cast.customer, 403), (cast.outsider, 403)):
        assert (await browser(person).post(INVITATIONS, NEW)).status_code == status
    owner = browser(cast.owner)
    for wrong in (
        {"email": cast.advisor.email},
        {"email": "nobody"},
        {"role": "network_admin"},
        {"name": ""},
    ):
        assert (await owner.post(INVITATIONS, NEW | wrong)).status_code == 422


async def test_who_leaves_is_signed_out_everywhere_and_keeps_no_right(browser, cast):
    owner, avery = browser(cast.owner), browser(cast.advisor)
    assert (await avery.get("/customers")).status_code == 200
    url = f"{PEOPLE}/{cast.advisor.staff_id}"
    await owner.post(url, {"name": "Avery Advisor"})
    assert (await avery.get("/customers")).status_code == 303, "the session has ended"
    again = browser()
    answer = await again.post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    assert answer.status_code == 303
    assert (await again.get("/customers")).status_code == 403
    assert (await again.get("/home")).headers["location"] == "/garage"


async def test_a_role_taken_away_ends_the_sessions_and_one_given_does_not(browser, cast):
    owner, avery = browser(cast.owner), browser(cast.advisor)
    url = f"{PEOPLE}/{cast.advisor.staff_id}/roles"
    await owner.post(url, {"roles": ["advisor", "technician"]})
    assert (await avery.get("/bench")).status_code == 200
    await owner.post(url, {"roles": ["technician"]})
    assert (await avery.get("/bench")).status_code == 303
    assert (await owner.post(url, {"roles": []})).status_code == 422
    assert (await owner.post(url, {"roles": ["network_admin"]})).status_code == 422


async def test_a_business_keeps_an_owner(browser, cast):
    owner = browser(cast.owner)
    url = f"{PEOPLE}/{cast.owner.staff_id}"
    assert (await owner.post(f"{url}/roles", {"roles": ["advisor"]})).status_code == 409
    assert (await owner.post(url, {"name": "Olive Owner"})).status_code == 409
    await owner.post(f"{PEOPLE}/{cast.advisor.staff_id}/roles", {"roles": ["advisor", "owner"]})
    assert (await owner.post(f"{url}/roles", {"roles": ["advisor"]})).status_code == 303


async def test_the_network_takes_a_business_on_and_its_owner_sets_it_up(browser, cast, run_reactions):
    nova = browser(cast.network)
    facts = {
        "name": "Ångström Motors", "country": "SE", "zone": "Europe/Stockholm", "currency": "SEK",
        "owner_name": "Åsa Ek", "owner_email": "asa@test.example",
    }  # fmt: skip
    for wrong in ({"zone": "Mars/Base"}, {"currency": "QQQ"}, {"owner_email": "nobody"}, {"name": ""}):
        answer = await nova.post("/network/businesses", facts | wrong)
        assert answer.status_code == 422, wrong
    assert (await browser(cast.owner).post("/network/businesses", facts)).status_code == 403
    assert (await nova.post("/network/businesses", facts)).status_code == 303
    assert (
        await nova.post("/network/businesses", facts | {"owner_email": "b@test.example"})
    ).status_code == 303
    await run_reactions()
    asa = browser()
    link = await link_to("asa@test.example", "/join/")
    await asa.post(link, {"name": "Åsa Ek", "password": PHRASE})
    assert "Ångström Motors" in (await asa.get("/settings/centers")).text
    assert "Harbor Lane" not in (await asa.get("/settings/centers")).text


async def test_the_first_administrator_is_made_by_the_command_line(browser, site):
    link = await appoint(settings(), "root@test.example")
    await appoint(settings(), "root@test.example")
    from app.core import db as core_db

    core_db.connect(settings().sqlalchemy_url)
    visitor = browser()
    path = link.removeprefix("http://testserver")
    assert (await visitor.post(path, {"password": PHRASE})).status_code == 303
    await visitor.post("/sign-in", {"email": "root@test.example", "password": PHRASE})
    refused = await visitor.get("/network")
    assert refused.headers["location"] == "/settings/security", (
        "whoever runs the network needs a second factor"
    )


async def test_people_as_json_are_listed_invited_changed_and_let_go(browser, cast, run_reactions):
    owner = browser(cast.owner)
    url = "/api/v1/admin/users"
    listed = {one["email"]: one for one in (await owner.get(url)).json()}
    assert listed[cast.advisor.email]["roles"] == ["advisor"]
    assert cast.outsider.email not in listed
    asked = await owner.json("POST", url, {"email": "nia@test.example", "name": "Nia", "role": "technician"})
    assert asked.status_code == 202
    one = f"{url}/{cast.advisor.user_id}"
    change = {"name": "Avery A.", "roles": ["advisor", "technician"], "is_technician": True}
    changed = await owner.json("PUT", one, change)
    assert (changed.status_code, changed.json()["roles"]) == (200, ["advisor", "technician"])
    assert (await browser(cast.outsider).json("PUT", one, change)).status_code == 403
    assert (await owner.json("DELETE", f"{url}/{cast.outsider.user_id}")).status_code == 404
    avery = browser(cast.advisor)
    assert (await avery.get("/board")).status_code == 200
    assert (await owner.json("DELETE", one)).status_code == 204
    assert (await avery.get("/board")).status_code == 303
    assert (await owner.json("DELETE", f"{url}/{cast.owner.user_id}")).status_code == 409


async def test_each_center_shows_and_changes_its_own_roles_of_a_person(browser, cast, run_reactions):
    owner = browser(cast.owner)
    opened = await owner.json("POST", "/api/v1/admin/service-centers", SECOND)
    second = opened.json()["id"]
    asked = NEW | {"email": cast.technician.email, "role": "owner"}
    assert (await owner.post(f"/settings/centers/{second}/invitations", asked)).status_code == 303
    await run_reactions()
    terry = browser(cast.technician)
    assert (await terry.post(await link_to(cast.technician.email, "/join/"))).status_code == 303

    people, users = f"/settings/centers/{second}/people", "/api/v1/admin/users"
    one, terrys = f"{users}/{cast.technician.user_id}", f"{people}/{cast.technician.staff_id}"
    assert "Terry Technician" in (await owner.get(people)).text
    assert "Avery Advisor" not in (await owner.get(people)).text
    await owner.post("/settings/workplace", {"center_id": second})
    there = {given["name"]: given["roles"] for given in (await owner.get(users)).json()}
    assert there == {"Olive Owner": ["owner"], "Terry Technician": ["owner"]}
    otto = browser(cast.outsider)
    for url in (people, terrys):
        assert (await otto.get(url)).status_code in (403, 404)
    assert (await otto.post(f"{terrys}/roles", {"roles": ["advisor"]})).status_code in (403, 404)
    assert (await owner.get(f"{people}/{cast.outsider.staff_id}")).status_code == 404

    login = {"email": cast.technician.email, "password": PASSWORD}
    pass_ = (await browser().json("POST", "/api/v1/auth/login", login)).json()["access_token"]
    program, bearer = browser().http, {"authorization": f"Bearer {pass_}"}
    assert (await program.get("/api/v1/users/profile", headers=bearer)).status_code == 200
    kept = {"skills": ["general", "brakes", "hv"], "is_technician": True}
    change = {"name": "Terry Technician", "roles": ["advisor"]} | kept
    changed = await owner.json("PUT", one, change)
    assert (changed.status_code, changed.json()["roles"]) == (200, ["advisor"])
    assert (await terry.get("/bench")).status_code == 303, "a role was lost, so the sessions have ended"
    assert (await program.get("/api/v1/users/profile", headers=bearer)).status_code == 401
    assert (await owner.post(f"{terrys}/roles", {"roles": []})).headers["location"] == people
    assert "Terry Technician" not in (await owner.get(people)).text
    assert (await owner.json("PUT", one, change)).status_code == 404
    await owner.post("/settings/workplace", {"center_id": str(HARBOR_CENTER)})
    here = {given["name"]: given["roles"] for given in (await owner.get(users)).json()}
    assert here["Terry Technician"] == ["technician"]
    assert (await owner.json("PUT", one, change | {"roles": []})).status_code == 422


async def test_who_loses_the_last_role_at_home_is_at_home_elsewhere_and_letting_go_ends_all(
    browser, cast, run_reactions
):
    owner = browser(cast.owner)
    second = (await owner.json("POST", "/api/v1/admin/service-centers", SECOND)).json()["id"]
    asked = NEW | {"email": cast.advisor.email, "role": "advisor"}
    await owner.post(f"/settings/centers/{second}/invitations", asked)
    await run_reactions()
    await browser(cast.advisor).post(await link_to(cast.advisor.email, "/join/"))
    here, there = PEOPLE, f"/settings/centers/{second}/people"
    await owner.post(f"{here}/{cast.advisor.staff_id}/roles", {"roles": []})
    assert "Avery Advisor" not in (await owner.get(here)).text
    assert "Avery Advisor" in (await owner.get(there)).text
    again = browser()
    await again.post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    assert (await again.get("/board")).status_code == 200
    assert (
        await owner.post(f"{there}/{cast.advisor.staff_id}", {"name": "Avery Advisor"})
    ).status_code == 303
    assert (await again.get("/board")).status_code == 303
    await again.post("/sign-in", {"email": cast.advisor.email, "password": PASSWORD})
    assert (await again.get("/board")).status_code == 403


async def test_only_where_somebody_is_at_home_are_they_ruled_over(browser, cast, run_reactions):
    owner = browser(cast.owner)
    second = (await owner.json("POST", "/api/v1/admin/service-centers", SECOND)).json()["id"]
    for person, role in ((cast.stranger, "owner"), (cast.advisor, "technician")):
        asked = NEW | {"email": person.email, "role": role}
        await owner.post(f"/settings/centers/{second}/invitations", asked)
        await run_reactions()
        assert (await browser(person).post(await link_to(person.email, "/join/"))).status_code == 303
    sam, averys = browser(cast.stranger), f"/settings/centers/{second}/people/{cast.advisor.staff_id}"
    await sam.post("/settings/workplace", {"center_id": second})
    page = (await sam.get(averys)).text
    assert "At home at Harbor Lane Garage" in page
    assert [one for one in ("shifts", "absences", "certificates", "roles") if f'{averys}/{one}"' in page] == [
        "roles"
    ]
    leave = {"starts_at": "2026-12-01T08:00", "ends_at": "2026-12-02T08:00"}
    for path, form in (
        ("", {"name": "Avery Advisor"}),
        ("/shifts", {"mon": "8:00-12:00"}),
        ("/absences", leave),
        ("/certificates", {"certificate": "High voltage"}),
    ):
        refused = await sam.post(f"{averys}{path}", form)
        assert refused.status_code == 409, path
        assert "at home at Harbor Lane Garage" in refused.text
    api = f"/api/v1/admin/users/{cast.advisor.user_id}"
    [known] = [one for one in (await sam.get("/api/v1/admin/users")).json() if one["id"] in api]
    facts = {name: known[name] for name in ("name", "title", "skills", "is_technician", "is_active")}
    for change in ({"is_active": False}, {"title": "Nobody"}):
        put = await sam.json("PUT", api, facts | {"roles": ["advisor"]} | change)
        assert put.status_code == 409, change
    assert (await sam.json("DELETE", api)).status_code == 409
    assert (await sam.json("POST", f"{api}/certificates", {"name": "High voltage"})).status_code == 409
    put = await sam.json("PUT", api, facts | {"roles": ["technician", "advisor"]})
    assert (put.status_code, put.json()["roles"]) == (200, ["advisor", "technician"])
    assert (await sam.post(f"{averys}/roles", {"roles": ["technician"]})).status_code == 303
    there = (await owner.get(f"{PEOPLE}/{cast.advisor.staff_id}")).text
    assert "At home at" not in there
    assert "/certificates/" not in there
    assert (await owner.post(f"{PEOPLE}/{cast.advisor.staff_id}", {"name": "Avery"})).status_code == 303


async def test_an_owner_elsewhere_is_no_owner_here(browser, cast, run_reactions):
    owner = browser(cast.owner)
    second = (await owner.json("POST", "/api/v1/admin/service-centers", SECOND)).json()["id"]
    asked = NEW | {"email": cast.advisor.email, "role": "owner"}
    await owner.post(f"/settings/centers/{second}/invitations", asked)
    await run_reactions()
    await browser(cast.advisor).post(await link_to(cast.advisor.email, "/join/"))
    olive = f"{PEOPLE}/{cast.owner.staff_id}"
    assert (await owner.post(f"{olive}/roles", {"roles": []})).status_code == 409
    assert (await owner.post(olive, {"name": "Olive Owner"})).status_code == 409
    url = f"/settings/centers/{second}/people/{cast.owner.staff_id}/roles"
    assert (await owner.post(url, {"roles": []})).status_code == 303


async def test_a_closed_account_opens_nothing_until_it_is_open_again(browser, cast):
    nova, dana = browser(cast.network), browser(cast.customer)
    url = f"/network/people/{cast.customer.user_id}/status"
    closed = await nova.post(url, {"status": "closed", "q": "O'Dana & ü"})
    assert closed.headers["location"] == "/network/people?q=O%27Dana+%26+%C3%BC", "the search stays"
    assert (await dana.get("/garage")).status_code == 303
    credentials = {"email": cast.customer.email, "password": PASSWORD}
    told = await browser().post("/sign-in", credentials)
    assert (told.status_code, "This account is closed" in told.text) == (422, True)
    guess = await browser().post("/sign-in", {**credentials, "password": "not the password"})
    assert (guess.status_code, "is closed" in guess.text) == (422, False), "that is told to its owner alone"
    told = await browser().json("POST", "/api/v1/auth/login", credentials)
    assert (told.status_code, "is closed" in told.json()["error"]) == (403, True)
    assert (await browser(cast.owner).post(url, {"status": "open"})).status_code == 403
    await nova.post(url, {"status": "open"})
    assert (await browser().post("/sign-in", credentials)).status_code == 303
    own = f"/network/people/{cast.network.user_id}/status"
    assert (await nova.post(own, {"status": "closed"})).status_code == 409


async def test_whoever_opens_an_invitation_for_somebody_else_is_told_and_can_change_accounts(
    browser, cast, run_reactions
):
    await browser(cast.owner).post(f"{PEOPLE.removesuffix('/people')}/invitations", NEW)
    await run_reactions()
    link = await link_to(NEW["email"], "/join/")
    sam = browser(cast.stranger)
    page = (await sam.get(link)).text
    assert f"mailed to {NEW['email']}" in page
    assert f"Join as {cast.stranger.name}" in page
    out = await sam.post("/sign-out", {"next": link})
    assert out.headers["location"] == link
    assert (await browser(cast.customer).post("/sign-out", {"next": "https://elsewhere.test/"})).headers[
        "location"
    ] == "/"
