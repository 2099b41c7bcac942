"""Asking for one's account to be erased, and keeping it after all."""

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.domains.garage import Vehicle
from app.domains.privacy import erasing
from tests.cast import CAR, HARBOR, PASSWORD
from tests.mailbox import mails_to


async def test_signing_in_offers_to_keep_the_account(browser, cast, run_reactions):
    page, dana = "/settings/your-data", browser(cast.customer)
    assert (await dana.post(f"{page}/erasure", {"confirmation": "somebody@else.example"})).status_code == 422
    assert (
        await dana.post(f"{page}/erasure", {"confirmation": cast.customer.email.upper()})
    ).status_code == 303
    await run_reactions()
    assert "will be erased" in (await mails_to(cast.customer.email))[0].text
    again = browser()
    came = await again.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    assert came.headers["location"] == page
    assert "Keep my account" in (await again.get(page)).text
    assert (await again.post(f"{page}/erasure/withdrawal")).status_code == 303
    with clock.moved_by(erasing.GRACE * 2):
        await erasing.erase_due_accounts()
    assert (
        await again.post("/sign-in", {"email": cast.customer.email, "password": PASSWORD})
    ).status_code == 303


async def test_a_car_that_stays_with_its_shop_keeps_nothing_that_only_its_owner_knew(browser, cast):
    told = text("UPDATE vehicles SET telematics_id = 'TM-7', purchase_date = '2020-05-17' WHERE id = :car")
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(told, {"car": CAR})
    dana = browser(cast.customer)
    await dana.json("POST", "/api/v1/me/erasure", {"confirmation": cast.customer.email})
    with clock.moved_by(erasing.GRACE * 2):
        await erasing.erase_due_accounts()
    async with transaction(tenant=HARBOR) as db:
        car = await db.get_one(Vehicle, CAR)
    assert (car.make, car.telematics_id, car.purchase_date) == ("Honda", "", None)


@pytest.mark.parametrize("person", ["owner", "advisor"])
async def test_who_works_for_a_business_is_told_what_to_do_first(browser, cast, person):
    one = browser(getattr(cast, person))
    told = await one.json("POST", "/api/v1/me/erasure", {"confirmation": getattr(cast, person).email})
    assert told.status_code == 409
    page = (await one.get("/settings/your-data")).text
    assert (
        "Make somebody else its owner" if person == "owner" else "Ask its owner to end your roles"
    ) in page
