"""The reading an entry makes goes with it: corrected, taken out, brought back; one that was corrected itself stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from app.core import clock
from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.domains import garage
from app.domains.garage import mileage
from app.domains.garage.models import OdometerReading, Vehicle
from app.domains.logbook import finding, writing
from app.domains.logbook.facts import Written
from app.domains.logbook.models import Entry
from tests.cast import CAR, CAST
from tests.domains.garage.test_family import shared

DANA = CAST.customer
HERE = f"/garage/{CAR}/logbook"
JSON = f"/api/v1/customers/vehicles/{CAR}/logbook"
TODAY = clock.now().date()


def ago(days):
    return TODAY - timedelta(days=days)


async def begun_anew(km=None, days=100):
    """A car of which nothing is known, or one reading."""
    async with transaction(user=DANA.user_id) as db:
        await db.execute(delete(OdometerReading).where(OdometerReading.vehicle_id == CAR))
        await db.execute(delete(Entry).where(Entry.vehicle_id == CAR))
        await db.execute(update(Vehicle).where(Vehicle.id == CAR).values(mileage_km=None, mileage_at=None))
    if km is not None:
        async with transaction(user=DANA.user_id) as db:
            await mileage.add(db, await db.get_one(Vehicle, CAR), km, ago(days), by=DANA.viewer)


async def readings():
    """What was read of the car, in order, and how far it has gone."""
    async with transaction(user=DANA.user_id) as db:
        car = await db.get_one(Vehicle, CAR)
        rows = await db.scalars(select(OdometerReading).order_by(OdometerReading.at, OdometerReading.id))
        return [one.km for one in rows], car.mileage_km


async def log(driver, km, days, kind="repair", **more):
    entry = {"kind": kind, "title": "x", "day": str(ago(days)), "km": km, "km_confirmed": True} | more
    answer = await driver.json("POST", JSON, entry)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def change(driver, entry, **given):
    same = ("kind", "day", "km", "title", "note", "version")
    body = {name: entry[name] for name in same} | {"km_confirmed": True} | given
    answer = await driver.json("PUT", f"{JSON}/{entry['id']}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def reading_of(entry):
    async with transaction(user=DANA.user_id) as db:
        return await db.scalar(select(OdometerReading).where(OdometerReading.entry_id == UUID(entry["id"])))


async def test_a_corrected_entry_takes_its_reading_along(browser):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 100_000, 5)
    assert await readings() == ([9_000, 100_000], 100_000)
    entry = await change(dana, entry, km=10_000)
    assert await readings() == ([9_000, 10_000], 10_000)
    entry = await change(dana, entry, km=10_100, day=str(ago(7)))
    moved = await reading_of(entry)
    assert (moved.km, moved.at) == (
        10_100,
        datetime.combine(ago(7), datetime.min.time(), UTC).replace(hour=12),
    )
    assert moved.version == 3
    entry = await change(dana, entry, km=None)
    assert await readings() == ([9_000], 9_000)
    await change(dana, entry, km=10_200)
    assert await readings() == ([9_000, 10_200], 10_200)


async def test_what_is_not_about_the_mileage_leaves_the_reading_alone(browser):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 10_000, 5)
    before = await reading_of(entry)
    await change(dana, entry, note="With a new filter")
    after = await reading_of(entry)
    assert (after.at, after.version) == (before.at, before.version)


async def test_a_correction_downwards_needs_no_tick_for_its_own_slip(browser):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 100_000, 5)
    await change(dana, entry, km=10_000, day=str(ago(4)), km_confirmed=False)
    assert await readings() == ([9_000, 10_000], 10_000)
    body = {"kind": "repair", "title": "x", "day": str(ago(3)), "km": 8_000, "version": 2}
    refused = await dana.json("PUT", f"{JSON}/{entry['id']}", body)
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"km", "confirmed"})


async def test_an_entry_taken_out_and_back_takes_its_reading_out_and_back(browser):
    dana = browser(DANA)
    await begun_anew()
    first, second = await log(dana, 10_000, 20), await log(dana, 11_000, 10)
    at = (await reading_of(first)).at
    for _twice in range(2):
        assert (await dana.post(f"{HERE}/{first['id']}/remove")).status_code == 303
        assert await readings() == ([11_000], 11_000)
    assert (await dana.json("DELETE", f"{JSON}/{second['id']}")).status_code == 204
    assert await readings() == ([], None)
    for entry in (first, second):
        for _twice in range(2):
            assert (await dana.post(f"{HERE}/{entry['id']}/return")).status_code == 303
    assert await readings() == ([10_000, 11_000], 11_000)
    assert (await reading_of(first)).at == at
    # And from then on it follows again.
    async with transaction(user=DANA.user_id) as db:
        version = (await db.get_one(Entry, UUID(first["id"]))).version
    await change(dana, first, km=10_500, version=version)
    assert await readings() == ([10_500, 11_000], 11_000)


async def test_a_removed_entry_is_not_changed(browser):
    dana = browser(DANA)
    entry = await log(dana, 10_000, 5)
    await dana.json("DELETE", f"{JSON}/{entry['id']}")
    body = {"kind": "repair", "title": "y", "day": str(ago(3)), "version": 2}
    assert (await dana.json("PUT", f"{JSON}/{entry['id']}", body)).status_code == 409


async def test_an_entry_that_made_no_reading_brings_none_back(browser):
    dana = browser(DANA)
    await begun_anew(20_000, days=50)
    entry = await log(dana, 15_000, 5)
    await dana.post(f"{HERE}/{entry['id']}/remove")
    await dana.post(f"{HERE}/{entry['id']}/return")
    assert await readings() == ([20_000], 20_000)


async def corrected_by_hand(entry, km, day):
    async with transaction(user=DANA.user_id) as db:
        reading = await db.scalar(
            select(OdometerReading).where(OdometerReading.entry_id == UUID(entry["id"]))
        )
        car = await db.get_one(Vehicle, CAR)
        await mileage.correct(
            db, car, reading, km, day, version=reading.version, by=DANA.viewer, confirmed=True
        )


async def test_a_reading_corrected_by_hand_stays_whatever_becomes_of_the_entry(browser):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 100_000, 5)
    await corrected_by_hand(entry, 10_000, ago(6))
    entry = await change(dana, entry, note="A note does not bring the slip back")
    assert await readings() == ([9_000, 10_000], 10_000)
    entry = await change(dana, entry, km=9_900)
    assert await readings() == ([9_000, 10_000], 10_000)
    await dana.post(f"{HERE}/{entry['id']}/remove")
    assert await readings() == ([9_000, 10_000], 10_000)
    await dana.post(f"{HERE}/{entry['id']}/return")
    assert await readings() == ([9_000, 10_000], 10_000)


async def test_a_reading_taken_out_by_hand_does_not_come_back_with_a_note(browser):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 100_000, 5)
    reading = await reading_of(entry)
    gone = await dana.post(f"/garage/{CAR}/readings/{reading.id}/removal", {"version": "1"})
    assert gone.status_code == 303
    await change(dana, entry, note="Still so")
    assert await readings() == ([9_000], 9_000)


async def test_a_form_of_the_reading_that_is_open_meanwhile_is_stale(browser):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 10_000, 5)
    reading = await reading_of(entry)
    await change(dana, entry, km=10_100)
    late = {"mileage": "10050", "day": str(ago(5)), "version": "1", "confirmed": "10050"}
    assert (await dana.post(f"/garage/{CAR}/readings/{reading.id}", late)).status_code == 409
    assert await readings() == ([9_000, 10_100], 10_100)


async def test_a_driver_who_corrects_an_owners_entry_takes_the_owners_reading_along(
    browser, cast, run_reactions
):
    dana = browser(DANA)
    await begun_anew(9_000)
    entry = await log(dana, 100_000, 5)
    sam = await shared(browser, cast, run_reactions)
    entry = await change(sam, entry, km=10_000)
    assert await readings() == ([9_000, 10_000], 10_000)
    assert (await reading_of(entry)).actor_id == DANA.user_id
    assert (await sam.post(f"{HERE}/{entry['id']}/remove")).status_code == 303
    assert await readings() == ([9_000], 9_000)
    assert (await sam.post(f"{HERE}/{entry['id']}/return")).status_code == 303
    assert await readings() == ([9_000, 10_000], 10_000)


async def test_a_reader_moves_no_reading_past_the_code(browser, cast, run_reactions):
    dana = browser(DANA)
    await begun_anew(9_000)
    await log(dana, 10_000, 5)
    await shared(browser, cast, run_reactions, "reader")
    async with transaction(user=cast.stranger.user_id) as db:
        moved = await db.execute(update(OdometerReading).values(km=1))
        gone = await db.execute(delete(OdometerReading))
        assert (moved.rowcount, gone.rowcount) == (0, 0)
    assert await readings() == ([9_000, 10_000], 10_000)


async def test_two_at_once_take_turns_and_none_waits_for_the_other(browser):
    await begun_anew(9_000)
    people = [browser(DANA) for _one in range(4)]
    await asyncio.gather(*(log(one, 10_000 + 100 * number, 5) for number, one in enumerate(people)))
    known, far = await readings()
    assert far == max(known) == 10_300
    entry = await log(people[0], 20_000, 3)
    body = {name: entry[name] for name in ("kind", "day", "title", "version")} | {"km_confirmed": True}
    answers = await asyncio.gather(
        *(
            one.json("PUT", f"{JSON}/{entry['id']}", body | {"km": 15_000 + number})
            for number, one in enumerate(people)
        ),
        people[0].json("DELETE", f"{JSON}/{entry['id']}"),
    )
    codes = sorted(one.status_code for one in answers)
    assert set(codes) <= {200, 204, 409}
    assert sum(code in (200, 204) for code in codes) >= 1
    async with transaction(user=DANA.user_id) as db:
        stands = await db.get_one(Entry, UUID(entry["id"]))
    reading = await reading_of(entry)
    assert (reading is None) == (stands.removed_at is not None)
    assert reading is None or reading.km == stands.km
    known, far = await readings()
    assert far == max(known)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["log", "change", "note", "remove", "return", "correct", "take out"]),
        st.integers(0, 3),
        st.integers(1, 60_000),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=12,
)


async def _step(act, which, km, days):
    me = DANA.viewer
    async with transaction(user=me.user_id) as db:
        car = await garage.find_driven(db, me, CAR)
        entries = (await db.scalars(select(Entry).where(Entry.vehicle_id == CAR).order_by(Entry.id))).all()
        written = Written(kind="repair", title="x", day=ago(days), km=km)
        if act == "log" or not entries:
            await writing.log(db, car, written, by=me, confirmed=True)
            return
        entry = entries[which % len(entries)]
        _car, entry = await finding.find_to_write(db, me, CAR, entry.id)
        if act == "change":
            await writing.change(db, car, entry, written, version=entry.version, by=me, confirmed=True)
        elif act == "note":
            same = Written(kind="repair", title="x", note=f"{km}", day=entry.day, km=entry.km)
            await writing.change(db, car, entry, same, version=entry.version, by=me)
        elif act == "remove":
            await writing.remove(db, car, entry, by=me)
        elif act == "return":
            await writing.take_back(db, car, entry, by=me)
        else:
            rows = (await mileage.listed(db, car))[:4]
            if rows:
                reading = rows[which % len(rows)]
                if act == "correct":
                    await mileage.correct(
                        db, car, reading, km, ago(days), version=reading.version, by=me, confirmed=True
                    )
                else:
                    await mileage.remove(db, car, reading, version=reading.version, by=me)


@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_done_entries_and_readings_agree_and_the_car_has_gone_as_far_as_the_latest(
    site, steps
):
    await begun_anew()
    by_hand = {}
    for act, which, km, days in steps:
        try:
            await _step(act, which, km, days)
        except Refused:
            assert act == "change" or act == "note"  # of one that is removed
        except Invalid:
            pytest.fail("what was confirmed is taken")
        async with transaction(user=DANA.user_id) as db:
            car = await db.get_one(Vehicle, CAR)
            rows = (await db.scalars(select(OdometerReading).where(OdometerReading.vehicle_id == CAR))).all()
            entries = {one.id: one for one in await db.scalars(select(Entry).where(Entry.vehicle_id == CAR))}
        for one in rows:
            if one.entry_id is not None:
                assert (one.km, entries[one.entry_id].removed_at) == (entries[one.entry_id].km, None)
            elif act not in ("correct", "take out"):
                assert by_hand.get(one.id) == (one.km, one.at), "what was corrected by hand stays"
        by_hand = {one.id: (one.km, one.at) for one in rows if one.entry_id is None}
        latest = max(rows, key=lambda one: (one.at, one.id), default=None)
        known = (latest.km, latest.at) if latest else (None, None)
        assert (car.mileage_km, car.mileage_at) == known
