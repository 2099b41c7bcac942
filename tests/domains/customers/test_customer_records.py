"""A shop's own record of a person."""

import asyncio

import pytest
from sqlalchemy import func, select

from app.core.db import enter_tenant, transaction
from app.core.errors import Invalid, NotFound
from app.domains import customers, garage
from app.domains.accounts.models import User
from app.domains.customers import Customer, CustomerFacts
from app.domains.garage import VehicleFacts
from tests.cast import CAR, HARBOR, VOLT
from tests.conftest import viewing

LEAF = VehicleFacts(vin="1N4AZ0CP6GC304290", make="Nissan", model="Leaf", year=2016, plate="EV 1")


async def test_an_advisor_writes_down_a_walk_in(db, cast):
    me = cast.advisor.viewer
    await viewing(db, cast.advisor)
    customer = await customers.create(
        db, CustomerFacts(name="  Noor   al-Amin ", phone="(503) 555-0199"), tenant_id=HARBOR, by=me
    )
    assert (customer.name, customer.shown_number, customer.user_id) == ("Noor al-Amin", "C-1001", None)
    assert (await customers.find(db, me, customer.id)).id == customer.id
    assert (await customers.find_by_number(db, me, 1001)).id == customer.id


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (CustomerFacts(name=" "), "name"),
        (CustomerFacts(name="A", email="not an address"), "email"),
        (CustomerFacts(name="A", email="a@b\nBcc: c@d.example"), "email"),
        (CustomerFacts(name="A", phone="call me"), "phone"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(db, cast, facts, field):
    await viewing(db, cast.advisor)
    with pytest.raises(Invalid) as wrong:
        await customers.create(db, facts, tenant_id=HARBOR, by=cast.advisor.viewer)
    assert list(wrong.value.errors) == [field]


@pytest.mark.parametrize(
    "facts",
    [CustomerFacts(name="X", email="CUSTOMER@test.example"), CustomerFacts(name="X", phone="1-503-555-0100")],
)
async def test_a_lookalike_is_asked_about(db, cast, facts):
    me = cast.advisor.viewer
    await viewing(db, cast.advisor)
    with pytest.raises(Invalid) as asked:
        await customers.create(db, facts, tenant_id=HARBOR, by=me)
    assert list(asked.value.errors) == ["confirmed"]
    assert await customers.create(db, facts, tenant_id=HARBOR, by=me, confirmed=True)


async def test_other_shops_find_nothing(db, cast):
    await viewing(db, cast.outsider)
    with pytest.raises(NotFound):
        await customers.find(db, cast.outsider.viewer, cast.customer.customer_id)
    with pytest.raises(NotFound):
        await customers.find_by_number(db, cast.outsider.viewer, 1)
    assert await customers.search(db, cast.outsider.viewer, "Dana") == []


async def account(db, person):
    return await db.scalar(select(User).where(User.id == person.user_id))


async def test_a_person_who_books_gets_one_record_in_each_shop(db, cast):
    me = cast.stranger.viewer
    await viewing(db, cast.stranger)
    await enter_tenant(db, HARBOR)
    user = await account(db, cast.stranger)
    first = await customers.ensure_customer(db, HARBOR, user, by=me)
    again = await customers.ensure_customer(db, HARBOR, user, by=me)
    await enter_tenant(db, VOLT)
    other = await customers.ensure_customer(db, VOLT, user, by=me)
    assert first.id == again.id
    assert (first.number, other.number) == (1001, 1001)
    assert first.name == "Sam Stranger"


async def test_a_known_walk_in_is_linked_by_address_and_keeps_what_the_shop_wrote(db, cast):
    await viewing(db, cast.advisor)
    known = await customers.create(
        db,
        CustomerFacts(name="S. Stranger", email="Stranger@Test.example", notes="pays cash"),
        tenant_id=HARBOR,
        by=cast.advisor.viewer,
    )
    await viewing(db, cast.stranger)
    user = await account(db, cast.stranger)
    await enter_tenant(db, HARBOR)
    linked = await customers.ensure_customer(db, HARBOR, user, by=cast.stranger.viewer)
    assert (linked.id, linked.user_id) == (known.id, cast.stranger.user_id)
    assert (linked.name, linked.notes) == ("S. Stranger", "pays cash")


async def test_an_address_that_was_never_proved_links_to_nobody(db, cast):
    """Else anybody could sign up with a neighbour's address and see their car."""
    await viewing(db, cast.advisor)
    facts = CustomerFacts(name="Vera", email=cast.stranger.email)
    known = await customers.create(db, facts, tenant_id=HARBOR, by=cast.advisor.viewer)
    await viewing(db, cast.stranger)
    user = await account(db, cast.stranger)
    user.email_verified_at = None
    await enter_tenant(db, HARBOR)
    own = await customers.ensure_customer(db, HARBOR, user, by=cast.stranger.viewer)
    assert own.id != known.id
    await db.refresh(known)
    assert known.user_id is None


async def test_fifty_at_once_get_numbers_without_a_gap_and_one_record_each(site, cast):
    async def one(number):
        async with transaction(user=cast.advisor.user_id, tenant=HARBOR) as db:
            facts = CustomerFacts(name=f"Walk-in {number}")
            return (await customers.create(db, facts, tenant_id=HARBOR, by=cast.advisor.viewer)).number

    async def booking():
        async with transaction(user=cast.stranger.user_id, tenant=HARBOR) as db:
            user = await account(db, cast.stranger)
            return (await customers.ensure_customer(db, HARBOR, user, by=cast.stranger.viewer)).id

    numbers = await asyncio.gather(*(one(number) for number in range(12)))
    assert sorted(numbers) == list(range(1001, 1013))
    assert len(set(await asyncio.gather(*(booking() for _ in range(12))))) == 1


async def test_a_car_is_brought_once_and_by_several_people(db, cast):
    me = cast.advisor.viewer
    await viewing(db, cast.advisor)
    spouse = await customers.create(db, CustomerFacts(name="Spouse"), tenant_id=HARBOR, by=me)
    car = await customers.add_car(db, spouse, LEAF, by=me)
    again = await customers.add_car(db, spouse, LEAF, by=me)
    assert car.id == again.id
    await customers.bring_car(db, spouse, await garage.find(db, me, CAR), by=me)
    assert [one.id for one in await customers.cars_of(db, spouse)] == [CAR, car.id]
    bringers = await customers.bringers_of(db, car, tenant_id=HARBOR)
    assert [one.name for one in bringers] == ["Spouse"]


@pytest.mark.parametrize(
    "words",
    ["dana", "O'Neil", "dana neil", "customer@test", "503 5550100", "5550100", "7abc123", "7ABC-123",
     "1HGCM82633A", "004352", "C-1", "c1"],
)  # fmt: skip
async def test_a_customer_is_found_by_whatever_they_say(db, cast, words):
    await viewing(db, cast.advisor)
    rows = await customers.search(db, cast.advisor.viewer, words)
    assert [row.customer.name for row in rows] == ["Dana O'Neil"]
    assert [car.id for car in rows[0].cars] == [CAR]


@pytest.mark.parametrize("words", ["%", "_", "nobody", "dana nobody", "9" * 40, "'; --", "\\"])
async def test_what_is_not_there_is_not_found(db, cast, words):
    await viewing(db, cast.advisor)
    assert await customers.search(db, cast.advisor.viewer, words) == []


async def test_pages_follow_one_another(db, cast):
    me = cast.advisor.viewer
    await viewing(db, cast.advisor)
    for number in range(5):
        await customers.create(db, CustomerFacts(name=f"Person {number}"), tenant_id=HARBOR, by=me)
    first = await customers.search(db, me, "person", most=3)
    rest = await customers.search(db, me, "person", most=3, before=first[-1].customer.number)
    assert [row.customer.name for row in [*first, *rest]] == [f"Person {n}" for n in (4, 3, 2, 1, 0)]
    assert await db.scalar(select(func.count()).select_from(Customer)) == 6
