"""Whoever proves an address finds what shops have written down for it, and nobody else does."""

import asyncio
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update

from app.core.db import act_as, enter_tenant, transaction
from app.core.errors import Invalid
from app.core.events import record
from app.core.viewer import Viewer
from app.domains import customers, garage, workshop
from app.domains.accounts.events import EmailProved
from app.domains.accounts.models import User
from app.domains.billing import crediting, paying
from app.domains.customers import Customer, CustomerFacts
from app.domains.garage import Ownership, Vehicle, VehicleFacts
from app.domains.network.models import ServiceCenter
from app.domains.workshop.models import DeferredWork, RepairOrder
from tests.cast import CAR, CAST, HARBOR, HARBOR_CENTER, VOLT
from tests.domains.billing import bills
from tests.domains.estimates.desk import order_with_jobs, sent
from tests.domains.workshop.shop import checked_in, proposed
from tests.mailbox import link_to

AVERY = CAST.advisor.viewer
ZOE = "zoe@test.example"
VIN = "1HGCM82633A004352"
ACCORD = {"make": "Honda", "model": "Accord", "vin": VIN}


async def walk_in() -> None:
    """Dana's record and car as the shop would have written them down for Zoe, who has no account."""
    async with transaction(user=CAST.customer.user_id, tenant=HARBOR) as db:
        await db.execute(delete(Ownership).where(Ownership.vehicle_id == CAR))
        known = update(Customer).where(Customer.id == CAST.customer.customer_id)
        await db.execute(known.values(user_id=None, name="Zoe Z.", email="Zoe@Test.example"))


async def signs_up(browser, run_reactions):
    """Zoe with an account, and the link that proves her address."""
    zoe = browser()
    await zoe.post("/sign-up", {"name": "Zoe", "email": ZOE, "password": "three quiet mountains"})
    await run_reactions()
    return zoe, await link_to(ZOE, "/confirm-email/")


async def declined(db, **more):
    """The work a customer of Harbor Lane declined on a visit that is over."""
    order = await checked_in(db)
    job = await proposed(db, order, **more)
    await workshop.present_jobs(db, order, [job], by=AVERY)
    await workshop.decline_job(db, job, by=AVERY, reason="Too dear")
    order.stage = "delivered"
    [work] = await workshop.deferred_for_vehicle(db, AVERY, CAR)
    return work


async def test_who_proves_their_address_finds_their_visits_and_papers(site, browser, cast, run_reactions):
    await walk_in()
    async with transaction() as db:
        invoice = await bills.issued(db)
        await paying.take_cash(db, invoice, amount=bills.TOTAL, by=AVERY)
        note = await crediting.credit(db, invoice, reason="Wrong car", by=AVERY)
        order, _jobs = await order_with_jobs(db)
        estimate, _sheet = await sent(db, order)
    await run_reactions()
    zoe, link = await signs_up(browser, run_reactions)
    pages = [f"/orders/{order.id}/track", f"/estimates/{estimate.id}", f"/invoices/{invoice.id}"]
    assert [(await zoe.get(url)).status_code for url in pages] == [404, 404, 404], "claimed is not proved"
    assert "Accord" not in (await zoe.get("/garage")).text
    assert (await zoe.post(link)).status_code == 303
    await run_reactions()
    assert [(await zoe.get(url)).status_code for url in pages] == [200, 200, 200]
    assert "Accord" in (await zoe.get("/garage")).text
    for url in (f"/garage/{CAR}/history", "/appointments"):
        assert order.label in (await zoe.get(url)).text, "nobody booked it, and it is a visit all the same"
    assert note.label in (await zoe.get(pages[2])).text
    stranger = browser(cast.stranger)
    assert [(await stranger.get(url)).status_code for url in pages] == [404, 404, 404]


