"""Adding, correcting and putting away cars."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.core.errors import Invalid, NotFound, Refused
from app.core.tables import EventRow
from app.domains import garage
from app.domains.garage import VehicleFacts, cars
from app.domains.garage.models import Vehicle, VehicleGrant
from tests.cast import CAR, HARBOR, OTHER_CAR, VOLT
from tests.conftest import viewing

LEAF = VehicleFacts(vin="1N4AZ0CP6GC304290", make="Nissan", model="Leaf", year=2016, fuel="electric")


async def test_a_driver_adds_a_car_and_only_they_see_it(db, cast):
    await viewing(db, cast.customer)
    car = await garage.add(db, LEAF, by=cast.customer.viewer)
    assert [one.id for one in await garage.mine(db, cast.customer.viewer)] == [CAR, car.id]
    for other in (cast.stranger, cast.outsider, cast.advisor):
        await viewing(db, other)
        with pytest.raises(NotFound):
            await garage.find(db, other.viewer, car.id)
        assert await db.scalar(select(func.count()).where(Vehicle.id == car.id)) == 0


async def test_adding_is_written_into_the_log(db, cast):
    await viewing(db, cast.customer)
    car = await garage.add(db, LEAF, by=cast.customer.viewer)
    row = await db.scalar(select(EventRow).where(EventRow.subject_id == car.id))
    assert (row.name, row.user_id, row.tenant_id) == ("VehicleAdded", cast.customer.user_id, None)


async def test_a_car_without_vin_is_legal_and_two_of_them_are_two(db, cast):
    await viewing(db, cast.customer)
    facts = VehicleFacts(make="Trabant", model="601", year=1988)
    first = await garage.add(db, facts, by=cast.customer.viewer)
    second = await garage.add(db, facts, by=cast.customer.viewer)
    assert first.id != second.id


async def test_the_same_vin_twice_in_one_garage_is_refused(db, cast):
    await viewing(db, cast.customer)
    with pytest.raises(Refused) as refused:
        await garage.add(
            db, VehicleFacts(vin="1hgcm 82633 a004352", make="Honda", model="Accord"), by=cast.customer.viewer
        )
    assert refused.value.data == {"vehicle_id": str(CAR)}


async def test_knowing_a_vin_opens_nobody_elses_record(db, cast):
    await viewing(db, cast.stranger)
    car = await garage.add(
        db, VehicleFacts(vin="1HGCM82633A004352", make="Honda", model="Accord"), by=cast.stranger.viewer
    )
    assert car.id != CAR
    assert car.mileage_km is None


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (VehicleFacts(make=" ", model="Leaf"), "make"),
        (VehicleFacts(make="Nissan", model=""), "model"),
        (VehicleFacts(make="Nissan", model="Leaf", year=16), "year"),
        (VehicleFacts(make="Nissan", model="Leaf", year=2050), "year"),
        (VehicleFacts(make="Nissan", model="Leaf", vin="1N4AZ0CP6GC3042901"), "vin"),
        (VehicleFacts(make="Nissan", model="Leaf", vin="1N4/../etc"), "vin"),
        (VehicleFacts(make="Nissan", model="Leaf", vin="VIN"), "vin"),
        (VehicleFacts(make="Nissan", model="Leaf", purchase_date=date(2090, 1, 1)), "purchase_date"),
        (
            VehicleFacts(make="Nissan", model="Leaf", last_maintenance_date=date(1700, 1, 1)),
            "last_maintenance_date",
        ),
        (VehicleFacts(make="Nissan", model="Leaf", next_maintenance_due=date.max), "next_maintenance_due"),
        (VehicleFacts(make="Nissan", model="Leaf", next_maintenance_km=-1), "next_maintenance_km"),
    ],
)
async def test_what_cannot_be_a_car_is_refused_by_field(db, cast, facts, field):
    await viewing(db, cast.customer)
    with pytest.raises(Invalid) as wrong:
        await garage.add(db, facts, by=cast.customer.viewer)
    assert list(wrong.value.errors) == [field]


@pytest.mark.parametrize("vin", ["1HGCM82643A004352", "JZA80-1004956", "WVWZZZE1ZMP012345"])
async def test_an_odd_vin_is_no_reason_to_refuse_a_car(db, cast, vin):
    await viewing(db, cast.customer)
    car = await garage.add(db, VehicleFacts(make="Toyota", model="Supra", vin=vin), by=cast.customer.viewer)
    assert car.vin == vin.replace("-", "")


@pytest.mark.parametrize("plate", ["B-VW 303E", "O'HARA 1", "أ ب ج ١٢٣٤", "٧٧٧ د ب ي", "ΑΒΓ-1234"])
async def test_plates_of_any_script_are_kept_as_they_are(db, cast, plate):
    await viewing(db, cast.customer)
    car = await garage.add(
        db, VehicleFacts(make="Nissan", model="Leaf", plate=f"  {plate} "), by=cast.customer.viewer
    )
    assert car.plate == plate


async def test_marks_that_turn_text_around_are_left_out_of_a_plate(db, cast):
    await viewing(db, cast.customer)
    car = await garage.add(
        db, VehicleFacts(make="Nissan", model="Leaf", plate="AB\u202e12\n3\u2066"), by=cast.customer.viewer
    )
    assert car.plate == "AB12 3"


async def test_correcting_a_car_with_an_old_version_is_refused_with_what_is_there(db, cast):
    await viewing(db, cast.customer)
    car = await garage.find(db, cast.customer.viewer, CAR)
    facts = VehicleFacts(make="Honda", model="Accord", year=2003, plate="NEW 1", fuel="gasoline")
    await garage.change(db, car, facts, version=1, by=cast.customer.viewer)
    assert (car.plate, car.version) == ("NEW 1", 2)
    with pytest.raises(Refused) as stale:
        await garage.change(
            db,
            car,
            VehicleFacts(make="Honda", model="Accord", year=2003, plate="NEW 2", fuel="gasoline"),
            version=1,
            by=cast.customer.viewer,
        )
    assert stale.value.data == {"current": {"plate": "NEW 1"}}


async def test_saving_without_a_change_is_no_event(db, cast):
    await viewing(db, cast.customer)
    car = await garage.add(db, LEAF, by=cast.customer.viewer)
    await garage.change(db, car, LEAF, version=1, by=cast.customer.viewer)
    names = await db.scalars(select(EventRow.name).where(EventRow.subject_id == car.id))
    assert list(names) == ["VehicleAdded"]


async def test_a_car_put_away_keeps_its_history_and_comes_back_with_its_vin(db, cast):
    me = cast.customer.viewer
    await viewing(db, cast.customer)
    car = await garage.find(db, me, CAR)
    await garage.archive(db, car, by=me)
    assert await garage.mine(db, me) == []
    assert [one.id for one in await garage.mine(db, me, archived=True)] == [CAR]
    assert (await garage.find(db, me, CAR)).mileage_km == 150000
    again = await garage.add(
        db, VehicleFacts(vin="1HGCM82633A004352", make="Honda", model="Accord", plate="NEW"), by=me
    )
    assert (again.id, again.plate, again.mileage_km) == (CAR, "NEW", 150000)
    assert [one.id for one in await garage.mine(db, me)] == [CAR]


async def test_only_the_owner_puts_a_car_away(db, cast):
    await viewing(db, cast.advisor)
    car = await garage.find(db, cast.advisor.viewer, CAR)
    with pytest.raises(NotFound):
        await garage.archive(db, car, by=cast.advisor.viewer)


async def test_the_shop_sees_the_car_it_was_let_in_on_and_no_other(db, cast):
    for person in (cast.advisor, cast.technician, cast.owner):
        await viewing(db, person)
        assert (await garage.find(db, person.viewer, CAR)).plate == "7ABC123"
        with pytest.raises(NotFound):
            await garage.find(db, person.viewer, OTHER_CAR)
    await viewing(db, cast.outsider)
    with pytest.raises(NotFound):
        await garage.find(db, cast.outsider.viewer, CAR)


async def test_the_owner_lets_a_shop_in_once(db, cast):
    me = cast.stranger.viewer
    await viewing(db, cast.stranger)
    car = await garage.find(db, me, OTHER_CAR)
    await garage.grant_access(db, car, VOLT, by=me)
    await garage.grant_access(db, car, VOLT, by=me)
    await viewing(db, cast.outsider)
    assert await garage.is_granted(db, car, VOLT)
    assert (await garage.find(db, cast.outsider.viewer, OTHER_CAR)).model == "ID.3"
    assert await db.scalar(select(func.count()).select_from(VehicleGrant)) == 1


async def test_a_walk_in_car_is_the_shops_and_is_found_again_by_its_vin(db, cast):
    await viewing(db, cast.advisor)
    first = await garage.add_for_shop(db, LEAF, tenant_id=HARBOR, by=cast.advisor.viewer)
    assert await garage.known_at_shop(db, LEAF, tenant_id=HARBOR) == [first]
    assert await garage.known_at_shop(db, LEAF, tenant_id=VOLT) == []
    assert await cars.ownership(db, cast.advisor.viewer, first) is None
    await viewing(db, cast.outsider)
    with pytest.raises(NotFound):
        await garage.find(db, cast.outsider.viewer, first.id)


async def test_what_a_vin_says_fills_the_form():
    found = await garage.look_up("1g1fw6s06j4140274")
    assert (found.name, found.is_known, found.vin) == (
        "2018 Chevrolet Bolt EV LT",
        True,
        "1G1FW6S06J4140274",
    )
    assert (found.battery_kwh, found.max_charge_kw) == (60, 55)


async def test_a_letter_no_vin_has_is_stored_as_the_digit_it_stands_for():
    assert (await garage.look_up("1HGCM82633AOO4352")).vin == "1HGCM82633A004352"


async def test_a_later_service_is_kept_and_an_earlier_one_is_not(db, cast):
    await viewing(db, cast.advisor)
    car = await garage.find(db, cast.advisor.viewer, CAR)
    for day in (date(2026, 3, 1), date(2026, 2, 1), date(2026, 4, 1)):
        await garage.note_service(db, CAR, day, by=cast.advisor.viewer)
    await db.refresh(car)
    assert (car.last_maintenance_date, car.version) == (date(2026, 4, 1), 3)
    car.mileage_km, car.next_maintenance_km = 89_999, 90_000
    assert not car.is_due(date(2026, 5, 1))
    car.mileage_km = 90_000
    assert car.is_due(date(2026, 5, 1))


@pytest.mark.parametrize(
    ("due", "due_km", "is_done"),
    [
        (date(2026, 4, 20), None, True),
        (date(2026, 6, 10), 200_000, True),
        (None, 90_500, True),
        (date(2027, 1, 1), 120_000, False),
    ],
)
async def test_a_service_that_was_due_is_no_longer_due_and_a_distant_one_still_comes(
    db, cast, due, due_km, is_done
):
    await viewing(db, cast.advisor)
    car = await garage.find(db, cast.advisor.viewer, CAR)
    car.mileage_km, car.next_maintenance_due, car.next_maintenance_km = 90_000, due, due_km
    await garage.note_service(db, CAR, date(2026, 5, 4), by=cast.advisor.viewer)
    await db.refresh(car)
    left = (None, None) if is_done else (due, due_km)
    assert (car.next_maintenance_due, car.next_maintenance_km) == left
