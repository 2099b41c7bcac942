"""What the database itself refuses, whatever the code above it does."""

from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import new_id
from app.core.tables import File
from app.domains.garage.models import OdometerReading, Ownership, Vehicle, VehicleGrant
from tests.cast import CAR, HARBOR, OTHER_CAR, VOLT
from tests.conftest import viewing


async def refused(db, statement):
    with pytest.raises(DBAPIError, match=r"row-level security|never moved|violates"):
        async with db.begin_nested():
            await db.execute(statement)


def owning(vehicle_id, person):
    return insert(Ownership).values(
        id=new_id(),
        vehicle_id=vehicle_id,
        user_id=person.user_id,
        since=clock.now(),
        created_at=clock.now(),
    )


def letting_in(vehicle_id, tenant_id):
    return insert(VehicleGrant).values(
        id=new_id(), vehicle_id=vehicle_id, tenant_id=tenant_id, created_at=clock.now()
    )


async def test_nobody_claims_a_car_that_has_an_owner(db, cast):
    await viewing(db, cast.stranger)
    await refused(db, owning(CAR, cast.stranger))


async def test_nobody_gives_a_car_to_somebody_else(db, cast):
    await viewing(db, cast.stranger)
    await refused(db, owning(OTHER_CAR, cast.customer))


async def test_an_ownership_is_never_moved_to_another_car(db, cast):
    await viewing(db, cast.stranger)
    await refused(
        db, update(Ownership).where(Ownership.user_id == cast.stranger.user_id).values(vehicle_id=CAR)
    )


async def test_a_shop_does_not_let_itself_in(db, cast):
    await viewing(db, cast.outsider)
    await refused(db, letting_in(CAR, VOLT))
    await viewing(db, cast.advisor)
    await refused(db, letting_in(OTHER_CAR, HARBOR))


async def test_a_driver_does_not_let_a_shop_in_on_anothers_car(db, cast):
    await viewing(db, cast.stranger)
    await refused(db, letting_in(CAR, VOLT))


async def test_a_stranger_changes_no_car_and_reads_no_odometer(db, cast):
    await viewing(db, cast.stranger)
    changed = await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(plate="MINE"))
    assert changed.rowcount == 0
    await refused(
        db,
        insert(OdometerReading).values(
            id=new_id(), vehicle_id=CAR, km=1, at=clock.now(), source="owner", created_at=clock.now()
        ),
    )


async def test_no_car_is_ever_deleted(db, cast):
    await viewing(db, cast.customer)
    assert (await db.execute(delete(Vehicle).where(Vehicle.id == CAR))).rowcount == 0


@pytest.mark.parametrize("source", ["check_in", "shop", "telematics", "import"])
async def test_no_reading_that_others_vouch_for_is_changed_or_deleted(db, cast, source):
    await viewing(db, cast.customer)
    db.add(OdometerReading(vehicle_id=CAR, km=150001, source=source, actor_id=cast.customer.user_id))
    await db.flush()
    assert (await db.execute(delete(OdometerReading))).rowcount == 0
    assert (await db.execute(update(OdometerReading).values(km=1))).rowcount == 0


async def test_nobody_makes_their_own_reading_a_shops(db, cast):
    await viewing(db, cast.customer)
    db.add(OdometerReading(vehicle_id=CAR, km=150001, source="owner", actor_id=cast.customer.user_id))
    await db.flush()
    await refused(db, update(OdometerReading).values(source="check_in"))


def a_file(user_id=None, tenant_id=None):
    return File(
        id=new_id(),
        user_id=user_id,
        tenant_id=tenant_id,
        content_type="image/jpeg",
        size=1,
        key=f"{uuid4()}.jpg",
        sha256=b"x",
    )


async def test_the_shop_sees_the_photo_of_a_car_it_services(db, cast):
    await viewing(db, cast.customer)
    photo = a_file(user_id=cast.customer.user_id)
    db.add(photo)
    await db.flush()
    await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(photo_id=photo.id))
    for person, sees in ((cast.advisor, True), (cast.outsider, False), (cast.stranger, False)):
        await viewing(db, person)
        assert bool(await db.scalar(select(File.id).where(File.id == photo.id))) is sees
    await viewing(db, cast.advisor)
    kept = await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(mileage_km=150002))
    assert kept.rowcount == 1


async def test_a_car_does_not_open_somebody_elses_file(db, cast):
    await viewing(db, cast.customer)
    secret = a_file(user_id=cast.customer.user_id)
    db.add(secret)
    await db.flush()
    await viewing(db, cast.stranger)
    await refused(db, update(Vehicle).where(Vehicle.id == OTHER_CAR).values(photo_id=secret.id))
