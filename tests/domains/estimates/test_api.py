"""Quotes as JSON: the same operations, the words of the API, the same refusals."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.core.db import transaction
from tests.browsing import Browser
from tests.cast import Cast
from tests.domains.estimates.desk import order_with_jobs

Browse = Callable[..., Browser]
STAFF, OWN = "/api/v1/staff/quotes", "/api/v1/customers/quotes"


@pytest.fixture
async def order_id(site: str) -> UUID:
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
    return order.id


async def quoted(browser: Browse, cast: Cast, order_id: UUID) -> dict[str, Any]:
    answer = await browser(cast.advisor).json("POST", STAFF, {"order_id": str(order_id), "send": True})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deciding(quote: dict[str, Any], *decisions: str) -> dict[str, Any]:
    return {
        "signed_name": "Dana O'Neil",
        "jobs": [
            {"job_id": one["job_id"], "decision": said}
            for one, said in zip(quote["jobs"], decisions, strict=False)
        ],
    }


async def test_a_quote_is_written_read_and_sent(order_id: UUID, browser: Browse, cast: Cast) -> None:
    advisor = browser(cast.advisor)
    made = await advisor.json("POST", STAFF, {"order_id": str(order_id), "message": "Hello"})
    assert made.status_code == 201
    quote = made.json()
    assert (quote["status"], quote["message"], len(quote["jobs"])) == ("draft", "Hello", 3)
    assert quote["total_minor"] == sum(one["total_minor"] for one in quote["jobs"])
    assert quote["margin_minor"] > 0
    read = await advisor.json("GET", f"{STAFF}/{quote['id']}")
    assert read.json()["revision"] == quote["revision"]
    stale = await advisor.json("POST", f"{STAFF}/{quote['id']}/send", {"revision": 99})
    assert stale.status_code == 409
    sent = await advisor.json("POST", f"{STAFF}/{quote['id']}/send", {"revision": quote["revision"]})
    assert (sent.status_code, sent.json()["status"], sent.json()["state"]) == (200, "pending", "sent")
    assert len(sent.json()["content_hash"]) == 64
    again = await advisor.json("POST", f"{STAFF}/{quote['id']}/send", {})
    assert again.status_code == 409


async def test_the_driver_decides(order_id: UUID, browser: Browse, cast: Cast) -> None:
    quote = await quoted(browser, cast, order_id)
    driver = browser(cast.customer)
    own = (await driver.json("GET", f"{OWN}/{quote['id']}")).json()
    assert own["margin_minor"] is None
    assert own["margin_share"] is None
    body = deciding(own, "approved", "declined", "deferred")
    answer = await driver.json("POST", f"{OWN}/{quote['id']}/decision", body)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["state"]) == ("approved", "partially_approved")
    assert len(answer.json()["authorizations"]) == 3
    assert (await driver.json("POST", f"{OWN}/{quote['id']}/decision", body)).status_code == 200
    other = await driver.json("POST", f"{OWN}/{quote['id']}/decision", deciding(own, *["approved"] * 3))
    assert other.status_code == 409


@pytest.mark.parametrize(
    "spoil",
    [
        {"jobs": []},
        {"signed_name": ""},
        {"extra": 1},
        {"jobs": [{"job_id": "x", "decision": "approved"}]},
        {"jobs": [{"job_id": str(uuid4()), "decision": "perhaps"}]},
        {"jobs": [{"job_id": str(uuid4()), "decision": "approved"}]},
    ],
)
async def test_a_bad_decision_changes_nothing(
    order_id: UUID, browser: Browse, cast: Cast, spoil: dict[str, Any]
) -> None:
    quote = await quoted(browser, cast, order_id)
    driver = browser(cast.customer)
    body = deciding(quote, "approved", "approved", "approved") | spoil
    answer = await driver.json("POST", f"{OWN}/{quote['id']}/decision", body)
    assert answer.status_code in (400, 422)
    assert (await driver.json("GET", f"{OWN}/{quote['id']}")).json()["authorizations"] == []


@pytest.mark.parametrize("who", ["outsider", "stranger", "network"])
async def test_others_find_nothing(order_id: UUID, browser: Browse, cast: Cast, who: str) -> None:
    quote = await quoted(browser, cast, order_id)
    person = browser(getattr(cast, who))
    assert (await person.json("GET", f"{OWN}/{quote['id']}")).status_code == 404
    assert (await person.json("GET", f"{STAFF}/{quote['id']}")).status_code in (403, 404)
    body = deciding(quote, "approved", "approved", "approved")
    assert (await person.json("POST", f"{OWN}/{quote['id']}/decision", body)).status_code == 404
    made = await person.json("POST", STAFF, {"order_id": str(order_id)})
    assert made.status_code in (403, 404)


async def test_staff_permissions_hold(order_id: UUID, browser: Browse, cast: Cast) -> None:
    for person in (cast.technician, cast.customer):
        made = await browser(person).json("POST", STAFF, {"order_id": str(order_id)})
        assert (made.status_code, made.json()) == (403, {"error": "Insufficient permissions"})
