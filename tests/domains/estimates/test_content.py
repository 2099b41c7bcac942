"""The hash covers what was shown, to the cent and the pixel, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.core.money import plain
from app.domains.estimates.content import content_hash, photos_of, scope_hash
from app.domains.estimates.models import Estimate, EstimateJob, EstimateLine

Document = tuple[Estimate, list[EstimateJob], dict[Any, list[EstimateLine]]]
JOB = UUID(int=1)


def line(**changes: Any) -> EstimateLine:
    facts = {
        "kind": "part",
        "description": "Front brake pads",
        "part_number": "BP-1042",
        "quantity": Decimal("1"),
        "unit_price_minor": 8900,
        "unit_cost_minor": 4100,
        "tax_rate": Decimal("0.0725"),
        "net_minor": 8900,
        "tax_minor": 645,
    }
    return EstimateLine(**facts | changes)


def document(photo: str = "ab" * 32) -> Document:
    estimate = Estimate(
        number="RO-1042-E1",
        version=1,
        currency="USD",
        valid_until=datetime(2026, 11, 28, 22, tzinfo=UTC),
        message="Call me if anything is unclear.",
        header={"shop": "Harbor Lane Garage", "plate": "7ABC123"},
        authorized_before_minor=0,
        subtotal_minor=8900,
        tax_minor=645,
        total_minor=9545,
    )
    finding = {"name": "Pads", "rating": "red", "photos": [{"file_id": str(JOB), "sha256": photo}]}
    job = EstimateJob(
        id=JOB, job_id=JOB, title="Front brakes", explanation="Pads at 2 mm", rating="red",
        evidence={"findings": [finding]}, subtotal_minor=8900, tax_minor=645, total_minor=9545,
    )  # fmt: skip
    return estimate, [job], {JOB: [line()]}


def test_the_same_content_has_the_same_hash() -> None:
    assert content_hash(*document()) == content_hash(*document())


def _cent(one: Document) -> None:
    one[2][JOB][0].unit_price_minor += 1


def _total(one: Document) -> None:
    one[0].total_minor += 1


def _quantity(one: Document) -> None:
    one[2][JOB][0].quantity = Decimal("2")


def _words(one: Document) -> None:
    one[0].message = "Call me if anything is unclear"


def _title(one: Document) -> None:
    one[1][0].title = "Rear brakes"


def _validity(one: Document) -> None:
    one[0].valid_until = datetime(2026, 11, 29, 22, tzinfo=UTC)


def _line_more(one: Document) -> None:
    one[2][JOB].append(line(description="Brake fluid"))


def _plate(one: Document) -> None:
    one[0].header = {**one[0].header, "plate": "7ABC124"}


@pytest.mark.parametrize(
    "change",
    [_cent, _total, _quantity, _words, _title, _validity, _line_more, _plate],
    ids=lambda f: f.__name__,
)
def test_any_change_of_what_is_shown_changes_the_hash(change: Callable[[Document], None]) -> None:
    before, changed = content_hash(*document()), document()
    change(changed)
    assert content_hash(*changed) != before


def test_another_pixel_changes_the_hash() -> None:
    assert content_hash(*document(photo="ac" + "ab" * 31)) != content_hash(*document())


def test_the_shops_cost_is_not_part_of_what_was_shown() -> None:
    changed = document()
    changed[2][JOB][0].unit_cost_minor = 1
    assert content_hash(*changed) == content_hash(*document())


def test_a_number_written_differently_is_the_same_number() -> None:
    assert plain(Decimal("2.00")) == plain(Decimal("2")) == "2"
    assert plain(Decimal("100")) == "100"
    assert plain(Decimal("0.0725")) == "0.0725"
    assert plain(Decimal("0.00")) == "0"
    a, b = line(quantity=Decimal("1.5000")), line(quantity=Decimal("1.50"))
    assert scope_hash("Front brakes", [a]) == scope_hash("Front brakes", [b])


def test_the_scope_of_a_job_ignores_what_the_shop_pays() -> None:
    assert scope_hash("x", [line(unit_cost_minor=1)]) == scope_hash("x", [line()])
    assert scope_hash("x", [line(unit_price_minor=8901)]) != scope_hash("x", [line()])


def test_the_frozen_photos_of_a_job_are_found() -> None:
    [photo] = photos_of(document()[1][0])
    assert photo["sha256"] == "ab" * 32
