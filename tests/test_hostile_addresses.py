"""Every address of the site with nonsense in each of its places, asked for by those who get far: refused in plain
words, never an error of ours. The places are read from the routes, so a new page is tried from its first day."""

import logging
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest

from app.asgi import create_litestar
from app.core import clock, live
from app.core.db import transaction
from app.domains.services.models import Service
from tests.cast import CAR, CAST, HARBOR, HARBOR_CENTER, known
from tests.domains.estimates.desk import as_person, order_with_jobs, sent
from tests.domains.notifications import things

HOSTILE = {
    "a NUL": "%00",
    "a NUL in a word": "a%00b",
    "more than a bigint": str(2**70),
    "less than a bigint": str(-(2**70)),
    "minus one": "-1",
    "the last day": "9999-12-31",
    "the first day": "0001-01-01",
    "the last moment": "9999-12-31T23:59:59Z",
    "the first moment": "0001-01-01T00:00:00%2B14:00",
    "a digit that is no number": quote("²"),
    "ten thousand letters": "x" * 10_000,
    "ten thousand digits": "9" * 10_000,
    "Arabic": quote("سيارة ١٢٣"),
    "half a character": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
}
ALWAYS = ("a NUL", "more than a bigint", "the last day")
"""What has broken pages before; of the rest each place gets some, so that all are tried over the whole site."""
SERVICE = known("hostile oil change")


@pytest.fixture
async def fitting(site: str) -> dict[str, str]:
    """Something that exists for each place, so that the nonsense in another is really looked at."""
    appointment = await things.appointment(None, starts_at=clock.now())
    async with transaction() as db:
        await as_person(db, CAST.advisor)
        db.add(
            Service(
                id=SERVICE, tenant_id=HARBOR, code="hostile", name="Oil", duration_minutes=60, price_minor=1,
                currency="USD",
            )
        )  # fmt: skip
        order, jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
    today = clock.today("America/New_York").isoformat()
    return {
        "appointment_id": str(appointment), "center_id": str(HARBOR_CENTER), "customer": str(CAST.customer.customer_id),
        "customer_id": str(CAST.customer.customer_id), "vehicle": str(CAR), "vehicle_id": str(CAR),
        "slug": "harbor-lane-garage", "service": str(SERVICE), "service_id": str(SERVICE),
        "staff_id": str(CAST.technician.staff_id), "order_id": str(order.id), "order": str(order.id),
        "estimate_id": str(estimate.id), "quote_id": str(estimate.id), "job_id": str(jobs[0].id),
        "number": str(order.number), "order_number": str(order.number), "starts_at": quote(clock.now().isoformat()),
        "first": today, "last": today, "day": today, "after": "0", "limit": "5", "make": "Honda",
        "topics": live.stream_url(["order:1"], viewer=None, after=0).split("topics=")[1].split("&")[0],
    }  # fmt: skip


def addresses(fitting: dict[str, str], *, more: int) -> Iterator[tuple[str, str, str]]:
    """(route, place, address): one place is hostile, the others fit or, where they may, are left out."""
    others = cycle([one for one in HOSTILE.items() if one[0] not in ALWAYS])
    for route in create_litestar().routes:
        for handler in getattr(route, "route_handlers", []):
            if "GET" not in handler.http_methods or handler.fn.__module__.startswith("litestar."):
                continue
            in_path = list(route.path_parameters)
            places = handler.parsed_fn_signature.parameters
            asked = [one for one in places if one not in (*in_path, "request", "last_event_id")]
            for place in (*in_path, *asked):
                for said, value in [*((one, HOSTILE[one]) for one in ALWAYS), *islice(others, more)]:
                    filled = {**fitting, place: value}
                    path = "/" + "/".join(_fill(part, filled) for part in route.path.strip("/").split("/"))
                    query = [f"{one}={filled[one]}" for one in asked if one in filled]
                    yield f"{route.path} {place}", said, f"{path}?{'&'.join(query)}"


def _fill(part: str, filled: dict[str, str]) -> str:
    name, brace, _kind = part.strip("{}").partition(":")
    return filled.get(name, str(CAR)) if brace else part


async def outcome(person: Any, url: str, headers: dict[str, str] | None = None) -> int | str:
    try:
        return (await person.get(url, headers=headers or {})).status_code
    except Exception as error:  # after the answer has begun
        return repr(error)[:200]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("who", "more"), [("owner", 3), ("customer", 1), ("network", 0)])
async def test_nonsense_breaks_nothing(browser, cast, fitting, streams_end_at_once, who, more):
    logging.getLogger("httpx").setLevel(logging.WARNING)
    person = browser(getattr(cast, who))
    broken = []
    for place, said, url in addresses(fitting, more=more):
        came = await outcome(person, url)
        if not isinstance(came, int) or came >= 500:
            broken.append(f"{place}: {said}: {came}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("last", ["²", "9" * 100, "-1", "x", "1.5"])
async def test_a_stream_resumes_from_nonsense_as_from_nothing(browser, fitting, streams_end_at_once, last):
    url = f"/live?topics={fitting['topics']}&after=0"
    assert await outcome(browser(), url, {"last-event-id": last.encode("latin-1")}) == 200
