"""A car changes hands: what goes along, what does not, once, and what is left with the seller."""

import asyncio
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.db import new_id, take_turn, transaction
from app.core.tables import EventRow
from app.domains import garage, logbook
from app.domains.garage.models import OdometerReading, Vehicle
from app.domains.handovers.models import Handover
from app.domains.logbook import Entry, Written
from app.domains.network.models import ServiceCenter
from app.domains.notifications.models import Notification
from app.personal import PERSONAL
from tests.cast import CAR, CAST, HARBOR, HARBOR_CENTER, VOLT
from tests.domains.garage.test_family import shared
from tests.mailbox import link_to

HERE = f"/garage/{CAR}/handover"
OFFER = {"email": CAST.stranger.email}


@pytest.fixture
async def written(browser):
    """A logbook of everything: work, one title that names its owner, a fill-up, insurance."""
    async with transaction(user=CAST.customer.user_id) as db:
        car = await db.get_one(Vehicle, CAR)
        me = CAST.customer.viewer
        for kind, title, km, more in (
            ("service", "Oil and filter", 150_000, {"note": "At Lou's", "tags": ["diy"], "cost_minor": 4500, "currency": "USD"}),
            ("repair", f"Wipers for {me.name.split()[0]}", 150_100, {}),
            ("fuel", "", 150_200, {"amount": 40, "is_full": True}),
            ("insurance", "Policy 7", None, {"cost_minor": 90000, "currency": "USD"}),
        ):  # fmt: skip
            said = Written(kind=kind, day=date(2026, 5, 1), km=km, title=title, **more)
            await logbook.log(db, car, said, by=me, confirmed=True)


async def offered(browser, cast, run_reactions, **more):
    answer = await browser(cast.customer).post(HERE, OFFER | more)
    assert answer.status_code == 303, answer.text
    await run_reactions()
    return await link_to(cast.stranger.email, "/handover/")


async def taken(browser, cast, run_reactions, **more):
    link = await offered(browser, cast, run_reactions, **more)
    answer = await browser(cast.stranger).post(link)
    assert answer.status_code == 303, answer.text
    await run_reactions()
    return answer.headers["location"].rpartition("/")[2]


async def entries_of(person, car_id):
    async with transaction(user=person.user_id) as db:
        rows = await db.scalars(
            select(Entry).where(Entry.vehicle_id == car_id).order_by(Entry.kind, Entry.id)
        )
        return rows.all()


@pytest.mark.usefixtures("written")
async def test_the_next_owner_gets_the_work_and_nothing_that_names_the_seller(browser, cast, run_reactions):
    link = await offered(browser, cast, run_reactions)
    sam = browser(cast.stranger)
    shown = (await sam.get(link)).text
    assert "2003 Honda Accord" in shown
    assert "Fuel and charging" not in shown
    own = (await sam.post(link)).headers["location"].rpartition("/")[2]
    entries = await entries_of(cast.stranger, own)
    assert sorted((one.kind, one.title, one.note, one.cost_minor) for one in entries if not one.tenant_id) == [
        ("repair", "", "", None), ("service", "Oil and filter", "", None),
    ]  # fmt: skip
    assert all(one.is_inherited and one.user_id is None and not one.tags for one in entries)
    async with transaction(user=cast.stranger.user_id) as db:
        car = await db.get_one(Vehicle, own)
        assert (car.make, car.plate, car.photo_id, car.mileage_km) == ("Honda", "", None, 150_200)
        readings = await db.scalars(select(OdometerReading.actor_id).where(OdometerReading.vehicle_id == own))
        assert set(readings) == {None}
    for page in (
        f"/garage/{own}",
        f"/garage/{own}/logbook",
        f"/garage/{own}/readings",
        f"/garage/{own}/passports",
    ):
        text = (await sam.get(page)).text
        assert cast.customer.name.split()[0] not in text, page
        assert cast.customer.email not in text, page


@pytest.mark.usefixtures("written")
async def test_what_the_seller_ticks_goes_along(browser, cast, run_reactions):
    own = await taken(browser, cast, run_reactions, with_fills="yes", with_costs="yes", with_notes="yes")
    entries = {one.kind: one for one in await entries_of(cast.stranger, own) if not one.tenant_id}
    assert set(entries) == {"fuel", "repair", "service"}
    oil = entries["service"]
    assert (oil.note, oil.tags, oil.cost_minor, oil.currency) == ("At Lou's", ["diy"], 4500, "USD")


