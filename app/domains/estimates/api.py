"""Estimates as JSON, under the name quotes: the shop writes and sends, the customer reads and decides."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.signature import read_drawing
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains import workshop
from app.domains.estimates.approval import Answer, Decision, Verdict, decide
from app.domains.estimates.finding import WRITE, find_to_decide, find_to_write, is_of_shop
from app.domains.estimates.models import Estimate
from app.domains.estimates.pricing import price_lines
from app.domains.estimates.sending import preview, send
from app.domains.estimates.sheet import Sheet, SheetJob, read_sheet
from app.domains.estimates.writing import draft, revise
from app.domains.workshop.models import Authorization

AnyRequest = Request[Any, Any, Any]
READ = "read:own_appointments"

Status = Literal["draft", "pending", "approved", "rejected", "expired"]


class NewQuote(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Write an estimate for a repair order. With `send` it goes to the customer at once."""

    order_id: UUID
    message: Annotated[str, Meta(max_length=4000)] = ""
    valid_until: date | None = None
    send: bool = False


class Sending(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`revision` as last read: a draft somebody changed since is not sent."""

    revision: int | None = None


class JobDecision(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    job_id: UUID
    decision: Decision
    reason: Annotated[str, Meta(max_length=1000)] = ""


class Deciding(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One decision for each job; `signature` is an SVG as signature_pad writes it, or left out."""

    jobs: Annotated[list[JobDecision], Meta(min_length=1, max_length=500)]
    signed_name: Annotated[str, Meta(min_length=1, max_length=120)]
    signature: str | None = None


class LineOut(msgspec.Struct):
    kind: str
    description: str
    part_number: str
    quantity: Decimal
    unit_price_minor: int
    tax_rate: Decimal
    net_minor: int
    tax_minor: int


class JobOut(msgspec.Struct):
    job_id: UUID
    title: str
    explanation: str
    rating: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    decision: str
    reason: str
    findings: list[dict[str, Any]]
    lines: list[LineOut]


class AuthorizationOut(msgspec.Struct):
    job_id: UUID
    decision: str
    reason: str
    amount_minor: int
    revised_total_minor: int
    method: str
    contact: str
    signed_name: str
    decided_at: datetime
    shown_hash: str


class QuoteOut(msgspec.Struct):
    """A version. `status` is one of draft, pending, approved, rejected, expired; `state` says it exactly."""

    id: UUID
    order_id: UUID
    quote_number: str
    version: int
    revision: int
    status: Status
    state: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    authorized_before_minor: int
    message: str
    valid_until: datetime
    sent_at: datetime | None
    decided_at: datetime | None
    content_hash: str
    jobs: list[JobOut]
    authorizations: list[AuthorizationOut]
    margin_minor: int | None = None
    margin_share: Decimal | None = None
    lines_without_cost: int | None = None
    """Left out of the margin, which is then partial."""


def status_of(estimate: Estimate) -> Status:
    """The word of the API for a version's state."""
    words: dict[str, Status] = {
        "draft": "draft",
        "sent": "pending",
        "viewed": "pending",
        "approved": "approved",
        "partially_approved": "approved",
        "rejected": "rejected",
        "expired": "expired",
        "superseded": "expired",
    }
    return words[estimate.status]


def quote_out(sheet: Sheet, *, for_shop: bool) -> QuoteOut:
    """A version as JSON; the shop's cost and margin only for the shop."""
    estimate = sheet.estimate
    price = price_lines(line for one in sheet.jobs for line in one.lines)
    known = for_shop and price.margin_share is not None
    return QuoteOut(
        id=estimate.id,
        order_id=estimate.order_id,
        quote_number=estimate.number,
        version=estimate.version,
        revision=estimate.revision,
        status=status_of(estimate),
        state=estimate.status,
        currency=estimate.currency,
        subtotal_minor=estimate.subtotal_minor,
        tax_minor=estimate.tax_minor,
        total_minor=estimate.total_minor,
        authorized_before_minor=estimate.authorized_before_minor,
        message=estimate.message,
        valid_until=estimate.valid_until,
        sent_at=estimate.sent_at,
        decided_at=estimate.decided_at,
        content_hash=estimate.shown_hash.hex() if estimate.shown_hash else "",
        jobs=[_job_out(one) for one in sheet.jobs],
        authorizations=[_authorization_out(one) for one in sheet.decisions],
        margin_minor=price.margin_minor if known else None,
        margin_share=price.margin_share if for_shop else None,
        lines_without_cost=price.uncosted if for_shop else None,
    )


def _job_out(one: SheetJob) -> JobOut:
    job = one.job
    return JobOut(
        job_id=job.job_id,
        title=job.title,
        explanation=job.explanation,
        rating=job.rating,
        subtotal_minor=job.subtotal_minor,
        tax_minor=job.tax_minor,
        total_minor=job.total_minor,
        decision=job.decision,
        reason=job.reason,
        findings=job.evidence.get("findings", []),
        lines=[
            LineOut(
                kind=line.kind,
                description=line.description,
                part_number=line.part_number,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                tax_rate=line.tax_rate,
                net_minor=line.net_minor,
                tax_minor=line.tax_minor,
            )
            for line in one.lines
        ],
    )


def _authorization_out(one: Authorization) -> AuthorizationOut:
    return AuthorizationOut(
        job_id=one.job_id,
        decision=one.decision,
        reason=one.reason,
        amount_minor=one.amount_minor,
        revised_total_minor=one.revised_total_minor,
        method=one.method,
        contact=one.contact,
        signed_name=one.signed_name,
        decided_at=one.decided_at,
        shown_hash=(one.shown_hash or b"").hex(),
    )


async def _out(db: AsyncSession, me: Viewer, estimate: Estimate) -> QuoteOut:
    sheet = await (preview(db, estimate) if estimate.is_draft else read_sheet(db, estimate))
    return quote_out(sheet, for_shop=is_of_shop(me, estimate))


@post("/staff/quotes", opt=needs(WRITE))
async def write_quote(request: AnyRequest, data: JSONBody[NewQuote]) -> Response[QuoteOut]:
    """Write an estimate from the order's open jobs; the order's draft, when there is one, is taken up."""
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, data.order_id)
        estimate = await draft(db, order, by=me)
        if data.message or data.valid_until:
            day = data.valid_until or estimate.valid_until.date()
            await revise(
                db, estimate, message=data.message, valid_until=day, revision=estimate.revision, by=me
            )
        if data.send:
            await send(db, estimate, revision=estimate.revision, by=me)
        await db.flush()
        return Response(await _out(db, me, estimate), status_code=201)


