"""The life of a job: only legal moves, each an event, whatever is tried in whatever order."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound, Refused
from app.core.tables import EventRow
from app.domains import workshop
from app.domains.network.models import StaffProfile
from app.domains.workshop import jobs, lines, moves, orders, steps, work
from app.domains.workshop.models import DeferredWork, Job
from tests.cast import CAST, Cast
from tests.domains.workshop.shop import approved, as_person, canned_oil, checked_in, lines_of, proposed
from tests.refusals import audited


async def events_of(db: AsyncSession, order_id: object) -> list[str]:
    rows = await db.scalars(
        select(EventRow.name)
        .where(EventRow.subject_id == order_id)
        .order_by(EventRow.created_at, EventRow.id)
    )
    return list(rows)


async def test_a_canned_job_brings_its_lines_at_the_centers_rate_and_tax(db: AsyncSession) -> None:
    order = await checked_in(db)
    await canned_oil(db, order)
    job = await workshop.propose_job(db, order, canned_code="oil", by=CAST.advisor.viewer)
    labor, oil, fee = await lines_of(db, job)
    assert (labor.unit_price_minor, labor.tax_rate) == (12000, Decimal("0.0725"))
    assert workshop.price_line(oil).net_minor == 6000
    assert fee.tax_rate == 0
    assert job.estimated_minutes == 30
    assert workshop.price_lines([labor, oil, fee]) == workshop.Price(
        12300, 870, 3150, costed_minor=6300, uncosted=1
    )


async def test_labor_without_a_price_costs_the_rate_and_labor_at_nothing_is_free(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await proposed(db, order)
    free = workshop.NewLine(kind="labor", description="Road test, goodwill", unit_price_minor=0)
    await workshop.add_line(db, job, free, by=CAST.advisor.viewer)
    first, _part, added = await lines_of(db, job)
    assert (first.unit_price_minor, added.unit_price_minor) == (12000, 0)
    again = workshop.NewLine(kind="labor", description=first.description, unit_price_minor=0)
    await workshop.change_line(db, job, first.id, again, by=CAST.advisor.viewer)
    assert first.unit_price_minor == 0
    full = workshop.NewLine(kind="labor", description=first.description)
    await workshop.change_line(db, job, first.id, full, by=CAST.advisor.viewer)
    assert first.unit_price_minor == 12000


async def test_a_job_that_runs_or_is_over_is_not_given_to_somebody_else(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    toni = await db.get_one(StaffProfile, CAST.second_technician.staff_id)
    with audited("job.late_assignment"):
        await jobs.assign(db, job, None, by=CAST.advisor.viewer)
    await work.start(db, job, by=CAST.technician.viewer)
    with audited("job.late_assignment"):
        await jobs.assign(db, job, toni, by=CAST.advisor.viewer)
    await work.finish(db, job, left_because="Done in one go", by=CAST.technician.viewer)
    with audited("job.late_assignment"):
        await jobs.assign(db, job, toni, by=CAST.advisor.viewer)


async def test_what_was_decided_on_an_older_state_is_kept_in_the_audit_trail(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await proposed(db, order)
    line = workshop.NewLine(kind="fee", description="Supplies", unit_price_minor=100)
    with audited("job.stale"):
        await workshop.add_line(db, job, line, by=CAST.advisor.viewer, version=job.version + 1)
    await workshop.present_jobs(db, order, [job], by=CAST.advisor.viewer)
    await workshop.decline_job(db, job, by=CAST.advisor.viewer)
    with audited("step.illegal_move"):
        await steps.add_step(db, job, "One more look", by=CAST.technician.viewer)
    with pytest.raises(orders.InShopAlready):
        await orders.be_the_only_visit(db, order.tenant_id, order.vehicle_id)


async def test_what_is_not_begun_goes_along_when_the_order_is_given_to_somebody_else(
    db: AsyncSession,
) -> None:
    order = await checked_in(db)
    begun, ready = await approved(db, order), await approved(db, order, "Front discs")
    await work.start(db, begun, by=CAST.technician.viewer)
    toni = CAST.second_technician.staff_id
    await orders.plan(db, order, by=CAST.advisor.viewer, technician_id=toni)
    assert (begun.technician_id, ready.technician_id) == (CAST.technician.staff_id, toni)
    assert (await events_of(db, order.id)).count("JobAssigned") == 1
    await work.start(db, ready, by=CAST.second_technician.viewer)


async def test_a_finding_proposes_its_job_once(db: AsyncSession) -> None:
    order = await checked_in(db)
    finding = uuid4()
    first = await proposed(db, order, finding_id=finding)
    again = await proposed(db, order, finding_id=finding)
    assert first.id == again.id


async def test_a_job_needs_a_name_and_a_known_canned_job(db: AsyncSession) -> None:
    order = await checked_in(db)
    with pytest.raises(Invalid):
        await workshop.propose_job(db, order, title="  ", by=CAST.advisor.viewer)
    with pytest.raises(NotFound):
        await workshop.propose_job(db, order, canned_code="no such", by=CAST.advisor.viewer)


async def test_an_approved_job_with_a_technician_is_ready_to_start(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    assert (job.status, job.technician_id) == ("pending", CAST.technician.staff_id)
    names = await events_of(db, order.id)
    assert names == [
        "OrderOpened",
        "JobProposed",
        "JobPresented",
        "OrderMoved",
        "JobAuthorized",
        "OrderMoved",
    ]
    assert [step.name for step in await steps.steps_of(db, job)] == [
        "Replace front pads and discs",
        "Pedal firm, wheels torqued, road test done",
    ]


async def test_an_approved_job_without_a_technician_waits_for_one(db: AsyncSession) -> None:
    order = await checked_in(db, technician_id=None)
    job = await approved(db, order)
    assert job.status == "authorized"
    terry = await db.get_one(StaffProfile, CAST.technician.staff_id)
    await jobs.assign(db, job, terry, by=CAST.advisor.viewer)
    assert job.status == "pending"


async def test_changing_the_price_of_an_approved_job_takes_the_approval_back(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    line = (await lines_of(db, job))[1]
    dearer = workshop.NewLine(kind="part", description=line.description, unit_price_minor=9990)
    await lines.change_line(db, job, line.id, dearer, by=CAST.advisor.viewer, version=job.version)
    assert job.status == "presented"
    assert (await events_of(db, order.id))[-2:] == ["JobChanged", "OrderMoved"]
    assert order.stage == "awaiting_approval"


async def test_changing_only_the_shops_cost_keeps_the_approval(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    line = (await lines_of(db, job))[1]
    cheaper = workshop.NewLine(
        kind="part",
        description=line.description,
        part_number=line.part_number,
        unit_price_minor=line.unit_price_minor,
        unit_cost_minor=3900,
    )
    await lines.change_line(db, job, line.id, cheaper, by=CAST.advisor.viewer)
    assert job.status == "pending"


async def test_a_stale_form_of_a_job_is_refused_and_changes_nothing(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await proposed(db, order)
    seen = job.version
    more = workshop.NewLine(kind="fee", description="Shop supplies", unit_price_minor=500)
    await lines.add_line(db, job, more, by=CAST.advisor.viewer, version=seen)
    with pytest.raises(Refused) as refused:
        await lines.add_line(db, job, more, by=CAST.advisor.viewer, version=seen)
    assert refused.value.status == 409
    assert refused.value.data["version"] == seen + 1
    assert len(await lines_of(db, job)) == 3


async def test_lines_cannot_change_once_work_has_begun(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=CAST.technician.viewer)
    line = (await lines_of(db, job))[0]
    with pytest.raises(Refused):
        await lines.remove_line(db, job, line.id, by=CAST.advisor.viewer)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("kind", {"kind": "tip"}),
        ("description", {"description": " "}),
        ("quantity", {"quantity": Decimal(0)}),
        ("quantity", {"quantity": Decimal(-1)}),
        ("unit_price", {"unit_price_minor": 10**12}),
        ("unit_cost", {"unit_cost_minor": -1}),
    ],
)
def test_a_line_that_makes_no_sense_says_which_field(field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid) as invalid:
        workshop.NewLine(**{"kind": "part", "description": "Filter", **wrong})  # type: ignore[arg-type]
    assert list(invalid.value.errors) == [field]


async def test_a_proposal_nobody_saw_can_be_withdrawn_a_presented_one_cannot(db: AsyncSession) -> None:
    order = await checked_in(db)
    unseen, seen = await proposed(db, order, "Wipers"), await proposed(db, order, "Battery")
    await workshop.withdraw_job(db, unseen, by=CAST.advisor.viewer)
    await workshop.present_jobs(db, order, [seen], by=CAST.advisor.viewer)
    with pytest.raises(Refused):
        await workshop.withdraw_job(db, seen, by=CAST.advisor.viewer)
    assert [job.title for job in await workshop.jobs_of(db, order)] == ["Battery"]


async def test_a_job_of_another_shop_does_not_exist(db: AsyncSession, cast: Cast) -> None:
    order = await checked_in(db)
    job = await proposed(db, order)
    await as_person(db, cast.outsider)
    with pytest.raises(NotFound):
        await workshop.find_job(db, cast.outsider.viewer, job.id)
    await as_person(db, cast.stranger)
    with pytest.raises(NotFound):
        await workshop.find_job(db, cast.stranger.viewer, job.id)


async def test_the_driver_reads_their_own_jobs(db: AsyncSession, cast: Cast) -> None:
    order = await checked_in(db)
    job = await proposed(db, order)
    await as_person(db, cast.customer)
    found, of = await workshop.find_job(db, cast.customer.viewer, job.id)
    assert (found.id, of.id) == (job.id, order.id)


ADVISOR, TECHNICIAN, CHECKER = CAST.advisor.viewer, CAST.technician.viewer, CAST.second_technician.viewer
Move = Callable[[AsyncSession, Job], Awaitable[object]]


async def _present(db: AsyncSession, job: Job) -> None:
    order = await workshop.find_by_id(db, ADVISOR, job.order_id)
    await workshop.present_jobs(db, order, [job], by=ADVISOR)


async def _edit(db: AsyncSession, job: Job) -> None:
    more = workshop.NewLine(kind="fee", description="Supplies", unit_price_minor=100)
    await lines.add_line(db, job, more, by=ADVISOR)


async def _pass(db: AsyncSession, job: Job) -> None:
    for step in await steps.steps_of(db, job):
        if job.status == "qc" and step.status != "completed":
            await steps.progress(db, step, to="completed", by=CHECKER)
    await work.check(db, job, passed=True, by=CHECKER)


MOVES: dict[str, Move] = {
    "present": _present,
    "authorize": lambda db, job: workshop.authorize_job(db, job, by=ADVISOR),
    "decline": lambda db, job: workshop.decline_job(db, job, by=ADVISOR, reason="Too dear"),
    "defer": lambda db, job: workshop.defer_job(db, job, by=ADVISOR),
    "edit": _edit,
    "start": lambda db, job: work.start(db, job, by=TECHNICIAN),
    "block": lambda db, job: work.block(db, job, reason="parts", by=TECHNICIAN),
    "finish": lambda db, job: work.finish(db, job, left_because="Done in one go", by=TECHNICIAN),
    "fail": lambda db, job: work.check(db, job, passed=False, note="Squeaks", by=CHECKER),
    "pass": _pass,
}
# What each move makes of each state; where nothing stands it is refused. The rule, written a second time.
ALLOWED = {
    ("proposed", "present"): "presented",
    ("presented", "present"): "presented",
    ("presented", "authorize"): "pending",
    ("presented", "decline"): "declined",
    ("presented", "defer"): "deferred",
    ("proposed", "edit"): "proposed",
    ("presented", "edit"): "presented",
    ("pending", "edit"): "presented",
    ("pending", "start"): "in_progress",
    ("in_progress", "start"): "in_progress",
    ("in_progress", "block"): "blocked",
    ("blocked", "start"): "in_progress",
    ("in_progress", "finish"): "qc",
    ("qc", "fail"): "in_progress",
    ("qc", "pass"): "completed",
}
LIKELY = ["present", "authorize", "start", "block", "start", "finish", "fail", "finish", "pass"]


@given(tried=st.lists(st.sampled_from(sorted(MOVES)), max_size=14), lead=st.integers(0, len(LIKELY)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_tried_a_job_only_makes_legal_moves(
    db: AsyncSession, tried: list[str], lead: int
) -> None:
    async with db.begin_nested() as undo:
        order = await checked_in(db)
        job = await proposed(db, order)
        for name in LIKELY[:lead] + tried:
            before, events_before = job.status, len(await events_of(db, order.id))
            expected = ALLOWED.get((before, name))
            refused = await _refusal(MOVES[name], db, job)
            if refused is None:
                assert job.status == expected, f"{name} of a {before} job"
            else:
                assert expected is None, f"{name} of a {before} job was refused: {refused.words}"
                assert (refused.status, job.status) == (409, before)
                assert refused.audit
                assert len(await events_of(db, order.id)) == events_before
            assert job.status == before or _reachable(before, job.status)
        kept = await db.scalar(select(DeferredWork.decision).where(DeferredWork.job_id == job.id))
        assert (kept is not None) == (job.status in ("declined", "deferred"))
        await undo.rollback()


async def _refusal(move: Move, db: AsyncSession, job: Job) -> Refused | None:
    try:
        await move(db, job)
    except Refused as refused:
        return refused
    return None


def _reachable(start: str, end: str) -> bool:
    """By one legal move, or two made as one (authorized and at once pending)."""
    return end in moves.JOB[start] or any(end in moves.JOB[middle] for middle in moves.JOB[start])