async def test_a_shops_word_stays_the_shops(browser, cast, run_reactions):
    async with transaction(tenant=HARBOR) as db:
        assert await garage.is_granted(db, await db.get_one(Vehicle, CAR), HARBOR)
        db.add(Entry(
            id=new_id(), vehicle_id=CAR, kind="service", day=date(2026, 4, 1), km=140_000, title="Front brakes",
            tenant_id=HARBOR, center_id=HARBOR_CENTER,
        ))  # fmt: skip
        name = await db.scalar(select(ServiceCenter.name).where(ServiceCenter.id == HARBOR_CENTER))
    own = await taken(browser, cast, run_reactions)
    (brakes,) = [one for one in await entries_of(cast.stranger, own) if one.title == "Front brakes"]
    assert brakes.is_verified
    sam = browser(cast.stranger)
    page = f"/garage/{own}/logbook/{brakes.id}"
    assert f"Verified by {name}" in (await sam.get(page)).text
    assert (await sam.post(f"{page}/remove", {"version": "1"})).status_code == 409
    assert "Front brakes" in (await sam.get(f"/garage/{own}/passports")).text
    async with transaction(tenant=HARBOR) as db:
        assert await db.get(Vehicle, own) is None


@pytest.mark.usefixtures("written")
async def test_what_a_previous_owner_wrote_is_removed_but_not_reworded(browser, cast, run_reactions):
    own = await taken(browser, cast, run_reactions)
    (oil,) = [one for one in await entries_of(cast.stranger, own) if one.title == "Oil and filter"]
    sam, page = browser(cast.stranger), f"/garage/{own}/logbook/{oil.id}"
    said = {"kind": "service", "day": "2026-05-01", "title": "New engine", "version": "1"}
    assert (await sam.post(page, said)).status_code == 409
    assert (await sam.post(f"{page}/remove", {"version": "1"})).status_code == 303
    assert (await sam.post(f"{page}/return")).status_code == 303


async def test_the_car_is_sold_in_the_sellers_garage_and_they_are_told(browser, cast, run_reactions):
    dana = browser(cast.customer)
    made = await dana.post(f"/garage/{CAR}/passports", {"days": "30"})
    async with transaction(user=cast.customer.user_id) as db:
        car = await db.get_one(Vehicle, CAR)
        car.telematics_id, car.next_maintenance_due = "abc", date(2027, 1, 1)
    await taken(browser, cast, run_reactions)
    assert "You sold this car" in (await dana.get(f"/garage/{CAR}")).text
    assert "The next owner took the history" in (await dana.get(HERE)).text
    assert (await dana.post(f"/garage/{CAR}/passports", {"days": "30"})).status_code == 409
    passport = (await dana.get(made.headers["location"])).text
    (link,) = set(re.findall(r"/passport/([\w-]{20,})", passport))
    assert (await browser().get(f"/passport/{link}")).status_code == 410
    async with transaction(user=cast.customer.user_id) as db:
        car = await db.get_one(Vehicle, CAR)
        assert (car.telematics_id, car.next_maintenance_due) == ("", None)
        said = await db.scalars(select(Notification.url).where(Notification.user_id == cast.customer.user_id))
        assert HERE in said.all()


async def test_a_link_opens_once_and_not_for_the_seller(browser, cast, run_reactions):
    link = await offered(browser, cast, run_reactions)
    assert (await browser(cast.customer).post(link)).status_code == 409
    answers = await asyncio.gather(
        browser(cast.stranger).post(link),
        browser(cast.outsider).post(link),
        browser(cast.stranger).post(link),
    )
    assert sorted(one.status_code for one in answers) == [303, 410, 410]
    assert (await browser().get(link)).status_code == 410