async def test_a_car_added_before_the_proof_is_one_with_what_the_shop_has_of_it(site, browser, run_reactions):
    """With its visits, its declined work and its place at the shop; also when a visit was booked meanwhile."""
    await walk_in()
    due = date(2090, 3, 1)
    async with transaction() as db:
        work = await declined(db)
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(next_maintenance_due=due))
    zoe, link = await signs_up(browser, run_reactions)
    answer = await zoe.post("/garage", ACCORD)
    own = answer.headers["location"].rpartition("/")[2]
    async with transaction() as db:
        person = await db.scalar(text("SELECT user_by_email(:email)"), {"email": ZOE})
        await act_as(db, user=person, tenant=HARBOR)
        user = await db.get_one(User, person)
        early = await customers.ensure_customer(db, HARBOR, user, by=CAST.stranger.viewer)
        assert early.id != CAST.customer.customer_id, "not proved yet"
    await zoe.post(link)
    await run_reactions()
    assert (await zoe.get("/garage")).text.count('href="/garage/' + own) >= 1
    assert str(CAR) not in (await zoe.get("/garage")).text
    assert "Front brakes" in (await zoe.get(f"/garage/{own}/history")).text
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        known = await customers.find(db, AVERY, CAST.customer.customer_id)
        assert known.user_id == person
        assert [one.id for one in await customers.cars_of(db, known)] == [CAR]
        assert await db.scalar(select(Vehicle.id).where(Vehicle.id == UUID(own))) is None, (
            "a VIN that a shop knows does not let it see the owner's car"
        )
    async with transaction(user=person, tenant=HARBOR) as db:
        viewer = Viewer(kind="person", user_id=person)
        user = await db.get_one(User, person)
        booking = await customers.ensure_customer(db, HARBOR, user, by=viewer)
        assert booking.id == CAST.customer.customer_id, "the record with the history"
        car = await garage.find_own(db, viewer, UUID(own))
        await garage.grant_access(db, car, HARBOR, by=viewer)
        await customers.bring_car(db, booking, car, by=viewer)
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        known = await customers.find(db, AVERY, CAST.customer.customer_id)
        [car] = await customers.cars_of(db, known)
        assert (str(car.id), car.plate, car.mileage_km) == (own, "7ABC123", 150000)
        assert car.next_maintenance_due == due, "what the shop said of its next service"
        assert await db.get(Vehicle, CAR) is None
        center = await db.get_one(ServiceCenter, HARBOR_CENTER)
        order = await workshop.open_order(
            db, center=center, customer=known, vehicle_id=car.id, intake=workshop.Intake(concern="Rain"),
            by=AVERY,
        )  # fmt: skip
        kept = await db.get_one(DeferredWork, work.id)
        assert (kept.status, kept.vehicle_id, kept.user_id) == ("suggested", car.id, person)
        assert order.user_id == person
    assert "Front brakes" in (await zoe.get(f"/garage/{own}/history")).text


async def test_an_order_opened_while_the_address_is_proved_is_taken_along(site, cast, run_reactions):
    await walk_in()
    async with transaction(user=cast.stranger.user_id, tenant=HARBOR) as db:
        known = update(Customer).where(Customer.id == cast.customer.customer_id)
        await db.execute(known.values(email=cast.stranger.email))
        proved = EmailProved(user_id=cast.stranger.user_id)
        await record(db, proved, by=cast.stranger.viewer, person=cast.stranger.user_id)
    async with transaction() as db:
        order = await checked_in(db)
        proving = asyncio.create_task(run_reactions())
        await asyncio.sleep(0.5)
        assert not proving.done()
    await proving
    async with transaction(user=cast.stranger.user_id) as db:
        assert await db.scalar(select(RepairOrder.id)) == order.id


