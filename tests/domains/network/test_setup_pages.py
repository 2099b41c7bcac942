import re

from app.core import clock
from app.domains.network.opening import write_hours
from tests.cast import HARBOR_BAYS, HARBOR_CENTER, VOLT_CENTER

BASE = f"/settings/centers/{HARBOR_CENTER}"
FACTS = {
    "name": "Harbor Lane Garage",
    "zone": "America/New_York",
    "currency": "USD",
    "country": "us",
    "tax_name": "Sales tax",
    "tax_percent": "5.5",
    "labor_rate": "135.00",
    "slot_minutes": "15",
    "notice_minutes": "30",
    "horizon_days": "30",
    "cancel_hours": "48",
    "is_active": "yes",
}
WEEK = {"hours_mon": "8-12, 13-17", "hours_sat": "9am-1pm"}


async def test_an_owner_changes_the_facts_of_a_center(browser, cast):
    owner = browser(cast.owner)
    assert "Harbor Lane Garage" in (await owner.get("/settings/centers")).text
    done = await owner.post(BASE, FACTS)
    assert (done.status_code, done.headers["location"]) == (303, BASE)
    page = (await owner.get(BASE)).text
    for shown in ('value="5.5"', 'value="135.00"', 'value="48"'):
        assert shown in page
    facts = (await owner.get(f"/api/v1/admin/service-centers/{HARBOR_CENTER}")).json()
    assert (facts["tax_rate"], facts["labor_rate_minor"], facts["country"]) == ("0.055", 13500, "US")
    assert facts["working_hours"], "the hours are changed on a page of their own"


async def test_an_owner_opens_another_center(browser, cast):
    owner = browser(cast.owner)
    done = await owner.post("/settings/centers", FACTS | {"name": "East"})
    assert re.fullmatch(r"/settings/centers/[0-9a-f-]+/hours", done.headers["location"])
    assert (await owner.get(done.headers["location"])).status_code == 200


async def test_a_tax_rate_is_kept_as_fine_as_states_set_it(browser, cast):
    owner = browser(cast.owner)
    assert (await owner.post(BASE, FACTS | {"tax_percent": "8.875"})).status_code == 303
    assert 'value="8.875"' in (await owner.get(BASE)).text


async def test_nonsense_comes_back_with_words_and_what_was_typed(browser, cast):
    owner = browser(cast.owner)
    for field, wrong in (
        ("zone", "Mars/Base"),
        ("currency", "QQQ"),
        ("country", "1"),
        ("tax_percent", "120"),
        ("tax_percent", "8.87555"),
        ("labor_rate", "-3"),
        ("labor_rate", "1,200"),
        ("slot_minutes", "7"),
        ("horizon_days", "soon"),
        ("name", ""),
    ):
        answer = await owner.post(BASE, FACTS | {field: wrong, "city": "Typed before"})
        assert answer.status_code == 422, field
        assert f'id="f-{field}-error"' in answer.text, field
        assert "Typed before" in answer.text


async def test_hours_and_days_that_are_different(browser, cast):
    owner = browser(cast.owner)
    assert (await owner.post(f"{BASE}/hours", WEEK)).status_code == 303
    page = (await owner.get(f"{BASE}/hours")).text
    assert write_hours([["08:00", "12:00"], ["13:00", "17:00"]]) in page
    wrong = await owner.post(f"{BASE}/hours", WEEK | {"hours_tue": "8-5"})
    assert wrong.status_code == 422
    assert "run past midnight" in wrong.text
    day = {"day": "2100-12-24", "hours": "8-12", "note": "Christmas Eve"}
    assert (await owner.post(f"{BASE}/exceptions", day)).status_code == 303
    assert "Christmas Eve" in (await owner.get(f"{BASE}/hours")).text
    assert (await owner.post(f"{BASE}/exceptions", day | {"hours": "late"})).status_code == 422
    assert (await owner.post(f"{BASE}/exceptions/2100-12-24/removal")).status_code == 303
    assert (await owner.post(f"{BASE}/exceptions/2100-12-24/removal")).status_code == 404


async def test_bays(browser, cast):
    owner = browser(cast.owner)
    bay = {"name": "HV bay", "capabilities": ["hv", "lift"], "buffer_after_minutes": "10", "is_active": "yes"}
    assert (await owner.post(f"{BASE}/bays", bay)).status_code == 303
    assert "HV bay" in (await owner.get(f"{BASE}/bays")).text
    assert (await owner.post(f"{BASE}/bays/{HARBOR_BAYS[0]}", bay | {"name": "Bay One"})).status_code == 303
    assert "Bay One" in (await owner.get(f"{BASE}/bays")).text
    assert (await owner.post(f"{BASE}/bays", bay | {"capabilities": ["sauna"]})).status_code == 422
    assert (await owner.post(f"{BASE}/bays", bay | {"name": ""})).status_code == 422


