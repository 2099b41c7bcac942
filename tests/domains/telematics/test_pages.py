"""From a program with its driver's token to the driver's page."""

from app.core import clock
from app.core.db import transaction
from app.domains.garage.models import Vehicle
from tests.cast import CAR, CAST

HERE = f"/garage/{CAR}/telematics"


async def test_a_report_stands_on_its_drivers_page_and_on_nobody_elses(browser, cast):
    dana, stranger = browser(cast.customer), browser(cast.stranger)
    assert "Nothing has come in yet" in (await dana.get(HERE)).text
    async with transaction(user=CAST.customer.user_id) as db:
        (await db.get_one(Vehicle, CAR)).telematics_id = "fleet-7"
    given = {
        "telematics_id": "fleet-7", "at": clock.now().isoformat(), "charge_percent": 62, "trouble_codes": ["P0420"],
    }  # fmt: skip
    taken = await dana.json("POST", "/api/v1/telematics", given)
    assert (taken.status_code, taken.json()["is_new"]) == (200, True)
    shown = await dana.get(HERE)
    assert "Catalytic converter, bank 1: works too little" in shown.text
    assert "62" in shown.text
    assert (await stranger.json("POST", "/api/v1/telematics", given)).status_code == 404
    assert (await stranger.get(HERE)).status_code == 404