async def test_a_withdrawn_an_old_and_a_replaced_link_open_nothing(browser, cast, run_reactions):
    first = await offered(browser, cast, run_reactions)
    second = await offered(browser, cast, run_reactions)
    assert first != second
    assert (await browser(cast.stranger).post(first)).status_code == 410
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(Handover).values(expires_at=clock.now() - timedelta(minutes=1)))
    assert (await browser(cast.stranger).post(second)).status_code == 410
    third = await offered(browser, cast, run_reactions)
    async with transaction(user=cast.customer.user_id) as db:
        open_one = await db.scalar(select(Handover.id).order_by(Handover.id.desc()).limit(1))
    withdrawal = f"{HERE}/{open_one}/withdrawal"
    assert (await browser(cast.stranger).post(withdrawal)).status_code == 404
    assert (await browser(cast.customer).post(withdrawal)).status_code == 303
    assert (await browser(cast.stranger).post(third)).status_code == 410


async def test_taking_and_withdrawing_at_once_end_in_one_of_the_two(browser, cast, run_reactions):
    link = await offered(browser, cast, run_reactions)
    async with transaction(user=cast.customer.user_id) as db:
        handover = await db.scalar(select(Handover.id))
    took, withdrew = await asyncio.gather(
        browser(cast.stranger).post(link), browser(cast.customer).post(f"{HERE}/{handover}/withdrawal")
    )
    assert (took.status_code, withdrew.status_code) in {(303, 409), (410, 303)}


async def test_only_an_owner_sells(browser, cast):
    for url in (HERE, f"/garage/{CAR}/sale"):
        assert (await browser(cast.stranger).post(url, OFFER | {"sold_on": "2026-01-01"})).status_code == 404


