"""What an invoice says, fixed at the moment it is issued, and the fingerprint over all of it."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import plain
from app.domains.accounts.models import User
from app.domains.billing.credited_lines import Share
from app.domains.billing.models import CreditNote, Invoice, InvoiceLine
from app.domains.customers.models import Customer
from app.domains.garage.models import Vehicle
from app.domains.network.branding import brand_from, on_paper
from app.domains.network.models import ServiceCenter
from app.domains.network.setting_values import Rules
from app.domains.workshop.models import Job, RepairOrder

FORMAT = 2
"""2 has what the shop has set itself: its legal name, terms, last line and look."""
LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "PH", "CO", "CL", "VE"})


async def snapshot(
    db: AsyncSession,
    order: RepairOrder,
    center: ServiceCenter,
    customer: Customer,
    jobs: Sequence[Job],
    rules: Rules,
) -> dict[str, Any]:
    """Names, addresses, car and words as they stand now; later changes of theirs leave the invoice alone."""
    vehicle = await db.get_one(Vehicle, order.vehicle_id)
    brand = brand_from(rules)
    advisor = await db.scalar(select(User.name).where(User.id == order.advisor_id)) or ""
    return {
        "format": FORMAT,
        "locale": customer.locale,
        "zone": center.zone,
        "paper": "us-letter" if center.country in LETTER_COUNTRIES else "a4",
        "distance_unit": center.distance_unit,
        "tax_name": center.tax_name,
        "order": order.label,
        "advisor": advisor,
        "shop": {
            **{name: getattr(center, name) for name in ("name", "address", "city", "country")},
            "phone": center.phone or brand.phone,
            "email": center.email or brand.email,
            "legal_name": brand.legal_name,
            "registration": rules["business.registration"],
            "website": brand.site_name,
        },
        "terms": rules["invoices.terms"],
        "footer": rules["invoices.footer"],
        "look": on_paper(brand),
        "customer": {name: getattr(customer, name) for name in ("name", "address", "email", "phone")},
        "car": {
            "name": " ".join(str(part) for part in (vehicle.year, vehicle.make, vehicle.model) if part),
            "trim": vehicle.trim,
            "plate": vehicle.plate,
            "vin": vehicle.vin,
            "km": order.mileage_in_km,
        },
        "jobs": [{"id": str(job.id), "title": job.title, "note": job.correction} for job in jobs],
    }


def _moment(at: datetime) -> str:
    """The database gives moments back in UTC, whatever zone they were reckoned in."""
    return at.astimezone(UTC).isoformat()


def canonical(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    """Everything that an issued invoice says, and nothing that may still change."""
    figures = ("series", "number", "currency", "subtotal_minor", "tax_minor", "total_minor")
    return {
        **{name: getattr(invoice, name) for name in figures},
        "order_id": str(invoice.order_id),
        "customer_id": str(invoice.customer_id),
        "issued_at": _moment(invoice.issued_at),
        "due_at": _moment(invoice.due_at),
        "content": invoice.content,
        "lines": [
            {
                "job_id": str(line.job_id),
                "job_title": line.job_title,
                "kind": line.kind,
                "description": line.description,
                "part_number": line.part_number,
                "quantity": plain(line.quantity),
                "unit_price_minor": line.unit_price_minor,
                "tax_rate": plain(line.tax_rate),
                "net_minor": line.net_minor,
                "tax_minor": line.tax_minor,
            }
            for line in sorted(lines, key=lambda line: line.position)
        ],
    }


def fingerprint(invoice: Invoice, lines: Sequence[InvoiceLine]) -> bytes:
    """SHA-256 of the canonical content (32 bytes)."""
    return hashlib.sha256(msgspec.json.encode(canonical(invoice, lines), order="deterministic")).digest()


def is_intact(invoice: Invoice, lines: Sequence[InvoiceLine]) -> bool:
    """Whether the stored invoice still says what it said when it was issued."""
    adds_up = (
        sum(line.net_minor for line in lines) == invoice.subtotal_minor
        and sum(line.tax_minor for line in lines) == invoice.tax_minor
    )
    return adds_up and fingerprint(invoice, lines) == invoice.content_hash


def snapshot_for_note(invoice: Invoice, shares: Sequence[Share]) -> dict[str, Any]:
    """What a credit note says of its invoice. Names and lines are the invoice's own; its fingerprint ties them."""
    net, tax = sum(share.net_minor for share in shares), sum(share.tax_minor for share in shares)
    return {
        "format": FORMAT,
        "invoice": invoice.label,
        "issued_at": _moment(invoice.issued_at),
        "fingerprint": invoice.content_hash.hex(),
        "currency": invoice.currency,
        "subtotal_minor": net,
        "tax_minor": tax,
        "total_minor": net + tax,
        "lines": [msgspec.to_builtins(share) for share in shares],
    }


def fingerprint_of_note(note: CreditNote) -> bytes:
    """SHA-256 of everything a credit note says (32 bytes)."""
    said = {
        "number": note.number,
        "invoice_id": str(note.invoice_id),
        "reason": note.reason,
        "issued_at": _moment(note.issued_at),
        "content": note.content,
    }
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest()