@get("/staff/quotes/{quote_id:uuid}", opt=needs(WRITE))
async def read_quote(request: AnyRequest, quote_id: FromPath[UUID]) -> QuoteOut:
    """An estimate of the shop, with its margin."""
    async with begin(request) as (db, me):
        return await _out(db, me, await find_to_write(db, me, quote_id))


@post("/staff/quotes/{quote_id:uuid}/send", opt=needs(WRITE), status_code=200)
async def send_quote(request: AnyRequest, quote_id: FromPath[UUID], data: JSONBody[Sending]) -> QuoteOut:
    """Send a draft to the customer. 409 when it was changed or sent since `revision`."""
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, quote_id)
        await send(db, estimate, revision=data.revision, by=me)
        return await _out(db, me, estimate)


@get("/customers/quotes/{quote_id:uuid}", opt=needs(READ))
async def read_own_quote(request: AnyRequest, quote_id: FromPath[UUID]) -> QuoteOut:
    """An estimate that was sent to the viewer as a driver."""
    async with begin(request) as (db, me):
        return quote_out(await read_sheet(db, await find_to_decide(db, me, quote_id)), for_shop=False)


@post("/customers/quotes/{quote_id:uuid}/decision", opt=needs("approve:estimates"), status_code=200)
async def decide_quote(request: AnyRequest, quote_id: FromPath[UUID], data: JSONBody[Deciding]) -> QuoteOut:
    """Decide about every job at once. The same decision again answers alike; another one is 409."""
    async with begin(request) as (db, me):
        estimate = await find_to_decide(db, me, quote_id)
        answer = Answer(
            verdicts={one.job_id: Verdict(one.decision, one.reason) for one in data.jobs},
            signed_name=data.signed_name,
            method="account",
            contact=me.email,
            signature=read_drawing(data.signature),
        )
        return quote_out(await decide(db, estimate, answer, by=me), for_shop=False)


router = Router(
    path="/",
    route_handlers=[write_quote, read_quote, send_quote, read_own_quote, decide_quote],
    tags=["Estimates"],
)
