"""How long work usually takes: the middle of enough finished jobs, without what the clock got wrong."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.domains import services, workshop
from app.domains.services import ServiceFacts
from app.domains.services.models import CannedLine, Service
from app.domains.workshop import usual_times
from app.domains.workshop.models import Job, JobClock, RepairOrder
from app.domains.workshop.usual_times import usual_of
from tests.browsing import Browser
from tests.cast import CAST, HARBOR, Cast
from tests.domains.workshop.shop import canned_oil, checked_in

Open = Callable[..., Browser]


def test_fewer_than_five_jobs_are_no_history() -> None:
    assert usual_of([60, 61, 62, 63]) is None
    assert usual_of([60, 61, 62, 63, 1]) is None  # a clock tapped on and off


def test_one_odd_day_does_not_move_what_is_usual() -> None:
    plain = usual_of([70, 75, 80, 85, 90])
    odd = usual_of([70, 75, 80, 85, 90, 600])
    assert plain == odd
    assert plain is not None
    assert (plain.minutes, plain.low, plain.high, plain.jobs) == (80, 75, 85, 5)
    assert (plain.to_book, plain.hours) == (80, Decimal("1.3"))
    longer = usual_of([37] * 5)
    assert longer is not None
    assert longer.to_book == 40


@given(st.lists(st.floats(3, 700), min_size=5, max_size=60))
def test_what_is_usual_lies_within_its_spread(minutes: list[float]) -> None:
    found = usual_of(minutes)
    if found is not None:
        assert min(minutes) - 1 <= found.low <= found.minutes <= found.high <= max(minutes) + 1
        assert usual_times.ENOUGH <= found.jobs <= len(minutes)


async def oil_history(db: AsyncSession, took: list[float]) -> tuple[RepairOrder, str]:
    """Finished oil changes of one order, each clocked for some minutes."""
    order = await checked_in(db)
    oil = await canned_oil(db, order)
    now = clock.now()
    for minutes in took:
        job = Job(
            tenant_id=HARBOR, order_id=order.id, title="Oil change", status="completed", canned_job_id=oil.id,
            completed_at=now,
        )  # fmt: skip
        db.add(job)
        await db.flush()
        db.add(
            JobClock(
                tenant_id=HARBOR, job_id=job.id, technician_id=CAST.technician.staff_id,
                started_at=now - timedelta(minutes=minutes), stopped_at=now,
            )
        )  # fmt: skip
    await db.flush()
    return order, oil.code


async def test_a_job_learns_from_the_clocks_of_its_canned_job(db: AsyncSession) -> None:
    order, code = await oil_history(db, [40, 42, 45, 48, 50, 15 * 60])  # the last clock was forgotten
    job = await workshop.propose_job(db, order, by=CAST.advisor.viewer, canned_code=code)
    used = await usual_times.put_into_job(db, job, by=CAST.advisor.viewer)
    assert (used.minutes, used.jobs, used.of) == (45, 5, "Honda Accord")
    [labor] = [line for line in (await workshop.lines_of(db, [job]))[job.id] if line.kind == "labor"]
    assert labor.quantity == Decimal("0.8")
    assert job.estimated_minutes == 48


async def test_the_page_of_a_job_says_what_is_usual_beside_its_hours_and_its_start(
    browser: Open, cast: Cast
) -> None:
    async with transaction() as db:
        order, code = await oil_history(db, [40, 42, 45, 48, 50])
        job = await workshop.propose_job(db, order, by=CAST.advisor.viewer, canned_code=code)
        other = await workshop.propose_job(db, order, by=CAST.advisor.viewer, title="Rattle")
    advisor = browser(cast.advisor)
    page = (await advisor.get(f"/jobs/{job.id}")).text
    assert page.count("usually 45 min (5 jobs)") == 2
    assert "half of them took 42 min to 48 min" in page
    assert "usually" not in (await advisor.get(f"/jobs/{other.id}")).text


async def test_the_shop_takes_its_history_over_with_one_press(browser: Open, cast: Cast) -> None:
    async with transaction() as db:
        _order, code = await oil_history(db, [40, 42, 45, 48, 52])
        facts = ServiceFacts(name="Oil", duration_minutes=30, price_minor=9900, canned_job_code=code)
        service = await services.add(db, facts, by=CAST.owner.viewer)
        here = f"/settings/services/{service.id}"
    owner = browser(cast.owner)
    page = (await owner.get(f"{here}/times")).text
    every, accords = re.findall(r"<tr>(<td.*?)</tr>", page, re.DOTALL)
    assert re.findall(r">([^<>]+)<", every) == ["Every car", "45 min", "42 min to 48 min", "5"]
    assert "Honda Accord" in accords
    assert (await owner.post(f"{here}/duration")).status_code == 303
    async with transaction(tenant=HARBOR) as db:
        assert (await db.get_one(Service, service.id)).duration_minutes == 45
        canned = await db.scalar(
            select(CannedLine.canned_job_id).where(
                CannedLine.tenant_id == HARBOR, CannedLine.description == "Change oil and filter"
            )
        )
    assert (await owner.post(f"/settings/canned-jobs/{canned}/hours")).status_code == 303
    assert "That is what is planned." in (await owner.get(f"/settings/canned-jobs/{canned}/times")).text
