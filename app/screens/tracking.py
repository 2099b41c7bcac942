"""The driver's page while the car is in the shop: where it is, when it is done, what was seen, what to answer
or pay. It gathers the order, its estimates, inspections and invoices, and follows without a reload."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules
from app.core.db import enter_tenant
from app.core.render import fragment, page
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import billing, estimates, inspections, workshop
from app.domains.booking import appointments
from app.domains.booking.live import appointment_topic
from app.domains.estimates.models import Estimate
from app.domains.garage.models import Vehicle
from app.domains.network.branding import brand_of
from app.domains.network.models import ServiceCenter
from app.domains.workshop.models import Job, RepairOrder

AnyRequest = Request[Any, Any, Any]

FOLLOWS = needs("read:own_appointments")

STEPS = ("received", "diagnosing", "awaiting_approval", "in_progress", "qc", "ready", "delivered")
STEP_OF_STAGE = {"awaiting_parts": "in_progress", "sublet": "in_progress"}
BILLS = ("issued", "partially_paid", "overdue", "paid")


@dataclass(frozen=True, slots=True)
class Step:
    """One station of a visit."""

    label: str
    state: str
    """done, now or next."""


def steps_of(stage: str, *, begun: bool = True) -> list[Step]:
    """The way of a car through the shop in a driver's words, and how far it has come."""
    words = {
        "received": _("Checked in"),
        "diagnosing": _("Diagnosing"),
        "awaiting_approval": _("Your decision"),
        "in_progress": _("Work under way") if begun or stage != "in_progress" else _("Work starts soon"),
        "qc": _("Quality check"),
        "ready": _("Ready to collect"),
        "delivered": _("Handed over"),
    }
    at = STEPS.index(STEP_OF_STAGE.get(stage, stage))
    return [
        Step(words[step], "done" if place < at or stage == "delivered" else "now" if place == at else "next")
        for place, step in enumerate(STEPS)
    ]


def headline(stage: str, *, begun: bool = True) -> tuple[str, str]:
    """What is going on, as (kind of status, words). Work has `begun` with the first clock, not with the approval."""
    if stage == "in_progress" and not begun:
        return "info", _("Approved. Work starts soon")
    return {
        "received": ("info", _("Your car is checked in")),
        "diagnosing": ("info", _("We are looking at your car")),
        "awaiting_approval": ("wait", _("We are waiting for your answer")),
        "awaiting_parts": ("wait", _("We are waiting for parts")),
        "in_progress": ("info", _("We are working on your car")),
        "sublet": ("info", _("Your car is with a partner shop")),
        "qc": ("info", _("We are checking the work")),
        "ready": ("go", _("Your car is ready")),
        "delivered": ("go", _("Your car is back with you")),
    }[stage]


PAPER_ONLY = ("estimate", "archived", "void")
"""Orders whose car is not in the shop."""


def on_paper(status: str) -> tuple[str, str]:
    """What there is to say of an order without a car, as (kind of status, words)."""
    return {
        "estimate": ("info", _("You asked for a price")),
        "archived": ("idle", _("You asked for a price, and it was not taken up")),
        "void": ("idle", _("Your car is not here after all")),
    }[status]


def job_status(job: Job) -> tuple[str, str]:
    """A job's state for its driver, as (kind of status, words)."""
    if job.status == "blocked":
        return "wait", _("On hold: %(reason)s", reason=workshop.blocked_word(job.blocked_reason or "other"))
    return {
        "presented": ("wait", _("Waiting for your answer")),
        "authorized": ("info", _("Approved")),
        "pending": ("info", _("Approved")),
        "in_progress": ("info", _("In progress")),
        "qc": ("info", _("Being checked")),
        "completed": ("go", _("Done")),
        "declined": ("idle", _("Declined")),
        "deferred": ("idle", _("Not now")),
    }[job.status]


