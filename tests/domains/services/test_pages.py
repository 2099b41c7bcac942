import re

BRAKES = {
    "name": "Brake check",
    "duration_minutes": "45",
    "price": "49.00",
    "category": "brakes",
    "skill": "brakes",
    "is_active": "yes",
}
JOB = {"title": "Front brakes", "skill": "brakes", "is_active": "yes"}
LINES = {
    "line_kind": ["labor", "part", "labor"],
    "line_description": ["Replace pads", "Pads", ""],
    "line_part_number": ["", "BP-12", ""],
    "line_quantity": ["1.5", "1", ""],
    "line_price": ["0", "89.00", ""],
    "line_cost": ["", "42.00", ""],
    "line_untaxed": ["1"],
}


async def test_a_service_is_added_changed_and_withdrawn(browser, cast):
    owner = browser(cast.owner)
    assert "cannot book anything yet" in (await owner.get("/settings/services")).text
    assert (await owner.post("/settings/services", BRAKES)).status_code == 303
    page = (await owner.get("/settings/services")).text
    assert "$49.00" in page
    url = re.search(r'href="(/settings/services/[0-9a-f-]{36})"', page).group(1)
    assert 'value="49.00"' in (await owner.get(url)).text
    gone = {name: value for name, value in BRAKES.items() if name != "is_active"}
    assert (await owner.post(url, gone | {"price": "59"})).status_code == 303
    page = (await owner.get("/settings/services")).text
    assert "$59.00" in page
    assert "Withdrawn" in page


async def test_a_wrong_service_comes_back_with_words(browser, cast):
    owner = browser(cast.owner)
    await owner.post("/settings/services", BRAKES)
    for wrong in (
        {"price": "cheap"},
        {"price": "-1"},
        {"price": "1,200"},
        {"duration_minutes": "0"},
        {"category": "fun"},
        {"code": "Not A Code"},
        {"name": ""},
        {},
    ):
        answer = await owner.post("/settings/services", BRAKES | {"description": "Kept text"} | wrong)
        assert answer.status_code == 422, wrong
        assert "Kept text" in answer.text


async def test_a_canned_job_keeps_its_lines(browser, cast):
    owner = browser(cast.owner)
    assert (await owner.post("/settings/canned-jobs", JOB | LINES)).status_code == 303
    page = (await owner.get("/settings/canned-jobs")).text
    url = re.search(r'href="(/settings/canned-jobs/[0-9a-f-]{36})"', page).group(1)
    page = (await owner.get(url)).text
    for shown in ('value="Replace pads"', 'value="1.5"', 'value="89.00"', 'value="42.00"'):
        assert shown in page
    assert re.findall(r'name="line_untaxed" value="(\d)" checked', page) == ["1"]
    wrong = LINES | {"line_quantity": ["many", "1", ""]}
    answer = await owner.post(url, JOB | wrong)
    assert answer.status_code == 422
    assert "Line 1 is not right" in answer.text
    assert 'value="Pads"' in answer.text
    assert re.findall(r'name="line_untaxed" value="(\d)" checked', answer.text) == ["1"]
    for column, typed in (("price", "1,200"), ("cost", "1.200"), ("quantity", "1,250")):
        answer = await owner.post(url, JOB | LINES | {f"line_{column}": ["1", typed, ""]})
        assert (answer.status_code, "Line 2 is not right: This" in answer.text) == (422, True), column
    assert (await owner.post(url, JOB | {"title": ""})).status_code == 422


async def test_only_an_owner_and_only_of_this_shop(browser, cast):
    await browser(cast.owner).post("/settings/services", BRAKES)
    await browser(cast.owner).post("/settings/canned-jobs", JOB | LINES)
    page = (await browser(cast.owner).get("/settings/services")).text
    service = re.search(r'href="(/settings/services/[0-9a-f-]{36})"', page).group(1)
    for person in (cast.advisor, cast.technician, cast.customer, cast.outsider):
        for url in ("/settings/services", "/settings/canned-jobs", service):
            assert (await browser(person).get(url)).status_code == 403
        assert (await browser(person).post("/settings/services", BRAKES)).status_code == 403
    assert (await browser(cast.owner).get(service[:-4] + "0000")).status_code == 404
