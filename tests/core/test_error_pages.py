"""An error is a page for a browser and a piece of one for htmx. It says what happened and where to go on."""

import re
import socket
from collections.abc import Callable
from uuid import UUID

import asyncpg
import pytest

from app.asgi import create_litestar
from app.core.answers import is_outage
from app.core.db import transaction
from tests.browsing import Browser
from tests.cast import HARBOR_CENTER, Cast
from tests.domains.workshop.shop import checked_in

Open = Callable[..., Browser]


async def test_a_fault_is_answered_to_htmx_as_a_fragment(browser: Open, cast: Cast) -> None:
    answer = await browser(cast.customer).get("/no-such-page", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert 'data-fault="404"' in answer.text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/staff/nothing", "/api/nothing"])
async def test_an_address_that_is_not_there_answers_the_api_in_json(browser: Open, path: str) -> None:
    answer = await browser().get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "There is nothing here, or it is not yours to see."


async def test_only_a_late_form_is_told_that_something_has_changed(browser: Open, cast: Cast) -> None:
    async with transaction() as db:
        order = await checked_in(db)
    advisor = browser(cast.advisor)
    here = {"referer": "http://testserver/board?technician=1"}
    late = await advisor.post(
        f"/orders/{order.number}/stage",
        {"stage": "qc", "version": order.version + 1, "bay": ""},
        headers=here,
    )
    assert late.status_code == 409
    assert "<h1>That has changed</h1>" in late.text
    assert 'href="/board?technician=1"' in late.text
    refused = await advisor.post(
        f"/orders/{order.number}/stage",
        {"stage": "nowhere", "version": order.version, "bay": ""},
        headers=here,
    )
    assert "<h1>Not possible just now</h1>" in refused.text


@pytest.mark.parametrize(
    "came", ["http://elsewhere.test/board", "javascript:alert(1)", "http://testserver//elsewhere.test", ""]
)
async def test_the_way_back_leads_to_a_page_of_ours_only(browser: Open, cast: Cast, came: str) -> None:
    page = await browser(cast.advisor).get("/no-such-page", headers={"referer": came})
    assert "Back to the page before" not in page.text


@pytest.mark.parametrize(
    ("host", "listens"), [("127.0.0.1", True), ("127.0.0.1", False), ("localhost", False)]
)
async def test_a_database_that_takes_no_connection_is_an_outage(host: str, listens: bool) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listens:
            silent.listen()
        with pytest.raises(OSError) as caught:
            await asyncpg.connect(host=host, port=silent.getsockname()[1], user="nobody", timeout=0.3)
    assert is_outage(caught.value)


PLACES = {"uuid": str(UUID(int=7)), "int": "7", "str": "harbor", "date": "2026-11-30"}


async def test_no_address_of_a_form_is_a_dead_end_for_a_person(browser: Open, cast: Cast) -> None:
    """Reloaded, kept or typed, the address a refused form was shown at leads to a page; a program is told what it takes."""
    owner, tried = browser(cast.owner), 0
    for route in create_litestar().routes:
        taken = {method for one in getattr(route, "route_handlers", []) for method in one.http_methods}
        if "POST" not in taken or "GET" in taken or route.path.startswith("/api/"):
            continue
        path = re.sub(r"{\w+:(\w+)}", lambda place: PLACES[place[1]], route.path)
        opened = await owner.get(path, headers={"accept": "text/html,*/*;q=0.8"})
        assert opened.status_code == 303, path
        page = opened.headers["location"]
        assert re.match(r"/(?![/\\])", page), path
        led = await owner.get(page, headers={"accept": "text/html"})
        assert led.status_code not in (405, 500), f"{path} leads to {page}"
        told = await owner.get(path, headers={"accept": "application/json"})
        assert (told.status_code, "POST" in told.headers["allow"]) == (405, True), path
        if re.search(r":(uuid|int)}", route.path):
            lost = re.sub(r"{\w+:\w+}", "abc", route.path)
            assert (await owner.get(lost, headers={"accept": "text/html"})).status_code == 404, lost
        tried += 1
    assert tried > 100


async def test_an_address_of_a_form_leads_to_no_other_site(browser: Open) -> None:
    away = {"accept": "text/html", "referer": "https://elsewhere.test/x"}
    opened = await browser().get("http://testserver//garage/elsewhere.test/sign-out", headers=away)
    assert opened.status_code == 404
    opened = await browser().get(f"http://testserver//garage/{PLACES['uuid']}/archive", headers=away)
    assert opened.headers["location"] == f"/garage/{PLACES['uuid']}"
    opened = await browser().get("/sign-out", headers=away)
    assert opened.headers["location"] == "/"


async def test_the_form_of_an_invitation_stands_on_the_page_of_the_people(browser: Open, cast: Cast) -> None:
    opened = await browser(cast.owner).get(
        f"/settings/centers/{HARBOR_CENTER}/invitations", headers={"accept": "text/html"}
    )
    assert opened.headers["location"] == f"/settings/centers/{HARBOR_CENTER}/people"
