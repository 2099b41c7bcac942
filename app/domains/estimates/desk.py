"""The advisor's desk: the open jobs of a draft with their sums and margin, stored or as typed just now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.domains import workshop
from app.domains.customers.models import Customer
from app.domains.estimates import desk_form
from app.domains.estimates.finding import estimates_of, order_of
from app.domains.estimates.lines_form import FIELDS, Row, count_rows, mark, wishes, written, written_over
from app.domains.estimates.models import Estimate
from app.domains.estimates.pricing import Price, price_lines
from app.domains.estimates.proposal import Proposal, authorized_minor, to_ask, work_on
from app.domains.estimates.sending import what_is_missing
from app.domains.garage.models import Vehicle
from app.domains.network.models import ServiceCenter
from app.domains.services import canned_jobs, fitting_first
from app.domains.workshop import deferred_for_vehicle, unit_price
from app.domains.workshop.models import RepairOrder

HEALTHY_MARGIN = Decimal("0.50")
LOW_MARGIN = Decimal("0.30")


@dataclass(frozen=True, slots=True)
class Typed:
    """A line as it stands in the form, not stored: enough of it to be priced."""

    kind: str
    quantity: Decimal
    unit_price_minor: int
    unit_cost_minor: int
    tax_rate: Decimal


def local_day(moment: datetime, zone: str) -> str:
    """The day of a moment in a time zone, as a date field wants it."""
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def margin_tone(price: Price) -> str:
    """How healthy a margin is: good, low, loss, or empty when nothing is sold."""
    if price.margin_share is None:
        return ""
    if price.margin_minor < 0:
        return "loss"
    return (
        "good" if price.margin_share >= HEALTHY_MARGIN else "low" if price.margin_share < LOW_MARGIN else ""
    )


def price_typed(rows: Sequence[Row], center: ServiceCenter, *, tax_exempt: bool) -> Price:
    """What the rows of a form would add up to if they were saved."""
    return price_lines(
        Typed(
            row.wanted.kind,
            row.wanted.quantity,
            unit_price(row.wanted, center),
            row.wanted.unit_cost_minor,
            center.tax_rate if row.wanted.taxable and not tax_exempt else Decimal(0),
        )
        for row in rows
        if not row.is_removed
    )


async def sums(
    db: AsyncSession, estimate: Estimate, *, typed: Mapping[UUID, Sequence[Row]] | None = None
) -> dict[str, Any]:
    """The column of totals. `typed` holds the rows of jobs whose form is open in the browser."""
    order = await order_of(db, estimate)
    center = await db.get_one(ServiceCenter, order.center_id)
    customer = await db.get_one(Customer, order.customer_id)
    work = await work_on(db, order)
    prices = {
        one.job.id: price_typed(typed[one.job.id], center, tax_exempt=customer.tax_exempt)
        if typed and one.job.id in typed
        else one.price
        for one in to_ask(work)
    }
    whole = sum(prices.values(), Price())
    return {
        "estimate": estimate,
        "order": order,
        "center": center,
        "prices": prices,
        "whole": whole,
        "tone": margin_tone(whole),
        "before_minor": authorized_minor(work),
        "missing": what_is_missing(work),
        "is_typed": bool(typed),
    }


async def gathered(
    db: AsyncSession,
    me: Viewer,
    estimate: Estimate,
    *,
    typed: Mapping[str, str] | None = None,
    is_late: bool = False,
) -> dict[str, Any]:
    """Everything the desk shows of a draft. `typed` is a form that could not be stored: it is shown as it was
    sent, or, when it came too late, on top of what is stored now, with what that is beside it."""
    typed = typed or {}
    context = await sums(db, estimate)
    order: RepairOrder = context["order"]
    asked: list[Proposal] = to_ask(await work_on(db, order))
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    zone = context["center"].zone
    terms = {"valid_until": local_day(estimate.valid_until, zone), "message": estimate.message}
    terms |= {"were": desk_form.mark_of_terms(**terms), "revision": str(estimate.revision)}
    is_late_terms = is_late and desk_form.has_terms(typed) and typed.get("revision") != terms["revision"]
    if desk_form.has_terms(typed):
        terms |= {name: typed.get(name, "") for name in ("valid_until", "message")}
        terms["revision"] = terms["revision"] if is_late else typed["revision"]
    parts = {
        one.job.id: _part(one, desk_form.part_of(typed, one.job.id), estimate.currency, is_late)
        for one in asked
    }
    return {
        **context,
        "asked": asked,
        "parts": parts,
        "homeless": [
            {name: part.get(f"{name}-{row}", "") for name in FIELDS}
            for job_id in desk_form.jobs_in(typed)
            if job_id not in parts
            for part in [desk_form.part_of(typed, job_id)]
            for row in wishes(part)
        ],
        "terms": terms,
        "is_late_terms": is_late_terms,
        "customer": await db.get_one(Customer, order.customer_id),
        "vehicle": vehicle,
        "versions": await estimates_of(db, order),
        "canned_options": [
            (one.code, one.title) for one in fitting_first(await canned_jobs(db), vehicle.fuel)
        ],
        "deferred": await deferred_for_vehicle(db, me, order.vehicle_id),
        "usual": await workshop.usual_of_jobs(db, [one.job for one in asked], vehicle),
        "margin_tone": margin_tone,
        "local_day": local_day,
    }


@dataclass(frozen=True, slots=True)
class Part:
    """The fields of one job on the desk: values, how many rows with the empty one, and whether what was typed
    meets something that has changed meanwhile."""

    values: Mapping[str, str]
    rows: int
    is_late: bool


def _part(one: Proposal, typed: Mapping[str, str], currency: str, is_late: bool) -> Part:
    version = str(one.job.version)
    stored = {"version": version, "title": one.job.title, "title_was": mark((one.job.title,))}
    values: Mapping[str, str] = {**written(one.lines, currency), **stored}
    renamed = desk_form.is_renamed(typed)
    if typed and is_late:
        stored |= {"title": typed["title"]} if renamed else {}
        values = {**written_over(one.lines, typed, currency), **stored}
    elif typed:
        values = {**stored, **typed}
    filled = count_rows(values)
    needs_row = not filled or bool(values[f"description-{filled - 1}"])
    wishes_more = renamed or bool(wishes(typed))
    return Part(values, filled + needs_row, is_late and wishes_more and typed.get("version") != version)
