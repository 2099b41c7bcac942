"""What of the estimates is in a driver's copy: the versions that were sent, without what things cost the shop."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import transaction
from app.core.personal import AtShop, Declared, Emptied, Paper, Records
from app.core.render import render
from app.core.words import _, spoken
from app.domains.estimates.models import ApprovalLink, Estimate, EstimateJob, EstimateLine
from app.domains.workshop.models import RepairOrder


def records(person: UUID) -> Sequence[Records]:
    sent = (Estimate.user_id == person, Estimate.sent_at.is_not(None))
    return [
        Records(
            "estimates", _("Estimates that were sent to you."), ("estimates",),
            {
                "id": (Estimate.id, _("its id, as other files name it")),
                "visit_id": (Estimate.order_id, _("for which visit")),
                "number": (Estimate.number, _("its number")),
                "status": (Estimate.status, _("what became of it")),
                "currency": (Estimate.currency, _("its currency")),
                "subtotal": (Estimate.subtotal_minor, _("without tax")),
                "tax": (Estimate.tax_minor, _("the tax")),
                "total": (Estimate.total_minor, _("the sum")),
                "message": (Estimate.message, _("what the workshop wrote to you")),
                "valid_until": (Estimate.valid_until, _("until when it could be answered")),
                "sent_at": (Estimate.sent_at, _("when it was sent")),
                "viewed_at": (Estimate.viewed_at, _("when it was first opened")),
                "decided_at": (Estimate.decided_at, _("when you answered")),
                "printed": (Estimate.header, _("shop, name, address and car as they were printed on it")),
            },
            lambda rows: rows.where(*sent).order_by(Estimate.sent_at),
        ),
        Records(
            "estimate_jobs", _("The jobs proposed in those estimates, and your answers."), ("estimate_jobs",),
            {
                "id": (EstimateJob.id, _("its id, as other files name it")),
                "estimate_id": (EstimateJob.estimate_id, _("in which estimate")),
                "title": (EstimateJob.title, _("what it is")),
                "explanation": (EstimateJob.explanation, _("why it is needed")),
                "rating": (EstimateJob.rating, _("the color of what was found")),
                "evidence": (EstimateJob.evidence, _("what was found, and its photos")),
                "subtotal": (EstimateJob.subtotal_minor, _("without tax")),
                "tax": (EstimateJob.tax_minor, _("the tax")),
                "total": (EstimateJob.total_minor, _("its price")),
                "decision": (EstimateJob.decision, _("your answer")),
                "reason": (EstimateJob.reason, _("your reason")),
            },
            lambda rows: rows.select_from(EstimateJob)
            .join(Estimate, Estimate.id == EstimateJob.estimate_id)
            .where(*sent)
            .order_by(EstimateJob.created_at),
        ),
        Records(
            "estimate_lines", _("The lines of those jobs."), ("estimate_lines",),
            {
                "estimate_job_id": (EstimateLine.estimate_job_id, _("of which job")),
                "kind": (EstimateLine.kind, _("labor, part, fee, sublet")),
                "description": (EstimateLine.description, _("what it is")),
                "part_number": (EstimateLine.part_number, _("number of the part")),
                "quantity": (EstimateLine.quantity, _("hours, pieces or liters")),
                "unit_price": (EstimateLine.unit_price_minor, _("price of one")),
                "tax_rate": (EstimateLine.tax_rate, _("tax as a share")),
                "net": (EstimateLine.net_minor, _("its price without tax")),
                "tax": (EstimateLine.tax_minor, _("its tax")),
            },
            lambda rows: rows.select_from(EstimateLine)
            .join(EstimateJob, EstimateJob.id == EstimateLine.estimate_job_id)
            .join(Estimate, Estimate.id == EstimateJob.estimate_id)
            .where(*sent)
            .order_by(EstimateLine.created_at),
        ),
    ]  # fmt: skip


async def join(db: AsyncSession, who: AtShop) -> None:
    """What they are asked to approve, and what they have answered."""
    await db.execute(update(Estimate).where(Estimate.id.in_(_theirs(who))).values(user_id=who.user_id))


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The versions that were sent, as they were frozen."""
    sent = select(Estimate.id, Estimate.number, Estimate.header["order"].astext.label("order"))
    sent = sent.where(Estimate.user_id == person, Estimate.sent_at.is_not(None)).order_by(Estimate.id)
    async with transaction(user=person) as db:
        found = (await db.execute(sent)).all()
    for one in found:
        name = f"documents/estimates/{one.order} {one.number} {one.id}.html"
        yield Paper(name, make=partial(_paper, person, one.id))


async def _paper(person: UUID, estimate_id: UUID) -> bytes:
    async with transaction(user=person) as db:
        estimate = await db.get_one(Estimate, estimate_id)
        jobs = (
            await db.scalars(
                select(EstimateJob)
                .where(EstimateJob.estimate_id == estimate_id)
                .order_by(EstimateJob.position)
            )
        ).all()
        lines = (
            await db.scalars(
                select(EstimateLine)
                .where(EstimateLine.estimate_job_id.in_([job.id for job in jobs]))
                .order_by(EstimateLine.position)
            )
        ).all()
    shown = [(job, [line for line in lines if line.estimate_job_id == job.id]) for job in jobs]
    page = render(
        "estimates/copy.html", estimate=estimate, header=estimate.header, jobs=shown, language=str(spoken())
    )
    return page.encode()


def _theirs(who: AtShop) -> Select[UUID]:
    return (
        select(Estimate.id)
        .join(RepairOrder, RepairOrder.id == Estimate.order_id)
        .where(RepairOrder.tenant_id == who.tenant_id, RepairOrder.customer_id == who.customer_id)
    )


async def leave(db: AsyncSession, who: AtShop) -> Emptied:
    """Where links to estimates were sent. The estimates themselves are signed, and stay."""
    sent = await db.scalars(
        update(ApprovalLink)
        .where(ApprovalLink.tenant_id == who.tenant_id, ApprovalLink.estimate_id.in_(_theirs(who)))
        .values(recipient="")
        .returning(ApprovalLink.id)
    )
    return {"approval_links": sent.all()}


DECLARED = Declared(
    records,
    papers=papers,
    join=join,
    leave=leave,
    left_out={
        "approval_links": "hashes of links to estimates that are in the copy; the mails say where they went",
    },
)
