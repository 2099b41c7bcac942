"""What work costs: line, job and document totals in minor units of one currency.

Method: a line's net is quantity × unit price, its tax is net × rate, each rounded half up (away from zero for
credits) to the minor unit; everything above a line is a plain sum. Rounding happens nowhere else, so a total
is always the sum of what is printed, in currencies with no, two or three decimals alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

_ONE = Decimal(1)


class Sellable(Protocol):
    """What a line must say of itself to be priced; a job's line and a frozen line both do."""

    @property
    def kind(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def unit_cost_minor(self) -> int: ...
    @property
    def tax_rate(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Price:
    """Sums in minor units. `cost_minor` is the shop's own and never leaves the staff's pages."""

    net_minor: int = 0
    tax_minor: int = 0
    cost_minor: int = 0

    def __add__(self, other: "Price") -> "Price":
        return Price(
            self.net_minor + other.net_minor,
            self.tax_minor + other.tax_minor,
            self.cost_minor + other.cost_minor,
        )

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def margin_minor(self) -> int:
        """Gross profit: sales before tax less cost."""
        return self.net_minor - self.cost_minor

    @property
    def margin_share(self) -> Decimal | None:
        """Gross profit ÷ sales, to four places; None when nothing is sold."""
        if self.net_minor == 0:
            return None
        return (Decimal(self.margin_minor) / self.net_minor).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def rounded(amount: Decimal) -> int:
    """An exact amount of minor units, rounded half up."""
    return int(amount.quantize(_ONE, ROUND_HALF_UP))


def price_line(line: Sellable) -> Price:
    """What one line adds up to."""
    net = rounded(line.quantity * line.unit_price_minor)
    return Price(
        net_minor=net,
        tax_minor=rounded(net * line.tax_rate),
        cost_minor=rounded(line.quantity * line.unit_cost_minor),
    )


def price_lines(lines: Iterable[Sellable]) -> Price:
    """What a job, or a whole document, adds up to."""
    return sum((price_line(line) for line in lines), Price())


def by_kind(lines: Iterable[Sellable]) -> dict[str, Price]:
    """The same total split by kind of line (labor, part, fee, sublet), in the order they first appear."""
    split: dict[str, Price] = {}
    for line in lines:
        split[line.kind] = split.get(line.kind, Price()) + price_line(line)
    return split


def by_tax_rate(lines: Iterable[Sellable]) -> dict[Decimal, Price]:
    """The same total split by tax rate, as a bill must show it."""
    split: dict[Decimal, Price] = {}
    for line in lines:
        rate = line.tax_rate.normalize()
        split[rate] = split.get(rate, Price()) + price_line(line)
    return dict(sorted(split.items()))
