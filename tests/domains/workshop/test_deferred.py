"""Work that was declined or put off stays with the car until it is taken up, refused or no longer applies."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, Refused
from app.domains import workshop
from app.domains.workshop import deferred, work
from app.domains.workshop.models import DeferredWork, Job
from tests.cast import CAST, OTHER_CAR, Cast
from tests.domains.workshop.shop import as_person, canned_oil, checked_in, lines_of, proposed
from tests.refusals import audited

AVERY = CAST.advisor.viewer


async def put_off(db: AsyncSession, *, decline: bool = False) -> tuple[Job, DeferredWork]:
    order = await checked_in(db)
    job = await proposed(db, order)
    await workshop.present_jobs(db, order, [job], by=AVERY)
    if decline:
        await workshop.decline_job(db, job, by=AVERY, reason="Too dear")
    else:
        await workshop.defer_job(db, job, by=AVERY, reason="After the holidays")
    [work] = await workshop.deferred_for_vehicle(db, AVERY, order.vehicle_id)
    return job, work


async def test_what_is_put_off_keeps_its_reason_and_its_price(db: AsyncSession) -> None:
    job, work = await put_off(db)
    assert (work.decision, work.reason, work.job_id) == ("deferred", "After the holidays", job.id)
    assert (work.total_minor, work.currency) == (28947, "USD")


async def test_at_the_next_visit_it_is_offered_again_once(db: AsyncSession) -> None:
    _job, work = await put_off(db, decline=True)
    assert work.status == "open"
    order = await checked_in(db)
    await db.refresh(work)
    assert work.status == "suggested"
    [offered] = await workshop.deferred_for_vehicle(db, AVERY, order.vehicle_id)
    assert offered.id == work.id
    told = [one.words for one in await workshop.timeline(db, order)]
    assert "Offered again: Front brakes" in told
    later = await checked_in(db)
    assert "Offered again: Front brakes" not in [one.words for one in await workshop.timeline(db, later)]


async def test_taken_up_again_it_is_a_new_job_that_points_back(db: AsyncSession) -> None:
    original, work = await put_off(db, decline=True)
    order = await checked_in(db)
    job = await workshop.revive(db, work, order, by=AVERY)
    assert (job.status, job.deferred_work_id, original.status) == ("proposed", work.id, "revived")
    copied = [(line.description, line.quantity, line.unit_price_minor) for line in await lines_of(db, job)]
    first = [
        (line.description, line.quantity, line.unit_price_minor) for line in await lines_of(db, original)
    ]
    assert copied == first
    with pytest.raises(Refused) as refused:
        await workshop.revive(db, work, order, by=AVERY)
    assert refused.value.audit == "deferred.illegal_move"


async def test_a_revived_job_withdrawn_unseen_puts_the_work_back(db: AsyncSession) -> None:
    original, work = await put_off(db, decline=True)
    order = await checked_in(db)
    job = await workshop.revive(db, work, order, by=AVERY)
    await workshop.withdraw_job(db, job, by=AVERY)
    assert (work.status, work.revived_job_id, original.status) == ("open", None, "declined")
    again = await workshop.revive(db, work, order, by=AVERY)
    assert again.id != job.id


async def test_declined_once_more_it_is_kept_once_more(db: AsyncSession) -> None:
    _original, work = await put_off(db)
    order = await checked_in(db)
    job = await workshop.revive(db, work, order, by=AVERY)
    await workshop.present_jobs(db, order, [job], by=AVERY)
    await workshop.decline_job(db, job, by=AVERY)
    kept = await workshop.deferred_for_vehicle(db, AVERY, order.vehicle_id)
    assert [(one.job_id, one.status) for one in kept] == [(job.id, "open")]


async def test_what_was_put_off_and_is_done_all_the_same_is_not_offered_again(db: AsyncSession) -> None:
    """Nobody took it up: the shop put the same canned job on a later order."""
    await put_off(db)
    earlier = await checked_in(db)
    await canned_oil(db, earlier)
    oil = await workshop.propose_job(db, earlier, canned_code="oil", by=AVERY)
    await workshop.present_jobs(db, earlier, [oil], by=AVERY)
    await workshop.decline_job(db, oil, by=AVERY)
    later = await checked_in(db)
    done = await workshop.propose_job(db, later, canned_code="oil", by=AVERY)
    done.status = "qc"
    await db.flush()
    await work.check(db, done, passed=True, by=AVERY)
    left = await workshop.deferred_for_vehicle(db, AVERY, later.vehicle_id)
    assert [one.title for one in left] == ["Front brakes"]


async def test_work_of_one_car_is_never_put_on_another(db: AsyncSession) -> None:
    _job, work = await put_off(db)
    order = await checked_in(db)
    order.vehicle_id = OTHER_CAR
    await db.flush()
    with pytest.raises(NotFound):
        await workshop.revive(db, work, order, by=AVERY)


async def test_refused_work_is_not_offered_again(db: AsyncSession) -> None:
    job, work = await put_off(db)
    await deferred.refuse(db, work, by=AVERY, reason="Selling the car")
    assert await workshop.deferred_for_vehicle(db, AVERY, work.vehicle_id) == []
    with audited("deferred.illegal_move"):
        await deferred.refuse(db, work, by=AVERY, reason="Again")
    assert job.status == "deferred"


async def test_another_shop_knows_nothing_of_it(db: AsyncSession, cast: Cast) -> None:
    _job, work = await put_off(db)
    await as_person(db, cast.outsider)
    assert await workshop.deferred_for_vehicle(db, cast.outsider.viewer, work.vehicle_id) == []
    with pytest.raises(NotFound):
        await deferred.find(db, cast.outsider.viewer, work.id)


async def test_the_driver_sees_what_their_car_still_needs(db: AsyncSession, cast: Cast) -> None:
    _job, work = await put_off(db)
    await as_person(db, cast.customer)
    [seen] = await workshop.deferred_for_vehicle(db, cast.customer.viewer, work.vehicle_id)
    assert seen.title == "Front brakes"
