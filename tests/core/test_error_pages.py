"""An error is a page for a browser and a piece of one for htmx. It says what happened and where to go on."""

import socket
from collections.abc import Callable

import asyncpg
import pytest

from app.core.answers import is_outage
from app.core.db import transaction
from tests.browsing import Browser
from tests.cast import Cast
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
