"""Work that was declined or put off stays with the car until it is taken up, refused or no longer applies."""

from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, Refused
from app.domains import customers, workshop
from app.domains.customers.records import CustomerFacts
from app.domains.services.models import CannedJob
from app.domains.workshop import deferred, work
from app.domains.workshop.models import DeferredWork, Job
from tests.cast import CAST, HARBOR, OTHER_CAR, Cast
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


async def put_off_and_done_later(db: AsyncSession, code: str, **later_of: Any) -> DeferredWork:
    """A canned job is declined, and the same one done at a later visit of the car."""
    earlier, later = await checked_in(db), await checked_in(db)
    for name, value in later_of.items():
        setattr(later, name, value)
    declined = await workshop.propose_job(db, earlier, canned_code=code, by=AVERY)
    await workshop.present_jobs(db, earlier, [declined], by=AVERY)
    await workshop.decline_job(db, declined, by=AVERY)
    done = await workshop.propose_job(db, later, canned_code=code, by=AVERY)
    done.status = "qc"
    await db.flush()
    await work.check(db, done, passed=True, by=AVERY)
    kept = await db.scalar(select(DeferredWork).where(DeferredWork.job_id == declined.id))
    assert kept is not None
    await db.refresh(kept)
    return kept


async def test_what_is_not_the_same_work_each_time_is_still_offered(db: AsyncSession) -> None:
    order = await checked_in(db)
    (await canned_oil(db, order)).skill = "diagnostics"
    db.add(CannedJob(tenant_id=order.tenant_id, code="as-discussed", title="Repair as discussed"))
    await db.flush()
    for code in ("oil", "as-discussed"):
        assert (await put_off_and_done_later(db, code)).status in deferred.OFFERED, code


async def test_a_former_owner_is_not_told_whose_visit_made_their_work_needless(db: AsyncSession) -> None:
    await canned_oil(db, await checked_in(db))
    buyer = await customers.create(
        db, CustomerFacts(name="Nora Newowner"), tenant_id=HARBOR, by=AVERY, confirmed=True
    )
    reasons = text("SELECT payload->>'reason' FROM events WHERE name = 'DeferredWorkRefused' ORDER BY id")
    assert (await put_off_and_done_later(db, "oil", customer_id=buyer.id, user_id=None)).status == "obsolete"
    assert (await put_off_and_done_later(db, "oil")).status == "obsolete"
    told, own = await db.scalars(reasons)
    assert (told, own[:8]) == ("Not needed any more.", "Done on ")


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
