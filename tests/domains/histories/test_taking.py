"""A file goes into the logbook once, and out of it without a trace; what leaves comes back as what it was."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from app.domains import garage, logbook
from app.domains.garage import Vehicle
from app.domains.histories import exporting, files, taking
from app.domains.histories.conventions import Conventions
from tests.cast import CAR
from tests.conftest import viewing
from tests.domains.histories import written

EARLIER = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def me(db, cast):
    await viewing(db, cast.customer)
    return cast.customer.viewer


@pytest.fixture
async def car(db, me):
    return await db.get_one(Vehicle, CAR)


async def kept(db, car, me, text, *, name="export.csv"):
    known = await files.recognised(name, text.encode(), Conventions(currency="EUR"))
    file_id = await files.put(db, car, name, text.encode(), known, by=me)
    return (await files.find(db, me, car.id, file_id))[1]


async def test_a_file_is_taken_in_once_and_leaves_no_trace_when_taken_out(db, me, car):
    before = (car.mileage_km, car.mileage_at)
    file = await kept(db, car, me, written.FUELIO)
    looked = await taking.look(db, file)
    assert (len(looked.new), len(looked.left_out), len(looked.wrong)) == (4, 6, 0)
    assert await logbook.entries(db, car) == []
    await taking.take(db, car, file, by=me)
    await taking.take(db, car, file, by=me)
    assert len(await logbook.entries(db, car)) == 4
    assert (file.entries, file.readings) == (4, 3)
    again = await kept(db, car, me, written.FUELIO)
    looked = await taking.look(db, again)
    assert (len(looked.new), len(looked.known)) == (0, 4)
    await taking.undo(db, car, file, by=me)
    await taking.undo(db, car, file, by=me)
    assert await logbook.entries(db, car) == []
    assert (car.mileage_km, car.mileage_at) == before
    assert not [one for one in await garage.readings(db, car) if one.source == "import"]


async def test_our_own_table_changes_nothing_when_it_comes_back(db, me, car):
    await taking.take(db, car, await kept(db, car, me, written.ACAR), by=me)
    odd = logbook.Written(
        kind="note",
        day=(await logbook.entries(db, car))[0].day,
        title='=cmd() O\'Neil, "ü"',
        note="two\nlines",
    )
    await logbook.log(db, car, odd, by=me)
    left = exporting.as_csv(await exporting.entries_of(db, car))
    back = await kept(db, car, me, left)
    assert back.program == "Torqueline"
    looked = await taking.look(db, back)
    assert (len(looked.known), len(looked.new), looked.wrong, looked.left_out) == (4, 0, [], [])


async def test_our_own_table_makes_the_same_logbook_in_an_empty_one(db, me, car):
    file = await kept(db, car, me, written.ACAR)
    await taking.take(db, car, file, by=me)
    left = await exporting.entries_of(db, car)
    await taking.undo(db, car, file, by=me)
    await taking.take(db, car, await kept(db, car, me, exporting.as_csv(left)), by=me)
    back = await exporting.entries_of(db, car)
    assert [one | {"entry id": ""} for one in back] == [one | {"entry id": ""} for one in left]


async def test_two_rows_that_say_the_same_are_two_entries(db, me, car):
    text = "Date,Description,Cost,Notes,Odometer,Tags\n2026-01-05,Wash,5,,,\n2026-01-05,Wash,5,,,\n"
    file = await kept(db, car, me, text)
    assert len((await taking.look(db, file)).new) == 2
    await taking.take(db, car, file, by=me)
    assert len((await taking.look(db, await kept(db, car, me, text))).known) == 2


async def test_nobody_sees_anothers_file_nor_removes_a_reading_of_it(db, me, cast, car):
    file = await kept(db, car, me, written.ACAR)
    await taking.take(db, car, file, by=me)
    await viewing(db, cast.stranger)
    assert (
        await db.scalar(select(files.HistoryFile).where(files.HistoryFile.id == UUID(str(file.id)))) is None
    )
    gone = await db.execute(delete(garage.OdometerReading).where(garage.OdometerReading.import_id == file.id))
    assert gone.rowcount == 0


async def test_two_files_leave_in_any_order_and_the_mileage_is_what_is_left(db, me, car):
    await garage.read_odometer(db, car, 160_000, source="owner", by=me, confirmed=True, at=EARLIER)
    told = "Date,InitialOdometer,Odometer,Notes,Tags\n{},,{},,\n"
    first = await kept(db, car, me, told.format("2026-02-01", 161_000))
    second = await kept(db, car, me, told.format("2026-03-01", 162_000))
    for file in (first, second):
        await taking.take(db, car, file, by=me)
    assert car.mileage_km == 162_000
    await taking.undo(db, car, first, by=me)
    assert car.mileage_km == 162_000
    await taking.undo(db, car, second, by=me)
    assert (car.mileage_km, car.mileage_at) == (160_000, EARLIER)


async def test_a_reading_further_than_a_later_one_is_not_the_mileage(db, me, car):
    await garage.read_odometer(db, car, 160_000, source="owner", by=me, confirmed=True)
    slip = "Date,InitialOdometer,Odometer,Notes,Tags\n2026-02-01,,1610000,,\n"
    await taking.take(db, car, await kept(db, car, me, slip), by=me)
    assert car.mileage_km == 160_000
