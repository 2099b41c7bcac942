"""What is sent is frozen, hashed and final; a change makes another version."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.tables import EventRow
from app.domains import workshop
from app.domains.estimates.expiring import drop_outdated, expire
from app.domains.estimates.finding import find
from app.domains.estimates.links import issue_link, open_link
from app.domains.estimates.models import Estimate, EstimateJob, EstimateLine
from app.domains.estimates.sending import mark_viewed, preview, send
from app.domains.estimates.sheet import is_genuine, read_sheet
from app.domains.estimates.writing import discard, draft, revise
from app.domains.workshop import lines
from app.domains.workshop.models import Job
from tests.cast import CAST, Cast
from tests.domains.estimates.desk import as_person, order_with_jobs, sent
from tests.domains.workshop.shop import checked_in, lines_of, proposed


async def test_a_sent_version_adds_up_to_its_lines(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    assert estimate.number == f"{order.label}-E1"
    assert [one.job.job_id for one in sheet.jobs] == [job.id for job in jobs]
    printed = [line for one in sheet.jobs for line in one.lines]
    assert estimate.subtotal_minor == sum(line.net_minor for line in printed)
    assert estimate.tax_minor == sum(line.tax_minor for line in printed)
    assert estimate.total_minor == sum(one.job.total_minor for one in sheet.jobs)
    assert estimate.header["plate"] == "7ABC123"
    assert estimate.shown_hash == sheet.hash()
    assert await is_genuine(db, sheet)


async def test_sending_presents_the_jobs_and_tells(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    await sent(db, order)
    for job in jobs:
        await db.refresh(job)
    assert {job.status for job in jobs} == {"presented"}
    await db.refresh(order)
    assert order.stage == "awaiting_approval"
    row = await db.scalar(select(EventRow).where(EventRow.name == "EstimateSent"))
    assert row is not None
    assert row.user_id == CAST.customer.user_id
    assert "token" not in str(row.payload).lower()


async def test_the_preview_stores_nothing_and_shows_what_will_be_sent(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    shown = (await preview(db, estimate)).hash()
    await db.flush()
    stored = await db.get_one(Estimate, estimate.id, populate_existing=True)
    assert stored.status == "draft"
    assert stored.total_minor == 0
    assert not (await read_sheet(db, stored)).jobs
    sheet = await send(db, stored, revision=stored.revision, by=CAST.advisor.viewer)
    assert sheet.hash() == shown


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (Estimate, {"total_minor": 1}),
        (Estimate, {"message": "never said"}),
        (Estimate, {"shown_hash": b"x" * 32}),
        (EstimateJob, {"title": "Something else"}),
        (EstimateJob, {"total_minor": 1}),
        (EstimateLine, {"unit_price_minor": 1}),
        (EstimateLine, {"description": "Something else"}),
    ],
)
async def test_the_database_lets_nobody_change_what_was_sent(
    db: AsyncSession, table: type[Estimate | EstimateJob | EstimateLine], change: dict[str, object]
) -> None:
    order, _jobs = await order_with_jobs(db)
    await sent(db, order)
    with pytest.raises(DBAPIError, match=r"stays|never changed"):
        async with db.begin_nested():
            await db.execute(update(table).values(**change))
    with pytest.raises(DBAPIError, match=r"stays|never changed"):
        async with db.begin_nested():
            await db.execute(delete(table))


async def test_a_change_makes_the_next_version_and_kills_the_first_ones_links(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    first, sheet = await sent(db, order)
    token = await issue_link(db, first)
    assert (await open_link(db, token)).shut == ""
    await as_person(db, CAST.advisor)
    line = (await lines_of(db, jobs[0]))[1]
    cheaper = workshop.NewLine(kind="part", description=line.description, unit_price_minor=7990)
    await lines.change_line(db, jobs[0], line.id, cheaper, by=CAST.advisor.viewer)
    second, new_sheet = await sent(db, order)
    assert (first.status, second.status, second.version) == ("superseded", "sent", 2)
    assert (await open_link(db, token)).shut == "superseded"
    assert second.total_minor < first.total_minor
    assert (await read_sheet(db, first)).hash() == sheet.hash() == first.shown_hash
    assert new_sheet.hash() != sheet.hash()


async def test_a_change_of_a_job_takes_the_open_version_out_of_force_at_once(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    [labor, part] = await lines_of(db, jobs[0])
    same = workshop.NewLine(
        kind="part", description=part.description, part_number=part.part_number,
        unit_price_minor=part.unit_price_minor, unit_cost_minor=1,
    )  # fmt: skip
    await lines.change_line(db, jobs[0], part.id, same, by=CAST.advisor.viewer)
    assert not await drop_outdated(db, order.tenant_id, jobs[0].id, by=CAST.advisor.viewer)
    assert estimate.status == "sent", "the shop's own cost is nobody else's business"
    longer = workshop.NewLine(kind="labor", description=labor.description, quantity=Decimal(2))
    await lines.change_line(db, jobs[0], labor.id, longer, by=CAST.advisor.viewer)
    assert await drop_outdated(db, order.tenant_id, jobs[0].id, by=CAST.advisor.viewer)
    assert estimate.status == "superseded"


async def test_an_order_has_one_draft_and_decided_work_is_not_asked_again(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    await sent(db, order)
    for job in jobs:
        await workshop.authorize_job(db, job, by=CAST.advisor.viewer)
    one = await draft(db, order, by=CAST.advisor.viewer)
    assert (await draft(db, order, by=CAST.owner.viewer)).id == one.id
    with pytest.raises(Refused):
        await send(db, one, revision=one.revision, by=CAST.advisor.viewer)
    added = await proposed(db, order, "Wiper blades")
    sheet = await send(db, one, revision=one.revision, by=CAST.advisor.viewer)
    assert [one.job.job_id for one in sheet.jobs] == [added.id]
    assert sheet.estimate.authorized_before_minor > 0


async def test_an_empty_estimate_or_job_is_not_sent(db: AsyncSession) -> None:
    order = await checked_in(db)
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    with pytest.raises(Refused, match="no open job"):
        await send(db, estimate, revision=None, by=CAST.advisor.viewer)
    await proposed(db, order, "Find the noise", lines=[])
    with pytest.raises(Refused, match="no lines yet"):
        await send(db, estimate, revision=None, by=CAST.advisor.viewer)
    assert estimate.status == "draft"


async def test_two_people_do_not_overwrite_each_others_draft(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    day = clock.today("America/New_York") + timedelta(days=10)
    seen = estimate.revision
    await revise(db, estimate, message="Hello", valid_until=day, revision=seen, by=CAST.advisor.viewer)
    with pytest.raises(Refused):
        await revise(db, estimate, message="Bye", valid_until=day, revision=seen, by=CAST.owner.viewer)
    with pytest.raises(Refused):
        await send(db, estimate, revision=seen, by=CAST.owner.viewer)
    assert estimate.message == "Hello"


@pytest.mark.parametrize("days", [-1, 400])
async def test_a_validity_is_in_the_future_and_not_for_ever(db: AsyncSession, days: int) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    day = clock.today("America/New_York") + timedelta(days=days)
    with pytest.raises(Invalid):
        await revise(db, estimate, message="", valid_until=day, revision=1, by=CAST.advisor.viewer)


async def test_a_sent_version_is_neither_written_nor_thrown_away(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    draft_one = await draft(db, order, by=CAST.advisor.viewer)
    await discard(db, draft_one, revision=None, by=CAST.advisor.viewer)
    assert (await db.get_one(Job, jobs[0].id)).status == "proposed"
    estimate, _sheet = await sent(db, order)
    assert estimate.version == 1
    for refused in (
        revise(db, estimate, message="", valid_until=clock.today("UTC"), revision=2, by=CAST.advisor.viewer),
        discard(db, estimate, revision=None, by=CAST.advisor.viewer),
        send(db, estimate, revision=None, by=CAST.advisor.viewer),
    ):
        with pytest.raises(Refused):
            await refused


async def test_an_estimate_expires_by_itself_once(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    assert not await expire(db, estimate, by=CAST.advisor.viewer)
    with clock.moved_by(timedelta(days=20)):
        assert await expire(db, estimate, by=CAST.advisor.viewer)
        assert not await expire(db, estimate, by=CAST.advisor.viewer)
    assert estimate.status == "expired"


async def test_being_opened_is_noted_once(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    assert await mark_viewed(db, estimate, by=CAST.customer.viewer)
    assert not await mark_viewed(db, estimate, by=CAST.customer.viewer)
    assert estimate.status == "viewed"


async def test_drafts_are_the_shops_and_sent_versions_also_the_drivers(db: AsyncSession, cast: Cast) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate = await draft(db, order, by=cast.advisor.viewer)
    for person in (cast.customer, cast.stranger, cast.outsider):
        await as_person(db, person)
        with pytest.raises(NotFound):
            await find(db, person.viewer, estimate.id)
    await as_person(db, cast.advisor)
    await send(db, estimate, revision=None, by=cast.advisor.viewer)
    await as_person(db, cast.customer)
    assert (await find(db, cast.customer.viewer, estimate.id)).id == estimate.id
    for person in (cast.stranger, cast.outsider):
        await as_person(db, person)
        with pytest.raises(NotFound):
            await find(db, person.viewer, estimate.id)
