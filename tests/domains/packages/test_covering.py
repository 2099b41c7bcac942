"""What a package covers costs the customer nothing, counts once, and never more often than was sold."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.core import clock
from app.core.db import transaction
from app.core.errors import NotFound, Refused
from app.domains import estimates, packages, workshop
from app.domains.billing import finding, invoicing
from app.domains.packages import covering
from app.domains.packages.models import PackageUse, ServicePackage
from app.domains.packages.standing import Left
from app.domains.workshop import closing
from app.domains.workshop.models import DeferredWork, Job, JobLine, RepairOrder
from tests.cast import CAST, HARBOR
from tests.domains.billing.bills import carried_out
from tests.domains.packages.sold import AVERY, NET, at_the_shop, oil_job, plan, sold
from tests.domains.workshop.shop import BRAKES, canned_oil, checked_in, lines_of, proposed

BRAKES_TOTAL = (18000 + 1305) + (8990 + 652)
SALE_TOTAL = 19900 + 1443


async def left(db, package):
    [standing] = await packages.stand(db, [package])
    return standing.rows[0]


async def test_a_covered_job_costs_nothing_names_its_package_and_keeps_the_true_price(db):
    order, package = await at_the_shop(db)
    job = await oil_job(db, order)
    use = await packages.cover(db, job, order, package, by=AVERY)
    lines = await lines_of(db, job)
    assert [line.unit_price_minor for line in lines] == [0, 0, 0, 0]
    assert [line.list_price_minor for line in lines] == [12000, 1250, 300, 0]
    assert lines[-1].description == "Covered by Comfort, 1 of 2 used"
    assert (use.worth_minor, use.done_at) == (NET, None)
    assert await left(db, package) == Left("Oil change", 2, 0, 1)
    with pytest.raises(Refused):
        await packages.cover(db, job, order, package, by=AVERY)


async def test_estimate_and_invoice_say_so_and_their_sums_are_exact(db):
    order, package = await at_the_shop(db)
    oil, brakes = await oil_job(db, order), await proposed(db, order)
    await packages.cover(db, oil, order, package, by=AVERY)
    extra = workshop.NewLine(kind="part", description="Drain plug", unit_price_minor=500)
    await workshop.add_line(db, oil, extra, by=AVERY)
    draft = await estimates.draft(db, order, by=AVERY)
    sheet = await estimates.send(db, draft, revision=draft.revision, by=AVERY)
    shown = {one.job.title: one.job.total_minor for one in sheet.jobs}
    assert shown == {"Oil change": 500 + 36, "Front brakes": BRAKES_TOTAL}
    assert "Covered by Comfort, 1 of 2 used" in {line.description for one in sheet.jobs for line in one.lines}
    for job in (oil, brakes):
        await workshop.authorize_job(db, job, by=AVERY)
        await carried_out(db, job)
    invoice = await invoicing.issue(db, order, by=AVERY)
    assert invoice.total_minor == SALE_TOTAL + 500 + 36 + BRAKES_TOTAL
    printed = [(one.description, one.net_minor) for one in await finding.lines_of(db, invoice)]
    assert ("Covered by Comfort, 1 of 2 used", 0) in printed
    assert ("Oil 0W-20", 0) in printed


async def test_work_that_begins_on_an_agreed_job_needs_no_second_yes_and_paying_for_it_does(db):
    order, package = await at_the_shop(db)
    job = await oil_job(db, order)
    await workshop.present_jobs(db, order, [job], by=AVERY)
    await workshop.authorize_job(db, job, by=AVERY)
    await packages.cover(db, job, order, package, by=AVERY)
    assert job.status == "pending", "nobody has to agree to pay less"
    await packages.uncover(db, job, order, by=AVERY)
    await packages.uncover(db, job, order, by=AVERY)
    assert job.status == "presented"
    assert [line.unit_price_minor for line in await lines_of(db, job)] == [12000, 1250, 300]
    assert (await left(db, package)).left == 2
    await workshop.authorize_job(db, job, by=AVERY)
    await packages.cover(db, job, order, package, by=AVERY)
    await carried_out(db, job)
    with pytest.raises(Refused):
        await packages.uncover(db, job, order, by=AVERY)


async def test_what_is_put_off_keeps_its_true_price_and_comes_back_without_the_cover(db):
    order, package = await at_the_shop(db)
    job = await oil_job(db, order)
    await packages.cover(db, job, order, package, by=AVERY)
    await workshop.present_jobs(db, order, [job], by=AVERY)
    await workshop.decline_job(db, job, by=AVERY)
    work = await db.scalar(select(DeferredWork).where(DeferredWork.job_id == job.id))
    assert work.total_minor == NET + 435 + 435
    again = await workshop.revive(db, work, order, by=AVERY)
    assert [line.description for line in await lines_of(db, again)] == [
        "Change oil and filter",
        "Oil 0W-20",
        "Waste oil disposal",
    ]


async def test_only_on_this_car_within_the_term_and_only_what_is_named(db):
    order, package = await at_the_shop(db)
    brakes = await proposed(db, order)
    with pytest.raises(NotFound):
        await packages.cover(db, brakes, order, package, by=AVERY)
    with clock.moved_by(timedelta(days=370)):
        late = await checked_in(db)
        job = await oil_job(db, late)
        assert await covering.chances(db, late) == []
        with pytest.raises(NotFound):
            await packages.cover(db, job, late, package, by=AVERY)


async def test_a_package_with_a_covered_job_under_way_cannot_be_cancelled_and_its_price_goes_with_it(db):
    order, package = await at_the_shop(db)
    job = await oil_job(db, order)
    await packages.cover(db, job, order, package, by=AVERY)
    with pytest.raises(Refused, match="Oil change"):
        await packages.cancel(db, package, reason="Moves away", by=AVERY)
    await packages.uncover(db, job, order, by=AVERY)
    await packages.cancel(db, package, reason="Moves away", by=AVERY)
    assert [one.title for one in await workshop.jobs_of(db, order)] == ["Oil change"]
    assert await covering.chances(db, order) == []
    with pytest.raises(Refused):
        await packages.cancel(db, package, reason="Again", by=AVERY)


async def _open(count: int, uses: int) -> tuple[list[tuple[Job, RepairOrder]], ServicePackage]:
    """So many visits of the car with an oil change each, committed."""
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        order, package = await at_the_shop(db, uses=uses)
        orders = [order, *[await checked_in(db) for _one in range(count - 1)]]
        return [(await oil_job(db, one), one) for one in orders], package


async def test_two_at_once_cannot_take_the_last_use_twice(site):
    visits, package = await _open(2, 1)

    async def cover(job, order):
        async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
            live = await db.get_one(Job, job.id), await db.get_one(RepairOrder, order.id)
            await packages.cover(db, *live, await db.get_one(ServicePackage, package.id), by=AVERY)

    answers = await asyncio.gather(*(cover(*one) for one in visits), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["NoneType", "Refused"]
    async with transaction(tenant=HARBOR) as db:
        assert await db.scalar(select(func.count()).select_from(PackageUse)) == 1
        covered = select(func.count()).where(JobLine.list_price_minor == 0)
        assert await db.scalar(covered) == 1


async def test_the_shop_need_not_think_of_it_and_what_is_not_done_is_given_back(site, run_reactions):
    """Work of the package is covered as it comes onto the order, counted when it is done, and free when it is off."""
    visits, package = await _open(3, 2)
    await run_reactions()
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        assert await left(db, package) == Left("Oil change", 2, 0, 2)
        done = await db.get_one(Job, visits[0][0].id)
        await workshop.present_jobs(db, visits[0][1], [done], by=AVERY)
        await workshop.authorize_job(db, done, by=AVERY)
        await carried_out(db, done)
        await closing.void(db, await db.get_one(RepairOrder, visits[1][1].id), by=AVERY, reason="Mistake")
    await run_reactions()
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        assert await left(db, package) == Left("Oil change", 2, 1, 0)
        third = await db.get_one(Job, visits[2][0].id)
        order = await db.get_one(RepairOrder, visits[2][1].id)
        [chance] = await covering.chances(db, order)
        assert (chance.job.id, chance.left) == (third.id, 1)
        await packages.cover(db, third, order, await db.get_one(ServicePackage, package.id), by=AVERY)
        await workshop.present_jobs(db, order, [third], by=AVERY)
        await workshop.defer_job(db, third, by=AVERY)
    await run_reactions()
    async with transaction(tenant=HARBOR) as db:
        assert await left(db, package) == Left("Oil change", 2, 1, 0)


STEPS = st.tuples(st.sampled_from(["propose", "cover", "cover", "uncover", "withdraw"]), st.integers(0, 5))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=[("propose", 0)] * 3 + [("cover", n) for n in range(3)] + [("uncover", 0), ("cover", 2)])
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
async def test_uses_never_exceed_what_is_covered_and_prices_follow(db, steps):
    async with db.begin_nested() as history:
        order, package = await at_the_shop(db)
        jobs: list[Job] = []
        for what, which in steps:
            job = jobs[which % len(jobs)] if jobs else None
            with suppress(Refused):
                if what == "propose" or job is None:
                    jobs.append(await oil_job(db, order))
                elif what == "cover":
                    await packages.cover(db, job, order, package, by=AVERY)
                elif what == "uncover":
                    await packages.uncover(db, job, order, by=AVERY)
                else:
                    jobs.remove(job)
                    await workshop.withdraw_job(db, job, by=AVERY)
            covered = set(await db.scalars(select(PackageUse.job_id)))
            assert len(covered) <= 2
            for one in jobs:
                net = workshop.price_lines(await lines_of(db, one)).net_minor
                assert net == (0 if one.id in covered else NET)
        await history.rollback()
    db.expunge_all()


async def test_a_booked_price_is_covered_whole(db):
    """Also the line that brings the catalogue's price to the price booked."""
    order, package = await at_the_shop(db)
    lines = [
        *BRAKES,
        workshop.NewLine(kind="fee", description="Difference to the price booked", unit_price_minor=-990),
    ]
    job = await proposed(db, order, "Oil change", lines=lines, canned_code="oil")
    await packages.cover(db, job, order, package, by=AVERY)
    assert workshop.price_lines(await lines_of(db, job)).total_minor == 0
    await packages.uncover(db, job, order, by=AVERY)
    assert workshop.price_lines(await lines_of(db, job)).net_minor == NET + 18000 + 8990 - 990


async def test_the_first_to_end_is_taken_from_first(db):
    order = await checked_in(db)
    oil = await canned_oil(db, order)
    long = await sold(db, await plan(db, oil, name="Two years", package_type="comprehensive", months=24))
    short = await sold(db, await plan(db, oil, name="Half a year", package_type="basic", months=6, uses=1))
    await oil_job(db, order)
    await oil_job(db, order)
    await covering.cover_what_fits(db, await workshop.hold(db, order.id), by=AVERY)
    assert ((await left(db, short)).planned, (await left(db, long)).planned) == (1, 1)
