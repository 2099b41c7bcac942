"""A message for the next page is shown there and nowhere else; a form's faults name their fields."""

import json
from collections.abc import Callable

from app.core.render import flash_cookie, name_faulty_fields
from tests.browsing import Browser
from tests.cast import Cast

Open = Callable[..., Browser]


async def test_a_message_is_shown_once(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    left = str(flash_cookie("Your car is in the garage.").value)
    driver.http.cookies.set("flash", left, domain="testserver.local", path="/")
    assert "Your car is in the garage." not in (await driver.get("/notifications/unread")).text
    assert "Your car is in the garage." in (await driver.get("/garage")).text
    assert "Your car is in the garage." not in (await driver.get("/garage")).text


async def test_a_part_of_a_page_says_it_beside_the_page(browser: Open, cast: Cast) -> None:
    driver = browser(cast.customer)
    driver.http.cookies.set(
        "flash", str(flash_cookie("Gespeichert: Öl").value), domain="testserver.local", path="/"
    )
    form = {"hx-request": "true", "hx-source": "form"}
    other = await driver.get("/garage", headers={"hx-request": "true", "hx-source": "div#order-now"})
    assert "hx-trigger" not in other.headers
    part = await driver.get("/garage", headers=form)
    assert json.loads(part.headers["hx-trigger"])["toast"]["text"] == "Gespeichert: Öl"
    assert "hx-trigger" not in (await driver.get("/garage", headers=form)).headers


async def test_a_page_without_a_message_sets_no_cookie_for_it(browser: Open, cast: Cast) -> None:
    page = await browser(cast.customer).get("/garage")
    assert "flash" not in page.headers.get("set-cookie", "")


def test_a_fault_begins_with_the_label_of_its_field() -> None:
    page = (
        '<li><a href="#f-mileage" data-fault-of>Please fill this in.</a></li>'
        '<li><a href="#f-fuel" data-fault-of>Choose one.</a></li><li><a href="#f-gone" data-fault-of>No.</a></li>'
        '<label for="f-mileage">Mileage <span class="optional">(optional)</span></label>'
        '<fieldset class="field" id="f-fuel">\n  <legend>Fuel &amp; power</legend></fieldset>'
    )
    named = name_faulty_fields(page)
    assert ">Mileage: Please fill this in.<" in named
    assert ">Fuel &amp; power: Choose one.<" in named
    assert ">No.<" in named


async def test_the_summary_of_a_refused_form_names_its_fields(browser: Open, cast: Cast) -> None:
    answer = await browser(cast.advisor).post("/customers", {"name": "", "email": "nobody"})
    assert answer.status_code == 422
    assert ">Name: Please fill this in.<" in answer.text
