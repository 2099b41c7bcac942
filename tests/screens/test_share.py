"""What other apps share: offered by the manifest, and nothing the server is changed by."""

import pytest

from app.screens.shell import KEPT_OFFLINE
from tests.cast import CAR, OTHER_CAR
from tests.domains.garage.test_family import shared


async def test_a_share_that_comes_from_outside_changes_nothing_and_leads_to_the_page(browser, cast):
    outside = {"headers": {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}}
    dana = browser(cast.customer)
    answer = await dana.http.post(
        "/share", data={"title": "x"}, files={"files": ("a.jpg", b"\xff\xd8")}, **outside
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/share?missed=true")
    shown = await dana.get(answer.headers["location"])
    assert "has not arrived" in shown.text
    assert f'action="/garage/{CAR}/photo"' in shown.text
    refused = await dana.http.post(f"/garage/{CAR}/photo", files={"photo": ("a.jpg", b"\xff\xd8")}, **outside)
    assert refused.status_code == 403


async def test_another_ones_car_is_no_place_for_what_i_share(browser, cast):
    shown = await browser(cast.customer).get(f"/share?car={OTHER_CAR}")
    assert str(OTHER_CAR) not in shown.text


@pytest.mark.parametrize("role", ["driver", "reader"])
async def test_who_shares_a_car_is_offered_what_they_may_do_with_it(browser, cast, run_reactions, role):
    sam = await shared(browser, cast, run_reactions, role=role)
    page = (await sam.get(f"/share?car={CAR}")).text
    assert 'action="/documents"' in page
    assert (f'action="/garage/{CAR}/documents"' in page) == (role == "driver")
    assert f'action="/garage/{CAR}/photo"' not in page


async def test_without_a_car_there_is_a_place_for_a_paper_of_ones_own(browser, cast):
    page = (await browser(cast.technician).get("/share")).text
    assert "There is no car in your garage yet." in page
    assert page.count("data-shared-into") == 1
    assert "There is no room left" not in page
    assert "There is no room left" in (await browser(cast.stranger).get("/share?full=true")).text


async def test_the_manifest_names_what_is_there(browser, cast):
    visitor = browser()
    said = (await visitor.get("/manifest.webmanifest")).json()
    assert {"any", "maskable", "monochrome"} == {icon["purpose"] for icon in said["icons"]}
    for icon in said["icons"]:
        assert (await visitor.get(icon["src"])).status_code == 200
    assert said["share_target"]["params"]["files"][0]["accept"] == [
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/webp",
    ]
    dana = browser(cast.customer)
    for way in said["shortcuts"][:3]:
        assert (await dana.get(way["url"], follow_redirects=True)).status_code == 200, way
    assert len(set(KEPT_OFFLINE)) == len(KEPT_OFFLINE)


async def test_a_page_says_whose_it_is_and_whether_it_was_made_at_work(browser, cast):
    mine = (await browser(cast.customer).get("/garage")).headers["torqueline-person"]
    assert mine == (await browser(cast.customer).get("/settings")).headers["torqueline-person"]
    assert mine not in ("", "-")
    assert ";" not in mine
    assert (
        (await browser(cast.advisor).get("/home", follow_redirects=True))
        .headers["torqueline-person"]
        .endswith(";work")
    )
    assert (await browser().get("/")).headers["torqueline-person"] == "-"


async def test_signing_out_empties_the_browser(browser, cast):
    answer = await browser(cast.customer).post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
