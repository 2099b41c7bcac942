"""What an estimate adds up to. Lines and jobs are priced where they live, in the workshop; here are the splits
that a document prints."""

from collections.abc import Iterable
from decimal import Decimal

from app.domains.workshop import Price, Sellable, price_line, price_lines

__all__ = ["Price", "Sellable", "by_kind", "by_tax_rate", "price_line", "price_lines"]


def by_kind(lines: Iterable[Sellable]) -> dict[str, Price]:
    """The total split by kind of line (labor, part, fee, sublet), in the order they first appear."""
    split: dict[str, Price] = {}
    for line in lines:
        split[line.kind] = split.get(line.kind, Price()) + price_line(line)
    return split


def by_tax_rate(lines: Iterable[Sellable]) -> dict[Decimal, Price]:
    """The total split by tax rate, as a bill must show it."""
    split: dict[Decimal, Price] = {}
    for line in lines:
        rate = line.tax_rate.normalize()
        split[rate] = split.get(rate, Price()) + price_line(line)
    return dict(sorted(split.items()))
