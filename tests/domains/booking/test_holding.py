from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import select, text

from app.core import clock
from app.core.errors import Refused
from app.core.viewer import Viewer
from app.domains.booking import appointments, claims, holding
from app.domains.booking.models import Appointment, Occupation
from tests.domains.booking import shops
from tests.domains.booking.acting import MONDAY, TEN, confirm, hold, starts_on, status_of
from tests.domains.booking.conftest import Stage
from tests.domains.booking.shops import at
from tests.refusals import audited

pytestmark = pytest.mark.usefixtures("morning")


async def test_a_held_slot_is_gone_for_others(stage: Stage) -> None:
    assert (await starts_on(stage))[0] == "08:00"
    appointment = await hold(stage, await stage.driver())
    assert appointment.ends_at - appointment.starts_at == timedelta(hours=1)
    assert (await starts_on(stage))[:4] == ["08:00", "08:30", "09:00", "11:00"]
    with pytest.raises(claims.SlotTaken) as taken:
        await hold(stage, await stage.driver("Second"))
    assert [slot.starts for slot in taken.value.alternatives][:2] == [at(MONDAY, 11), at(MONDAY, 11, 30)]


async def test_a_hold_ends_after_ten_minutes_and_the_slot_goes_to_the_next(stage: Stage) -> None:
    driver = await stage.driver()
    first = await hold(stage, driver)
    with clock.moved_by(timedelta(minutes=9, seconds=50)):
        assert "10:00" not in await starts_on(stage)
    with clock.moved_by(timedelta(minutes=10)):
        assert "10:00" in await starts_on(stage)
        second = await hold(stage, await stage.driver("Second"))
        assert await status_of(stage, first) == "expired"
        with audited("appointment.illegal_move", "run out"):
            await confirm(stage, driver[0], first)
        assert await status_of(stage, second) == "held"