async def test_of_several_with_one_address_only_the_namesake_is_linked(site, cast, run_reactions):
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        facts = [CustomerFacts(name=name, email=cast.stranger.email) for name in ("Elena", "sam stranger")]
        elena, sam = [
            await customers.create(db, one, tenant_id=HARBOR, by=AVERY, confirmed=True) for one in facts
        ]
    async with transaction(user=cast.outsider.user_id, tenant=VOLT) as db:
        alone, leaving = [
            await customers.create(
                db, CustomerFacts(name="S.", email=cast.stranger.email), tenant_id=VOLT, by=cast.outsider.viewer,
                confirmed=True,
            )
            for _one in range(2)
        ]  # fmt: skip
        leaving.erase_asked_at = leaving.created_at
    async with transaction(user=cast.stranger.user_id) as db:
        proved = EmailProved(user_id=cast.stranger.user_id)
        await record(db, proved, by=cast.stranger.viewer, person=cast.stranger.user_id)
    await run_reactions()
    async with transaction(user=cast.stranger.user_id) as db:
        linked = set(await db.scalars(select(Customer.id)))
    assert linked == {sam.id, alone.id}
    assert not linked & {elena.id, leaving.id}


async def test_the_new_owner_of_a_sold_car_sees_nothing_of_the_former_one(site, browser, cast, run_reactions):
    """The shop does: there is one car, whoever brings it."""
    await walk_in()
    async with transaction() as db:
        work = await declined(db, complaint="My wife hit the curb")
        before = await checked_in(db)
        facts = CustomerFacts(name="Sam", email=cast.stranger.email)
        sam = await customers.create(db, facts, tenant_id=HARBOR, by=AVERY)
        await customers.bring_car(db, sam, await garage.find(db, AVERY, CAR), by=AVERY)
    async with transaction(user=cast.stranger.user_id) as db:
        proved = EmailProved(user_id=cast.stranger.user_id)
        await record(db, proved, by=cast.stranger.viewer, person=cast.stranger.user_id)
    await run_reactions()
    visitor = browser(cast.stranger)
    assert "Accord" not in (await visitor.get("/garage")).text
    assert (await visitor.get(f"/garage/{CAR}")).status_code == 404
    async with transaction(user=cast.stranger.user_id) as db:
        car = await garage.add(db, VehicleFacts(**ACCORD), by=cast.stranger.viewer)
        await enter_tenant(db, HARBOR)
        known = await db.get_one(Customer, sam.id)
        assert known.user_id == cast.stranger.user_id
        await customers.bring_car(db, known, car, by=cast.stranger.viewer)
        await garage.grant_access(db, car, HARBOR, by=cast.stranger.viewer)
    assert "Front brakes" not in (await visitor.get(f"/garage/{car.id}/history")).text
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        center = await db.get_one(ServiceCenter, HARBOR_CENTER)
        form = workshop.IntakeForm(concern="Noise")
        arriving = {"center": center, "customer": known, "vehicle": car, "by": AVERY}
        with pytest.raises(Invalid) as inside:
            await workshop.check_in(db, form, **arriving)
        assert before.label in inside.value.errors["form"]
        (await db.get_one(RepairOrder, before.id)).stage = "delivered"
        await db.flush()
        order = await workshop.check_in(db, form, **arriving)
        [offered] = await workshop.deferred_for_vehicle(db, AVERY, car.id)
        assert offered.id == work.id
        job = await workshop.revive(db, offered, order, by=AVERY)
        assert (job.title, job.complaint) == ("Front brakes", "")


async def test_a_record_the_desk_writes_after_the_proof_is_linked_at_the_next_booking(site, cast):
    """Also when the account has a record there already; not before the address is proved."""
    async with transaction(user=cast.customer.user_id, tenant=HARBOR) as db:
        dana = await db.get_one(User, cast.customer.user_id)
        proved, dana.email_verified_at = dana.email_verified_at, None
    async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
        facts = CustomerFacts(name=dana.name, email=dana.email.upper())
        later = await customers.create(db, facts, tenant_id=HARBOR, by=AVERY, confirmed=True)
    for verified_at, owner in ((None, None), (proved, dana.id)):
        async with transaction(user=dana.id, tenant=HARBOR) as db:
            user = await db.get_one(User, dana.id)
            user.email_verified_at = verified_at
            booking = await customers.ensure_customer(db, HARBOR, user, by=cast.customer.viewer)
            assert booking.id == cast.customer.customer_id
            assert (await db.get_one(Customer, later.id)).user_id == owner