AGREED = ("authorized", "pending")
SHOWN_JOBS = frozenset(
    {
        "presented",
        "authorized",
        "pending",
        "in_progress",
        "blocked",
        "qc",
        "completed",
        "declined",
        "deferred",
    }
)


async def gathered(db: AsyncSession, me: Viewer, order: RepairOrder) -> dict[str, Any]:
    """Everything the page shows of an order that the viewer may see."""
    await enter_tenant(db, order.tenant_id)
    asked = order.status in PAPER_ONLY
    jobs = [job for job in await workshop.jobs_of(db, order) if job.status in SHOWN_JOBS]
    center = await db.get_one(ServiceCenter, order.center_id)
    ahead = await workshop.foreseen_of_order(db, center, order)
    # While a question is open nobody knows what is still to be done: no sooner than promised.
    all_agreed = all(job.status != "presented" for job in jobs)
    begun = any(job.started_at for job in jobs) or not any(job.status in AGREED for job in jobs)
    tone, words = on_paper(order.status) if asked else headline(order.stage, begun=begun)
    return {
        "shop_brand": await brand_of(db, order.tenant_id),
        "order": order,
        "center": center,
        "expected": min(
            filter(None, (order.promise_at, ahead.done_at if all_agreed else None)), default=None
        ),
        "later": ahead.after(order.promise_at),
        "is_whole": all_agreed and ahead.done_at is not None,
        "vehicle": await db.get_one(Vehicle, order.vehicle_id),
        "tone": tone,
        "headline": words,
        "steps": [] if asked else steps_of(order.stage, begun=begun),
        "jobs": jobs,
        "job_status": job_status,
        "photos": [
            (one.caption, file)
            for one, file in await workshop.photos(db, order, shared_only=True)
            if file.state == "ready"
        ],
        "summaries": await inspections.for_customer(db, order)
        if await modules.is_on(db, order.tenant_id, "inspections")
        else [],
        "to_answer": await _to_answer(db, order),
        "answered": [one for one in await estimates.estimates_of(db, order) if one.is_decided],
        "to_pay": [one for one in await billing.of_order(db, order) if one.status in BILLS][::-1],
        "late": order.is_late(clock.now()),
        "here": not asked,
        "summary_url": "",
        "topics": [workshop.customer_topic(order.id)],
    }


async def _to_answer(db: AsyncSession, order: RepairOrder) -> Estimate | None:
    if not order.is_open:
        return None
    now = clock.now()
    return next((one for one in await estimates.estimates_of(db, order) if one.is_open(now)), None)


@get("/orders/{order_id:uuid}/track", opt=FOLLOWS)
async def track_order(request: AnyRequest, order_id: FromPath[UUID]) -> Response[str]:
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, order_id)
        return page(request, me, "screens/tracking.html", **await gathered(db, me, order))


@get("/orders/{order_id:uuid}/track/state", opt=FOLLOWS)
async def order_state(request: AnyRequest, order_id: FromPath[UUID]) -> Response[str]:
    """The region that follows the work."""
    async with begin(request) as (db, me):
        order = await workshop.find_by_id(db, me, order_id)
        return fragment(request, me, "screens/_tracking.html", **await gathered(db, me, order))


@get("/appointments/{appointment_id:uuid}/track", opt=FOLLOWS)
async def track_appointment(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[str]:
    """The same from the booking on: before check-in it waits for the car, then it follows the order."""
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id)
        if visit.appointment.order_id is None:
            topics = [appointment_topic(appointment_id)]
            brand = await brand_of(db, visit.center.tenant_id)
            return page(request, me, "screens/awaited.html", visit=visit, topics=topics, shop_brand=brand)
        if request.headers.get("hx-request") == "true":
            # The page listens to its appointment only; as the order's page it needs another stream.
            return Response("", headers={"HX-Refresh": "true"}, media_type="text/html")
        order = await workshop.find_by_id(db, me, visit.appointment.order_id)
        return page(request, me, "screens/tracking.html", **await gathered(db, me, order))


router = Router("/", route_handlers=[track_order, order_state, track_appointment])
