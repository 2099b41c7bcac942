"""Copy the order's open work into a version as it stands: words, findings, photos, lines, prices.

The preview shows the same copies before they are stored, so what is sent is what was looked at.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from app.core.money import plain
from app.core.tables import File
from app.domains.customers.models import Customer
from app.domains.estimates.models import Estimate, EstimateJob, EstimateLine
from app.domains.estimates.pricing import price_line
from app.domains.estimates.proposal import Proposal, authorized_minor, price_of, to_ask
from app.domains.estimates.sheet import Sheet, SheetJob
from app.domains.garage.models import Vehicle
from app.domains.inspections.models import Finding, FindingPhoto, TemplateItem
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.workshop.models import RepairOrder

WORST_FIRST = ("red", "yellow", "green")


async def freeze(db: AsyncSession, estimate: Estimate, order: RepairOrder, work: Sequence[Proposal]) -> Sheet:
    """Fill a draft's header and totals and copy its open jobs; nothing is added to the session."""
    asked = to_ask(work)
    evidence = await _evidence(db, asked)
    asked = sorted(asked, key=lambda one: _gravity(evidence[one.job.id]))
    price = price_of(asked)
    estimate.subtotal_minor, estimate.tax_minor = price.net_minor, price.tax_minor
    estimate.total_minor = price.total_minor
    estimate.authorized_before_minor = authorized_minor(work)
    estimate.header = await _header(db, order)
    return Sheet(estimate, [_frozen(estimate, one, evidence[one.job.id], at) for at, one in enumerate(asked)])


def _gravity(findings: list[dict[str, Any]]) -> int:
    """What cannot wait comes first; work without a finding keeps its place behind."""
    ratings = {finding["rating"] for finding in findings}
    return next((at for at, rating in enumerate(WORST_FIRST) if rating in ratings), len(WORST_FIRST))


def _explanation(one: Proposal, findings: list[dict[str, Any]]) -> str:
    """Why the work is needed. A cause that only repeats its finding is left to the finding, which stands
    below it with its measure and photos."""
    why = one.job.cause or one.job.complaint
    return "" if any(finding["name"] and why.startswith(finding["name"]) for finding in findings) else why


def _frozen(estimate: Estimate, one: Proposal, findings: list[dict[str, Any]], position: int) -> SheetJob:
    ratings = {finding["rating"] for finding in findings}
    job = EstimateJob(
        id=new_id(),
        tenant_id=estimate.tenant_id,
        estimate_id=estimate.id,
        job_id=one.job.id,
        position=position,
        title=one.job.title,
        explanation=_explanation(one, findings),
        rating=next((rating for rating in WORST_FIRST if rating in ratings), ""),
        evidence={"findings": findings} if findings else {},
        subtotal_minor=one.price.net_minor,
        tax_minor=one.price.tax_minor,
        total_minor=one.price.total_minor,
        scope_hash=one.scope,
        decision="",
        reason="",
    )
    lines = []
    for place, line in enumerate(one.lines):
        price = price_line(line)
        lines.append(
            EstimateLine(
                id=new_id(),
                tenant_id=estimate.tenant_id,
                estimate_job_id=job.id,
                position=place,
                kind=line.kind,
                description=line.description,
                part_number=line.part_number,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                unit_cost_minor=line.unit_cost_minor,
                tax_rate=line.tax_rate,
                net_minor=price.net_minor,
                tax_minor=price.tax_minor,
            )
        )
    return SheetJob(job, lines)


async def _evidence(db: AsyncSession, asked: Sequence[Proposal]) -> dict[UUID, list[dict[str, Any]]]:
    """What was found for each job, with the photos the shop chose to show."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    by_finding = {one.job.finding_id: one.job.id for one in asked if one.job.finding_id}
    jobs = {one.job.id for one in asked}
    if not jobs:
        return found
    rows = (
        await db.execute(
            select(Finding, TemplateItem)
            .join(TemplateItem, TemplateItem.id == Finding.item_id)
            .where(Finding.job_id.in_(jobs) | Finding.id.in_(by_finding))
            .order_by(Finding.id)
        )
    ).all()
    photos = await _photos(db, [finding.id for finding, _item in rows])
    for finding, item in rows:
        job_id = finding.job_id if finding.job_id in jobs else by_finding[finding.id]
        found[job_id].append(
            {
                "name": item.name,
                "section": item.section,
                "rating": finding.rating,
                "measure": "" if finding.measure is None else plain(finding.measure),
                "unit": item.unit,
                "note": finding.note,
                "photos": photos[finding.id],
            }
        )
    return found


async def _photos(db: AsyncSession, findings: Sequence[UUID]) -> dict[UUID, list[dict[str, str]]]:
    shown: dict[UUID, list[dict[str, str]]] = defaultdict(list)
    rows = await db.execute(
        select(FindingPhoto.finding_id, File.id, File.sha256)
        .join(File, File.id == FindingPhoto.file_id)
        # What a video is made of is not known before it is prepared.
        .where(FindingPhoto.finding_id.in_(findings), FindingPhoto.is_shared, File.state == "ready")
        .order_by(FindingPhoto.id)
    )
    for finding_id, file_id, sha256 in rows:
        shown[finding_id].append({"file_id": str(file_id), "sha256": sha256.hex()})
    return shown


async def _header(db: AsyncSession, order: RepairOrder) -> dict[str, Any]:
    """Names and addresses as they stand now; a later change of the customer's record changes no estimate."""
    center = await db.get_one(ServiceCenter, order.center_id)
    tenant = await db.get_one(Tenant, order.tenant_id)
    customer = await db.get_one(Customer, order.customer_id)
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    named = [str(vehicle.year or ""), vehicle.make, vehicle.model, vehicle.trim]
    return {
        "order": order.label,
        "shop": tenant.name,
        "center": center.name,
        "address": ", ".join(part for part in (center.address, center.city) if part),
        "phone": center.phone,
        "email": center.email,
        "zone": center.zone,
        "tax_name": center.tax_name,
        "customer": customer.name,
        "vehicle": " ".join(part for part in named if part),
        "plate": vehicle.plate,
        "vin": vehicle.vin,
        "mileage_km": order.mileage_in_km,
        "distance_unit": center.distance_unit,
        "concern": order.concern,
    }