async def test_a_sale_reckons_what_having_the_car_came_to(browser, cast):
    dana = browser(cast.customer)
    sale = {"sold_on": "2026-06-30", "bought": "9000", "sold": "4000.50", "currency": "USD"}
    assert (await dana.post(f"/garage/{CAR}/sale", sale)).status_code == 303
    shown = (await dana.get(HERE)).text
    assert "$4,999.50" in shown
    assert "You sold this car" in (await dana.get(f"/garage/{CAR}")).text
    assert "Accord" not in (await dana.get("/book")).text
    assert (await dana.post(f"/garage/{CAR}/return")).status_code == 303
    assert "You sold this car" not in (await dana.get(f"/garage/{CAR}")).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sold_on": "2999-01-01"}, "cannot lie ahead"),
        ({"sold_on": "2026-01-01", "sold": "5.005", "currency": "USD"}, "more decimals"),
        ({"sold_on": "2026-01-01", "sold": "5", "currency": "XYZ"}, "choose a currency"),
    ],
)
async def test_a_sale_that_cannot_be_changes_nothing(browser, cast, wrong, words):
    answer = await browser(cast.customer).post(f"/garage/{CAR}/sale", wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert "You sold this car" not in (await browser(cast.customer).get(f"/garage/{CAR}")).text


async def test_who_has_the_car_back_has_nothing_twice(browser, cast, run_reactions, written):
    """Sold, and bought back: what came since is added to what was there."""
    own = await taken(browser, cast, run_reactions, with_notes="yes")
    before = len(await entries_of(cast.customer, CAR))
    async with transaction(user=cast.stranger.user_id) as db:
        car = await db.get_one(Vehicle, own)
        later = Written(kind="service", day=clock.now().date(), title="Spark plugs")
        await logbook.log(db, car, later, by=cast.stranger.viewer)
    here = f"/garage/{own}/handover"
    answer = await browser(cast.stranger).post(here, {"email": cast.customer.email})
    assert answer.status_code == 303
    await run_reactions()
    link = await link_to(cast.customer.email, "/handover/")
    answer = await browser(cast.customer).post(link)
    back = answer.headers["location"].rpartition("/")[2]
    assert back == str(CAR)
    entries = await entries_of(cast.customer, CAR)
    new = [one.title for one in entries if one.is_inherited]
    assert new == ["Spark plugs"]
    assert len(entries) == before + 1


async def test_somebody_new_makes_an_account_by_the_link(browser, cast, run_reactions):
    answer = await browser(cast.customer).post(HERE, {"email": "new.owner@home.example"})
    assert answer.status_code == 303
    await run_reactions()
    link = await link_to("new.owner@home.example", "/handover/")
    fresh = browser()
    said = {"name": "Noor Haddad", "password": "three quiet mountains", "zone": "Europe/Berlin"}
    answer = await fresh.post(link, said)
    assert answer.status_code == 303, answer.text
    assert "2003 Honda Accord" in (await fresh.get(answer.headers["location"])).text


async def test_erasing_the_seller_takes_nothing_from_the_next_owner(browser, cast, run_reactions, written):
    own = await taken(browser, cast, run_reactions)
    async with transaction(user=cast.customer.user_id) as db:
        for declared in PERSONAL:
            if declared.erase:
                await declared.erase(db, cast.customer.user_id)
        assert (await db.scalars(select(Handover))).all() == []
    assert len(await entries_of(cast.stranger, own)) >= 2


async def test_a_full_garage_takes_no_more(browser, cast, run_reactions):
    link = await offered(browser, cast, run_reactions)
    async with transaction(user=cast.stranger.user_id) as db:
        for _one in range(garage.MOST_CARS - len(await garage.mine(db, cast.stranger.viewer))):
            await garage.add(db, garage.VehicleFacts(make="Volvo", model="240"), by=cast.stranger.viewer)
    assert (await browser(cast.stranger).post(link)).status_code == 409


async def noted(title, **more):
    async with transaction(user=CAST.customer.user_id) as db:
        said = Written(kind="service", day=date(2026, 5, 1), km=150_000, title=title, **more)
        await logbook.log(db, await db.get_one(Vehicle, CAR), said, by=CAST.customer.viewer, confirmed=True)


async def test_a_taker_at_work_tells_their_employer_nothing_and_the_seller_no_name(
    browser, cast, run_reactions
):
    sale = {"sold_on": "2026-01-02", "bought": "9000", "sold": "4000", "currency": "USD"}
    assert (await browser(cast.customer).post(f"/garage/{CAR}/sale", sale)).status_code == 303
    answer = await browser(cast.customer).post(HERE, {"email": cast.outsider.email})
    assert answer.status_code == 303
    await run_reactions()
    link = await link_to(cast.outsider.email, "/handover/")
    assert (await browser(cast.outsider).post(link)).status_code == 303
    await run_reactions()
    async with transaction(tenant=VOLT) as db:
        assert (await db.scalars(select(EventRow.name).where(EventRow.name.like("%Vehicle%")))).all() == []
        assert (await db.scalars(select(EventRow.name).where(EventRow.name.like("%Handover%")))).all() == []
    async with transaction(user=cast.customer.user_id) as db:
        rows = (
            await db.scalars(select(EventRow).where(EventRow.name.in_(["VehicleSold", "HandoverTaken"])))
        ).all()
        assert {row.name for row in rows} == {"VehicleSold", "HandoverTaken"}
        assert cast.outsider.name not in {row.actor_name for row in rows}


async def test_what_one_does_with_ones_own_car_at_work_is_no_affair_of_the_business(browser, cast):
    """Who is signed in at a workplace has a private life as well."""
    avery = browser(cast.advisor)
    at = (await avery.post("/garage", {"make": "Volvo", "model": "240", "year": "1989"})).headers["location"]
    sale = {"sold_on": "2026-01-02", "bought": "9000", "sold": "4000", "currency": "USD"}
    assert (await avery.post(f"{at}/sale", sale)).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        mine = select(EventRow.name).where(EventRow.actor_id == cast.advisor.user_id)
        assert not {"VehicleAdded", "VehicleSold"} & set(await db.scalars(mine))


async def test_a_driver_who_is_gone_is_not_named_either(browser, cast, run_reactions):
    await noted("Tires for Sam")
    await shared(browser, cast, run_reactions, "driver")
    assert (
        await browser(cast.customer).post(f"/garage/{CAR}/sale", {"sold_on": "2026-06-02"})
    ).status_code == 303
    await run_reactions()
    async with transaction(user=cast.stranger.user_id) as db:
        told = await db.scalars(
            select(Notification.title).where(Notification.user_id == cast.stranger.user_id)
        )
        assert "2003 Honda Accord is sold" in told.all()
    answer = await browser(cast.customer).post(HERE, {"email": cast.outsider.email})
    assert answer.status_code == 303
    await run_reactions()
    answer = await browser(cast.outsider).post(await link_to(cast.outsider.email, "/handover/"))
    own = answer.headers["location"].rpartition("/")[2]
    assert [one.title for one in await entries_of(cast.outsider, own) if not one.tenant_id] == [""]


async def test_one_sale_has_one_next_owner_and_another_sale_another(browser, cast, run_reactions):
    own = await taken(browser, cast, run_reactions)
    assert (await browser(cast.customer).post(HERE, {"email": cast.outsider.email})).status_code == 409
    answer = await browser(cast.stranger).post(f"/garage/{own}/handover", {"email": cast.customer.email})
    assert answer.status_code == 303
    await run_reactions()
    answer = await browser(cast.customer).post(await link_to(cast.customer.email, "/handover/"))
    assert answer.headers["location"] == f"/garage/{CAR}"
    page = (await browser(cast.customer).get(HERE)).text
    assert "Send the link" in page
    assert "took the history" not in page


async def test_having_a_car_costs_its_next_owner_what_they_paid_themselves(browser, cast, run_reactions):
    await noted("Engine", cost_minor=500_000, currency="USD")
    own = await taken(browser, cast, run_reactions, with_costs="yes")
    sale = {"sold_on": str(clock.now().date()), "bought": "1000", "sold": "900", "currency": "USD"}
    sam = browser(cast.stranger)
    assert (await sam.post(f"/garage/{own}/sale", sale)).status_code == 303
    assert "$5,000" not in (await sam.get(f"/garage/{own}/handover")).text
    assert "$5,000" not in (await sam.get(f"/garage/{own}/logbook/totals")).text
    assert "$5,000" in (await sam.get(f"/garage/{own}/logbook")).text


async def test_what_a_previous_owner_read_stays_as_it_was(browser, cast, run_reactions):
    answer = await browser(cast.customer).post(f"/garage/{CAR}/readings", {"mileage": "200000"})
    assert answer.status_code == 303, answer.text
    own = await taken(browser, cast, run_reactions)
    async with transaction(user=cast.stranger.user_id) as db:
        rows = (await db.scalars(select(OdometerReading).where(OdometerReading.vehicle_id == own))).all()
    for row in rows:
        answer = await browser(cast.stranger).post(
            f"/garage/{own}/readings/{row.id}/removal", {"version": "1"}
        )
        assert answer.status_code == 404, row.source
    assert "previous" in {row.source for row in rows}


async def test_who_withdraws_slowly_makes_whoever_takes_wait(browser, cast, run_reactions):
    link = await offered(browser, cast, run_reactions)
    began = asyncio.Event()

    async def withdrawing():
        async with transaction(user=cast.customer.user_id) as db:
            await take_turn(db, f"family of {CAR}")
            offer = (await db.scalars(select(Handover))).one()
            began.set()
            await asyncio.sleep(0.3)
            offer.withdrawn_at = clock.now()

    async def taking():
        await began.wait()
        return await browser(cast.stranger).post(link)

    _done, answer = await asyncio.gather(withdrawing(), taking())
    assert answer.status_code == 410


async def test_a_second_offer_says_what_becomes_of_the_first(browser, cast, run_reactions):
    await offered(browser, cast, run_reactions)
    dana = browser(cast.customer)
    answer = await dana.post(HERE, {"email": cast.outsider.email})
    said = (await dana.get(answer.headers["location"])).text
    assert f"The link before, to {cast.stranger.email}, no longer works." in said
    wrong = await browser(cast.customer).post(HERE, {"email": "foo@"})
    assert wrong.status_code == 422


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("ending", ["csv", "json"])
async def test_what_came_with_the_car_goes_out_and_in_again_unchanged(browser, cast, run_reactions, ending):
    own = await taken(browser, cast, run_reactions, with_costs="yes", with_fills="yes")
    sam = browser(cast.stranger)
    out = (await sam.get(f"/garage/{own}/logbook.{ending}")).content
    sent = await sam.post(f"/garage/{own}/histories", {}, files={"file": (f"out.{ending}", out, "text/csv")})
    assert sent.status_code == 303, sent.text
    assert "There is nothing new in this file." in (await sam.get(sent.headers["location"])).text
