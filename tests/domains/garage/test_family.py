"""Sharing a car: by a mailed link in, what each role may do, and that there is always an owner."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import escape
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import new_id, transaction
from app.core.errors import Forbidden, NotFound, Refused
from app.domains.garage import cars, family
from app.domains.garage import personal as garage
from app.domains.garage.models import CarInvitation, OdometerReading, Ownership, Vehicle, VehicleGrant
from app.domains.logbook import personal as logbook
from app.domains.logbook.models import Entry
from tests.cast import CAR, CAST, OTHER_CAR, VOLT
from tests.mailbox import link_to

HERE = f"/garage/{CAR}"
FILL = {
    "kind": "fuel", "day": "2026-11-01", "title": "", "cost": "40", "currency": "USD", "amount": "10", "full": "yes",
}  # fmt: skip
PHRASE = "three quiet mountains"


async def invited(browser, cast, run_reactions, *, role="driver", email="", owner=None):
    email = email or cast.stranger.email
    asked = {"email": email, "access": role, "cars": str(CAR)}
    answer = await browser(owner or cast.customer).post(f"{HERE}/people", asked)
    assert answer.status_code == 303, answer.text
    await run_reactions()
    return await link_to(email, "/shared/")


async def shared(browser, cast, run_reactions, role="driver"):
    link = await invited(browser, cast, run_reactions, role=role)
    answer = await browser(cast.stranger).post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    return browser(cast.stranger)


async def ownership_of(person, vehicle_id=CAR):
    async with transaction(user=person.user_id) as db:
        return await db.scalar(
            select(Ownership.id).where(
                Ownership.vehicle_id == vehicle_id,
                Ownership.user_id == person.user_id,
                Ownership.until.is_(None),
            )
        )


async def roles():
    """Who has the car, by name, as its database has it."""
    async with transaction(user=CAST.customer.user_id) as db:
        rows = (await db.execute(select(Ownership.user_id, Ownership.role).where(Ownership.until.is_(None), Ownership.vehicle_id == CAR))).all()  # fmt: skip
    return {row.user_id: row.role for row in rows}


async def test_the_link_shares_a_car_once(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions)
    sam = browser(cast.stranger)
    assert "2003 Honda Accord" in (await browser().get(link)).text
    assert "Put it into my garage" in (await sam.get(link)).text
    assert (await sam.get(HERE)).status_code == 404
    assert (await sam.post(link)).status_code == 303
    assert (await sam.get(HERE)).status_code == 200
    shown = (await sam.get("/garage")).text
    assert f"Shared by {escape(cast.customer.name)}" in shown
    assert (await browser(cast.outsider).post(link)).status_code == 410
    assert (await sam.get(link)).status_code == 410


async def test_somebody_new_makes_an_account_by_the_link(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions, email="nia@test.example", role="reader")
    nia = browser()
    assert "Make an account for nia@test.example" in (await nia.get(link)).text
    assert (await nia.post(link, {"name": "Nia", "password": "short"})).status_code == 422
    done = await nia.post(link, {"name": "Nia O'Dwyer", "password": PHRASE})
    assert (done.status_code, done.headers["location"]) == (303, HERE)
    assert "Read only" in (await nia.get(HERE)).text
    people = (await browser(cast.customer).get(f"{HERE}/people")).text
    assert "Nia O&#39;Dwyer" in people
    assert "nia@test.example" in people


async def test_who_invited_cannot_take_the_link_themselves(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions)
    dana = browser(cast.customer)
    assert "The link is for them" in (await dana.get(link)).text
    assert (await dana.post(link)).status_code == 409
    assert (await browser(cast.stranger).post(link)).status_code == 303


async def test_a_link_ends_when_it_is_withdrawn_replaced_or_old(browser, cast, run_reactions):
    dana, sam = browser(cast.customer), browser(cast.stranger)
    first = await invited(browser, cast, run_reactions)
    second = await invited(browser, cast, run_reactions)
    assert (await sam.post(first)).status_code == 410
    one = (await dana.get(f"{HERE}/people")).text.split(f"{HERE}/invitations/")[1].split("/")[0]
    assert (await sam.post(f"{HERE}/invitations/{one}/withdrawal")).status_code == 404
    assert (await dana.post(f"{HERE}/invitations/{one}/withdrawal")).status_code == 303
    assert (await sam.post(second)).status_code == 410
    third = await invited(browser, cast, run_reactions)
    async with transaction(user=cast.customer.user_id) as db:
        await db.execute(update(CarInvitation).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert (await sam.get(third)).status_code == 410
    assert (await sam.post(third)).status_code == 410


async def test_only_the_hash_of_the_token_is_kept(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions)
    token = link.rsplit("/", 1)[-1]
    async with transaction(user=cast.customer.user_id) as db:
        kept = await db.scalar(select(CarInvitation.token_hash))
    assert kept
    assert token.encode() not in kept


async def test_two_who_open_one_link_and_one_gets_the_car(browser, cast, run_reactions):
    link = await invited(browser, cast, run_reactions)
    answers = await asyncio.gather(
        browser(cast.stranger).post(link), browser(cast.outsider).post(link), browser(cast.advisor).post(link)
    )
    assert sorted(one.status_code for one in answers) == [303, 410, 410]
    assert len(await roles()) == 2


async def test_nobody_is_invited_to_a_car_that_is_not_the_inviters(browser, cast):
    dana, sam = browser(cast.customer), browser(cast.stranger)
    asked = {"email": "nia@test.example", "access": "driver"}
    assert (
        await dana.post(f"{HERE}/people", asked | {"cars": [str(CAR), str(OTHER_CAR)]})
    ).status_code == 404
    assert (await sam.post(f"{HERE}/people", asked | {"cars": str(CAR)})).status_code == 404
    for wrong in ({"email": "nia"}, {"access": "captain"}, {"email": "a b@c.example"}, {"cars": []}):
        answer = await dana.post(f"{HERE}/people", asked | {"cars": str(CAR)} | wrong)
        assert answer.status_code == 422
    async with transaction(user=cast.customer.user_id) as db:
        assert await db.scalar(select(CarInvitation.id)) is None


ACTS = {
    # what: (path, form, [owner, driver, reader])
    "looks": ("GET", HERE, None, (200, 200, 200)),
    "reads the logbook": ("GET", f"{HERE}/logbook", None, (200, 200, 200)),
    "reads the totals": ("GET", f"{HERE}/logbook/totals", None, (200, 200, 200)),
    "takes the logbook along": ("GET", f"{HERE}/logbook.csv", None, (200, 200, 200)),
    "reads the telematics": ("GET", f"{HERE}/telematics", None, (200, 200, 200)),
    "sees who shares it": ("GET", f"{HERE}/people", None, (200, 200, 200)),
    "opens the form": ("GET", f"{HERE}/logbook/new", None, (200, 200, 403)),
    "logs a fill-up": ("POST", f"{HERE}/logbook", FILL, (303, 303, 403)),
    "reads the odometer": ("POST", f"{HERE}/readings", {"mileage": "123456", "confirmed": "123456"}, (303, 303, 403)),
    "corrects the facts": ("GET", f"{HERE}/edit", None, (200, 403, 403)),
    "brings a history": ("GET", f"{HERE}/histories", None, (200, 403, 403)),
    "invites": ("POST", f"{HERE}/people", {"email": "x@test.example", "access": "reader", "cars": str(CAR)}, (303, 403, 403)),
    "puts it away": ("POST", f"{HERE}/archive", {}, (303, 303, 303)),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("place", "role"), list(enumerate(["owner", "driver", "reader"])))
async def test_each_role_does_what_it_may(browser, cast, run_reactions, act, place, role):
    method, path, form, expected = ACTS[act]
    sam = await shared(browser, cast, run_reactions, role)
    answer = await (sam.get(path) if method == "GET" else sam.post(path, form))
    assert answer.status_code == expected[place], answer.text
    nobody = browser(cast.outsider)
    answer = await (nobody.get(path) if method == "GET" else nobody.post(path, form))
    assert answer.status_code == 404


async def test_a_reader_sees_no_button_that_leads_nowhere(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions, "reader")
    page = (await sam.get(HERE)).text
    for words in ("Save mileage", "Log a fill-up", "Book a visit", "Ask for parts", "Save photo", ">Edit<"):
        assert words not in page
    assert "Log a fill-up" not in (await sam.get(f"{HERE}/logbook")).text
    assert (
        "Book a visit"
        not in (await sam.get("/garage")).text.split("2003 Honda Accord")[1].split("</article>")[0]
    )
    assert "Share it with somebody" not in (await sam.get(f"{HERE}/people")).text


async def test_putting_a_shared_car_away_is_each_persons_own(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions, "reader")
    await sam.post(f"{HERE}/archive")
    assert "Put away" in (await sam.get("/garage")).text
    assert "Put away" not in (await browser(cast.customer).get("/garage")).text


async def test_json_keeps_to_the_roles(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions, "reader")
    api = f"/api/v1/customers/vehicles/{CAR}"
    assert (await sam.get(api)).status_code == 200
    assert (await sam.get(f"{api}/logbook")).status_code == 200
    entry = {"kind": "note", "day": "2026-11-01", "title": "Wipers"}
    assert (await sam.json("POST", f"{api}/logbook", entry)).status_code == 403


async def test_an_owner_changes_roles_and_removes(browser, cast, run_reactions):
    sam, dana = await shared(browser, cast, run_reactions, "reader"), browser(cast.customer)
    his, hers = await ownership_of(cast.stranger), await ownership_of(cast.customer)
    assert (await sam.post(f"{HERE}/people/{his}/role", {"access": "owner"})).status_code == 403
    assert (await sam.post(f"{HERE}/people/{hers}/removal")).status_code == 403
    assert (await dana.post(f"{HERE}/people/{his}/role", {"access": "driver"})).status_code == 303
    assert (await roles())[cast.stranger.user_id] == "driver"
    assert (
        await browser(cast.outsider).post(f"{HERE}/people/{his}/role", {"access": "owner"})
    ).status_code == 404
    assert (await dana.post(f"{HERE}/people/{his}/removal")).status_code == 303
    assert (await sam.get(HERE)).status_code == 404
    assert (await dana.post(f"{HERE}/people/{his}/removal")).status_code == 404


async def test_the_last_owner_neither_leaves_nor_steps_down(browser, cast, run_reactions):
    await shared(browser, cast, run_reactions, "driver")
    dana, hers = browser(cast.customer), await ownership_of(cast.customer)
    for path, form in ((f"{HERE}/leaving", {}), (f"{HERE}/people/{hers}/role", {"access": "reader"}), (f"{HERE}/people/{hers}/removal", {})):  # fmt: skip
        answer = await dana.post(path, form)
        assert answer.status_code == 409
        assert "A car needs an owner" in answer.text
    assert (await browser(cast.stranger).post(f"{HERE}/leaving")).status_code == 303
    assert await roles() == {cast.customer.user_id: "owner"}


async def test_two_owners_who_leave_at_once_leave_one(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions, "owner")
    answers = await asyncio.gather(
        sam.post(f"{HERE}/leaving"), browser(cast.customer).post(f"{HERE}/leaving")
    )
    assert sorted(one.status_code for one in answers) == [303, 409]


async def test_two_owners_who_remove_each_other_leave_one(browser, cast, run_reactions):
    sam = await shared(browser, cast, run_reactions, "owner")
    his, hers = await ownership_of(cast.stranger), await ownership_of(cast.customer)
    answers = await asyncio.gather(
        sam.post(f"{HERE}/people/{hers}/removal"),
        browser(cast.customer).post(f"{HERE}/people/{his}/removal"),
    )
    assert sorted(one.status_code for one in answers) in ([303, 403], [303, 404])


WRITES = {
    "facts": update(Vehicle).where(Vehicle.id == CAR).values(color="red"),
    "entries": insert(Entry).values(
        id=new_id(), vehicle_id=CAR, kind="note", day=clock.today("UTC"), title="x", note="", currency="", tags=[],
        tasks=[], is_full=False, is_missed=False, version=1, created_at=clock.now(),
    ),
    "readings": insert(OdometerReading).values(id=new_id(), vehicle_id=CAR, km=1, at=clock.now(), source="owner", created_at=clock.now()),
    "shops": insert(VehicleGrant).values(id=new_id(), vehicle_id=CAR, tenant_id=VOLT, created_at=clock.now()),
    "the role": update(Ownership).where(Ownership.vehicle_id == CAR, Ownership.user_id == CAST.stranger.user_id).values(role="owner"),
    "the owner": update(Ownership).where(Ownership.vehicle_id == CAR, Ownership.user_id == CAST.customer.user_id).values(until=clock.now()),
    "no grant": delete(VehicleGrant).where(VehicleGrant.vehicle_id == CAR),
}  # fmt: skip


@pytest.mark.parametrize("what", WRITES)
async def test_the_database_lets_a_reader_write_nothing(browser, cast, run_reactions, what):
    await shared(browser, cast, run_reactions, "reader")
    async with transaction(user=cast.stranger.user_id) as db:
        assert await db.scalar(select(Vehicle.id).where(Vehicle.id == CAR))
        done = None
        with suppress(DBAPIError):
            async with db.begin_nested():
                done = await db.execute(WRITES[what])
        assert done is None or not done.rowcount


async def test_who_was_removed_does_not_come_back_by_themselves(browser, cast, run_reactions):
    await shared(browser, cast, run_reactions, "driver")
    his = await ownership_of(cast.stranger)
    await browser(cast.customer).post(f"{HERE}/people/{his}/removal")
    async with transaction(user=cast.stranger.user_id) as db:
        with pytest.raises(DBAPIError, match="never moved"):
            async with db.begin_nested():
                await db.execute(update(Ownership).where(Ownership.id == his).values(until=None))


async def owners_among(people):
    found = []
    for person in people:
        async with transaction(user=person.user_id) as db:
            if await cars.role_of(db, person.viewer, Vehicle(id=CAR)) == "owner":
                found.append(person)
    return found


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["customer", "stranger", "outsider"]),
        st.sampled_from(["owner", "driver", "reader", "remove", "leave"]),
        st.sampled_from(["customer", "stranger", "outsider"]),
    ),
    max_size=12,
)


@given(steps=STEPS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_order_of_changes_leaves_a_car_without_an_owner(browser, cast, run_reactions, steps):
    family_of_three = (cast.customer, cast.stranger, cast.outsider)
    owner = next(iter(await owners_among(family_of_three)))
    for person in family_of_three:
        if await ownership_of(person) is None:
            link = await invited(browser, cast, run_reactions, role="owner", email=person.email, owner=owner)
            assert (await browser(person).post(link)).status_code == 303
    for actor, act, target in steps:
        me, other = getattr(cast, actor).viewer, getattr(cast, target)
        async with transaction(user=me.user_id) as db:
            try:
                car = await cars.find_readable(db, me, CAR)
                if act == "leave":
                    await family.leave(db, car, by=me)
                else:
                    claim = await db.scalar(select(Ownership.id).where(Ownership.vehicle_id == CAR, Ownership.user_id == other.user_id, Ownership.until.is_(None)))  # fmt: skip
                    if claim and act == "remove":
                        await family.remove(db, car, claim, by=me)
                    elif claim:
                        await family.change_role(db, car, claim, act, by=me)
            except (Refused, NotFound, Forbidden):
                pass
    assert await owners_among(family_of_three)


async def test_an_erased_owner_hands_the_car_down_and_an_erased_driver_takes_nothing(
    browser, cast, run_reactions
):
    sam = await shared(browser, cast, run_reactions, "driver")
    assert (await sam.post(f"{HERE}/logbook", FILL)).status_code == 303
    async with transaction(user=cast.customer.user_id) as db:
        await logbook.DECLARED.erase(db, cast.customer.user_id)
        await garage.DECLARED.erase(db, cast.customer.user_id)
    assert await ownership_of(cast.customer) is None
    async with transaction(user=cast.stranger.user_id) as db:
        assert await cars.role_of(db, cast.stranger.viewer, Vehicle(id=CAR)) == "owner"
        assert await db.scalar(select(Entry.id).where(Entry.vehicle_id == CAR))
    assert (await sam.get(f"{HERE}/edit")).status_code == 200


async def test_a_member_who_erases_their_account_leaves_the_car_and_what_they_wrote(
    browser, cast, run_reactions
):
    sam = await shared(browser, cast, run_reactions, "driver")
    assert (await sam.post(f"{HERE}/logbook", FILL)).status_code == 303
    async with transaction(user=cast.stranger.user_id) as db:
        await logbook.DECLARED.erase(db, cast.stranger.user_id)
        await garage.DECLARED.erase(db, cast.stranger.user_id)
    assert await roles() == {cast.customer.user_id: "owner"}
    async with transaction(user=cast.customer.user_id) as db:
        assert await db.scalar(select(Entry.id).where(Entry.vehicle_id == CAR))


async def test_a_reader_is_offered_nothing_to_press_and_told_why(browser, cast, run_reactions):
    dana = browser(cast.customer)
    said = {"title": "Winter tires on", "due_on": "2026-01-02"}
    assert (await dana.post(f"{HERE}/reminders", said)).status_code == 303
    sam = await shared(browser, cast, run_reactions, "reader")
    for page in (HERE, f"{HERE}/reminders"):
        text = (await sam.get(page)).text
        assert "Winter tires on" in text
        assert "New reminder" not in text
        assert "/completion" not in text
    refused = await sam.get(f"{HERE}/reminders/new")
    assert refused.status_code == 403
    assert "only by whoever owns or drives it" in refused.text
