"""Exactly what was shown, as bytes that can be hashed, and the check that it is still what is stored.

The canonical content is JSON with sorted keys over everything the customer saw: shop, car, words, findings,
the bytes of each photo (by their SHA-256), lines, prices, tax and totals. The shop's cost is not shown and so
not in it. Altering one cent or one pixel gives another hash.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from app.core.money import plain
from app.domains.estimates.models import Estimate, EstimateJob, EstimateLine

FORMAT = 1


class Scoped(Protocol):
    """What a line must say of itself for its scope and price to be compared."""

    @property
    def kind(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def part_number(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def tax_rate(self) -> Decimal: ...


def _line(line: Scoped) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "description": line.description,
        "part_number": line.part_number,
        "quantity": plain(line.quantity),
        "unit_price_minor": line.unit_price_minor,
        "tax_rate": plain(line.tax_rate),
    }


def _digest(content: object) -> bytes:
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest()


def scope_hash(title: str, lines: Sequence[Scoped]) -> bytes:
    """The fingerprint of what a job is and costs, the same for a live job and its frozen copy."""
    return _digest({"title": title, "lines": [_line(line) for line in lines]})


def canonical(
    estimate: Estimate, jobs: Sequence[EstimateJob], lines: Mapping[Any, Sequence[EstimateLine]]
) -> dict[str, Any]:
    """What the customer is shown. `lines` are keyed by the frozen job's id, both in order of position."""
    return {
        "format": FORMAT,
        "number": estimate.number,
        "version": estimate.version,
        "currency": estimate.currency,
        "valid_until": estimate.valid_until.isoformat(),
        "message": estimate.message,
        "header": estimate.header,
        "authorized_before_minor": estimate.authorized_before_minor,
        "subtotal_minor": estimate.subtotal_minor,
        "tax_minor": estimate.tax_minor,
        "total_minor": estimate.total_minor,
        "jobs": [
            {
                "job_id": str(job.job_id),
                "title": job.title,
                "explanation": job.explanation,
                "rating": job.rating,
                "evidence": job.evidence,
                "subtotal_minor": job.subtotal_minor,
                "tax_minor": job.tax_minor,
                "total_minor": job.total_minor,
                "lines": [
                    _line(line) | {"net_minor": line.net_minor, "tax_minor": line.tax_minor}
                    for line in lines.get(job.id, ())
                ],
            }
            for job in jobs
        ],
    }


def content_hash(
    estimate: Estimate, jobs: Sequence[EstimateJob], lines: Mapping[Any, Sequence[EstimateLine]]
) -> bytes:
    """SHA-256 of the canonical content (32 bytes)."""
    return _digest(canonical(estimate, jobs, lines))


def photos_of(job: EstimateJob) -> list[dict[str, str]]:
    """The photos frozen into a job, each {file_id, sha256}."""
    return [photo for finding in job.evidence.get("findings", ()) for photo in finding.get("photos", ())]
