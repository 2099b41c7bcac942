"""The rules of an inspection: versions of the sheet, colours, finishing, proposing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.tables import EventRow
from app.domains import customers, workshop
from app.domains.customers import CustomerFacts
from app.domains.inspections import filling, install_sheets, proposing, reading, sheets
from app.domains.inspections.models import Finding, Template
from app.domains.inspections.standard_sheets import BRAKES_TIRES, EV_HV, GENERAL, STANDARD, Look, Sheet
from app.domains.network.joining import TenantJoined
from app.domains.workshop.models import RepairOrder
from tests.cast import HARBOR, Cast, Person
from tests.domains.inspections.sheets import begun, canned_pads, checklist, item, rate_all
from tests.domains.workshop.shop import as_person, checked_in
from tests.refusals import audited


def test_the_standard_sheets_hold_what_a_shop_looks_at() -> None:
    items = {sheet.code: [look for _name, looks in sheet.sections for look in looks] for sheet in STANDARD}
    assert len(items["general"]) == 30
    assert sum(1 for look in items["brakes_tires"] if look.unit == "mm") >= 10
    units = {look.unit for look in items["ev_hv"]}
    assert {"MΩ", "%", "mV", "V"} <= units
    for look in [one for some in items.values() for one in some]:
        assert not (look.below and look.above)
        assert bool(look.unit) or not (look.below or look.above)


@pytest.mark.parametrize(
    ("name", "measure", "colour"),
    [
        ("Front brake pads", "2.9", "red"),
        ("Front brake pads", "3", "yellow"),
        ("Front brake pads", "4.99", "yellow"),
        ("Front brake pads", "5", "green"),
        ("Brake fluid, water content", "2", "green"),
        ("Brake fluid, water content", "2.5", "yellow"),
        ("Brake fluid, water content", "3.1", "red"),
        ("Heating and air conditioning", "6", None),
    ],
)
async def test_a_measure_has_the_colour_of_its_thresholds(
    db: AsyncSession, name: str, measure: str, colour: str | None, cast: Cast
) -> None:
    inspection, _order = await begun(db)
    finding = await item(db, inspection, name)
    await filling.rate(db, finding, rating=None, measure=Decimal(measure), note="", by=cast.technician.viewer)
    assert finding.rating == (colour or "")
    assert finding.measure == Decimal(measure)


async def test_the_technicians_judgement_stands_over_the_measure(db: AsyncSession, cast: Cast) -> None:
    inspection, _order = await begun(db)
    finding = await item(db, inspection, "Front brake pads")
    me = cast.technician.viewer
    await filling.rate(db, finding, rating="yellow", measure=Decimal("2.5"), note="New soon", by=me)
    assert (await reading.row(db, finding)).disagrees
    await filling.rate(db, finding, rating=None, measure=Decimal("2.5"), note="Even wear", by=me)
    assert (finding.rating, finding.note) == ("yellow", "Even wear")  # a note alone changes no colour
    await filling.rate(db, finding, rating=None, measure=Decimal("6"), note="Even wear", by=me)
    assert finding.rating == "green"  # a new measure does


async def test_saving_the_same_twice_records_it_once(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    finding = await item(db, inspection, "Horn")
    for _again in range(2):
        await filling.rate(db, finding, rating="green", measure=None, note="", by=cast.technician.viewer)
    rated = select(func.count()).where(EventRow.subject_id == order.id, EventRow.name == "ItemRated")
    assert await db.scalar(rated) == 1


async def test_starting_twice_carries_on_with_the_open_sheet(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    template = await checklist(db, "general")
    again = await filling.start(db, order, template, by=cast.second_technician.viewer)
    assert again.id == inspection.id
    other = await filling.start(db, order, await checklist(db, "ev_hv"), by=cast.technician.viewer)
    assert other.id != inspection.id
    total = sum(len(looks) for _name, looks in EV_HV.sections)
    assert (await reading.sheet(db, other)).total == total


async def test_an_inspection_keeps_the_version_it_was_begun_with(db: AsyncSession) -> None:
    inspection, _order = await begun(db, "brakes_tires")
    shorter = Sheet("brakes_tires", "Brakes only", "", (("Front", (Look("Pads"), Look("Discs"))),))
    second = await sheets.publish(db, HARBOR, shorter)
    assert second.version == 2
    assert [one.version for one, _n in await sheets.offered(db, HARBOR) if one.code == "brakes_tires"] == [2]
    assert (await reading.sheet(db, inspection)).total == sum(len(l) for _n, l in BRAKES_TIRES.sections)  # noqa: E741
    with pytest.raises(NotFound):
        await sheets.find_current(db, HARBOR, inspection.template_id)
    with pytest.raises(Refused):
        await sheets.publish(db, HARBOR, Sheet("brakes_tires", "Empty", "", ()))


async def test_installing_again_changes_nothing(db: AsyncSession) -> None:
    await begun(db)
    assert await install_sheets(db, HARBOR) == []
    assert await db.scalar(select(func.count()).select_from(Template)) == len(STANDARD)


async def test_finishing_needs_every_item_rated(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    me = cast.technician.viewer
    horn = await item(db, inspection, "Horn")
    await filling.rate(db, horn, rating="red", measure=None, note="", by=me)
    with pytest.raises(Refused) as refused:
        await filling.finish(db, inspection, order, by=me)
    assert (refused.value.data, refused.value.audit) == ({"unrated": 29}, "inspection.unfinished")
    await rate_all(db, inspection, "not_applicable")
    await filling.finish(db, inspection, order, by=me)
    assert inspection.status == "completed"
    await filling.finish(db, inspection, order, by=me)
    done = select(EventRow.payload).where(
        EventRow.subject_id == order.id, EventRow.name == "InspectionCompleted"
    )
    [payload] = (await db.scalars(done)).all()
    assert (payload["red"], payload["green"]) == (1, 0)


async def test_a_finished_inspection_changes_only_after_it_is_opened_again(
    db: AsyncSession, cast: Cast
) -> None:
    inspection, order = await begun(db)
    me = cast.technician.viewer
    await rate_all(db, inspection)
    await filling.finish(db, inspection, order, by=me)
    horn = await item(db, inspection, "Horn")
    with audited("inspection.illegal_move"):
        await filling.rate(db, horn, rating="red", measure=None, note="", by=me)
    await filling.reopen(db, inspection, order, by=me)
    await filling.rate(db, horn, rating="red", measure=None, note="", by=me)
    assert inspection.completed_at is None


async def test_a_red_item_becomes_its_canned_job_once(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    await canned_pads(db)
    me = cast.technician.viewer
    finding = await item(db, inspection, "Front brake pads")
    with pytest.raises(Refused):
        await proposing.propose(db, finding, order, by=me)
    await filling.rate(db, finding, rating=None, measure=Decimal("2.5"), note="Scored disc.", by=me)
    job = await proposing.propose(db, finding, order, by=me)
    assert (job.title, job.status, job.finding_id) == ("Replace front pads", "proposed", finding.id)
    assert job.cause == "Front brake pads: 2.5 mm. Scored disc."
    lines = await workshop.lines_of(db, [job])
    assert [line.description for line in lines[job.id]] == ["Pad set, front"]
    again = await proposing.propose(db, finding, order, by=me)
    assert again.id == job.id
    assert len(await workshop.jobs_of(db, order)) == 1


async def test_a_proposal_taken_back_can_be_made_again(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    me = cast.technician.viewer
    finding = await item(db, inspection, "Horn")
    await filling.rate(db, finding, rating="yellow", measure=None, note="", by=me)
    job = await proposing.propose(db, finding, order, by=me)
    assert job.title == "Repair: Horn"  # the shop has no canned job for it
    await workshop.withdraw_job(db, job, by=cast.advisor.viewer)
    assert (await reading.row(db, finding)).can_be_proposed
    again = await proposing.propose(db, finding, order, by=me)
    assert (await reading.row(db, finding)).job is again


async def test_the_driver_sees_finished_inspections_only(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    me = cast.technician.viewer
    finding = await item(db, inspection, "Front brake pads")
    await filling.rate(db, finding, rating="red", measure=Decimal("2.5"), note="Scored", by=me)
    await rate_all(db, inspection)
    await as_person(db, cast.customer)
    assert await reading.for_customer(db, order) == []
    await as_person(db, cast.technician)
    await filling.finish(db, inspection, order, by=me)
    await as_person(db, cast.customer)
    [summary] = await reading.for_customer(db, order)
    [red] = summary.rated("red")
    assert (red.name, red.measure, red.note) == ("Front brake pads", "2.5 mm", "Scored")
    assert (summary.counts["green"], red.repair) == (29, "")
    await as_person(db, cast.technician)
    job = await proposing.propose(db, finding, order, by=me)
    await workshop.present_jobs(db, order, [job], by=cast.advisor.viewer)
    await workshop.authorize_job(db, job, by=cast.advisor.viewer)
    await as_person(db, cast.customer)
    assert (await reading.for_customer(db, order))[0].rated("red")[0].repair == "agreed"
    await as_person(db, cast.technician)
    job.status = "completed"
    await db.flush()
    await as_person(db, cast.customer)
    [summary] = await reading.for_customer(db, order)
    assert [one.name for one in summary.repaired] == ["Front brake pads"]
    assert (summary.counts["red"], summary.counts_now["red"]) == (1, 0)


async def test_what_is_repaired_at_a_later_visit_is_no_longer_red(db: AsyncSession, cast: Cast) -> None:
    inspection, order = await begun(db)
    mends = await canned_pads(db)
    me, desk = cast.technician.viewer, cast.advisor.viewer
    pads, horn = [await item(db, inspection, name) for name in ("Front brake pads", "Horn")]
    for finding in (pads, horn):
        await filling.rate(db, finding, rating="red", measure=None, note="", by=me)
    await rate_all(db, inspection)
    await filling.finish(db, inspection, order, by=me)
    declined = await proposing.propose(db, horn, order, by=me)

    async def is_red(viewer: Person) -> list[str]:
        await as_person(db, viewer)
        if viewer is cast.customer:
            [summary] = await reading.for_customer(db, order)
            assert summary.counts["red"] == 2
            left = [one.name for one in summary.rated("red") if one.repair != "done"]
        else:
            rows = (await reading.sheet(db, inspection)).rows
            left = [one.item.name for one in rows if one.finding.rating == "red" and one.repair != "done"]
        await as_person(db, cast.advisor)
        return left

    # Declined, taken up again at the next visit, declined once more, and done at the one after.
    for visit in range(2):
        await as_person(db, cast.advisor)
        await workshop.present_jobs(db, await db.get_one(RepairOrder, declined.order_id), [declined], by=desk)
        await workshop.decline_job(db, declined, by=desk)
        work = next(iter(await workshop.deferred_for_vehicle(db, desk, order.vehicle_id)))
        declined = await workshop.revive(db, work, await checked_in(db), by=desk)
        assert len(await is_red(cast.customer)) == 2, visit
    declined.status = "completed"
    await db.flush()
    assert await is_red(cast.customer) == await is_red(cast.technician) == ["Front brake pads"]
    # The car is sold, and its new owner has the pads done: no business of who had it before.
    later = await checked_in(db)
    again = await workshop.propose_job(db, later, canned_code="front-brake-pads", by=desk)
    again.status, again.completed_at = "completed", clock.now()
    facts = CustomerFacts(name="Nora Newowner")
    buyer = await customers.create(db, facts, tenant_id=HARBOR, by=desk, confirmed=True)
    later.customer_id, later.user_id = buyer.id, None
    await db.flush()
    assert (await is_red(cast.customer), await is_red(cast.technician)) == (["Front brake pads"], [])
    later.customer_id, later.user_id = order.customer_id, order.user_id
    await db.flush()
    assert await is_red(cast.customer) == []
    mends.skill = "diagnostics"
    await db.flush()
    assert await is_red(cast.technician) == ["Front brake pads"], "looked for, not mended"
    mends.skill = "brakes"
    again.completed_at = inspection.started_at - timedelta(days=90)
    await db.flush()
    assert await is_red(cast.technician) == ["Front brake pads"], "worn out since they were replaced"


async def test_an_inspection_of_another_shop_does_not_exist(db: AsyncSession, cast: Cast) -> None:
    inspection, _order = await begun(db)
    await as_person(db, cast.outsider)
    with pytest.raises(NotFound):
        await filling.find(db, cast.outsider.viewer, inspection.id)
    assert (await db.scalars(select(Finding))).all() == []
    await as_person(db, cast.customer)
    with pytest.raises(NotFound):
        await filling.find(db, cast.customer.viewer, inspection.id)


async def test_two_orders_have_sheets_of_their_own(db: AsyncSession, cast: Cast) -> None:
    inspection, _order = await begun(db)
    second = await checked_in(db)
    other = await filling.start(db, second, await checklist(db, "general"), by=cast.technician.viewer)
    finding = await item(db, inspection, "Horn")
    with pytest.raises(NotFound):
        await filling.find_finding(db, cast.technician.viewer, other.id, finding.id)
    assert sum(len(looks) for _name, looks in GENERAL.sections) == 30


async def test_a_new_shop_begins_with_the_standard_sheets(
    site: str, cast: Cast, run_reactions: Callable[[], Awaitable[int]]
) -> None:
    async with transaction(tenant=HARBOR) as db:
        joined = TenantJoined(tenant_id=HARBOR)
        await record(db, joined, by=cast.network.viewer, tenant=HARBOR, subject=HARBOR)
    await run_reactions()
    async with transaction(tenant=HARBOR) as db:
        assert len(await sheets.offered(db, HARBOR)) == len(STANDARD)
