"""The bench: one running clock for each technician, reasons for standing still, a check by somebody else."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.errors import Forbidden, Invalid, Refused
from app.core.tables import EventRow
from app.domains import workshop
from app.domains.network.models import ServiceCenter, StaffProfile
from app.domains.workshop import bench, checking, clocks, steps, work
from app.domains.workshop.models import Job, JobClock, RepairOrder
from tests.cast import CAST
from tests.domains.workshop.shop import approved, as_person, checked_in, proposed
from tests.refusals import audited

TERRY, TONI, AVERY = CAST.technician.viewer, CAST.second_technician.viewer, CAST.advisor.viewer


async def _open_clocks(db: AsyncSession) -> int:
    return await db.scalar(select(func.count()).where(JobClock.stopped_at.is_(None))) or 0


async def test_starting_runs_the_clock_and_brings_the_card_along(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    assert (job.status, order.stage) == ("in_progress", "in_progress")
    assert await _open_clocks(db) == 1


async def test_starting_twice_is_starting_once(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    first = await work.start(db, job, by=TERRY)
    again = await work.start(db, job, by=TERRY)
    assert first.clock.id == again.clock.id
    started = select(func.count()).where(EventRow.name == "JobStarted", EventRow.subject_id == order.id)
    assert await db.scalar(started) == 1


async def test_starting_another_job_stops_the_clock_on_the_first(db: AsyncSession) -> None:
    order = await checked_in(db)
    brakes, wipers = await approved(db, order), await approved(db, order, "Wipers")
    await as_person(db, CAST.technician)
    await work.start(db, brakes, by=TERRY)
    await work.start(db, wipers, by=TERRY)
    running = await clocks.running(db, CAST.technician.staff_id)
    assert running is not None
    assert running.job_id == wipers.id
    assert await _open_clocks(db) == 1
    assert brakes.status == "in_progress"


async def test_clocked_minutes_add_up_over_pauses(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    start = clock.now()
    for begin, end in ((0, 30), (60, 75)):
        with clock.moved_to(start + timedelta(minutes=begin)):
            await work.start(db, job, by=TERRY)
        with clock.moved_to(start + timedelta(minutes=end)):
            await work.pause(db, job, by=TERRY)
    spent = await clocks.minutes_spent(db, [job.id], at=start + timedelta(hours=5))
    assert spent[job.id] == pytest.approx(45, abs=0.1)


async def test_blocking_says_why_and_moves_the_card(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    with pytest.raises(Invalid):
        await work.block(db, job, reason="mood", by=TERRY)
    with pytest.raises(Invalid):
        await work.block(db, job, reason="other", by=TERRY)
    await work.block(db, job, reason="parts", note="Pads come at two", by=TERRY)
    assert (job.blocked_reason, order.stage, await _open_clocks(db)) == ("parts", "awaiting_parts", 0)
    await work.start(db, job, by=TERRY)
    assert (job.blocked_reason, order.stage) == ("", "in_progress")


async def test_the_one_who_did_the_work_cannot_check_it(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    await work.finish(
        db, job, left_because="Done in one go", by=AVERY
    )  # the advisor presses the button; Terry's hands did it
    for viewer in (TERRY, AVERY):
        with pytest.raises(Refused) as refused:
            await work.check(db, job, passed=True, by=viewer)
        assert refused.value.audit == "job.own_check"


async def test_finishing_with_open_steps_needs_a_reason_that_stays_with_them(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    with pytest.raises(work.StepsOpen, match="Replace front pads and discs") as asked:
        await work.finish(db, job, by=TERRY, left_because="  ")
    assert job.status == "in_progress"
    [left] = await steps.open_steps(db, job)
    assert asked.value.data["open_steps"] == [{"id": str(left.id), "name": left.name}]
    await work.finish(db, job, by=TERRY, left_because="Discs still good")
    assert (job.status, left.status, left.notes) == ("qc", "pending", "Discs still good")
    told = [one.words for one in await workshop.timeline(db, order)]
    assert any("Left open: Replace front pads and discs (Discs still good)" in words for words in told)


async def test_the_bench_tells_apart_what_is_not_sent_and_what_waits_for_the_customer(
    db: AsyncSession,
) -> None:
    order = await checked_in(db)
    unsent, sent = await proposed(db, order), await proposed(db, order, "Wipers")
    await workshop.present_jobs(db, order, [sent], by=AVERY)
    await as_person(db, CAST.technician)
    seen = await bench.bench(db, await work.technician(db, TERRY))
    assert [one.job.id for one in seen.unsent] == [unsent.id]
    assert [one.job.id for one in seen.waiting] == [sent.id]


async def handed_over(db: AsyncSession) -> Job:
    """A job Terry has finished, its checkpoints passed."""
    job = await approved(db, await checked_in(db))
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    for step in await steps.steps_of(db, job):
        await steps.progress(db, step, to="completed", by=TERRY)
    await work.finish(db, job, by=TERRY)
    return job


async def test_who_works_alone_may_check_their_own_work_and_it_is_written_down(db: AsyncSession) -> None:
    job = await handed_over(db)
    colleagues = StaffProfile.user_id != CAST.technician.user_id
    await db.execute(update(StaffProfile).where(colleagues).values(is_active=False))
    await work.check(db, job, passed=True, by=TERRY)
    assert (job.status, job.is_own_check, job.checked_by_id) == ("completed", True, TERRY.user_id)
    told = await workshop.timeline(db, await db.get_one(RepairOrder, job.order_id))
    assert "Completed, checked by the same person: Front brakes" in [one.words for one in told]


async def test_a_center_may_do_without_a_second_person(db: AsyncSession) -> None:
    job = await handed_over(db)
    center = await db.get_one(ServiceCenter, CAST.owner.center_id)
    await checking.say_who_checks(db, center, second_person=False, by=CAST.owner.viewer)
    await checking.say_who_checks(db, center, second_person=True, by=CAST.owner.viewer)
    with audited("job.own_check"):
        await work.check(db, job, passed=True, by=TERRY)
    await checking.say_who_checks(db, center, second_person=False, by=CAST.owner.viewer)
    await work.check(db, job, passed=True, by=TERRY)
    assert job.is_own_check
    other = await handed_over(db)
    await work.check(db, other, passed=True, by=TONI)
    assert not other.is_own_check


async def test_checkpoints_must_be_passed_before_a_job_is_completed(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    await work.finish(db, job, left_because="Done in one go", by=TERRY, correction="Replaced pads and discs")
    assert order.stage == "qc"
    with pytest.raises(Refused, match="road test"):
        await work.check(db, job, passed=True, by=TONI)
    checkpoint = (await steps.steps_of(db, job))[-1]
    with pytest.raises(Refused, match="Somebody else must pass"):
        await steps.progress(db, checkpoint, to="completed", by=TERRY)
    await steps.progress(db, checkpoint, to="completed", by=TONI)
    await work.check(db, job, passed=True, by=TONI)
    assert (job.status, order.stage, job.checked_by_id) == ("completed", "ready", TONI.user_id)
    told = await db.scalar(select(func.count()).where(EventRow.name == "WorkCompleted"))
    assert told == 1


async def test_a_failed_check_sends_the_job_back_and_reopens_its_checkpoint(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    checkpoint = (await steps.steps_of(db, job))[-1]
    await steps.progress(db, checkpoint, to="completed", by=TERRY)
    await work.finish(db, job, left_because="Done in one go", by=TERRY)
    with pytest.raises(Invalid):
        await work.check(db, job, passed=False, by=TONI)
    await work.check(db, job, passed=False, note="Squeaks at low speed", by=TONI)
    await db.refresh(checkpoint)
    assert (job.status, order.stage, checkpoint.status) == ("in_progress", "in_progress", "in_progress")


async def test_work_is_complete_only_when_every_agreed_job_is(db: AsyncSession) -> None:
    order = await checked_in(db)
    first, second = await approved(db, order), await approved(db, order, "Wipers")
    for job in (first, second):
        await as_person(db, CAST.technician)
        await work.start(db, job, by=TERRY)
        for step in await steps.steps_of(db, job):
            await steps.progress(db, step, to="completed", by=TERRY)
        await work.finish(db, job, left_because="Done in one go", by=TERRY)
        told = select(func.count()).where(EventRow.name == "WorkCompleted")
        assert await db.scalar(told) == 0
        await work.check(db, job, passed=True, by=TONI)
    assert await db.scalar(told) == 1
    assert order.ready_at is not None


async def test_an_unapproved_job_cannot_be_started(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await proposed(db, order)
    await as_person(db, CAST.technician)
    with pytest.raises(Refused) as refused:
        await work.start(db, job, by=TERRY)
    assert refused.value.audit == "job.illegal_move"


async def test_only_the_technician_it_is_assigned_to_starts_a_job(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.second_technician)
    with pytest.raises(Refused):
        await work.start(db, job, by=TONI)
    with pytest.raises(Forbidden):
        await work.start(db, job, by=AVERY)


async def test_high_voltage_work_needs_a_certified_technician(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order, "Battery service", skill="hv")
    terry = await db.get_one(StaffProfile, CAST.technician.staff_id)
    terry.skills = ["general"]
    await db.flush()
    await as_person(db, CAST.technician)
    with pytest.raises(Refused) as refused:
        await work.start(db, job, by=TERRY)
    assert refused.value.audit == "job.high_voltage"


async def test_a_step_is_reset_only_with_a_reason_and_never_once_done(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    step = (await steps.steps_of(db, job))[0]
    with pytest.raises(Refused):
        await steps.progress(db, step, to="in_progress", by=TERRY)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    await steps.progress(db, step, to="in_progress", by=TERRY)
    with pytest.raises(Invalid):
        await steps.progress(db, step, to="pending", by=TERRY)
    await steps.progress(db, step, to="pending", by=TERRY, notes="Wrong side")
    await steps.progress(db, step, to="completed", by=TERRY)
    with pytest.raises(Refused):
        await steps.progress(db, step, to="pending", by=TERRY, notes="Again")


async def test_the_bench_sorts_by_priority_and_promise(db: AsyncSession) -> None:
    calm, waiter = await checked_in(db), await checked_in(db, is_waiter=True, concern="Waits outside")
    late = await checked_in(db)
    await workshop.plan(db, late, by=AVERY, promise_at=clock.now() - timedelta(hours=1))
    for order in (calm, waiter, late):
        await approved(db, order)
    await proposed(db, calm, "Wipers")
    await as_person(db, CAST.technician)
    terry = await db.get_one(StaffProfile, CAST.technician.staff_id)
    seen = await bench.bench(db, terry)
    assert [ticket.order.id for ticket in seen.ready] == [waiter.id, late.id, calm.id]
    assert [ticket.job.title for ticket in seen.unsent] == ["Wipers"]


async def test_a_car_given_to_a_technician_is_on_the_bench_before_there_is_a_job(db: AsyncSession) -> None:
    given, other = await checked_in(db), await checked_in(db)
    await workshop.plan(db, other, by=AVERY, technician_id=CAST.second_technician.staff_id)
    await as_person(db, CAST.technician)
    terry = await db.get_one(StaffProfile, CAST.technician.staff_id)
    seen = await bench.bench(db, terry)
    assert [one.order.id for one in seen.cars] == [given.id]
    await as_person(db, CAST.advisor)
    await proposed(db, given)
    await as_person(db, CAST.technician)
    assert (await bench.bench(db, terry)).cars == []


async def _committed_jobs(count: int) -> list[object]:
    async with transaction() as db:
        order = await checked_in(db)
        return [(await approved(db, order, f"Job {number}")).id for number in range(count)]


async def test_a_double_click_on_start_opens_one_clock(site: str) -> None:
    [job_id] = await _committed_jobs(1)

    async def click() -> None:
        async with transaction(user=TERRY.user_id, tenant=TERRY.tenant_id) as db:
            job, _order = await workshop.find_job(db, TERRY, job_id)  # type: ignore[arg-type]
            await work.start(db, job, by=TERRY)

    await asyncio.gather(*(click() for _ in range(8)))
    async with transaction(tenant=TERRY.tenant_id) as db:
        assert await db.scalar(select(func.count()).select_from(JobClock)) == 1
        assert await db.scalar(select(func.count()).where(EventRow.name == "JobStarted")) == 1


async def test_two_jobs_started_at_once_leave_one_clock_running(site: str) -> None:
    ids = await _committed_jobs(6)

    async def click(job_id: object) -> None:
        async with transaction(user=TERRY.user_id, tenant=TERRY.tenant_id) as db:
            job, _order = await workshop.find_job(db, TERRY, job_id)  # type: ignore[arg-type]
            await work.start(db, job, by=TERRY)

    await asyncio.gather(*(click(job_id) for job_id in ids))
    async with transaction(tenant=TERRY.tenant_id) as db:
        assert await _open_clocks(db) == 1
        assert await db.scalar(select(func.count()).select_from(JobClock)) == 6


async def test_concurrent_check_ins_get_numbers_without_gap_or_twin(site: str) -> None:
    async def check_in() -> None:
        async with transaction() as db:
            await checked_in(db)

    await asyncio.gather(*(check_in() for _ in range(10)))
    async with transaction(tenant=AVERY.tenant_id) as db:
        numbers = sorted(await db.scalars(select(RepairOrder.number)))
    assert numbers == list(range(1001, 1011))