async def test_a_confirmed_slot_stays_taken(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await confirm(stage, driver[0], await hold(stage, driver))
    assert appointment.status == "confirmed"
    with clock.moved_by(timedelta(minutes=30)):
        assert "10:00" not in await starts_on(stage)


async def test_a_late_confirmation_is_refused_even_if_nobody_came(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await hold(stage, driver)
    with clock.moved_by(timedelta(minutes=11)), audited("appointment.illegal_move", "run out"):
        await confirm(stage, driver[0], appointment)


async def test_a_driver_holds_one_slot_at_a_time(stage: Stage) -> None:
    driver = await stage.driver()
    first = await hold(stage, driver)
    again = await hold(stage, driver)
    later = await hold(stage, driver, at(MONDAY, 14))
    assert [await status_of(stage, one) for one in (first, again, later)] == ["expired", "expired", "held"]
    assert "10:00" in await starts_on(stage)


async def test_of_each_car_one_slot_up_to_a_few_cars(stage: Stage) -> None:
    driver, car = await stage.driver()
    async with stage.owner() as db:
        more = [await shops.add_car(db, driver, f"OF-{number}") for number in range(holding.MOST_HELD)]
    cars = [car, *more]
    held = [
        await hold(stage, (driver, one), at(MONDAY, 9 + hour))
        for hour, one in enumerate(cars[: holding.MOST_HELD])
    ]
    with pytest.raises(Refused, match="several cars"):
        await hold(stage, (driver, cars[-1]), at(MONDAY, 14))
    again = await hold(stage, (driver, car), at(MONDAY, 14))
    states = [await status_of(stage, one) for one in (*held, again)]
    assert states == ["expired", *["held"] * holding.MOST_HELD]


async def test_more_cars_at_once_than_may_be_held_are_not(stage: Stage) -> None:
    driver, car = await stage.driver()
    async with stage.owner() as db:
        more = [await shops.add_car(db, driver, f"AT-{number}") for number in range(holding.MOST_HELD + 2)]
    at_once = [hold(stage, (driver, one), at(MONDAY, 8 + hour)) for hour, one in enumerate([car, *more])]
    ended = await asyncio.gather(*at_once, return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in ended) == 3
    assert sum(not isinstance(one, BaseException) for one in ended) == holding.MOST_HELD


async def test_a_careful_shop_confirms_by_hand(stage: Stage) -> None:
    stage.shop.center.confirm_by_hand = True
    async with stage.owner() as db:
        await db.execute(text("UPDATE service_centers SET confirm_by_hand = true"))
    driver = await stage.driver()
    appointment = await confirm(stage, driver[0], await hold(stage, driver))
    assert appointment.status == "pending"
    async with stage.acting(stage.shop.desk) as db:
        visit = await appointments.find(db, stage.shop.desk, appointment.id, for_update=True)
        assert (await holding.accept(db, visit.appointment, by=stage.shop.desk)).status == "confirmed"


async def test_the_price_is_the_one_of_the_day_of_booking(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await confirm(stage, driver[0], await hold(stage, driver))
    async with stage.owner() as db:
        await db.execute(text("UPDATE services SET price_minor = 1"))
    async with stage.acting(driver[0]) as db:
        visit = await appointments.find(db, driver[0], appointment.id)
    assert visit.total_minor == 9900


async def test_the_database_itself_forbids_overlap(stage: Stage) -> None:
    appointment = await hold(stage, await stage.driver())
    async with stage.owner() as db:
        taken = await db.scalar(select(Occupation).where(Occupation.appointment_id == appointment.id))
        assert taken is not None
        with pytest.raises(Exception, match="ex_occupations_no_overlap"):
            await db.execute(
                text(
                    "INSERT INTO occupations (id, tenant_id, appointment_id, resource_id, during, is_active, "
                    "created_at) VALUES (uuidv7(), :t, :a, :r, tstzrange(:s, :e), true, now())"
                ),
                {
                    "t": taken.tenant_id,
                    "a": taken.appointment_id,
                    "r": taken.resource_id,
                    "s": TEN + timedelta(minutes=59),
                    "e": TEN + timedelta(hours=2),
                },
            )


async def test_an_inactive_center_takes_no_bookings(stage: Stage) -> None:
    stage.shop.center.is_active = False
    assert await starts_on(stage) == []
    with pytest.raises(claims.SlotTaken):
        await hold(stage, await stage.driver())


@pytest.mark.parametrize("capacity", [1, 3])
async def test_of_500_who_want_one_slot_as_many_win_as_there_is_room(stage: Stage, capacity: int) -> None:
    async with stage.owner() as db:
        for number in range(1, capacity):
            await shops.add_bay(db, stage.shop, f"More {number}", position=number)
            await shops.add_technician(db, stage.shop, f"More {number}")
        crowd = [await shops.add_driver(db, f"Driver {number}") for number in range(500)]
        before = await deadlocks(db)

    # As many at once as there are connections; the rest queue here, where a slow machine may take its time.
    at_the_counter = asyncio.Semaphore(20)

    async def try_it(who: tuple[Viewer, Any]) -> str:
        try:
            async with at_the_counter:
                await hold(stage, who)
        except claims.SlotTaken as taken:
            return f"{taken.status} with a choice" if taken.alternatives else f"{taken.status}"
        return "won"

    began = perf_counter()
    outcomes = Counter(await asyncio.gather(*(try_it(one) for one in crowd)))
    took = perf_counter() - began
    print(f"\n500 for one slot, room for {capacity}: {took:.2f} s, {dict(outcomes)}")
    assert outcomes == {"won": capacity, "409 with a choice": 500 - capacity}
    async with stage.owner() as db:
        assert await deadlocks(db) == before
        held = (await db.scalars(select(Appointment).where(Appointment.status == "held"))).all()
        assert len(held) == capacity
        assert len({one.bay_id for one in held}) == len({one.technician_id for one in held}) == capacity


async def deadlocks(db: Any) -> int:
    return int(
        await db.scalar(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
    )
