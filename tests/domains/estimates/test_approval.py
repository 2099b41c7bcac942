"""The customer's answer: made once, acted on in the same transaction, remembered with everything that proves it."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import Heard
from app.core.tables import EventRow
from app.domains import workshop
from app.domains.estimates.approval import Verdict, decide, outcome
from app.domains.estimates.events import EstimateDecided
from app.domains.estimates.links import ask_again, issue_link, open_link, revoke_links
from app.domains.estimates.live import ring_estimate
from app.domains.estimates.models import ApprovalLink, Estimate
from app.domains.estimates.sheet import is_genuine
from app.domains.estimates.writing import draft
from app.domains.workshop import lines
from app.domains.workshop.models import Authorization, DeferredWork, Job
from tests.cast import CAST
from tests.domains.estimates.desk import as_person, order_with_jobs, saying, sent
from tests.domains.workshop.shop import lines_of, proposed
from tests.refusals import audited

VISITOR = CAST.customer.viewer


async def statuses(db: AsyncSession, jobs: list[Job]) -> list[str]:
    for job in jobs:
        await db.refresh(job)
    return [job.status for job in jobs]


async def test_each_job_goes_its_own_way(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    token = await issue_link(db, estimate)
    opened = await open_link(db, token)
    answer = saying(sheet, ["approved", "deferred", "declined"], contact="dana@test.example")
    answered = await decide(db, estimate, answer, by=VISITOR, link=opened)
    assert estimate.status == "partially_approved"
    assert await statuses(db, jobs) == ["pending", "deferred", "declined"]
    assert [one.job.decision for one in answered.jobs] == ["approved", "deferred", "declined"]
    assert opened.link.used_at is not None
    kept = (await db.scalars(select(DeferredWork).order_by(DeferredWork.id))).all()
    assert [(one.title, one.decision, one.reason) for one in kept] == [
        ("Winter tires", "deferred", "Next month"),
        ("Hand wash", "declined", "Next month"),
    ]
    assert await is_genuine(db, answered)


async def test_the_record_holds_who_how_when_from_where_what_and_the_revised_total(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    await decide(db, estimate, saying(sheet, ["approved", "approved", "declined"]), by=VISITOR)
    rows = (await db.scalars(select(Authorization).order_by(Authorization.revised_total_minor))).all()
    assert [row.decision for row in rows].count("approved") == 2
    first, second = (one.job.total_minor for one in sheet.jobs[:2])
    assert {row.revised_total_minor for row in rows} == {first, first + second}
    for row in rows:
        assert (row.signed_name, row.method, row.contact) == ("Dana O'Neil", "link", "dana@test.example")
        assert row.shown_hash == estimate.shown_hash == sheet.hash()
        assert abs(row.decided_at - clock.now()) < timedelta(minutes=1)


async def test_added_work_counts_on_top_of_what_was_approved_before(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    added = await proposed(db, order, "Brake fluid")
    more, more_sheet = await sent(db, order)
    assert more.authorized_before_minor == estimate.total_minor
    await decide(db, more, saying(more_sheet, ["approved"]), by=VISITOR)
    last = await db.scalar(select(Authorization).where(Authorization.job_id == added.id))
    assert last is not None
    assert last.revised_total_minor == estimate.total_minor + more.total_minor
    assert estimate.status == "approved", "what was decided stays decided"


async def test_the_same_answer_twice_has_one_effect_and_another_is_refused(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    answer = saying(sheet, ["approved", "deferred", "declined"])
    await decide(db, estimate, answer, by=VISITOR)
    before = await db.scalar(select(func.count()).select_from(EventRow))
    await decide(db, estimate, answer, by=VISITOR)
    assert await db.scalar(select(func.count()).select_from(EventRow)) == before
    assert await db.scalar(select(func.count()).select_from(Authorization)) == 3
    with pytest.raises(Refused, match="answered already"):
        await decide(db, estimate, saying(sheet, ["declined"] * 3), by=VISITOR)
    assert await statuses(db, jobs) == ["pending", "deferred", "declined"]


@pytest.mark.parametrize("spoil", ["one left out", "a stranger's job", "nobody signed", "an endless reason"])
async def test_an_incomplete_answer_changes_nothing(db: AsyncSession, spoil: str) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    answer = saying(sheet, ["approved"] * 3, signed_name=" " if spoil == "nobody signed" else "Dana")
    verdicts = dict(answer.verdicts)
    if spoil == "one left out":
        verdicts.pop(sheet.jobs[0].job.job_id)
    elif spoil == "a stranger's job":
        verdicts[uuid4()] = Verdict("approved")
    elif spoil == "an endless reason":
        verdicts[sheet.jobs[0].job.job_id] = Verdict("declined", "x" * 5000)
    facts: dict[str, Any] = {"signed_name": answer.signed_name, "method": "link", "verdicts": verdicts}
    with pytest.raises(Invalid):
        await decide(db, estimate, type(answer)(**facts), by=VISITOR)
    assert set(await statuses(db, jobs)) == {"presented"}
    assert estimate.status == "sent"


async def test_nobody_approves_what_has_changed_since(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    part = (await lines_of(db, jobs[0]))[1]
    dearer = workshop.NewLine(
        kind="part", description=part.description, part_number=part.part_number,
        unit_price_minor=part.unit_price_minor + 1,
    )  # fmt: skip
    await lines.change_line(db, jobs[0], part.id, dearer, by=CAST.advisor.viewer)
    with pytest.raises(Refused, match="has changed"):
        await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    assert await db.scalar(select(func.count()).select_from(Authorization)) == 0


async def test_an_expired_or_superseded_version_is_not_answered(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    with clock.moved_by(timedelta(days=30)), audited("estimate.illegal_move", "no longer valid"):
        await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    await sent(db, order)
    with audited("estimate.illegal_move", "newer one"):
        await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)


async def test_an_edited_job_must_be_approved_again_and_only_that_one(db: AsyncSession) -> None:
    order, jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    line = workshop.NewLine(kind="part", description="Brake wear sensor", unit_price_minor=2900)
    await lines.add_line(db, jobs[0], line, by=CAST.advisor.viewer)
    assert await statuses(db, jobs) == ["presented", "pending", "pending"]
    again, again_sheet = await sent(db, order)
    assert [one.job.job_id for one in again_sheet.jobs] == [jobs[0].id]
    untouched = sheet.jobs[1].job.total_minor + sheet.jobs[2].job.total_minor
    assert again.authorized_before_minor == untouched


async def test_an_authorization_is_never_changed(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    for statement in (update(Authorization).values(signed_name="Somebody"), delete(Authorization)):
        with pytest.raises(DBAPIError, match="never changed"):
            async with db.begin_nested():
                await db.execute(statement)


async def test_a_token_opens_one_version_and_only_its_hash_is_kept(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    token = await issue_link(db, estimate)
    assert len(token) >= 43
    link = (await db.scalars(select(ApprovalLink))).one()
    assert token.encode() not in link.token_hash
    assert link.recipient == CAST.customer.email
    everything = await db.scalar(text("SELECT string_agg(payload::text, ' ') FROM events"))
    assert token not in (everything or "")
    for foreign in ("", "x", token[:-1], token + "x", "a" * 5000, "pay:" + token):
        with pytest.raises(NotFound):
            await open_link(db, foreign)


async def test_a_link_opens_for_whoever_holds_it_without_any_tenant_set(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    token = await issue_link(db, estimate)
    await db.execute(text("SELECT set_config('app.user', '', true), set_config('app.tenant', '', true)"))
    db.expunge_all()
    assert (await open_link(db, token)).estimate.id == estimate.id


async def test_a_link_lives_72_hours_or_as_long_as_the_estimate(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    token = await issue_link(db, estimate)
    with clock.moved_by(timedelta(hours=71)):
        assert (await open_link(db, token)).shut == ""
    with clock.moved_by(timedelta(hours=73)):
        opened = await open_link(db, token)
        assert opened.shut == "expired"
        with audited("estimate.link_shut", "expired"):
            await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR, link=opened)
    await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    with clock.moved_by(timedelta(hours=71)):
        assert (await open_link(db, token)).shut == "", "it shows the record until it expires"
    with clock.moved_by(timedelta(hours=73)):
        assert (await open_link(db, token)).shut == "expired"


async def test_a_revoked_link_is_dead_at_once(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    token = await issue_link(db, estimate)
    opened = await open_link(db, token)
    await revoke_links(db, estimate, by=CAST.advisor.viewer)
    with audited("estimate.link_shut"):
        await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR, link=opened)
    assert (await open_link(db, token)).shut == "revoked"


async def test_a_draft_has_no_link(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate = await draft(db, order, by=CAST.advisor.viewer)
    with audited("estimate.illegal_move"):
        await issue_link(db, estimate)


async def test_a_dead_link_can_ask_for_a_fresh_one_which_goes_to_the_customer(db: AsyncSession) -> None:
    async def asked() -> int:
        query = select(func.count()).where(EventRow.name == "ApprovalLinkAsked")
        return await db.scalar(query) or 0

    order, _jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    token = await issue_link(db, estimate)
    with pytest.raises(Refused):
        await ask_again(db, await open_link(db, token), by=VISITOR)
    with clock.moved_by(timedelta(hours=73)):
        opened = await open_link(db, token)
        await ask_again(db, opened, by=VISITOR)
        await ask_again(db, opened, by=VISITOR)
    assert await asked() == 1
    newer, _sheet = await sent(db, order)
    await ask_again(db, await open_link(db, token), by=VISITOR)
    rows = await db.scalars(select(EventRow.payload).where(EventRow.name == "ApprovalLinkAsked"))
    assert {row["estimate_id"] for row in rows} == {str(estimate.id), str(newer.id)}


async def test_the_shop_and_the_driver_hear_of_the_answer_at_once(db: AsyncSession) -> None:
    order, _jobs = await order_with_jobs(db)
    estimate, sheet = await sent(db, order)
    await decide(db, estimate, saying(sheet, ["approved"] * 3), by=VISITOR)
    row = await db.scalar(select(EventRow).where(EventRow.name == "EstimateDecided"))
    assert row is not None
    assert row.subject_id == order.id
    told = Heard(
        id=row.id, seq=1, tenant_id=None, user_id=None, actor_id=None, actor_name="",
        event=EstimateDecided(
            estimate_id=estimate.id, order_id=order.id, center_id=order.center_id, number=estimate.number,
            customer_id=order.customer_id, status="approved", method="link", approved=3, declined=0, deferred=0,
            approved_minor=1, currency="USD",
        ),
    )  # fmt: skip
    topics = {ring.topic for ring in ring_estimate(told.event)}
    assert topics == {
        workshop.staff_topic(order.id),
        workshop.customer_topic(order.id),
        workshop.board_topic(order.center_id),
    }


@pytest.mark.parametrize("decisions", list(itertools.product(["approved", "declined", "deferred"], repeat=2)))
def test_what_a_version_becomes(decisions: tuple[Any, ...]) -> None:
    approved = decisions.count("approved")
    assert outcome(list(decisions)) == {0: "rejected", 1: "partially_approved", 2: "approved"}[approved]


async def test_every_job_may_be_asked_about_any_number_of_times(db: AsyncSession) -> None:
    order, [job, *_rest] = await order_with_jobs(db)
    for price in range(1, 6):
        line = workshop.NewLine(kind="fee", description=f"More {price}", unit_price_minor=price)
        await lines.add_line(db, job, line, by=CAST.advisor.viewer)
        estimate, sheet = await sent(db, order)
        await decide(db, estimate, saying(sheet, ["approved"] * len(sheet.jobs)), by=VISITOR)
    rows = await db.scalar(select(func.count()).where(Authorization.job_id == job.id))
    assert rows == 5
    assert await db.scalar(select(func.max(Estimate.version))) == 5


async def test_a_long_description_is_kept_whole(db: AsyncSession) -> None:
    order, [job, *_rest] = await order_with_jobs(db)
    await lines.rename(
        db, job, by=CAST.advisor.viewer, title=job.title, complaint="", cause="worn " * 2000, skill="brakes"
    )
    _estimate, sheet = await sent(db, order)
    assert sheet.jobs[0].job.explanation == "worn " * 2000
    assert sheet.jobs[0].lines[0].quantity == Decimal("1.5")
    await as_person(db, CAST.advisor)
