"""The customer's answer: one decision for each job of a version, made once, with who, when, how and from where."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.estimates.events import EstimateDecided
from app.domains.estimates.finding import lock, over_words
from app.domains.estimates.links import OpenedLink, refuse_shut
from app.domains.estimates.models import Estimate
from app.domains.estimates.proposal import Proposal, authorized_minor, work_on
from app.domains.estimates.sheet import Sheet, SheetJob, read_sheet
from app.domains.workshop import authorize_job, decline_job, defer_job
from app.domains.workshop.models import Authorization, RepairOrder

Decision = Literal["approved", "declined", "deferred"]
Method = Literal["link", "account", "phone", "in_person"]
REASON_LIMIT = 1000


class Verdict(msgspec.Struct, frozen=True):
    """What the customer says about one job."""

    decision: Decision
    reason: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the customer says, and how it reached us."""

    verdicts: Mapping[UUID, Verdict]
    """By the workshop's job id."""
    signed_name: str
    method: Method
    contact: str = ""
    signature: dict[str, Any] | None = None


async def decide(
    db: AsyncSession, estimate: Estimate, answer: Answer, *, by: Viewer, link: OpenedLink | None = None
) -> Sheet:
    """Record the answer and act on it: approved jobs unlock, the others stay with the car.

    The same answer once more changes nothing and is answered alike. Raises Refused when the version is
    no longer open, was answered otherwise, or a job has changed since it was sent; Invalid when a job is
    left out or nobody signed.
    """
    order = await lock(db, estimate)
    if link is not None:
        await db.refresh(link.link, with_for_update=True)
        refuse_shut(link)
    sheet = await read_sheet(db, estimate)
    if estimate.is_decided:
        return _answered_before(sheet, answer)
    if over := over_words(order):
        raise Refused(over, audit="estimate.illegal_move")
    _check_open(estimate)
    _check_complete(sheet, answer)
    work = {one.job.id: one for one in await work_on(db, order)}
    _check_unchanged(sheet, work)
    await _act(db, order, sheet, work, answer, by=by)
    if link is not None:
        link.link.used_at = clock.now()
    return await read_sheet(db, estimate)


def _answered_before(sheet: Sheet, answer: Answer) -> Sheet:
    said = {one.job.job_id: one.job.decision for one in sheet.jobs}
    if said == {job_id: verdict.decision for job_id, verdict in answer.verdicts.items()}:
        return sheet
    raise Refused(
        _(
            "%(number)s has been answered already. The answer stands as recorded.",
            number=sheet.estimate.number,
        ),
        audit="estimate.answered_twice",
    )


def _check_open(estimate: Estimate) -> None:
    if estimate.status == "superseded":
        raise Refused(
            _("The workshop has changed this estimate. Please answer the newer one."),
            audit="estimate.illegal_move",
        )
    if not estimate.is_open(clock.now()):
        raise Refused(
            _("This estimate is no longer valid. Please ask the workshop for a new one."),
            audit="estimate.illegal_move",
        )


def _check_complete(sheet: Sheet, answer: Answer) -> None:
    errors = {}
    asked = {one.job.job_id: one.job for one in sheet.jobs}
    for job_id, job in asked.items():
        if job_id not in answer.verdicts:
            errors[f"decision-{job_id}"] = _("Please choose an answer for “%(job)s”.", job=job.title)
    if unknown := set(answer.verdicts) - set(asked):
        errors[""] = _("%(count)s of these jobs are not part of this estimate.", count=len(unknown))
    if not answer.signed_name.strip():
        errors["signed_name"] = _("Please type your full name to sign.")
    if any(len(verdict.reason) > REASON_LIMIT for verdict in answer.verdicts.values()):
        errors[""] = _("Please keep each reason under %(count)s characters.", count=REASON_LIMIT)
    if errors:
        raise Invalid(errors)


def _check_unchanged(sheet: Sheet, work: Mapping[UUID, Proposal]) -> None:
    """What is answered must be what the workshop will do: the live job still has the scope that was shown."""
    for one in sheet.jobs:
        live = work.get(one.job.job_id)
        if live is None or live.job.status != "presented" or live.scope != one.job.scope_hash:
            raise Refused(
                _(
                    "The workshop has changed “%(job)s” since this was sent. A new estimate is on its way; "
                    "nothing of your answer was carried out.",
                    job=one.job.title,
                ),
                audit="estimate.job_changed",
            )


async def _act(
    db: AsyncSession,
    order: RepairOrder,
    sheet: Sheet,
    work: Mapping[UUID, Proposal],
    answer: Answer,
    *,
    by: Viewer,
) -> None:
    estimate, now = sheet.estimate, clock.now()
    total = authorized_minor(work.values())
    for one in sheet.jobs:
        verdict = answer.verdicts[one.job.job_id]
        total += one.job.total_minor if verdict.decision == "approved" else 0
        one.job.decision, one.job.reason = verdict.decision, verdict.reason
        db.add(_evidence(estimate, one, verdict, answer, total, by=by))
        await _pass_on(db, work[one.job.job_id], verdict, by=by)
    decisions = [answer.verdicts[one.job.job_id].decision for one in sheet.jobs]
    estimate.status = outcome(decisions)
    estimate.decided_at = now
    estimate.viewed_at = estimate.viewed_at or now
    estimate.revision += 1
    await db.flush()
    decided = EstimateDecided(
        estimate_id=estimate.id,
        order_id=order.id,
        center_id=order.center_id,
        number=estimate.number,
        customer_id=order.customer_id,
        status=estimate.status,
        method=answer.method,
        approved=decisions.count("approved"),
        declined=decisions.count("declined"),
        deferred=decisions.count("deferred"),
        approved_minor=sheet.approved_minor,
        currency=estimate.currency,
    )
    await record(db, decided, by=by, tenant=order.tenant_id, person=estimate.user_id, subject=order.id)


async def _pass_on(db: AsyncSession, one: Proposal, verdict: Verdict, *, by: Viewer) -> None:
    if verdict.decision == "approved":
        await authorize_job(db, one.job, by=by)
    elif verdict.decision == "declined":
        await decline_job(db, one.job, reason=verdict.reason, by=by)
    else:
        await defer_job(db, one.job, reason=verdict.reason, by=by)


def _evidence(
    estimate: Estimate, one: SheetJob, verdict: Verdict, answer: Answer, total: int, *, by: Viewer
) -> Authorization:
    taken_by_staff = answer.method in ("phone", "in_person")
    assert estimate.shown_hash is not None
    return Authorization(
        tenant_id=estimate.tenant_id,
        estimate_id=estimate.id,
        job_id=one.job.job_id,
        decision=verdict.decision,
        reason=verdict.reason,
        amount_minor=one.job.total_minor,
        revised_total_minor=total,
        method=answer.method,
        contact=answer.contact,
        signed_name=answer.signed_name.strip(),
        signature=answer.signature,
        decided_at=clock.now(),
        recorded_by_id=by.user_id if taken_by_staff else None,
        recorded_by=by.name if taken_by_staff else "",
        ip=by.ip,
        user_agent=by.user_agent,
        shown_hash=estimate.shown_hash,
    )


def outcome(decisions: list[Decision]) -> str:
    """What a version becomes by its jobs' decisions."""
    approved = decisions.count("approved")
    if approved == len(decisions):
        return "approved"
    return "partially_approved" if approved else "rejected"
