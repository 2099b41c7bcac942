"""The desk books for somebody on the phone, without a line of JavaScript."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core.db import transaction
from app.domains.booking.models import Appointment
from app.domains.customers.models import Customer
from app.domains.notifications.models import Mail
from tests.cast import CAR, HARBOR
from tests.domains.booking.test_pages import starts_in


async def only(model):
    async with transaction(tenant=HARBOR) as db:
        [one] = await db.scalars(select(model))
        return one


def asked(cast, services, customer=None, vehicle=CAR):
    who = customer or cast.customer.customer_id
    return f"customer={who}&vehicle={vehicle}&" + "&".join(f"service={one.id}" for one in services)


async def booked(desk, cast, services, starts, **more):
    form = {"customer": str(cast.customer.customer_id), "vehicle": str(CAR), "starts_at": starts, **more}
    return await desk.post("/appointments/new", form | {"service": [str(one.id) for one in services]})


async def test_an_advisor_books_for_a_known_customer(browser, cast, offered, run_reactions):
    desk = browser(cast.advisor)
    assert 'href="/appointments/new"' in (await desk.get("/appointments")).text
    profile = (await desk.get("/customers/1")).text
    [way_in] = re.findall(r'href="(/appointments/new\?[^"]+vehicle[^"]+)"', profile)
    step = await desk.get(unescape(way_in))
    services = await desk.get(step.headers["location"])
    assert "Brake check" in services.text
    assert "HV check" not in services.text
    none = await desk.get(f"/appointments/new/times?customer={cast.customer.customer_id}&vehicle={CAR}")
    assert "Choose at least one service." in (await desk.get(none.headers["location"])).text
    times = await desk.get(f"/appointments/new/times?{asked(cast, offered[:1])}")
    starts = starts_in(times.text)
    assert starts
    assert f'hx-get="/appointments/new/slots?customer={cast.customer.customer_id}' in times.text
    region = await desk.get(f"/appointments/new/slots?{asked(cast, offered[:1])}")
    assert starts_in(region.text) == starts
    done = await booked(desk, cast, offered[:1], starts[0], notes="It squeaks")
    assert done.status_code == 303, done.text
    day = await desk.get(done.headers["location"])
    assert "It squeaks" in day.text
    assert "Booked by Avery Advisor" in day.text
    made = await only(Appointment)
    assert (made.status, made.user_id) == ("confirmed", cast.customer.user_id)
    assert (made.booked_by_id, made.booked_by) == (cast.advisor.user_id, "Avery Advisor")
    assert made.booked_at is not None
    await run_reactions()
    mail = await only(Mail)
    assert mail.recipient == cast.customer.email
    own = await browser(cast.customer).get(f"/appointments/{made.id}")
    assert "Booked for you by Avery Advisor" in own.text


async def test_what_is_about_to_be_booked_can_be_read_out(browser, cast, offered):
    desk = browser(cast.advisor)
    times = await desk.get(f"/appointments/new/times?{asked(cast, offered[:2])}")
    form = asked(cast, offered[:2])
    starts = starts_in(times.text)[0].replace("+", "%2B")
    page = await desk.get(f"/appointments/new/confirmation?{form}&starts_at={starts}")
    assert page.status_code == 200, page.text
    for said in (
        "Brake check",
        "Oil change",
        "$168.00",
        "1 h 30 min",
        "Dana O",
        "the address of their account",
    ):
        assert said in page.text


async def test_a_caller_nobody_knows_is_written_down_first(browser, cast, offered):
    desk = browser(cast.advisor)
    start = await desk.get("/appointments/new")
    who = await desk.get(start.headers["location"])
    assert "<h1>Book a visit</h1>" in who.text
    known = await desk.get("/orders/new?then=visit&q=Dana")
    assert f"/appointments/new/services?customer={cast.customer.customer_id}" in known.text
    person = {"then": "visit", "name": "Cal Caller", "phone": "555 0177", "plate": "CAL 1"}
    unsaid = await desk.post("/orders/new/customer", person)
    assert unsaid.status_code == 422
    assert 'name="then" value="visit"' in unsaid.text
    car = {"make": "Honda", "model": "Fit"}
    unreachable = await desk.post("/orders/new/customer", person | car | {"phone": ""})
    assert unreachable.status_code == 422
    assert "Ask for the number to call back on" in unreachable.text
    assert 'value="Cal Caller"' in unreachable.text
    new = await desk.post("/orders/new/customer", person | car)
    assert new.headers["location"].startswith("/appointments/new/services?customer=")
    assert "Brake check" in (await desk.get(new.headers["location"])).text
    ids = dict(pair.split("=") for pair in new.headers["location"].split("?")[1].split("&"))
    times = await desk.get(f"/appointments/new/times?{asked(cast, offered[:1], *ids.values())}")
    done = await booked(desk, cast, offered[:1], starts_in(times.text)[0], **ids)
    assert done.status_code == 303
    assert "flash" in done.cookies
    async with transaction(tenant=HARBOR) as db:
        caller = await db.scalar(select(Customer).where(Customer.name == "Cal Caller"))
        made = await db.scalar(select(Appointment))
    assert made.customer_id == caller.id
    assert made.user_id is None


async def test_one_car_is_not_booked_twice_at_a_time(browser, cast, offered):
    desk = browser(cast.advisor)
    times = await desk.get(f"/appointments/new/times?{asked(cast, offered[:1])}")
    starts = starts_in(times.text)[0]
    assert (await booked(desk, cast, offered[:1], starts)).status_code == 303
    again = await booked(desk, cast, offered[:1], starts)
    assert (again.status_code, "This car has a visit at that time already" in again.text) == (409, True)
    await only(Appointment)


async def test_a_time_that_is_gone_leads_back_to_the_times(browser, cast, offered):
    desk = browser(cast.advisor)
    times = await desk.get(f"/appointments/new/times?{asked(cast, offered[:1])}")
    starts = starts_in(times.text)[0]
    for name, phone in (("Ann Archer", "555 0181"), ("Bob Bell", "555 0192")):
        person = {
            "then": "visit",
            "name": name,
            "phone": phone,
            "plate": name,
            "make": "Honda",
            "model": "Fit",
        }
        new = await desk.post("/orders/new/customer", person)
        ids = dict(pair.split("=") for pair in new.headers["location"].split("?")[1].split("&"))
        assert (await booked(desk, cast, offered[:1], starts, **ids)).status_code == 303
    lost = await booked(desk, cast, offered[:1], starts)
    assert lost.status_code == 409
    assert "no longer free" in lost.text
    assert starts not in starts_in(lost.text)


@pytest.mark.parametrize(("who", "status"), [("customer", 403), ("technician", 403), ("outsider", 404)])
async def test_who_may_not_book_for_others(browser, cast, offered, who, status):
    person = browser(getattr(cast, who))
    for step in ("services", "times", "slots"):
        answer = await person.get(f"/appointments/new/{step}?{asked(cast, offered[:1])}")
        assert answer.status_code == status, step
    form = {"customer": str(cast.customer.customer_id), "vehicle": str(CAR), "service": str(offered[0].id)}
    answer = await person.post("/appointments/new", form | {"starts_at": "2026-11-27T15:00:00+00:00"})
    assert answer.status_code == status


async def test_an_unknown_customer_is_not_found(browser, cast, offered):
    answer = await browser(cast.advisor).get(
        f"/appointments/new/services?{asked(cast, offered[:1], customer=uuid4())}"
    )
    assert answer.status_code == 404
