from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.tables import EventRow
from app.domains.booking import appointments, changing, claims
from app.domains.booking.models import Occupation
from tests.domains.booking import shops
from tests.domains.booking.acting import (
    MONDAY,
    TEN,
    TUESDAY,
    book,
    change,
    hold,
    starts_on,
    status_of,
)
from tests.domains.booking.conftest import Stage
from tests.domains.booking.shops import at

pytestmark = pytest.mark.usefixtures("morning")


async def test_a_cancelled_appointment_frees_its_slot(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await book(stage, driver, at(TUESDAY, 10))
    assert "10:00" not in await starts_on(stage, TUESDAY)
    await change(stage, driver[0], appointment, changing.cancel, reason="sold the car")
    assert "10:00" in await starts_on(stage, TUESDAY)
    assert await status_of(stage, appointment) == "cancelled"


async def test_a_driver_cannot_cancel_within_the_centers_limit_but_the_desk_can(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await book(stage, driver)
    with pytest.raises(Refused, match="24 hours"):
        await change(stage, driver[0], appointment, changing.cancel)
    await change(stage, stage.shop.desk, appointment, changing.cancel, reason="technician ill")
    assert await status_of(stage, appointment) == "cancelled"


async def test_giving_a_held_slot_back_is_always_possible(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await hold(stage, driver)
    await change(stage, driver[0], appointment, changing.cancel)
    assert await status_of(stage, appointment) == "expired"
    assert "10:00" in await starts_on(stage)


async def test_moving_takes_the_new_slot_and_frees_the_old(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await book(stage, driver, at(TUESDAY, 10))
    moved = await change(stage, driver[0], appointment, changing.reschedule, starts=at(TUESDAY, 10, 30))
    assert (moved.starts_at, moved.status) == (at(TUESDAY, 10, 30), "confirmed")
    free = await starts_on(stage, TUESDAY)
    assert "09:30" in free
    assert "10:00" not in free
    async with stage.owner() as db:
        active = await db.scalars(select(Occupation).where(Occupation.is_active))
        assert len(active.all()) == 2
        names = await db.scalars(select(EventRow.name).where(EventRow.subject_id == appointment.id))
        assert list(names)[-1] == "AppointmentRescheduled"


async def test_moving_onto_somebody_else_is_refused_and_changes_nothing(stage: Stage) -> None:
    first, second = await stage.driver(), await stage.driver("Second")
    await book(stage, first, at(TUESDAY, 9))
    appointment = await book(stage, second, at(TUESDAY, 14))
    with pytest.raises(claims.SlotTaken):
        await change(stage, second[0], appointment, changing.reschedule, starts=at(TUESDAY, 8, 30))
    async with stage.acting(second[0]) as db:
        assert (await appointments.find(db, second[0], appointment.id)).appointment.starts_at == at(
            TUESDAY, 14
        )


async def test_only_a_standing_appointment_can_be_moved(stage: Stage) -> None:
    driver = await stage.driver()
    appointment = await book(stage, driver, at(TUESDAY, 10))
    await change(stage, driver[0], appointment, changing.cancel)
    with pytest.raises(Refused, match="no longer be changed"):
        await change(stage, driver[0], appointment, changing.reschedule, starts=at(TUESDAY, 14))


async def test_a_missed_appointment_frees_the_rest_of_its_time(stage: Stage) -> None:
    appointment = await book(stage, await stage.driver())
    with pytest.raises(Refused, match="not begun"):
        await change(stage, stage.shop.desk, appointment, changing.miss)
    with clock.moved_to(TEN + timedelta(minutes=20)):
        await change(stage, stage.shop.desk, appointment, changing.miss)
    assert await status_of(stage, appointment) == "no_show"
    assert "10:00" in await starts_on(stage)


async def test_work_is_handed_to_somebody_free_and_trained(stage: Stage) -> None:
    async with stage.owner() as db:
        other = await shops.add_technician(db, stage.shop, "Olga", skills=("general", "hv"))
        battery = await shops.add_service(db, stage.shop, "Battery check", 60, 5000, skill="hv")
    appointment = await book(stage, await stage.driver(), at(TUESDAY, 10), [battery])
    assert appointment.technician_id == other.id
    with pytest.raises(Refused, match="not trained"):
        await change(
            stage,
            stage.shop.desk,
            appointment,
            changing.assign,
            technician_id=stage.shop.technicians[0].id,
        )
    async with stage.owner() as db:
        third = await shops.add_technician(db, stage.shop, "Hans", skills=("hv",))
    changed = await change(stage, stage.shop.desk, appointment, changing.assign, technician_id=third.id)
    assert changed.technician_id == third.id


async def test_a_busy_technician_is_not_given_more(stage: Stage) -> None:
    async with stage.owner() as db:
        await shops.add_bay(db, stage.shop, "Second bay", position=1)
        await shops.add_technician(db, stage.shop, "Olga")
    first = await book(stage, await stage.driver(), at(TUESDAY, 10))
    second = await book(stage, await stage.driver("Second"), at(TUESDAY, 10))
    assert first.technician_id != second.technician_id
    with pytest.raises(Refused, match="not free"):
        await change(stage, stage.shop.desk, second, changing.assign, technician_id=first.technician_id)


async def test_an_outsider_finds_nothing(stage: Stage) -> None:
    appointment = await book(stage, await stage.driver())
    stranger, _ = await stage.driver("Stranger")
    with pytest.raises(NotFound):
        await change(stage, stranger, appointment, changing.cancel)
    async with stage.owner() as db:
        other = await shops.small_shop(db)
    with pytest.raises(NotFound):
        await change(stage, other.desk, appointment, changing.cancel)


async def test_the_desk_sees_the_day_and_the_driver_their_own(stage: Stage) -> None:
    first, second = await stage.driver(), await stage.driver("Second")
    await book(stage, first, at(MONDAY, 14))
    await book(stage, second, at(MONDAY, 9))
    await hold(stage, await stage.driver("Third"), at(MONDAY, 11))
    async with stage.acting(stage.shop.desk) as db:
        day = await appointments.of_day(db, stage.shop.desk, stage.shop.center, MONDAY)
        assert [entry.customer.name for entry in day] == ["Second", "Dora Driver"]
        assert all(entry.bay and entry.technician for entry in day)
    async with stage.acting(first[0]) as db:
        assert [one.title for one in await appointments.of_driver(db, first[0])] == ["Inspection"]