async def test_people_with_skills_shifts_and_absences(browser, cast):
    owner = browser(cast.owner)
    url = f"{BASE}/people/{cast.technician.staff_id}"
    assert "Terry Technician" in (await owner.get(f"{BASE}/people")).text
    facts = {"name": "Terry T.", "skills": ["hv", "brakes"], "is_technician": "yes", "is_active": "yes"}
    assert (await owner.post(url, facts)).status_code == 303
    assert (await owner.post(f"{url}/shifts", WEEK)).status_code == 303
    away = {"starts_at": "2100-01-04T08:00", "ends_at": "2100-01-09T17:00", "reason": "Ski week"}
    assert (await owner.post(f"{url}/absences", away)).status_code == 303
    page = (await owner.get(url)).text
    for shown in ("Terry T.", write_hours([["08:00", "12:00"], ["13:00", "17:00"]]), "Ski week"):
        assert shown in page
    removal = re.search(r'action="([^"]+/removal)"', page).group(1)
    assert (await owner.post(removal)).status_code == 303
    assert "Ski week" not in (await owner.get(url)).text
    for part, wrong in (
        ("", facts | {"skills": ["magic"]}),
        ("/shifts", {"hours_mon": "?"}),
        ("/absences", away | {"ends_at": "2099-01-01T00:00"}),
        ("/absences", away | {"starts_at": "soon"}),
    ):
        assert (await owner.post(url + part, wrong)).status_code == 422


async def test_certificates_are_kept_and_say_when_they_have_expired(browser, cast):
    owner = browser(cast.owner)
    url = f"{BASE}/people/{cast.technician.staff_id}"
    paper = {
        "certificate": "HV level 3",
        "number": "DGUV-209-093",
        "issued_by": "TÜV",
        "valid_until": "2020-06-30",
    }
    for wrong in ({"certificate": ""}, {"valid_until": "2020-02-30"}, {"number": "9" * 61}):
        answer = await owner.post(f"{url}/certificates", paper | wrong)
        assert answer.status_code == 422
        assert 'value="TÜV"' in answer.text
    assert (await owner.post(f"{url}/certificates", paper)).status_code == 303
    assert "Expired: HV level 3" in (await owner.get(f"{BASE}/people")).text
    page = (await owner.get(url)).text
    assert "DGUV-209-093" in page
    assert "Expired" in page

    users = f"/api/v1/admin/users/{cast.technician.user_id}/certificates"
    today = clock.today("America/New_York").isoformat()
    added = await owner.json("POST", users, {"name": "Air conditioning", "valid_until": today})
    assert (added.status_code, added.json()["has_expired"]) == (201, False)
    assert "Expired: Air conditioning" not in (await owner.get(f"{BASE}/people")).text
    [terry] = [
        one
        for one in (await owner.get("/api/v1/admin/users")).json()
        if one["id"] == str(cast.technician.user_id)
    ]
    assert [one["has_expired"] for one in terry["certificates"]] == [True, False]

    own = terry["certificates"][0]["id"]
    for person in (cast.outsider, cast.technician):
        assert (await browser(person).post(f"{url}/certificates/{own}/removal")).status_code == 403
    strangers = f"{BASE}/people/{cast.outsider.staff_id}/certificates"
    assert (await owner.post(strangers, paper)).status_code == 404
    colleague = f"{BASE}/people/{cast.advisor.staff_id}/certificates/{own}/removal"
    assert (await owner.post(colleague)).status_code == 404
    assert (await owner.post(f"{url}/certificates/{own}/removal")).status_code == 303
    assert (await owner.json("DELETE", f"{users}/{added.json()['id']}")).status_code == 204
    assert (await owner.json("DELETE", f"{users}/{added.json()['id']}")).status_code == 404


async def test_only_an_owner_and_only_of_this_shop(browser, cast):
    pages = ("", "/hours", "/bays", "/people", f"/people/{cast.technician.staff_id}")
    for person in (cast.advisor, cast.technician, cast.customer, cast.outsider):
        for part in pages:
            assert (await browser(person).get(BASE + part)).status_code == 403
        assert (await browser(person).post(f"{BASE}/hours", WEEK)).status_code == 403
    owner = browser(cast.owner)
    for part in ("", "/hours", "/bays", "/people"):
        assert (await owner.get(f"/settings/centers/{VOLT_CENTER}{part}")).status_code == 404
    assert (await owner.post(f"/settings/centers/{VOLT_CENTER}", FACTS)).status_code == 404
    assert (await owner.get(f"{BASE}/people/{cast.outsider.staff_id}")).status_code == 404
    assert (await browser().get(BASE)).status_code == 303


async def test_hours_past_midnight_are_asked_about(browser, cast):
    owner = browser(cast.owner)
    done = await owner.post(f"{BASE}/hours", {"hours_mon": "17:00-08:00", "hours_tue": "8-17"})
    assert done.status_code == 303
    page = (await owner.get(f"{BASE}/hours")).text
    assert "run past midnight into the next: Monday" in page


async def test_two_bays_cannot_share_a_name(browser, cast):
    owner = browser(cast.owner)
    assert (await owner.post(f"{BASE}/bays", {"name": "bay 1", "is_active": "on"})).status_code == 422
    assert (await owner.post(f"{BASE}/bays", {"name": "Bay 9", "is_active": "on"})).status_code == 303
    same = await owner.post(f"{BASE}/bays/{HARBOR_BAYS[0]}", {"name": "Bay 1", "is_active": "on"})
    assert same.status_code == 303
    taken = await owner.post(f"{BASE}/bays/{HARBOR_BAYS[0]}", {"name": "Bay 9", "is_active": "on"})
    assert taken.status_code == 422
