"""The board: a card's stage follows the work, a person may always move it, a late form is told what changed."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import transaction
from app.core.errors import NotFound, Refused
from app.domains import workshop
from app.domains.workshop import board, closing, history, orders, stages, work
from app.domains.workshop.models import STAGES
from tests.cast import CAST, HARBOR_BAYS, Cast
from tests.domains.workshop.shop import approved, as_person, checked_in, proposed
from tests.refusals import audited

AVERY, TERRY = CAST.advisor.viewer, CAST.technician.viewer


@pytest.mark.parametrize(
    ("jobs", "stage"),
    [
        ([], None),
        ([("proposed", "")], None),
        ([("presented", "")], "awaiting_approval"),
        ([("presented", ""), ("in_progress", "")], "in_progress"),
        ([("pending", ""), ("declined", "")], "in_progress"),
        ([("authorized", "")], "in_progress"),
        ([("blocked", "parts")], "awaiting_parts"),
        ([("blocked", "parts"), ("in_progress", "")], "in_progress"),
        ([("blocked", "approval"), ("pending", "")], "awaiting_approval"),
        ([("blocked", "sublet")], "sublet"),
        ([("blocked", "bay")], "in_progress"),
        ([("qc", ""), ("completed", "")], "qc"),
        ([("qc", ""), ("pending", "")], "in_progress"),
        ([("completed", ""), ("declined", "")], "ready"),
        ([("completed", ""), ("presented", "")], "awaiting_approval"),
        ([("declined", ""), ("deferred", "")], "ready"),
        ([("declined", ""), ("proposed", "")], None),
    ],
)
def test_the_stage_follows_the_jobs(jobs: list[tuple[str, str]], stage: str | None) -> None:
    assert stages.stage_of(jobs, "awaiting_approval") == stage


async def test_a_person_moves_a_card_anywhere_and_back(db: AsyncSession) -> None:
    order = await checked_in(db)
    for stage in ("sublet", "ready", "delivered", "received"):
        await board.move(db, order, to=stage, by=AVERY, version=order.version)
        assert order.stage == stage
    assert (order.ready_at, order.delivered_at) == (None, None)


async def test_moving_to_where_it_is_changes_nothing(db: AsyncSession) -> None:
    order = await checked_in(db)
    before = order.version
    await board.move(db, order, to="received", by=AVERY, version=before)
    assert order.version == before


async def test_a_late_move_is_told_what_changed_and_by_whom(db: AsyncSession) -> None:
    order = await checked_in(db)
    seen = order.version
    await board.move(db, order, to="diagnosing", by=TERRY, version=seen)
    with pytest.raises(Refused, match=r"Diagnosing.*Terry Technician") as refused:
        await board.move(db, order, to="qc", by=AVERY, version=seen)
    assert refused.value.data == {"version": seen + 1, "stage": "diagnosing"}
    assert refused.value.audit == "order.stale"
    assert order.stage == "diagnosing"


async def test_a_handed_over_car_stays_where_it_is(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    await board.move(db, order, to="delivered", by=AVERY, anyway="Comes back tomorrow")
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    assert order.stage == "delivered"


async def test_cards_come_most_urgent_first_and_say_what_blocks_them(db: AsyncSession) -> None:
    calm, waiter = await checked_in(db), await checked_in(db, is_waiter=True)
    late = await checked_in(db)
    await workshop.plan(db, late, by=AVERY, promise_at=clock.now() - timedelta(minutes=5))
    job = await approved(db, late)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    await work.block(db, job, reason="parts", by=TERRY)
    shown = await board.cards(db, AVERY)
    assert [card.number for card in shown] == [waiter.number, late.number, calm.number]
    assert [card.is_late for card in shown] == [False, True, False]
    assert shown[1].blocked_reason == "parts"
    assert (shown[1].jobs_agreed, shown[1].jobs_done) == (1, 0)


async def test_lanes_are_bays_and_the_yard_comes_last(db: AsyncSession) -> None:
    inside, outside = await checked_in(db), await checked_in(db)
    await workshop.plan(db, inside, by=AVERY, bay_id=HARBOR_BAYS[1])
    lanes = board.lanes(await board.cards(db, AVERY), await board.bays(db, AVERY))
    assert [(lane.name, sum(len(column.cards) for column in lane.columns)) for lane in lanes] == [
        ("Bay 1", 0),
        ("Bay 2", 1),
        ("No bay", 1),
    ]
    assert outside.bay_id is None


async def test_the_whole_board_is_one_query(db: AsyncSession) -> None:
    for _ in range(3):
        await approved(db, await checked_in(db))
    asked: list[str] = []
    connection = (await db.connection()).sync_connection

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sa_event.listen(connection, "before_cursor_execute", note)
    await board.cards(db, AVERY)
    assert len(asked) == 1


async def test_delivered_cars_leave_the_board_after_half_a_day(db: AsyncSession) -> None:
    order = await checked_in(db)
    await board.move(db, order, to="delivered", by=AVERY)
    assert len(await board.cards(db, AVERY)) == 1
    with clock.moved_by(timedelta(hours=13)):
        assert await board.cards(db, AVERY) == []


async def test_another_shop_sees_no_card_and_finds_no_order(db: AsyncSession, cast: Cast) -> None:
    order = await checked_in(db)
    await as_person(db, cast.outsider)
    assert await board.cards(db, cast.outsider.viewer) == []
    with pytest.raises(NotFound):
        await orders.find(db, cast.outsider.viewer, order.number)
    with pytest.raises(NotFound):
        await orders.find_by_id(db, cast.outsider.viewer, order.id)


async def test_the_driver_finds_their_own_order_only(db: AsyncSession, cast: Cast) -> None:
    order = await checked_in(db)
    await as_person(db, cast.customer)
    assert (await orders.find_by_id(db, cast.customer.viewer, order.id)).id == order.id
    await as_person(db, cast.stranger)
    with pytest.raises(NotFound):
        await orders.find_by_id(db, cast.stranger.viewer, order.id)


async def test_work_that_nobody_answered_is_kept_when_the_order_is_invoiced(db: AsyncSession) -> None:
    order = await checked_in(db)
    asked, unseen = await proposed(db, order, "Battery"), await proposed(db, order, "Wipers")
    await workshop.present_jobs(db, order, [asked], by=AVERY)
    await closing.mark_invoiced(db, order, by=AVERY)
    kept = await workshop.deferred_for_vehicle(db, AVERY, order.vehicle_id)
    assert sorted(work_left.title for work_left in kept) == ["Battery", "Wipers"]
    assert {asked.status, unseen.status} == {"deferred"}
    with pytest.raises(Refused):
        await proposed(db, order, "Too late")


async def test_an_order_with_work_under_way_cannot_be_invoiced_or_voided(db: AsyncSession) -> None:
    order = await checked_in(db)
    job = await approved(db, order)
    with pytest.raises(Refused):
        await closing.mark_invoiced(db, order, by=AVERY)
    await as_person(db, CAST.technician)
    await work.start(db, job, by=TERRY)
    with pytest.raises(Refused):
        await closing.void(db, order, by=AVERY, reason="Oops")
    assert order.status == "repair_order"


async def test_an_estimate_is_no_card_until_its_car_comes_however_much_is_approved(db: AsyncSession) -> None:
    order = await checked_in(db)
    order.status = "estimate"
    await approved(db, order)
    assert (order.status, order.stage) == ("estimate", "received")
    assert await board.cards(db, AVERY) == []
    intake = workshop.Intake(concern="Brakes, as priced")
    await orders.take_in(db, order, intake=intake, by=AVERY)
    assert [card.id for card in await board.cards(db, AVERY)] == [order.id]
    with audited("order.illegal_move"):
        await orders.take_in(db, order, intake=intake, by=AVERY)


async def test_an_archived_estimate_leaves_its_jobs_with_the_car(db: AsyncSession) -> None:
    order = await checked_in(db)
    order.status = "estimate"
    job = await proposed(db, order)
    await closing.archive(db, order, by=AVERY)
    assert job.status == "deferred"
    assert await board.cards(db, AVERY) == []


async def test_the_story_is_told_in_words(db: AsyncSession) -> None:
    order = await checked_in(db)
    await approved(db, order)
    told = [one.words for one in reversed(await history.timeline(db, order))]
    assert told == [
        "Checked in",
        "Proposed: Front brakes",
        "Presented to the customer: Front brakes",
        "Moved to “Waiting for approval”",
        "Approved: Front brakes",
        "Moved to “In progress”",
    ]
    assert history.tell_event("EstimateSent", {}) == "Estimate sent"


async def test_of_many_who_move_one_card_at_once_one_wins(site: str) -> None:
    async with transaction() as db:
        order = await checked_in(db)

    async def one_move(stage: str) -> str:
        async with transaction(user=AVERY.user_id, tenant=AVERY.tenant_id) as db:
            found = await orders.find(db, AVERY, order.number)
            try:
                await board.move(db, found, to=stage, by=AVERY, version=order.version)
            except Refused:
                return ""
            return stage

    won = [stage for stage in await asyncio.gather(*map(one_move, STAGES[1:])) if stage]
    async with transaction(user=AVERY.user_id, tenant=AVERY.tenant_id) as db:
        assert [(await orders.find(db, AVERY, order.number)).stage] == won
